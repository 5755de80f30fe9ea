//! `[console]` and `[log]`: what people see.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::Check;
use super::keys::{ACTIONS, KEYS};
use super::units::{auto_as_none, duration, empty_as_none};
use crate::text::printable;
use crate::theme::{ColorMode, OwnTheme};

/// `[console]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsoleSettings {
    /// The shortest time between two drawings of the screen.
    #[serde(with = "duration")]
    pub frame_interval: Duration,
    /// Whether to use colours.
    pub color: ColorMode,
    /// Which colours: a built-in theme or one of `themes`.
    pub theme: String,
    /// Draw with ASCII characters only. `None`, "auto": if the locale is not UTF-8.
    #[serde(with = "auto_as_none")]
    pub ascii: Option<bool>,
    /// React to the mouse; off leaves it to the terminal, for selecting text.
    pub mouse: bool,
    /// `[console.keys]`.
    pub keys: KeySettings,
    /// `[console.themes.NAME]`.
    pub themes: BTreeMap<String, OwnTheme>,
}

/// `[console.keys]`: the keys of each action by its name; empty for the built-in ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, String>")]
pub struct KeySettings(BTreeMap<String, String>);

impl Default for KeySettings {
    fn default() -> Self {
        BTreeMap::new().into()
    }
}

impl From<BTreeMap<String, String>> for KeySettings {
    fn from(given: BTreeMap<String, String>) -> Self {
        let actions = KEYS.iter().filter_map(|key| key.name.strip_prefix(ACTIONS));
        let mut keys: BTreeMap<String, String> = actions.map(|action| (action.to_owned(), String::new())).collect();
        keys.extend(given);
        Self(keys)
    }
}

impl KeySettings {
    /// Each action with its keys; those are empty where the built-in ones hold.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(action, keys)| (action.as_str(), keys.as_str()))
    }
}

impl Default for ConsoleSettings {
    fn default() -> Self {
        Self {
            frame_interval: Duration::from_millis(100),
            color: ColorMode::Auto,
            theme: "terminal".into(),
            ascii: None,
            mouse: true,
            keys: KeySettings::default(),
            themes: BTreeMap::new(),
        }
    }
}

/// `[log]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// The file to log to. Without it the console shows the newest lines, and a headless run logs to stderr.
    #[serde(deserialize_with = "empty_as_none")]
    pub file: Option<PathBuf>,
    /// What to log: a level, or `target=level` directives separated by commas.
    pub level: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { file: None, level: "info".into() }
    }
}

impl LogSettings {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        if let Some(wrong) = self.level.split(',').map(str::trim).find(|directive| !is_level_or_targeted(directive)) {
            let wrong = printable(wrong);
            let reason =
                format!("`{wrong}` is neither a level (off, error, warn, info, debug, trace) nor target=level");
            check.refuse("log.level", reason);
        } else if let Err(cause) = EnvFilter::try_new(&self.level) {
            check.refuse("log.level", printable(&cause.to_string()).into_owned());
        }
    }
}

/// A lone word that is no level would be taken for a target, and a misspelt level would silently log next to nothing.
fn is_level_or_targeted(directive: &str) -> bool {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    directive.contains('=') || LEVELS.iter().any(|level| level.eq_ignore_ascii_case(directive))
}
