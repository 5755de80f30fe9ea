//! The partitions of the topic: at most six samples for each.

use std::fmt::Error;
use std::time::Duration;

use super::families::{Families, Family};
use crate::protocol::Snapshot;
use crate::protocol::snapshot::PartitionStatus;

pub(super) fn write(families: &mut Families<'_>, snapshot: &Snapshot) -> Result<(), Error> {
    let mut samples = |name, help, value: fn(&PartitionStatus) -> Option<i64>| {
        let of = snapshot.partitions.iter();
        let samples = of.filter_map(|status| Some(([("partition", status.partition)], value(status)?)));
        families.gauges(Family::new(name, help), samples)
    };
    samples("clicktop_partition_stored_offset", "The next offset to store.", |status| status.stored)?;
    samples("clicktop_partition_low_offset", "The oldest offset that Kafka still has.", |status| status.low)?;
    samples("clicktop_partition_high_offset", "One past the newest offset.", |status| status.high)?;
    samples("clicktop_partition_lag_messages", "Messages that are not stored.", |status| {
        status.lag.and_then(|lag| i64::try_from(lag).ok())
    })?;
    let mut seconds = |name, help, value: fn(&PartitionStatus) -> Option<Duration>| {
        let of = snapshot.partitions.iter();
        let samples = of.filter_map(|status| Some(([("partition", status.partition)], value(status)?.as_secs_f64())));
        families.gauges(Family::seconds(name, help), samples)
    };
    seconds(
        "clicktop_partition_behind",
        "About how long the oldest message that is not stored has waited.",
        |status| status.behind,
    )?;
    seconds(
        "clicktop_partition_loss",
        "Time until Kafka deletes messages that are not stored, at this pace.",
        |status| status.loses_in,
    )
}
