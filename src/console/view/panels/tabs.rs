//! The names of the views, with their keys.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::console::state::app::App;
use crate::console::state::screens::Screen;

/// Each view with its words on the screen.
fn names() -> impl Iterator<Item = (Screen, String, String)> {
    (1..).zip(Screen::ALL).map(|(at, sheet)| (sheet, format!(" F{at} "), format!("{} ", sheet.name())))
}

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let mut spans = Vec::new();
    for (sheet, key, name) in names() {
        let open = sheet == app.sheet;
        spans.push(Span::styled(key, theme.dim()));
        let style = if open { theme.key().add_modifier(Modifier::UNDERLINED) } else { theme.accent() };
        spans.push(Span::styled(name.trim_end().to_owned(), style));
        spans.push(Span::raw(" "));
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}

/// The view whose name is under a point of the screen.
pub(crate) fn tab_at(area: Rect, point: Position) -> Option<Screen> {
    if !area.contains(point) {
        return None;
    }
    let at = usize::from(point.x.saturating_sub(area.x));
    let mut end = 0;
    names().find_map(|(sheet, key, name)| {
        end += key.len() + name.len();
        (at < end).then_some(sheet)
    })
}
