//! The batches of a streaming query.

use ratatui::style::Style;

use super::column::{Column, Width};
use super::executors::millis;
use crate::console::format::{count, count_in, day_and_time, duration, or_unknown, rate};
use crate::protocol::remote::{Phase, QueryBatch};

const NUMBER: Column<QueryBatch> =
    Column::figure("batch", 9, |row: &QueryBatch, context, _| (number(row.number), context.theme.key()))
        .exported("batch", |row| row.number.into());

const TRIGGERED: Column<QueryBatch> = Column::words("  triggered", Width::Fixed(18), |row: &QueryBatch, context, _| {
    (format!("  {}", or_unknown(row.triggered, day_and_time)), context.theme.dim())
});

const ROWS: Column<QueryBatch> = Column::figure("rows", 11, |row: &QueryBatch, _, width| {
    (or_unknown(row.rows, |rows| count_in(rows, width.saturating_sub(1))), Style::new())
})
.exported("rows", |row| row.rows.into());

const TOOK: Column<QueryBatch> =
    Column::figure("took", 9, |row: &QueryBatch, context, _| (or_unknown(row.took, duration), context.theme.key()))
        .exported("took_ms", |row| row.took.map(millis).into());

const SPEED: Column<QueryBatch> = Column::figure("rows/s", 10, |row: &QueryBatch, _, _| {
    let speed = row.rows.zip(row.took).map(|(rows, took)| rows as f64 / took.as_secs_f64());
    (rate(speed), Style::new())
})
.priority(1);

/// The phases, the longest first.
const PHASES: Column<QueryBatch> = Column::words("  phases", Width::Rest(12), |row: &QueryBatch, context, _| {
    let mut phases: Vec<&Phase> = row.phases.iter().collect();
    phases.sort_by_key(|phase| std::cmp::Reverse(phase.took));
    let words: Vec<String> = phases.iter().map(|phase| format!("{} {}", phase.name, duration(phase.took))).collect();
    (format!("  {}", words.join("  ")), context.theme.dim())
})
.exported("phases", |row| phases(&row.phases).into());

/// The columns of the screen.
pub(crate) static DRAWN: &[&Column<QueryBatch>] = &[&NUMBER, &TRIGGERED, &ROWS, &SPEED, &TOOK, &PHASES];

/// The columns of a file.
pub(crate) static EXPORTED: &[&Column<QueryBatch>] = &[&NUMBER, &ROWS, &TOOK, &PHASES];

/// `addBatch 900 ms, walCommit 12 ms`.
pub(super) fn phases(phases: &[Phase]) -> String {
    let words = phases.iter().map(|phase| format!("{} {}", phase.name, duration(phase.took)));
    words.collect::<Vec<_>>().join(", ")
}

/// Numbers of batches and rounds are seldom negative.
pub(super) fn number(number: i64) -> String {
    u64::try_from(number).map_or_else(|_| number.to_string(), count)
}
