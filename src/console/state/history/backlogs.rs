//! How the backlogs grow, from which follows what holds the flow.

use std::collections::VecDeque;

use super::flow::Flow;
use crate::protocol::snapshot::Snapshot;

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
    samples: VecDeque<BacklogSample>,
}

/// What waited at one moment.
#[derive(Clone, Debug)]
struct BacklogSample {
    /// Seconds of uptime.
    at: f64,
    /// The backlog of each stage, where it is known.
    backlogs: Vec<Option<u64>>,
    /// A partition was paused, because the next stage did not take the batches.
    queue_full: bool,
}

impl Backlogs {
    /// Takes the backlogs of `snapshot`, `uptime` seconds after the pipeline was built.
    pub(super) fn push(&mut self, uptime: f64, snapshot: &Snapshot) {
        if self.samples.back().is_some_and(|newest| uptime - newest.at < SAMPLE_SECONDS) {
            return;
        }
        self.samples.push_back(BacklogSample {
            at: uptime,
            backlogs: snapshot.stages.iter().map(|stage| stage.backlog).collect(),
            queue_full: snapshot.partitions.iter().any(|partition| partition.paused),
        });
        while self.samples.front().is_some_and(|oldest| uptime - oldest.at > GROWTH_SECONDS) {
            self.samples.pop_front();
        }
    }

    /// Items a second by which the backlog of the stage at `place` grows, over the last ten seconds; `None` before half of them.
    ///
    /// Work goes in rounds (figures are written every half second, documents sent every second), so a backlog saws up and
    /// down. Only what is left at the lowest points, of the older half and of the newer, says whether a stage keeps up.
    fn growth(&self, place: usize) -> Option<f64> {
        let (from, to) = (self.samples.front()?.at, self.samples.back()?.at);
        let half = (to - from) / 2.0;
        let lowest = |newer: bool| {
            let in_half = self.samples.iter().filter(|sample| (sample.at - from > half) == newer);
            in_half.filter_map(|sample| sample.backlogs.get(place).copied().flatten()).min()
        };
        let growth = lowest(true)? as f64 - lowest(false)? as f64;
        (to - from >= GROWTH_SECONDS / 2.0).then(|| growth / half)
    }

    /// What holds the flow.
    pub(super) fn flow(&self, snapshot: &Snapshot) -> Flow {
        let growing: Vec<_> = snapshot
            .stages
            .iter()
            .enumerate()
            .map(|(place, stage)| {
                let backlog = stage.backlog? as f64;
                let is_more_than_a_round = backlog > stage.rate.unwrap_or(0.0) * ROUND_SECONDS;
                self.growth(place).filter(|growth| *growth >= GROWTH_FLOOR && is_more_than_a_round)
            })
            .collect();
        // Partitions pause and resume many times a second while the next stage is slow.
        let queue_full = self.samples.iter().any(|sample| sample.queue_full);
        Flow::judge(&snapshot.stages, &growing, queue_full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::local::stage::not_started;
    use crate::protocol::StageState;
    use crate::protocol::snapshot::PartitionStatus;

    fn four() -> Snapshot {
        Snapshot { stages: not_started(), ..Snapshot::default() }
    }

    #[test]
    fn a_stage_that_works_in_rounds_and_keeps_up_is_no_bottleneck() {
        let mut backlogs = Backlogs::default();
        for quarter in 0..80_u64 {
            let mut snapshot = four();
            snapshot.stages["index"].state = StageState::Running;
            snapshot.stages["index"].rate = Some(2_000.0);
            snapshot.stages["index"].backlog = Some((quarter % 4) * 700 + quarter);
            backlogs.push(quarter as f64 / 4.0, &snapshot);
            assert_eq!(backlogs.flow(&snapshot), Flow::default(), "at {quarter} quarters");
        }
    }

    #[test]
    fn the_bottleneck_is_the_working_stage_whose_backlog_grows_fastest_unless_one_is_stopped() {
        let mut backlogs = Backlogs::default();
        let mut last = four();
        for second in 0..=8_u32 {
            let mut snapshot = four();
            snapshot.stages["store"].state = StageState::Running;
            snapshot.stages["index"].state = StageState::Running;
            snapshot.stages["aggregate"].state = StageState::Running;
            snapshot.stages["store"].backlog = Some(100 * u64::from(second));
            snapshot.stages["index"].backlog = Some(5_000 + 20 * u64::from(second));
            snapshot.stages["aggregate"].backlog = Some(50 * u64::from(second));
            backlogs.push(second.into(), &snapshot);
            let expected = (second >= 5).then_some(1);
            assert_eq!(backlogs.flow(&snapshot).bottleneck, expected, "at {second} s");
            last = snapshot;
        }
        last.stages["aggregate"].state = StageState::Stopped;
        assert_eq!(backlogs.flow(&last).bottleneck, Some(2));
    }

    #[test]
    fn a_lag_that_grows_before_a_store_that_takes_nothing_is_the_stores_whether_it_is_stopped_or_slow() {
        for (state, paused) in [(StageState::Stopped, false), (StageState::Running, true)] {
            let mut backlogs = Backlogs::default();
            let mut snapshot = four();
            for second in 0..=8_u32 {
                snapshot = four();
                snapshot.stages["ingest"].state = StageState::Running;
                snapshot.stages["store"].state = state.clone();
                snapshot.stages["ingest"].backlog = Some(700 * u64::from(second));
                snapshot.stages["store"].backlog = Some(16);
                // It pauses and goes on again.
                let paused = paused && second == 6;
                snapshot.partitions = vec![PartitionStatus { paused, ..PartitionStatus::default() }].into();
                backlogs.push(second.into(), &snapshot);
            }
            let flow = backlogs.flow(&snapshot);
            assert_eq!((flow.bottleneck, flow.held_up_by(0)), (Some(1), Some(1)), "{state:?}");
        }
    }

    #[test]
    fn however_often_snapshots_come_samples_are_few() {
        let mut backlogs = Backlogs::default();
        for milli in 0..60_000_u32 {
            backlogs.push(f64::from(milli) / 1_000.0, &four());
        }
        assert!(backlogs.samples.len() <= 101, "{}", backlogs.samples.len());
    }
}
