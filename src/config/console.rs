//! `[console]`: how the console looks.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::action_keys::ActionKeys;
use super::kind::Kind;
use super::names::THEMES;
use super::setting::{Section, Setting};
use super::units::{auto_as_none, duration};
use crate::theme::{ColorMode, OwnTheme};

/// `[console]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleSettings {
    /// The shortest time between two drawings of the screen.
    #[serde(with = "duration")]
    pub frame_interval: Duration,
    /// Whether to use colours, and how many.
    pub color: ColorMode,
    /// The theme: a built-in one or one of `themes`.
    pub theme: String,
    /// Draw with ASCII characters only. `None`, "auto": if the locale is not UTF-8.
    #[serde(default, serialize_with = "auto_as_none::serialize")]
    pub ascii: Option<bool>,
    /// React to the mouse; off leaves it to the terminal, for selecting text.
    pub mouse: bool,
    /// Whether the terminal's bell rings when an alarm begins.
    pub bell: bool,
    /// `[console.keys]`.
    pub keys: ActionKeys,
    /// `[console.themes.NAME]`.
    pub themes: BTreeMap<String, OwnTheme>,
}

/// The settings of `[console]`.
pub(super) const CONSOLE: Section = Section {
    table: "console",
    help: "",
    settings: &[
        Setting {
            key: "console.frame_interval",
            kind: Kind::Duration(Duration::from_millis(10), Duration::from_secs(10)),
            default: "100 ms",
            help: "The shortest time between two frames. Raise it if the connection to the terminal is slow.",
            flags: &[],
        },
        Setting {
            key: "console.color",
            kind: Kind::Choice(&["auto", "always", "never", "16", "256", "true"]),
            default: "auto",
            help: "The number of colours: auto (as many as the terminal says it has; none if NO_COLOR is set), always, \
                   never, \"16\", \"256\" or \"true\" (24 bits).",
            flags: &["--color", "--no-color"],
        },
        Setting {
            key: "console.theme",
            kind: Kind::Text,
            default: "terminal",
            help: "terminal (its own colours and background), dark, light, high-contrast, or one of your own, \
                   [console.themes.NAME].",
            flags: &["--theme"],
        },
        Setting {
            key: "console.ascii",
            kind: Kind::AutoSwitch,
            default: "auto",
            help: "true draws with ASCII only, for terminals and fonts without line characters; auto does so if the \
                   locale is set and is not UTF-8 (LC_ALL, else LC_CTYPE, else LANG).",
            flags: &["--ascii"],
        },
        Setting {
            key: "console.mouse",
            kind: Kind::Switch,
            default: "true",
            help: "false leaves the mouse to the terminal, for selecting text.",
            flags: &["--no-mouse"],
        },
        Setting {
            key: "console.bell",
            kind: Kind::Switch,
            default: "true",
            help: "true rings the terminal's bell once when an alarm begins; see [alarms].",
            flags: &[],
        },
    ],
};

/// `[console.themes.NAME]`.
pub(super) const OWN_THEMES: Section = Section {
    table: THEMES,
    help: "",
    settings: &[Setting {
        key: THEMES,
        kind: Kind::Themes,
        default: "",
        help: "Themes of your own, each a table with its name. A colour is \"#rrggbb\", a number of the 256-colour \
               palette, \"default\" for the terminal's own colour, or one of its sixteen colours: black, red, green, \
               yellow, blue, magenta, cyan, gray, dark-gray, light-red … light-cyan, white. base names the built-in \
               theme that supplies the colours that you do not set; the default is \"terminal\". A terminal with fewer \
               colours shows the nearest colour that it has.",
        flags: &[],
    }],
};
