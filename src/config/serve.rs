//! `[serve]`: where other consoles, scripts and the monitoring reach a running pipeline.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::error::ConfigError;
use super::kind::Kind;
use super::secret_file::secret_or_file;
use super::setting::{Section, Setting};
use crate::secret::Secret;

/// `[serve]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServeSettings {
    /// Addresses to listen on besides the socket in the data directory.
    pub listen: Vec<String>,
    /// Whoever has it may read.
    pub read_token: Option<Secret>,
    /// A file that holds it, instead.
    pub read_token_file: Option<PathBuf>,
    /// Whoever has it may also start, stop and reset.
    pub steer_token: Option<Secret>,
    /// A file that holds it, instead.
    pub steer_token_file: Option<PathBuf>,
    /// The certificate that TCP addresses show, with those above it, PEM.
    pub cert_file: Option<PathBuf>,
    /// Its key, PEM.
    pub key_file: Option<PathBuf>,
    /// Lets TCP addresses that other machines reach speak without TLS.
    pub danger_plain_http: bool,
}

/// The settings of `[serve]`.
pub(super) const SERVE: Section = Section {
    table: "serve",
    help: "",
    settings: &[
        Setting {
            key: "serve.listen",
            kind: Kind::Names,
            default: "",
            help: "Where run, demo, replay and serve offer the HTTP API: a path is a Unix socket for this user, HOST:PORT is TCP. \
                   The command serve always has the socket clicktop.sock in the data directory, too. An address that other \
                   machines reach needs a token and a certificate.",
            flags: &["--listen"],
        },
        Setting {
            key: "serve.read_token",
            kind: Kind::Secret,
            default: "",
            help: "Whoever sends this token over TCP may read figures, states and log. At least 16 characters. It is safer in a \
                   file: see read_token_file.",
            flags: &[],
        },
        Setting {
            key: "serve.read_token_file",
            kind: Kind::Path,
            default: "",
            help: "A file that holds the token, instead of read_token.",
            flags: &[],
        },
        Setting {
            key: "serve.steer_token",
            kind: Kind::Secret,
            default: "",
            help: "Whoever sends this token over TCP may also start and stop stages, reset, and end the pipeline. At least 16 \
                   characters. It is safer in a file: see steer_token_file.",
            flags: &[],
        },
        Setting {
            key: "serve.steer_token_file",
            kind: Kind::Path,
            default: "",
            help: "A file that holds the token, instead of steer_token.",
            flags: &[],
        },
        Setting {
            key: "serve.cert_file",
            kind: Kind::Path,
            default: "",
            help: "The certificate for TCP addresses, followed by those that sign it, PEM. With it, they speak HTTPS only.",
            flags: &[],
        },
        Setting {
            key: "serve.key_file",
            kind: Kind::Path,
            default: "",
            help: "The key of that certificate, PEM, without a password.",
            flags: &[],
        },
        Setting {
            key: "serve.danger_plain_http",
            kind: Kind::Switch,
            default: "false",
            help: "true lets an address that other machines reach speak HTTP without TLS: anyone in between can read the tokens and \
                   steer. Only for a network or proxy that you trust.",
            flags: &[],
        },
    ],
};

impl ServeSettings {
    /// The tokens for reading and for steering, read from their files.
    ///
    /// # Errors
    /// [`ConfigError::SecretFile`] if a file cannot be read.
    pub fn tokens(&self) -> Result<(Option<Secret>, Option<Secret>), ConfigError> {
        let read = secret_or_file(&self.read_token, "serve.read_token_file", &self.read_token_file)?;
        let steer = secret_or_file(&self.steer_token, "serve.steer_token_file", &self.steer_token_file)?;
        Ok((read, steer))
    }

    pub(super) fn validate(&self, check: &mut Check<'_>) {
        check.exclusive(("serve.read_token", &self.read_token), ("serve.read_token_file", &self.read_token_file));
        check.exclusive(("serve.steer_token", &self.steer_token), ("serve.steer_token_file", &self.steer_token_file));
        match (&self.cert_file, &self.key_file) {
            (Some(_), None) => check.refuse("serve.cert_file", "needs serve.key_file"),
            (None, Some(_)) => check.refuse("serve.key_file", "needs serve.cert_file"),
            _ => {}
        }
    }

    pub(super) fn warn(&self, warnings: &mut Vec<String>) {
        if self.danger_plain_http && self.cert_file.is_none() && !self.listen.is_empty() {
            warnings.push(
                "serve.danger_plain_http is on: anyone between clicktop and a console can read the token, and steer the pipeline"
                    .into(),
            );
        }
    }
}
