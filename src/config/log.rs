//! `[log]`: where the log goes, and how much of it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::check::Check;
use super::kind::Kind;
use super::setting::{Section, Setting};
use crate::text::printable;

/// `[log]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// The file to log to. Without it the console shows the newest lines, and a headless run logs to stderr.
    pub file: Option<PathBuf>,
    /// A level, or `target=level` directives separated by commas.
    pub level: String,
    /// How lines look.
    pub format: LogFormat,
    /// When a new file begins.
    pub rotate: LogRotation,
    /// How many files of a rotated log stay.
    pub keep: u32,
}

/// How log lines look, in the file and on stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object in each line.
    Json,
}

/// When the log goes on in a new file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogRotation {
    /// Never; another program may rename the file and then send SIGHUP.
    #[default]
    Never,
    /// At each full hour of UTC.
    Hourly,
    /// At midnight UTC.
    Daily,
}

/// The settings of `[log]`.
pub(super) const LOG: Section = Section {
    table: "log",
    help: "",
    settings: &[
        Setting {
            key: "log.file",
            kind: Kind::Path,
            default: "",
            help: "Append the log to this file. Not set: the console shows the newest lines, a headless run logs to \
                   stderr.",
            flags: &["--log-file"],
        },
        Setting {
            key: "log.level",
            kind: Kind::Text,
            default: "info",
            help: "off, error, warn, info, debug or trace; or a level for each part, such as \"warn,clicktop=debug\".",
            flags: &["--log-level"],
        },
        Setting {
            key: "log.format",
            kind: Kind::Choice(&["text", "json"]),
            default: "text",
            help: "How lines look: text for people, or json, one object in each line.",
            flags: &[],
        },
        Setting {
            key: "log.rotate",
            kind: Kind::Choice(&["never", "hourly", "daily"]),
            default: "never",
            help: "When a new file begins, by UTC. Its name has the time: clicktop.log becomes clicktop.2026-01-31.log.",
            flags: &[],
        },
        Setting {
            key: "log.keep",
            kind: Kind::Count(10_000),
            default: "14",
            help: "How many files of a rotated log stay. clicktop deletes the oldest ones.",
            flags: &[],
        },
    ],
};

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

/// The filter would take a lone word that is no level for a target, and a misspelt level would silently log next to nothing.
fn is_level_or_targeted(directive: &str) -> bool {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    directive.contains('=') || LEVELS.iter().any(|level| level.eq_ignore_ascii_case(directive))
}
