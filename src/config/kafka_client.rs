//! The properties with which librdkafka's clients connect.

use std::path::Path;

use super::error::ConfigError;
use super::kafka::{KafkaSettings, SaslSettings, Security, TlsSettings};
use super::properties::Properties;
use super::secret_file::secret_or_file;

impl KafkaSettings {
    /// The same settings for the embedded broker at `brokers`, without the protection and the properties of the configured
    /// broker.
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

    /// The librdkafka properties of connection and security, then the user's own: for consumer, producer and admin client
    /// alike. They hold secrets as they are: give them to librdkafka and print none of them.
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
}

/// Settings are UTF-8 throughout, so nothing is lost.
fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
