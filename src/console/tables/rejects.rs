//! Messages and documents that could not be used.

use ratatui::style::Style;

use super::column::{Column, Width};
use crate::console::format::{fit_end, time_of_day};
use crate::protocol::answer::RejectRow;

const TIME: Column<RejectRow> =
    Column::words("time", Width::Fixed(9), |row: &RejectRow, context, _| (time_of_day(row.at), context.theme.dim()))
        .exported("at", |row| row.at.to_string().into());

const STAGE: Column<RejectRow> =
    Column::words("stage", Width::Fixed(10), |row: &RejectRow, _, _| (row.stage.clone(), Style::new()))
        .priority(1)
        .exported("stage", |row| row.stage.as_str().into());

/// Topic, partition and offset in one column, or file and line. Of a long name, its end is shown: it has the file and the line.
const ORIGIN: Column<RejectRow> = Column::words("from", Width::Fixed(24), |row: &RejectRow, context, width| {
    (fit_end(&origin(row), width.saturating_sub(1)), context.theme.dim())
})
.priority(2)
.exported("from", |row| origin(row).into());

const TOPIC: Column<RejectRow> = Column::of_files("topic", |row| row.topic.as_str().into());
const PARTITION: Column<RejectRow> = Column::of_files("partition", |row| row.partition.into());
const OFFSET: Column<RejectRow> = Column::of_files("offset", |row| row.offset.into());
const PAYLOAD: Column<RejectRow> = Column::of_files("payload", |row| row.payload.as_str().into());
const PAYLOAD_BYTES: Column<RejectRow> = Column::of_files("payload_bytes", |row| row.payload_bytes.into());

const REASON: Column<RejectRow> =
    Column::words("reason", Width::Rest(12), |row: &RejectRow, context, _| (row.reason.clone(), context.theme.warn()))
        .exported("reason", |row| row.reason.as_str().into());

/// The columns of the screen.
pub(crate) static DRAWN: &[&Column<RejectRow>] = &[&TIME, &STAGE, &ORIGIN, &REASON];

/// The columns of a file.
pub(crate) static EXPORTED: &[&Column<RejectRow>] =
    &[&TIME, &STAGE, &ORIGIN, &TOPIC, &PARTITION, &OFFSET, &REASON, &PAYLOAD, &PAYLOAD_BYTES];

/// `clicks [3] @ 1234`, or `clicks.csv:1234` for a line of a file.
pub(crate) fn origin(row: &RejectRow) -> String {
    place(&row.topic, row.partition, row.offset)
}

/// The same of a message of `topic`, or a line of the file with this name.
pub(crate) fn place(topic: &str, partition: Option<i32>, offset: Option<i64>) -> String {
    match (partition, offset) {
        (None, None) => topic.to_owned(),
        (None, Some(line)) => format!("{topic}:{line}"),
        (Some(partition), None) => format!("{topic} [{partition}]"),
        (Some(partition), Some(offset)) => format!("{topic} [{partition}] @ {offset}"),
    }
}
