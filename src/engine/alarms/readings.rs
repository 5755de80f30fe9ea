//! Measures a snapshot: one reading for each alarm that the snapshot can tell of.
//!
//! A reading without a value means that the engine does not know it. A value that cannot go wrong, such as the silence after the end of a
//! finite source, is a good value, so that it ends an alarm.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::kind::AlarmKind;
use super::stretches::Stretches;
use crate::protocol::snapshot::{PartitionStatus, Totals};
use crate::protocol::{Snapshot, StageState};

/// The time over which rejects are counted.
const MINUTE: Duration = Duration::from_secs(60);

/// Time between two remembered counts of rejects.
const SAMPLE: Duration = Duration::from_secs(1);

/// One measured value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    pub(super) kind: AlarmKind,
    /// The stage that it is about.
    pub(super) stage: Option<Arc<str>>,
    /// The partition with the worst value.
    pub(super) partition: Option<i32>,
    /// `None` if the engine does not know it.
    pub(super) value: Option<f64>,
    /// Somebody stops the stage, or has stopped it, so nobody waits for it to get well.
    pub(super) is_stopped: bool,
}

impl Reading {
    fn of(kind: AlarmKind, value: Option<f64>) -> Self {
        Self { kind, stage: None, partition: None, value, is_stopped: false }
    }
}

/// What has to be remembered between two snapshots.
#[derive(Debug, Default)]
pub(super) struct Readings {
    stretches: Stretches,
    rejects: VecDeque<(Duration, u64)>,
    silence: Option<Silence>,
}

#[derive(Clone, Copy, Debug)]
struct Silence {
    clicks: u64,
    /// How long none has come while one could have come.
    quiet: Duration,
    looked: Duration,
}

impl Readings {
    /// Measures `snapshot`.
    pub(super) fn of(&mut self, snapshot: &Snapshot) -> Vec<Reading> {
        let now = snapshot.uptime;
        // A topic of which nothing is assigned to this process has no lag here.
        let nothing_assigned = snapshot.partitions.is_empty() && source_runs(snapshot);
        let lag = snapshot.lag.or(nothing_assigned.then_some(0));
        let behind = snapshot.outlook.behind.or(nothing_assigned.then_some(Duration::ZERO));
        let mut readings = vec![
            headroom(snapshot),
            Reading::of(AlarmKind::Silence, self.silence(snapshot).map(|silence| silence.as_secs_f64())),
            Reading::of(AlarmKind::Behind, behind.map(|behind| behind.as_secs_f64())),
            Reading::of(AlarmKind::Lag, lag.map(|lag| lag as f64)),
            Reading::of(AlarmKind::Delay, delay(snapshot).map(|delay| delay.as_secs_f64())),
            Reading::of(AlarmKind::Rejects, Some(self.rejects(snapshot.totals.rejected, now) as f64)),
            Reading::of(AlarmKind::Index, snapshot.index.pending.map(|pending| pending as f64)),
        ];
        for (place, stage) in snapshot.stages.iter().enumerate() {
            let of = |kind, value| Reading { stage: Some(stage.id().as_str().into()), ..Reading::of(kind, value) };
            let is_down = self.stretches.is_down(stage, now);
            let is_stopped = matches!(stage.state, StageState::Draining { .. } | StageState::Stopped);
            let down = of(AlarmKind::Stage, Some(if is_down { 1.0 } else { 0.0 }));
            readings.push(Reading { is_stopped, ..down });
            // What waits for the first stage is the lag; what waits behind the figures is told of the index.
            if place > 0 && stage.info.before_figures {
                readings.push(of(AlarmKind::Backlog, stage.backlog.map(|backlog| backlog as f64)));
            }
        }
        readings
    }

