//! The palette: actions that the user runs by name, over everything else.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Padding, Paragraph};

use crate::console::format::{fit, left, right};
use crate::console::state::app::App;
use crate::console::state::line_input::LineInput;
use crate::console::state::list::keep_visible;
use crate::console::state::offers::{Does, offers};
use crate::console::state::phrase::{Vocabulary, split, unknown_command};
use crate::console::view::rows::row;
use crate::console::view::typed_text::typed_text;

/// Columns of the palette, if the terminal has them.
const WIDTH: u16 = 72;

/// Columns for the names and for the keys.
const NAME: usize = 18;
const KEY: usize = 10;

/// Actions that are visible at once.
const OFFERS: u16 = 12;

pub(in crate::console::view) fn render(frame: &mut Frame, screen: Rect, typed: &LineInput, app: &App) {
    let theme = &app.theme;
    let context = app.screens.context(app.overview.focus);
    let known = Vocabulary { snapshot: app.engine.snapshot(), themes: &app.settings.themes };
    let offers = offers(&app.keys, known, context, typed.text());
    let width = WIDTH.min(screen.width.saturating_sub(2));
    let height = (OFFERS + 3).min(screen.height.saturating_sub(3));
    let area = Rect { x: screen.x + screen.width.saturating_sub(width) / 2, y: screen.y + 2, width, height };
    let area = area.intersection(screen);
    frame.render_widget(Clear, area);
    let block = theme.frame(Line::styled(" command ", theme.key()), true).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if let Some(row) = row(inner, 0) {
        let mut spans = vec![Span::styled(": ", theme.accent().patch(theme.key()))];
        spans.extend(typed_text(&typed.input, usize::from(row.width).saturating_sub(3), Style::new()));
        frame.render_widget(Paragraph::new(Line::from(spans)), row);
    }
    let rows = usize::from(inner.height.saturating_sub(1));
    let top = keep_visible(0, Some(typed.picked_offer), rows, offers.len());
    let description = usize::from(inner.width).saturating_sub(NAME + KEY + 3);
    for (at, offer) in offers.iter().skip(top).take(rows).enumerate() {
        let Some(row) = row(inner, at + 1) else { break };
        let is_picked = top + at == typed.picked_offer;
        let takes_more = matches!(offer.does, Does::Verb(verb) if verb.takes_object());
        let name =
            if takes_more { format!("{} {}", offer.name, theme.symbol("…", "...")) } else { offer.name.to_string() };
        let style = if is_picked { Style::new() } else { theme.dim() };
        let line = Line::from(vec![
            Span::raw(if is_picked { theme.symbol("▸", ">") } else { " " }),
            Span::styled(left(&name, NAME), if is_picked { Style::new() } else { theme.key() }),
            Span::styled(left(&offer.description, description), style),
            Span::styled(right(&offer.key, KEY), style),
        ]);
        let line = if is_picked { line.style(theme.cursor(true)) } else { line };
        frame.render_widget(Paragraph::new(line), row);
    }
    if offers.is_empty()
        && let Some(row) = row(inner, 1)
    {
        // A url need not be among those on the screen.
        let text = match split(typed.text()) {
            Some((verb, object)) => verb.with(object, known).err().unwrap_or_else(|| verb.description.to_owned()),
            None => unknown_command(typed.text()),
        };
        let text = fit(&text, usize::from(row.width));
        frame.render_widget(Paragraph::new(Line::styled(text, theme.warn())), row);
    }
}
