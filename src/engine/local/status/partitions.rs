//! The position of each partition, combined from the parts that know a piece of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::protocol::snapshot::PartitionStatus;

/// Oldest offset and one past the newest of a partition, as far as known.
pub(crate) type Watermarks = (Option<i64>, Option<i64>);

/// Written by ingest and, while that does not fetch, by the lag watch; read for the snapshots.
#[derive(Debug, Default)]
pub(crate) struct PartitionBoard {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    positions: BTreeMap<i32, i64>,
    watermarks: BTreeMap<i32, Watermarks>,
    /// `None` before the group has given any.
    assigned: Option<BTreeSet<i32>>,
    pause: Option<Pause>,
}

/// Why ingest fetches nothing for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// The store does not keep up.
    Store,
    /// A message waits for its schema.
    Schema,
}

impl PartitionBoard {
    /// The partitions that the group has given us: the others are somebody else's, whatever is stored of them here.
    pub(crate) fn set_assigned(&self, assigned: BTreeSet<i32>) {
        self.inner.lock().assigned = Some(assigned);
    }

    /// The next offset to take of each partition.
    pub(crate) fn set_positions(&self, positions: &BTreeMap<i32, i64>) {
        self.inner.lock().positions.clone_from(positions);
    }

    pub(crate) fn set_watermarks(&self, watermarks: BTreeMap<i32, Watermarks>) {
        self.inner.lock().watermarks = watermarks;
    }

    /// Why the partitions are paused; `None` if they are not.
    pub(crate) fn set_pause(&self, pause: Option<Pause>) {
        self.inner.lock().pause = pause;
    }

    /// Whether the partitions are paused, for whatever reason.
    pub(crate) fn is_paused(&self) -> bool {
        self.inner.lock().pause.is_some()
    }

    /// Every partition that is ours as far as known, with what is stored of it.
    pub(crate) fn status(&self, stored: &BTreeMap<i32, i64>) -> Arc<[PartitionStatus]> {
        let inner = self.inner.lock();
        let known = inner.watermarks.keys().chain(inner.positions.keys());
        let mut partitions: Vec<i32> = known.chain(stored.keys()).copied().collect();
        partitions.sort_unstable();
        partitions.dedup();
        if let Some(assigned) = &inner.assigned {
            partitions.retain(|partition| assigned.contains(partition));
        }
        let status = |partition| {
            let (low, high) = inner.watermarks.get(&partition).copied().unwrap_or_default();
            let stored = stored.get(&partition).copied();
            // The watermarks are up to a second old, and what is stored was there.
            let high = high.max(stored.filter(|_| high.is_some()));
            let behind = |high: i64| u64::try_from(high - stored.or(low).unwrap_or(0)).unwrap_or(0);
            PartitionStatus {
                partition,
                position: inner.positions.get(&partition).copied().max(stored),
                stored,
                low,
                high,
                lag: high.map(behind),
                paused: inner.pause == Some(Pause::Store),
                // The supervisor adds the forecast to the finished snapshot.
                ..PartitionStatus::default()
            }
        };
        partitions.into_iter().map(status).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_counts_from_what_is_stored_or_else_from_the_oldest_offset() {
        let board = PartitionBoard::default();
        board.set_watermarks(BTreeMap::from([
            (0, (Some(10), Some(100))),
            (1, (Some(10), Some(100))),
            (2, (None, None)),
        ]));
        let status = board.status(&BTreeMap::from([(0, 40)]));
        let lags: Vec<Option<u64>> = status.iter().map(|partition| partition.lag).collect();
        assert_eq!(lags, [Some(60), Some(90), None]);
    }

    #[test]
    fn what_the_group_has_given_to_another_is_not_our_lag() {
        let board = PartitionBoard::default();
        let stored = BTreeMap::from([(0, 40), (1, 50)]);
        assert_eq!(board.status(&stored).len(), 2);
        board.set_assigned(BTreeSet::from([1]));
        let partitions: Vec<i32> = board.status(&stored).iter().map(|status| status.partition).collect();
        assert_eq!(partitions, [1]);
    }
}
