//! The ids of the clicks that others of the same user and moment are likely to be compared with.

use std::hash::BuildHasher;
use std::hint::black_box;

use foldhash::{fast, quality};
use hashbrown::HashMap;

use crate::storage::{ClickKey, UserId};

/// Places for the ids of the newest clicks: 2.6 MB. Few in tests, which thus meet ids that are forgotten.
const NEWEST: usize = if cfg!(test) { 32 } else { 1 << 16 };

/// The id of the last click of a moment, as far as it is kept: whatever is not can be looked up in the store.
///
/// A moment that has had several clicks of one user keeps its id as long as its visit is kept: where time is told in seconds,
/// a busy user has many such. Of the others, the ids of the newest clicks are kept as they come, each until another takes its
/// place: clicks of one moment mostly come one soon after the other.
#[derive(Debug)]
pub(super) struct LastIds {
    shared: HashMap<(UserId, i64), ClickKey, fast::RandomState>,
    newest: Box<[Option<(UserId, i64, ClickKey)>]>,
    /// The fast one puts users of one moment into few places, for some of its seeds.
    places: quality::RandomState,
}

impl Default for LastIds {
    fn default() -> Self {
        Self {
            shared: HashMap::default(),
            newest: std::iter::repeat_with(|| None).take(NEWEST).collect(),
            places: quality::RandomState::default(),
        }
    }
}

impl LastIds {
    /// The id of the last click of `user` at `at`, if it is kept.
    pub(super) fn get(&self, user: UserId, at: i64) -> Option<&ClickKey> {
        self.shared.get(&(user, at)).or_else(|| match self.newest.get(self.place(user, at))? {
            Some((of, when, key)) if (*of, *when) == (user, at) => Some(key),
            _ => None,
        })
    }

    /// Brings the place of an id into the processor's caches.
    pub(super) fn prefetch(&self, user: UserId, at: i64) {
        black_box(self.newest.get(self.place(user, at)).is_some_and(Option::is_some));
    }

    /// The first click of its moment has come.
    pub(super) fn first(&mut self, user: UserId, at: i64, key: ClickKey) {
        let place = self.place(user, at);
        if let Some(place) = self.newest.get_mut(place) {
            *place = Some((user, at, key));
        }
    }

    /// `key` is the last of several clicks of a moment.
    pub(super) fn last_of_several(&mut self, user: UserId, at: i64, key: ClickKey) {
        self.shared.insert((user, at), key);
    }

    /// Those of moments with several clicks, in no order.
    pub(super) fn shared(&self) -> impl ExactSizeIterator<Item = (UserId, i64, &ClickKey)> {
        self.shared.iter().map(|(&(user, at), key)| (user, at, key))
    }

    /// Forgets the moments for which `kept` says no.
    pub(super) fn retain(&mut self, kept: impl Fn(UserId, i64) -> bool) {
        self.shared.retain(|&(user, at), _| kept(user, at));
        if self.shared.len() < self.shared.capacity() / 2 {
            self.shared.shrink_to_fit();
        }
    }

    /// Forgets one moment.
    pub(super) fn forget(&mut self, user: UserId, at: i64) {
        self.shared.remove(&(user, at));
    }

    fn place(&self, user: UserId, at: i64) -> usize {
        usize::try_from(self.places.hash_one((user, at)) % NEWEST as u64).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_clicks_make_room_for_newer_ones_and_moments_of_several_stay() {
        let mut keys = LastIds::default();
        let key = |number: i64| ClickKey::new(&format!("click {number}"));
        keys.first(UserId(1), -1, key(1));
        keys.last_of_several(UserId(1), -1, key(2));
        for at in 0..1_000 {
            keys.first(UserId(1), at, key(at));
        }
        assert_eq!(keys.get(UserId(1), 999), Some(&key(999)));
        assert_eq!((keys.get(UserId(1), -1), keys.get(UserId(2), 999)), (Some(&key(2)), None));
        assert!((0..1_000).filter(|&at| keys.get(UserId(1), at).is_some()).count() <= NEWEST);
        keys.retain(|_, at| at >= 0);
        assert_eq!(keys.get(UserId(1), -1), None);
    }
}
