//! The click ids that the aggregation probably needs to compare with later clicks of the same user and moment.

use std::hash::BuildHasher;
use std::hint::black_box;

use foldhash::{fast, quality};
use hashbrown::HashMap;

use crate::storage::{ClickKey, UserId};

/// Slots for the ids of the newest clicks: 2.6 MB. Tests use few slots, so that they also cover ids that are forgotten.
const SLOTS: usize = if cfg!(test) { 32 } else { 1 << 16 };

/// The id of the last click of a user and moment, as far as it is kept. Other ids can be looked up in the store.
///
/// If a moment has several clicks of one user, their last id is kept as long as the visit: with times in whole seconds, busy users
/// have many such moments. For moments with a single click, only the ids of the newest clicks are kept, each until another click
/// needs its slot: clicks of one moment mostly come soon after each other.
#[derive(Debug)]
pub(super) struct LastIds {
    several: HashMap<(UserId, i64), ClickKey, fast::RandomState>,
    newest: Box<[Option<(UserId, i64, ClickKey)>]>,
    /// With some seeds, the fast hash function maps the users of one moment to few slots.
    slots: quality::RandomState,
}

impl Default for LastIds {
    fn default() -> Self {
        Self {
            several: HashMap::default(),
            newest: std::iter::repeat_with(|| None).take(SLOTS).collect(),
            slots: quality::RandomState::default(),
        }
    }
}

impl LastIds {
    /// The id of the last click of `user` at `at`, if it is kept.
    pub(super) fn get(&self, user: UserId, at: i64) -> Option<&ClickKey> {
        self.several.get(&(user, at)).or_else(|| match self.newest.get(self.slot(user, at))? {
            Some((of, when, key)) if (*of, *when) == (user, at) => Some(key),
            _ => None,
        })
    }

    /// Loads the slot of an id into the processor's caches.
    pub(super) fn prefetch(&self, user: UserId, at: i64) {
        black_box(self.newest.get(self.slot(user, at)).is_some_and(Option::is_some));
    }

    /// Keeps the id of the first click of a user and moment.
    pub(super) fn insert_first(&mut self, user: UserId, at: i64, key: ClickKey) {
        let slot = self.slot(user, at);
        if let Some(slot) = self.newest.get_mut(slot) {
            *slot = Some((user, at, key));
        }
    }

    /// Keeps `key` as the last id of several clicks of a user and moment.
    pub(super) fn insert_last_of_several(&mut self, user: UserId, at: i64, key: ClickKey) {
        self.several.insert((user, at), key);
    }

    /// The ids of moments with several clicks, in no order.
    pub(super) fn of_several(&self) -> impl ExactSizeIterator<Item = (UserId, i64, &ClickKey)> {
        self.several.iter().map(|(&(user, at), key)| (user, at, key))
    }

    /// Forgets the moments for which `kept` returns false.
    pub(super) fn retain(&mut self, kept: impl Fn(UserId, i64) -> bool) {
        self.several.retain(|&(user, at), _| kept(user, at));
        if self.several.len() < self.several.capacity() / 2 {
            self.several.shrink_to_fit();
        }
    }

    /// Forgets one moment.
    pub(super) fn forget(&mut self, user: UserId, at: i64) {
        self.several.remove(&(user, at));
    }

    fn slot(&self, user: UserId, at: i64) -> usize {
        usize::try_from(self.slots.hash_one((user, at)) % SLOTS as u64).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_single_clicks_are_replaced_and_those_of_several_clicks_stay() {
        let mut keys = LastIds::default();
        let key = |number: i64| ClickKey::new(&format!("click {number}"));
        keys.insert_first(UserId(1), -1, key(1));
        keys.insert_last_of_several(UserId(1), -1, key(2));
        for at in 0..1_000 {
            keys.insert_first(UserId(1), at, key(at));
        }
        assert_eq!(keys.get(UserId(1), 999), Some(&key(999)));
        assert_eq!((keys.get(UserId(1), -1), keys.get(UserId(2), 999)), (Some(&key(2)), None));
        assert!((0..1_000).filter(|&at| keys.get(UserId(1), at).is_some()).count() <= SLOTS);
        keys.retain(|_, at| at >= 0);
        assert_eq!(keys.get(UserId(1), -1), None);
    }
}
