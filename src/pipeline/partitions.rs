//! Where each partition is, gathered from whoever knows a part of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::snapshot::PartitionStatus;

/// Oldest offset and one past the newest of a partition, as far as known.
pub(super) type Watermarks = (Option<i64>, Option<i64>);

/// Written by ingest and, while that does not fetch, by the lag watch; read for the snapshots.
#[derive(Debug, Default)]
pub(super) struct PartitionBoard {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    positions: BTreeMap<i32, i64>,
    watermarks: BTreeMap<i32, Watermarks>,
    paused: bool,
}

impl PartitionBoard {
    /// The next offset to take of each partition.
    pub(super) fn set_positions(&self, positions: &BTreeMap<i32, i64>) {
        self.inner.lock().positions.clone_from(positions);
    }

    pub(super) fn set_watermarks(&self, watermarks: BTreeMap<i32, Watermarks>) {
        self.inner.lock().watermarks = watermarks;
    }

    /// Whether the partitions are paused because the store does not keep up.
    pub(super) fn set_paused(&self, paused: bool) {
        self.inner.lock().paused = paused;
    }

    pub(super) fn is_paused(&self) -> bool {
        self.inner.lock().paused
    }

    /// Every partition that anything is known of, with what is stored of it.
    pub(super) fn status(&self, stored: &BTreeMap<i32, i64>) -> Arc<[PartitionStatus]> {
        let inner = self.inner.lock();
        let known = inner.watermarks.keys().chain(inner.positions.keys());
        let mut partitions: Vec<i32> = known.chain(stored.keys()).copied().collect();
        partitions.sort_unstable();
        partitions.dedup();
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
                paused: inner.paused,
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
}
