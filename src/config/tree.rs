//! The values of all layers, merged into one TOML table.

use toml::{Table, Value};

use super::catalogue;
use super::names::property_of;
use super::settings::Settings;

/// The values of all layers, merged: a later value replaces an earlier one. A setting that is not set is absent.
#[derive(Clone)]
pub(super) struct Tree(Table);

impl Tree {
    /// The lowest layer: the declared default of every setting.
    pub(super) fn of_defaults() -> Self {
        let mut tree = Self(Table::new());
        for setting in catalogue::settings() {
            let default = match setting.kind.is_open() {
                true => Value::Table(Table::new()),
                false => setting.kind.value_of(setting.default),
            };
            tree.set(setting.key, default);
        }
        tree
    }

    /// Gives `value` to the setting `key`, over any earlier value; or takes the earlier value back, if it means "not set".
    pub(super) fn set(&mut self, key: &str, value: Value) {
        let unset = catalogue::kind_of(key).is_unset(&value);
        let (table, name) = property_of(key).or_else(|| key.rsplit_once('.')).unwrap_or(("", key));
        let mut at = &mut self.0;
        for part in table.split('.').filter(|part| !part.is_empty()) {
            let below = at.entry(part).or_insert_with(|| Value::Table(Table::new()));
            let Value::Table(below) = below else { return };
            at = below;
        }
        if unset {
            at.remove(name);
        } else {
            at.insert(name.to_owned(), value);
        }
    }

    /// The settings that it holds.
    ///
    /// # Errors
    /// A value does not have the type of its setting. The message may hold the value: do not print it.
    pub(super) fn read(self) -> Result<Settings, toml::de::Error> {
        Value::Table(self.0).try_into()
    }
}
