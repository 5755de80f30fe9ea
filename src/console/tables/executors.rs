//! The executors of the cluster.

use std::time::Duration;

use ratatui::style::Style;

use super::column::{Column, Width};
use crate::console::format::{bytes, count_in, duration, or_unknown};
use crate::protocol::remote::Executor;

const ID: Column<Executor> =
    Column::words("executor", Width::Fixed(10), |row: &Executor, context, _| (row.id.clone(), context.theme.key()))
        .exported("executor", |row| row.id.as_str().into());

const STATE: Column<Executor> = Column::words("state", Width::Fixed(7), |row: &Executor, context, _| {
    if row.alive { ("alive".to_owned(), context.theme.good()) } else { ("gone".to_owned(), context.theme.bad()) }
})
.exported("alive", |row| row.alive.into());

const CORES: Column<Executor> =
    Column::figure("cores", 6, |row: &Executor, _, width| (number(row.cores, width), Style::new()))
        .exported("cores", |row| row.cores.into());

const RUNNING: Column<Executor> = Column::figure("running", 9, |row: &Executor, context, width| {
    (number(row.running_tasks, width), context.theme.key())
})
.exported("running_tasks", |row| row.running_tasks.into());

const FAILED: Column<Executor> = Column::figure("failed", 8, |row: &Executor, context, width| {
    (number(row.failed_tasks, width), context.theme.alarm(row.failed_tasks.unwrap_or(0)))
})
.exported("failed_tasks", |row| row.failed_tasks.into());

const DONE: Column<Executor> =
    Column::figure("done", 11, |row: &Executor, _, width| (number(row.completed_tasks, width), Style::new()))
        .priority(2)
        .exported("completed_tasks", |row| row.completed_tasks.into());

/// Used and most in one column.
const MEMORY: Column<Executor> = Column::figure("memory used / max", 21, |row: &Executor, _, _| {
    (format!("{} / {}", or_unknown(row.memory_used, bytes), or_unknown(row.memory_max, bytes)), Style::new())
});

const USED: Column<Executor> = Column::of_files("memory_used", |row| row.memory_used.into());
const MAX: Column<Executor> = Column::of_files("memory_max", |row| row.memory_max.into());

const HEAP: Column<Executor> =
    Column::figure("peak heap", 11, |row: &Executor, _, _| (or_unknown(row.peak_heap, bytes), Style::new()))
        .priority(3)
        .exported("peak_heap", |row| row.peak_heap.into());

const GC: Column<Executor> =
    Column::figure("gc", 9, |row: &Executor, _, _| (or_unknown(row.gc, duration), Style::new()))
        .priority(4)
        .exported("gc_ms", |row| row.gc.map(millis).into());

const SHUFFLE: Column<Executor> =
    Column::figure("shuffled in", 12, |row: &Executor, _, _| (or_unknown(row.shuffle_read, bytes), Style::new()))
        .priority(5)
        .exported("shuffle_read", |row| row.shuffle_read.into());

const ADDRESS: Column<Executor> = Column::words("  address", Width::Rest(12), |row: &Executor, context, _| {
    (format!("  {}", row.address), context.theme.dim())
})
.exported("address", |row| row.address.as_str().into());

/// The columns of the screen.
pub(crate) static DRAWN: &[&Column<Executor>] =
    &[&ID, &STATE, &CORES, &RUNNING, &FAILED, &DONE, &MEMORY, &HEAP, &GC, &SHUFFLE, &ADDRESS];

/// The columns of a file.
pub(crate) static EXPORTED: &[&Column<Executor>] =
    &[&ID, &STATE, &CORES, &RUNNING, &FAILED, &DONE, &USED, &MAX, &HEAP, &GC, &SHUFFLE, &ADDRESS];

fn number(value: Option<u64>, width: usize) -> String {
    or_unknown(value, |value| count_in(value, width.saturating_sub(1)))
}

pub(super) fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}
