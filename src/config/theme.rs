//! `[console.themes.NAME]`: which names and colours a theme may have.

use super::check::Check;
use super::console::ConsoleSettings;
use super::names::THEMES;
use crate::text::excerpt;
use crate::theme::{Role, ThemeName};

/// The names of the built-in themes.
pub(super) const BUILT_IN: [&str; 4] =
    [ThemeName::Terminal.name(), ThemeName::Dark.name(), ThemeName::Light.name(), ThemeName::HighContrast.name()];

/// The setting of a theme that names the built-in theme below it.
pub(super) const BASE: &str = "base";

/// Whether a theme has a colour of this name.
pub(super) fn is_role(name: &str) -> bool {
    Role::ALL.iter().any(|role| role.name() == name)
}

/// Why a theme of the user's own cannot be called `name`.
pub(super) fn refusal(name: &str) -> Option<String> {
    if BUILT_IN.contains(&name) {
        return Some("is built in; give yours another name, and this one as its base".into());
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let fits = !name.is_empty() && name.len() <= 40 && name.chars().all(plain);
    (!fits).then(|| "a theme's name is up to 40 letters, digits, - and _".into())
}

impl ConsoleSettings {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        let own = || self.themes.keys().map(String::as_str);
        if !BUILT_IN.into_iter().chain(own()).any(|name| name == self.theme) {
            let names: Vec<&str> = BUILT_IN.into_iter().chain(own()).collect();
            let (name, names) = (excerpt(&self.theme, 40), names.join(", "));
            check.refuse("console.theme", format!("there is no theme `{name}`; there are {names}"));
        }
    }
}

/// Of a setting below [`THEMES`]: `mine` and `accent` of `console.themes.mine.accent`.
pub(super) fn parts(key: &str) -> Option<(&str, &str)> {
    key.strip_prefix(THEMES)?.strip_prefix('.')?.split_once('.')
}
