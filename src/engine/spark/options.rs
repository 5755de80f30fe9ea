//! What the engine on Spark is started with, and why it may not start.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::cluster::UiUrl;
use super::connect::{ConnectOptions, ConnectUrl};
use super::sql::{Decoder, Root, Slices};
use crate::click::mapping::CompiledMapping;
use crate::engine::alarms::AlarmOptions;
use crate::engine::local::stages::ingest::KafkaOptions;
use crate::engine::stages::index::IndexOptions;
use crate::enrich::{Bots, Places};
use crate::protocol::snapshot::SourceStatus;
use crate::registry::Schemas;
use crate::storage::StorageError;
use crate::storage::figures::AggregateSettings;
use crate::text::counted;

/// What becomes of user agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AgentRules {
    /// What becomes of the clicks of bots.
    pub bots: Bots,
    /// The longest text of a field, in bytes.
    pub longest: usize,
}

/// How the engine works.
#[derive(Clone)]
pub(crate) struct SparkOptions {
    /// The Spark Connect server.
    pub url: ConnectUrl,
    /// How the client connects.
    pub connect: ConnectOptions,
    /// The address of Spark's web page, if the settings name it.
    pub ui: Option<UiUrl>,
    /// The folder of the tables and of the checkpoint.
    pub root: Root,
    /// How event time is cut into the partitions of the tables.
    pub slices: Slices,
    /// The shortest time between two micro-batches.
    pub trigger: Duration,
    /// The shortest pause between two rounds of aggregation.
    pub round_interval: Duration,
    /// The options of Spark's Kafka source: how the cluster reaches the brokers, and where it begins. Some are secrets.
    pub source_options: HashMap<String, String>,
    /// How the console itself reaches the brokers, to see the lag.
    pub kafka: KafkaOptions,
    /// How the tables are looked after.
    pub housekeeping: HousekeepingRules,
    /// What makes rows of messages.
    pub decoder: Decoder,
    /// What becomes of user agents.
    pub agents: AgentRules,
    /// How messages with schemas of a registry are read; `None` without a registry.
    pub framed: Option<FramedTopic>,
    /// Where the places of addresses come from, if the decoder looks them up.
    pub places: Option<PlaceRules>,
    /// What the figures depend on besides the clicks.
    pub figures: AggregateSettings,
    /// The documents.
    pub index: IndexOptions,
    /// Whether the streaming query runs on when clicktop ends.
    pub leave_running: bool,
    /// How long a shutdown may drain.
    pub shutdown_timeout: Duration,
    /// The alarms, and who is told of them.
    pub alarms: AlarmOptions,
    /// The source as fronts show it.
    pub source: SourceStatus,
}

/// How a topic with a schema registry is read.
#[derive(Clone, Debug)]
pub(crate) struct FramedTopic {
    /// The registry and its schemas.
    pub(crate) schemas: Schemas,
    /// The mapping of the events; the nine fields without one.
    pub(crate) mapping: Option<CompiledMapping>,
}

/// Where places come from.
#[derive(Clone, Debug)]
pub(crate) struct PlaceRules {
    /// The databases.
    pub(crate) places: Arc<Places>,
    /// The longest name of a place, in bytes.
    pub(crate) longest: usize,
}

/// What housekeeping follows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HousekeepingRules {
    /// How often it looks for small files.
    pub(crate) interval: Duration,
    /// How long files of old versions are kept.
    pub(crate) keep_versions: Duration,
    /// How long clicks are kept; `None` for ever.
    pub(crate) retention: Option<Duration>,
}

/// Without the values of the source's options: some are passwords.
impl fmt::Debug for SparkOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SparkOptions").field("url", &self.url).field("root", &self.root).finish_non_exhaustive()
    }
}

/// Why the engine does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// The database cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The database holds clicks, which this engine would not count.
    #[error(
        "the local engine has stored {} in this data directory, and the engine spark does not count what is there; \
         choose an empty directory with --data-dir. To take the clicks along, run `clicktop move --to spark` first",
        counted(*clicks, "click", "clicks")
    )]
    HoldsClicks {
        /// How many.
        clicks: i64,
    },
    /// The system gives no thread.
    #[error("the system refuses clicktop another thread: {0}; raise the limit of processes (ulimit -u)")]
    Thread(std::io::Error),
}
