//! The partitions of this process.

use std::time::Duration;

use ratatui::style::Style;

use super::column::{Column, Width};
use crate::console::format::{count_in, or_unknown, rate, short, whole_time};
use crate::protocol::snapshot::PartitionStatus;

/// A partition, and how fast it is stored.
#[derive(Clone, Debug)]
pub(crate) struct PartitionLine {
    pub(crate) status: PartitionStatus,
    /// Offsets a second.
    pub(crate) stored_rate: Option<f64>,
}

const PARTITION: Column<PartitionLine> = Column::figure("partition", 10, |line: &PartitionLine, context, _| {
    (line.status.partition.to_string(), context.theme.key())
})
.exported("partition", |line| line.status.partition.into());

const LAG: Column<PartitionLine> = Column::figure("lag", 11, |line: &PartitionLine, context, width| {
    (or_unknown(line.status.lag, |lag| count_in(lag, width.saturating_sub(1))), context.theme.key())
})
.exported("lag", |line| line.status.lag.into());

/// What is shown is a measure with a short memory, so the mark says that it is not exact.
const BEHIND: Column<PartitionLine> = Column::figure("behind", 9, |line: &PartitionLine, _, _| {
    let behind = |behind: Duration| match behind.as_secs() {
        0 => "0 s".to_owned(),
        _ => format!("~{}", whole_time(behind)),
    };
    (or_unknown(line.status.behind, behind), Style::new())
})
.exported("behind_seconds", |line| line.status.behind.map(|time| time.as_secs()).into());

const GROWTH: Column<PartitionLine> = Column::figure("growth", 9, |line: &PartitionLine, context, _| {
    let style = if line.status.growth.is_some_and(|growth| growth > 0) { context.theme.warn() } else { Style::new() };
    (or_unknown(line.status.growth, growth), style)
})
.priority(1);

const LOSES: Column<PartitionLine> = Column::figure("loses in", 10, |line: &PartitionLine, context, _| {
    (or_unknown(line.status.loses_in, whole_time), context.theme.bad())
})
.priority(1)
.exported("loses_in_seconds", |line| line.status.loses_in.map(|time| time.as_secs()).into());

const RATE: Column<PartitionLine> =
    Column::figure("rate", 10, |line: &PartitionLine, _, _| (rate(line.stored_rate), Style::new())).priority(2);

const STORED: Column<PartitionLine> =
    Column::figure("stored", 15, |line: &PartitionLine, _, width| (offset(line.status.stored, width), Style::new()))
        .exported("stored", |line| line.status.stored.into());

const POSITION: Column<PartitionLine> = Column::figure("position", 15, |line: &PartitionLine, context, width| {
    (offset(line.status.position, width), context.theme.dim())
})
.priority(3)
.exported("position", |line| line.status.position.into());

const LOW: Column<PartitionLine> = Column::figure("low", 15, |line: &PartitionLine, context, width| {
    (offset(line.status.low, width), context.theme.dim())
})
.priority(4)
.exported("low", |line| line.status.low.into());

const HIGH: Column<PartitionLine> = Column::figure("high", 15, |line: &PartitionLine, context, width| {
    (offset(line.status.high, width), context.theme.dim())
})
.priority(2)
.exported("high", |line| line.status.high.into());

const STATE: Column<PartitionLine> = Column::words("  state", Width::Rest(12), |line: &PartitionLine, context, _| {
    if line.status.paused {
        let mark = context.theme.symbol("◐", "!");
        (format!("  {mark} paused: the store does not keep up"), context.theme.warn())
    } else {
        ("  reading".to_owned(), context.theme.good())
    }
})
.exported("paused", |line| line.status.paused.into());

/// The columns of the screen.
pub(crate) static DRAWN: &[&Column<PartitionLine>] =
    &[&PARTITION, &LAG, &BEHIND, &GROWTH, &LOSES, &RATE, &STORED, &POSITION, &LOW, &HIGH, &STATE];

/// The columns of a file.
pub(crate) static EXPORTED: &[&Column<PartitionLine>] =
    &[&PARTITION, &POSITION, &STORED, &LOW, &HIGH, &LAG, &BEHIND, &LOSES, &STATE];

/// `+120/s`, `-3.4k/s`.
fn growth(growth: i64) -> String {
    let sign = match growth {
        0 => "",
        1.. => "+",
        _ => "-",
    };
    format!("{sign}{}/s", short(growth.unsigned_abs() as f64))
}

fn offset(offset: Option<i64>, width: usize) -> String {
    let offset = offset.and_then(|offset| u64::try_from(offset).ok());
    or_unknown(offset, |offset| count_in(offset, width.saturating_sub(1)))
}
