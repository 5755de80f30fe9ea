//! `engine` and `[spark]`: the cluster, and how the streaming query and the rounds work on it.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::error::ConfigError;
use super::kafka::KafkaSettings;
use super::kind::Kind;
use super::place::{Origin, Origins};
use super::secret_file::secret_or_file;
use super::setting::{Section, Setting};
use super::spark_kafka::ClusterKafkaSettings;
use super::units::duration;
use crate::secret::Secret;

/// What stores and counts the clicks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// This process, with SQLite.
    #[default]
    Local,
    /// A Spark cluster, with Delta tables.
    Spark,
}

/// `[spark]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SparkSettings {
    /// The Spark Connect server, `sc://host:port`, with parameters but without the token.
    pub url: String,
    /// The token that lets clicktop in.
    pub token: Option<Secret>,
    /// A file that holds the token, instead.
    pub token_file: Option<PathBuf>,
    /// Certificates to trust besides the system's, PEM.
    pub ca_file: Option<PathBuf>,
    /// The address of Spark's web page, as this machine reaches it; not set: Spark tells it.
    pub ui_url: Option<String>,
    /// The folder of the tables, as the cluster names it.
    pub root: Option<String>,
    /// The shortest time between two micro-batches.
    #[serde(with = "duration")]
    pub trigger: Duration,
    /// The shortest pause between two rounds of aggregation.
    #[serde(with = "duration")]
    pub interval: Duration,
    /// The length of the slices of event time into which the tables are partitioned.
    #[serde(with = "duration")]
    pub slice: Duration,
    /// The most messages in one micro-batch.
    pub batch_messages: NonZeroUsize,
    /// Whether the streaming query goes on when clicktop ends.
    pub leave_running: bool,
    /// How often small files of the tables are looked for, and merged.
    #[serde(with = "duration")]
    pub optimize_interval: Duration,
    /// How long files of old versions of the tables are kept.
    #[serde(with = "duration")]
    pub keep_versions: Duration,
    /// `[spark.kafka]`.
    pub kafka: ClusterKafkaSettings,
}

/// The setting at the top of the file.
pub(super) const ENGINE: Setting = Setting {
    key: "engine",
    kind: Kind::Choice(&["local", "spark"]),
    default: "local",
    help: "What stores and counts the clicks: local (this process, with SQLite) or spark (a Spark cluster, for topics that \
           outgrow one machine; see [spark]). demo and replay are always local.",
    flags: &[],
};

/// The settings of `[spark]`.
pub(super) const SPARK: Section = Section {
    table: "spark",
    help: "Used with engine = \"spark\".",
    settings: &[
        Setting {
            key: "spark.url",
            kind: Kind::Text,
            default: "sc://localhost:15002",
            help: "The Spark Connect server (Spark 4). Parameters follow a slash: sc://host:15002/;use_ssl=true.",
            flags: &[],
        },
        Setting {
            key: "spark.token",
            kind: Kind::Secret,
            default: "",
            help: "The token that lets clicktop in. It is safer in a file: see token_file. A token switches TLS on, \
                   except to this machine.",
            flags: &[],
        },
        Setting {
            key: "spark.token_file",
            kind: Kind::Path,
            default: "",
            help: "A file that holds the token, instead of token.",
            flags: &[],
        },
        Setting {
            key: "spark.ca_file",
            kind: Kind::Path,
            default: "",
            help: "Certificates to trust besides the system's, PEM.",
            flags: &[],
        },
        Setting {
            key: "spark.ui_url",
            kind: Kind::OptionalText,
            default: "",
            help: "The address of Spark's web page as this machine reaches it, such as http://driver:4040, for the view of the \
                   cluster. Not set: clicktop asks Spark, which names the driver's host and port. Credentials in it are refused.",
            flags: &[],
        },
        Setting {
            key: "spark.root",
            kind: Kind::OptionalText,
            default: "",
            help: "The folder of the tables and of the checkpoint, as the cluster names it: s3a://bucket/clicktop, \
                   hdfs://host/clicktop, or a folder that driver and executors share. Every clicktop with the same root \
                   shows the same figures. Needed with engine = \"spark\".",
            flags: &[],
        },
        Setting {
            key: "spark.trigger",
            kind: Kind::INTERVAL,
            default: "5 s",
            help: "The shortest time between two micro-batches of the streaming query. Each one is a commit of some files: a \
                   short one costs more. A change takes effect when the streaming query next starts, not while it goes \
                   on without clicktop.",
            flags: &[],
        },
        Setting {
            key: "spark.interval",
            kind: Kind::INTERVAL,
            default: "10 s",
            help: "The pause between the end of a round of counting and the next one. clicktop pauses at least as \
                   long as the round took, so rounds use at most half of the time. A stored click shows in the \
                   figures after this pause and a round; a round takes ten seconds or more.",
            flags: &[],
        },
        Setting {
            key: "spark.slice",
            kind: Kind::Duration(Duration::from_secs(60), Duration::from_secs(24 * 60 * 60)),
            default: "1 h",
            help: "The length of the slices of event time into which the tables are partitioned, in whole minutes. A round \
                   counts whole slices anew. It cannot change once the tables are there.",
            flags: &[],
        },
        Setting {
            key: "spark.batch_messages",
            kind: Kind::Count(1_000_000_000),
            default: "1000000",
            help: "The most messages in one micro-batch, of all partitions.",
            flags: &[],
        },
        Setting {
            key: "spark.leave_running",
            kind: Kind::Switch,
            default: "true",
            help: "Whether the streaming query goes on when clicktop ends. The next clicktop with the same root finds it.",
            flags: &[],
        },
        Setting {
            key: "spark.optimize_interval",
            kind: Kind::Duration(Duration::from_secs(60), Duration::from_secs(7 * 24 * 60 * 60)),
            default: "15 min",
            help: "How often clicktop looks after the tables: merges small files, and deletes clicks that are older than \
                   store.retention. Of all clicktops with the same root, one does it.",
            flags: &[],
        },
        Setting {
            key: "spark.keep_versions",
            kind: Kind::Duration(Duration::from_secs(60 * 60), Duration::from_secs(366 * 24 * 60 * 60)),
            default: "7 days",
            help: "How long the files of old versions of the tables are kept, in whole hours; then clicktop deletes them, once \
                   a day. If no clicktop runs on a root for longer, and somebody else runs VACUUM on its tables \
                   meanwhile, the next one counts every click anew.",
            flags: &[],
        },
    ],
};

