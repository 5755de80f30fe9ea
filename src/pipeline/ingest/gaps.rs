//! Offsets that are missing between two messages of a partition.

use std::collections::BTreeMap;

/// The next offset expected of each partition.
#[derive(Debug, Default)]
pub(super) struct Positions {
    next: BTreeMap<i32, i64>,
}

impl Positions {
    /// A message at `offset` came; how many offsets are missing before it.
    pub(super) fn took(&mut self, partition: i32, offset: i64) -> u64 {
        let expected = self.next.insert(partition, offset + 1);
        expected.map_or(0, |expected| u64::try_from(offset - expected).unwrap_or(0))
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
}
