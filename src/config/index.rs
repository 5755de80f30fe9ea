//! `[index]`: the search index.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::engine_url::EngineUrl;
use super::error::ConfigError;
use super::kind::Kind;
use super::secret_file::secret_or_file;
use super::setting::{Section, Setting};
use super::units::{Bytes, duration};
use crate::loopback::is_plain_to_others;
use crate::search::elasticsearch::Credentials;
use crate::secret::Secret;
use crate::text::printable;

/// `[index]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexSettings {
    /// Which engine.
    pub kind: IndexKind,
    /// Where Elasticsearch or OpenSearch listens; the nodes of one cluster.
    pub urls: Vec<EngineUrl>,
    /// The index's name.
    pub name: String,
    /// The user's name.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// A file that holds the password, instead.
    pub password_file: Option<PathBuf>,
    /// An API key (the encoded form), instead of a user.
    pub api_key: Option<Secret>,
    /// A file that holds the API key, instead.
    pub api_key_file: Option<PathBuf>,
    /// Certificates to trust, PEM; not set: the public ones.
    pub ca_file: Option<PathBuf>,
    /// Takes any certificate. Dangerous: anyone in between can read and change everything.
    pub danger_accept_invalid_certs: bool,
    /// How often changed figures are sent.
    #[serde(with = "duration")]
    pub interval: Duration,
    /// The most documents in one bulk request.
    pub bulk_documents: NonZeroUsize,
    /// The most bytes in one bulk request.
    pub bulk_bytes: Bytes,
    /// The most bulk requests under way at once.
    pub in_flight: NonZeroUsize,
    /// How long a request may take.
    #[serde(with = "duration")]
    pub request_timeout: Duration,
}

/// Which engine holds the documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IndexKind {
    /// clicktop's own, in the data directory.
    #[default]
    Embedded,
    /// Elasticsearch 8 or 9, or OpenSearch 2 or 3.
    Elasticsearch,
}

/// The settings of `[index]`.
pub(super) const INDEX: Section = Section {
    table: "index",
    help: "",
    settings: &[
        Setting {
            key: "index.kind",
            kind: Kind::Choice(&["embedded", "elasticsearch"]),
            default: "embedded",
            help: "embedded (in the data directory) or elasticsearch (Elasticsearch 8 and 9, OpenSearch 2 and 3).",
            flags: &["--index-url"],
        },
        Setting {
            key: "index.urls",
            kind: Kind::Urls,
            default: "http://localhost:9200",
            help: "One URL, or a list of nodes of one cluster. The embedded index does not use it. clicktop follows no \
                   redirects. It uses the proxies of the environment (HTTPS_PROXY, NO_PROXY …), except for connections \
                   to this machine.",
            flags: &["--index-url"],
        },
        Setting {
            key: "index.name",
            kind: Kind::Text,
            default: "clicktop",
            help: "The name of the index. If it does not exist, clicktop creates it with its mapping. An alias with a \
                   write index works, a data stream does not.",
            flags: &["--index-name"],
        },
        Setting {
            key: "index.username",
            kind: Kind::OptionalText,
            default: "",
            help: "A user. It needs a password; an API key can take the place of both.",
            flags: &[],
        },
        Setting {
            key: "index.password",
            kind: Kind::Secret,
            default: "",
            help: "The user's password. It is safer in a file: see password_file.",
            flags: &[],
        },
        Setting {
            key: "index.password_file",
            kind: Kind::Path,
            default: "",
            help: "A file that holds the password, instead of password.",
            flags: &[],
        },
        Setting {
            key: "index.api_key",
            kind: Kind::Secret,
            default: "",
            help: "An API key in its encoded form, instead of a user. It is safer in a file: see api_key_file.",
            flags: &[],
        },
        Setting {
            key: "index.api_key_file",
            kind: Kind::Path,
            default: "",
            help: "A file that holds the API key, instead of api_key.",
            flags: &[],
        },
        Setting {
            key: "index.ca_file",
            kind: Kind::Path,
            default: "",
            help: "Certificates to trust in addition to the public ones, PEM.",
            flags: &[],
        },
        Setting {
            key: "index.danger_accept_invalid_certs",
            kind: Kind::Switch,
            default: "false",
            help: "true accepts any certificate: anyone can pose as the engine, and read and change everything. Better \
                   trust the engine's certificate with ca_file.",
            flags: &[],
        },
        Setting {
            key: "index.interval",
            kind: Kind::INTERVAL,
            default: "1 s",
            help: "How often the index stage sends changed figures. A longer interval means less work for the engine: \
                   a row that changes often is sent once.",
            flags: &[],
        },
        Setting {
            key: "index.bulk_documents",
            kind: Kind::Count(100_000),
            default: "2000",
            help: "The most documents in one bulk request. The embedded index takes at least 10,000.",
            flags: &[],
        },
        Setting {
            key: "index.bulk_bytes",
            kind: Kind::Size(Bytes::mib(100)),
            default: "5 MiB",
            help: "The most bytes in one bulk request.",
            flags: &[],
        },
        Setting {
            key: "index.in_flight",
            kind: Kind::Count(64),
            default: "2",
            help: "The most bulk requests at the same time. Lower it if the engine answers 429.",
            flags: &[],
        },
        Setting {
            key: "index.request_timeout",
            kind: Kind::TIMEOUT,
            default: "30 s",
            help: "How long a request may take before clicktop tries it again.",
            flags: &[],
        },
    ],
};

