//! Throughput over the last minutes, from the counters: items over the time that really passed, one slot a second.

use std::collections::VecDeque;

use crate::pipeline::snapshot::Snapshot;
use crate::pipeline::stage::PerStage;
use crate::pipeline::{Stage, StageState};

/// Seconds kept.
const SLOTS: usize = 600;

/// Seconds over which the growth of a backlog is judged.
const GROWTH_SECONDS: usize = 10;

/// A backlog that grows by less than this many items a second is noise.
const GROWTH_FLOOR: f64 = 1.0;

/// Nor is a backlog that the stage works off in this many seconds: figures and documents go in rounds.
const ROUND_SECONDS: f64 = 2.0;

/// One second of one stage.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    items: f64,
    /// The part of the second in which the stage ran; 0 makes a gap.
    ran: f64,
}

/// The counters at the newest snapshot.
#[derive(Clone, Copy, Debug)]
struct Mark {
    uptime: f64,
    /// `None` where the stage did not run.
    processed: PerStage<Option<u64>>,
}

/// A bounded history of every stage.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// The newest seconds, oldest first.
    slots: VecDeque<PerStage<Slot>>,
    /// Second of uptime that the front slot is about.
    first: usize,
    backlogs: VecDeque<(f64, PerStage<u64>)>,
    mark: Option<Mark>,
}

impl History {
    /// Takes the counters of `snapshot`. The first one only sets the mark: a rate needs two.
    pub(crate) fn push(&mut self, snapshot: &Snapshot) {
        if snapshot.at.is_none() {
            return;
        }
        // The uptime is a monotonic clock; the time of day may jump.
        let uptime = snapshot.uptime.as_secs_f64();
        let processed = PerStage::from_fn(|stage| {
            let status = snapshot.stages.get(stage);
            let ran = status.state.is_active() && !matches!(status.state, StageState::Starting { .. });
            ran.then_some(status.processed)
        });
        match self.mark {
            Some(mark) if mark.uptime == uptime => return,
            // Another pipeline, or the same one born again.
            Some(mark) if mark.uptime > uptime => *self = Self::default(),
            Some(mark) => self.spread(mark, uptime, &processed),
            None => {}
        }
        if self.mark.is_none() {
            self.first = uptime as usize;
        }
        self.mark = Some(Mark { uptime, processed });
        self.backlogs.push_back((uptime, PerStage::from_fn(|stage| snapshot.stages.get(stage).backlog)));
        while self.backlogs.front().is_some_and(|(at, _)| uptime - at > GROWTH_SECONDS as f64) {
            self.backlogs.pop_front();
        }
    }

    /// Spreads what was done between two snapshots evenly over the seconds between them.
    fn spread(&mut self, mark: Mark, uptime: f64, processed: &PerStage<Option<u64>>) {
        let oldest = uptime - SLOTS as f64;
        let elapsed = uptime - mark.uptime;
        let from = mark.uptime.max(oldest).max(0.0);
        for second in from as usize..=uptime as usize {
            let overlap = uptime.min(second as f64 + 1.0) - from.max(second as f64);
            let Some(slot) = self.slot(second) else { continue };
            for stage in Stage::ALL {
                let (Some(before), Some(after)) = (*mark.processed.get(stage), *processed.get(stage)) else { continue };
                // A counter that fell was reset: what happened in between is unknown.
                let Some(items) = after.checked_sub(before) else { continue };
                let slot = slot.get_mut(stage);
                slot.items += items as f64 * overlap / elapsed;
                slot.ran += overlap;
            }
        }
    }

    fn slot(&mut self, second: usize) -> Option<&mut PerStage<Slot>> {
        if second >= self.first + self.slots.len() + SLOTS {
            self.slots.clear();
            self.first = second;
        }
        while self.first + self.slots.len() <= second {
            self.slots.push_back(PerStage::default());
        }
        while self.slots.len() > SLOTS {
            self.slots.pop_front();
            self.first += 1;
        }
        self.slots.get_mut(second.checked_sub(self.first)?)
    }

