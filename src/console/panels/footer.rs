//! The keys that matter where the reader is, or a notice in their place.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line as Words, Span};
use ratatui::widgets::Paragraph;

use super::room;
use crate::console::app::App;
use crate::console::format::{fit, width};
use crate::console::keys::{Action, Context, KeyBinding};
use crate::console::typing::Line;

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let line = match app.notice() {
        Some(notice) => {
            let text = fit(notice, usize::from(area.width).saturating_sub(1));
            Words::from(vec![Span::raw(" "), Span::styled(text, app.theme.warn().patch(app.theme.key()))])
        }
        None => keys(area.width, app),
    };
    frame.render_widget(Paragraph::new(line), area);
}

fn keys(columns: u16, app: &App) -> Words<'static> {
    let context = app.context();
    let mut spans = Vec::new();
    // What holds everywhere begins with help and quit, which must never fall off; what is special here comes next.
    let everywhere = app.keys.table().iter().filter(|binding| {
        !context.is_modal() && binding.context == Context::Anywhere && context.lets_through(binding.action)
    });
    let here = app.keys.table().iter().filter(|binding| binding.context == context && context != Context::Anywhere);
    let views = app
        .keys
        .table()
        .iter()
        .filter(|binding| context.is_view() && binding.context == Context::Views && context != Context::Views);
    let order = everywhere.clone().take(2).chain(here).chain(views).chain(everywhere.skip(2));
    for binding in order.filter(|binding| shows(binding, app)) {
        let columns_needed = width(&binding.label) + width(binding.short) + 4;
        if columns_needed > room(columns, &spans) {
            break;
        }
        spans.push(Span::styled(format!(" {}", binding.label), app.theme.accent().patch(app.theme.key())));
        spans.push(Span::styled(format!(" {} ", binding.short), app.theme.dim()));
    }
    Words::from(spans)
}

fn shows(binding: &KeyBinding, app: &App) -> bool {
    let forbidden = app.read_only && binding.action.steers();
    let completes = app.typing.as_ref().is_some_and(|typing| typing.line == Line::Palette);
    !binding.short.is_empty() && !forbidden && (completes || binding.action != Action::Complete)
}
