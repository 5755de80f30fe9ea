//! The config file as a layer: TOML, with the line of every setting.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use toml::Value;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::catalogue;
use super::error::ConfigError;
use super::folders::{resolve, user_config_file, variable};
use super::given::Given;
use super::kind::Kind;
use super::names::{CONFIG, THEMES};
use super::place::{Origin, Place};
use super::sources::Sources;
use super::theme;
use crate::theme::Role;

/// Finds and reads the config file; `None` if nobody names one and the user has none.
///
/// # Errors
/// [`ConfigError::Unreadable`] for a file that somebody names and that is absent, and for any that cannot be read.
pub(super) fn read(sources: &Sources) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let named = sources.file.clone().or_else(|| variable(&sources.env, CONFIG).map(PathBuf::from));
    let must_exist = named.is_some();
    let Some(path) = named.or_else(|| user_config_file(&sources.env)) else { return Ok(None) };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound && !must_exist => Ok(None),
        Err(cause) => Err(ConfigError::Unreadable { path, cause: cause.to_string() }),
    }
}

/// The settings in `text`, the contents of `path`, in the order of the lines. An unknown setting, and one whose value no setting
/// can have, becomes a problem.
///
/// # Errors
/// [`ConfigError::Syntax`] if it is not TOML.
pub(super) fn parse(
    path: &Path,
    text: &str,
    home: Option<&str>,
    problems: &mut Vec<ConfigError>,
) -> Result<Vec<Given>, ConfigError> {
    let document = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        path: path.into(),
        line: error.span().map(|span| line_of(text, span.start)),
        message: error.message().trim_end().replace('\n', ", "),
    })?;
    let mut walk = Walk { path, text, home, given: Vec::new(), problems: Vec::new() };
    walk.table(document.get_ref(), "");
    let Walk { mut given, problems: mut wrong, .. } = walk;
    given.sort_by_key(|given| given.place.line);
    let mut seen = HashSet::new();
    for Given { key, place, .. } in given.extract_if(.., |given| !seen.insert(given.key.clone())) {
        wrong.push(ConfigError::Invalid { place, key, reason: "is set twice; keep one".into() });
    }
    wrong.sort_by_key(ConfigError::line);
    problems.append(&mut wrong);
    Ok(given)
}

struct Walk<'a> {
    path: &'a Path,
    text: &'a str,
    home: Option<&'a str>,
    given: Vec<Given>,
    problems: Vec<ConfigError>,
}

