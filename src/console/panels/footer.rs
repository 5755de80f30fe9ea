//! The keys that matter where the reader is, or a notice in their place.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::room;
use crate::console::app::App;
use crate::console::format::{fit, width};
use crate::console::keys::{Context, KeyBinding, key_table};

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let line = match app.notice() {
        Some(notice) => {
            let text = fit(notice, usize::from(area.width).saturating_sub(1));
            Line::from(vec![Span::raw(" "), Span::styled(text, app.theme.warn().patch(app.theme.key()))])
        }
        None => keys(area.width, app),
    };
    frame.render_widget(Paragraph::new(line), area);
}

fn keys(columns: u16, app: &App) -> Line<'static> {
    let context = app.context();
    let mut spans = Vec::new();
    // What holds everywhere begins with help and quit, which must never fall off; what is special here comes next.
    let everywhere = key_table().iter().filter(|binding| {
        !context.is_modal() && binding.context == Context::Anywhere && context.lets_through(binding.action)
    });
    let here = key_table().iter().filter(|binding| binding.context == context && context != Context::Anywhere);
    let views = key_table()
        .iter()
        .filter(|binding| context.is_view() && binding.context == Context::Views && context != Context::Views);
    let order = everywhere.clone().take(2).chain(here).chain(views).chain(everywhere.skip(2));
    for binding in order.filter(|binding| shows(binding, app)) {
        let columns_needed = width(binding.label) + width(binding.short) + 4;
        if columns_needed > room(columns, &spans) {
            break;
        }
        spans.push(Span::styled(format!(" {}", binding.label), app.theme.accent().patch(app.theme.key())));
        spans.push(Span::styled(format!(" {} ", binding.short), app.theme.dim()));
    }
    Line::from(spans)
}

fn shows(binding: &KeyBinding, app: &App) -> bool {
    let forbidden = app.read_only && binding.action.steers();
    !binding.short.is_empty() && !forbidden
}
