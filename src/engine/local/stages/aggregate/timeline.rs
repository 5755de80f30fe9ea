//! One user's visits in order of time.

use std::cmp::Ordering;

use thin_vec::ThinVec;

use crate::storage::PageId;

/// All clicks of one user at one moment.
///
/// All of them but the one with the greatest id have 0 ms spent. That is counted when they arrive and never corrected, so only the
/// page of that last click is kept.
// Packed into 12 bytes instead of 16: there are millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(Rust, packed(4))]
pub(super) struct Visit {
    /// Milliseconds since 1970.
    pub at: i64,
    /// Where the time spent until the next visit is counted.
    pub page: PageId,
}

/// Where a moment belongs among a user's visits, which are numbered from the oldest, starting with 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// Before the oldest visit, where older visits were dropped.
    Late,
    /// Between two visits: before the visit of this number.
    Free(usize),
    /// The visit of this number is of the same moment.
    Taken(usize),
}

/// One user's kept visits: 24 bytes, and for a user with several visits a header of 16 bytes and 12 bytes for each older visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Timeline {
    older: ThinVec<Visit>,
    /// Kept apart: most clicks come in order of time and need only this, and a user with a single visit needs no allocation.
    newest: Visit,
    /// Whether older visits were dropped.
    dropped: bool,
}

impl Timeline {
    pub(super) fn new(visit: Visit) -> Self {
        Self { older: ThinVec::new(), newest: visit, dropped: false }
    }

    /// A timeline of `visits`, oldest first; `None` if there are none.
    pub(super) fn restored(visits: impl IntoIterator<Item = Visit>, dropped: bool) -> Option<Self> {
        let mut older: ThinVec<Visit> = visits.into_iter().collect();
        let newest = older.pop()?;
        older.shrink_to_fit();
        Some(Self { older, newest, dropped })
    }

    pub(super) fn len(&self) -> usize {
        self.older.len() + 1
    }

    /// The visits, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = Visit> {
        self.older.iter().copied().chain(std::iter::once(self.newest))
    }

    /// Whether older visits were dropped.
    pub(super) fn is_cut(&self) -> bool {
        self.dropped
    }

    /// The time of the oldest visit.
    pub(super) fn begin(&self) -> i64 {
        self.older.first().map_or(self.newest.at, |visit| visit.at)
    }

    /// The time of the newest visit.
    pub(super) fn end(&self) -> i64 {
        self.newest.at
    }

    pub(super) fn spot(&self, at: i64) -> Spot {
        match at.cmp(&{ self.newest.at }) {
            Ordering::Greater => Spot::Free(self.len()),
            Ordering::Equal => Spot::Taken(self.older.len()),
            Ordering::Less => match self.older.binary_search_by_key(&at, |visit| visit.at) {
                Ok(number) => Spot::Taken(number),
                Err(0) if self.dropped => Spot::Late,
                Err(number) => Spot::Free(number),
            },
        }
    }

    pub(super) fn get(&self, number: usize) -> Option<Visit> {
        if number == self.older.len() { Some(self.newest) } else { self.older.get(number).copied() }
    }

    /// Inserts a visit where [`Timeline::spot`] has found [`Spot::Free`].
    pub(super) fn insert(&mut self, number: usize, visit: Visit) {
        let len = self.older.len();
        if len == self.older.capacity() {
            // Most users have one or two clicks; starting with room for four would waste most of the memory.
            self.older.reserve_exact(len / 2 + 1);
        }
        if number > len {
            self.older.push(std::mem::replace(&mut self.newest, visit));
        } else {
            self.older.insert(number, visit);
        }
    }

    /// Changes the page of a visit, for a click of the same moment with a greater id.
    pub(super) fn set_page(&mut self, number: usize, page: PageId) {
        if number == self.older.len() {
            self.newest.page = page;
        } else if let Some(visit) = self.older.get_mut(number) {
            visit.page = page;
        }
    }

    /// Drops the `count` oldest visits, but never the newest. Returns how many were dropped.
    pub(super) fn drop_oldest(&mut self, count: usize) -> usize {
        let count = count.min(self.older.len());
        if count > 0 {
            self.older.drain(..count);
            self.dropped = true;
            // If less than half is unused, the next visits will fill it.
            if self.older.len() < self.older.capacity() / 2 {
                self.older.shrink_to_fit();
            }
        }
        count
    }

    /// Drops the visits before `cut`, but never the newest. Returns how many were dropped.
    pub(super) fn drop_before(&mut self, cut: i64) -> usize {
        self.drop_oldest(self.older.partition_point(|visit| visit.at < cut))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(at: i64) -> Visit {
        Visit { at, page: PageId(1) }
    }

    fn timeline(times: &[i64]) -> Timeline {
        Timeline::restored(times.iter().map(|&at| visit(at)), false).unwrap()
    }

    #[test]
    fn a_visit_takes_twelve_bytes_and_a_user_of_one_no_allocation() {
        assert_eq!((size_of::<Visit>(), size_of::<Option<Timeline>>()), (12, 24));
        assert_eq!(Timeline::new(visit(1)).older.capacity(), 0);
    }

    #[test]
    fn a_moment_is_found_before_between_after_and_at_the_visits() {
        let mut timeline = timeline(&[10, 20, 30]);
        let spots = [5, 10, 15, 25, 30, 31].map(|at| timeline.spot(at));
        use Spot::{Free, Late, Taken};
        assert_eq!(spots, [Free(0), Taken(0), Free(1), Free(2), Taken(2), Free(3)]);
        assert_eq!(timeline.drop_before(20), 1);
        assert_eq!([5, 10, 19, 20, 21].map(|at| timeline.spot(at)), [Late, Late, Late, Taken(0), Free(1)]);
        assert_eq!((timeline.drop_oldest(9), timeline.spot(29), timeline.spot(30)), (1, Late, Taken(0)));
    }

    #[test]
    fn visits_stay_in_order_wherever_they_are_put() {
        let mut timeline = Timeline::new(visit(20));
        for at in [30, 10, 25, 15, 40] {
            let Spot::Free(number) = timeline.spot(at) else { panic!("{at} is free") };
            timeline.insert(number, visit(at));
        }
        timeline.set_page(1, PageId(7));
        timeline.set_page(5, PageId(8));
        let all: Vec<_> = timeline.iter().map(|visit| (visit.at, visit.page.0)).collect();
        assert_eq!(all, [(10, 1), (15, 7), (20, 1), (25, 1), (30, 1), (40, 8)]);
        assert_eq!((timeline.begin(), timeline.len(), timeline.get(6)), (10, 6, None));
    }
}
