//! How long bulk requests and commits took over the last 24 hours, and how much was in each, for the panels that show it.
//!
//! Each line is a figure over time: the mean of a duration, or the growth of a counter a second. The slots are coarser than those of
//! the throughput, because nobody looks at single seconds of them: 272,592 bytes altogether.

use std::time::Duration;

use super::ring::{self, Point, Ring};
use crate::protocol::snapshot::Snapshot;

/// The stage that writes to the index.
const INDEX: &str = "index";

/// Seconds of a slot, and seconds that they reach back; the finest first. Each width divides the next.
const RINGS: [(u64, u64); 3] = [(2, 15 * 60), (30, 6 * 3600), (120, 24 * 3600)];

/// A line. The durations are in microseconds, the others are items a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    BulkMedian,
    BulkSlowest,
    CommitMedian,
    CommitSlowest,
    Bulks,
    Documents,
    Retries,
    Commits,
    Stored,
}

impl Work {
    /// The lines whose value is a duration.
    const TIMES: usize = 4;
    const ALL: usize = 9;

    /// Its value at `point`.
    pub(crate) fn at(self, point: &Point) -> Option<f64> {
        point.rates.get(self as usize).copied().flatten()
    }
}

/// The counters and the time of the newest snapshot.
#[derive(Clone, Debug)]
struct Mark {
    /// Seconds.
    uptime: f64,
    counters: [Option<u64>; Work::ALL - Work::TIMES],
}

/// A bounded history of the work of store and index.
#[derive(Clone, Debug)]
pub(crate) struct WorkTimes {
    rings: [Ring; RINGS.len()],
    /// Seconds of uptime at the first snapshot.
    began: f64,
    mark: Option<Mark>,
}

impl Default for WorkTimes {
    fn default() -> Self {
        Self { rings: RINGS.map(|(width, span)| Ring::new(width, span, Work::ALL)), began: 0.0, mark: None }
    }
}

impl WorkTimes {
    /// Takes the figures of `snapshot`. The first one only sets the mark.
    pub(crate) fn push(&mut self, snapshot: &Snapshot) {
        if snapshot.at.is_none() {
            return;
        }
        let uptime = snapshot.uptime.as_secs_f64();
        let (index, store) = (&snapshot.index, &snapshot.store);
        let documents = snapshot.stages.named(INDEX).map(|stage| stage.processed);
        // On a cluster, the transactions are rounds of aggregation, which store nothing.
        let stored = snapshot.remote.is_none().then_some(snapshot.totals.stored);
        let counters = [index.bulks, documents, index.retries, store.transactions, stored];
        match &self.mark {
            Some(mark) if mark.uptime == uptime => return,
            Some(mark) if mark.uptime < uptime => {
                let elapsed = uptime - mark.uptime;
                let micros = |time: Option<Duration>| time.map(|time| time.as_secs_f64() * 1e6);
                let times = [index.bulk_p50, index.bulk_p99, store.transaction_p50, store.transaction_p99].map(micros);
                let grown = mark.counters.iter().zip(counters).map(|(before, after)| {
                    // A counter that fell was reset: what happened in between is unknown.
                    Some(after?.checked_sub((*before)?)? as f64 / elapsed)
                });
                let values: Vec<Option<f64>> = times.into_iter().chain(grown).collect();
                for ring in &mut self.rings {
                    ring.spread(mark.uptime, uptime, &values);
                }
            }
            // Another engine, or the same one started again.
            Some(_) => *self = Self::default(),
            None => {}
        }
        if self.mark.is_none() {
            self.began = uptime;
        }
        self.mark = Some(Mark { uptime, counters });
    }

    /// The last `window` in about `points` points at most, oldest first.
    pub(crate) fn series(&self, window: Duration, points: usize) -> Vec<Point> {
        let Some(mark) = &self.mark else { return Vec::new() };
        ring::series(&self.rings, (self.began, mark.uptime), window, points)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn snapshot(second: u64, micros: u64, commits: u64, stored: u64) -> Snapshot {
        let mut snapshot = Snapshot { at: Some(SystemTime::UNIX_EPOCH), ..Snapshot::default() };
        snapshot.uptime = Duration::from_secs(second);
        snapshot.store.transaction_p50 = Some(Duration::from_micros(micros));
        snapshot.store.transactions = Some(commits);
        snapshot.totals.stored = stored;
        snapshot
    }

    #[test]
    fn times_keep_their_height_and_counters_become_rates() {
        let mut work = WorkTimes::default();
        for second in 0..=60 {
            let micros = if second <= 30 { 500 } else { 9_000 };
            work.push(&snapshot(second, micros, second * 4, second * 1_000));
        }
        let points = work.series(Duration::from_secs(60), 30);
        let (oldest, newest) = (&points[1], points.last().expect("points"));
        assert_eq!((Work::CommitMedian.at(oldest), Work::CommitMedian.at(newest)), (Some(500.0), Some(9_000.0)));
        for point in &points {
            assert_eq!((Work::Commits.at(point), Work::Stored.at(point)), (Some(4.0), Some(1_000.0)));
            assert_eq!(
                (Work::BulkMedian.at(point), Work::Retries.at(point)),
                (None, None),
                "what nobody knows is a gap"
            );
        }
    }

    #[test]
    fn it_stays_bounded_and_forgets_another_engine() {
        let mut work = WorkTimes::default();
        for second in (0..200_000).step_by(10) {
            work.push(&snapshot(second, 500, second, second));
        }
        let bytes: usize = work.rings.iter().map(Ring::bytes).sum();
        assert_eq!(bytes, 272_592);
        assert!(work.series(Duration::from_secs(86_400), 10).len() <= 12);
        work.push(&snapshot(5, 500, 1, 1));
        assert!(work.series(Duration::from_secs(60), 10).iter().all(|point| Work::Commits.at(point).is_none()));
    }
}
