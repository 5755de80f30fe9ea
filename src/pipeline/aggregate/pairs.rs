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
    /// What of them is written; `None` if nothing is.
    written: Option<Written>,
}

/// Pairs only ever come, so what is written stays good, and only what came since is to be added.
#[derive(Debug)]
struct Written {
    /// The parts of the checkpoint that hold them: its first ones.
    parts: u64,
    since: Vec<(PageId, UserId)>,
}

impl Default for Pairs {
    fn default() -> Self {
        // log2(1 + u) of an even u in 0..1 lies in a given 64th with a probability that grows by 2^(1/64) from one to the next.
        let shard = |share: usize| (SHARDS as f64 * (1.0 + share as f64 / SHARES as f64).log2()) as u8;
        Self {
            shards: (0..SHARDS).map(|_| HashSet::default()).collect(),
            shard_of: (0..SHARES).map(shard).collect(),
            state: RandomState::default(),
            written: None,
        }
    }
}

impl Pairs {
    /// Takes a pair in; `true` if it is new.
    pub(super) fn insert(&mut self, page: PageId, user: UserId) -> bool {
        let share = usize::try_from(self.state.hash_one((page, user)) % SHARES as u64).unwrap_or_default();
        let shard = self.shard_of.get(share).map_or(0, |&shard| usize::from(shard));
        let is_new = self.shards.get_mut(shard).is_some_and(|shard| shard.insert((page, user)));
        if let Some(written) = self.written.as_mut().filter(|_| is_new) {
            written.since.push((page, user));
        }
        is_new
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(HashSet::len).sum()
    }

    /// How many parts of the checkpoint in the database hold pairs of these.
    pub(super) fn written_parts(&self) -> u64 {
        self.written.as_ref().map_or(0, |written| written.parts)
    }

    /// So many parts of the checkpoint in the database now hold every pair.
    pub(super) fn mark_written(&mut self, parts: u64) {
        let mut since = self.written.take().map(|written| written.since).unwrap_or_default();
        since.clear();
        self.written = Some(Written { parts, since });
    }

    /// Whatever is written does not count any more.
    pub(super) fn mark_unwritten(&mut self) {
        self.written = None;
    }

    /// Puts what [`Pairs::unwritten`] hands out in order, as far as that takes no memory.
    pub(super) fn sort_unwritten(&mut self) {
        if let Some(written) = &mut self.written {
            written.since.sort_unstable();
        }
    }

    /// The pairs that are not written, in lists that are sorted and of at most `limit` pairs each.
    pub(super) fn unwritten(&self, limit: usize) -> impl Iterator<Item = Vec<(PageId, UserId)>> {
        let since = self.written.as_ref().map_or(&[][..], |written| &written.since);
        // A set at a time: a sorted copy of all would take as much memory as they do.
        let sets = self.shards.iter().filter(|_| self.written.is_none()).flat_map(move |shard| {
            let mut pairs: Vec<_> = shard.iter().copied().collect();
            pairs.sort_unstable();
            let lists: Vec<_> = pairs.chunks(limit).map(<[_]>::to_vec).collect();
            lists
        });
        since.chunks(limit).map(<[_]>::to_vec).chain(sets)
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
        assert_eq!(pairs.len(), 64_000);
    }

    #[test]
    fn all_pairs_are_handed_out_until_they_are_written_and_then_the_new_ones() {
        let mut pairs = Pairs::default();
        let pair = |number: u32| (PageId(number % 97), UserId(number / 97));
        pairs.extend((0..10_000).map(pair));
        let unwritten = |pairs: &mut Pairs, limit| {
            pairs.sort_unwritten();
            let lists: Vec<_> = pairs.unwritten(limit).collect();
            assert!(lists.iter().all(|list| list.is_sorted() && (1..=limit).contains(&list.len())));
            let mut all = lists.concat();
            all.sort_unstable();
            (lists.len(), all)
        };
        let sorted = |range: std::ops::Range<u32>| {
            let mut all: Vec<_> = range.map(pair).collect();
            all.sort_unstable();
            all
        };
        let (lists, all) = unwritten(&mut pairs, 1_000);
        assert_eq!((lists, all, pairs.written_parts()), (SHARDS, sorted(0..10_000), 0));
        pairs.mark_written(7);
        assert_eq!(unwritten(&mut pairs, 1_000), (0, vec![]));
        pairs.extend((5_000..12_000).map(pair));
        assert_eq!((unwritten(&mut pairs, 1_000), pairs.written_parts()), ((2, sorted(10_000..12_000)), 7));
        pairs.mark_unwritten();
        assert_eq!((unwritten(&mut pairs, 100).1, pairs.written_parts()), (sorted(0..12_000), 0));
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
