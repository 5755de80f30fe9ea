//! Rows of a breakdown.

use ratatui::style::Style;

use super::column::{Column, Width};
use crate::console::format::{count_in, percent, seconds};
use crate::protocol::breakdown::{BreakdownRow, Dimension};
use crate::protocol::view::SortBy;

/// So many columns stay free for the value and its blanks beside a bar.
const VALUE_COLUMNS: usize = 60;

/// The most columns of the screen for a bar.
const BAR_COLUMNS: usize = 48;

const VALUE: Column<BreakdownRow> =
    Column::words("", Width::Rest(14), |row: &BreakdownRow, _, _| (row.value.to_string(), Style::new()));

const COUNTRY: Column<BreakdownRow> = Column::words("country", Width::Fixed(10), |row: &BreakdownRow, context, _| {
    (row.country.as_deref().unwrap_or_default().to_owned(), context.theme.dim())
})
.exported("country", |row| row.country.as_deref().into());

const CLICKS: Column<BreakdownRow> = Column::figure("clicks", 11, |row: &BreakdownRow, context, width| {
    (count_in(row.figures.clicks, width.saturating_sub(1)), context.style_of(SortBy::Clicks))
})
.sorts_by(SortBy::Clicks)
.exported("clicks", |row| row.figures.clicks.into());

const SHARE: Column<BreakdownRow> = Column::figure("share", 8, |row: &BreakdownRow, context, _| {
    (percent(row.figures.clicks, context.all_clicks), context.theme.dim())
})
.priority(2);

const USERS: Column<BreakdownRow> = Column::figure("users", 11, |row: &BreakdownRow, context, width| {
    (count_in(row.figures.unique_users, width.saturating_sub(1)), context.style_of(SortBy::Users))
})
.priority(1)
.sorts_by(SortBy::Users)
.exported("unique_users", |row| row.figures.unique_users.into());

/// Its title with the mark of the order is as wide as the column.
const AVERAGE_TIME: Column<BreakdownRow> = Column::figure("avg time", 11, |row: &BreakdownRow, context, _| {
    (seconds(row.figures.avg_time_spent), context.style_of_mean(row.figures.timed))
})
.blank_after()
.priority(3)
.sorts_by(SortBy::Time)
.exported("avg_time_spent", |row| row.figures.avg_time_spent.into());

/// Of how many known times the mean is.
const TIMED: Column<BreakdownRow> = Column::figure("known", 9, |row: &BreakdownRow, context, width| {
    (count_in(row.figures.timed, width.saturating_sub(1)), context.theme.dim())
})
.blank_after()
.priority(3)
.exported("timed", |row| row.figures.timed.into());

/// On a wide screen, a bar leads the eye from the value to its figures.
const BAR: Column<BreakdownRow> = Column::words(
    "",
    Width::Part(|left| left.saturating_sub(VALUE_COLUMNS).min(BAR_COLUMNS)),
    |row: &BreakdownRow, context, width| match context.has_few(row.figures.timed) {
        true => Default::default(),
        false => context.bar(figure(row, context.sort.unwrap_or_default()), width),
    },
);

/// The values, under the name of their dimension.
macro_rules! values {
    ($($name:ident $column:literal),*) => {
        $(static $name: Column<BreakdownRow> = VALUE.titled($column).exported($column, |row| (*row.value).into());)*
    };
}

values!(URL "url", COUNTRY_VALUE "country", CITY "city", BROWSER "browser", OS "os", DEVICE "device");

const fn value(by: Dimension) -> &'static Column<BreakdownRow> {
    match by {
        Dimension::Url => &URL,
        Dimension::Country => &COUNTRY_VALUE,
        Dimension::City => &CITY,
        Dimension::Browser => &BROWSER,
        Dimension::Os => &OS,
        Dimension::Device => &DEVICE,
    }
}

/// The columns of the screen, in the order `sort`.
pub(crate) fn drawn(by: Dimension, sort: SortBy) -> Vec<&'static Column<BreakdownRow>> {
    let mut columns = vec![value(by), &BAR];
    if by == Dimension::City {
        columns.push(&COUNTRY);
    }
    columns.extend([&CLICKS, &SHARE, &USERS, &AVERAGE_TIME]);
    if sort == SortBy::Time {
        columns.push(&TIMED);
    }
    columns
}

/// The columns beside the countries of a url.
pub(crate) fn beside(by: Dimension) -> Vec<&'static Column<BreakdownRow>> {
    vec![value(by), &CLICKS, &USERS, &AVERAGE_TIME]
}

/// The columns of a file.
pub(crate) fn exported(by: Dimension) -> Vec<&'static Column<BreakdownRow>> {
    let mut columns = vec![value(by)];
    if by == Dimension::City {
        columns.push(&COUNTRY);
    }
    columns.extend([&CLICKS, &USERS, &AVERAGE_TIME, &TIMED]);
    columns
}

/// The figure of `row` by which rows are sorted.
pub(crate) fn figure(row: &BreakdownRow, sort: SortBy) -> f64 {
    match sort {
        SortBy::Clicks | SortBy::Rising => row.figures.clicks as f64,
        SortBy::Users => row.figures.unique_users as f64,
        SortBy::Time => row.figures.avg_time_spent.unwrap_or(0.0),
    }
}
