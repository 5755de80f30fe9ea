//! `[console.themes.NAME]`: colours of the user's own.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Check;
use super::console::ConsoleSettings;
use super::keys::{THEMES, quoted};
use crate::text::excerpt;

/// The built-in themes, in the order in which they are offered.
pub(super) const BUILT_IN: [&str; 4] = ["terminal", "dark", "light", "high-contrast"];

/// What a theme of one's own sets beside its base.
pub(super) const ROLES: [&str; 9] = ["text", "background", "faint", "accent", "good", "warn", "bad", "calm", "other"];

/// The setting of a theme that names where the rest comes from.
pub(super) const BASE: &str = "base";

/// The terminal's own sixteen colours, in their order in the palette of 256.
const SIXTEEN: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "gray",
    "dark-gray",
    "light-red",
    "light-green",
    "light-yellow",
    "light-blue",
    "light-magenta",
    "light-cyan",
    "white",
];

/// A built-in theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    /// The terminal's own, on its own background.
    #[default]
    Terminal,
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
    /// Full colours on black, nothing dimmed.
    HighContrast,
}

/// A theme of the user's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnTheme {
    /// The theme that gives what is not set here.
    #[serde(default)]
    pub base: ThemeChoice,
    /// The colour of each role that is.
    #[serde(flatten)]
    pub colors: BTreeMap<ThemeRole, ThemeColor>,
}

/// What a colour is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeRole {
    /// Plain text.
    Text,
    /// What is behind it all.
    Background,
    /// Labels and what is secondary.
    Faint,
    /// What has the focus.
    Accent,
    /// What is well.
    Good,
    /// What wants a look.
    Warn,
    /// What is broken.
    Bad,
    /// A stage's line; what drains; countries with few clicks.
    Calm,
    /// A stage's line; countries with some clicks.
    Other,
}

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ThemeColor {
    /// The terminal's own text or background.
    Default,
    /// One of the palette of 256; the first sixteen have names.
    Palette(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

impl ThemeColor {
    /// `#rrggbb`, a number of the palette, or a name.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(digits) = text.strip_prefix('#') {
            if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return None;
            }
            let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
            return Some(Self::Rgb(red, green, blue));
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().map(Self::Palette);
        }
        let name = text.to_ascii_lowercase().replace(['_', ' '], "-").replace("grey", "gray");
        if name == "default" {
            return Some(Self::Default);
        }
        (0..).zip(SIXTEEN).find(|(_, known)| *known == name).map(|(index, _)| Self::Palette(index))
    }

    /// What can stand for one, for a message.
    pub(super) fn expected() -> String {
        format!("a colour: \"#rrggbb\", a number from 0 to 255, \"default\", or one of {}", quoted(&SIXTEEN))
    }
}

impl TryFrom<String> for ThemeColor {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("no colour")
    }
}

impl From<ThemeColor> for String {
    fn from(color: ThemeColor) -> Self {
        color.to_string()
    }
}

impl fmt::Display for ThemeColor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Palette(index) => match SIXTEEN.get(usize::from(*index)) {
                Some(name) => f.write_str(name),
                None => write!(f, "{index}"),
            },
            Self::Rgb(red, green, blue) => write!(f, "#{red:02x}{green:02x}{blue:02x}"),
        }
    }
}

/// Why a theme of one's own cannot be called `name`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_every_notation_and_written_back() {
        for (text, color, written) in [
            ("#1A2b3c", ThemeColor::Rgb(0x1a, 0x2b, 0x3c), "#1a2b3c"),
            ("208", ThemeColor::Palette(208), "208"),
            ("14", ThemeColor::Palette(14), "light-cyan"),
            ("light-cyan", ThemeColor::Palette(14), "light-cyan"),
            ("Dark Grey", ThemeColor::Palette(8), "dark-gray"),
            ("default", ThemeColor::Default, "default"),
        ] {
            assert_eq!(ThemeColor::parse(text), Some(color), "{text}");
            assert_eq!(color.to_string(), written);
            assert_eq!(ThemeColor::parse(written), Some(color));
        }
        for wrong in ["", "#12345", "#12345g", "#+12345", "256", "-1", "lightcyan", "#1234567", "１"] {
            assert_eq!(ThemeColor::parse(wrong), None, "{wrong}");
        }
    }
}
