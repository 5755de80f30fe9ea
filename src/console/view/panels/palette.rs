//! What can be done by name, over everything else.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Padding, Paragraph};

use super::row;
use crate::console::format::{fit_end, left, right};
use crate::console::state::app::App;
use crate::console::state::line_input::LineInput;
use crate::console::state::selection::keep_visible;

/// Columns of it, where the screen has them; of the names; of the keys.
const WIDTH: u16 = 72;
const NAME: usize = 18;
const KEY: usize = 10;

/// Rows that it offers at once.
const OFFERS: u16 = 12;

pub(crate) fn render(frame: &mut Frame, screen: Rect, typing: &LineInput, app: &App) {
    let theme = &app.theme;
    let offers = app.offers(&typing.text);
    let width = WIDTH.min(screen.width.saturating_sub(2));
    let height = (OFFERS + 3).min(screen.height.saturating_sub(3));
    let area = Rect { x: screen.x + screen.width.saturating_sub(width) / 2, y: screen.y + 2, width, height };
    let area = area.intersection(screen);
    frame.render_widget(Clear, area);
    let block = theme.frame(Line::styled(" do ", theme.key()), true).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if let Some(row) = row(inner, 0) {
        let text = fit_end(&typing.text, usize::from(row.width).saturating_sub(4));
        let line = Line::from(vec![
            Span::styled(": ", theme.accent().patch(theme.key())),
            Span::raw(text),
            Span::styled(" ", Style::new().add_modifier(Modifier::REVERSED)),
        ]);
        frame.render_widget(Paragraph::new(line), row);
    }
    let rows = usize::from(inner.height.saturating_sub(1));
    let top = keep_visible(0, Some(typing.picked), rows, offers.len());
    let description = usize::from(inner.width).saturating_sub(NAME + KEY + 3);
    for (at, offer) in offers.iter().skip(top).take(rows).enumerate() {
        let Some(row) = row(inner, at + 1) else { break };
        let here = top + at == typing.picked;
        let style = if here { Style::new() } else { theme.dim() };
        let line = Line::from(vec![
            Span::raw(if here { theme.symbol("▸", ">") } else { " " }),
            Span::styled(left(offer.name, NAME), if here { Style::new() } else { theme.key() }),
            Span::styled(left(&offer.description, description), style),
            Span::styled(right(&offer.key, KEY), style),
        ]);
        let line = if here { line.style(theme.cursor(true)) } else { line };
        frame.render_widget(Paragraph::new(line), row);
    }
    if offers.is_empty()
        && let Some(row) = row(inner, 1)
    {
        frame.render_widget(Paragraph::new(Line::styled("nothing here is called that", theme.warn())), row);
    }
}
