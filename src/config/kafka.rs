//! `[kafka]`: the broker, what to read from it, and how to get in.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Check;
use super::error::ConfigError;
use super::properties::Properties;
use super::units::{Bytes, duration, empty_as_none};
use crate::click::Format;
use crate::engine::local::stages::ingest::{OnLostOffset, StartAt};
use crate::secret::Secret;

/// `[kafka]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaSettings {
    /// Brokers to begin with, `host:port`, separated by commas.
    pub brokers: String,
    /// The topic of the clicks.
    pub topic: String,
    /// The consumer group.
    pub group: String,
    /// The wire format of the messages.
    pub format: Format,
    /// Where to begin in a partition of which nothing is stored yet.
    pub start: StartAt,
    /// What to do if the stored offset is no longer in the topic.
    pub on_lost_offset: OnLostOffset,
    /// What the compressed batches of one fetch of a partition may become.
    pub max_batch_bytes: Bytes,
    /// How long to wait for a broker's answer before it counts as unreachable.
    #[serde(with = "duration")]
    pub connect_timeout: Duration,
    /// How the connection is protected.
    pub security: Security,
    /// `[kafka.sasl]`.
    pub sasl: SaslSettings,
    /// `[kafka.tls]`.
    pub tls: TlsSettings,
    /// Further librdkafka properties, passed through last.
    pub properties: Properties,
}

/// How the connection to the brokers is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Not at all.
    #[default]
    Plaintext,
    /// TLS.
    Ssl,
    /// SASL without TLS.
    SaslPlaintext,
    /// SASL within TLS.
    SaslSsl,
}

impl Security {
    /// As librdkafka and the config file name it.
    pub const fn name(self) -> &'static str {
        match self {
            Security::Plaintext => "plaintext",
            Security::Ssl => "ssl",
            Security::SaslPlaintext => "sasl_plaintext",
            Security::SaslSsl => "sasl_ssl",
        }
    }

    /// Whether SASL is used.
    pub const fn uses_sasl(self) -> bool {
        matches!(self, Security::SaslPlaintext | Security::SaslSsl)
    }

    /// Whether TLS is used.
    pub const fn uses_tls(self) -> bool {
        matches!(self, Security::Ssl | Security::SaslSsl)
    }
}

/// `[kafka.sasl]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SaslSettings {
    /// The mechanism.
    #[serde(deserialize_with = "empty_as_none")]
    pub mechanism: Option<SaslMechanism>,
    /// The user's name.
    #[serde(deserialize_with = "empty_as_none")]
    pub username: Option<String>,
    /// The user's password.
    #[serde(deserialize_with = "empty_as_none")]
    pub password: Option<Secret>,
    /// A file that holds the password, instead.
    #[serde(deserialize_with = "empty_as_none")]
    pub password_file: Option<PathBuf>,
}

/// A SASL mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SaslMechanism {
    /// User name and password as they are.
    #[serde(rename = "PLAIN")]
    Plain,
    /// Challenge and response by SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// Challenge and response by SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
    /// A token, by the `sasl.oauthbearer.…` properties.
    #[serde(rename = "OAUTHBEARER")]
    OauthBearer,
}

impl SaslMechanism {
    /// As Kafka and the config file name it.
    pub const fn name(self) -> &'static str {
        match self {
            SaslMechanism::Plain => "PLAIN",
            SaslMechanism::ScramSha256 => "SCRAM-SHA-256",
            SaslMechanism::ScramSha512 => "SCRAM-SHA-512",
            SaslMechanism::OauthBearer => "OAUTHBEARER",
        }
    }
}

/// `[kafka.tls]`.
#[derive(Default, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsSettings {
    /// Certificates to trust, PEM; the system's if not set.
    #[serde(deserialize_with = "empty_as_none")]
    pub ca_file: Option<PathBuf>,
    /// The client's own certificate, PEM.
    #[serde(deserialize_with = "empty_as_none")]
    pub certificate_file: Option<PathBuf>,
    /// The key of that certificate, PEM.
    #[serde(deserialize_with = "empty_as_none")]
    pub key_file: Option<PathBuf>,
    /// The password of that key.
    #[serde(deserialize_with = "empty_as_none")]
    pub key_password: Option<Secret>,
    /// A file that holds the password of that key, instead.
    #[serde(deserialize_with = "empty_as_none")]
    pub key_password_file: Option<PathBuf>,
    /// Takes any certificate. Dangerous: anyone in between can read and change everything.
    pub danger_accept_invalid_certs: bool,
}

