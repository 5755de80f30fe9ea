//! `[schema_registry]`: the registry with the schemas of messages that have a frame.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::engine_url::EngineUrl;
use super::error::ConfigError;
use super::events::{EventSettings, FORM};
use super::kafka::KafkaSettings;
use super::kind::Kind;
use super::secret_file::secret_or_file;
use super::setting::{Section, Setting};
use super::units::duration;
use crate::click::Format;
use crate::click::mapping::Form;
use crate::loopback::is_plain_to_others;
use crate::registry::{ClientCertificate, Login, RegistryOptions};
use crate::secret::Secret;
use crate::text::printable;

/// `[schema_registry]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaRegistrySettings {
    /// The servers of one registry, which are asked in this order; empty for none.
    pub urls: Vec<EngineUrl>,
    /// The user's name.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// A file that holds the password, instead.
    pub password_file: Option<PathBuf>,
    /// Certificates to trust, PEM; not set: the public ones.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate, PEM.
    pub certificate_file: Option<PathBuf>,
    /// The key of that certificate, PEM.
    pub key_file: Option<PathBuf>,
    /// Takes any certificate. Dangerous: anyone in between can read and change everything.
    pub danger_accept_invalid_certs: bool,
    /// How long a request may take.
    #[serde(with = "duration")]
    pub request_timeout: Duration,
}

/// The setting of the servers.
const URLS: &str = "schema_registry.urls";

const fn path(key: &'static str, help: &'static str) -> Setting {
    Setting { key, kind: Kind::Path, default: "", help, flags: &[] }
}

/// The settings of `[schema_registry]`.
pub(super) const SCHEMA_REGISTRY: Section = Section {
    table: "schema_registry",
    help: "For topics whose messages begin with the id of a schema (Avro, JSON Schema or Protobuf in Confluent's frame). \
           docs/events.md explains them.",
    settings: &[
        Setting {
            key: URLS,
            kind: Kind::Urls,
            default: "",
            help: "One URL, or a list of servers of one registry, which clicktop asks in this order; empty: none. The path \
                   of Confluent's API belongs to it, such as http://localhost:8080/apis/ccompat/v7 for Apicurio. Messages \
                   without a frame are read as events.form says.",
            flags: &["--schema-registry"],
        },
        Setting {
            key: "schema_registry.username",
            kind: Kind::OptionalText,
            default: "",
            help: "A user, or the name of an API key. It needs a password.",
            flags: &[],
        },
        Setting {
            key: "schema_registry.password",
            kind: Kind::Secret,
            default: "",
            help: "The user's password, or the secret of the API key. It is safer in a file: see password_file.",
            flags: &[],
        },
        path("schema_registry.password_file", "A file that holds the password, instead of password."),
        path("schema_registry.ca_file", "Certificates to trust in addition to the public ones, PEM."),
        path(
            "schema_registry.certificate_file",
            "The client's own certificate, PEM, if the registry asks for one. It needs key_file.",
        ),
        path("schema_registry.key_file", "The key of that certificate, PEM without a password."),
        Setting {
            key: "schema_registry.danger_accept_invalid_certs",
            kind: Kind::Switch,
            default: "false",
            help: "true accepts any certificate: anyone can pose as the registry. Better trust the registry's certificate \
                   with ca_file.",
            flags: &[],
        },
        Setting {
            key: "schema_registry.request_timeout",
            kind: Kind::TIMEOUT,
            default: "10 s",
            help: "How long a request may take before clicktop tries it again.",
            flags: &[],
        },
    ],
};

