//! The rounds of aggregation.

use ratatui::style::Style;

use super::batches::{number, phases};
use super::column::{Column, Width};
use super::executors::millis;
use crate::console::format::{UNKNOWN, count_in, day_and_time, duration, or_unknown};
use crate::protocol::remote::{Round, RoundWork};

const ENDED: Column<Round> = Column::words("ended", Width::Fixed(15), |row: &Round, context, _| {
    (or_unknown(row.ended, day_and_time), context.theme.dim())
})
.exported("ended", |row| row.ended.map(day_and_time).into());

const NUMBER: Column<Round> =
    Column::figure("round", 8, |row: &Round, context, _| (number(row.number), context.theme.key()))
        .exported("round", |row| row.number.into());

/// Not on a narrow screen: there, housekeeping is told by its steps.
const WORK: Column<Round> = Column::words("  work", Width::Fixed(15), |row: &Round, context, _| match row.work {
    RoundWork::Counting => ("  counting".to_owned(), Style::new()),
    RoundWork::Housekeeping => ("  housekeeping".to_owned(), context.theme.dim()),
})
.priority(1)
.exported("work", |row| if row.work == RoundWork::Counting { "counting" } else { "housekeeping" }.into());

const TOOK: Column<Round> =
    Column::figure("took", 9, |row: &Round, context, _| (or_unknown(row.took, duration), context.theme.key()))
        .exported("took_ms", |row| row.took.map(millis).into());

const CLICKS: Column<Round> =
    Column::figure("clicks", 10, |row: &Round, _, width| (figure(row.clicks, width), Style::new()))
        .exported("clicks", |row| row.clicks.into());

const SLICES: Column<Round> =
    Column::figure("slices", 7, |row: &Round, _, width| (figure(row.slices, width), Style::new()))
        .exported("slices", |row| row.slices.into());

const PAIRS: Column<Round> =
    Column::figure("pairs", 10, |row: &Round, _, width| (figure(row.pairs, width), Style::new()))
        .exported("pairs", |row| row.pairs.into());

const FIGURES: Column<Round> =
    Column::figure("figures", 10, |row: &Round, _, width| (figure(row.figures, width), Style::new()))
        .exported("figures", |row| row.figures.into());

/// What a wide screen leaves beside the name.
fn steps_width(left: usize) -> usize {
    if left >= 44 { left - 20 } else { 0 }
}

const STEPS: Column<Round> = Column::words("  steps", Width::Part(steps_width), |row: &Round, context, _| {
    let words: Vec<String> = row.steps.iter().map(|phase| format!("{} {}", phase.name, duration(phase.took))).collect();
    (format!("  {}", words.join("  ")), context.theme.dim())
})
.exported("steps", |row| phases(&row.steps).into());

const WHO: Column<Round> = Column::words("  who", Width::Rest(8), |row: &Round, _, _| {
    (format!("  {}", row.who.as_deref().unwrap_or(UNKNOWN)), Style::new())
})
.exported("who", |row| row.who.clone().into());

/// The columns of the screen.
pub(crate) static DRAWN: &[&Column<Round>] =
    &[&ENDED, &NUMBER, &WORK, &TOOK, &CLICKS, &SLICES, &PAIRS, &FIGURES, &STEPS, &WHO];

/// The columns of a file.
pub(crate) static EXPORTED: &[&Column<Round>] =
    &[&ENDED, &NUMBER, &WORK, &TOOK, &CLICKS, &SLICES, &PAIRS, &FIGURES, &STEPS, &WHO];

fn figure(value: Option<u64>, width: usize) -> String {
    or_unknown(value, |value| count_in(value, width.saturating_sub(1)))
}
