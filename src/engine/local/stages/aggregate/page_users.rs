//! Every (page, user) that has a click: exact distinct users.

use std::hint::black_box;

use foldhash::fast::RandomState;
use hashbrown::HashSet;
use thin_vec::ThinVec;

use super::by_user::ByUser;
use crate::storage::{PageId, UserId};

/// Pages in a user's own list at most: a longer one would take too long to be searched and moved. Few in tests, which thus
/// meet users of more.
const LISTED: usize = if cfg!(test) { 64 } else { 1024 };

/// A set of pairs.
///
/// A user has few pages next to all that there are, so a sorted list of them costs half of what a hash table of all pairs
/// does, and lies in the processor's caches while the user is there.
#[derive(Debug, Default)]
pub(super) struct PageUsers {
    /// The first pages of each user, sorted.
    lists: ByUser<ThinVec<PageId>>,
    /// The other pages of users that have very many: machines.
    others: HashSet<(PageId, UserId), RandomState>,
    len: usize,
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

impl PageUsers {
    /// Takes a pair in; `true` if it is new.
    pub(super) fn insert(&mut self, page: PageId, user: UserId) -> bool {
        let is_new = self.is_new(page, user);
        if is_new {
            self.len += 1;
            if let Some(written) = &mut self.written {
                written.since.push((page, user));
            }
        }
        is_new
    }

    /// Brings the pages of `user` into the processor's caches.
    pub(super) fn prefetch(&self, user: UserId) {
        if let Some(list) = self.lists.get(user) {
            // Sixteen pages a line of the cache.
            list.iter().step_by(16).for_each(|page| {
                black_box(page.0);
            });
        }
    }

    fn is_new(&mut self, page: PageId, user: UserId) -> bool {
        let Some(list) = self.lists.get_mut(user) else {
            // A single one takes as much of the allocator's room as two.
            let mut list = ThinVec::with_capacity(2);
            list.push(page);
            self.lists.insert(user, list);
            return true;
        };
        let Err(place) = list.binary_search(&page) else { return false };
        let len = list.len();
        if len >= LISTED {
            return self.others.insert((page, user));
        }
        if len == list.capacity() {
            // An eighth more, in whole steps of the allocator's 16 bytes: doubling would leave most of it unused.
            list.reserve_exact((len / 8 + 1).next_multiple_of(4));
        }
        list.insert(place, page);
        true
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
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

    /// Puts what [`PageUsers::unwritten`] hands out in order, as far as that takes no memory.
    pub(super) fn sort_unwritten(&mut self) {
        if let Some(written) = &mut self.written {
            written.since.sort_unstable();
        }
    }

    /// The pairs that are not written, in lists that are sorted and of at most `limit` pairs each.
    pub(super) fn unwritten(&self, limit: usize) -> impl Iterator<Item = Vec<(PageId, UserId)>> {
        let since = self.written.as_ref().map_or(&[][..], |written| &written.since);
        let mut all = self.iter().filter(|_| self.written.is_none());
        // A list at a time: a sorted copy of all would take as much memory as they do.
        let lists = std::iter::from_fn(move || {
            let mut pairs: Vec<_> = all.by_ref().take(limit).collect();
            pairs.sort_unstable();
            (!pairs.is_empty()).then_some(pairs)
        });
        since.chunks(limit).map(<[_]>::to_vec).chain(lists)
    }

    fn iter(&self) -> impl Iterator<Item = (PageId, UserId)> {
        let listed = self.lists.iter().flat_map(|(user, list)| list.iter().map(move |&page| (page, user)));
        listed.chain(self.others.iter().copied())
    }
}

impl Extend<(PageId, UserId)> for PageUsers {
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
        let mut pairs = PageUsers::default();
        for round in [true, false] {
            for number in 0..64_000 {
                assert_eq!(pairs.insert(PageId(number % 97), UserId(number / 97)), round);
            }
        }
        assert_eq!(pairs.len(), 64_000);
    }

    #[test]
    fn all_pairs_are_handed_out_until_they_are_written_and_then_the_new_ones() {
        let mut pairs = PageUsers::default();
        let pair = |number: u32| (PageId(number % 97), UserId(number / 97));
        pairs.extend((0..10_000).map(pair));
        let unwritten = |pairs: &mut PageUsers, limit| {
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
        assert_eq!((lists, all, pairs.written_parts()), (10, sorted(0..10_000), 0));
        pairs.mark_written(7);
        assert_eq!(unwritten(&mut pairs, 1_000), (0, vec![]));
        pairs.extend((5_000..12_000).map(pair));
        assert_eq!((unwritten(&mut pairs, 1_000), pairs.written_parts()), ((2, sorted(10_000..12_000)), 7));
        pairs.mark_unwritten();
        assert_eq!((unwritten(&mut pairs, 100).1, pairs.written_parts()), (sorted(0..12_000), 0));
    }

    #[test]
    fn users_of_very_many_pages_are_exact_too() {
        let mut pairs = PageUsers::default();
        let all = || (0..3_000_u32).map(|page| (PageId(page * 7 % 3_000), UserId(page % 3)));
        pairs.extend(all().chain(all()));
        assert_eq!(pairs.len(), 3_000);
        assert_eq!(pairs.others.len(), 3_000 - 3 * LISTED);
        let handed_out: HashSet<_> = pairs.iter().collect();
        assert_eq!(handed_out, all().collect());
    }

    #[test]
    fn a_pair_takes_little_more_than_its_page() {
        let mut pairs = PageUsers::default();
        for number in 0..1_000_000_u32 {
            pairs.insert(PageId(number / 50_000), UserId(number % 50_000));
        }
        let room: usize = pairs.lists.iter().map(|(_, list)| list.capacity()).sum();
        assert!(room < 1_250_000, "room for {room} pages");
    }
}
