//! The row with the names of the screens and their keys.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::console::state::app::App;
use crate::console::state::screen::Screen;
use crate::console::state::tabs::Tabs;
use crate::console::view::rows::both_ends;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let tabs = Tabs::of(Screen::offered(app.engine.snapshot()), app.screens.open, usize::from(area.width));
    let mut spans = Vec::new();
    for (at, tab) in tabs.shown.into_iter().enumerate() {
        let key = match tab.key.strip_prefix(' ') {
            Some(key) if at == 0 && tabs.more.0 => format!("{}{key}", theme.symbol("‹", "<")),
            _ => tab.key,
        };
        spans.push(Span::styled(key, theme.dim()));
        let is_open = tab.screen == app.screens.open;
        let style = if is_open { theme.key().add_modifier(Modifier::UNDERLINED) } else { theme.accent() };
        spans.push(Span::styled(tab.name.trim_end().to_owned(), style));
        spans.push(Span::raw(" "));
    }
    let more = if tabs.more.1 { theme.symbol("›", ">") } else { "" };
    frame.render_widget(Paragraph::new(Line::from(spans.clone())), area);
    both_ends(frame, area, Line::from(spans), Line::styled(more, theme.dim()));
}
