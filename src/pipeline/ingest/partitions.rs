//! Where each assigned partition is.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::consumer::ClickContext;
use crate::pipeline::snapshot::PartitionStatus;

/// The next offset expected of each partition.
#[derive(Debug, Default)]
pub(super) struct Partitions {
    next: BTreeMap<i32, i64>,
}

impl Partitions {
    /// A message at `offset` came; how many offsets are missing before it.
    pub(super) fn took(&mut self, partition: i32, offset: i64) -> u64 {
        let expected = self.next.insert(partition, offset + 1);
        expected.map_or(0, |expected| u64::try_from(offset - expected).unwrap_or(0))
    }

    /// What there is to see of each partition that is stored from or has been read.
    pub(super) fn status(
        &self,
        context: &ClickContext,
        stored: &BTreeMap<i32, i64>,
        paused: bool,
    ) -> Arc<[PartitionStatus]> {
        let mut numbers: Vec<i32> = self.next.keys().chain(stored.keys()).copied().collect();
        numbers.extend(context.partitions());
        numbers.sort_unstable();
        numbers.dedup();
        let status = |partition| {
            let (low, high) = context.watermarks(partition);
            let stored = stored.get(&partition).copied();
            let behind = |high: i64| u64::try_from(high - stored.or(low).unwrap_or(0)).unwrap_or(0);
            PartitionStatus {
                partition,
                position: self.next.get(&partition).copied(),
                stored,
                low,
                high,
                lag: high.map(behind),
                paused,
            }
        };
        numbers.into_iter().map(status).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_offsets_are_counted_and_a_repeated_one_is_none() {
        let mut partitions = Partitions::default();
        assert_eq!(partitions.took(0, 500), 0);
        assert_eq!(partitions.took(0, 501), 0);
        assert_eq!(partitions.took(0, 510), 8);
        assert_eq!(partitions.took(0, 505), 0);
        assert_eq!(partitions.took(1, 7), 0);
    }
}
