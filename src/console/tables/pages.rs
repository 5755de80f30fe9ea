//! Rows of url × country.

use ratatui::style::Style;

use super::column::{Column, TableContext, Width};
use super::{compared, trend};
use crate::console::format::{count_in, or_unknown, seconds};
use crate::protocol::board::PageRow;
use crate::protocol::compare::Earlier;
use crate::protocol::trends::RowTrend;
use crate::protocol::view::Window;
use crate::protocol::{SortBy, View};

/// So many columns stay free for the url and its blanks beside a bar. Without trends, the url has the room of their bars.
const URL_COLUMNS: usize = 90;

/// So many columns stay free for the url and the last minute beside the bars of a trend.
const URL_BESIDE_TREND: usize = 49;

/// So many columns the url and the last minute need together.
const URL_BESIDE_MINUTE: usize = 34;

/// The most columns of the screen for a bar.
const BAR_COLUMNS: usize = 48;

const URL: Column<PageRow> =
    Column::words("url", Width::Rest(14), |page: &PageRow, _, _| (page.url.to_string(), Style::new()))
        .exported("url", |page| (*page.url).into());

const COUNTRY: Column<PageRow> = Column::words("country", Width::Fixed(9), |page: &PageRow, context, _| {
    (page.country.to_string(), context.theme.dim())
})
.priority(1)
.exported("country", |page| (*page.country).into());

/// The url in the panel of the overview, before a bar or figures.
static PANEL_URL: Column<PageRow> = URL.width(Width::Rest(12)).whole();

/// The country in the panel of the overview, among the figures.
static PANEL_COUNTRY: Column<PageRow> = COUNTRY.flush_right();

/// The country in a table about one url.
const COUNTRY_OF_URL: Column<PageRow> =
    Column::words("country", Width::Rest(12), |page: &PageRow, _, _| (page.country.to_string(), Style::new()));

const CLICKS: Column<PageRow> = Column::figure("clicks", 10, |page: &PageRow, context, width| {
    (count_in(page.clicks, width.saturating_sub(1)), context.style_of(SortBy::Clicks))
})
.priority(2)
.sorts_by(SortBy::Clicks)
.exported("clicks", |page| page.clicks.into());

const USERS: Column<PageRow> = Column::figure("users", 9, |page: &PageRow, context, width| {
    (count_in(page.unique_users, width.saturating_sub(1)), context.style_of(SortBy::Users))
})
.priority(3)
.sorts_by(SortBy::Users)
.exported("unique_users", |page| page.unique_users.into());

/// Its title with the mark of the order is as wide as the column.
const AVERAGE_TIME: Column<PageRow> = Column::figure("avg time", 10, |page: &PageRow, context, _| {
    (seconds(page.avg_time_spent), context.style_of_mean(page.timed.unwrap_or(0)))
})
.priority(4)
.sorts_by(SortBy::Time)
.exported("avg_time_spent", |page| page.avg_time_spent.into());

/// Of how many known times the mean is.
const TIMED: Column<PageRow> = Column::figure("known", 8, |page: &PageRow, context, width| {
    (or_unknown(page.timed, |timed| count_in(timed, width.saturating_sub(1))), context.theme.dim())
})
.priority(2);

/// The same in a file.
static TIMED_OF_FILES: Column<PageRow> = Column::of_files("timed", |page: &PageRow| page.timed.into());

const LAST_MINUTE: Column<PageRow> = Column::figure("last min", 0, |page: &PageRow, context, width| {
    let known = context.last_minute.and_then(|known| known.of_page(&page.url, &page.country));
    // The store, which counts the last minute, is a little ahead of the figures beside it.
    let shown = or_unknown(known, |clicks| count_in(clicks.min(page.clicks), width.saturating_sub(1)));
    (shown, context.theme.dim())
})
.width(Width::Part(|left| if left >= URL_BESIDE_MINUTE { 9 } else { 0 }));

/// The last five minutes.
const TREND: Column<PageRow> = Column::figure("last 5 min", 0, |page: &PageRow, context, width| {
    trend::bars(trend_of(page, context), context, width)
})
.width(Width::Part(|left| trend::bars_width(left, URL_BESIDE_TREND)));

