//! The countries of a board, with the sum of all of them.

use std::sync::Arc;

use ratatui::style::Style;

use super::column::{Cell, Column, TableContext, Width};
use super::{compared, trend};
use crate::console::format::{count_in, or_unknown, percent};
use crate::protocol::board::{Board, CountryRow};
use crate::protocol::compare::Comparison;
use crate::protocol::trends::RowTrend;
use crate::world::locate;

/// A country, or the sum of all countries.
#[derive(Clone, Debug)]
pub(crate) struct CountryLine {
    name: Arc<str>,
    clicks: u64,
    urls: u64,
    /// The clicks in the earlier span, if it is compared with one and they are known.
    then: Option<u64>,
    is_sum: bool,
}

impl CountryLine {
    /// The country of `row`, with its clicks in the earlier span of `comparison`.
    pub(crate) fn of(row: &CountryRow, comparison: Option<&Comparison>) -> Self {
        let then = comparison.map(|comparison| comparison.of_country(&row.country));
        Self { name: Arc::clone(&row.country), clicks: row.clicks, urls: row.urls, then, is_sum: false }
    }
}

const NAME: Column<CountryLine> =
    Column::words("country", Width::Rest(9), |line: &CountryLine, _, _| (line.name.to_string(), Style::new()))
        .exported("country", |line| (*line.name).into());

/// The code with its name. The codes of countries that the map does not have are faint.
const FULL_NAME: Column<CountryLine> = Column::words("country", Width::Rest(12), |line: &CountryLine, context, _| {
    if line.is_sum {
        return (line.name.to_string(), Style::new());
    }
    match locate(&line.name) {
        Some(country) if line.name.len() <= 3 => (format!("{}  {}", line.name, country.name), Style::new()),
        Some(_) => (line.name.to_string(), Style::new()),
        None => (format!("{}  (not on the map)", line.name), context.theme.dim()),
    }
});

/// Columns of the screen for clicks: wide enough for 999,999,999. More clicks are shown in the short form.
const CLICKS_COLUMNS: usize = 11;

const CLICKS: Column<CountryLine> = Column::figure("clicks", CLICKS_COLUMNS, |line: &CountryLine, context, _| {
    (count_in(line.clicks, CLICKS_COLUMNS), context.theme.key())
})
.exported("clicks", |line| line.clicks.into());

const SHARE: Column<CountryLine> = Column::figure("share", 7, |line: &CountryLine, context, _| {
    (percent(line.clicks, context.all_clicks), context.theme.dim())
})
.priority(1);

const LAST_MINUTE: Column<CountryLine> = Column::figure("last min", 9, |line: &CountryLine, context, width| {
    let known = context.last_minute.map(|known| match line.is_sum {
        true => known.of_all(),
        false => known.of_country(&line.name),
    });
    // The store, which counts the last minute, is a little ahead of the figures beside it.
    let shown = or_unknown(known, |clicks| count_in(clicks.min(line.clicks), width.saturating_sub(1)));
    (shown, context.theme.dim())
})
.priority(2);

/// So many columns stay free for the country and its bar beside the bars of a trend.
const BESIDE_TREND: usize = 40;

/// The last five minutes.
const TREND: Column<CountryLine> = Column::figure("last 5 min", 0, |line: &CountryLine, context, width| {
    trend::bars(trend_of(line, context).as_ref(), context, width)
})
.width(Width::Part(|left| trend::bars_width(left, BESIDE_TREND)));

/// Against the five minutes before.
const CHANGE: Column<CountryLine> = Column::figure("change", 8, |line: &CountryLine, context, _| {
    let found = trend_of(line, context);
    let before = found.as_ref().zip(context.trends).and_then(|(trend, trends)| trends.before(trend));
    trend::change(found.as_ref().map(RowTrend::clicks), before, context.theme)
})
.priority(3);

fn trend_of(line: &CountryLine, context: &TableContext<'_>) -> Option<RowTrend> {
    let trends = context.trends?;
    Some(if line.is_sum { trends.of_all() } else { trends.of_country(&line.name).cloned().unwrap_or_default() })
}

const URLS: Column<CountryLine> = Column::of_files("urls", |line| line.urls.into());

const BAR: Column<CountryLine> = Column::words("", Width::Part(|left| left.div_ceil(3).clamp(4, 13)), bar).whole();

/// Beside an earlier span, the columns of the screen for its clicks and for those of the window. In the narrowest panel, the change alone has room.
const fn compared_columns(left: usize) -> usize {
    match left {
        ..24 => 7,
        24..33 => 8,
        _ => CLICKS_COLUMNS,
    }
}

