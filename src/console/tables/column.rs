//! A column, and how columns share the room of a table.

use ratatui::style::Style;
use serde_json::Value;

use crate::console::format::{left, right};
use crate::console::theme::Theme;
use crate::protocol::SortBy;
use crate::protocol::answer::LastMinute;
use crate::protocol::compare::Comparison;
use crate::protocol::trends::Trends;

/// A text and its style.
pub(crate) type Cell = (String, Style);

/// What the cells of a table need beside their row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TableContext<'a> {
    pub(crate) theme: &'a Theme,
    /// The figure by which the rows are sorted, if the user can choose it.
    pub(crate) sort: Option<SortBy>,
    /// The largest of the figures by which the rows are sorted: a bar of this length is full.
    pub(crate) largest: f64,
    /// A mean time of fewer known times may be chance.
    pub(crate) min_timed: u64,
    /// The clicks of all countries.
    pub(crate) all_clicks: u64,
    /// The clicks of the last minute, once they are known.
    pub(crate) last_minute: Option<&'a LastMinute>,
    /// The trends, once they are known.
    pub(crate) trends: Option<&'a Trends>,
    /// The figures of the earlier span, if rows are compared with them and they are known.
    pub(crate) comparison: Option<&'a Comparison>,
}

impl<'a> TableContext<'a> {
    /// For a table that needs nothing else.
    pub(crate) fn new(theme: &'a Theme) -> Self {
        Self {
            theme,
            sort: None,
            largest: 0.0,
            min_timed: 0,
            all_clicks: 0,
            last_minute: None,
            trends: None,
            comparison: None,
        }
    }

    /// The style of a figure. The sorted one stands out; if the user cannot choose the order, the clicks.
    pub(super) fn style_of(&self, figure: SortBy) -> Style {
        if self.sort.unwrap_or_default() == figure { self.theme.key() } else { Style::new() }
    }

    /// Whether a mean of so many known times is of too few to count in the order by time.
    pub(super) fn has_few(&self, timed: u64) -> bool {
        timed < self.min_timed
    }

    /// The style of a mean of so many known times.
    pub(super) fn style_of_mean(&self, timed: u64) -> Style {
        if self.has_few(timed) { self.theme.dim() } else { self.style_of(SortBy::Time) }
    }

    /// A bar for the figure of a row. The largest figure has the longest bar.
    pub(super) fn bar(&self, figure: f64, width: usize) -> Cell {
        (self.theme.bar(figure / self.largest, width.saturating_sub(1)), self.theme.accent())
    }
}

/// How wide a column is on the screen.
#[derive(Clone, Copy, Debug)]
pub(super) enum Width {
    /// So many columns of the screen, with a blank that separates it from the next column.
    Fixed(usize),
    /// What the other columns leave, and at least this.
    Rest(usize),
    /// A part of what the fixed columns leave.
    Part(fn(usize) -> usize),
}

/// Where a text is in its cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Align {
    /// Flush left, before a blank that separates it from the next column.
    Left,
    /// Flush left over the whole cell.
    LeftWhole,
    /// Flush right.
    Right,
    /// Flush right, before a blank.
    RightBlank,
}

