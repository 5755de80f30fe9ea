//! A cache whose hits touch one place in memory.

use std::hash::{BuildHasher as _, Hash};

use foldhash::fast::RandomState;

/// Slots that a key may be in: they lie beside each other.
const WAYS: usize = 4;

/// Remembers values of the newest keys. By its hash, a key belongs to a set of [`WAYS`] slots; a new key takes the place of the oldest one.
///
/// It forgets a few keys earlier than an LRU list would, and needs no list: with tens of thousands of keys, the list costs more than
/// the lookup.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    slots: Vec<Option<(K, V)>>,
    state: RandomState,
}

impl<K: Copy + Eq + Hash, V: Copy> Recent<K, V> {
    /// A cache of `1 << bits` slots, and of at least a set.
    pub(super) fn new(bits: u32) -> Self {
        Self { slots: vec![None; (1 << bits).max(WAYS)], state: RandomState::default() }
    }

    /// Returns the value of `key`. Calls `make` if the key is not remembered.
    pub(super) fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> V {
        // The number of slots is a power of two.
        let begin = self.state.hash_one(key) as usize & (self.slots.len() - 1) & !(WAYS - 1);
        let Some(set) = self.slots.get_mut(begin..begin + WAYS) else { return make() };
        if let Some((_, value)) = set.iter().flatten().find(|(known, _)| *known == key) {
            return *value;
        }
        let value = make();
        set.rotate_right(1);
        if let Some(first) = set.first_mut() {
            *first = Some((key, value));
        }
        value
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.slots.fill(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_made_once_while_its_key_is_remembered_and_is_never_that_of_another_key() {
        let mut recent = Recent::new(4);
        let mut made = 0;
        for round in 0..3_u32 {
            for key in 0..1_000_u32 {
                let value = recent.get_or_insert_with(key, || {
                    made += 1;
                    key * 2
                });
                assert_eq!(value, key * 2, "round {round}");
                assert_eq!(recent.get_or_insert_with(key, || unreachable!("it was just made")), key * 2);
            }
        }
        assert!(made > 1_000, "it cannot remember more keys than it has slots");
        recent.clear();
        assert_eq!(recent.get_or_insert_with(999, || 1), 1);
    }
}
