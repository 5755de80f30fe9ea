//! What is odd about the events, on the line above the stages, while it is new.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::console::format::left;
use crate::console::state::app::App;
use crate::text::printable;

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let Some(notice) = app.newest_notice() else { return };
    let line = left(&format!(" {}", printable(&notice.text)), usize::from(area.width));
    frame.render_widget(Paragraph::new(Line::styled(line, app.theme.chip(app.theme.warn()))), area);
}
