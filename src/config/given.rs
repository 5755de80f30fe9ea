//! One value that one layer gives to a setting.

use toml::Value;

use super::place::Place;

/// One value that one layer gives to a setting. It has no Debug: the value may be a secret.
#[derive(Clone)]
pub(super) struct Given {
    /// The setting's dotted key; below `kafka.properties` the rest is the property's name.
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) place: Place,
}
