//! What is wrong, in one line.

use std::time::Duration;

use super::kind::AlarmKind;
use super::readings::Reading;
use super::rules::Rule;
use crate::engine::status::words::{grouped, long_time};
use crate::protocol::{Snapshot, StageState, StageStatus};

/// What is wrong if the value of `reading` is `value`.
pub(super) fn text(reading: &Reading, value: f64, rule: &Rule, snapshot: &Snapshot) -> String {
    let [value, limit] = [value, rule.begin].map(|value| in_unit(reading.kind, value));
    let stage = reading.stage.as_ref().and_then(|id| snapshot.stages.named(id));
    match reading.kind {
        AlarmKind::Headroom => {
            let of = reading.partition.map_or_else(String::new, |partition| format!(" of partition {partition}"));
            let status = snapshot.partitions.iter().find(|status| Some(status.partition) == reading.partition);
            let after = status.and_then(|status| status.loses_in);
            let pace = after.map_or_else(String::new, |after| format!(", about {} at this pace", long_time(after)));
            format!(
                "Kafka may soon delete messages{of} that are not stored: {value}% of what it keeps is left (limit {limit}%){pace}"
            )
        }
        AlarmKind::Stage => stage.map_or_else(|| "a stage does not run".to_owned(), not_running),
        AlarmKind::Silence => format!("no click has come for {value} (limit {limit})"),
        AlarmKind::Behind => format!("the oldest message in Kafka has waited for {value} (limit {limit})"),
        AlarmKind::Lag => format!("{value} messages wait in Kafka (limit {limit})"),
        AlarmKind::Delay => format!("clicks are in the figures only after {value} (limit {limit})"),
        AlarmKind::Backlog => {
            let (title, unit) = stage.map_or(("a stage", "items"), |stage| {
                (stage.info.title.as_ref(), stage.info.backlog_unit.many.as_ref())
            });
            format!("{value} {unit} wait for {title} (limit {limit})")
        }
        AlarmKind::Rejects => format!("{value} messages or documents were rejected in the last minute (limit {limit})"),
        AlarmKind::Index => format!("{value} documents wait for the index (limit {limit})"),
    }
}

/// `value` with the unit of `kind`, if that is one of time.
fn in_unit(kind: AlarmKind, value: f64) -> String {
    match kind {
        AlarmKind::Behind | AlarmKind::Delay | AlarmKind::Silence => {
            long_time(Duration::try_from_secs_f64(value.max(0.0)).unwrap_or(Duration::MAX))
        }
        AlarmKind::Headroom
        | AlarmKind::Stage
        | AlarmKind::Lag
        | AlarmKind::Backlog
        | AlarmKind::Rejects
        | AlarmKind::Index => grouped(value.max(0.0) as u64),
    }
}

/// `ingest is backing off: Kafka refuses connections`.
fn not_running(stage: &StageStatus) -> String {
    let title = &stage.info.title;
    match &stage.state {
        StageState::BackingOff { cause, .. } => format!("{title} is backing off: {cause}"),
        StageState::Failed { cause } => format!("{title} has failed: {cause}"),
        StageState::Starting { doing } => format!("{title} is still starting: {doing}"),
        other => format!("{title} is {}", other.name()),
    }
}
