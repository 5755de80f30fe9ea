//! What is known of each field of the sampled events: how often it is filled, its kinds of values, and examples.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use super::kinds::Kind;
use crate::click::mapping::Source;

/// The most fields that are looked at. Events with more have names that are data.
const MAX_FIELDS: usize = 1_000;
/// The most values that are kept of a field, and the longest one, in bytes.
const MAX_VALUES: usize = 64;
const MAX_VALUE_BYTES: usize = 256;

/// One field of the sampled events.
#[derive(Clone, Debug)]
pub struct Field {
    /// What a mapping names to get it.
    pub source: Source,
    /// Its name, path or column number, for people.
    pub label: String,
    /// Events in which it is not empty.
    pub filled: usize,
    /// Values in all; an event may hold several.
    pub seen: usize,
    /// Different values.
    pub distinct: usize,
    /// Its first different values, as they came first.
    pub values: Vec<String>,
    kinds: [usize; Kind::ALL.len()],
    hashes: HashSet<u64>,
    last: Option<usize>,
}

impl Field {
    /// The share of its values that look like one of `kinds`, from 0 to 1; 0 without a value.
    pub fn share(&self, kinds: &[Kind]) -> f64 {
        let found: usize = kinds.iter().filter_map(|kind| self.kinds.get(*kind as usize)).sum();
        if self.seen == 0 { 0.0 } else { found as f64 / self.seen as f64 }
    }

    /// The kind of nearly all of its values; else a number, a time or a text, whichever holds them all.
    pub fn kind(&self) -> Kind {
        let one = Kind::ALL.into_iter().find(|kind| self.share(&[*kind]) >= 0.95);
        let some = [Kind::Whole, Kind::Number, Kind::UnixTime];
        match one {
            Some(kind) => kind,
            None if self.share(&[Kind::Whole, Kind::UnixTime]) >= 0.95 => Kind::Whole,
            None if self.share(&some) >= 0.95 => Kind::Number,
            None => Kind::Text,
        }
    }

    /// Whether no value comes twice.
    pub fn is_unique(&self) -> bool {
        self.seen > 1 && self.distinct == self.seen
    }
}

/// Every field of the sampled events, in the order in which they came first.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// The events.
    pub events: usize,
    list: Vec<Field>,
    by_label: HashMap<String, usize>,
    hasher: RandomState,
    /// Whether events have more fields than are looked at.
    pub is_cut: bool,
}

impl Fields {
    /// Each field.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.list.iter()
    }

    /// The field with this label.
    pub fn named(&self, label: &str) -> Option<&Field> {
        self.list.get(*self.by_label.get(label)?)
    }

    /// Begins the next event.
    pub fn next_event(&mut self) {
        self.events += 1;
    }

    /// Notes that the field `label` is there, filled or not.
    pub fn know(&mut self, label: &str, source: impl FnOnce() -> Source) -> Option<&mut Field> {
        let at = match self.by_label.get(label) {
            Some(at) => *at,
            None if self.list.len() >= MAX_FIELDS => {
                self.is_cut = true;
                return None;
            }
            None => {
                self.by_label.insert(label.to_owned(), self.list.len());
                self.list.push(Field {
                    source: source(),
                    label: label.to_owned(),
                    filled: 0,
                    seen: 0,
                    distinct: 0,
                    values: Vec::new(),
                    kinds: [0; Kind::ALL.len()],
                    hashes: HashSet::new(),
                    last: None,
                });
                self.list.len() - 1
            }
        };
        self.list.get_mut(at)
    }

    /// Adds a value of the field `label` in the current event.
    pub fn add(&mut self, label: &str, value: &str, source: impl FnOnce() -> Source) {
        let (event, hash) = (self.events, self.hasher.hash_one(value));
        let Some(field) = self.know(label, source) else { return };
        if value.trim().is_empty() {
            return;
        }
        if field.last.replace(event) != Some(event) {
            field.filled += 1;
        }
        field.seen += 1;
        if let Some(count) = field.kinds.get_mut(Kind::of(value) as usize) {
            *count += 1;
        }
        if field.hashes.insert(hash) {
            field.distinct += 1;
            if field.values.len() < MAX_VALUES && value.len() <= MAX_VALUE_BYTES {
                field.values.push(value.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_counted_by_events_and_by_values() {
        let mut fields = Fields::default();
        let mut add = |values: &[&str]| {
            fields.next_event();
            for value in values {
                fields.add("a", value, || Source::Field("a".into()));
            }
        };
        add(&["/x", "/y"]);
        add(&["/x"]);
        add(&[" "]);
        let a = fields.named("a").unwrap();
        assert_eq!((fields.events, a.filled, a.seen, a.distinct), (3, 2, 3, 2));
        assert_eq!((a.kind(), a.is_unique()), (Kind::Path, false));
        assert_eq!(a.values, ["/x", "/y"]);
    }

    #[test]
    fn events_whose_names_are_data_take_bounded_room() {
        let mut fields = Fields::default();
        fields.next_event();
        for at in 0..2 * MAX_FIELDS {
            fields.add(&format!("f{at}"), "1", || Source::Constant(String::new()));
        }
        assert_eq!((fields.iter().count(), fields.is_cut), (MAX_FIELDS, true));
    }
}