    /// Seconds that a chart should span: two minutes, and ten once there is enough to fill a good part of them.
    pub(crate) fn window(&self) -> usize {
        if self.slots.len() > 240 { SLOTS } else { 120 }
    }

    /// (seconds before the newest, items a second) of the last `window` seconds in at most `points` points, oldest first.
    /// `None` where the stage did not run. The second under way is left out: half of it is no rate.
    pub(crate) fn series(&self, stage: Stage, window: usize, points: usize) -> Vec<(f64, Option<f64>)> {
        let Some(mark) = self.mark else { return Vec::new() };
        let end = mark.uptime as usize;
        let start = end.saturating_sub(window).max(self.first);
        let group = window.div_ceil(points.max(1)).max(1);
        let mut out: Vec<(f64, Option<f64>)> = Vec::with_capacity(points);
        let mut at = start;
        while at < end {
            // Groups lie at fixed seconds, so that a point keeps its height while it moves to the left.
            let next = (at / group + 1) * group;
            let mut sum = Slot::default();
            for second in at..next.min(end) {
                if let Some(slot) = second.checked_sub(self.first).and_then(|at| self.slots.get(at)) {
                    sum.items += slot.get(stage).items;
                    sum.ran += slot.get(stage).ran;
                }
            }
            let rate = (sum.ran > 0.0).then(|| sum.items / sum.ran);
            out.push((next.min(end) as f64 - end as f64, rate));
            at = next;
        }
        out
    }

    /// Items a second by which the backlog of `stage` grows, over the last ten seconds; `None` before half of them.
    ///
    /// Work goes in rounds (figures are written every half second, documents sent every second), so a backlog saws up and
    /// down. Only what is left at the lowest points, of the older half and of the newer, says whether a stage keeps up.
    fn growth(&self, stage: Stage) -> Option<f64> {
        let (from, to) = (self.backlogs.front()?.0, self.backlogs.back()?.0);
        let half = (to - from) / 2.0;
        let lowest = |newer: bool| {
            let in_half = self.backlogs.iter().filter(|(at, _)| (at - from > half) == newer);
            in_half.map(|(_, backlog)| *backlog.get(stage)).min()
        };
        let growth = lowest(true)? as f64 - lowest(false)? as f64;
        (to - from >= GROWTH_SECONDS as f64 / 2.0).then(|| growth / half)
    }

