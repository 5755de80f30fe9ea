//! Messages and documents that could not be used.

use ratatui::style::Style;

use super::column::{Column, Width};
use crate::console::format::time_of_day;
use crate::protocol::answer::RejectRow;

const TIME: Column<RejectRow> =
    Column::words("time", Width::Fixed(9), |row: &RejectRow, context, _| (time_of_day(row.at), context.theme.dim()))
        .exported("at", |row| row.at.to_string().into());

const STAGE: Column<RejectRow> =
    Column::words("stage", Width::Fixed(10), |row: &RejectRow, _, _| (row.stage.clone(), Style::new()))
        .priority(1)
        .exported("stage", |row| row.stage.as_str().into());

/// Topic, partition and offset in one column.
const ORIGIN: Column<RejectRow> =
    Column::words("from", Width::Fixed(24), |row: &RejectRow, context, _| (origin(row), context.theme.dim()))
        .priority(2);

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
    &[&TIME, &STAGE, &TOPIC, &PARTITION, &OFFSET, &REASON, &PAYLOAD, &PAYLOAD_BYTES];

/// `clicks [3] @ 1,234`, or `clicks.csv:1234` for a line of a file.
pub(crate) fn origin(row: &RejectRow) -> String {
    let mut origin = row.topic.clone();
    if let Some(partition) = row.partition {
        origin.push_str(&format!(" [{partition}]"));
    }
    if let (None, Some(line)) = (row.partition, row.offset) {
        return format!("{origin}:{line}");
    }
    if let Some(offset) = row.offset {
        origin.push_str(&format!(" @ {offset}"));
    }
    origin
}
