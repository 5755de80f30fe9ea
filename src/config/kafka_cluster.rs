//! What a cluster's Kafka client, which is Java's, is given to connect.

use std::fmt;

use super::error::ConfigError;
use super::kafka::{KafkaSettings, SaslMechanism};
use super::secret_file::secret_or_file;
use super::spark_kafka::ClusterKafkaSettings;
use crate::secret::Secret;

/// How a cluster reaches the brokers. It prints without values, because some are secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ClusterKafka {
    /// The options of connection and security, as Spark's Kafka source names them. Certificates travel in them, so the cluster needs
    /// no file.
    pub options: Vec<(String, String)>,
    /// The secrets among them and in them.
    pub secrets: Vec<Secret>,
}

impl fmt::Debug for ClusterKafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.options.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_tuple("ClusterKafka").field(&names).finish()
    }
}

impl ClusterKafka {
    fn set(&mut self, name: &str, value: impl Into<String>) {
        self.options.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
        self.options.push((name.to_owned(), value.into()));
    }

    fn set_secret(&mut self, name: &str, value: String) {
        self.secrets.push(Secret::new(value.clone()));
        self.set(name, value);
    }

    /// Adds the login, and the certificates of TLS. `keys` are the settings that name the files of the two passwords.
    fn protect(&mut self, kafka: &KafkaSettings, keys: [&'static str; 2]) -> Result<(), ConfigError> {
        let [password_key, ca_key] = keys;
        if kafka.security.uses_sasl()
            && let Some(mechanism) = kafka.sasl.mechanism
        {
            self.set("kafka.sasl.mechanism", mechanism.name());
            let password = secret_or_file(&kafka.sasl.password, password_key, &kafka.sasl.password_file)?;
            if let (Some(username), Some(password)) = (&kafka.sasl.username, password) {
                self.set_secret("kafka.sasl.jaas.config", jaas(mechanism, username, password.expose()));
                self.secrets.push(password);
            }
        }
        if !kafka.security.uses_tls() {
            return Ok(());
        }
        let tls = &kafka.tls;
        if let Some(file) = &tls.ca_file {
            self.set("kafka.ssl.truststore.type", "PEM");
            self.set("kafka.ssl.truststore.certificates", pem(ca_key, file)?);
        }
        if let (Some(certificate), Some(key)) = (&tls.certificate_file, &tls.key_file) {
            self.set("kafka.ssl.keystore.type", "PEM");
            self.set("kafka.ssl.keystore.certificate.chain", pem("kafka.tls.certificate_file", certificate)?);
            self.set_secret("kafka.ssl.keystore.key", pem("kafka.tls.key_file", key)?);
            let (password, file) = (&tls.key_password, &tls.key_password_file);
            if let Some(password) = secret_or_file(password, "kafka.tls.key_password_file", file)? {
                self.set_secret("kafka.ssl.key.password", password.expose().to_owned());
            }
        }
        Ok(())
    }
}

impl ClusterKafkaSettings {
    /// How the cluster reaches the brokers: as `kafka` says, but for what this table says instead.
    ///
    /// # Errors
    /// [`ConfigError::SecretFile`] if the file of a password or a certificate cannot be read.
    pub fn of_cluster(&self, kafka: &KafkaSettings) -> Result<ClusterKafka, ConfigError> {
        let seen = self.over(kafka);
        let mut cluster = ClusterKafka::default();
        cluster.set("kafka.bootstrap.servers", &seen.brokers);
        cluster.set("kafka.security.protocol", seen.security.name().to_ascii_uppercase());
        let keys = match self.security {
            Some(_) => ["spark.kafka.password_file", "spark.kafka.ca_file"],
            None => ["kafka.sasl.password_file", "kafka.tls.ca_file"],
        };
        cluster.protect(&seen, keys)?;
        for (name, value) in self.options.iter() {
            cluster.set(name.trim(), value);
        }
        cluster.secrets.extend(self.options.secrets());
        Ok(cluster)
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
    use crate::config::{Properties, SaslSettings, Security, Settings};

    fn value<'a>(cluster: &'a ClusterKafka, name: &str) -> Option<&'a str> {
        cluster.options.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn javas_client_gets_the_same_security_with_the_brokers_of_the_cluster() {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, "-----BEGIN CERTIFICATE-----\n").unwrap();
        let mut kafka = Settings::default().kafka;
        let own = ClusterKafkaSettings { brokers: Some("inside:9092".into()), ..ClusterKafkaSettings::default() };
        let plain = own.of_cluster(&kafka).unwrap();
        let wanted = [("kafka.bootstrap.servers", "inside:9092"), ("kafka.security.protocol", "PLAINTEXT")];
        assert_eq!(plain.options, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
        kafka.security = Security::SaslSsl;
        kafka.sasl = SaslSettings {
            mechanism: Some(SaslMechanism::ScramSha512),
            username: Some("me".into()),
            password: None,
            password_file: Some(folder.path().join("password")),
        };
        std::fs::write(folder.path().join("password"), "a\"b\\c\n").unwrap();
        kafka.tls.ca_file = Some(ca);
        let secured = own.of_cluster(&kafka).unwrap();
        assert_eq!(value(&secured, "kafka.security.protocol"), Some("SASL_SSL"));
        assert_eq!(value(&secured, "kafka.ssl.truststore.certificates"), Some("-----BEGIN CERTIFICATE-----\n"));
        let login =
            r#"org.apache.kafka.common.security.scram.ScramLoginModule required username="me" password="a\"b\\c";"#;
        assert_eq!(value(&secured, "kafka.sasl.jaas.config"), Some(login));
        // The password of a file is hidden as well as the login that quotes it.
        assert_eq!(secured.secrets, [Secret::new(login), Secret::new("a\"b\\c")]);
        assert!(!format!("{secured:?}").contains("a\\"), "{secured:?}");
    }

    #[test]
    fn a_cluster_with_a_security_of_its_own_takes_nothing_of_the_consoles() {
        let mut kafka = Settings::default().kafka;
        kafka.security = Security::SaslSsl;
        kafka.sasl.mechanism = Some(SaslMechanism::Plain);
        kafka.sasl.username = Some("me".into());
        kafka.sasl.password = Some(Secret::new("hunter2"));
        kafka.tls.ca_file = Some("not/there".into());
        let options: Properties =
            serde_json::from_str(r#"{"kafka.sasl.jaas.config": "own module", "MinPartitions": "16"}"#).unwrap();
        let plain = ClusterKafkaSettings { security: Some(Security::Plaintext), ..ClusterKafkaSettings::default() };
        let names = plain.of_cluster(&kafka).unwrap().options;
        assert_eq!(
            names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["kafka.bootstrap.servers", "kafka.security.protocol"]
        );
        let own = ClusterKafkaSettings {
            security: Some(Security::SaslPlaintext),
            mechanism: Some(SaslMechanism::ScramSha256),
            username: Some("cluster".into()),
            password: Some(Secret::new("hunter3")),
            options,
            ..ClusterKafkaSettings::default()
        };
        let cluster = own.of_cluster(&kafka).unwrap();
        assert_eq!(value(&cluster, "kafka.sasl.mechanism"), Some("SCRAM-SHA-256"));
        // The options come last.
        assert_eq!(value(&cluster, "kafka.sasl.jaas.config"), Some("own module"));
        assert_eq!(value(&cluster, "MinPartitions"), Some("16"));
        assert!(cluster.secrets.contains(&Secret::new("own module")));
        assert!(!format!("{cluster:?}{own:?}").contains("hunter"));
    }
}
