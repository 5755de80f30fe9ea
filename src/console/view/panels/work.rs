//! The work of store and index over time, beside the throughput on the whole screen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::Padding;

use super::work_chart::{BATCHES, COMMIT_TIMES, pair};
use crate::console::state::app::App;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let block = app.theme.frame(" work ", false).padding(Padding::right(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    pair(frame, inner, [&COMMIT_TIMES, &BATCHES], app);
}
