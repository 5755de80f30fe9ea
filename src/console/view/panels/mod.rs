//! One file a panel, each with a free `render(frame, area, …)` that reads the state and changes nothing.

pub(crate) mod activity;
mod chart;
pub(crate) mod countries;
pub(crate) mod detail;
mod draining;
mod filter;
pub(crate) mod footer;
pub(crate) mod header;
pub(crate) mod help;
pub(crate) mod index;
pub(crate) mod log;
pub(crate) mod map;
pub(crate) mod notice;
pub(crate) mod palette;
pub(crate) mod partitions;
pub(crate) mod prompt;
pub(crate) mod rejects;
mod scale;
pub(crate) mod search;
pub(crate) mod stages;
pub(crate) mod store;
mod table;
pub(crate) mod tabs;
pub(crate) mod throughput;
pub(crate) mod url;
pub(crate) mod urls;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::console::format::width;
use crate::console::state::trouble::NoClicks;

/// `left` and `right` at the two ends of one row; `right` gives way if they meet.
fn both_ends(frame: &mut Frame, row: Rect, left: Line<'_>, right: Line<'_>) {
    let room = usize::from(row.width).saturating_sub(left.width());
    frame.render_widget(Paragraph::new(left), row);
    let columns = right.width();
    if columns < room {
        let columns = u16::try_from(columns).unwrap_or(row.width);
        let area = Rect { x: row.right().saturating_sub(columns), width: columns, ..row };
        frame.render_widget(Paragraph::new(right), area);
    }
}

/// Row `at` of `area`, if it has one.
fn row(area: Rect, at: usize) -> Option<Rect> {
    let at = u16::try_from(at).ok()?;
    (at < area.height).then(|| Rect { y: area.y.saturating_add(at), height: 1, ..area })
}

/// Columns left of `total` after `spans`.
fn room(total: u16, spans: &[Span<'_>]) -> usize {
    usize::from(total).saturating_sub(spans.iter().map(|span| width(&span.content)).sum())
}

/// In place of rows that do not come while tables are held, in the header's words.
fn held(app: &crate::console::state::app::App) -> String {
    format!("tables are held: {} lets them go on", app.keys.told(crate::console::state::key_table::Action::Freeze))
}

/// A faint sentence in the middle of a panel that has nothing to show.
fn placeholder(frame: &mut Frame, area: Rect, text: &str, app: &crate::console::state::app::App) {
    if area.is_empty() {
        return;
    }
    let text = crate::console::format::fit(text, usize::from(area.width));
    let middle = Rect { y: area.y + (area.height - 1) / 2, height: 1, ..area };
    frame.render_widget(Paragraph::new(Line::styled(text, app.theme.dim()).centered()), middle);
}

/// Why there are no clicks: as a faint sentence, or where there is trouble in full.
fn no_clicks(frame: &mut Frame, area: Rect, app: &crate::console::state::app::App) {
    let nothing = app.nothing();
    if !matches!(nothing, NoClicks::Trouble(..)) {
        return placeholder(frame, area, &nothing.words(), app);
    }
    let columns = usize::from(area.width).saturating_sub(2);
    let lines = crate::console::format::wrap(&nothing.words(), columns);
    let lines = crate::console::format::first_lines(lines, usize::from(area.height), columns);
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    let middle = Rect { y: area.y + (area.height - rows) / 2, height: rows, ..area };
    let lines: Vec<Line<'_>> = lines.into_iter().map(|line| Line::styled(line, app.theme.warn()).centered()).collect();
    frame.render_widget(Paragraph::new(lines), middle);
}

/// Foreign text that may take several lines.
fn prose(frame: &mut Frame, area: Rect, text: &str, style: Style) {
    let text = crate::text::printable(text).into_owned();
    frame.render_widget(Paragraph::new(Line::styled(text, style)).wrap(Wrap { trim: false }), area);
}
