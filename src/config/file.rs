//! The config file as a layer: TOML, with the line of every setting.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use figment::value::Value;
use toml_edit::{Document, Item, TableLike};

use super::error::ConfigError;
use super::keys::{self, Kind, PROPERTIES, THEMES};
use super::source::{Given, Origin, Place, Sources, resolve, user_config_file, variable};
use super::theme;
use crate::theme::Role;

/// Finds and reads the config file; `None` if none was asked for and the user has none.
///
/// # Errors
/// [`ConfigError::Unreadable`] for a file that was asked for and is absent, and for any that cannot be read.
pub(super) fn read(sources: &Sources) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let asked = sources.file.clone().or_else(|| variable(&sources.env, super::env::CONFIG).map(PathBuf::from));
    let must_exist = asked.is_some();
    let Some(path) = asked.or_else(|| user_config_file(&sources.env)) else { return Ok(None) };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound && !must_exist => Ok(None),
        Err(cause) => Err(ConfigError::Unreadable { path, cause: cause.to_string() }),
    }
}

/// The settings in `text`, the contents of `path`. What is no setting, or has no value a setting can have, becomes a problem.
///
/// # Errors
/// [`ConfigError::Syntax`] if it is not TOML.
pub(super) fn parse(
    path: &Path,
    text: &str,
    home: Option<&str>,
    problems: &mut Vec<ConfigError>,
) -> Result<Vec<Given>, ConfigError> {
    let document = Document::parse(text).map_err(|error| ConfigError::Syntax {
        path: path.into(),
        line: error.span().map(|span| line_of(text, &span)),
        message: error.message().trim_end().replace('\n', ", "),
    })?;
    let mut walk = Walk { path, text, home, seen: HashSet::new(), given: Vec::new(), problems };
    walk.table(document.as_table(), "");
    Ok(walk.given)
}

struct Walk<'a> {
    path: &'a Path,
    text: &'a str,
    home: Option<&'a str>,
    seen: HashSet<String>,
    given: Vec<Given>,
    problems: &'a mut Vec<ConfigError>,
}

