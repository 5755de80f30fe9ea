//! Rows and columns of the views: heads, a cursor, and columns that give way where there is no room.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::row;
use crate::console::format::{left, right};
use crate::console::state::app::App;
use crate::console::state::screens::List;

/// A column that is left out rather than narrower than this takes what the others leave.
const REST_MIN: usize = 12;

/// One column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) head: &'static str,
    /// Its columns on the screen, blanks included; 0 for the one that takes what is left.
    pub(super) width: usize,
    /// Whether figures stand flush right.
    pub(super) right: bool,
    /// Those with the highest go first where there is no room; 0 stays.
    pub(super) weight: u8,
}

/// A column of figures, flush right.
pub(super) const fn figure(head: &'static str, width: usize, weight: u8) -> Column {
    Column { head, width, right: true, weight }
}

/// A column of words; 0 takes what is left.
pub(super) const fn words(head: &'static str, width: usize, weight: u8) -> Column {
    Column { head, width, right: false, weight }
}

/// A cell.
pub(super) type Cell = (String, Style);

/// Draws the visible ones of `rows`, each with a cell for each column.
pub(super) fn render(
    frame: &mut Frame,
    area: Rect,
    columns: &[Column],
    rows: impl Iterator<Item = Vec<Cell>>,
    list: Option<List>,
    app: &App,
) {
    let theme = &app.theme;
    let room = usize::from(area.width).saturating_sub(1);
    let shown = fitting(columns, room);
    let taken: usize = shown.iter().map(|at| columns.get(*at).map_or(0, |column| column.width)).sum();
    let rest = room.saturating_sub(taken);
    let cell = |column: &Column, text: &str| {
        let width = if column.width == 0 { rest } else { column.width };
        if column.right {
            right(text, width)
        } else {
            // A blank parts it from the next column.
            left(&left(text, width.saturating_sub(1)), width)
        }
    };
    let picked = || shown.iter().filter_map(|at| columns.get(*at).map(|column| (*at, column)));
    let mut heads = vec![Span::raw(" ")];
    heads.extend(picked().map(|(_, column)| Span::styled(cell(column, column.head), theme.dim())));
    if let Some(row) = row(area, 0) {
        frame.render_widget(Paragraph::new(Line::from(heads)), row);
    }
    let top = list.map_or(0, |list| list.top);
    let visible = usize::from(area.height.saturating_sub(1));
    for (at, cells) in rows.skip(top).take(visible).enumerate() {
        let Some(row) = row(area, at + 1) else { break };
        let here = list.is_some_and(|list| list.at == top + at);
        let mut spans = vec![Span::raw(if here { theme.symbol("▸", ">") } else { " " })];
        for (index, column) in picked() {
            if let Some((text, style)) = cells.get(index) {
                spans.push(Span::styled(cell(column, text), *style));
            }
        }
        let mut line = Line::from(spans);
        if here {
            line = theme.under_cursor(line, true);
        }
        frame.render_widget(Paragraph::new(line), row);
    }
}

/// The columns that fit into `room`, by their places.
fn fitting(columns: &[Column], room: usize) -> Vec<usize> {
    let mut shown: Vec<(usize, Column)> = columns.iter().copied().enumerate().collect();
    loop {
        let taken: usize =
            shown.iter().map(|(_, column)| column.width.max(usize::from(column.width == 0) * REST_MIN)).sum();
        let heaviest = shown.iter().map(|(_, column)| column.weight).max().unwrap_or(0);
        if taken <= room || heaviest == 0 {
            return shown.into_iter().map(|(at, _)| at).collect();
        }
        shown.retain(|(_, column)| column.weight != heaviest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_columns_go_first_and_the_weightless_stay() {
        let columns = [words("url", 0, 0), figure("clicks", 10, 1), figure("users", 10, 2)];
        assert_eq!(fitting(&columns, 40), [0, 1, 2]);
        assert_eq!(fitting(&columns, 31), [0, 1]);
        assert_eq!(fitting(&columns, 5), [0]);
    }
}
