//! The row with the names of the screens and their keys.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::console::state::app::App;
use crate::console::state::screen::Screen;
use crate::console::state::tabs::Tabs;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let offered = Screen::offered(app.engine.snapshot());
    let mut spans = Vec::new();
    for tab in Tabs::of(&app.keys, offered, app.screens.open, usize::from(area.width)).0 {
        let is_open = tab.screen == app.screens.open;
        spans.push(Span::styled(tab.key, theme.dim()));
        if !tab.name.is_empty() {
            let style = if is_open { theme.key().add_modifier(Modifier::UNDERLINED) } else { theme.accent() };
            spans.push(Span::styled(tab.name.trim_end().to_owned(), style));
            spans.push(Span::raw(" "));
        }
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}
