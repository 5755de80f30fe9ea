//! `[kafka]`: the brokers, what to read from them, and how to sign in.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::names::PROPERTIES;
use super::properties::Properties;
use super::setting::{Section, Setting};
use super::units::{Bytes, duration};
use crate::click::Format;
use crate::engine::local::stages::ingest::{GroupProtocol, OnLostOffset, StartAt};
use crate::secret::Secret;

/// `[kafka]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaSettings {
    /// Brokers to begin with, `host:port`, separated by commas.
    pub brokers: String,
    /// The topic of the clicks.
    pub topic: String,
    /// The consumer group.
    pub group: String,
    /// How the group shares the partitions.
    pub group_protocol: GroupProtocol,
    /// The format of the messages.
    pub format: Format,
    /// Where to begin in a partition without a stored offset.
    pub start: StartAt,
    /// What to do if the topic no longer has the stored offset.
    pub on_lost_offset: OnLostOffset,
    /// The largest size to which the compressed batches of one fetch of a partition may unpack.
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
    /// Other librdkafka properties; clicktop passes them on last.
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

/// The settings of `[kafka]`.
pub(super) const KAFKA: Section = Section {
    table: "kafka",
    help: "",
    settings: &[
        Setting {
            key: "kafka.brokers",
            kind: Kind::Text,
            default: "localhost:9092",
            help: "The first brokers to ask, host:port, separated by commas; they name the others.",
            flags: &["--brokers"],
        },
        Setting {
            key: "kafka.topic",
            kind: Kind::Text,
            default: "clicks",
            help: "The topic of the clicks.",
            flags: &["--topic"],
        },
        Setting {
            key: "kafka.group",
            kind: Kind::Text,
            default: "clicktop",
            help: "The consumer group. Several clicktops in one group, each with its own data_dir, share the \
                   partitions.",
            flags: &["--group"],
        },
        Setting {
            key: "kafka.group_protocol",
            kind: Kind::Choice(&["auto", "classic", "consumer"]),
            default: "auto",
            help: "How the group shares the partitions. consumer: the protocol of Kafka 4, with which the broker assigns \
                   them and a start does not wait for other members. classic: that of older brokers. auto: consumer \
                   where the broker has it, else classic; also classic if [kafka.properties] sets session.timeout.ms, \
                   heartbeat.interval.ms or group.instance.id. Members of both can be in one group.",
            flags: &[],
        },
        Setting {
            key: "kafka.format",
            kind: Kind::Choice(&["auto", "csv", "json"]),
            default: "auto",
            help: "auto (clicktop detects the format from the first byte of each message), csv or json. With csv or \
                   json, clicktop rejects messages in the other format.",
            flags: &["--format"],
        },
        Setting {
            key: "kafka.start",
            kind: Kind::Choice(&["earliest", "latest"]),
            default: "earliest",
            help: "Where to begin when this data_dir first sees the topic: earliest or latest. With latest, clicktop \
                   records the end of every partition once: a restart resumes there, and clicktop reads a partition \
                   that is added later from its beginning. If this data_dir, or another clicktop of the group, has \
                   stored an offset, clicktop begins there instead.",
            flags: &[],
        },
        Setting {
            key: "kafka.on_lost_offset",
            kind: Kind::Choice(&["stop", "earliest", "latest"]),
            default: "stop",
            help: "What to do if the topic no longer has the stored offset (it expired, or the topic was recreated): \
                   stop with an error, or resume at earliest or latest. earliest and latest may leave a gap in the \
                   figures.",
            flags: &[],
        },
        Setting {
            key: "kafka.max_batch_bytes",
            kind: Kind::Size(Bytes::mib(1024)),
            default: "64 MiB",
            help: "The largest size to which the batches of one fetch from a partition may decompress, because a few \
                   hundred KB can become as many MB. clicktop rejects a batch that is larger on its own. Works on \
                   Linux only.",
            flags: &[],
        },
        Setting {
            key: "kafka.connect_timeout",
            kind: Kind::TIMEOUT,
            default: "10 s",
            help: "How long to wait for a broker before it counts as unreachable.",
            flags: &[],
        },
        Setting {
            key: "kafka.security",
            kind: Kind::Choice(&["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]),
            default: "plaintext",
            help: "plaintext, ssl, sasl_plaintext or sasl_ssl: whether the connection uses TLS (ssl) and signs in \
                   (sasl).",
            flags: &[],
        },
    ],
};

/// `[kafka.sasl]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaslSettings {
    /// The mechanism.
    pub mechanism: Option<SaslMechanism>,
    /// The user's name.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<Secret>,
    /// A file that holds the password, instead.
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

/// The settings of `[kafka.sasl]`.
pub(super) const SASL: Section = Section {
    table: "kafka.sasl",
    help: "Needed with sasl_plaintext and sasl_ssl.",
    settings: &[
        Setting {
            key: "kafka.sasl.mechanism",
            kind: Kind::OptionalChoice(&["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]),
            default: "",
            help: "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512; or OAUTHBEARER, with the sasl.oauthbearer.… properties in \
                   [kafka.properties].",
            flags: &[],
        },
        Setting {
            key: "kafka.sasl.username",
            kind: Kind::OptionalText,
            default: "",
            help: "The user's name.",
            flags: &[],
        },
        Setting {
            key: "kafka.sasl.password",
            kind: Kind::Secret,
            default: "",
            help: "The password. It is safer in a file: see password_file.",
            flags: &[],
        },
        Setting {
            key: "kafka.sasl.password_file",
            kind: Kind::Path,
            default: "",
            help: "A file that holds the password, instead of password.",
            flags: &[],
        },
    ],
};

/// `[kafka.tls]`.
#[derive(Default, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSettings {
    /// Certificates to trust, PEM; not set: the system's.
    pub ca_file: Option<PathBuf>,
    /// The client's own certificate, PEM.
    pub certificate_file: Option<PathBuf>,
    /// The key of that certificate, PEM.
    pub key_file: Option<PathBuf>,
    /// The password of that key.
    pub key_password: Option<Secret>,
    /// A file that holds the password of that key, instead.
    pub key_password_file: Option<PathBuf>,
    /// Takes any certificate. Dangerous: anyone in between can read and change everything.
    pub danger_accept_invalid_certs: bool,
}

/// The settings of `[kafka.tls]`.
pub(super) const TLS: Section = Section {
    table: "kafka.tls",
    help: "Used with ssl and sasl_ssl.",
    settings: &[
        Setting {
            key: "kafka.tls.ca_file",
            kind: Kind::Path,
            default: "",
            help: "Certificates to trust, PEM; not set: the system's.",
            flags: &[],
        },
        Setting {
            key: "kafka.tls.certificate_file",
            kind: Kind::Path,
            default: "",
            help: "The client's own certificate, PEM, if the brokers ask for one. It needs key_file.",
            flags: &[],
        },
        Setting {
            key: "kafka.tls.key_file",
            kind: Kind::Path,
            default: "",
            help: "The key of that certificate, PEM.",
            flags: &[],
        },
        Setting {
            key: "kafka.tls.key_password",
            kind: Kind::Secret,
            default: "",
            help: "The password of that key. It is safer in a file: see key_password_file.",
            flags: &[],
        },
        Setting {
            key: "kafka.tls.key_password_file",
            kind: Kind::Path,
            default: "",
            help: "A file that holds the password of that key, instead of key_password.",
            flags: &[],
        },
        Setting {
            key: "kafka.tls.danger_accept_invalid_certs",
            kind: Kind::Switch,
            default: "false",
            help: "true accepts any certificate: anyone can pose as the broker, and read and change everything. Better \
                   trust the broker's certificate with ca_file.",
            flags: &[],
        },
    ],
};

/// `[kafka.properties]`.
pub(super) const KAFKA_PROPERTIES: Section = Section {
    table: PROPERTIES,
    help: "",
    settings: &[Setting {
        key: PROPERTIES,
        kind: Kind::Properties,
        default: "",
        help: "Any other librdkafka property, which clicktop passes on as it is, such as fetch.wait.max.ms = 100 or \
               client.rack = \"eu-west-1a\". clicktop refuses properties for which it has a setting, and properties \
               that could lose clicks. The environment can set one, too: \
               CLICKTOP_KAFKA__PROPERTIES__FETCH_WAIT_MAX_MS.",
        flags: &[],
    }],
};
