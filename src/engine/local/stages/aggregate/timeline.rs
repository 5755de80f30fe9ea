//! One user's visits in the order of their time.

use std::cmp::Ordering;

use thin_vec::ThinVec;

use crate::storage::PageId;

/// The clicks of a user in one moment.
///
/// All but the last of them, in the order of their ids, have no time spent beyond 0, which is counted when they come and is
/// never corrected. So the page of the last is all that a later click can need.
// Packed: 12 bytes rather than 16, of which there are millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(Rust, packed(4))]
pub(super) struct Visit {
    /// Milliseconds since 1970.
    pub at: i64,
    /// Where the time spent until the next visit is counted.
    pub page: PageId,
}

/// Where a moment falls among a user's visits, which are numbered from the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// Before everything that is still kept.
    Late,
    /// Between two visits: that of this number would come after it.
    Free(usize),
    /// This visit is of that moment.
    Taken(usize),
}

/// One user's kept visits: 24 bytes, and for all but the newest of them 12 bytes each behind a header of 16.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Timeline {
    older: ThinVec<Visit>,
    /// Most clicks come in the order of their time and need no look further, and users of a single visit no allocation.
    newest: Visit,
    /// Visits before the first that is kept were dropped.
    dropped: bool,
}

impl Timeline {
    pub(super) fn new(visit: Visit) -> Self {
        Self { older: ThinVec::new(), newest: visit, dropped: false }
    }

    /// Takes back `visits`, oldest first; `None` if there are none.
    pub(super) fn restored(visits: impl IntoIterator<Item = Visit>, dropped: bool) -> Option<Self> {
        let mut older: ThinVec<Visit> = visits.into_iter().collect();
        let newest = older.pop()?;
        older.shrink_to_fit();
        Some(Self { older, newest, dropped })
    }

    pub(super) fn len(&self) -> usize {
        self.older.len() + 1
    }

    /// Oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = Visit> {
        self.older.iter().copied().chain(std::iter::once(self.newest))
    }

    /// Whether visits before the first that is kept were dropped.
    pub(super) fn is_cut(&self) -> bool {
        self.dropped
    }

    /// The time of the oldest.
    pub(super) fn begin(&self) -> i64 {
        self.older.first().map_or(self.newest.at, |visit| visit.at)
    }

    /// The time of the newest.
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

    /// Puts a visit where [`Timeline::spot`] found it a free one.
    pub(super) fn insert(&mut self, number: usize, visit: Visit) {
        let len = self.older.len();
        if len == self.older.capacity() {
            // Most users have a click or two; doubling from four would waste most of the memory.
            self.older.reserve_exact(len / 2 + 1);
        }
        if number > len {
            self.older.push(std::mem::replace(&mut self.newest, visit));
        } else {
            self.older.insert(number, visit);
        }
    }

    /// A later click of the same moment.
    pub(super) fn set_page(&mut self, number: usize, page: PageId) {
        if number == self.older.len() {
            self.newest.page = page;
        } else if let Some(visit) = self.older.get_mut(number) {
            visit.page = page;
        }
    }

    /// Drops the `count` oldest, but never the newest. How many went.
    pub(super) fn drop_oldest(&mut self, count: usize) -> usize {
        let count = count.min(self.older.len());
        if count > 0 {
            self.older.drain(..count);
            self.dropped = true;
            // Where little is unused, the next visits fill it.
            if self.older.len() < self.older.capacity() / 2 {
                self.older.shrink_to_fit();
            }
        }
        count
    }

    /// Drops what is older than `cut`, but never the newest. How many went.
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
    fn a_moment_is_found_between_before_after_and_at_the_others() {
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
