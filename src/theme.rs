//! The vocabulary of colours that config and console share: themes, roles, colours, and the number of colours.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether to use colours, and how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColorMode {
    /// As many as the terminal says it has; none if `NO_COLOR` is set or the terminal calls itself dumb.
    #[default]
    Auto,
    /// As many as the terminal says it has, and at least sixteen, also if `NO_COLOR` is set.
    Always,
    /// None: bold, dim and reversed only.
    Never,
    /// The sixteen colours of the terminal's own scheme.
    #[serde(rename = "16")]
    Sixteen,
    /// The fixed palette of 256 colours.
    #[serde(rename = "256")]
    Palette256,
    /// 24 bits.
    True,
}

/// A built-in theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeName {
    /// The terminal's own sixteen colours, on its own background.
    #[default]
    Terminal,
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
    /// Full colours on black, nothing dimmed.
    HighContrast,
}

impl ThemeName {
    /// Every built-in theme, in the order in which the console offers them.
    pub const ALL: [ThemeName; 4] = [ThemeName::Terminal, ThemeName::Dark, ThemeName::Light, ThemeName::HighContrast];

    /// Its name in the config and in the console.
    pub const fn name(self) -> &'static str {
        match self {
            ThemeName::Terminal => "terminal",
            ThemeName::Dark => "dark",
            ThemeName::Light => "light",
            ThemeName::HighContrast => "high-contrast",
        }
    }
}

/// The purpose of a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Plain text.
    Text,
    /// The background of the screen.
    Background,
    /// Labels and other secondary text.
    Faint,
    /// The panel that has the focus.
    Accent,
    /// A good state.
    Good,
    /// A state that needs a look.
    Warn,
    /// A broken state.
    Bad,
    /// A line of the chart, a draining stage, countries with few clicks.
    Calm,
    /// A line of the chart, countries with some clicks.
    Other,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 9] = [
        Role::Text,
        Role::Background,
        Role::Faint,
        Role::Accent,
        Role::Good,
        Role::Warn,
        Role::Bad,
        Role::Calm,
        Role::Other,
    ];

    /// Its name in the config.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Text => "text",
            Role::Background => "background",
            Role::Faint => "faint",
            Role::Accent => "accent",
            Role::Good => "good",
            Role::Warn => "warn",
            Role::Bad => "bad",
            Role::Calm => "calm",
            Role::Other => "other",
        }
    }
}

/// The names of the terminal's own sixteen colours, in the order of the palette of 256.
pub const SIXTEEN: [&str; 16] = [
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

/// A colour of a theme.
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
    /// Reads `#rrggbb`, a number of the palette, or a name.
    pub fn parse(text: &str) -> Option<Self> {
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
}

impl TryFrom<String> for ThemeColor {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a colour")
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

/// A theme that the user defines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnTheme {
    /// The built-in theme that gives every colour that `colors` leaves out.
    #[serde(default)]
    pub base: ThemeName,
    /// The colours that the user sets.
    #[serde(flatten)]
    pub colors: BTreeMap<Role, ThemeColor>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_serde_reads() {
        for theme in ThemeName::ALL {
            assert_eq!(serde_json::to_value(theme).unwrap(), theme.name());
        }
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
    }

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
