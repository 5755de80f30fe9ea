//! The set of every (page, user) that has a click. It counts unique users exactly.

use std::hint::black_box;

use foldhash::fast::RandomState;
use hashbrown::HashSet;
use thin_vec::ThinVec;

use super::by_user::ByUser;
use crate::storage::{PageId, UserId};

/// The most pages in a user's list: searching and moving a longer list would take too long. Tests use a small number, so that
/// they also cover users with more pages.
const MAX_LISTED_PAGES: usize = if cfg!(test) { 64 } else { 1024 };

/// A set of (page, user) pairs.
///
/// Each user has clicked on few of all pages, so a sorted list of pages for each user takes half the memory of a hash table of
/// all pairs, and fits into the processor's caches while that user clicks.
#[derive(Debug, Default)]
pub(super) struct PageUsers {
    /// The first pages of each user, sorted.
    lists: ByUser<ThinVec<PageId>>,
    /// The other pages of users with very many pages, such as robots.
    others: HashSet<(PageId, UserId), RandomState>,
    len: usize,
    /// Which pairs the checkpoint in the database holds; `None` if it holds none.
    written: Option<Written>,
}

/// Pairs are never removed, so a checkpoint only adds the pairs that are new since the last one.
#[derive(Debug)]
struct Written {
    /// How many parts of the checkpoint, from the first on, hold pairs.
    parts: u64,
    /// The pairs that are new since then.
    since: Vec<(PageId, UserId)>,
}

impl PageUsers {
    /// Adds a pair. Returns whether it is new.
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

    /// Loads the pages of `user` into the processor's caches.
    pub(super) fn prefetch(&self, user: UserId) {
        if let Some(list) = self.lists.get(user) {
            // A cache line holds 16 pages.
            list.iter().step_by(16).for_each(|page| {
                black_box(page.0);
            });
        }
    }

    fn is_new(&mut self, page: PageId, user: UserId) -> bool {
        let Some(list) = self.lists.get_mut(user) else {
            // The allocator needs as much memory for one page as for two.
            let mut list = ThinVec::with_capacity(2);
            list.push(page);
            self.lists.insert(user, list);
            return true;
        };
        let Err(place) = list.binary_search(&page) else { return false };
        let len = list.len();
        if len >= MAX_LISTED_PAGES {
            return self.others.insert((page, user));
        }
        if len == list.capacity() {
            // Grow by an eighth, in the allocator's steps of 16 bytes: doubling would leave most of the memory unused.
            list.reserve_exact((len / 8 + 1).next_multiple_of(4));
        }
        list.insert(place, page);
        true
    }

    /// How many pairs there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many parts of the checkpoint in the database hold pairs.
    pub(super) fn written_parts(&self) -> u64 {
        self.written.as_ref().map_or(0, |written| written.parts)
    }

    /// Notes that the first `parts` parts of the checkpoint in the database hold every pair.
    pub(super) fn mark_written(&mut self, parts: u64) {
        let mut since = self.written.take().map(|written| written.since).unwrap_or_default();
        since.clear();
        self.written = Some(Written { parts, since });
    }

    /// Notes that the checkpoint in the database cannot be extended: all pairs must be written again.
    pub(super) fn mark_unwritten(&mut self) {
        self.written = None;
    }

    /// Sorts the pairs that [`PageUsers::unwritten`] returns, as far as this takes no memory.
    pub(super) fn sort_unwritten(&mut self) {
        if let Some(written) = &mut self.written {
            written.since.sort_unstable();
        }
    }

    /// The pairs that the checkpoint in the database does not hold, in sorted lists of at most `limit` pairs.
    pub(super) fn unwritten(&self, limit: usize) -> impl Iterator<Item = Vec<(PageId, UserId)>> {
        let since = self.written.as_ref().map_or(&[][..], |written| &written.since);
        let mut all = self.iter().filter(|_| self.written.is_none());
        // One list at a time: a sorted copy of all pairs would double the memory.
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
    fn all_pairs_are_unwritten_until_they_are_written_and_then_only_new_ones() {
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
    fn users_with_very_many_pages_are_counted_exactly() {
        let mut pairs = PageUsers::default();
        let all = || (0..3_000_u32).map(|page| (PageId(page * 7 % 3_000), UserId(page % 3)));
        pairs.extend(all().chain(all()));
        assert_eq!(pairs.len(), 3_000);
        assert_eq!(pairs.others.len(), 3_000 - 3 * MAX_LISTED_PAGES);
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
