//! Where the backlog goes: how fast it grows or shrinks, when it is cleared, how long messages wait, and when Kafka deletes what is not
//! stored.
//!
//! The supervisor of either engine hands every snapshot to the [`Forecast`] before the alarms judge it, so that alarms, console, metrics and
//! JSON have the same figures. Its clock is the uptime in the snapshot.
//!
//! How a lag grows is known after ten seconds, and after a turn once it has gone one way for six (`span.rs`). At the start, and when a
//! broker answers again, a lag that falls steadily is told after three to four (`early.rs`), so that `clears in` shows in a short catch-up.

mod early;
mod retention;
mod span;
mod waiting;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use self::early::Early;
use self::retention::Retention;
use self::span::Span;
use self::waiting::Waiting;
use crate::protocol::outlook::{LagTrend, Loss, Outlook};
use crate::protocol::snapshot::PartitionStatus;
use crate::protocol::{Snapshot, to_micros};

/// The shortest time between two looks at the waits: a snapshot may come twenty times a second.
const INTERVAL: Duration = Duration::from_millis(250);

/// Time between two samples of a pace. What is told changes no more often.
const SAMPLE: Duration = Duration::from_secs(2);

/// In the first seconds of a lag, what is told changes no more often than this.
const EARLY: Duration = Duration::from_secs(1);

/// A lag that changes by fewer messages a second is steady.
const STEADY: f64 = 1.0;

/// So is one that changes by less than this part of the rate: the ends of partitions are up to a second old.
const STEADY_PART: f64 = 0.02;

/// A lag of so many seconds at the rate of the first stage is no backlog: messages are stored in batches.
const BATCH_SECONDS: f64 = 2.0;

/// Remembers what a forecast needs of earlier snapshots.
#[derive(Debug, Default)]
pub(crate) struct Forecast {
    waiting: Waiting,
    partitions: BTreeMap<i32, Partition>,
    lag: Span,
    early: Early,
    progress: Span,
    outlook: Outlook,
    looked: Option<Duration>,
    sampled: Option<Duration>,
    told: Option<Duration>,
}

#[derive(Debug, Default)]
struct Partition {
    lag: Span,
    /// The next offset to store.
    next: Span,
    retention: Retention,
    behind: Option<Duration>,
    growth: Option<i64>,
    loses_in: Option<Duration>,
}

impl Forecast {
    /// Measures `snapshot`, and writes the forecast into it.
    pub(crate) fn look(&mut self, snapshot: &mut Snapshot) {
        if snapshot.resetting.is_some() {
            *self = Self::default();
            return;
        }
        let now = snapshot.uptime;
        if self.looked.is_none_or(|looked| now >= looked + INTERVAL) {
            self.looked = Some(now);
            self.wait(&snapshot.partitions, now);
            self.early.push(now, snapshot.lag, rate(snapshot));
        }
        let samples = self.sampled.is_none_or(|sampled| now >= sampled + SAMPLE);
        if samples {
            self.sampled = Some(now);
            self.sample(snapshot);
        }
        let is_early = self.early.is_open() && self.told.is_none_or(|told| now >= told + EARLY);
        if samples || is_early {
            self.told = Some(now);
            self.tell(snapshot);
        }
        for status in Arc::make_mut(&mut snapshot.partitions) {
            if let Some(known) = self.partitions.get(&status.partition) {
                status.behind = known.behind;
                status.growth = known.growth;
                status.loses_in = known.loses_in;
            }
        }
        self.outlook.behind = snapshot.partitions.iter().filter_map(|status| status.behind).max();
        snapshot.outlook = self.outlook;
    }

    fn wait(&mut self, partitions: &[PartitionStatus], now: Duration) {
        self.waiting.keep_only(partitions);
        if self.partitions.len() > partitions.len() {
            let mut known = std::mem::take(&mut self.partitions);
            let kept = partitions.iter().filter_map(|status| known.remove_entry(&status.partition));
            self.partitions = kept.collect();
        }
        for status in partitions {
            self.partitions.entry(status.partition).or_default().behind = self.waiting.of(status, now).map(to_micros);
        }
    }

