//! `[geoip]`, `[user_agents]` and `[privacy]`: what clicktop makes of the visitor of an event, and what it keeps of a user.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::error::ConfigError;
use super::kind::Kind;
use super::secret_file::secret_or_file;
use super::setting::{Section, Setting};
use crate::enrich::Bots;
use crate::secret::Secret;

/// `[geoip]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeoIpSettings {
    /// The databases; empty for none.
    pub database: Vec<PathBuf>,
}

/// `[user_agents]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserAgentSettings {
    /// Whether browser, system and device come from the user agent.
    pub parse: bool,
    /// What becomes of bots.
    pub bots: Bots,
}

/// `[privacy]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivacySettings {
    /// What is kept of user ids.
    pub users: KeptUsers,
    /// The file with the key of their hashes.
    pub key_file: Option<PathBuf>,
}

/// What is kept of user ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeptUsers {
    /// The ids.
    #[default]
    Keep,
    /// Keyed hashes.
    Hash,
}

/// The settings of `[geoip]`.
pub(super) const GEOIP: Section = Section {
    table: "geoip",
    help: "",
    settings: &[Setting {
        key: "geoip.database",
        kind: Kind::Paths,
        default: "",
        help: "GeoIP database in MaxMind's format (.mmdb): country and city come from events.ip where the event has none of its own. \
               Several files, as some databases have for IPv4 and IPv6, are a list. clicktop reads a file anew when it changes.",
        flags: &[],
    }],
};

/// The settings of `[user_agents]`.
pub(super) const USER_AGENTS: Section = Section {
    table: "user_agents",
    help: "",
    settings: &[
        Setting {
            key: "user_agents.parse",
            kind: Kind::Switch,
            default: "true",
            help: "Browser, system and device come from events.user_agent where the event has none of its own.",
            flags: &[],
        },
        Setting {
            key: "user_agents.bots",
            kind: Kind::Choice(&["label", "drop", "keep"]),
            default: "label",
            help: "The clicks of bots: label gives them the device \"bot\", drop leaves them out, keep takes them like all others. \
                   clicktop counts them in each case.",
            flags: &[],
        },
    ],
};

/// The settings of `[privacy]`.
pub(super) const PRIVACY: Section = Section {
    table: "privacy",
    help: "",
    settings: &[
        Setting {
            key: "privacy.users",
            kind: Kind::Choice(&["keep", "hash"]),
            default: "keep",
            help: "What clicktop keeps of user ids: keep, or hash: a keyed hash in place of each id. Rejects then have no payload.",
            flags: &[],
        },
        Setting {
            key: "privacy.key_file",
            kind: Kind::Path,
            default: "",
            help: "A file with the key of these hashes, at least 32 bytes: openssl rand -hex 32. With another key, every user is new.",
            flags: &[],
        },
    ],
};

impl PrivacySettings {
    /// The key of the hashes, with its file; `None` if user ids are kept.
    ///
    /// # Errors
    /// [`ConfigError::SecretFile`] if the file cannot be read.
    pub fn key(&self) -> Result<Option<(Secret, PathBuf)>, ConfigError> {
        match (self.users, &self.key_file) {
            (KeptUsers::Hash, Some(file)) => {
                let key = secret_or_file(&None, "privacy.key_file", &self.key_file)?;
                Ok(key.map(|key| (key, file.clone())))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn validate(&self, check: &mut Check<'_>) {
        if self.users == KeptUsers::Hash && self.key_file.is_none() {
            check.refuse("privacy.users", "hash needs a key: set privacy.key_file");
        }
    }
}
