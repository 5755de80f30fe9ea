//! The next expected offset of each partition, and the offsets that are missing between two messages.

use std::collections::{BTreeMap, BTreeSet};

/// The next offset expected of each partition.
#[derive(Debug, Default)]
pub(super) struct Positions {
    next: BTreeMap<i32, i64>,
    /// Partitions that another member held meanwhile; it may have read on.
    away: BTreeSet<i32>,
}

impl Positions {
    /// Takes note of a message at `offset`; returns how many offsets are missing before it.
    pub(super) fn advance(&mut self, partition: i32, offset: i64) -> u64 {
        let expected = self.next.insert(partition, offset + 1);
        if !self.away.is_empty() && self.away.remove(&partition) {
            return 0;
        }
        expected.map_or(0, |expected| u64::try_from(offset - expected).unwrap_or(0))
    }

    /// We hold only the partitions in `assigned`. The others may come back at any offset.
    pub(super) fn set_assigned(&mut self, assigned: &BTreeSet<i32>) {
        self.away.extend(self.next.keys().filter(|partition| !assigned.contains(partition)));
    }

    /// No message will come from the offsets before `next`.
    pub(super) fn skip_to(&mut self, partition: i32, next: i64) {
        self.next.insert(partition, next);
    }

    /// The next expected offset of each partition.
    pub(super) fn next(&self) -> &BTreeMap<i32, i64> {
        &self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_offsets_are_counted_and_repeated_ones_are_not() {
        let mut positions = Positions::default();
        assert_eq!(positions.advance(0, 500), 0);
        assert_eq!(positions.advance(0, 501), 0);
        assert_eq!(positions.advance(0, 510), 8);
        assert_eq!(positions.advance(0, 505), 0);
        assert_eq!(positions.advance(1, 7), 0);
    }

    #[test]
    fn offsets_that_another_member_read_meanwhile_are_not_missing() {
        let mut positions = Positions::default();
        for partition in [0, 1] {
            positions.advance(partition, 9);
        }
        positions.set_assigned(&BTreeSet::from([0]));
        assert_eq!(positions.next(), &BTreeMap::from([(0, 10), (1, 10)]), "known all the same");
        positions.set_assigned(&BTreeSet::from([0, 1]));
        assert_eq!((positions.advance(0, 12), positions.advance(1, 30)), (2, 0));
        assert_eq!(positions.advance(1, 33), 2, "from here on it is ours");
    }
}
