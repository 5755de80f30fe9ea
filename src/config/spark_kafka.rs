//! `[spark.kafka]`: Kafka as the cluster sees it, where that differs from `[kafka]`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::kafka::{KafkaSettings, SaslMechanism, Security};
use super::kind::Kind;
use super::names::CLUSTER_OPTIONS;
use super::properties::Properties;
use super::setting::{Section, Setting};
use crate::secret::Secret;

/// `[spark.kafka]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterKafkaSettings {
    /// The brokers as the cluster reaches them; not set: `kafka.brokers`.
    pub brokers: Option<String>,
    /// How the cluster's connection is protected; not set: all of `[kafka]` counts.
    pub security: Option<Security>,
    /// The SASL mechanism.
    pub mechanism: Option<SaslMechanism>,
    /// The user's name.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// A file on this machine that holds the password, instead.
    pub password_file: Option<PathBuf>,
    /// Certificates to trust, PEM, in a file on this machine.
    pub ca_file: Option<PathBuf>,
    /// Options of Spark's Kafka source; clicktop passes them on last.
    pub options: Properties,
}

/// The settings of `[spark.kafka]`.
pub(super) const SPARK_KAFKA: Section = Section {
    table: "spark.kafka",
    help: "Kafka as the cluster sees it, where that differs from [kafka]. What is not set here is as in [kafka]: clicktop \
           translates it for Java's Kafka client, and sends passwords and certificates along, so the cluster needs no file.",
    settings: &[
        Setting {
            key: "spark.kafka.brokers",
            kind: Kind::OptionalText,
            default: "",
            help: "The brokers as the cluster reaches them, if that differs from kafka.brokers.",
            flags: &[],
        },
        Setting {
            key: "spark.kafka.security",
            kind: Kind::OptionalChoice(&["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]),
            default: "",
            help: "How the cluster connects to the brokers, if that differs from kafka.security, or if the cluster has a \
                   user of its own. If it is set, the cluster takes user, password and certificates from this table, and \
                   none from [kafka].",
            flags: &[],
        },
        Setting {
            key: "spark.kafka.mechanism",
            kind: Kind::OptionalChoice(&["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]),
            default: "",
            help: "The cluster's SASL mechanism. OAUTHBEARER, and mechanisms that are not listed, need \
                   \"kafka.sasl.jaas.config\" in [spark.kafka.options].",
            flags: &[],
        },
        Setting {
            key: "spark.kafka.username",
            kind: Kind::OptionalText,
            default: "",
            help: "The name of the cluster's user.",
            flags: &[],
        },
        Setting {
            key: "spark.kafka.password",
            kind: Kind::Secret,
            default: "",
            help: "The password of the cluster's user. It is safer in a file: see password_file.",
            flags: &[],
        },
        Setting {
            key: "spark.kafka.password_file",
            kind: Kind::Path,
            default: "",
            help: "A file on this machine that holds the password, instead of password.",
            flags: &[],
        },
        Setting {
            key: "spark.kafka.ca_file",
            kind: Kind::Path,
            default: "",
            help: "Certificates that the cluster trusts, PEM, in a file on this machine; not set: those of the cluster's \
                   Java. For a file on the cluster, set \"kafka.ssl.truststore.location\" in [spark.kafka.options].",
            flags: &[],
        },
    ],
};

/// `[spark.kafka.options]`.
pub(super) const SPARK_KAFKA_OPTIONS: Section = Section {
    table: CLUSTER_OPTIONS,
    help: "",
    settings: &[Setting {
        key: CLUSTER_OPTIONS,
        kind: Kind::ClusterOptions,
        default: "",
        help: "Any other option of Spark's Kafka source, which clicktop passes on as it is and last, such as minPartitions = \
               16 or \"kafka.group.id\" = \"clicktop\"; a name that begins with kafka. is a property of Java's Kafka client. \
               clicktop refuses options for which it has a setting, and options that could lose clicks. The environment can \
               set one, too: CLICKTOP_SPARK__KAFKA__OPTIONS__KAFKA_GROUP_ID.",
        flags: &[],
    }],
};

impl ClusterKafkaSettings {
    /// `kafka` with what this table says instead.
    pub(super) fn over(&self, kafka: &KafkaSettings) -> KafkaSettings {
        let mut seen = kafka.clone();
        if let Some(brokers) = &self.brokers {
            seen.brokers.clone_from(brokers);
        }
        if let Some(security) = self.security {
            seen.security = security;
            seen.sasl.mechanism = self.mechanism;
            seen.sasl.username.clone_from(&self.username);
            seen.sasl.password.clone_from(&self.password);
            seen.sasl.password_file.clone_from(&self.password_file);
            seen.tls = super::kafka::TlsSettings { ca_file: self.ca_file.clone(), ..Default::default() };
        }
        seen
    }

    pub(super) fn validate(&self, kafka: &KafkaSettings, check: &mut Check<'_>) {
        if self.brokers.as_ref().is_some_and(|brokers| brokers.split(',').any(|broker| broker.trim().is_empty())) {
            check.refuse("spark.kafka.brokers", "name the brokers as host:port, separated by commas");
        }
        check.exclusive(("spark.kafka.password", &self.password), ("spark.kafka.password_file", &self.password_file));
        let signs_in = self.options.get("kafka.sasl.jaas.config").is_some();
        let Some(security) = self.security else {
            if let Some((key, _)) = self.of_security().iter().find(|(_, set)| *set) {
                let reason =
                    "is not used while spark.kafka.security is not set: the cluster then signs in as [kafka] says";
                check.refuse(key, reason);
            }
            if kafka.security.uses_sasl() && kafka.sasl.mechanism == Some(SaslMechanism::OauthBearer) && !signs_in {
                check.refuse("kafka.sasl.mechanism", OAUTH);
            }
            return;
        };
        for (key, set) in self.of_security() {
            let is_of_tls = key == "spark.kafka.ca_file";
            if set && if is_of_tls { !security.uses_tls() } else { !security.uses_sasl() } {
                check.refuse(key, format!("is not used while spark.kafka.security is \"{}\"", security.name()));
            }
        }
        if !security.uses_sasl() || signs_in {
            return;
        }
        match self.mechanism {
            None if self.options.get("kafka.sasl.mechanism").is_none() => {
                check.refuse("spark.kafka.security", "needs spark.kafka.mechanism");
            }
            None | Some(SaslMechanism::OauthBearer) => check.refuse("spark.kafka.mechanism", OAUTH),
            Some(mechanism) => {
                let mechanism = mechanism.name();
                if self.username.is_none() {
                    check.refuse("spark.kafka.mechanism", format!("{mechanism} needs spark.kafka.username"));
                }
                if self.password.is_none() && self.password_file.is_none() {
                    let reason = format!("{mechanism} needs spark.kafka.password or spark.kafka.password_file");
                    check.refuse("spark.kafka.mechanism", reason);
                }
            }
        }
    }

    /// The settings that count with `security`, and whether each is set.
    fn of_security(&self) -> [(&'static str, bool); 5] {
        [
            ("spark.kafka.mechanism", self.mechanism.is_some()),
            ("spark.kafka.username", self.username.is_some()),
            ("spark.kafka.password", self.password.is_some()),
            ("spark.kafka.password_file", self.password_file.is_some()),
            ("spark.kafka.ca_file", self.ca_file.is_some()),
        ]
    }
}

const OAUTH: &str = "the cluster's Kafka client signs in by \"kafka.sasl.jaas.config\" and, for OAUTHBEARER, \
                     \"kafka.sasl.login.callback.handler.class\" with this mechanism; set them in [spark.kafka.options]";
