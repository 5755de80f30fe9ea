//! Throughput over the last 24 hours, from the counters: items over the time that really passed.
//!
//! Each snapshot is added to three rings at once, so it costs the same however long the history is and however far back the
//! chart looks. For example, the memory of a history of four stages:
//!
//! | slots of | reach back | slots | bytes |
//! |---|---|---|---|
//! | 1 s | 15 min | 901 | 57,664 |
//! | 10 s | 6 h | 2,161 | 138,304 |
//! | 1 min | 24 h | 1,441 | 92,224 |
//!
//! That is 288,192 bytes, allocated at once. Freezing the screen copies them in about a tenth of a millisecond. The memory is
//! proportional to the number of stages.

mod backlogs;
mod flow;
mod ring;
#[cfg(test)]
mod tests;
mod work;

use std::time::Duration;

use self::backlogs::Backlogs;
pub(crate) use self::flow::{Flow, hold_word};
pub(crate) use self::ring::Point;
use self::ring::Ring;
pub(crate) use self::work::{Work, WorkTimes};
use crate::protocol::snapshot::Snapshot;
use crate::protocol::{StageId, StageState};

/// Seconds of a slot, and seconds that they reach back; the finest first. Each width divides the next.
const RINGS: [(u64, u64); 3] = [(1, 15 * 60), (10, 6 * 3600), (60, 24 * 3600)];

/// The counters at the newest snapshot.
#[derive(Clone, Debug)]
struct Mark {
    /// Seconds.
    uptime: f64,
    /// Of each stage; `None` where it did not run.
    processed: Vec<Option<u64>>,
}

/// A bounded history of every stage.
#[derive(Clone, Debug)]
pub(crate) struct History {
    /// The stages whose history this is, in their order.
    stages: Vec<StageId>,
    rings: [Ring; RINGS.len()],
    backlogs: Backlogs,
    /// Seconds of uptime at the first snapshot.
    began: f64,
    mark: Option<Mark>,
}

impl Default for History {
    fn default() -> Self {
        Self::of(Vec::new())
    }
}

impl History {
    fn of(stages: Vec<StageId>) -> Self {
        let rings = RINGS.map(|(width, span)| Ring::new(width, span, stages.len()));
        Self { stages, rings, backlogs: Backlogs::default(), began: 0.0, mark: None }
    }

    /// Takes the counters of `snapshot`. The first one only sets the mark: a rate needs two.
    pub(crate) fn push(&mut self, snapshot: &Snapshot) {
        if snapshot.at.is_none() {
            return;
        }
        // The uptime is a monotonic clock; the time of day may jump.
        let uptime = snapshot.uptime.as_secs_f64();
        let ran = |state: &StageState| state.is_active() && !matches!(state, StageState::Starting { .. });
        let processed: Vec<_> =
            snapshot.stages.iter().map(|stage| ran(&stage.state).then_some(stage.processed)).collect();
        if !self.stages.iter().eq(snapshot.stages.iter().map(|stage| stage.id())) {
            *self = Self::of(snapshot.stages.iter().map(|stage| stage.id().clone()).collect());
        }
        match self.mark.take() {
            Some(mark) if mark.uptime == uptime => {
                self.mark = Some(mark);
                return;
            }
            // Another engine, or the same one started again.
            Some(mark) if mark.uptime > uptime => *self = Self::of(std::mem::take(&mut self.stages)),
            Some(mark) => {
                self.spread(&mark, uptime, &processed);
                self.mark = Some(mark);
            }
            None => {}
        }
        if self.mark.is_none() {
            self.began = uptime;
        }
        self.mark = Some(Mark { uptime, processed });
        self.backlogs.push(uptime, snapshot);
    }

    /// Spreads what was done between two snapshots evenly over the time between them.
    fn spread(&mut self, mark: &Mark, uptime: f64, processed: &[Option<u64>]) {
        let elapsed = uptime - mark.uptime;
        let rate = |(before, after): (&Option<u64>, &Option<u64>)| {
            // A counter that fell was reset: what happened in between is unknown.
            Some((*after)?.checked_sub((*before)?)? as f64 / elapsed)
        };
        let rates: Vec<_> = mark.processed.iter().zip(processed).map(rate).collect();
        for ring in &mut self.rings {
            ring.spread(mark.uptime, uptime, &rates);
        }
    }

    /// How long it has been recording.
    pub(crate) fn seen(&self) -> Duration {
        let seconds = self.mark.as_ref().map_or(0.0, |mark| mark.uptime - self.began);
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }

    /// The last `window` in about `points` points at most, oldest first.
    ///
    /// A point is about several slots if there are more of them than points. Such groups lie at fixed times, and the newest
    /// point is that of the group under way, so that each point keeps its height and all move to the left by one at once. The
    /// second under way is left out: half of it is no rate.
    pub(crate) fn series(&self, window: Duration, points: usize) -> Vec<Point> {
        let Some(mark) = &self.mark else { return Vec::new() };
        ring::series(&self.rings, (self.began, mark.uptime), window, points)
    }

    /// Which stage holds the flow, and who has to wait for it.
    pub(crate) fn flow(&self, snapshot: &Snapshot) -> Flow {
        self.backlogs.flow(snapshot)
    }
}