impl Default for KafkaSettings {
    fn default() -> Self {
        Self {
            brokers: "localhost:9092".into(),
            topic: "clicks".into(),
            group: "clicktop".into(),
            format: Format::Auto,
            start: StartAt::Earliest,
            on_lost_offset: OnLostOffset::Stop,
            max_batch_bytes: Bytes::mib(64),
            connect_timeout: Duration::from_secs(10),
            security: Security::Plaintext,
            sasl: SaslSettings::default(),
            tls: TlsSettings::default(),
            properties: Properties::default(),
        }
    }
}

impl KafkaSettings {
    /// The same, but for an unprotected broker of this process at `brokers`: what protects the configured broker, and the
    /// properties meant for it, are left out.
    pub fn for_embedded_broker(&self, brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            security: Security::Plaintext,
            sasl: SaslSettings::default(),
            tls: TlsSettings::default(),
            properties: Properties::default(),
            ..self.clone()
        }
    }

    /// The librdkafka properties of connection and security, then those passed through: for consumer, producer and admin
    /// client alike. Secrets are in it as they are: give it to librdkafka and print none of it.
    ///
    /// # Errors
    /// [`ConfigError::SecretFile`] if a password's file cannot be read.
    pub fn client_properties(&self) -> Result<Vec<(String, String)>, ConfigError> {
        let mut properties: Vec<(String, String)> = Vec::new();
        let mut set = |name: &str, value: String| properties.push((name.into(), value));
        set("bootstrap.servers", self.brokers.clone());
        set("security.protocol", self.security.name().into());
        if self.security.uses_sasl() {
            if let Some(mechanism) = self.sasl.mechanism {
                set("sasl.mechanism", mechanism.name().into());
            }
            if let Some(username) = &self.sasl.username {
                set("sasl.username", username.clone());
            }
            let (password, file) = (&self.sasl.password, &self.sasl.password_file);
            if let Some(password) = secret_or_file(password, "kafka.sasl.password_file", file)? {
                set("sasl.password", password.expose().into());
            }
        }
        if self.security.uses_tls() {
            let tls = &self.tls;
            for (name, file) in [
                ("ssl.ca.location", &tls.ca_file),
                ("ssl.certificate.location", &tls.certificate_file),
                ("ssl.key.location", &tls.key_file),
            ] {
                if let Some(file) = file {
                    set(name, path_text(file));
                }
            }
            let (password, file) = (&tls.key_password, &tls.key_password_file);
            if let Some(password) = secret_or_file(password, "kafka.tls.key_password_file", file)? {
                set("ssl.key.password", password.expose().into());
            }
            if tls.danger_accept_invalid_certs {
                set("enable.ssl.certificate.verification", "false".into());
            }
        }
        for (name, value) in self.properties.iter() {
            set(name, value.into());
        }
        Ok(properties)
    }

    pub(super) fn validate(&self, check: &mut Check<'_>) {
        if self.brokers.split(',').any(|broker| broker.trim().is_empty()) {
            check.refuse("kafka.brokers", "name the brokers as host:port, separated by commas");
        }
        if let Some(reason) = topic_problem(&self.topic) {
            check.refuse("kafka.topic", reason);
        }
        if self.group.trim().is_empty() {
            check.refuse("kafka.group", "is empty; name a consumer group");
        }
        self.validate_sasl(check);
        self.validate_tls(check);
    }

    fn validate_sasl(&self, check: &mut Check<'_>) {
        let sasl = &self.sasl;
        check.exclusive(("kafka.sasl.password", &sasl.password), ("kafka.sasl.password_file", &sasl.password_file));
        let has_password = sasl.password.is_some() || sasl.password_file.is_some();
        let set = [
            ("kafka.sasl.mechanism", sasl.mechanism.is_some()),
            ("kafka.sasl.username", sasl.username.is_some()),
            ("kafka.sasl.password", sasl.password.is_some()),
            ("kafka.sasl.password_file", sasl.password_file.is_some()),
        ];
        let security = self.security.name();
        match (self.security.uses_sasl(), sasl.mechanism) {
            (false, _) => {
                if let Some((key, _)) = set.iter().find(|(_, set)| *set) {
                    let reason = format!(
                        "is not used while kafka.security is \"{security}\"; set that to \"sasl_ssl\" (or \"sasl_plaintext\")"
                    );
                    check.refuse(key, reason);
                }
            }
            (true, None) => {
                let reason = format!(
                    "\"{security}\" needs kafka.sasl.mechanism: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"
                );
                check.refuse("kafka.security", reason);
            }
            (true, Some(SaslMechanism::OauthBearer)) => {
                if let Some((key, _)) = set.iter().skip(1).find(|(_, set)| *set) {
                    let reason = "is not used by OAUTHBEARER; set sasl.oauthbearer.… in [kafka.properties] instead";
                    check.refuse(key, reason);
                }
            }
            (true, Some(mechanism)) => {
                let mechanism = mechanism.name();
                if sasl.username.is_none() {
                    check.refuse("kafka.sasl.mechanism", format!("{mechanism} needs kafka.sasl.username"));
                }
                if !has_password {
                    let reason = format!("{mechanism} needs kafka.sasl.password or kafka.sasl.password_file");
                    check.refuse("kafka.sasl.mechanism", reason);
                }
            }
        }
    }

    fn validate_tls(&self, check: &mut Check<'_>) {
        let tls = &self.tls;
        check.exclusive(
            ("kafka.tls.key_password", &tls.key_password),
            ("kafka.tls.key_password_file", &tls.key_password_file),
        );
        if !self.security.uses_tls() {
            let set = [
                ("kafka.tls.ca_file", tls.ca_file.is_some()),
                ("kafka.tls.certificate_file", tls.certificate_file.is_some()),
                ("kafka.tls.key_file", tls.key_file.is_some()),
                ("kafka.tls.key_password", tls.key_password.is_some()),
                ("kafka.tls.key_password_file", tls.key_password_file.is_some()),
            ];
            if let Some((key, _)) = set.iter().find(|(_, set)| *set) {
                let security = self.security.name();
                check.refuse(
                    key,
                    format!("is not used while kafka.security is \"{security}\"; set that to \"ssl\" or \"sasl_ssl\""),
                );
            }
            return;
        }
        match (&tls.certificate_file, &tls.key_file) {
            (Some(_), None) => check.refuse("kafka.tls.certificate_file", "needs kafka.tls.key_file"),
            (None, Some(_)) => check.refuse("kafka.tls.key_file", "needs kafka.tls.certificate_file"),
            _ => {}
        }
        if tls.key_file.is_none() {
            for (key, set) in [
                ("kafka.tls.key_password", tls.key_password.is_some()),
                ("kafka.tls.key_password_file", tls.key_password_file.is_some()),
            ] {
                if set {
                    check.refuse(key, "needs kafka.tls.key_file");
                }
            }
        }
    }
}

/// The secret itself, or read from the file that the setting `key` names.
pub(super) fn secret_or_file(
    secret: &Option<Secret>,
    key: &'static str,
    file: &Option<PathBuf>,
) -> Result<Option<Secret>, ConfigError> {
    match (secret, file) {
        (Some(secret), _) => Ok(Some(secret.clone())),
        (None, Some(path)) => match Secret::read_file(path) {
            Ok(secret) => Ok(Some(secret)),
            Err(cause) => Err(ConfigError::SecretFile { key, path: path.clone(), cause: cause.to_string() }),
        },
        (None, None) => Ok(None),
    }
}

/// Settings are UTF-8 throughout, so nothing is lost.
fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Kafka's own rule for names. It also keeps out a leading `^`, by which librdkafka would subscribe to every topic that matches.
fn topic_problem(topic: &str) -> Option<&'static str> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if topic.is_empty() {
        Some("is empty; name the topic of the clicks")
    } else if topic.len() > 249 || topic == "." || topic == ".." || !topic.chars().all(legal) {
        Some("is no topic name: Kafka takes up to 249 letters, digits, `.`, `_` and `-`")
    } else {
        None
    }
}
