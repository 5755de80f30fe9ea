//! A cache whose hits touch one place in memory.

use std::hash::{BuildHasher as _, Hash};

use foldhash::fast::RandomState;

/// Remembers values of the newest keys. A key has two slots, by its hash: a new key takes the first, whose key moves to the second.
///
/// It forgets a few keys earlier than an LRU list would, and needs no list: with tens of thousands of keys, the list costs more than
/// the lookup.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    slots: Vec<Option<(K, V)>>,
    state: RandomState,
}

impl<K: Copy + Eq + Hash, V: Copy> Recent<K, V> {
    /// A cache of `1 << bits` slots.
    pub(super) fn new(bits: u32) -> Self {
        Self { slots: vec![None; 1 << bits], state: RandomState::default() }
    }

    /// The value of `key`, which `make` makes if it is not known.
    pub(super) fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> V {
        // The number of slots is a power of two.
        let mask = self.slots.len() - 1;
        let first = self.state.hash_one(key) as usize & mask;
        let second = first ^ 1;
        for at in [first, second] {
            if let Some(Some((known, value))) = self.slots.get(at)
                && *known == key
            {
                return *value;
            }
        }
        let value = make();
        if let Some(slot) = self.slots.get_mut(first) {
            let before = slot.replace((key, value));
            if let Some(slot) = self.slots.get_mut(second) {
                *slot = before;
            }
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
