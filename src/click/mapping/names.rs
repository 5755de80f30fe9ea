//! The names that a mapping takes values from: each has one slot.

use std::num::NonZeroUsize;

use super::error::MappingError;
use super::path::Path;
use super::trie::Trie;
use crate::click::fields::EXCERPT_CHARS;
use crate::text::excerpt;

/// The most parts of a path.
const MAX_PARTS: usize = 64;

/// A name of the mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// A column, a JSON value, or a field of a log line.
    Text(Box<str>),
    /// The column with this number, from 1.
    Number(NonZeroUsize),
}

/// A name, and what errors say of it.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) name: Name,
    /// As errors show it.
    shown: Box<str>,
    /// The setting that names it first.
    pub(crate) setting: Box<str>,
    /// Whether it lies in the array whose elements are the clicks.
    in_each: bool,
}

/// All names of a mapping. The number of a name is its slot.
#[derive(Debug, Default)]
pub(crate) struct Names {
    wanted: Vec<Wanted>,
    /// Their paths; empty for forms other than JSON.
    trie: Trie,
}

impl Names {
    /// The slot of a name. It is made if it is missing. `is_json` tells whether the name is a path as well.
    pub(super) fn slot(&mut self, name: Name, is_json: bool, setting: &str) -> Result<u16, MappingError> {
        if let Some(at) = self.wanted.iter().position(|wanted| wanted.name == name) {
            // No more than 65,535 names are ever added.
            return Ok(u16::try_from(at).unwrap_or(u16::MAX));
        }
        let slot = u16::try_from(self.wanted.len())
            .map_err(|_| MappingError::new(setting, "the mapping takes more than 65,535 values"))?;
        let (shown, mut in_each) = match &name {
            Name::Text(text) => (excerpt(text, EXCERPT_CHARS).into_owned(), false),
            Name::Number(number) => (format!("column {number}"), false),
        };
        if let (Name::Text(text), true) = (&name, is_json) {
            let no_path = |reason| MappingError::new(setting, format!("`{shown}` is not a path: {reason}"));
            let path = Path::read(text).map_err(no_path)?;
            if path.0.len() > MAX_PARTS {
                return Err(no_path("it has more than 64 parts"));
            }
            let same = self.trie.add(&path, slot, setting)?;
            if same != slot {
                return Ok(same);
            }
            in_each = path.each().is_some();
        }
        self.wanted.push(Wanted { name, shown: shown.into_boxed_str(), setting: setting.into(), in_each });
        Ok(slot)
    }

    /// The paths.
    pub(crate) fn trie(&self) -> &Trie {
        &self.trie
    }

    /// All names with their slots.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, &Wanted)> {
        // No more than 65,535 names are ever added.
        self.wanted.iter().enumerate().map(|(at, wanted)| (u16::try_from(at).unwrap_or(u16::MAX), wanted))
    }

    /// How many names there are.
    pub(super) fn len(&self) -> usize {
        self.wanted.len()
    }

    /// The name of a slot, as errors show it.
    pub(crate) fn shown(&self, slot: u16) -> &str {
        self.wanted.get(usize::from(slot)).map_or("", |wanted| &wanted.shown)
    }

    /// The name of a slot.
    pub(crate) fn get(&self, slot: u16) -> Option<&Wanted> {
        self.wanted.get(usize::from(slot))
    }

    /// Whether a slot lies in the array whose elements are the clicks.
    pub(crate) fn in_each(&self, slot: u16) -> bool {
        self.wanted.get(usize::from(slot)).is_some_and(|wanted| wanted.in_each)
    }
}

impl Wanted {
    /// The name, as errors show it.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }
}
