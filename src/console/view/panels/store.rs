//! The screen of the database: its size, its transactions, and how many messages became clicks.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Padding;

use crate::console::format::{bytes, count, duration, fit, left, or_unknown, rate, right};
use crate::console::state::app::App;
use crate::console::state::key_table::Action;
use crate::console::view::rows::draw_lines;

/// Columns for the names and for the figures.
const NAME: usize = 18;
const FIGURE: usize = 16;

/// The position of the rejects among the views.
const REJECTS: usize = 3;

/// Name, figure, style of the figure, and its meaning.
type Fact<'a> = (&'static str, String, Style, &'a str);

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
    let rejects = format!("{} shows them", app.keys.label_at(Action::OpenView, REJECTS));
    let lines = facts(app, &rejects).into_iter().map(|(name, figure, style, meaning)| {
        Line::from(vec![
            Span::styled(left(name, NAME), theme.dim()),
            Span::styled(right(&figure, FIGURE), style),
            Span::styled(format!("   {}", fit(meaning, rest)), theme.dim()),
        ])
    });
    draw_lines(frame, inner, lines);
}

/// The most important ones first, for low terminals.
fn facts<'a>(app: &App, rejects: &'a str) -> Vec<Fact<'a>> {
    let observed = app.engine.frozen_or_live();
    let (snapshot, theme) = (&observed.snapshot, &app.theme);
    let (store, totals) = (&snapshot.store, &snapshot.totals);
    let time = |time| or_unknown(time, duration);
    let plain = Style::new();
    let per_click = store.file_bytes.filter(|_| totals.clicks > 0).map(|bytes| bytes as f64 / totals.clicks as f64);
    let all = if store.expired_before.is_some() { "ever stored in the database" } else { "in the database" };
    let mut facts = vec![
        ("clicks", count(totals.clicks), theme.key(), all),
        ("pages", count(totals.pages), theme.key(), "rows of url × country"),
        ("file", or_unknown(store.file_bytes, bytes), theme.key(), "size of the database file"),
        (
            "write-ahead log",
            or_unknown(store.wal_bytes, bytes),
            plain,
            "SQLite moves it into the file at each checkpoint",
        ),
        (
            "bytes a click",
            or_unknown(per_click, |bytes| format!("{bytes:.0} B")),
            plain,
            "of the file, with the figures",
        ),
        ("transactions", or_unknown(store.transactions, count), plain, "committed by this run"),
        ("rate", rate(observed.transaction_rate.rate(&())), plain, "transactions over the last seconds"),
        ("newest", time(store.transaction), plain, "the newest transaction, from begin to commit"),
        ("p50", time(store.transaction_p50), plain, "half of the newest transactions take less"),
        ("p99", time(store.transaction_p99), plain, "99 of 100 of them take less"),
        ("stored", count(totals.stored), plain, "clicks that this run stored"),
        ("duplicates", count(totals.duplicates), plain, "clicks that this run met again; they count once"),
        ("rejected", count(totals.rejected), theme.alarm(totals.rejected), rejects),
        (
            "late",
            count(totals.late),
            theme.alarm(totals.late),
            "clicks with a time that is not exact; clicktop rebuild corrects it",
        ),
        (
            "skipped",
            count(totals.skipped),
            theme.alarm(totals.skipped),
            "offsets that Kafka left out between two messages",
        ),
        (
            "checkpoints",
            or_unknown(store.checkpoints, count),
            plain,
            "checkpoints of the aggregation that this run wrote",
        ),
    ];
    if let Some(before) = store.expired_before {
        let before = before.to_string();
        facts.insert(
            1,
            ("deleted", count(store.deleted), plain, "clicks deleted for their age; the figures still count them"),
        );
        facts.insert(
            2,
            ("kept since", before.get(..10).unwrap_or(&before).to_owned(), plain, "of the clicks, by their own time"),
        );
        facts.push((
            "expired",
            count(totals.expired),
            theme.alarm(totals.expired),
            "clicks older than the retention limit, refused",
        ));
    }
    facts
}