impl Walk<'_> {
    /// The settings of the table called `prefix`; empty for the whole file.
    fn table(&mut self, table: &dyn TableLike, prefix: &str) {
        for (name, item) in table.iter() {
            let key = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
            let line = self.line(table, name, item);
            let below = item.as_table_like();
            match (keys::find(&key).map(|key| key.kind), below) {
                (Some(Kind::Properties), Some(properties)) => self.properties(properties, PROPERTIES),
                (Some(Kind::Themes), Some(themes)) => self.themes(themes),
                (Some(kind), _) => self.setting(key, kind, item, line),
                (None, Some(below)) if keys::is_table(&key) => self.table(below, &key),
                (None, _) if keys::is_table(&key) => {
                    let found =
                        value_of(item).map_or_else(|| name_of(item).into(), |value| Kind::Text.found("", &value));
                    self.wrong(key, line, "a table of settings".into(), found);
                }
                (None, _) => {
                    let suggestion = keys::nearest(&key).map(str::to_owned);
                    self.problems.push(ConfigError::UnknownSetting { path: self.path.into(), key, line, suggestion });
                }
            }
        }
    }

    /// Property names hold dots: unquoted, TOML takes them for tables in tables, and they are put together again.
    fn properties(&mut self, table: &dyn TableLike, prefix: &str) {
        for (name, item) in table.iter() {
            let key = format!("{prefix}.{name}");
            match item.as_table_like() {
                Some(below) => self.properties(below, &key),
                None => {
                    let line = self.line(table, name, item);
                    self.setting(key, Kind::Property, item, line);
                }
            }
        }
    }

    fn themes(&mut self, themes: &dyn TableLike) {
        for (name, item) in themes.iter() {
            let theme = format!("{THEMES}.{name}");
            let line = self.line(themes, name, item);
            if let Some(reason) = theme::refusal(name) {
                self.problems.push(ConfigError::Invalid { place: self.place(line), key: theme, reason });
                continue;
            }
            let Some(table) = item.as_table_like() else {
                self.wrong(theme, line, "a table of colours".into(), "something else".into());
                continue;
            };
            if table.is_empty() {
                // A theme that changes nothing is one all the same.
                let (key, value) = (format!("{theme}.{}", theme::BASE), Value::from(theme::BUILT_IN[0]));
                self.given.push(Given { key, value, place: self.place(line) });
            }
            for (role, item) in table.iter() {
                let key = format!("{theme}.{role}");
                let line = self.line(table, role, item);
                if role == theme::BASE || theme::is_role(role) {
                    let kind = keys::kind_of(&key);
                    self.setting(key, kind, item, line);
                } else {
                    let known = Role::ALL.map(Role::name).into_iter().chain([theme::BASE]);
                    let near = known.min_by_key(|known| strsim::damerau_levenshtein(known, role));
                    let suggestion = near.map(|near| format!("{theme}.{near}"));
                    self.problems.push(ConfigError::UnknownSetting { path: self.path.into(), key, line, suggestion });
                }
            }
        }
    }

    fn setting(&mut self, key: String, kind: Kind, item: &Item, line: Option<usize>) {
        let Some(value) = value_of(item) else {
            return self.wrong(key, line, kind.expected(), name_of(item).into());
        };
        let value = match (kind, &value) {
            (Kind::Path, Value::String(_, path)) => Value::from(resolve(path, self.home, self.path.parent())),
            (Kind::Urls, Value::String(_, urls)) => kind.value_of(urls),
            (Kind::Color, Value::Num(_, _)) => Value::from(kind.found("", &value)),
            (Kind::Property, Value::Num(_, _) | Value::Bool(_, _)) => Value::from(kind.found("", &value)),
            _ => value,
        };
        let place = self.place(line);
        if self.seen.insert(key.clone()) {
            self.given.push(Given { key, value, place });
        } else {
            self.problems.push(ConfigError::Invalid { place, key, reason: "is set twice; keep one".into() });
        }
    }

    fn wrong(&mut self, key: String, line: Option<usize>, expected: String, found: String) {
        self.problems.push(ConfigError::WrongValue { place: self.place(line), key, expected, found });
    }

    fn place(&self, line: Option<usize>) -> Place {
        Place { origin: Origin::File(self.path.into()), line }
    }

    fn line(&self, table: &dyn TableLike, name: &str, item: &Item) -> Option<usize> {
        let span = table.key(name).and_then(|key| key.span()).or_else(|| item.span())?;
        Some(line_of(self.text, &span))
    }
}

/// The line, from 1, in which `span` begins.
fn line_of(text: &str, span: &Range<usize>) -> usize {
    let before = text.as_bytes().get(..span.start).unwrap_or(text.as_bytes());
    memchr::memchr_iter(b'\n', before).count().saturating_add(1)
}

/// The value of `item`; `None` for tables and times, which no setting takes.
fn value_of(item: &Item) -> Option<Value> {
    item.as_value().and_then(scalar_or_list)
}

fn scalar_or_list(value: &toml_edit::Value) -> Option<Value> {
    match value {
        toml_edit::Value::String(text) => Some(Value::from(text.value().as_str())),
        toml_edit::Value::Integer(number) => Some(Value::from(*number.value())),
        toml_edit::Value::Float(number) => Some(Value::from(*number.value())),
        toml_edit::Value::Boolean(truth) => Some(Value::from(*truth.value())),
        toml_edit::Value::Array(items) => items.iter().map(scalar_or_list).collect::<Option<Vec<_>>>().map(Value::from),
        toml_edit::Value::Datetime(_) | toml_edit::Value::InlineTable(_) => None,
    }
}

/// What [`value_of`] has no value for, in words.
fn name_of(item: &Item) -> &'static str {
    match item {
        Item::Value(toml_edit::Value::Datetime(_)) => "a date or time",
        Item::Value(toml_edit::Value::Array(_)) => "a list",
        _ => "a table",
    }
}
