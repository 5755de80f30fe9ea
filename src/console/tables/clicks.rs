//! Single clicks.

use ratatui::style::Style;

use super::column::{Column, Width};
use crate::console::format::time_of_day;
use crate::protocol::board::RecentClick;

const TIME: Column<RecentClick> = Column::words("time", Width::Fixed(9), |click: &RecentClick, context, _| {
    (time_of_day(click.timestamp), context.theme.dim())
})
.exported("timestamp", |click| click.timestamp.to_string().into());

const COUNTRY: Column<RecentClick> =
    Column::words("country", Width::Fixed(8), |click: &RecentClick, _, _| (click.country.clone(), Style::new()))
        .exported("country", |click| click.country.as_str().into());

const CITY: Column<RecentClick> =
    Column::words("city", Width::Fixed(17), |click: &RecentClick, _, _| (click.city.clone(), Style::new()))
        .priority(1)
        .exported("city", |click| click.city.as_str().into());

const USER: Column<RecentClick> = Column::words("user", Width::Fixed(13), |click: &RecentClick, context, _| {
    (click.user_id.clone(), context.theme.dim())
})
.exported("user_id", |click| click.user_id.as_str().into());

const URL: Column<RecentClick> =
    Column::words("url", Width::Rest(12), |click: &RecentClick, _, _| (click.url.clone(), Style::new()))
        .whole()
        .exported("url", |click| click.url.as_str().into());

/// The recent clicks of the overview.
pub(crate) static RECENT: &[&Column<RecentClick>] = &[&TIME, &COUNTRY, &USER, &URL];

/// The recent clicks of the overview on a wide screen.
pub(crate) static RECENT_WIDE: &[&Column<RecentClick>] =
    &[&TIME, &COUNTRY.width(Width::Fixed(13)), &CITY, &USER.width(Width::Fixed(19)), &URL];

/// The clicks of one url.
pub(crate) static OF_URL: &[&Column<RecentClick>] =
    &[&TIME, &COUNTRY.width(Width::Fixed(10)), &CITY.width(Width::Fixed(18)), &USER.width(Width::Rest(12))];

/// The columns of a file.
pub(crate) static EXPORTED: &[&Column<RecentClick>] = &[&TIME, &USER, &URL, &COUNTRY, &CITY];