/// A column of a table with rows of the type `R`.
#[derive(Debug)]
pub(crate) struct Column<R> {
    pub(crate) title: &'static str,
    width: Width,
    align: Align,
    /// On a narrow screen, the columns with the highest number are left out first; a column with 0 always stays.
    priority: u8,
    /// The order that a click on the title selects.
    pub(crate) sort: Option<SortBy>,
    /// The text of a row, for so many columns of the screen.
    cell: fn(&R, &TableContext<'_>, usize) -> Cell,
    export: Option<Export<R>>,
}

/// The column in a file.
#[derive(Debug)]
struct Export<R> {
    name: &'static str,
    value: fn(&R) -> Value,
}

impl<R> Column<R> {
    /// A column of words, flush left.
    pub(super) const fn words(
        title: &'static str,
        width: Width,
        cell: fn(&R, &TableContext<'_>, usize) -> Cell,
    ) -> Self {
        Self { title, width, align: Align::Left, priority: 0, sort: None, cell, export: None }
    }

    /// A column of figures, flush right.
    pub(super) const fn figure(
        title: &'static str,
        width: usize,
        cell: fn(&R, &TableContext<'_>, usize) -> Cell,
    ) -> Self {
        Self { title, width: Width::Fixed(width), align: Align::Right, priority: 0, sort: None, cell, export: None }
    }

    /// A column of files only.
    pub(super) const fn of_files(name: &'static str, value: fn(&R) -> Value) -> Self {
        Self::words("", Width::Fixed(0), |_, _, _| (String::new(), Style::new())).exported(name, value)
    }

    /// The same column, left out on a narrow screen before those with a lower number.
    pub(super) const fn priority(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }

    /// The same column with another title.
    pub(super) const fn titled(mut self, title: &'static str) -> Self {
        self.title = title;
        self
    }

    /// The same column with another width.
    pub(super) const fn width(mut self, width: Width) -> Self {
        self.width = width;
        self
    }

    /// The same column without the blank that separates words from the next column.
    pub(super) const fn whole(mut self) -> Self {
        self.align = Align::LeftWhole;
        self
    }

    /// The same column, flush right as figures are.
    pub(super) const fn flush_right(mut self) -> Self {
        self.align = Align::Right;
        self
    }

    /// The same column of figures, with a blank after them.
    pub(super) const fn blank_after(mut self) -> Self {
        self.align = Align::RightBlank;
        self
    }

    /// The same column, with a title that sorts the rows.
    pub(super) const fn sorts_by(mut self, sort: SortBy) -> Self {
        self.sort = Some(sort);
        self
    }

    /// The same column, also in files.
    pub(super) const fn exported(mut self, name: &'static str, value: fn(&R) -> Value) -> Self {
        self.export = Some(Export { name, value });
        self
    }

    /// The fewest columns of the screen that it needs.
    fn least(&self) -> usize {
        match self.width {
            Width::Fixed(width) | Width::Rest(width) => width,
            Width::Part(part) => part(0),
        }
    }
}

/// The cell of `row` in a column of `width`.
pub(crate) fn cell<R>(column: &Column<R>, row: &R, context: &TableContext<'_>, width: usize) -> Cell {
    let room = if column.align == Align::RightBlank { width.saturating_sub(1) } else { width };
    let (text, style) = (column.cell)(row, context, room);
    (cell_text(column, &text, width), style)
}

/// `text` in a cell of `width`.
pub(crate) fn cell_text<R>(column: &Column<R>, text: &str, width: usize) -> String {
    match column.align {
        Align::Left => left(&left(text, width.saturating_sub(1)), width),
        Align::LeftWhole => left(text, width),
        Align::Right => right(text, width),
        Align::RightBlank => left(&right(text, width.saturating_sub(1)), width),
    }
}

/// The columns that fit into `room`, each with its width. The column of `sort` is never left out.
pub(crate) fn fit_columns<'c, R>(
    columns: &[&'c Column<R>],
    room: usize,
    sort: Option<SortBy>,
) -> Vec<(&'c Column<R>, usize)> {
    let mut kept = columns.to_vec();
    loop {
        let least: usize = kept.iter().map(|column| column.least()).sum();
        let droppable = kept.iter().filter(|column| column.sort.is_none() || column.sort != sort);
        let highest = droppable.map(|column| column.priority).max().unwrap_or(0);
        if least <= room || highest == 0 {
            break;
        }
        kept.retain(|column| column.priority != highest || column.sort.is_some() && column.sort == sort);
    }
    let fixed = |column: &&Column<R>| if let Width::Fixed(width) = column.width { width } else { 0 };
    let left = room.saturating_sub(kept.iter().map(fixed).sum());
    let part = |column: &&Column<R>| if let Width::Part(part) = column.width { part(left) } else { 0 };
    let rest = left.saturating_sub(kept.iter().map(part).sum());
    let width = |column: &Column<R>| match column.width {
        Width::Fixed(width) => width,
        Width::Rest(_) => rest,
        Width::Part(part) => part(left),
    };
    kept.into_iter().map(|column| (column, width(column))).filter(|(_, width)| *width > 0).collect()
}

/// The order that a click selects, `offset` columns of the screen after the begin of the first column.
pub(crate) fn sort_at<R>(columns: &[(&Column<R>, usize)], offset: usize) -> Option<SortBy> {
    let mut end = 0;
    let hit = columns.iter().find(|(_, width)| {
        end += width;
        offset < end
    });
    hit.and_then(|(column, _)| column.sort)
}

/// The names of `columns` in a file.
pub(crate) fn export_names<R>(columns: &[&Column<R>]) -> Vec<&'static str> {
    columns.iter().filter_map(|column| column.export.as_ref()).map(|export| export.name).collect()
}

/// The values of `columns` in a file.
pub(crate) fn export_row<R>(columns: &[&Column<R>], row: &R) -> Vec<Value> {
    columns.iter().filter_map(|column| column.export.as_ref()).map(|export| (export.value)(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: Column<u64> = Column::words("name", Width::Rest(12), |_, _, _| Cell::default());
    const CLICKS: Column<u64> =
        Column::figure("clicks", 10, |_, _, _| Cell::default()).priority(1).sorts_by(SortBy::Clicks);
    const USERS: Column<u64> =
        Column::figure("users", 10, |_, _, _| Cell::default()).priority(2).sorts_by(SortBy::Users);
    const BAR: Column<u64> = Column::words("", Width::Part(|left| left / 4), |_, _, _| Cell::default());

    fn fitted(room: usize, sort: Option<SortBy>) -> Vec<(&'static str, usize)> {
        let columns = [&NAME, &CLICKS, &USERS];
        fit_columns(&columns, room, sort).into_iter().map(|(column, width)| (column.title, width)).collect()
    }

    #[test]
    fn a_narrow_table_leaves_out_the_columns_with_the_highest_number_but_not_the_sorted_one() {
        assert_eq!(fitted(40, None), [("name", 20), ("clicks", 10), ("users", 10)]);
        assert_eq!(fitted(31, None), [("name", 21), ("clicks", 10)]);
        assert_eq!(fitted(5, None), [("name", 5)]);
        assert_eq!(fitted(31, Some(SortBy::Users)), [("name", 21), ("users", 10)]);
        assert_eq!(fitted(5, Some(SortBy::Users)), [("name", 0), ("users", 10)][1..]);
    }

    #[test]
    fn a_part_is_taken_from_the_rest() {
        let columns = [&NAME, &BAR, &CLICKS];
        let widths: Vec<usize> = fit_columns(&columns, 50, None).into_iter().map(|(_, width)| width).collect();
        assert_eq!(widths, [30, 10, 10]);
    }

    #[test]
    fn a_click_on_a_title_sorts_by_its_column() {
        let columns = fit_columns(&[&NAME, &CLICKS, &USERS], 40, None);
        let hits = [0, 19, 20, 29, 30, 39, 40].map(|offset| sort_at(&columns, offset));
        let (clicks, users) = (Some(SortBy::Clicks), Some(SortBy::Users));
        assert_eq!(hits, [None, None, clicks, clicks, users, users, None]);
    }
}
