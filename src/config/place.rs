//! Where a value comes from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use crate::text::printable;

/// The layer that gives a setting its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// No layer sets it.
    #[default]
    Default,
    /// The preset of this name.
    Preset(&'static str),
    /// The config file.
    File(PathBuf),
    /// This environment variable.
    Env(String),
    /// This flag, `--topic`.
    Flag(&'static str),
}

/// As `clicktop config` shows it, in one line.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::Preset(name) => write!(f, "preset {name}"),
            Origin::File(path) => f.write_str(&printable(&path.to_string_lossy())),
            Origin::Env(name) => write!(f, "env {}", printable(name)),
            Origin::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// The exact place of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The layer.
    pub origin: Origin,
    /// The line in the file, from 1.
    pub line: Option<usize>,
}

/// The place of each setting's value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(BTreeMap<String, Place>);

impl Origins {
    /// The origin of the setting `key`, `kafka.brokers`.
    pub fn of(&self, key: &str) -> &Origin {
        static DEFAULT: Origin = Origin::Default;
        self.0.get(key).map_or(&DEFAULT, |place| &place.origin)
    }

    /// The origin and line of the setting `key`.
    pub fn place(&self, key: &str) -> Place {
        self.0.get(key).cloned().unwrap_or_default()
    }

    /// The names of the variables and flags that set a value.
    pub fn variables_and_flags(&self) -> BTreeSet<&str> {
        let names = self.0.values().filter_map(|place| match &place.origin {
            Origin::Default | Origin::Preset(_) | Origin::File(_) => None,
            Origin::Env(name) => Some(name.as_str()),
            Origin::Flag(flag) => Some(*flag),
        });
        names.collect()
    }

    pub(super) fn set(&mut self, key: &str, place: Place) {
        self.0.insert(key.to_owned(), place);
    }
}