    /// How long no click has come while one could have come.
    fn silence(&mut self, snapshot: &Snapshot) -> Option<Duration> {
        let now = snapshot.uptime;
        let clicks = arrived(&snapshot.totals);
        let silence = self.silence.get_or_insert(Silence { clicks, quiet: Duration::ZERO, looked: now });
        let passed = now.saturating_sub(std::mem::replace(&mut silence.looked, now));
        let ends = snapshot
            .source
            .progress
            .as_ref()
            .is_some_and(|progress| progress.end.is_some() || progress.error.is_some() || progress.total.is_some());
        if ends || snapshot.finished || silence.clicks != clicks {
            *silence = Silence { clicks, quiet: Duration::ZERO, looked: now };
            return Some(Duration::ZERO);
        }
        // While a stage before the figures does not work, nobody knows whether clicks would come.
        if snapshot.stages.iter().any(|stage| stage.info.before_figures && !is_working(&stage.state)) {
            return None;
        }
        silence.quiet += passed;
        Some(silence.quiet)
    }

    /// Rejects in the last minute.
    fn rejects(&mut self, rejected: u64, now: Duration) -> u64 {
        // A reset sets the count back.
        if self.rejects.back().is_some_and(|(_, before)| rejected < *before) {
            self.rejects.clear();
        }
        if self.rejects.back().is_none_or(|(at, _)| now >= *at + SAMPLE) {
            self.rejects.push_back((now, rejected));
        }
        while self.rejects.get(1).is_some_and(|(at, _)| *at + MINUTE <= now) {
            self.rejects.pop_front();
        }
        self.rejects.front().map_or(0, |(_, before)| rejected.saturating_sub(*before))
    }
}

/// The time until a click is in the figures. The snapshot keeps that of the newest click, however long ago that was; if nothing waits, no
/// click is late.
fn delay(snapshot: &Snapshot) -> Option<Duration> {
    let mut before = snapshot.stages.iter().filter(|stage| stage.info.before_figures).peekable();
    let nothing_waits = before.peek().is_some() && before.all(|stage| stage.backlog == Some(0));
    if nothing_waits { Some(Duration::ZERO) } else { snapshot.delay }
}

/// The clicks that this run has seen, wanted or not. Rejects have an alarm of their own.
fn arrived(totals: &Totals) -> u64 {
    totals.stored.saturating_add(totals.duplicates).saturating_add(totals.expired)
}

fn is_working(state: &StageState) -> bool {
    matches!(state, StageState::Running | StageState::Draining { .. })
}

/// Whether the first stage works.
fn source_runs(snapshot: &Snapshot) -> bool {
    snapshot.stages.first().is_some_and(|stage| is_working(&stage.state))
}

/// How much of what Kafka keeps of a partition lies before the next message to store, in percent, for the partition where that is least.
/// Once it is 0, Kafka deletes messages that were not read.
fn headroom(snapshot: &Snapshot) -> Reading {
    // A producer inside this process waits for the store, or sends the messages of a file that is still there.
    if snapshot.source.progress.is_some() {
        return Reading::of(AlarmKind::Headroom, Some(100.0));
    }
    let of_partition = |status: &PartitionStatus| {
        let (low, high, lag) = (status.low?, status.high?, status.lag?);
        let kept = u64::try_from(high.checked_sub(low)?).ok()?;
        // Nothing waits; or Kafka has not deleted anything yet, and nobody knows when it will.
        if lag == 0 || kept == 0 || low <= 0 {
            return Some((status.partition, 100.0));
        }
        Some((status.partition, kept.saturating_sub(lag) as f64 / kept as f64 * 100.0))
    };
    let worst = snapshot.partitions.iter().filter_map(of_partition).min_by(|(_, a), (_, b)| a.total_cmp(b));
    let nothing_assigned = snapshot.partitions.is_empty() && source_runs(snapshot);
    Reading {
        partition: worst.map(|(partition, _)| partition),
        ..Reading::of(AlarmKind::Headroom, worst.map(|(_, left)| left).or(nothing_assigned.then_some(100.0)))
    }
}