/// Against the five minutes before.
const CHANGE: Column<PageRow> = Column::figure("change", 8, |page: &PageRow, context, _| {
    let found = trend_of(page, context);
    let before = found.zip(context.trends).and_then(|(trend, trends)| trends.before(trend));
    trend::change(found.map(RowTrend::clicks), before, context.theme)
})
.priority(5)
.sorts_by(SortBy::Rising);

fn trend_of<'a>(page: &PageRow, context: &TableContext<'a>) -> Option<&'a RowTrend> {
    context.trends?.of_page(&page.url, &page.country)
}

/// So many columns stay free for the url beside the changes of users and times.
const URL_BESIDE_CHANGES: usize = 40;

/// So many columns stay free for the url beside a bar, where rows are compared.
const URL_BESIDE_BAR: usize = 60;

/// The clicks in the earlier span.
const THEN: Column<PageRow> = Column::figure("then", 10, |page: &PageRow, context, width| {
    let known = then(page, context).map(|then| then.clicks);
    (or_unknown(known, |clicks| count_in(clicks, width.saturating_sub(1))), context.theme.dim())
})
.priority(4);

/// The clicks against those of the earlier span.
const AGAINST: Column<PageRow> = Column::figure("change", 8, |page: &PageRow, context, _| {
    compared::count(page.clicks, then(page, context).map(|then| then.clicks), context.theme)
})
.priority(1)
.sorts_by(SortBy::Rising);

/// The users against those of the earlier span.
const USERS_AGAINST: Column<PageRow> = Column::figure("change", 0, |page: &PageRow, context, _| {
    compared::count(page.unique_users, then(page, context).map(|then| then.unique_users), context.theme)
})
.width(Width::Part(change_beside_url))
.priority(9);

/// The mean time against that of the earlier span.
const TIME_AGAINST: Column<PageRow> = Column::figure("change", 0, |page: &PageRow, context, _| {
    compared::time(page.avg_time_spent, then(page, context).and_then(|then| then.avg_time_spent), context.theme)
})
.width(Width::Part(change_beside_url))
.priority(10);

/// The figures of the row in the earlier span: 0 if it had no click, `None` if they are not known.
fn then(page: &PageRow, context: &TableContext<'_>) -> Option<Earlier> {
    Some(context.comparison?.of_page(&page.url, &page.country).cloned().unwrap_or_default())
}

fn change_beside_url(left: usize) -> usize {
    if left >= URL_BESIDE_CHANGES { 8 } else { 0 }
}

/// The bar, where rows are compared: there are no trends that need the room.
static COMPARED_BAR: Column<PageRow> =
    BAR.width(Width::Part(|left| left.saturating_sub(URL_BESIDE_BAR).min(BAR_COLUMNS)));

/// In the order by time, the change of the time is worth more than the clicks and the country.
static SORTED_TIME_AGAINST: Column<PageRow> = TIME_AGAINST.width(Width::Fixed(8)).priority(1);
static LESS_CLICKS: Column<PageRow> = CLICKS.priority(3);
static LESS_AGAINST: Column<PageRow> = AGAINST.priority(4);

static COMPARED_CLICKS: Column<PageRow> = CLICKS.priority(1);
static COMPARED_USERS: Column<PageRow> = USERS.priority(7);
static COMPARED_TIME: Column<PageRow> = AVERAGE_TIME.priority(8);

/// On a narrow screen, the change is worth more than the country.
static COMPARED_COUNTRY: Column<PageRow> = COUNTRY.flush_right().priority(2);

/// On a wide screen, a bar leads the eye from the url to its figures.
const BAR: Column<PageRow> = Column::words(
    "",
    Width::Part(|left| left.saturating_sub(URL_COLUMNS).min(BAR_COLUMNS)),
    |page: &PageRow, context, width| match context.has_few(page.timed.unwrap_or(0)) {
        true => Default::default(),
        false => context.bar(figure(page, context.sort.unwrap_or_default()), width),
    },
);

/// What the index found.
pub(crate) static FOUND: &[&Column<PageRow>] = &[
    &URL.width(Width::Rest(12)),
    &COUNTRY.width(Width::Fixed(12)),
    &CLICKS.width(Width::Fixed(12)).priority(0),
    &USERS.width(Width::Fixed(12)).priority(2),
    &AVERAGE_TIME.blank_after().priority(3),
];

