//! Every (page, user) that has a click: exact distinct users.

use std::hash::BuildHasher;

use foldhash::fast::{FixedState, RandomState};
use hashbrown::HashSet;

use crate::storage::{PageId, UserId};

/// How many sets there are. A set that is full doubles: while that goes on, both its old and its new memory are in use. Of one of
/// many that is little, and so is the wait.
const SHARDS: usize = 64;

/// A set of pairs that grows by a part at a time.
#[derive(Debug)]
pub(super) struct Pairs {
    shards: Box<[HashSet<(PageId, UserId), RandomState>]>,
}

impl Default for Pairs {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| HashSet::default()).collect() }
    }
}

impl Pairs {
    /// Takes a pair in; `true` if it is new.
    pub(super) fn insert(&mut self, page: PageId, user: UserId) -> bool {
        // Of another seed than the sets' own, or each would use a part of its places only.
        let hash = FixedState::with_seed(SHARDS as u64).hash_one((page, user));
        let shard = usize::try_from(hash % SHARDS as u64).unwrap_or_default();
        self.shards.get_mut(shard).is_some_and(|shard| shard.insert((page, user)))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(HashSet::len).sum()
    }

    /// All of them, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (PageId, UserId)> {
        self.shards.iter().flatten().copied()
    }
}

impl Extend<(PageId, UserId)> for Pairs {
    fn extend<T: IntoIterator<Item = (PageId, UserId)>>(&mut self, pairs: T) {
        for (page, user) in pairs {
            self.insert(page, user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pair_is_new_once_and_the_parts_grow_alike() {
        let mut pairs = Pairs::default();
        for round in [true, false] {
            for number in 0..64_000 {
                assert_eq!(pairs.insert(PageId(number % 97), UserId(number / 97)), round);
            }
        }
        assert_eq!((pairs.len(), pairs.iter().count()), (64_000, 64_000));
        assert!(pairs.shards.iter().all(|shard| (800..1_200).contains(&shard.len())));
    }
}