impl Walk<'_> {
    /// The settings of the table called `prefix`; empty for the whole file.
    fn table(&mut self, table: &DeTable<'_>, prefix: &str) {
        for (name, value) in table {
            let (name, line) = (name.get_ref(), self.line(name.span().start));
            let key = if prefix.is_empty() { name.clone().into_owned() } else { format!("{prefix}.{name}") };
            match (catalogue::find(&key).map(|setting| setting.kind), value.get_ref()) {
                (Some(Kind::Properties | Kind::ClusterOptions), DeValue::Table(properties)) => {
                    self.properties(properties, &key);
                }
                (Some(Kind::Themes), DeValue::Table(themes)) => self.themes(themes),
                (Some(kind), value) => self.setting(key, kind, value, line),
                (None, DeValue::Table(below)) if catalogue::is_table(&key) => self.table(below, &key),
                (None, value) if catalogue::is_table(&key) => {
                    let found = match value_of(value) {
                        Some(value) => Kind::Text.found("", &value),
                        None => TOO_LARGE.into(),
                    };
                    self.wrong(key, line, "a table of settings".into(), found);
                }
                (None, _) => {
                    let suggestion = catalogue::nearest(&key).map(str::to_owned);
                    self.unknown(key, line, suggestion);
                }
            }
        }
    }

    /// Property names hold dots. TOML takes an unquoted name for tables in tables, and this puts it together again.
    fn properties(&mut self, table: &DeTable<'_>, prefix: &str) {
        for (name, value) in table {
            let key = format!("{prefix}.{}", name.get_ref());
            match value.get_ref() {
                DeValue::Table(below) => self.properties(below, &key),
                value => self.setting(key, Kind::Property, value, self.line(name.span().start)),
            }
        }
    }

    fn themes(&mut self, themes: &DeTable<'_>) {
        for (name, value) in themes {
            let line = self.line(name.span().start);
            let theme = format!("{THEMES}.{}", name.get_ref());
            if let Some(reason) = theme::refusal(name.get_ref()) {
                self.problems.push(ConfigError::Invalid { place: self.place(line), key: theme, reason });
                continue;
            }
            let DeValue::Table(table) = value.get_ref() else {
                self.wrong(theme, line, "a table of colours".into(), "something else".into());
                continue;
            };
            if table.is_empty() {
                // A theme that changes nothing is a theme all the same.
                let (key, value) = (format!("{theme}.{}", theme::BASE), Value::from(theme::BUILT_IN[0]));
                self.given.push(Given { key, value, place: self.place(line) });
            }
            for (role, value) in table {
                let (role, line) = (role.get_ref(), self.line(role.span().start));
                let key = format!("{theme}.{role}");
                if role == theme::BASE || theme::is_role(role) {
                    let kind = catalogue::kind_of(&key);
                    self.setting(key, kind, value.get_ref(), line);
                } else {
                    let known = Role::ALL.map(Role::name).into_iter().chain([theme::BASE]);
                    let near = known.min_by_key(|known| strsim::damerau_levenshtein(known, role));
                    self.unknown(key, line, near.map(|near| format!("{theme}.{near}")));
                }
            }
        }
    }

    /// `paths` as this file means them.
    fn resolved(&self, paths: Value) -> Value {
        match paths {
            Value::Array(paths) => Value::Array(paths.into_iter().map(|path| self.resolved(path)).collect()),
            Value::String(path) => Value::from(resolve(&path, self.home, self.path.parent())),
            other => other,
        }
    }

    fn setting(&mut self, key: String, kind: Kind, value: &DeValue<'_>, line: usize) {
        let Some(value) = value_of(value) else {
            return self.wrong(key, line, kind.expected(), TOO_LARGE.into());
        };
        let value = match (kind, &value) {
            (Kind::Path, Value::String(path)) => Value::from(resolve(path, self.home, self.path.parent())),
            (Kind::Command, Value::String(program)) if !program.is_empty() => {
                Value::Array(vec![Value::from(program.clone())])
            }
            (Kind::Urls, Value::String(urls)) => kind.value_of(urls),
            (Kind::Paths, value) => {
                let paths = match value {
                    Value::String(_) => kind.value_of(value.as_str().unwrap_or_default()),
                    list => list.clone(),
                };
                self.resolved(paths)
            }
            (Kind::Color, Value::Integer(_)) => Value::from(kind.found("", &value)),
            (Kind::Property, Value::Integer(_) | Value::Float(_) | Value::Boolean(_)) => {
                Value::from(kind.found("", &value))
            }
            _ => value,
        };
        self.given.push(Given { key, value, place: self.place(line) });
    }

    fn wrong(&mut self, key: String, line: usize, expected: String, found: String) {
        self.problems.push(ConfigError::WrongValue { place: self.place(line), key, expected, found });
    }

    fn unknown(&mut self, key: String, line: usize, suggestion: Option<String>) {
        let path = self.path.into();
        self.problems.push(ConfigError::UnknownSetting { path, key, line: Some(line), suggestion });
    }

    fn place(&self, line: usize) -> Place {
        Place { origin: Origin::File(self.path.into()), line: Some(line) }
    }

    fn line(&self, byte: usize) -> usize {
        line_of(self.text, byte)
    }
}

/// The line, from 1, of this byte of the text.
fn line_of(text: &str, byte: usize) -> usize {
    let before = text.as_bytes().get(..byte).unwrap_or(text.as_bytes());
    memchr::memchr_iter(b'\n', before).count().saturating_add(1)
}

/// Instead of a number without a [`value_of`] it.
const TOO_LARGE: &str = "a number that is too large";

/// `value` by itself, without its places; `None` for an integer beyond 64 bits.
fn value_of(value: &DeValue<'_>) -> Option<Value> {
    let spanned = toml::Spanned::new(0..0, value.clone());
    Value::deserialize(ValueDeserializer::from(spanned)).ok()
}
