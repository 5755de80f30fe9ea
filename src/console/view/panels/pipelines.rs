//! The row with the names of the pipelines, above everything else.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::console::state::app::App;
use crate::console::state::screen::Screen;
use crate::console::tables::TableContext;
use crate::console::tables::pipelines::mark;
use crate::console::view::rows::both_ends;

pub(in crate::console::view) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let (theme, Some(fleet)) = (&app.theme, &app.fleet) else { return };
    let tabs = fleet.tabs(usize::from(area.width));
    let hidden_before = tabs.first().is_some_and(|tab| tab.position > 0);
    let hidden_after = tabs.last().is_some_and(|tab| tab.position + 1 < fleet.lines.len());
    let mut spans = vec![Span::styled(if hidden_before { theme.symbol("‹", "<") } else { " " }, theme.dim())];
    for tab in tabs {
        let Some(line) = fleet.lines.get(tab.position) else { continue };
        let (symbol, style) = mark(line.condition, &TableContext::new(theme));
        // The symbol takes the place of the blank before the number.
        let text = tab.text.strip_prefix(' ').unwrap_or(&tab.text).to_owned();
        let is_open = tab.position == fleet.own && app.screens.open != Screen::Fleet;
        let name = if is_open { theme.key().add_modifier(Modifier::UNDERLINED) } else { theme.accent() };
        let alarmed = line.alarms > 0;
        spans.push(Span::styled(symbol, if alarmed { theme.bad() } else { style }));
        spans.push(Span::styled(text.trim_end().to_owned(), if alarmed { name.patch(theme.bad()) } else { name }));
        spans.push(Span::raw("  "));
    }
    let more = if hidden_after { theme.symbol("›", ">") } else { "" };
    frame.render_widget(Paragraph::new(Line::from(spans.clone())), area);
    both_ends(frame, area, Line::from(spans), Line::styled(more, theme.dim()));
}
