//! Each user's recent visits in order of time: a late click needs them to correct the time spent.

use std::hint::black_box;

use super::by_user::ByUser;
use super::last_ids::LastIds;
use super::timeline::{Spot, Timeline, Visit};
use crate::storage::{ClickKey, PageId, UserId};

/// The most visits kept for one user. This bounds the cost of a click that arrives out of order.
const KEPT_PER_USER: usize = 8192;

/// Parts into which a range of time is divided to find the visits that must go.
const BUCKETS: usize = 4096;

/// The neighbours of a new click among the clicks of its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Neighbors {
    /// The click is older than everything that is kept of its user, so its neighbours are not known.
    Late,
    /// The click lies between these two. `None` if there is no such click, or if it changes nothing.
    Between {
        /// The time and page of the user's click before it.
        before: Option<(i64, PageId)>,
        /// The time of the user's click after it.
        after: Option<i64>,
    },
}

/// The recent visits of every user, within a budget.
///
/// When the budget is spent, the oldest visits by event time are dropped, but never a user's newest visit. The choice depends
/// only on the sequence of clicks, so a replay of that sequence leads to the same state.
///
/// A visit takes 12 bytes, or up to twice as much after an eviction. A user takes 24 bytes, and 24 more if it has several
/// visits. A moment with several clicks of one user takes some 50 bytes more for the id of the last click.
#[derive(Debug)]
pub(super) struct RecentVisits {
    users: ByUser<Timeline>,
    keys: LastIds,
    /// How many visits are kept.
    kept: usize,
    /// How many visits may be kept.
    budget: usize,
    /// The next eviction comes when more visits than this are kept.
    evict_at: usize,
}

impl RecentVisits {
    pub(super) fn new(budget: u64) -> Self {
        let mut recent = Self { users: ByUser::default(), keys: LastIds::default(), kept: 0, budget: 0, evict_at: 0 };
        recent.set_budget(budget);
        recent
    }

    /// Keeps about `budget` visits from now on.
    pub(super) fn set_budget(&mut self, budget: u64) {
        self.budget = usize::try_from(budget).unwrap_or(usize::MAX / 2).max(1);
        self.evict_at = self.budget;
        self.evict_if_full();
    }

    /// Whether a click of `user` at `at` must be compared with another click whose id is not kept. Then the caller calls
    /// [`RecentVisits::learn`] before [`RecentVisits::insert`].
    pub(super) fn lacks_key(&self, user: UserId, at: i64) -> bool {
        let is_tie = |timeline: &Timeline| matches!(timeline.spot(at), Spot::Taken(_));
        self.users.get(user).is_some_and(is_tie) && self.keys.get(user, at).is_none()
    }

    /// Keeps `last` as the id of the last click of `user` at `at` so far.
    pub(super) fn learn(&mut self, user: UserId, at: i64, last: ClickKey) {
        self.keys.insert_last_of_several(user, at, last);
    }

    /// Loads the state for a click of `user` at `at` into the processor's caches.
    pub(super) fn prefetch(&self, user: UserId, at: i64) {
        if let Some(timeline) = self.users.get(user) {
            black_box(timeline.len().checked_sub(2).and_then(|number| timeline.get(number)));
        }
        self.keys.prefetch(user, at);
    }

    /// Adds a click. Returns its neighbours.
    pub(super) fn insert(&mut self, user: UserId, visit: Visit, key: ClickKey) -> Neighbors {
        let at = visit.at;
        let Some(timeline) = self.users.get_mut(user) else {
            self.users.insert(user, Timeline::new(visit));
            self.keys.insert_first(user, at, key);
            self.kept += 1;
            self.evict_if_full();
            return Neighbors::Between { before: None, after: None };
        };
        match timeline.spot(at) {
            Spot::Late => Neighbors::Late,
            Spot::Free(number) => {
                let before = number.checked_sub(1).and_then(|before| timeline.get(before));
                let after = timeline.get(number).map(|visit| visit.at);
                timeline.insert(number, visit);
                self.keys.insert_first(user, at, key);
                self.kept += 1;
                if timeline.len() > KEPT_PER_USER {
                    for dropped in timeline.iter().take(KEPT_PER_USER / 4) {
                        self.keys.forget(user, dropped.at);
                    }
                    self.kept -= timeline.drop_oldest(KEPT_PER_USER / 4);
                }
                self.evict_if_full();
                Neighbors::Between { before: before.map(|visit| (visit.at, visit.page)), after }
            }
            Spot::Taken(number) => {
                if let Some(last) = self.keys.get(user, at).filter(|last| **last > key).cloned() {
                    // `last` remains the last click of the moment; the new click has 0 ms spent.
                    self.keys.insert_last_of_several(user, at, last);
                    return Neighbors::Between { before: None, after: Some(at) };
                }
                let before = timeline.get(number).map(|last| (at, last.page));
                let after = timeline.get(number + 1).map(|visit| visit.at);
                timeline.set_page(number, visit.page);
                self.keys.insert_last_of_several(user, at, key);
                Neighbors::Between { before, after }
            }
        }
    }

