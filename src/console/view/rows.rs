//! Rows of an area.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::console::format::width;

/// Row `at` of `area`, if it has one.
pub(super) fn row(area: Rect, at: usize) -> Option<Rect> {
    let at = u16::try_from(at).ok()?;
    (at < area.height).then(|| Rect { y: area.y.saturating_add(at), height: 1, ..area })
}

/// Draws `lines` from the top of `area`; lines without room are left out.
pub(super) fn draw_lines<'a>(frame: &mut Frame, area: Rect, lines: impl IntoIterator<Item = Line<'a>>) {
    for (row, line) in area.rows().zip(lines) {
        frame.render_widget(Paragraph::new(line), row);
    }
}

/// Draws `left` and `right` at the two ends of one row. If they would meet, `right` is left out.
pub(super) fn both_ends(frame: &mut Frame, row: Rect, left: Line<'_>, right: Line<'_>) {
    let room = usize::from(row.width).saturating_sub(left.width());
    frame.render_widget(Paragraph::new(left), row);
    let columns = right.width();
    if columns < room {
        let columns = u16::try_from(columns).unwrap_or(row.width);
        let area = Rect { x: row.right().saturating_sub(columns), width: columns, ..row };
        frame.render_widget(Paragraph::new(right), area);
    }
}

/// Columns left of `total` after `spans`.
pub(super) fn room(total: u16, spans: &[Span<'_>]) -> usize {
    usize::from(total).saturating_sub(spans.iter().map(|span| width(&span.content)).sum())
}
