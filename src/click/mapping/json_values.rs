//! Reads the wanted values of one JSON message in one pass over its bytes. Everything else is skipped.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::selector::is_selected;
use super::trie::{Node, Trie};
use super::value::{Fault, Value};

/// What a message has where the array of the clicks has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Array {
    /// Nothing, or `null`.
    #[default]
    Missing,
    /// An array.
    Found,
    /// Another type.
    Other(&'static str),
    /// The member is given twice.
    Twice,
}

/// Which nodes of the trie have been met.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// For each node, the event that met it last.
    events: Vec<u64>,
    event: u64,
}

impl Met {
    fn begin(&mut self, nodes: usize) {
        self.events.resize(nodes, 0);
        self.event += 1;
    }

    /// Whether the event under way meets the node for the second time.
    fn again(&mut self, node: u16) -> bool {
        let event = self.event;
        self.events.get_mut(usize::from(node)).is_some_and(|met| std::mem::replace(met, event) == event)
    }
}

/// Where the values of a message go.
pub(super) struct Values<'v, 'a> {
    pub(super) trie: &'v Trie,
    pub(super) met: &'v mut Met,
    /// One value for each slot. All are absent before a message.
    pub(super) slots: &'v mut [Value<'a>],
    /// The elements of the array of clicks.
    pub(super) elements: &'v mut Vec<&'a str>,
    pub(super) array: Array,
    /// Whether empty strings may replace a `NaN` of the message.
    pub(super) replaced: bool,
}

impl<'a> Values<'_, 'a> {
    /// Reads a message, which begins with `{`.
    pub(super) fn message(&mut self, text: &'a str) -> Result<(), serde_json::Error> {
        self.met.begin(self.trie.len());
        let mut json = serde_json::Deserializer::from_str(text);
        Walk { values: self, node: 0 }.deserialize(&mut json)?;
        json.end()
    }

    /// Reads one element of the array of clicks, which is valid JSON.
    pub(super) fn element(&mut self, node: u16, text: &'a str) {
        self.met.begin(self.trie.len());
        self.raw(node, text);
    }

    /// Takes the value of `node`, which is valid JSON.
    fn raw(&mut self, node: u16, json: &'a str) {
        let wanted = self.trie.node(node);
        self.set(wanted.slot, Value::Json(json));
        if !wanted.is_leaf() {
            // The text was read before, so this cannot fail.
            let _ = Walk { values: self, node }.deserialize(&mut serde_json::Deserializer::from_str(json));
        }
    }

    #[inline]
    fn set(&mut self, slot: Option<u16>, value: Value<'a>) {
        if let Some(place) = slot.and_then(|slot| self.slots.get_mut(usize::from(slot))) {
            *place = value;
        }
    }

    /// Sets all values at and under a node.
    #[cold]
    fn set_all(&mut self, node: u16, value: Value<'a>) {
        for slot in &self.trie.node(node).slots {
            self.set(Some(*slot), value);
        }
    }

    /// Takes what is at `node` instead of an object or an array.
    #[cold]
    fn no_way(&mut self, node: u16, found: &'static str) {
        let wanted = self.trie.node(node);
        let expected = match (wanted.wants_members(), wanted.wants_elements()) {
            (true, true) => "an object or an array",
            (true, false) => "an object",
            _ => "an array",
        };
        // The value itself, if it is wanted too, is in its slot.
        for slot in wanted.slots.iter().filter(|slot| wanted.slot != Some(**slot)) {
            self.set(Some(*slot), Value::Fault(Fault::NoWay { node, found, expected }));
        }
        if wanted.each.is_some() {
            self.array = Array::Other(found);
        }
    }

    /// Reads the value of a wanted member.
    #[inline]
    fn member<A: MapAccess<'a>>(&mut self, node: u16, map: &mut A) -> Result<(), A::Error> {
        if self.met.again(node) {
            map.next_value::<IgnoredAny>()?;
            self.set_all(node, Value::Fault(Fault::Twice(node)));
            if self.trie.each().is_some_and(|(array, _)| array == node) {
                self.array = Array::Twice;
            }
            return Ok(());
        }
        let wanted = self.trie.node(node);
        if wanted.is_leaf() {
            let json: &'a RawValue = map.next_value()?;
            self.set(wanted.slot, Value::Json(json.get()));
        } else if wanted.slot.is_some() {
            let json: &'a RawValue = map.next_value()?;
            self.raw(node, json.get());
        } else {
            map.next_value_seed(Walk { values: self, node })?;
        }
        Ok(())
    }

    /// Takes one element of the array at `wanted`.
    fn take_element(&mut self, wanted: &Node, index: usize, json: &'a str) {
        if wanted.each.is_some() {
            self.elements.push(json);
        }
        if let Some((_, node)) = wanted.indices.iter().find(|(at, _)| *at == index) {
            self.raw(*node, json);
        }
        if !json.starts_with('{') {
            return;
        }
        for selected in &wanted.selected {
            if is_selected(json, selected) && !self.met.again(selected.node) {
                self.raw(selected.node, json);
            }
        }
    }
}

/// Reads what is wanted at and under a node.
struct Walk<'w, 'v, 'a> {
    values: &'w mut Values<'v, 'a>,
    node: u16,
}

impl<'a> DeserializeSeed<'a> for Walk<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Walk<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { values, node } = self;
        let wanted = values.trie.node(node);
        if !wanted.wants_members() {
            values.no_way(node, "an object");
        }
        while let Some(member) = map.next_key_seed(Key(wanted))? {
            match member {
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
                Some(node) => values.member(node, &mut map)?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self { values, node } = self;
        let wanted = values.trie.node(node);
        if !wanted.wants_elements() {
            values.no_way(node, "an array");
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        if wanted.each.is_some() {
            values.array = Array::Found;
        }
        let mut index = 0;
        while let Some(json) = seq.next_element::<&'a RawValue>()? {
            values.take_element(wanted, index, json.get());
            index += 1;
        }
        Ok(())
    }

    /// `null`: everything under the node is absent.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if !(self.values.replaced && text.is_empty()) {
            self.values.no_way(self.node, "a string");
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.values.no_way(self.node, "a boolean");
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.values.no_way(self.node, "a number");
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.values.no_way(self.node, "a number");
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.values.no_way(self.node, "a number");
        Ok(())
    }
}

/// Reads the name of a member: the node that is wanted under this name.
struct Key<'t>(&'t Node);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<u16>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<u16>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<u16>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    #[inline]
    fn visit_str<E>(self, name: &str) -> Result<Option<u16>, E> {
        Ok(self.0.member(name))
    }
}