    fn sample(&mut self, snapshot: &Snapshot) {
        let now = snapshot.uptime;
        // A producer in this process waits for the store, or sends the messages of a file that is still there.
        let may_lose = snapshot.source.progress.is_none();
        for status in snapshot.partitions.iter() {
            self.partitions.entry(status.partition).or_default().sample(status, may_lose, now);
        }
        self.lag.push(now, snapshot.lag.and_then(|lag| i64::try_from(lag).ok()));
        let done = done_of_all(snapshot);
        self.progress.push(now, done.and_then(|(done, _)| i64::try_from(done).ok()));
    }

    /// How much the lag grows in a second, if that is known.
    fn growth(&mut self) -> Option<f64> {
        let fall = self.early.fall();
        if let Some(fall) = fall {
            // How it came to be there says nothing of where it goes.
            self.lag.forget_before(fall.since);
        }
        let known = self.lag.growth();
        if known.is_some() {
            self.early.end();
        }
        known.or_else(|| fall.map(|fall| fall.growth))
    }

    fn tell(&mut self, snapshot: &Snapshot) {
        let done = done_of_all(snapshot);
        let growth = self.growth();
        let trend = snapshot.lag.zip(growth).and_then(|(lag, growth)| trend(lag as f64, growth, snapshot));
        let remaining = done.zip(self.progress.pace()).filter(|(_, pace)| *pace > 0.0);
        let partitions = snapshot.partitions.iter().map(|status| status.partition);
        let losses = partitions.filter_map(|partition| {
            let after = self.partitions.get(&partition)?.loses_in?;
            Some(Loss { partition, after })
        });
        self.outlook = Outlook {
            growth: growth.map(|growth| growth.round() as i64),
            trend,
            clears: snapshot
                .lag
                .zip(growth)
                .filter(|_| trend == Some(LagTrend::Shrinks))
                .and_then(|(lag, growth)| seconds(lag as f64 / -growth)),
            behind: None,
            loss: losses.min_by_key(|loss| loss.after),
            remaining: remaining.and_then(|((done, all), pace)| seconds(all.saturating_sub(done) as f64 / pace)),
        };
    }
}

impl Partition {
    fn sample(&mut self, status: &PartitionStatus, may_lose: bool, now: Duration) {
        let lag = status.lag.and_then(|lag| i64::try_from(lag).ok());
        let next = status.high.zip(lag).map(|(high, lag)| high.saturating_sub(lag));
        self.lag.push(now, lag);
        self.next.push(now, next);
        self.retention.push(now, status.low);
        self.growth = self.lag.growth().map(|growth| growth.round() as i64);
        let may_lose = may_lose && lag.is_some_and(|lag| lag > 0);
        let pace = next.zip(self.next.pace()).filter(|_| may_lose);
        self.loses_in = pace.and_then(|(next, pace)| self.retention.reaches(next, pace, now)).map(to_micros);
    }
}

/// Where a lag goes; `None` if it is no more than what the next batches hold.
fn trend(lag: f64, growth: f64, snapshot: &Snapshot) -> Option<LagTrend> {
    let rate = rate(snapshot);
    let steady = STEADY.max(rate * STEADY_PART);
    if lag <= (rate * BATCH_SECONDS).max(1.0) {
        None
    } else if growth >= steady {
        Some(LagTrend::Grows)
    } else if growth <= -steady {
        Some(LagTrend::Shrinks)
    } else {
        Some(LagTrend::Steady)
    }
}

/// The messages that the first stage takes in a second.
fn rate(snapshot: &Snapshot) -> f64 {
    snapshot.stages.first().and_then(|stage| stage.rate).unwrap_or(0.0)
}

/// How much of a source with an end is done: by messages if their number is known, else by bytes of the input.
fn done_of_all(snapshot: &Snapshot) -> Option<(u64, u64)> {
    let progress = snapshot.source.progress.as_ref()?;
    if progress.end.is_some() || progress.error.is_some() || snapshot.finished {
        return None;
    }
    match (progress.total, progress.bytes_total) {
        (Some(total), _) => Some((progress.sent, total)),
        (None, Some(total)) => Some((progress.bytes_read, total)),
        (None, None) => None,
    }
}

/// Whole seconds, rounded up: more would be a false precision.
fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds.ceil()).ok()
}

#[cfg(test)]
mod tests;
