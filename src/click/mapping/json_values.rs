//! Reads the wanted values of one JSON message in one pass over its bytes. Everything else is skipped.

use super::json_scan::{Kind, Scan, Stop};
use super::selector::is_selected;
use super::trie::{Node, Trie};
use super::value::{Fault, Value};
use crate::click::json::unescape;

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
    #[inline]
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
    pub(super) fn message(&mut self, text: &'a str) -> Result<(), Stop> {
        self.met.begin(self.trie.len());
        let mut scan = Scan::new(text);
        self.value(0, &mut scan)?;
        scan.end()
    }

    /// Reads one element of the array of clicks, which is valid JSON.
    pub(super) fn element(&mut self, node: u16, json: &'a str) {
        self.met.begin(self.trie.len());
        self.read_again(node, json);
    }

    /// Reads the value of `node`, which was skipped before, so it cannot fail.
    fn read_again(&mut self, node: u16, json: &'a str) {
        let _ = self.value(node, &mut Scan::new(json));
    }

    #[inline]
    fn set(&mut self, slot: Option<u16>, value: Value<'a>) {
        if let Some(place) = slot.and_then(|slot| self.slots.get_mut(usize::from(slot))) {
            *place = value;
        }
    }

    /// Reads the value of a node.
    fn value(&mut self, node: u16, scan: &mut Scan<'a>) -> Result<(), Stop> {
        let wanted = self.trie.node(node);
        let kind = scan.kind()?;
        let start = scan.position();
        match kind {
            Kind::Object if wanted.wants_members() => self.object(wanted, scan)?,
            Kind::Array if wanted.wants_elements() => self.array(wanted, scan)?,
            _ => {
                scan.skip()?;
                if !wanted.is_leaf() {
                    self.no_way(node, kind, scan.since(start));
                }
            }
        }
        self.set(wanted.slot, Value::Json(scan.since(start)));
        Ok(())
    }

    fn object(&mut self, wanted: &Node, scan: &mut Scan<'a>) -> Result<(), Stop> {
        let mut more = scan.enter(b'}')?;
        while more {
            let (name, escaped) = scan.name()?;
            let member = if escaped { escaped_member(wanted, name) } else { wanted.member(name) };
            match member {
                None => scan.skip()?,
                Some(node) if self.met.again(node) => {
                    scan.skip()?;
                    self.twice(node);
                }
                Some(node) => self.value(node, scan)?,
            }
            more = scan.more(b'}')?;
        }
        Ok(())
    }

    fn array(&mut self, wanted: &Node, scan: &mut Scan<'a>) -> Result<(), Stop> {
        if wanted.each.is_some() {
            self.array = Array::Found;
        }
        let mut index = 0;
        let mut more = scan.enter(b']')?;
        while more {
            let kind = scan.kind()?;
            let start = scan.position();
            match wanted.indices.iter().find(|(at, _)| *at == index) {
                Some((_, node)) => self.value(*node, scan)?,
                None => scan.skip()?,
            }
            let json = scan.since(start);
            if wanted.each.is_some() {
                self.elements.push(json);
            }
            if kind == Kind::Object {
                for selected in &wanted.selected {
                    if is_selected(json, selected) && !self.met.again(selected.node) {
                        self.read_again(selected.node, json);
                    }
                }
            }
            index += 1;
            more = scan.more(b']')?;
        }
        Ok(())
    }

    /// Takes a member that is given for the second time.
    #[cold]
    fn twice(&mut self, node: u16) {
        for slot in &self.trie.node(node).slots {
            self.set(Some(*slot), Value::Fault(Fault::Twice(node)));
        }
        if self.trie.each().is_some_and(|(array, _)| array == node) {
            self.array = Array::Twice;
        }
    }

    /// Takes what is at `node` instead of an object or an array.
    #[cold]
    fn no_way(&mut self, node: u16, kind: Kind, json: &str) {
        if kind == Kind::Null || (self.replaced && json == "\"\"") {
            return;
        }
        let wanted = self.trie.node(node);
        let expected = match (wanted.wants_members(), wanted.wants_elements()) {
            (true, true) => "an object or an array",
            (true, false) => "an object",
            _ => "an array",
        };
        let found = kind.name();
        for slot in &wanted.slots {
            self.set(Some(*slot), Value::Fault(Fault::NoWay { node, found, expected }));
        }
        if wanted.each.is_some() {
            self.array = Array::Other(found);
        }
    }
}

/// The node of a member whose name has escapes.
#[cold]
fn escaped_member(wanted: &Node, name: &[u8]) -> Option<u16> {
    let mut text = String::new();
    unescape(&format!("\"{}\"", std::str::from_utf8(name).ok()?), &mut text)?;
    wanted.member(text.as_bytes())
}
