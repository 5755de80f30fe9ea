//! Offsets that are missing between two messages of a partition.

use std::collections::{BTreeMap, BTreeSet};

/// The next offset expected of each partition.
#[derive(Debug, Default)]
pub(super) struct Positions {
    next: BTreeMap<i32, i64>,
    /// Those that were another's meanwhile, who may have read on.
    away: BTreeSet<i32>,
}

impl Positions {
    /// A message at `offset` came; how many offsets are missing before it.
    pub(super) fn took(&mut self, partition: i32, offset: i64) -> u64 {
        let expected = self.next.insert(partition, offset + 1);
        if !self.away.is_empty() && self.away.remove(&partition) {
            return 0;
        }
        expected.map_or(0, |expected| u64::try_from(offset - expected).unwrap_or(0))
    }

    /// Only the partitions in `assigned` are ours. Where one of the others begins when it comes back is not for us to expect.
    pub(super) fn assigned(&mut self, assigned: &BTreeSet<i32>) {
        self.away.extend(self.next.keys().filter(|partition| !assigned.contains(partition)));
    }

    /// No message will come of the offsets before `next`.
    pub(super) fn passed(&mut self, partition: i32, next: i64) {
        self.next.insert(partition, next);
    }

    /// The next offset to take of each partition.
    pub(super) fn next(&self) -> &BTreeMap<i32, i64> {
        &self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_offsets_are_counted_and_a_repeated_one_is_none() {
        let mut positions = Positions::default();
        assert_eq!(positions.took(0, 500), 0);
        assert_eq!(positions.took(0, 501), 0);
        assert_eq!(positions.took(0, 510), 8);
        assert_eq!(positions.took(0, 505), 0);
        assert_eq!(positions.took(1, 7), 0);
    }

    #[test]
    fn what_another_has_read_meanwhile_is_not_missing() {
        let mut positions = Positions::default();
        for partition in [0, 1] {
            positions.took(partition, 9);
        }
        positions.assigned(&BTreeSet::from([0]));
        assert_eq!(positions.next(), &BTreeMap::from([(0, 10), (1, 10)]), "known all the same");
        positions.assigned(&BTreeSet::from([0, 1]));
        assert_eq!((positions.took(0, 12), positions.took(1, 30)), (2, 0));
        assert_eq!(positions.took(1, 33), 2, "from here on it is ours");
    }
}