impl IndexSettings {
    /// How to sign in to the engine, secrets read from their files.
    ///
    /// # Errors
    /// [`ConfigError::SecretFile`] if a secret's file cannot be read.
    pub fn credentials(&self) -> Result<Credentials, ConfigError> {
        if let Some(key) = secret_or_file(&self.api_key, "index.api_key_file", &self.api_key_file)? {
            return Ok(Credentials::ApiKey(key));
        }
        let password = secret_or_file(&self.password, "index.password_file", &self.password_file)?;
        Ok(match (&self.username, password) {
            (Some(username), Some(password)) => Credentials::Basic { username: username.clone(), password },
            _ => Credentials::None,
        })
    }

    pub(super) fn validate(&self, check: &mut Check<'_>) {
        if self.kind == IndexKind::Elasticsearch && self.urls.is_empty() {
            check.refuse("index.urls", "is empty; name where Elasticsearch or OpenSearch listens");
        }
        for url in &self.urls {
            if let Some(problem) = url.problem() {
                check.refuse("index.urls", format!("\"{}\": {problem}", printable(&url.to_string())));
            }
        }
        check.exclusive(("index.password", &self.password), ("index.password_file", &self.password_file));
        check.exclusive(("index.api_key", &self.api_key), ("index.api_key_file", &self.api_key_file));
        let password = self.password.is_some() || self.password_file.is_some();
        let api_key = self.api_key.is_some() || self.api_key_file.is_some();
        match (self.username.is_some(), password) {
            (true, false) => check.refuse("index.username", "needs index.password or index.password_file"),
            (false, true) => {
                let key = if self.password.is_some() { "index.password" } else { "index.password_file" };
                check.refuse(key, "needs index.username");
            }
            _ => {}
        }
        if api_key && self.username.is_some() {
            check.refuse("index.username", "and an API key are both set; keep one");
        }
        if self.urls.iter().any(EngineUrl::has_userinfo) && (api_key || self.username.is_some()) {
            check.refuse("index.urls", "holds a user name, and another or an API key is set as well; keep one");
        }
    }

    /// Whether a setting lets somebody stand in between unnoticed.
    pub(super) fn takes_any_certificate(&self) -> bool {
        self.kind == IndexKind::Elasticsearch
            && self.danger_accept_invalid_certs
            && self.urls.iter().any(EngineUrl::is_https)
    }

    pub(super) fn warn(&self, warnings: &mut Vec<String>) {
        if self.kind != IndexKind::Elasticsearch {
            return;
        }
        if self.takes_any_certificate() {
            warnings.push(
                "index.danger_accept_invalid_certs is on: anyone between clicktop and the search engine can read and change \
                 everything"
                    .into(),
            );
        }
        let secret = self.username.is_some() || self.api_key.is_some() || self.api_key_file.is_some();
        for url in &self.urls {
            if is_plain_to_others(url.expose()) && (secret || url.has_userinfo()) {
                warnings.push(format!("{url} is not https: the password or API key can be read on the way"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn credentials_come_from_files_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "hunter2\n").unwrap();
        let none = Settings::default().index;
        let basic =
            IndexSettings { username: Some("elastic".into()), password_file: Some(file.clone()), ..none.clone() };
        let key = IndexSettings { api_key_file: Some(file), ..none.clone() };
        let secret = Secret::new("hunter2");
        assert_eq!(none.credentials(), Ok(Credentials::None));
        assert_eq!(
            basic.credentials(),
            Ok(Credentials::Basic { username: "elastic".into(), password: secret.clone() })
        );
        assert_eq!(key.credentials(), Ok(Credentials::ApiKey(secret)));
    }
}