/// From so many columns on, there are also bars and shares beside an earlier span.
const BAR_BESIDE_THEN: usize = 60;

static COMPARED_NAME: Column<CountryLine> = NAME.width(Width::Rest(5));

static COMPARED_CLICKS: Column<CountryLine> = Column::figure("clicks", 0, |line: &CountryLine, context, width| {
    (count_in(line.clicks, width.saturating_sub(1)), context.theme.key())
})
.width(Width::Part(compared_columns));

static THEN: Column<CountryLine> = Column::figure("then", 0, |line: &CountryLine, context, width| {
    (or_unknown(line.then, |clicks| count_in(clicks, width.saturating_sub(1))), context.theme.dim())
})
.width(Width::Part(|left| if left < 24 { 0 } else { compared_columns(left) }));

const AGAINST: Column<CountryLine> = Column::figure("change", 8, |line: &CountryLine, context, _| {
    compared::count(line.clicks, line.then, context.theme)
});

static COMPARED_SHARE: Column<CountryLine> =
    SHARE.width(Width::Part(|left| if left < BAR_BESIDE_THEN { 0 } else { 7 }));

static COMPARED_BAR: Column<CountryLine> = BAR.width(Width::Part(|left| if left < BAR_BESIDE_THEN { 0 } else { 13 }));

/// The same in a file.
static THEN_OF_FILES: Column<CountryLine> = Column::of_files("clicks_before", |line| line.then.into());

/// The list beside the map has the change only if the names of the countries keep their room.
const CHANGE_BESIDE_NAME: usize = 36;

/// The panel of the overview.
pub(crate) static IN_PANEL: &[&Column<CountryLine>] = &[&NAME, &CLICKS, &SHARE, &TREND, &CHANGE, &BAR];

/// The same for an engine that does not count trends.
pub(crate) static WITHOUT_TRENDS: &[&Column<CountryLine>] = &[&NAME, &CLICKS, &SHARE, &BAR];

/// The panel of the overview beside an earlier span.
pub(crate) static COMPARED: &[&Column<CountryLine>] =
    &[&COMPARED_NAME, &COMPARED_CLICKS, &THEN, &AGAINST, &COMPARED_SHARE, &COMPARED_BAR];

/// The list beside the map, beside an earlier span.
pub(crate) static COMPARED_BESIDE_MAP: &[&Column<CountryLine>] =
    &[&FULL_NAME, &COMPARED_CLICKS, &THEN, &AGAINST.width(Width::Fixed(9)).blank_after()];

/// The list beside the map.
pub(crate) static BESIDE_MAP: &[&Column<CountryLine>] = &[
    &FULL_NAME,
    &CLICKS.width(Width::Fixed(12)),
    &SHARE.width(Width::Fixed(8)),
    &LAST_MINUTE.width(Width::Fixed(10)).blank_after(),
    &CHANGE.width(Width::Part(|left| if left >= CHANGE_BESIDE_NAME { 9 } else { 0 })).blank_after(),
];

/// The columns of a file.
pub(crate) static EXPORTED: &[&Column<CountryLine>] = &[&NAME, &CLICKS, &URLS];

/// The columns of a file with the earlier span.
pub(crate) static EXPORTED_COMPARED: &[&Column<CountryLine>] = &[&NAME, &CLICKS, &URLS, &THEN_OF_FILES];

/// The sum of all countries of `board`, then each country.
pub(crate) fn lines(board: &Board) -> impl Iterator<Item = CountryLine> {
    let comparison = board.comparison.as_deref();
    let then = comparison.map(Comparison::of_all);
    let sum = CountryLine { name: "All".into(), clicks: all_clicks(board), urls: 0, then, is_sum: true };
    std::iter::once(sum).chain(board.countries.iter().map(move |row| CountryLine::of(row, comparison)))
}

/// The clicks of all countries of `board`.
pub(crate) fn all_clicks(board: &Board) -> u64 {
    board.countries.iter().fold(0, |sum, row| sum.saturating_add(row.clicks))
}

/// The bar after a blank. The sum has no bar: the bar of every country would be short beside it.
fn bar(line: &CountryLine, context: &TableContext<'_>, width: usize) -> Cell {
    let share = if line.is_sum { 0.0 } else { line.clicks as f64 / context.largest };
    (format!(" {}", context.theme.bar(share, width.saturating_sub(1))), context.theme.accent())
}
