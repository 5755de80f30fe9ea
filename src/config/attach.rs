//! `[attach]`: how consoles and scripts reach a pipeline that runs elsewhere.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::error::ConfigError;
use super::kind::Kind;
use super::secret_file::secret_or_file;
use super::setting::{Section, Setting};
use crate::secret::Secret;

/// `[attach]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachSettings {
    /// The token of the service.
    pub token: Option<Secret>,
    /// A file that holds it, instead.
    pub token_file: Option<PathBuf>,
    /// Certificates to trust, PEM; not set: the public ones.
    pub ca_file: Option<PathBuf>,
}

/// The settings of `[attach]`.
pub(super) const ATTACH: Section = Section {
    table: "attach",
    help: "",
    settings: &[
        Setting {
            key: "attach.token",
            kind: Kind::Secret,
            default: "",
            help: "The token that attach and ctl send over TCP: the read or the steer token of the service. It is safer in a file: \
                   see token_file.",
            flags: &[],
        },
        Setting {
            key: "attach.token_file",
            kind: Kind::Path,
            default: "",
            help: "A file that holds the token, instead of token. For several pipelines with different tokens, it holds lines of an \
                   address, a blank and its token; a line with a token alone is for the others.",
            flags: &["--token-file"],
        },
        Setting {
            key: "attach.ca_file",
            kind: Kind::Path,
            default: "",
            help: "Certificates of a service to trust in addition to the public ones, PEM.",
            flags: &["--ca-file"],
        },
    ],
};

impl AttachSettings {
    /// The token, read from its file.
    ///
    /// # Errors
    /// [`ConfigError::SecretFile`] if the file cannot be read.
    pub fn token(&self) -> Result<Option<Secret>, ConfigError> {
        secret_or_file(&self.token, "attach.token_file", &self.token_file)
    }

    pub(super) fn validate(&self, check: &mut Check<'_>) {
        check.exclusive(("attach.token", &self.token), ("attach.token_file", &self.token_file));
    }
}
