//! How the backlogs grow, and which stage is the bottleneck.

use std::collections::VecDeque;

use crate::pipeline::Stage;
use crate::pipeline::snapshot::Snapshot;
use crate::pipeline::stage::PerStage;

/// Seconds over which the growth of a backlog is judged.
const GROWTH_SECONDS: f64 = 10.0;

/// Seconds that samples are at least apart, so that their number is bounded however often snapshots come.
const SAMPLE_SECONDS: f64 = 0.1;

/// A backlog that grows by less than this many items a second is noise.
const GROWTH_FLOOR: f64 = 1.0;

/// Nor is a backlog that the stage works off in this many seconds: figures and documents go in rounds.
const ROUND_SECONDS: f64 = 2.0;

/// The backlogs of the last seconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Backlogs {
    /// (seconds of uptime, items waiting), oldest first.
    samples: VecDeque<(f64, PerStage<u64>)>,
}

impl Backlogs {
    /// Takes the backlogs of `snapshot`, `uptime` seconds after the pipeline was built.
    pub(super) fn push(&mut self, uptime: f64, snapshot: &Snapshot) {
        if self.samples.back().is_some_and(|(at, _)| uptime - at < SAMPLE_SECONDS) {
            return;
        }
        self.samples.push_back((uptime, PerStage::from_fn(|stage| snapshot.stages.get(stage).backlog)));
        while self.samples.front().is_some_and(|(at, _)| uptime - at > GROWTH_SECONDS) {
            self.samples.pop_front();
        }
    }

    /// Items a second by which the backlog of `stage` grows, over the last ten seconds; `None` before half of them.
    ///
    /// Work goes in rounds (figures are written every half second, documents sent every second), so a backlog saws up and
    /// down. Only what is left at the lowest points, of the older half and of the newer, says whether a stage keeps up.
    fn growth(&self, stage: Stage) -> Option<f64> {
        let (from, to) = (self.samples.front()?.0, self.samples.back()?.0);
        let half = (to - from) / 2.0;
        let lowest = |newer: bool| {
            let in_half = self.samples.iter().filter(|(at, _)| (at - from > half) == newer);
            in_half.map(|(_, backlog)| *backlog.get(stage)).min()
        };
        let growth = lowest(true)? as f64 - lowest(false)? as f64;
        (to - from >= GROWTH_SECONDS / 2.0).then(|| growth / half)
    }

    /// The working stage whose backlog grows fastest, if any grows. One that is stopped holds nothing up by being slow.
    pub(super) fn bottleneck(&self, snapshot: &Snapshot) -> Option<Stage> {
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
    use super::*;
    use crate::pipeline::StageState;

    #[test]
    fn a_stage_that_works_in_rounds_and_keeps_up_is_no_bottleneck() {
        let mut backlogs = Backlogs::default();
        for quarter in 0..80_u64 {
            let mut snapshot = Snapshot::default();
            snapshot.stages.index.state = StageState::Running;
            snapshot.stages.index.rate = Some(2_000.0);
            snapshot.stages.index.backlog = (quarter % 4) * 700 + quarter;
            backlogs.push(quarter as f64 / 4.0, &snapshot);
            assert_eq!(backlogs.bottleneck(&snapshot), None, "at {quarter} quarters");
        }
    }

    #[test]
    fn the_bottleneck_is_the_working_stage_whose_backlog_grows_fastest() {
        let mut backlogs = Backlogs::default();
        let mut last = Snapshot::default();
        for second in 0..=8_u32 {
            let mut snapshot = Snapshot::default();
            snapshot.stages.store.state = StageState::Running;
            snapshot.stages.index.state = StageState::Running;
            snapshot.stages.store.backlog = 100 * u64::from(second);
            snapshot.stages.index.backlog = 5_000 + 20 * u64::from(second);
            snapshot.stages.aggregate.backlog = 900 * u64::from(second);
            backlogs.push(second.into(), &snapshot);
            let expected = (second >= 5).then_some(Stage::Store);
            assert_eq!(backlogs.bottleneck(&snapshot), expected, "at {second} s; aggregate is stopped");
            last = snapshot;
        }
        last.stages.store.state = StageState::Stopped;
        assert_eq!(backlogs.bottleneck(&last), Some(Stage::Index));
    }

    #[test]
    fn however_often_snapshots_come_samples_are_few() {
        let mut backlogs = Backlogs::default();
        for milli in 0..60_000_u32 {
            backlogs.push(f64::from(milli) / 1_000.0, &Snapshot::default());
        }
        assert!(backlogs.samples.len() <= 101, "{}", backlogs.samples.len());
    }
}
