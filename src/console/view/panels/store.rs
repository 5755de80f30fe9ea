//! The screen of the database: its size, its transactions, and how many messages became clicks.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Padding;

use super::work_chart::{BATCHES, COMMIT_TIMES, pair};
use crate::click::Timestamp;
use crate::console::format::{bytes, count, duration, fit, left, or_unknown, rate, right, wrap};
use crate::console::state::app::App;
use crate::console::theme::Theme;
use crate::console::view::rows::draw_lines;
use crate::protocol::snapshot::Totals;

/// Columns for the names and for the figures.
const NAME: usize = 18;
const FIGURE: usize = 16;

/// The fewest rows for the charts below the facts.
const CHART_ROWS: u16 = 8;

/// Name, figure, style of the figure, and its meaning.
type Fact = (&'static str, String, Style, &'static str);

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let path = &app.engine.frozen_or_live().snapshot.store.path;
    let title = Line::from(vec![
        Span::styled(" store ", theme.key()),
        Span::styled(fit(path, usize::from(area.width).saturating_sub(12)), theme.dim()),
        Span::raw(" "),
    ]);
    let block = theme.frame(title, true).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let rest = usize::from(inner.width).saturating_sub(NAME + FIGURE + 3);
    let facts = facts(app);
    // A meaning takes a second row only where that costs no fact its row.
    let mut spare = usize::from(inner.height).saturating_sub(facts.len());
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (name, figure, style, meaning) in facts {
        let rows = wrap(meaning, rest);
        let rows = if rows.len() <= spare + 1 { rows } else { vec![fit(meaning, rest)] };
        spare = spare.saturating_sub(rows.len().saturating_sub(1));
        let mut head = Some([Span::styled(left(name, NAME), theme.dim()), Span::styled(right(&figure, FIGURE), style)]);
        lines.extend(rows.into_iter().map(|row| {
            let mut spans = head.take().map_or_else(|| vec![Span::raw(" ".repeat(NAME + FIGURE))], Vec::from);
            spans.push(Span::styled(format!("   {row}"), theme.dim()));
            Line::from(spans)
        }));
    }
    let rows = u16::try_from(lines.len()).unwrap_or(inner.height);
    draw_lines(frame, inner, lines);
    let below = Rect { y: inner.y.saturating_add(rows + 1), height: inner.height.saturating_sub(rows + 1), ..inner };
    if below.height >= CHART_ROWS {
        pair(frame, below, [&COMMIT_TIMES, &BATCHES], app);
    }
}

/// What an engine on a cluster knows of its tables. What it does not know is left out, and is no 0.
fn facts_of_cluster(app: &App) -> Vec<Fact> {
    let (snapshot, theme) = (&app.engine.frozen_or_live().snapshot, &app.theme);
    let (store, totals) = (&snapshot.store, &snapshot.totals);
    let time = |time| or_unknown(time, duration);
    let plain = Style::new();
    let mut facts = vec![
        ("clicks", count(totals.clicks), theme.key(), "that the figures count"),
        ("pages", count(totals.pages), theme.key(), "rows of url × country"),
        ("stored", count(totals.stored), plain, "clicks that the query has written, as far as this run has seen"),
        ("rejected", count(totals.rejected), theme.alarm(totals.rejected), "F4 shows them"),
        (
            "rounds",
            or_unknown(store.transactions, count),
            plain,
            "of aggregation, by this run; F10 shows those of every console",
        ),
        ("last round", time(store.transaction), plain, "how long it took"),
        ("p50", time(store.transaction_p50), plain, "half of the newest rounds took no longer"),
        ("p99", time(store.transaction_p99), plain, "99% of them took no longer"),
    ];
    if totals.bots > 0 {
        let after_rejected = facts.iter().position(|(name, ..)| *name == "late").unwrap_or(facts.len());
        facts.insert(after_rejected, ("bots", count(totals.bots), plain, "events of bots: user_agents.bots"));
    }
    if let Some(before) = store.expired_before {
        facts.insert(1, kept_since(before));
        facts.push(expired(totals, theme));
    }
    facts
}

fn kept_since(before: Timestamp) -> Fact {
    let before = before.to_string();
    ("kept since", before.get(..10).unwrap_or(&before).to_owned(), Style::new(), "by the clicks' own clock")
}

fn expired(totals: &Totals, theme: &Theme) -> Fact {
    ("expired", count(totals.expired), theme.alarm(totals.expired), "came too late: no figure counts them")
}

/// The most important ones first, for low terminals.
fn facts(app: &App) -> Vec<Fact> {
    let observed = app.engine.frozen_or_live();
    if observed.snapshot.remote.is_some() {
        return facts_of_cluster(app);
    }
    let (snapshot, theme) = (&observed.snapshot, &app.theme);
    let (store, totals) = (&snapshot.store, &snapshot.totals);
    let time = |time| or_unknown(time, duration);
    let plain = Style::new();
    let per_click = store.bytes().filter(|_| totals.clicks > 0).map(|bytes| bytes as f64 / totals.clicks as f64);
    let all = if store.expired_before.is_some() { "that were ever in the database" } else { "in the database" };
    let mut facts = vec![
        ("clicks", count(totals.clicks), theme.key(), all),
        ("pages", count(totals.pages), theme.key(), "rows of url × country"),
        ("size", or_unknown(store.bytes(), bytes), theme.key(), "on disk, write-ahead log included"),
        ("write-ahead log", or_unknown(store.wal_bytes, bytes), plain, "moved into the file at each checkpoint"),
        (
            "bytes per click",
            or_unknown(per_click, |bytes| format!("{bytes:.0} B")),
            plain,
            "of the size, figures included",
        ),
        ("transactions", or_unknown(store.transactions, count), plain, "committed by this run"),
        ("commits/s", rate(observed.transaction_rate.rate(&())), plain, "over the last seconds"),
        ("last commit", time(store.transaction), plain, "how long it took"),
        ("p50", time(store.transaction_p50), plain, "half of the newest ones took no longer"),
        ("p99", time(store.transaction_p99), plain, "99% of them took no longer"),
        ("stored", count(totals.stored), plain, "clicks, by this run"),
        ("duplicates", count(totals.duplicates), plain, "stored already; they count once"),
        ("rejected", count(totals.rejected), theme.alarm(totals.rejected), "F4 shows them"),
        ("late", count(totals.late), theme.alarm(totals.late), "not corrected: run clicktop rebuild"),
        ("skipped", count(totals.skipped), theme.alarm(totals.skipped), "offsets missing between two messages"),
        ("checkpoints", or_unknown(store.checkpoints, count), plain, "of the aggregation, written by this run"),
    ];
    if totals.left_out > 0 {
        let after_rejected = facts.iter().position(|(name, ..)| *name == "late").unwrap_or(facts.len());
        facts
            .insert(after_rejected, ("left out", count(totals.left_out), plain, "events that events.where leaves out"));
    }
    if let Some(before) = store.expired_before {
        let deleted = "of them, for their age; the figures go on counting them";
        facts.insert(1, ("deleted", count(store.deleted), plain, deleted));
        facts.insert(2, kept_since(before));
        facts.push(expired(totals, theme));
    }
    facts
}
