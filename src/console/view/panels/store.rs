//! The database: its size, its transactions, and what became of the messages.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::row;
use crate::console::format::{NONE, bytes, count, fit, left, right, short, span};
use crate::console::state::app::App;

/// Columns of the names and of the figures.
const NAME: usize = 18;
const FIGURE: usize = 16;

type Fact = (&'static str, String, Style, &'static str);

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let path = &app.shown().snapshot.store.path;
    let title = Line::from(vec![
        Span::styled(" store ", theme.key()),
        Span::styled(fit(path, usize::from(area.width).saturating_sub(12)), theme.dim()),
        Span::raw(" "),
    ]);
    let block = theme.frame(title, true).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    for (at, (name, figure, style, meaning)) in facts(app).into_iter().enumerate() {
        let Some(row) = row(inner, at) else { break };
        let rest = usize::from(row.width).saturating_sub(NAME + FIGURE + 3);
        let line = Line::from(vec![
            Span::styled(left(name, NAME), theme.dim()),
            Span::styled(right(&figure, FIGURE), style),
            Span::styled(format!("   {}", fit(meaning, rest)), theme.dim()),
        ]);
        frame.render_widget(Paragraph::new(line), row);
    }
}

/// In the order of weight: a low screen shows the first ones.
fn facts(app: &App) -> Vec<Fact> {
    let shown = app.shown();
    let (snapshot, theme) = (&shown.snapshot, &app.theme);
    let (store, totals) = (&snapshot.store, &snapshot.totals);
    let time = |time: Option<std::time::Duration>| time.map_or_else(|| NONE.to_owned(), span);
    let a_second =
        shown.transaction_rate.rate(&()).map_or_else(|| NONE.to_owned(), |rate| format!("{}/s", short(rate)));
    let plain = Style::new();
    let told = |value: Option<u64>| value.map_or_else(|| NONE.to_owned(), count);
    let size = |value: Option<u64>| value.map_or_else(|| NONE.to_owned(), bytes);
    let per_click = store.file_bytes.filter(|_| totals.clicks > 0).map(|bytes| bytes as f64 / totals.clicks as f64);
    let all = if store.expired_before.is_some() { "that were ever in the database" } else { "in the database" };
    let mut facts = vec![
        ("clicks", count(totals.clicks), theme.key(), all),
        ("pages", count(totals.pages), theme.key(), "rows of url × country"),
        ("file", size(store.file_bytes), theme.key(), "size of the database file"),
        ("write-ahead log", size(store.wal_bytes), plain, "goes back into the file at each SQLite checkpoint"),
        (
            "bytes a click",
            per_click.map_or_else(|| NONE.to_owned(), |n| format!("{n:.0} B")),
            plain,
            "of the file, figures included",
        ),
        ("transactions", told(store.transactions), plain, "committed by this run"),
        ("a second", a_second, plain, "over the last seconds"),
        ("newest", time(store.transaction), plain, "begin to commit"),
        ("p50", time(store.transaction_p50), plain, "of the newest transactions"),
        ("p99", time(store.transaction_p99), plain, "of the same"),
        ("stored", count(totals.stored), plain, "clicks, by this run"),
        ("duplicates", count(totals.duplicates), plain, "met again by this run, and counted once"),
        ("rejected", count(totals.rejected), theme.alarm(totals.rejected), "F4 shows them"),
        ("late", count(totals.late), theme.alarm(totals.late), "missed a correction of their time; clicktop rebuild"),
        ("skipped", count(totals.skipped), theme.alarm(totals.skipped), "offsets missing between two messages"),
        ("checkpoints", told(store.checkpoints), plain, "of the aggregation, written by this run"),
    ];
    if let Some(before) = store.expired_before {
        let before = before.to_string();
        facts.insert(
            1,
            ("deleted", count(store.deleted), plain, "of them, for their age; the figures go on counting them"),
        );
        facts.insert(
            2,
            ("kept since", before.get(..10).unwrap_or(&before).to_owned(), plain, "by the clicks' own clock"),
        );
        facts.push((
            "expired",
            count(totals.expired),
            theme.alarm(totals.expired),
            "came after their like were deleted",
        ));
    }
    facts
}