static MAP_URL: Column<PageRow> = URL.width(Width::Rest(12));
static MAP_COUNTRY: Column<PageRow> = COUNTRY.width(Width::Fixed(10)).priority(6);
static MAP_CLICKS: Column<PageRow> = CLICKS.width(Width::Fixed(11)).priority(0);
static MAP_USERS: Column<PageRow> = USERS.width(Width::Fixed(10)).priority(1);

static MAP_USERS_BESIDE_CHANGES: Column<PageRow> =
    USERS.width(Width::Part(|left| if left >= URL_BESIDE_CHANGES { 9 } else { 0 }));

/// The urls beside the list of countries on the map, in the order of `view`, beside those of the earlier span if it compares.
pub(crate) fn beside_map(view: &View) -> Vec<&'static Column<PageRow>> {
    let mut columns: Vec<&'static Column<PageRow>> = vec![&MAP_URL, &MAP_COUNTRY, &MAP_CLICKS];
    if view.compare.is_some() {
        columns.extend([&THEN, &AGAINST]);
    }
    match (view.sort, view.compare) {
        (SortBy::Time, Some(_)) => columns.extend([&AVERAGE_TIME, &SORTED_TIME_AGAINST]),
        (SortBy::Time, None) => columns.extend([&AVERAGE_TIME, &TIMED]),
        (_, None) => columns.push(&MAP_USERS),
        (SortBy::Users, Some(_)) => columns.push(&USERS),
        (_, Some(_)) => columns.push(&MAP_USERS_BESIDE_CHANGES),
    }
    columns
}

/// One url by country.
pub(crate) static BY_COUNTRY: &[&Column<PageRow>] = &[
    &COUNTRY_OF_URL,
    &CLICKS.width(Width::Fixed(11)).priority(0),
    &USERS.width(Width::Fixed(10)).priority(1),
    &AVERAGE_TIME.blank_after().priority(2),
];

/// The columns of a file.
pub(crate) static EXPORTED: &[&Column<PageRow>] = &[&URL, &COUNTRY, &CLICKS, &USERS, &AVERAGE_TIME, &TIMED_OF_FILES];

/// The urls of the overview, for what `view` asks. An engine that does not count trends has no columns for them.
pub(crate) fn of_view(view: &View, has_trends: bool) -> Vec<&'static Column<PageRow>> {
    if view.compare.is_some() {
        return compared(view);
    }
    let mut columns: Vec<&'static Column<PageRow>> = vec![&PANEL_URL, &BAR];
    if view.country.is_none() {
        columns.push(&PANEL_COUNTRY);
    }
    columns.push(&CLICKS);
    if view.window == Window::AllTime {
        columns.push(&LAST_MINUTE);
    }
    if has_trends {
        columns.extend([&TREND, &CHANGE]);
    }
    columns.extend([&USERS, &AVERAGE_TIME]);
    if view.sort == SortBy::Time {
        columns.push(&TIMED);
    }
    columns
}

/// The urls of the overview beside those of the earlier span.
fn compared(view: &View) -> Vec<&'static Column<PageRow>> {
    let mut columns: Vec<&'static Column<PageRow>> = vec![&PANEL_URL, &COMPARED_BAR];
    if view.country.is_none() {
        columns.push(&COMPARED_COUNTRY);
    }
    let is_by_time = view.sort == SortBy::Time;
    let [clicks, against, time_against]: [&'static Column<PageRow>; 3] = match is_by_time {
        true => [&LESS_CLICKS, &LESS_AGAINST, &SORTED_TIME_AGAINST],
        false => [&COMPARED_CLICKS, &AGAINST, &TIME_AGAINST],
    };
    columns.extend([clicks, &THEN, against, &COMPARED_USERS, &USERS_AGAINST, &COMPARED_TIME, time_against]);
    if is_by_time {
        columns.push(&TIMED);
    }
    columns
}

/// Whether the mean time of `page` is of too few known times to count in the order by time.
pub(crate) fn has_few(page: &PageRow, min_timed: u64) -> bool {
    page.timed.unwrap_or(0) < min_timed
}

/// The figure of `page` by which rows are sorted.
pub(crate) fn figure(page: &PageRow, sort: SortBy) -> f64 {
    match sort {
        SortBy::Clicks | SortBy::Rising => page.clicks as f64,
        SortBy::Users => page.unique_users as f64,
        SortBy::Time => page.avg_time_spent.unwrap_or(0.0),
    }
}