    /// Drops the oldest quarter once the budget is spent.
    fn evict_if_full(&mut self) {
        if self.kept > self.evict_at {
            self.drop_before(self.cut());
            // Every user's newest visit stays. If those alone exceed the budget, the next eviction waits for another quarter of
            // the budget, so that the cost for each click stays constant.
            self.evict_at = self.budget.max(self.kept + self.budget / 4);
        }
    }

    fn drop_before(&mut self, cut: i64) {
        for timeline in self.users.values_mut() {
            self.kept -= timeline.drop_before(cut);
        }
        let users = &self.users;
        self.keys.retain(|user, at| users.get(user).is_some_and(|timeline| timeline.begin() <= at));
    }

    /// The time before which visits must go, so that about three quarters of the budget remain. It may keep a few more visits if
    /// that saves a pass over all of them. This counts visits in ever finer parts of the time, because a sorted copy of all times
    /// would take as much memory as the visits.
    fn cut(&self) -> i64 {
        let times = || self.users.iter().flat_map(|(_, timeline)| timeline.iter()).map(|visit| visit.at);
        let surplus = self.kept.saturating_sub(self.budget / 4 * 3).min(self.kept.saturating_sub(1));
        let (oldest, newest) = self.users.iter().fold((i64::MAX, i64::MIN), |(oldest, newest), (_, timeline)| {
            (oldest.min(timeline.begin()), newest.max(timeline.end()))
        });
        let (mut low, mut span, mut before) = (oldest, newest.abs_diff(oldest), 0);
        loop {
            let width = span / BUCKETS as u64 + 1;
            let mut counts = [0_usize; BUCKETS];
            for at in times().filter(|&at| at >= low && at.abs_diff(low) <= span) {
                let bucket = usize::try_from(at.abs_diff(low) / width).unwrap_or(BUCKETS);
                if let Some(count) = counts.get_mut(bucket) {
                    *count += 1;
                }
            }
            let mut within = 0;
            for count in counts {
                within = count;
                if before + count > surplus {
                    break;
                }
                before += count;
                low = low.saturating_add_unsigned(width);
            }
            if width == 1 || within <= self.budget / 64 {
                return low;
            }
            span = width - 1;
        }
    }

    /// Every user with the kept visits, by row id.
    pub(super) fn timelines(&self) -> impl Iterator<Item = (UserId, &Timeline)> {
        self.users.iter()
    }

    /// The last id of each moment that has several clicks of one user, in no order.
    pub(super) fn keys(&self) -> impl ExactSizeIterator<Item = (UserId, i64, &ClickKey)> {
        self.keys.of_several()
    }

    /// How many visits are kept.
    pub(super) fn len(&self) -> usize {
        self.kept
    }

    /// How many visits trigger the next eviction. Together with the timelines, this determines what it drops.
    pub(super) fn evict_at(&self) -> u64 {
        self.evict_at as u64
    }

    /// Adds a timeline that was read from a checkpoint.
    pub(super) fn restore(&mut self, user: UserId, timeline: Timeline) {
        self.kept += timeline.len();
        self.users.insert(user, timeline);
    }

