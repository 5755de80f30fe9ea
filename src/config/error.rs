//! Errors of the settings. Each one is one line that names the place and says what to do.

use std::fmt;
use std::path::PathBuf;

use super::place::{Origin, Place};
use crate::text::printable;

/// Why there are no settings. Messages never hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The config file cannot be read.
    #[error("cannot read the config file {}: {cause}", shown(path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The config file is not TOML.
    #[error("{}: {message}{}", shown(path), At(*line))]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: Option<usize>,
        /// The parser's message, without the text of the line, which may hold a secret.
        message: String,
    },
    /// The config file has a setting that does not exist.
    #[error("{}: unknown setting {}{}{}", shown(path), printable(key), At(*line), Instead(suggestion))]
    UnknownSetting {
        /// The file.
        path: PathBuf,
        /// The dotted key.
        key: String,
        /// The line, from 1.
        line: Option<usize>,
        /// The nearest setting there is.
        suggestion: Option<String>,
    },
    /// A `CLICKTOP_…` variable that is no setting.
    #[error("unknown environment variable {}{}", printable(name), Instead(suggestion))]
    UnknownVariable {
        /// The variable.
        name: String,
        /// The nearest variable there is.
        suggestion: Option<String>,
    },
    /// A `CLICKTOP_…` variable that is not UTF-8.
    #[error("environment variable {}: not UTF-8 text", printable(name))]
    NotUnicode {
        /// The variable.
        name: String,
    },
    /// A value of the wrong type, or out of its range.
    #[error("{}: expected {expected}, found {found}", Subject { place, key })]
    WrongValue {
        /// Where it is written.
        place: Place,
        /// The dotted key.
        key: String,
        /// The values that the setting takes.
        expected: String,
        /// The value that is there; a secret is not shown.
        found: String,
    },
    /// A value that does not fit, alone or with others.
    #[error("{}: {reason}", Subject { place, key })]
    Invalid {
        /// Where it is written.
        place: Place,
        /// The dotted key.
        key: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A file that should hold a secret.
    #[error("{key}: cannot read {}: {cause}", shown(path))]
    SecretFile {
        /// The setting that names the file.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The environment names no folder for the data.
    #[error("neither XDG_DATA_HOME nor HOME is set: name a folder for the data with --data-dir")]
    NoHome,
    /// Several errors, one in each line.
    #[error("{}", Lines(.0))]
    Several(Vec<ConfigError>),
}

impl ConfigError {
    /// The line of the config file that it names.
    pub(super) fn line(&self) -> Option<usize> {
        match self {
            Self::Syntax { line, .. } | Self::UnknownSetting { line, .. } => *line,
            Self::WrongValue { place, .. } | Self::Invalid { place, .. } => place.line,
            _ => None,
        }
    }

    /// `errors` as one error; `None` if there is none.
    pub(super) fn of(mut errors: Vec<ConfigError>) -> Option<Self> {
        if errors.len() > 1 { Some(Self::Several(errors)) } else { errors.pop() }
    }
}

fn shown(path: &std::path::Path) -> String {
    printable(&path.to_string_lossy()).into_owned()
}

/// ` (line 3)`, if the line is known.
struct At(Option<usize>);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(line) => write!(f, " (line {line})"),
            None => Ok(()),
        }
    }
}

/// The question after a name that does not exist.
struct Instead<'a>(&'a Option<String>);

impl fmt::Display for Instead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(suggestion) => write!(f, "; did you mean {suggestion}?"),
            None => f.write_str("; no setting has a name like it: remove it"),
        }
    }
}

/// The place of a value as the beginning of a message.
struct Subject<'a> {
    place: &'a Place,
    key: &'a str,
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = printable(self.key);
        match &self.place.origin {
            Origin::Default => write!(f, "{key}"),
            Origin::Preset(name) => write!(f, "preset {name}: {key}"),
            Origin::File(path) => write!(f, "{}: {key}{}", shown(path), At(self.place.line)),
            Origin::Env(name) => write!(f, "environment variable {}", printable(name)),
            Origin::Flag(flag) => write!(f, "{flag} ({key})"),
        }
    }
}

struct Lines<'a>(&'a [ConfigError]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}