/// Whether `url` may be the address of a web page. It holds no credentials, because it is printed.
fn is_page(url: &str) -> bool {
    url::Url::parse(url.trim()).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
    })
}

impl SparkSettings {
    /// The token, from the config or from its file.
    ///
    /// # Errors
    /// [`ConfigError::SecretFile`] if the file cannot be read.
    pub fn token(&self) -> Result<Option<Secret>, ConfigError> {
        secret_or_file(&self.token, "spark.token_file", &self.token_file)
    }

    pub(super) fn validate(&self, engine: EngineKind, kafka: &KafkaSettings, check: &mut Check<'_>) {
        check.exclusive(("spark.token", &self.token), ("spark.token_file", &self.token_file));
        // What the url holds is printed.
        if self.url.contains(";session_id=") {
            check.refuse("spark.url", "holds a session_id; clicktop chooses its sessions itself");
        }
        if self.url.contains(";token=") {
            check.refuse("spark.url", "holds a token; give it by spark.token_file or spark.token");
        }
        if self.ui_url.as_ref().is_some_and(|url| !is_page(url)) {
            check.refuse("spark.ui_url", "write it as http://driver:4040, without user and password");
        }
        if engine == EngineKind::Spark {
            if self.root.is_none() {
                check.refuse(
                    "spark.root",
                    "is not set; name a folder that the cluster can write, such as s3a://bucket/clicktop",
                );
            }
            self.kafka.validate(kafka, check);
        }
        if !self.slice.as_secs().is_multiple_of(60) || self.slice.subsec_nanos() != 0 {
            check.refuse("spark.slice", "is not a number of whole minutes");
        }
    }
}

/// Settings that the engine on Spark does not use, each with what counts instead.
const UNUSED: &[(&str, &str)] = &[
    ("kafka.group", "Spark keeps its offsets in the checkpoint below spark.root"),
    ("kafka.max_batch_bytes", "spark.batch_messages bounds a micro-batch"),
    ("ingest.batch_events", "spark.batch_messages bounds a micro-batch"),
    ("ingest.batch_interval", "spark.trigger is the time between two micro-batches"),
    ("ingest.queue_batches", "nothing waits in memory"),
    ("aggregate.interval", "spark.interval is the pause between two rounds"),
    ("aggregate.recent_clicks", "a round counts late clicks exactly"),
    (
        "kafka.tls.danger_accept_invalid_certs",
        "it concerns this machine only; Java's Kafka client trusts no certificate blindly",
    ),
];

/// Warns of settings that somebody has set and that do nothing with `engine = "spark"`, one line each.
pub(super) fn warn_of_unused(kafka: &KafkaSettings, origins: &Origins, warnings: &mut Vec<String>) {
    let is_set = |key: &str| *origins.of(key) != Origin::Default;
    for (key, instead) in UNUSED.iter().filter(|(key, _)| is_set(key)) {
        warnings.push(format!("{key} has no effect with engine = \"spark\": {instead}"));
    }
    if !kafka.properties.is_empty() {
        warnings.push(
            "[kafka.properties] has no effect on the cluster, only on this machine's view of the lag: Spark's Kafka source \
             takes [spark.kafka.options]"
                .into(),
        );
    }
}