    /// Sets the budget and the next eviction as they were when the checkpoint was written.
    pub(super) fn set_budget_and_threshold(&mut self, budget: u64, evict_at: u64) {
        self.budget = usize::try_from(budget).unwrap_or(usize::MAX / 2).max(1);
        self.evict_at = usize::try_from(evict_at).unwrap_or(usize::MAX / 2).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(recent: &mut RecentVisits, user: u32, at: i64) -> Neighbors {
        recent.insert(UserId(user), Visit { at, page: PageId(1) }, ClickKey::new(&at.to_string()))
    }

    #[test]
    fn a_click_between_two_others_gets_both_as_neighbors() {
        let mut recent = RecentVisits::new(100);
        insert(&mut recent, 1, 10);
        insert(&mut recent, 1, 30);
        let place = insert(&mut recent, 1, 20);
        assert_eq!(place, Neighbors::Between { before: Some((10, PageId(1))), after: Some(30) });
        assert_eq!(insert(&mut recent, 2, 20), Neighbors::Between { before: None, after: None });
    }

    #[test]
    fn only_the_last_click_of_a_moment_is_followed_by_a_later_moment() {
        let mut recent = RecentVisits::new(100);
        let mut go = |at, key: &str, page| {
            // The id of the first click may have made room for the second's, whose moment is another.
            if recent.lacks_key(UserId(1), at) {
                recent.learn(UserId(1), at, ClickKey::new("b"));
            }
            recent.insert(UserId(1), Visit { at, page: PageId(page) }, ClickKey::new(key))
        };
        go(10, "b", 1);
        go(20, "a", 2);
        let first = Neighbors::Between { before: None, after: Some(10) };
        assert_eq!((go(10, "a", 3), go(10, "aa", 3)), (first, first));
        assert_eq!(go(10, "d", 4), Neighbors::Between { before: Some((10, PageId(1))), after: Some(20) });
        assert_eq!(go(10, "c", 5), first);
        assert_eq!(go(15, "a", 6), Neighbors::Between { before: Some((10, PageId(4))), after: Some(20) });
        assert_eq!(recent.len(), 3);
    }

    #[test]
    fn the_budget_is_kept_and_only_clicks_before_the_kept_visits_are_late() {
        let mut recent = RecentVisits::new(100);
        for at in 0..10_000 {
            assert_ne!(insert(&mut recent, (at % 7) as u32, at), Neighbors::Late);
            assert!(recent.kept <= 101, "{}", recent.kept);
        }
        assert_eq!(insert(&mut recent, 0, 5), Neighbors::Late);
        assert!(matches!(insert(&mut recent, 99, 5), Neighbors::Between { .. }));
    }

    #[test]
    fn an_eviction_drops_a_quarter_even_with_outliers_in_time() {
        for outlier in [0, i64::MIN, i64::MAX] {
            let mut recent = RecentVisits::new(10_000);
            insert(&mut recent, 1, outlier);
            for at in 1..=10_000 {
                insert(&mut recent, (at % 100) as u32, 1_700_000_000_000 + at * 37);
            }
            assert!((7_500..7_700).contains(&recent.kept), "{} with {outlier}", recent.kept);
        }
    }

    #[test]
    fn an_eviction_keeps_every_users_newest_visit_even_at_one_moment() {
        let mut recent = RecentVisits::new(100);
        for user in 0..500 {
            insert(&mut recent, user, 7);
            insert(&mut recent, user, 7);
        }
        assert_eq!(recent.kept, 500);
    }

    #[test]
    fn more_users_than_budget_keep_their_newest_click() {
        let mut recent = RecentVisits::new(10);
        for user in 0..1000 {
            insert(&mut recent, user, i64::from(user));
        }
        assert_eq!(recent.kept, 1000);
        let place = insert(&mut recent, 3, 2000);
        assert_eq!(place, Neighbors::Between { before: Some((3, PageId(1))), after: None });
    }

    #[test]
    fn the_visits_and_ids_of_a_busy_user_are_bounded() {
        let mut recent = RecentVisits::new(1_000_000);
        for at in 0..20_000 {
            insert(&mut recent, 1, at);
            insert(&mut recent, 1, at);
            assert!(recent.kept <= KEPT_PER_USER);
            assert_eq!(recent.keys().len(), recent.kept);
        }
    }

    #[test]
    fn ids_are_kept_as_long_as_the_visit_of_their_moment() {
        let mut recent = RecentVisits::new(100);
        for at in 0..1_000 {
            insert(&mut recent, 1, at);
            insert(&mut recent, 1, at);
            insert(&mut recent, 2, at);
        }
        let begin = recent.users.get(UserId(1)).unwrap().begin();
        let mut times: Vec<i64> = recent.keys().map(|(_, at, _)| at).collect();
        times.sort_unstable();
        assert_eq!(times, (begin..1_000).collect::<Vec<_>>());
        assert!(!recent.lacks_key(UserId(1), begin));
        assert!((begin..1_000).any(|at| recent.lacks_key(UserId(2), at)));
        assert!(!recent.lacks_key(UserId(2), 1_000));
        recent.drop_before(i64::MAX);
        assert_eq!((recent.kept, recent.keys().len()), (2, 1));
    }
}
