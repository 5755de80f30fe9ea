//! The figures of each value of a dimension, of clicks that come in order of time.

use std::cmp::Ordering;

use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};

use crate::engine::local::query::moment::Moment;
use crate::protocol::breakdown::GroupFigures;
use crate::protocol::view::{RowOrder, SortedFigures};
use crate::storage::{StoredClick, UserId};

/// The number of a value: the row id of its text, or the number that [`Values`](super::values::Values) gave it.
pub(super) type ValueId = u32;

/// Where the counts of a value lie.
type Slot = u32;

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// Counts of a group of clicks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) clicks: u64,
    pub(super) users: u64,
    spent_ms: i64,
    spent_count: u64,
}

impl Counts {
    fn spend(&mut self, gap_ms: i64) {
        self.spent_ms += gap_ms;
        self.spent_count += 1;
    }

    fn average_seconds(&self) -> Option<f64> {
        (self.spent_count > 0).then(|| self.spent_ms as f64 / 1000.0 / self.spent_count as f64)
    }

    pub(super) fn figures(&self) -> GroupFigures {
        let Self { clicks, users, spent_count, .. } = *self;
        GroupFigures { clicks, unique_users: users, avg_time_spent: self.average_seconds(), timed: spent_count }
    }
}

/// The counts of one value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub(super) value: ValueId,
    pub(super) counts: Counts,
}

/// The last click of a user so far.
#[derive(Clone, Copy, Debug)]
struct Last {
    /// Milliseconds since 1970.
    time: i64,
    /// `None` if the click is in no group.
    slot: Option<Slot>,
    /// Whether the click is in the total.
    in_total: bool,
    /// Whether any click of the user is in the total.
    is_counted: bool,
}

/// Counts clicks by value.
///
/// It sees every click, also those that are in no group, because the time spent on a click ends with its user's next click of any
/// kind. Users and values can be counted in parts, one after the other: see [`ValueTally::forget_users`].
#[derive(Debug)]
pub(super) struct ValueTally {
    session_timeout_ms: i64,
    groups: Vec<Group>,
    slots: Map<ValueId, Slot>,
    /// Every (value, user) that has a click.
    pairs: HashSet<(Slot, UserId), foldhash::fast::RandomState>,
    last: Map<UserId, Last>,
    moment: Moment,
    total: Counts,
}

impl ValueTally {
    pub(super) fn new(session_timeout_ms: i64) -> Self {
        Self {
            session_timeout_ms,
            groups: Vec::new(),
            slots: HashMap::default(),
            pairs: HashSet::default(),
            last: HashMap::default(),
            moment: Moment::new(),
            total: Counts::default(),
        }
    }

    /// Counts a click that is no older than those before: in the group of `value`, if any, and in the total if `in_total`. Clicks of
    /// one moment come in any order.
    pub(super) fn count(&mut self, click: &StoredClick, value: Option<ValueId>, in_total: bool) {
        let slot = value.map(|value| self.slot(value));
        let Self { session_timeout_ms, groups, pairs, last, moment, total, .. } = self;
        if let Some(slot) = slot
            && let Some(group) = groups.get_mut(slot as usize)
        {
            group.counts.clicks += 1;
            group.counts.users += u64::from(pairs.insert((slot, click.user)));
        }
        total.clicks += u64::from(in_total);
        let is_last = moment.is_last(click);
        let time = click.timestamp.as_millis();
        match last.entry(click.user) {
            Entry::Vacant(entry) => {
                entry.insert(Last { time, slot, in_total, is_counted: in_total });
                total.users += u64::from(in_total);
            }
            Entry::Occupied(mut entry) => {
                let before = entry.get_mut();
                if in_total && !std::mem::replace(&mut before.is_counted, true) {
                    total.users += 1;
                }
                let gap = time - before.time;
                // Of the clicks of one moment only the one with the greatest id has a gap. The others have 0 ms spent.
                let (ended, ended_in_total) = if gap == 0 && !is_last {
                    (slot, in_total)
                } else {
                    before.time = time;
                    (std::mem::replace(&mut before.slot, slot), std::mem::replace(&mut before.in_total, in_total))
                };
                if gap > *session_timeout_ms {
                    return;
                }
                if let Some(group) = ended.and_then(|slot| groups.get_mut(slot as usize)) {
                    group.counts.spend(gap);
                }
                if ended_in_total {
                    total.spend(gap);
                }
            }
        }
    }

    fn slot(&mut self, value: ValueId) -> Slot {
        let Self { slots, groups, .. } = self;
        *slots.entry(value).or_insert_with(|| {
            groups.push(Group { value, counts: Counts::default() });
            // A value has a number of 32 bits, so there are enough slots.
            Slot::try_from(groups.len() - 1).unwrap_or(Slot::MAX)
        })
    }

    /// Ends the count of some of the users. The clicks that follow are of other users.
    pub(super) fn forget_users(&mut self) {
        self.pairs = HashSet::default();
        self.last = HashMap::default();
        self.moment = Moment::new();
    }

    /// Ends the count of some of the values, which leaves their groups behind.
    pub(super) fn take_groups(&mut self) -> Vec<Group> {
        self.forget_users();
        self.slots = HashMap::default();
        std::mem::take(&mut self.groups)
    }

    /// The counts of the clicks in the total.
    pub(super) fn total(&self) -> Counts {
        self.total
    }

    /// Memory that the users take.
    pub(super) fn user_bytes(&self) -> usize {
        self.pairs.allocation_size() + self.last.allocation_size()
    }

    /// Memory that the groups take.
    pub(super) fn group_bytes(&self) -> usize {
        self.groups.capacity() * size_of::<Group>() + self.slots.allocation_size()
    }
}

/// Keeps the first `limit` groups in this order, unsorted.
pub(super) fn keep_first(groups: &mut Vec<Group>, order: RowOrder, limit: usize) {
    if limit < groups.len() {
        groups.select_nth_unstable_by(limit, |a, b| compare(order, a, b));
        groups.truncate(limit);
        groups.shrink_to_fit();
    }
}

/// Sorts groups, the largest first.
pub(super) fn sort_groups(groups: &mut [Group], order: RowOrder) {
    groups.sort_unstable_by(|a, b| compare(order, a, b));
}

fn compare(order: RowOrder, a: &Group, b: &Group) -> Ordering {
    let sorted = |group: &Group| SortedFigures {
        clicks: group.counts.clicks,
        unique_users: group.counts.users,
        average_seconds: group.counts.average_seconds(),
        timed: group.counts.spent_count,
        rise: 0.0,
    };
    // Groups with equal figures keep their order from one count to the next.
    order.compare(&sorted(a), &sorted(b)).then_with(|| a.value.cmp(&b.value))
}
