//! The rows below the stages: the picked stage, or every stage in trouble.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::console::keys::Context;
use crate::console::state::app::App;
use crate::console::state::stage_details::{DetailContext, INDENT, stage_details};
use crate::console::view::rows::{both_ends, row};

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let details = stage_details(DetailContext {
        observed: &app.engine.live,
        picked: app.picked_stage,
        stages_have_focus: app.screens.context(app.overview.focus) == Context::Stages,
        now: app.now,
        keys: &app.keys,
        theme: &app.theme,
    });
    let snapshot = app.engine.snapshot();
    let stages = &snapshot.stages;
    let others = details.len().saturating_sub(1);
    // The first stage takes the rows that the others leave; each of them needs one.
    let first = usize::from(area.height).saturating_sub(others).max(1);
    let mut top = 0;
    for (at, details) in details.iter().enumerate() {
        let style = stages.get(details.position).map_or_else(Style::new, |stage| app.theme.stage(stage, snapshot).1);
        let most = if at == 0 { first } else { 1 };
        for (line, text) in details.rows(area.width, most).into_iter().enumerate() {
            let Some(row) = row(area, top) else { return };
            top += 1;
            if line > 0 {
                let text = format!("{}{text}", " ".repeat(INDENT));
                frame.render_widget(Paragraph::new(text), row);
                continue;
            }
            let spans = vec![Span::styled(details.head.clone(), style), Span::raw("  "), Span::raw(text)];
            both_ends(frame, row, Line::from(spans), Line::styled(details.hint.clone(), app.theme.key()));
        }
    }
}
