//! `[ingest]`, `[store]` and `[aggregate]`: the stages before the index.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::units::{Bytes, duration, optional_duration};
use crate::storage::CheckAtStart;

/// `[ingest]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IngestSettings {
    /// Clicks in one batch, which is one transaction, at most.
    pub batch_events: NonZeroUsize,
    /// How long a batch may wait to be filled.
    #[serde(with = "duration")]
    pub batch_interval: Duration,
    /// Batches that may wait for the store; then the partitions are paused.
    pub queue_batches: NonZeroUsize,
}

impl Default for IngestSettings {
    fn default() -> Self {
        const BATCH_EVENTS: NonZeroUsize = NonZeroUsize::new(20_000).unwrap();
        const QUEUE_BATCHES: NonZeroUsize = NonZeroUsize::new(4).unwrap();
        Self { batch_events: BATCH_EVENTS, batch_interval: Duration::from_millis(100), queue_batches: QUEUE_BATCHES }
    }
}

/// `[store]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// What SQLite waits for at a commit.
    pub synchronous: Synchronous,
    /// When the database is read through before the stages begin.
    pub check: CheckAtStart,
    /// How long clicks are kept, by their own clock; `None` for ever.
    #[serde(with = "optional_duration")]
    pub retention: Option<Duration>,
    /// SQLite's page cache.
    pub cache: Bytes,
    /// Rejects kept at most; the oldest go.
    pub max_rejects: NonZeroUsize,
    /// What rejects may take, with their payloads; the oldest go.
    pub max_reject_bytes: Bytes,
}

impl Default for StoreSettings {
    fn default() -> Self {
        const MAX_REJECTS: NonZeroUsize = NonZeroUsize::new(100_000).unwrap();
        Self {
            synchronous: Synchronous::Normal,
            check: CheckAtStart::Auto,
            retention: None,
            cache: Bytes::mib(32),
            max_rejects: MAX_REJECTS,
            max_reject_bytes: Bytes::mib(256),
        }
    }
}

/// What SQLite waits for at a commit. There is no `off`: it can leave a damaged file behind, and nothing here repairs one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// For the operating system. A crash of clicktop loses nothing. A power loss may undo the last commits, but clicks and
    /// Kafka offsets are in the same transaction of the same file: they go back together, and the clicks are
    /// read from Kafka again. So nothing is lost as long as the topic still has them, and `full` would buy nothing.
    #[default]
    Normal,
    /// For the disk, at every commit: for topics that keep messages so shortly that they may be gone after an outage.
    Full,
}

impl Synchronous {
    /// As SQLite's pragma and the config file name it.
    pub const fn name(self) -> &'static str {
        match self {
            Synchronous::Normal => "normal",
            Synchronous::Full => "full",
        }
    }
}

/// `[aggregate]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AggregateSettings {
    /// The longest gap to a user's next click that counts as time spent.
    #[serde(with = "duration")]
    pub session_timeout: Duration,
    /// How often changed figures are written.
    #[serde(with = "duration")]
    pub interval: Duration,
    /// Clicks kept in memory to correct the time spent when a click comes late.
    pub recent_clicks: NonZeroUsize,
}

impl Default for AggregateSettings {
    fn default() -> Self {
        const RECENT_CLICKS: NonZeroUsize = NonZeroUsize::new(2_000_000).unwrap();
        Self {
            session_timeout: Duration::from_secs(30 * 60),
            interval: Duration::from_millis(500),
            recent_clicks: RECENT_CLICKS,
        }
    }
}
