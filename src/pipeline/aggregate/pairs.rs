//! Every (page, user) that has a click: exact distinct users.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use crate::storage::{PageId, UserId};

/// How many sets there are.
///
/// A set that is full doubles, and while that goes on both its old and its new memory are in use. So the pairs are spread over
/// many, and unevenly: each set gets 2^(1/64) times as many as the one before it, which makes the doublings come one after
/// another. Memory then grows with the number of pairs, in small steps, and nobody waits for one large step.
const SHARDS: usize = 64;

/// The finest share of the pairs that a set can get is one of so many.
const SHARES: usize = 4096;

/// A set of pairs that grows by a part at a time.
#[derive(Debug)]
pub(super) struct Pairs {
    shards: Box<[HashSet<(PageId, UserId), RandomState>]>,
    /// Which set each share of the hashes goes to.
    shard_of: Box<[u8]>,
    /// Of another seed than the sets' own, or each would use a part of its places only.
    state: RandomState,
}

impl Default for Pairs {
    fn default() -> Self {
        // log2(1 + u) of an even u in 0..1 lies in a given 64th with a probability that grows by 2^(1/64) from one to the next.
        let shard = |share: usize| (SHARDS as f64 * (1.0 + share as f64 / SHARES as f64).log2()) as u8;
        Self {
            shards: (0..SHARDS).map(|_| HashSet::default()).collect(),
            shard_of: (0..SHARES).map(shard).collect(),
            state: RandomState::default(),
        }
    }
}

impl Pairs {
    /// Takes a pair in; `true` if it is new.
    pub(super) fn insert(&mut self, page: PageId, user: UserId) -> bool {
        let share = usize::try_from(self.state.hash_one((page, user)) % SHARES as u64).unwrap_or_default();
        let shard = self.shard_of.get(share).map_or(0, |&shard| usize::from(shard));
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
    fn each_pair_is_new_once() {
        let mut pairs = Pairs::default();
        for round in [true, false] {
            for number in 0..64_000 {
                assert_eq!(pairs.insert(PageId(number % 97), UserId(number / 97)), round);
            }
        }
        assert_eq!((pairs.len(), pairs.iter().count()), (64_000, 64_000));
    }

    #[test]
    fn memory_grows_with_the_pairs_and_in_small_steps() {
        let mut pairs = Pairs::default();
        let mut bytes = Vec::new();
        for number in 0..1_000_000 {
            pairs.insert(PageId(number % 1_013), UserId(number / 1_013));
            if number >= 100_000 && number % 10_000 == 0 {
                bytes.push(pairs.shards.iter().map(HashSet::allocation_size).sum::<usize>() as f64);
            }
        }
        let steps = bytes.iter().zip(bytes.iter().skip(1)).map(|(before, after)| after / before);
        assert!(steps.clone().fold(1.0, f64::max) < 1.2, "{:?}", steps.collect::<Vec<_>>());
        let per_pair = bytes.last().unwrap() / 1e6;
        assert!((9.0..16.0).contains(&per_pair), "{per_pair} bytes a pair");
    }
}
