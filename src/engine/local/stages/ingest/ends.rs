//! Partitions that are read to their end.
//!
//! A partition may end in offsets that are no messages: markers of transactions, records of aborted ones. After the last
//! message the consumer passes them in silence, and only its statistics say how far it is.

use std::collections::{BTreeMap, BTreeSet};

/// Which partitions the consumer has read to their end, and where that is.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// Nothing has come since the consumer said that it was at the end.
    reached: BTreeSet<i32>,
    /// The ends that the last statistics told of them.
    told: BTreeMap<i32, i64>,
}

impl Ends {
    /// The consumer says that it is at the end of `partition`.
    pub(super) fn reached(&mut self, partition: i32) {
        self.reached.insert(partition);
    }

    /// A message came.
    pub(super) fn left(&mut self, partition: i32) {
        self.reached.remove(&partition);
        self.told.remove(&partition);
    }

    /// Partitions were paused, given or taken: what was fetched of them may have been thrown away.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Statistics tell of `ends`; those of them up to which everything was read.
    ///
    /// Statistics are made at another moment than they are read. Those of before a message may come after it, so an end
    /// holds when it is told twice, a statistics interval apart, and no message came in between.
    pub(super) fn told(&mut self, mut ends: BTreeMap<i32, i64>) -> BTreeMap<i32, i64> {
        ends.retain(|partition, _| self.reached.contains(partition));
        let before = std::mem::replace(&mut self.told, ends);
        self.told.iter().filter(|(partition, end)| before.get(partition) == Some(end)).map(|(p, e)| (*p, *e)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_holds_when_it_is_told_twice_and_nothing_came_in_between() {
        let mut ends = Ends::default();
        let at = |end| BTreeMap::from([(0, end)]);
        assert!(ends.told(at(7)).is_empty() && ends.told(at(7)).is_empty(), "not reached");
        ends.reached(0);
        assert!(ends.told(at(7)).is_empty());
        assert_eq!(ends.told(at(7)), at(7));
        assert!(ends.told(at(9)).is_empty());
        ends.left(0);
        ends.reached(0);
        assert!(ends.told(at(9)).is_empty());
        assert_eq!(ends.told(at(9)), at(9));
        ends.forget();
        assert!(ends.told(at(9)).is_empty() && ends.told(at(9)).is_empty());
    }
}
