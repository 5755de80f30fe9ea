//! What a cluster's Kafka client, which is Java's, is given to connect.

use super::error::ConfigError;
use super::kafka::{KafkaSettings, SaslMechanism};
use super::secret_file::secret_or_file;

impl KafkaSettings {
    /// The properties of connection and security as Java's client names them, for `brokers` as the cluster reaches them. They hold
    /// secrets as they are: print none of them. Certificates travel in them, so the cluster needs no file.
    ///
    /// # Errors
    /// [`ConfigError::SecretFile`] if the file of a password or a certificate cannot be read.
    pub fn cluster_properties(&self, brokers: &str) -> Result<Vec<(String, String)>, ConfigError> {
        let mut properties: Vec<(String, String)> = Vec::new();
        let mut set = |name: &str, value: String| properties.push((name.into(), value));
        set("bootstrap.servers", brokers.to_owned());
        set("security.protocol", self.security.name().to_ascii_uppercase());
        if self.security.uses_sasl()
            && let Some(mechanism) = self.sasl.mechanism
        {
            set("sasl.mechanism", mechanism.name().into());
            let (password, file) = (&self.sasl.password, &self.sasl.password_file);
            let password = secret_or_file(password, "kafka.sasl.password_file", file)?;
            if let (Some(username), Some(password)) = (&self.sasl.username, password) {
                set("sasl.jaas.config", jaas(mechanism, username, password.expose()));
            }
        }
        if self.security.uses_tls() {
            let tls = &self.tls;
            if let Some(file) = &tls.ca_file {
                set("ssl.truststore.type", "PEM".into());
                set("ssl.truststore.certificates", pem("kafka.tls.ca_file", file)?);
            }
            if let (Some(certificate), Some(key)) = (&tls.certificate_file, &tls.key_file) {
                set("ssl.keystore.type", "PEM".into());
                set("ssl.keystore.certificate.chain", pem("kafka.tls.certificate_file", certificate)?);
                set("ssl.keystore.key", pem("kafka.tls.key_file", key)?);
                let (password, file) = (&tls.key_password, &tls.key_password_file);
                if let Some(password) = secret_or_file(password, "kafka.tls.key_password_file", file)? {
                    set("ssl.key.password", password.expose().into());
                }
            }
        }
        Ok(properties)
    }
}

/// The login of Java's client, with user and password quoted.
fn jaas(mechanism: SaslMechanism, username: &str, password: &str) -> String {
    let module = match mechanism {
        SaslMechanism::Plain => "plain.PlainLoginModule",
        SaslMechanism::ScramSha256 | SaslMechanism::ScramSha512 => "scram.ScramLoginModule",
        SaslMechanism::OauthBearer => "oauthbearer.OAuthBearerLoginModule",
    };
    let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    format!(
        "org.apache.kafka.common.security.{module} required username={} password={};",
        quote(username),
        quote(password)
    )
}

fn pem(key: &'static str, file: &std::path::Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(file).map_err(|cause| ConfigError::SecretFile {
        key,
        path: file.to_owned(),
        cause: cause.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{SaslSettings, Security, Settings};
    use crate::secret::Secret;

    #[test]
    fn javas_client_gets_the_same_security_with_the_brokers_of_the_cluster() {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, "-----BEGIN CERTIFICATE-----\n").unwrap();
        let mut kafka = Settings::default().kafka;
        let plain = kafka.cluster_properties("inside:9092").unwrap();
        assert_eq!(
            plain,
            [("bootstrap.servers", "inside:9092"), ("security.protocol", "PLAINTEXT")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        kafka.security = Security::SaslSsl;
        kafka.sasl = SaslSettings {
            mechanism: Some(SaslMechanism::ScramSha512),
            username: Some("me".into()),
            password: Some(Secret::new("a\"b\\c")),
            password_file: None,
        };
        kafka.tls.ca_file = Some(ca);
        let properties = kafka.cluster_properties("inside:9092").unwrap();
        let value = |name: &str| properties.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        assert_eq!(value("security.protocol"), Some("SASL_SSL"));
        assert_eq!(value("ssl.truststore.certificates"), Some("-----BEGIN CERTIFICATE-----\n"));
        assert_eq!(
            value("sasl.jaas.config"),
            Some(
                r#"org.apache.kafka.common.security.scram.ScramLoginModule required username="me" password="a\"b\\c";"#
            )
        );
    }
}
