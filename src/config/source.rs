//! Where settings come from: what is given to `load`, and what it remembers of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Value};

use super::error::ConfigError;
use super::foreign::is_of_the_tests;
use super::keys::PROPERTIES;
use crate::text::printable;

/// Everything `load` reads settings from.
#[derive(Clone, Default)]
pub struct Sources {
    /// The config file that was asked for; it must exist. `None`: the file `CLICKTOP_CONFIG` names, else the user's
    /// own, `$XDG_CONFIG_HOME/clicktop/clicktop.toml`, if there is one. Never a file that merely lies in the
    /// working directory.
    pub file: Option<PathBuf>,
    /// The environment. Only `CLICKTOP_…`, `HOME` and `XDG_CONFIG_HOME` are looked at.
    pub env: Vec<(String, String)>,
    /// What the flags say.
    pub flags: Vec<Override>,
}

/// One setting as a flag gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The setting's dotted key.
    pub key: &'static str,
    /// Its value as text; a list is separated by commas.
    pub value: String,
    /// The flag, `--topic`.
    pub flag: &'static str,
}

impl Sources {
    /// The process's own environment, with `file` and `flags`.
    ///
    /// # Errors
    /// [`ConfigError::NotUnicode`] for a `CLICKTOP_…` variable that is not UTF-8.
    pub fn from_process(file: Option<PathBuf>, flags: Vec<Override>) -> Result<Self, ConfigError> {
        let mut env = Vec::new();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => env.push((name, value)),
                Err(_) if name.starts_with(super::env::PREFIX) && !is_of_the_tests(&name) => {
                    return Err(ConfigError::NotUnicode { name });
                }
                Err(_) => {}
            }
        }
        Ok(Self { file, env, flags })
    }
}

/// Without the environment's values: secrets are among them.
impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.env.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Sources").field("file", &self.file).field("env", &names).field("flags", &self.flags).finish()
    }
}

/// Which layer a setting's value came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    #[default]
    Default,
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
            Origin::File(path) => f.write_str(&printable(&path.to_string_lossy())),
            Origin::Env(name) => write!(f, "env {}", printable(name)),
            Origin::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// Where exactly a value was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The layer.
    pub origin: Origin,
    /// The line in the file, from 1.
    pub line: Option<usize>,
}

/// Where each setting's value came from.
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

    /// The variables and flags that set anything, by their names.
    pub fn variables_and_flags(&self) -> BTreeSet<&str> {
        let names = self.0.values().filter_map(|place| match &place.origin {
            Origin::Default | Origin::File(_) => None,
            Origin::Env(name) => Some(name.as_str()),
            Origin::Flag(flag) => Some(*flag),
        });
        names.collect()
    }

    pub(super) fn set(&mut self, key: &str, place: Place) {
        self.0.insert(key.to_owned(), place);
    }
}

/// One setting as one layer gives it. No Debug: the value may be a secret.
pub(super) struct Given {
    /// Dotted key; below `kafka.properties` the rest is the property's name.
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) place: Place,
}

impl Given {
    /// Puts the value where it belongs in the tree of a layer.
    pub(super) fn insert_into(self, tree: &mut Dict) {
        let property = self.key.strip_prefix(PROPERTIES).and_then(|rest| rest.strip_prefix('.'));
        match property {
            Some(property) => insert(tree, PROPERTIES.split('.').chain([property]), self.value),
            None => insert(tree, self.key.split('.'), self.value),
        }
    }
}

fn insert<'a>(tree: &mut Dict, mut path: impl Iterator<Item = &'a str>, value: Value) {
    let Some(mut name) = path.next() else { return };
    let mut tree = tree;
    for next in path {
        let slot = tree.entry(name.to_owned()).or_insert_with(|| Value::from(Dict::new()));
        let Value::Dict(_, below) = slot else { return };
        tree = below;
        name = next;
    }
    tree.insert(name.to_owned(), value);
}

/// The user's own config file: `$XDG_CONFIG_HOME/clicktop/clicktop.toml`, or below `~/.config`.
pub(super) fn user_config_file(env: &[(String, String)]) -> Option<PathBuf> {
    let folder = xdg_folder(|name| variable(env, name).map(PathBuf::from), "XDG_CONFIG_HOME", ".config")?;
    Some(folder.join("clicktop/clicktop.toml"))
}

/// Where data is kept if no setting says: `$XDG_DATA_HOME/clicktop`, or `~/.local/share/clicktop`.
///
/// # Errors
/// [`ConfigError::NoHome`] if the environment names neither.
pub fn default_data_dir() -> Result<PathBuf, ConfigError> {
    data_dir_of(|name| std::env::var_os(name).map(PathBuf::from)).ok_or(ConfigError::NoHome)
}

fn data_dir_of(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    Some(xdg_folder(variable, "XDG_DATA_HOME", ".local/share")?.join("clicktop"))
}

/// A base folder by the XDG rules: an empty or relative path counts as not set.
fn xdg_folder(variable: impl Fn(&str) -> Option<PathBuf>, name: &str, below_home: &str) -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    variable(name).filter(absolute).or_else(|| Some(variable("HOME").filter(absolute)?.join(below_home)))
}

/// The last value of `name`: as a shell would have it.
pub(super) fn variable<'a>(env: &'a [(String, String)], name: &str) -> Option<&'a str> {
    env.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// A path as a layer writes it: `~/` is the home folder (no shell has been there to say so), and in a file a relative path
/// starts at the file's folder, so that it means the same wherever clicktop is started.
pub(super) fn resolve(path: &str, home: Option<&str>, folder: Option<&Path>) -> String {
    if let (Some(rest), Some(home)) = (path.strip_prefix("~/"), home) {
        return Path::new(home).join(rest).to_string_lossy().into_owned();
    }
    match folder {
        Some(folder) if !path.is_empty() => folder.join(path).to_string_lossy().into_owned(),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_lives_where_xdg_says_else_below_home() {
        let with = |variables: &'static [(&str, &str)]| {
            data_dir_of(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value)))
        };
        assert_eq!(with(&[("XDG_DATA_HOME", "/data"), ("HOME", "/home/a")]), Some("/data/clicktop".into()));
        assert_eq!(with(&[("HOME", "/home/a")]), Some("/home/a/.local/share/clicktop".into()));
        assert_eq!(
            with(&[("XDG_DATA_HOME", "data"), ("HOME", "/home/a")]),
            Some("/home/a/.local/share/clicktop".into())
        );
        assert_eq!(with(&[("XDG_DATA_HOME", "")]), None);
    }

    #[test]
    fn paths_start_at_the_file_or_at_home() {
        let folder = Some(Path::new("/etc/clicktop"));
        assert_eq!(resolve("ca.pem", Some("/home/a"), folder), "/etc/clicktop/ca.pem");
        assert_eq!(resolve("/ca.pem", Some("/home/a"), folder), "/ca.pem");
        assert_eq!(resolve("~/ca.pem", Some("/home/a"), folder), "/home/a/ca.pem");
        assert_eq!(resolve("ca.pem", None, None), "ca.pem");
        assert_eq!(resolve("", None, folder), "");
    }

    #[test]
    fn debug_of_the_sources_keeps_the_environment_to_itself() {
        let sources =
            Sources { env: vec![("CLICKTOP_INDEX__PASSWORD".into(), "hunter2".into())], ..Sources::default() };
        let debug = format!("{sources:?}");
        assert!(debug.contains("CLICKTOP_INDEX__PASSWORD") && !debug.contains("hunter2"), "{debug}");
    }
}
