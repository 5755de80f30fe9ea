//! Drawing a table: titles, rows, and the cursor.

use std::borrow::Borrow;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::rows::row;
use crate::console::state::list::List;
use crate::console::tables::{Column, TableContext, cell, cell_text, fit_columns};

/// How a table is drawn.
pub(super) struct Table<'a, R: 'static> {
    pub(super) columns: &'a [&'static Column<R>],
    pub(super) context: TableContext<'a>,
    /// Whether a row above the others shows the titles of the columns.
    pub(super) has_titles: bool,
    pub(super) cursor: Cursor,
}

/// The cursor of a table.
#[derive(Clone, Copy)]
pub(super) enum Cursor {
    /// The user cannot pick a row.
    None,
    /// A column before the others marks the row under the cursor.
    Mark {
        /// The row under the cursor, if any.
        row: Option<usize>,
        /// The first visible row.
        top: usize,
        /// Whether the table has the focus.
        has_focus: bool,
    },
}

impl Cursor {
    /// The cursor of a list that has the focus.
    pub(super) fn of(list: List) -> Self {
        Cursor::Mark { row: Some(list.at), top: list.top, has_focus: true }
    }

    /// The cursor of one of several lists: it marks a row while the list has the focus.
    pub(super) fn in_panel(list: List, has_focus: bool) -> Self {
        Cursor::Mark { row: has_focus.then_some(list.at), top: list.top, has_focus }
    }

    /// A cursor that marks no row, for a table beside one that the user can move through.
    pub(super) fn nowhere() -> Self {
        Cursor::Mark { row: None, top: 0, has_focus: false }
    }
}

impl<'a, R: 'static> Table<'a, R> {
    /// A table with titles.
    pub(super) fn new(columns: &'a [&'static Column<R>], context: TableContext<'a>, cursor: Cursor) -> Self {
        Self { columns, context, has_titles: true, cursor }
    }

    /// The same table without titles.
    pub(super) fn without_titles(self) -> Self {
        Self { has_titles: false, ..self }
    }

    /// Draws the visible ones of `rows`.
    pub(super) fn render(&self, frame: &mut Frame, area: Rect, rows: impl Iterator<Item = impl Borrow<R>>) {
        let theme = self.context.theme;
        let (marked, top, has_focus) = match self.cursor {
            Cursor::None => (None, 0, false),
            Cursor::Mark { row, top, has_focus } => (row, top, has_focus),
        };
        let blank = if matches!(self.cursor, Cursor::None) { "" } else { " " };
        let columns = fit_columns(self.columns, usize::from(area.width).saturating_sub(blank.len()), self.context.sort);
        if self.has_titles
            && let Some(row) = row(area, 0)
        {
            let mut spans = vec![Span::raw(blank)];
            spans.extend(columns.iter().map(|(column, width)| self.title(column, *width)));
            frame.render_widget(Paragraph::new(Line::from(spans)), row);
        }
        let titles = usize::from(self.has_titles);
        let visible = usize::from(area.height).saturating_sub(titles);
        for (at, values) in rows.skip(top).take(visible).enumerate() {
            let Some(row) = row(area, at + titles) else { break };
            let is_marked = marked == Some(top + at);
            let mut spans = vec![Span::raw(if is_marked { theme.symbol("▸", ">") } else { blank })];
            for (column, width) in &columns {
                let (text, style) = cell(column, values.borrow(), &self.context, *width);
                spans.push(Span::styled(text, style));
            }
            let mut line = Line::from(spans);
            if is_marked {
                line = theme.under_cursor(line, has_focus);
            }
            frame.render_widget(Paragraph::new(line), row);
        }
    }

    /// The title of a column; the one of the sorted column has a mark.
    fn title(&self, column: &Column<R>, width: usize) -> Span<'static> {
        let theme = self.context.theme;
        if self.context.sort.is_some() && column.sort == self.context.sort {
            let title = format!("{}{}", column.title, theme.symbol("▼", "*"));
            Span::styled(cell_text(column, &title, width), theme.accent().add_modifier(Modifier::BOLD))
        } else {
            Span::styled(cell_text(column, column.title, width), theme.dim())
        }
    }
}
