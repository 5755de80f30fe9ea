//! Finds out that the consumer has read a partition to its end.
//!
//! The last offsets of a partition may hold transaction markers or aborted records instead of messages. The consumer
//! skips them silently; only its statistics show its position.

use std::collections::{BTreeMap, BTreeSet};

/// The partitions that the consumer has read to their end, and the offsets of these ends.
#[derive(Debug, Default)]
pub(super) struct PartitionEnds {
    /// The partitions that we hold.
    assigned: BTreeSet<i32>,
    /// No message has come since the consumer reported the end.
    reached: BTreeSet<i32>,
    /// Their ends by the last statistics.
    reported: BTreeMap<i32, i64>,
}

impl PartitionEnds {
    /// The consumer reports the end of `partition`.
    pub(super) fn reached(&mut self, partition: i32) {
        self.reached.insert(partition);
    }

    /// A message of `partition` came.
    pub(super) fn left(&mut self, partition: i32) {
        self.reached.remove(&partition);
        self.reported.remove(&partition);
    }

    /// Partitions were paused, assigned or revoked: librdkafka may have thrown fetched messages away.
    pub(super) fn forget(&mut self) {
        self.reached.clear();
        self.reported.clear();
    }

    /// We hold these partitions from now on.
    pub(super) fn set_assigned(&mut self, assigned: &BTreeSet<i32>) {
        self.assigned.clone_from(assigned);
    }

    /// Whether every partition that we hold is read to its end.
    pub(super) fn are_all_reached(&self) -> bool {
        !self.assigned.is_empty() && self.assigned.is_subset(&self.reached)
    }

    /// Takes the `ends` of new statistics; returns those up to which everything has been read.
    ///
    /// Statistics may be older than the last message. So an end counts once two statistics in a row report it and no message
    /// came in between.
    pub(super) fn confirm(&mut self, mut ends: BTreeMap<i32, i64>) -> BTreeMap<i32, i64> {
        ends.retain(|partition, _| self.reached.contains(partition));
        let before = std::mem::replace(&mut self.reported, ends);
        self.reported
            .iter()
            .filter(|(partition, end)| before.get(partition) == Some(end))
            .map(|(p, e)| (*p, *e))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_counts_once_two_statistics_report_it_and_no_message_came_in_between() {
        let mut ends = PartitionEnds::default();
        let at = |end| BTreeMap::from([(0, end)]);
        assert!(ends.confirm(at(7)).is_empty() && ends.confirm(at(7)).is_empty(), "not reached");
        ends.reached(0);
        assert!(ends.confirm(at(7)).is_empty());
        assert_eq!(ends.confirm(at(7)), at(7));
        assert!(ends.confirm(at(9)).is_empty());
        ends.left(0);
        ends.reached(0);
        assert!(ends.confirm(at(9)).is_empty());
        assert_eq!(ends.confirm(at(9)), at(9));
        ends.forget();
        assert!(ends.confirm(at(9)).is_empty() && ends.confirm(at(9)).is_empty());
    }

    #[test]
    fn all_are_reached_once_each_partition_that_we_hold_is() {
        let mut ends = PartitionEnds::default();
        ends.reached(0);
        assert!(!ends.are_all_reached(), "we hold none");
        ends.set_assigned(&BTreeSet::from([0, 1]));
        assert!(!ends.are_all_reached());
        ends.reached(1);
        assert!(ends.are_all_reached());
        ends.left(0);
        assert!(!ends.are_all_reached());
        ends.set_assigned(&BTreeSet::from([1]));
        assert!(ends.are_all_reached());
        ends.forget();
        assert!(!ends.are_all_reached());
    }
}
