//! What is read of a value: what the mapping wants of it, or everything.

use std::collections::BTreeMap;

use crate::click::mapping::CompiledMapping;
use crate::click::mapping::compiled::{Shape, Trie};

/// What is read of one value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wants {
    /// Everything under it, too.
    everything: bool,
    members: BTreeMap<Box<str>, Wants>,
    elements: Option<Box<Wants>>,
}

impl Wants {
    /// What a mapping reads of a message; without one, the nine fields may be anywhere.
    pub(super) fn of(mapping: Option<&CompiledMapping>) -> Self {
        let plan = mapping.map(CompiledMapping::plan);
        let json = plan.filter(|plan| matches!(plan.shape, Shape::Json | Shape::Either(_)));
        match json {
            Some(plan) => {
                let mut wants = Self::default();
                wants.add(plan.names.trie(), 0);
                wants
            }
            None => Self { everything: true, ..Self::default() },
        }
    }

    fn add(&mut self, trie: &Trie, node: u16) {
        let node = trie.node(node);
        for (name, child) in node.members() {
            self.members.entry(name.into()).or_default().add(trie, child);
        }
        if node.wants_elements() {
            let elements = self.elements.get_or_insert_default();
            for one in &node.selected {
                elements.members.entry(one.key.clone()).or_default();
                elements.add(trie, one.node);
            }
            let numbered = node.indices.iter().map(|(_, child)| *child);
            for child in numbered.chain(node.each) {
                elements.add(trie, child);
            }
        }
    }

    /// What is read of a member; `None` if nothing is.
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        if self.everything { Some(self) } else { self.members.get(name) }
    }

    /// What is read of the elements; `None` if nothing is.
    pub(super) fn elements(&self) -> Option<&Self> {
        if self.everything { Some(self) } else { self.elements.as_deref() }
    }

    /// The names that are read of a map, and what is read of their values; `None` if all are.
    pub(super) fn names(&self) -> Option<impl Iterator<Item = &str>> {
        (!self.everything).then(|| self.members.keys().map(|name| &**name))
    }

    /// What is read of any member.
    pub(super) fn any_member(&self) -> Self {
        let mut any = Self { everything: self.everything, ..Self::default() };
        for wants in self.members.values() {
            any.merge(wants);
        }
        any
    }

    fn merge(&mut self, other: &Self) {
        self.everything |= other.everything;
        for (name, wants) in &other.members {
            self.members.entry(name.clone()).or_default().merge(wants);
        }
        if let Some(elements) = &other.elements {
            self.elements.get_or_insert_default().merge(elements);
        }
    }

    /// Whether the mapping names what is read here, so that it cannot be left away.
    pub(super) fn is_named(&self) -> bool {
        !self.everything
    }
}