impl SchemaRegistrySettings {
    /// How the registry is reached, secrets read from their files; `None` if there is none.
    ///
    /// # Errors
    /// [`ConfigError::SecretFile`] if the file of the password cannot be read.
    pub fn options(&self) -> Result<Option<RegistryOptions>, ConfigError> {
        if self.urls.is_empty() {
            return Ok(None);
        }
        let password = secret_or_file(&self.password, "schema_registry.password_file", &self.password_file)?;
        let login = self.username.clone().zip(password).map(|(username, password)| Login { username, password });
        let files = self.certificate_file.clone().zip(self.key_file.clone());
        let certificate = files.map(|(certificate_file, key_file)| ClientCertificate { certificate_file, key_file });
        Ok(Some(RegistryOptions {
            urls: self.urls.iter().map(|url| Secret::new(url.expose())).collect(),
            login,
            ca_file: self.ca_file.clone(),
            certificate,
            verify: !self.danger_accept_invalid_certs,
            request_timeout: self.request_timeout,
        }))
    }

    pub(super) fn validate(&self, kafka: &KafkaSettings, events: &EventSettings, check: &mut Check<'_>) {
        for url in &self.urls {
            if let Some(problem) = url.problem() {
                check.refuse(URLS, format!("\"{}\": {problem}", printable(&url.to_string())));
            }
        }
        check.exclusive(
            ("schema_registry.password", &self.password),
            ("schema_registry.password_file", &self.password_file),
        );
        let has_password = self.password.is_some() || self.password_file.is_some();
        match (self.username.is_some(), has_password) {
            (true, false) => {
                check.refuse(
                    "schema_registry.username",
                    "needs schema_registry.password or schema_registry.password_file",
                );
            }
            (false, true) => {
                let key =
                    if self.password.is_some() { "schema_registry.password" } else { "schema_registry.password_file" };
                check.refuse(key, "needs schema_registry.username");
            }
            _ => {}
        }
        if self.urls.iter().any(EngineUrl::has_userinfo) && self.username.is_some() {
            check.refuse(URLS, "holds a user name, and schema_registry.username is set as well; keep one");
        }
        match (&self.certificate_file, &self.key_file) {
            (Some(_), None) => check.refuse("schema_registry.certificate_file", "needs schema_registry.key_file"),
            (None, Some(_)) => check.refuse("schema_registry.key_file", "needs schema_registry.certificate_file"),
            _ => {}
        }
        if self.urls.is_empty() {
            return;
        }
        if !matches!(events.form, Form::Auto | Form::Json) {
            check.refuse(
                FORM,
                "has to be \"auto\" or \"json\" with a schema registry: clicktop reads its messages as JSON",
            );
        }
        if kafka.format == Format::Csv {
            check.refuse(
                "kafka.format",
                "has to be \"auto\" or \"json\" with a schema registry: clicktop reads its messages as JSON",
            );
        }
    }

    /// Whether a setting lets somebody stand in between unnoticed.
    pub(super) fn takes_any_certificate(&self) -> bool {
        self.danger_accept_invalid_certs && self.urls.iter().any(EngineUrl::is_https)
    }

    pub(super) fn warn(&self, warnings: &mut Vec<String>) {
        if self.takes_any_certificate() {
            warnings.push(
                "schema_registry.danger_accept_invalid_certs is on: anyone between clicktop and the schema registry can change \
                 the schemas"
                    .into(),
            );
        }
        for url in &self.urls {
            if is_plain_to_others(url.expose()) && (self.username.is_some() || url.has_userinfo()) {
                warnings.push(format!("{url} is not https: the password can be read on the way"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn the_password_may_come_from_a_file_and_never_prints() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "hunter2\n").unwrap();
        let none = Settings::default().schema_registry;
        assert_eq!(none.options().unwrap().map(|options| options.urls.len()), None);
        let set = SchemaRegistrySettings {
            urls: vec![EngineUrl::new("https://ann:hunter3@registry:8081")],
            username: Some("ann".into()),
            password_file: Some(file),
            ..none
        };
        let options = set.options().unwrap().unwrap();
        assert_eq!(options.login.as_ref().map(|login| login.password.expose()), Some("hunter2"));
        let shown = format!("{options:?} {set:?} {}", serde_json::to_string(&set).unwrap());
        assert!(!shown.contains("hunter"), "{shown}");
    }
}
