//! What is wrong, in one line.

use std::time::Duration;

use super::kind::AlarmKind;
use super::readings::Reading;
use super::rules::Rule;
use crate::engine::status::words::long_time;
use crate::protocol::{Snapshot, StageState, StageStatus};
use crate::text::{counted, grouped};

/// What is wrong, and the same once it is over.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Words {
    /// `ingest is backing off: Kafka refuses connections`
    pub(super) now: String,
    /// `ingest was backing off: Kafka refuses connections`
    pub(super) was: String,
}

impl Words {
    /// What is wrong if the value of `reading` is `value`.
    pub(super) fn of(reading: &Reading, value: f64, rule: &Rule, snapshot: &Snapshot) -> Self {
        let text = |tense| text(reading, value, rule, snapshot, tense);
        Self { now: text(Tense::Now), was: text(Tense::Past) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tense {
    Now,
    Past,
}

impl Tense {
    /// The verb of this tense.
    const fn of(self, now: &'static str, was: &'static str) -> &'static str {
        match self {
            Tense::Now => now,
            Tense::Past => was,
        }
    }
}

fn text(reading: &Reading, value: f64, rule: &Rule, snapshot: &Snapshot, tense: Tense) -> String {
    let [worth, limit] = [value, rule.begin].map(|value| in_unit(reading.kind, value));
    let stage = reading.stage.as_ref().and_then(|id| snapshot.stages.named(id));
    let (many, wait) = (value.max(0.0) as u64, tense.of("wait", "waited"));
    let waits = if many == 1 { tense.of("waits", "waited") } else { wait };
    match reading.kind {
        AlarmKind::Headroom => {
            let of = reading.partition.map_or_else(String::new, |partition| format!(" of partition {partition}"));
            let status = snapshot.partitions.iter().find(|status| Some(status.partition) == reading.partition);
            let after = status.and_then(|status| status.loses_in).filter(|_| tense == Tense::Now);
            let pace = after.map_or_else(String::new, |after| format!(", about {} at this pace", long_time(after)));
            let may = tense.of("may soon delete", "was about to delete");
            let [are, kept, is] =
                [("are", "were"), ("keeps", "kept"), ("is", "was")].map(|(now, was)| tense.of(now, was));
            format!(
                "Kafka {may} messages{of} that {are} not stored: {worth}% of what it {kept} {is} left (limit {limit}%){pace}"
            )
        }
        AlarmKind::Stage => stage.map_or_else(
            || format!("a stage {} run", tense.of("does not", "did not")),
            |stage| not_running(stage, tense),
        ),
        AlarmKind::Silence => format!("no click {} for {worth} (limit {limit})", tense.of("has come", "came")),
        AlarmKind::Behind => {
            format!("the oldest message in Kafka {} waited for {worth} (limit {limit})", tense.of("has", "had"))
        }
        AlarmKind::Lag => format!("{} {waits} in Kafka (limit {limit})", counted(many, "message", "messages")),
        AlarmKind::Delay => {
            format!("clicks {} in the figures only after {worth} (limit {limit})", tense.of("are", "were"))
        }
        AlarmKind::Backlog => {
            let title = stage.map_or("a stage", |stage| stage.info.title.as_ref());
            let unit = stage.map_or(if many == 1 { "item" } else { "items" }, |stage| stage.info.backlog_unit.of(many));
            format!("{worth} {unit} {waits} for {title} (limit {limit})")
        }
        AlarmKind::Rejects => {
            let were = if many == 1 { "message or document was" } else { "messages or documents were" };
            format!("{worth} {were} rejected in {} minute (limit {limit})", tense.of("the last", "a"))
        }
        AlarmKind::Index => format!("{} {waits} for the index (limit {limit})", counted(many, "document", "documents")),
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
fn not_running(stage: &StageStatus, tense: Tense) -> String {
    let title = &stage.info.title;
    let is = tense.of("is", "was");
    match &stage.state {
        StageState::BackingOff { cause, .. } => format!("{title} {is} backing off: {cause}"),
        StageState::Failed { cause } => format!("{title} {} failed: {cause}", tense.of("has", "had")),
        StageState::Starting { doing } => format!("{title} {is} still starting: {doing}"),
        other => format!("{title} {is} {}", other.name()),
    }
}
