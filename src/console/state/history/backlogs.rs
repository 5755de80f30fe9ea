//! How the backlogs grow, from which follows what holds the flow.

use std::collections::VecDeque;

use super::flow::Flow;
use crate::protocol::Stage;
use crate::protocol::snapshot::Snapshot;
use crate::protocol::stage::PerStage;

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
    /// Oldest first.
    samples: VecDeque<Sample>,
}

/// What waited at one moment.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// Seconds of uptime.
    at: f64,
    /// Items before each stage.
    backlogs: PerStage<u64>,
    /// Ingest had to pause a partition, since the store did not take what it had.
    queue_full: bool,
}

impl Backlogs {
    /// Takes the backlogs of `snapshot`, `uptime` seconds after the pipeline was built.
    pub(super) fn push(&mut self, uptime: f64, snapshot: &Snapshot) {
        if self.samples.back().is_some_and(|newest| uptime - newest.at < SAMPLE_SECONDS) {
            return;
        }
        self.samples.push_back(Sample {
            at: uptime,
            backlogs: PerStage::from_fn(|stage| snapshot.stages.get(stage).backlog),
            queue_full: snapshot.partitions.iter().any(|partition| partition.paused),
        });
        while self.samples.front().is_some_and(|oldest| uptime - oldest.at > GROWTH_SECONDS) {
            self.samples.pop_front();
        }
    }

    /// Items a second by which the backlog of `stage` grows, over the last ten seconds; `None` before half of them.
    ///
    /// Work goes in rounds (figures are written every half second, documents sent every second), so a backlog saws up and
    /// down. Only what is left at the lowest points, of the older half and of the newer, says whether a stage keeps up.
    fn growth(&self, stage: Stage) -> Option<f64> {
        let (from, to) = (self.samples.front()?.at, self.samples.back()?.at);
        let half = (to - from) / 2.0;
        let lowest = |newer: bool| {
            let in_half = self.samples.iter().filter(|sample| (sample.at - from > half) == newer);
            in_half.map(|sample| *sample.backlogs.get(stage)).min()
        };
        let growth = lowest(true)? as f64 - lowest(false)? as f64;
        (to - from >= GROWTH_SECONDS / 2.0).then(|| growth / half)
    }

    /// What holds the flow.
    pub(super) fn flow(&self, snapshot: &Snapshot) -> Flow {
        let growing = PerStage::from_fn(|stage| {
            let status = snapshot.stages.get(stage);
            self.growth(stage).filter(|growth| {
                *growth >= GROWTH_FLOOR && status.backlog as f64 > status.rate.unwrap_or(0.0) * ROUND_SECONDS
            })
        });
        // It pauses and goes on many times a second while the store is slow.
        let queue_full = self.samples.iter().any(|sample| sample.queue_full);
        Flow::judge(&snapshot.stages, &growing, queue_full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::StageState;
    use crate::protocol::snapshot::PartitionStatus;

    #[test]
    fn a_stage_that_works_in_rounds_and_keeps_up_is_no_bottleneck() {
        let mut backlogs = Backlogs::default();
        for quarter in 0..80_u64 {
            let mut snapshot = Snapshot::default();
            snapshot.stages.index.state = StageState::Running;
            snapshot.stages.index.rate = Some(2_000.0);
            snapshot.stages.index.backlog = (quarter % 4) * 700 + quarter;
            backlogs.push(quarter as f64 / 4.0, &snapshot);
            assert_eq!(backlogs.flow(&snapshot), Flow::default(), "at {quarter} quarters");
        }
    }

    #[test]
    fn the_bottleneck_is_the_working_stage_whose_backlog_grows_fastest_unless_one_is_stopped() {
        let mut backlogs = Backlogs::default();
        let mut last = Snapshot::default();
        for second in 0..=8_u32 {
            let mut snapshot = Snapshot::default();
            snapshot.stages.store.state = StageState::Running;
            snapshot.stages.index.state = StageState::Running;
            snapshot.stages.aggregate.state = StageState::Running;
            snapshot.stages.store.backlog = 100 * u64::from(second);
            snapshot.stages.index.backlog = 5_000 + 20 * u64::from(second);
            snapshot.stages.aggregate.backlog = 50 * u64::from(second);
            backlogs.push(second.into(), &snapshot);
            let expected = (second >= 5).then_some(Stage::Store);
            assert_eq!(backlogs.flow(&snapshot).bottleneck, expected, "at {second} s");
            last = snapshot;
        }
        last.stages.aggregate.state = StageState::Stopped;
        assert_eq!(backlogs.flow(&last).bottleneck, Some(Stage::Aggregate));
    }

    #[test]
    fn a_lag_that_grows_before_a_store_that_takes_nothing_is_the_stores_whether_it_is_stopped_or_slow() {
        for (state, paused) in [(StageState::Stopped, false), (StageState::Running, true)] {
            let mut backlogs = Backlogs::default();
            let mut snapshot = Snapshot::default();
            for second in 0..=8_u32 {
                snapshot = Snapshot::default();
                snapshot.stages.ingest.state = StageState::Running;
                snapshot.stages.store.state = state.clone();
                snapshot.stages.ingest.backlog = 700 * u64::from(second);
                snapshot.stages.store.backlog = 16;
                // It pauses and goes on again.
                let paused = paused && second == 6;
                snapshot.partitions = vec![PartitionStatus { paused, ..PartitionStatus::default() }].into();
                backlogs.push(second.into(), &snapshot);
            }
            let flow = backlogs.flow(&snapshot);
            assert_eq!(
                (flow.bottleneck, flow.held_up_by.ingest),
                (Some(Stage::Store), Some(Stage::Store)),
                "{state:?}"
            );
        }
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
