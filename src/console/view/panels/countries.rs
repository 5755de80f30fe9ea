//! The countries with their clicks and share; all of them together come first.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::{placeholder, row};
use crate::console::format::{count, count_in, left, percent, right};
use crate::console::state::app::App;
use crate::console::state::layout::Panel;

/// Columns of the clicks: 99,999,999,999 would be fourteen; past that the short form takes over.
const CLICKS: usize = 11;
const PERCENT: usize = 6;

pub(crate) fn render(frame: &mut Frame, area: Rect, app: &App) {
    let theme = &app.theme;
    let board = &app.shown().snapshot.board;
    let focused = app.focus == Panel::Countries;
    let mut title = vec![Span::styled(" countries ", theme.key())];
    if !board.countries.is_empty() {
        title.push(Span::styled(format!("{} ", count(board.countries.len() as u64)), theme.dim()));
    }
    let block = theme.frame(Line::from(title), focused).padding(Padding::right(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if board.countries.is_empty() {
        placeholder(frame, inner, &app.nothing().short(), app);
        return;
    }

    let all = board.countries.iter().fold(0_u64, |sum, row| sum.saturating_add(row.clicks));
    let most = board.countries.first().map_or(0, |row| row.clicks);
    let columns = usize::from(inner.width);
    // Mark, name, clicks, share in figures where there is room, and as a bar.
    let with_percent = columns >= 32;
    let figures = CLICKS + if with_percent { 1 + PERCENT } else { 0 };
    let rest = columns.saturating_sub(1 + figures + 1);
    let bar = (rest / 3).clamp(3, 12);
    let name = rest.saturating_sub(bar + 1);
    let cursor = app.browse.country_row(board);

    let rows = std::iter::once(("All", all, 0))
        .chain(board.countries.iter().map(|row| (&*row.country, row.clicks, row.clicks)))
        .enumerate()
        .skip(app.browse.country_top);
    for (at, (at_row, (country, clicks, share))) in rows.take(usize::from(inner.height)).enumerate() {
        let Some(row) = row(inner, at) else { break };
        let here = cursor == Some(at_row);
        let mark = if here { theme.symbol("▸", ">") } else { " " };
        let mut spans = vec![
            Span::raw(mark),
            Span::raw(left(country, name)),
            Span::raw(" "),
            Span::styled(right(&count_in(clicks, CLICKS), CLICKS), theme.key()),
        ];
        if with_percent {
            spans.push(Span::styled(right(&percent(clicks, all), PERCENT + 1), theme.dim()));
        }
        spans.push(Span::raw(" "));
        let share = if most == 0 { 0.0 } else { share as f64 / most as f64 };
        let drawn = left(&theme.bar(share, bar), bar);
        spans.push(Span::styled(drawn, theme.accent()));
        let mut line = Line::from(spans);
        if here {
            line = theme.under_cursor(line, focused);
        }
        frame.render_widget(Paragraph::new(line), row);
    }
}
