//! Each user's recent clicks in the order of their time: what a late click's correction needs.

use hashbrown::HashMap;

use crate::storage::{ClickKey, PageId, UserId};

/// Clicks kept of one user at most. It bounds the cost of a click that arrives out of order.
const KEPT_PER_USER: usize = 8192;

/// One click of a user.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Visit {
    /// Milliseconds since 1970.
    pub at: i64,
    /// Orders clicks of the same moment.
    pub key: ClickKey,
    /// Where its time spent is counted.
    pub page: PageId,
}

impl Visit {
    fn sorts_before(&self, other: &Self) -> bool {
        (self.at, &self.key) < (other.at, &other.key)
    }
}

/// Where a visit falls among its user's others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Before everything that is still kept: its neighbours are not known.
    Late,
    /// Between these two; `None` means that there is none.
    Between {
        /// The user's click before it: when and on which page.
        before: Option<(i64, PageId)>,
        /// The user's click after it.
        after: Option<i64>,
    },
}

/// The kept clicks of every user, within a budget.
///
/// When the budget is spent, the oldest clicks by event time are dropped, but never a user's newest one. What is dropped
/// depends only on the sequence of clicks, so that a replay of that sequence leads to the same state.
#[derive(Debug)]
pub(super) struct Recent {
    users: HashMap<UserId, Timeline, foldhash::fast::RandomState>,
    kept: usize,
    budget: usize,
    evict_at: usize,
}

/// One user's kept clicks, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Timeline {
    visits: Vec<Visit>,
    /// Older clicks than the first were dropped.
    dropped: bool,
}

impl Timeline {
    fn insert(&mut self, visit: Visit) -> Place {
        let at = self.visits.iter().rposition(|other| other.sorts_before(&visit)).map_or(0, |before| before + 1);
        if at == 0 && self.dropped {
            return Place::Late;
        }
        let before = at.checked_sub(1).and_then(|before| self.visits.get(before)).map(|visit| (visit.at, visit.page));
        let after = self.visits.get(at).map(|visit| visit.at);
        if self.visits.len() == self.visits.capacity() {
            // Most users have a click or two; doubling from four would waste most of the memory.
            self.visits.reserve_exact(self.visits.len() / 2 + 1);
        }
        self.visits.insert(at, visit);
        Place::Between { before, after }
    }

    /// Drops the `count` oldest; how many went.
    fn drop_oldest(&mut self, count: usize) -> usize {
        let count = count.min(self.visits.len().saturating_sub(1));
        if count > 0 {
            self.visits.drain(..count);
            self.visits.shrink_to_fit();
            self.dropped = true;
        }
        count
    }

    fn drop_before(&mut self, cut: i64) -> usize {
        self.drop_oldest(self.visits.partition_point(|visit| visit.at < cut))
    }
}

impl Recent {
    pub(super) fn new(budget: u64) -> Self {
        let mut recent = Self { users: HashMap::default(), kept: 0, budget: 0, evict_at: 0 };
        recent.set_budget(budget);
        recent
    }

    /// Keeps about `budget` clicks from here on.
    pub(super) fn set_budget(&mut self, budget: u64) {
        self.budget = usize::try_from(budget).unwrap_or(usize::MAX / 2).max(1);
        self.evict_at = self.budget;
        self.evict_if_full();
    }

    /// Puts a click in its place.
    pub(super) fn insert(&mut self, user: UserId, visit: Visit) -> Place {
        let timeline = self.users.entry(user).or_default();
        let place = timeline.insert(visit);
        if place != Place::Late {
            self.kept += 1;
            if timeline.visits.len() > KEPT_PER_USER {
                self.kept -= timeline.drop_oldest(KEPT_PER_USER / 4);
            }
            self.evict_if_full();
        }
        place
    }

    /// Drops the oldest quarter once the budget is spent.
    fn evict_if_full(&mut self) {
        if self.kept <= self.evict_at {
            return;
        }
        let mut times: Vec<i64> = self.users.values().flat_map(|user| &user.visits).map(|visit| visit.at).collect();
        let surplus = times.len().saturating_sub(self.budget / 4 * 3).min(times.len() - 1);
        let (_, &mut cut, _) = times.select_nth_unstable(surplus);
        for user in self.users.values_mut() {
            self.kept -= user.drop_before(cut);
        }
        // Every user's newest click stays. Where that alone exceeds the budget, the next sweep waits for another quarter,
        // so that its cost stays a constant a click.
        self.evict_at = self.budget.max(self.kept + self.budget / 4);
    }

    /// Every user with the kept clicks, in no order.
    pub(super) fn timelines(&self) -> impl Iterator<Item = (UserId, &Timeline)> {
        self.users.iter().map(|(&user, timeline)| (user, timeline))
    }

    /// What besides the timelines decides the next eviction.
    pub(super) fn evict_at(&self) -> u64 {
        self.evict_at as u64
    }

    /// Takes back what [`Recent::timelines`] and [`Recent::evict_at`] told.
    pub(super) fn restore(&mut self, timelines: impl IntoIterator<Item = (UserId, Timeline)>) {
        for (user, timeline) in timelines {
            self.kept += timeline.visits.len();
            self.users.insert(user, timeline);
        }
    }

    /// Goes on evicting exactly where the state that was saved would have.
    pub(super) fn set_budget_and_threshold(&mut self, budget: u64, evict_at: u64) {
        self.budget = usize::try_from(budget).unwrap_or(usize::MAX / 2).max(1);
        self.evict_at = usize::try_from(evict_at).unwrap_or(usize::MAX / 2).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(at: i64) -> Visit {
        Visit { at, key: ClickKey::new(&at.to_string()), page: PageId(1) }
    }

    #[test]
    fn a_click_between_two_others_meets_both() {
        let mut recent = Recent::new(100);
        recent.insert(UserId(1), visit(10));
        recent.insert(UserId(1), visit(30));
        let place = recent.insert(UserId(1), visit(20));
        assert_eq!(place, Place::Between { before: Some((10, PageId(1))), after: Some(30) });
        assert_eq!(recent.insert(UserId(2), visit(20)), Place::Between { before: None, after: None });
    }

    #[test]
    fn the_budget_holds_and_only_what_precedes_the_kept_is_late() {
        let mut recent = Recent::new(100);
        for at in 0..10_000 {
            assert_ne!(recent.insert(UserId((at % 7) as u32), visit(at)), Place::Late);
            assert!(recent.kept <= 101, "{}", recent.kept);
        }
        assert_eq!(recent.insert(UserId(0), visit(5)), Place::Late);
        assert!(matches!(recent.insert(UserId(99), visit(5)), Place::Between { .. }));
    }

    #[test]
    fn more_users_than_budget_keep_their_newest_click() {
        let mut recent = Recent::new(10);
        for user in 0..1000 {
            recent.insert(UserId(user), visit(i64::from(user)));
        }
        assert_eq!(recent.kept, 1000);
        let place = recent.insert(UserId(3), visit(2000));
        assert_eq!(place, Place::Between { before: Some((3, PageId(1))), after: None });
    }

    #[test]
    fn one_busy_user_is_bounded() {
        let mut recent = Recent::new(1_000_000);
        for at in 0..20_000 {
            recent.insert(UserId(1), visit(at));
            assert!(recent.kept <= KEPT_PER_USER);
        }
    }
}
