//! The stages of the cluster's own that run.

use ratatui::style::Style;

use super::column::{Column, Width};
use crate::console::format::{bytes, count, or_unknown};
use crate::protocol::remote::RunningStage;

const ID: Column<RunningStage> =
    Column::figure("stage", 8, |row: &RunningStage, context, _| (row.id.to_string(), context.theme.key()));

/// Done and all in one column.
const TASKS: Column<RunningStage> = Column::figure("tasks done", 16, |row: &RunningStage, _, _| {
    (format!("{} / {}", or_unknown(row.done, count), or_unknown(row.tasks, count)), Style::new())
});

const RUNNING: Column<RunningStage> =
    Column::figure("running", 9, |row: &RunningStage, _, _| (or_unknown(row.running, count), Style::new()));

const FAILED: Column<RunningStage> = Column::figure("failed", 8, |row: &RunningStage, context, _| {
    (or_unknown(row.failed, count), context.theme.alarm(row.failed.unwrap_or(0)))
});

const SPILLED: Column<RunningStage> =
    Column::figure("spilled", 10, |row: &RunningStage, _, _| (or_unknown(row.spilled_disk, bytes), Style::new()))
        .priority(1);

const NAME: Column<RunningStage> = Column::words("  does", Width::Rest(20), |row: &RunningStage, context, _| {
    (format!("  {}", row.name), context.theme.dim())
});

/// The columns of the screen.
pub(crate) static DRAWN: &[&Column<RunningStage>] = &[&ID, &TASKS, &RUNNING, &FAILED, &SPILLED, &NAME];