    /// The working stage whose backlog grows fastest, if any grows. One that is stopped holds nothing up by being slow.
    pub(crate) fn bottleneck(&self, snapshot: &Snapshot) -> Option<Stage> {
        Stage::ALL
            .into_iter()
            .filter(|stage| snapshot.stages.get(*stage).state.is_active())
            .filter_map(|stage| Some((stage, self.growth(stage)?)))
            .filter(|(stage, growth)| {
                let status = snapshot.stages.get(*stage);
                *growth >= GROWTH_FLOOR && status.backlog as f64 > status.rate.unwrap_or(0.0) * ROUND_SECONDS
            })
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
            .map(|(stage, _)| stage)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn at(seconds: f64, processed: u64, state: StageState) -> Snapshot {
        let mut snapshot = Snapshot {
            at: Some(SystemTime::UNIX_EPOCH),
            uptime: Duration::from_secs_f64(seconds),
            ..Snapshot::default()
        };
        snapshot.stages.store.state = state;
        snapshot.stages.store.processed = processed;
        snapshot
    }

    fn rates(history: &History) -> Vec<Option<f64>> {
        history.series(Stage::Store, 120, 120).into_iter().map(|(_, rate)| rate.map(f64::round)).collect()
    }

    #[test]
    fn the_first_snapshot_makes_no_spike() {
        let mut history = History::default();
        history.push(&at(10.0, 5_000_000, StageState::Running));
        assert_eq!(rates(&history), []);
        history.push(&at(11.0, 5_000_100, StageState::Running));
        assert_eq!(rates(&history), [Some(100.0)]);
    }

    #[test]
    fn a_rate_is_over_the_time_that_passed_not_over_the_number_of_snapshots() {
        let mut history = History::default();
        for (seconds, processed) in [(0.0, 0), (0.25, 100), (2.0, 100), (4.0, 300)] {
            history.push(&at(seconds, processed, StageState::Running));
        }
        assert_eq!(rates(&history), [Some(100.0), Some(0.0), Some(100.0), Some(100.0)]);
    }

    #[test]
    fn a_stopped_stage_leaves_a_gap_and_an_idle_one_a_zero() {
        let mut history = History::default();
        for (seconds, processed, state) in [
            (0.0, 0, StageState::Running),
            (1.0, 10, StageState::Running),
            (2.0, 10, StageState::Running),
            (3.0, 15, StageState::Stopped),
            (4.0, 15, StageState::Stopped),
            (5.0, 15, StageState::Running),
            (6.0, 35, StageState::Running),
        ] {
            history.push(&at(seconds, processed, state));
        }
        assert_eq!(rates(&history), [Some(10.0), Some(0.0), None, None, None, Some(20.0)]);
    }

    #[test]
    fn it_stays_bounded_and_survives_a_long_silence_and_a_new_pipeline() {
        let mut history = History::default();
        for second in 0..2000_u32 {
            history.push(&at(second.into(), u64::from(second) * 7, StageState::Running));
        }
        assert!(history.slots.len() <= SLOTS);
        assert!(rates(&history).iter().all(|rate| *rate == Some(7.0)));
        history.push(&at(1e9, 14_000, StageState::Running));
        assert!(history.slots.len() <= SLOTS + 1);
        history.push(&at(1.0, 3, StageState::Running));
        history.push(&at(2.0, 7, StageState::Running));
        assert_eq!(rates(&history), [Some(4.0)]);
    }

    #[test]
    fn a_counter_that_falls_gives_no_rate() {
        let mut history = History::default();
        history.push(&at(0.0, 100, StageState::Running));
        history.push(&at(1.0, 3, StageState::Running));
        assert_eq!(rates(&history), [None]);
    }

    #[test]
    fn fewer_points_average_more_seconds() {
        let mut history = History::default();
        for second in 0..=120_u32 {
            history.push(&at(second.into(), u64::from(second / 2) * 10, StageState::Running));
        }
        let series = history.series(Stage::Store, 120, 30);
        assert_eq!(series.len(), 30);
        assert!(series.iter().all(|(_, rate)| *rate == Some(5.0)), "{series:?}");
        assert_eq!(series.last().map(|(at, _)| *at), Some(0.0));
    }

    #[test]
    fn a_stage_that_works_in_rounds_and_keeps_up_is_no_bottleneck() {
        let mut history = History::default();
        for quarter in 0..80_u64 {
            let mut snapshot = at(quarter as f64 / 4.0, 0, StageState::Running);
            snapshot.stages.index.state = StageState::Running;
            snapshot.stages.index.rate = Some(2_000.0);
            snapshot.stages.index.backlog = (quarter % 4) * 700 + quarter;
            history.push(&snapshot);
            assert_eq!(history.bottleneck(&snapshot), None, "at {quarter} quarters");
        }
    }

    #[test]
    fn the_bottleneck_is_the_working_stage_whose_backlog_grows_fastest() {
        let mut history = History::default();
        let mut last = Snapshot::default();
        for second in 0..=8_u32 {
            let mut snapshot = at(second.into(), 0, StageState::Running);
            snapshot.stages.index.state = StageState::Running;
            snapshot.stages.store.backlog = 100 * u64::from(second);
            snapshot.stages.index.backlog = 5_000 + 20 * u64::from(second);
            snapshot.stages.aggregate.backlog = 900 * u64::from(second);
            history.push(&snapshot);
            let expected = (second >= 5).then_some(Stage::Store);
            assert_eq!(history.bottleneck(&snapshot), expected, "at {second} s; aggregate is stopped");
            last = snapshot;
        }
        last.stages.store.state = StageState::Stopped;
        assert_eq!(history.bottleneck(&last), Some(Stage::Index));
    }
}
