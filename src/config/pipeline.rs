//! `[ingest]`, `[store]` and `[aggregate]`: the stages before the index.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::setting::{Section, Setting};
use super::units::{Bytes, duration, optional_duration};
use crate::storage::CheckAtStart;
use crate::storage::figures;

/// `[ingest]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IngestSettings {
    /// The most clicks in one batch, which is one transaction.
    pub batch_events: NonZeroUsize,
    /// How long a batch may wait to fill up.
    #[serde(with = "duration")]
    pub batch_interval: Duration,
    /// Batches that may wait for the store; beyond that, ingest pauses the partitions.
    pub queue_batches: NonZeroUsize,
}

/// The settings of `[ingest]`.
pub(super) const INGEST: Section = Section {
    table: "ingest",
    help: "",
    settings: &[
        Setting {
            key: "ingest.batch_events",
            kind: Kind::Count(1_000_000),
            default: "20000",
            help: "The most clicks in one batch, which is one transaction. A larger batch is faster up to a point, and \
                   takes more memory.",
            flags: &[],
        },
        Setting {
            key: "ingest.batch_interval",
            kind: Kind::INTERVAL,
            default: "100 ms",
            help: "How long a batch may wait to fill up. With little traffic, this is the delay until a click is stored.",
            flags: &[],
        },
        Setting {
            key: "ingest.queue_batches",
            kind: Kind::Count(1_000),
            default: "4",
            help: "The most batches that may wait for the store. If more would wait, ingest pauses the partitions, so \
                   memory is bounded.",
            flags: &[],
        },
    ],
};

/// `[store]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// What SQLite waits for at a commit.
    pub synchronous: Synchronous,
    /// When to read the database through for damage before the stages begin.
    pub check: CheckAtStart,
    /// How long clicks are kept, by their own clock; `None` for ever.
    #[serde(default, with = "optional_duration")]
    pub retention: Option<Duration>,
    /// The size of SQLite's page cache.
    pub cache: Bytes,
    /// The most rejects that are kept; the oldest are deleted.
    pub max_rejects: NonZeroUsize,
    /// The most bytes of rejects that are kept, payloads included; the oldest are deleted.
    pub max_reject_bytes: Bytes,
}

/// What SQLite waits for at a commit. There is no `off`: it can leave a damaged file behind, and clicktop repairs none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// For the operating system. A crash of clicktop loses nothing. A power loss may undo the last commits, but clicks and
    /// Kafka offsets are in the same transaction of the same file: both go back together, and clicktop reads the clicks
    /// from Kafka again. As long as the topic still has them, nothing is lost.
    #[default]
    Normal,
    /// For the disk, at every commit: for topics that delete messages so soon that they may be gone after an outage.
    Full,
}

impl Synchronous {
    /// Its name in SQLite's pragma and in the config file.
    pub const fn name(self) -> &'static str {
        match self {
            Synchronous::Normal => "normal",
            Synchronous::Full => "full",
        }
    }
}

/// The settings of `[store]`.
pub(super) const STORE: Section = Section {
    table: "store",
    help: "",
    settings: &[
        Setting {
            key: "store.synchronous",
            kind: Kind::Choice(&["normal", "full"]),
            default: "normal",
            help: "normal or full: what SQLite waits for at a commit. normal survives a crash of clicktop. A power \
                   loss may undo the last commits, with clicks and offsets together, so clicktop reads those clicks \
                   from Kafka again. full also waits for the disk: use it if the topic may have deleted the messages \
                   by then.",
            flags: &[],
        },
        Setting {
            key: "store.check",
            kind: Kind::Choice(&["auto", "always", "never"]),
            default: "auto",
            help: "When to check the whole database for damage before the stages start: auto (if the last clicktop did \
                   not close it: a crash, a power loss, a copy), always or never. The check of 5 million clicks takes \
                   about 2 seconds, or as long as the disk needs to read them.",
            flags: &[],
        },
        Setting {
            key: "store.retention",
            kind: Kind::RETENTION,
            default: "",
            help: "How long clicktop keeps clicks, such as \"90 days\"; at least an hour, \"\" for ever. The age of a \
                   click is its distance in time to the newest click that is not ahead of the clock, so a click with a \
                   time in the future makes no other click older. The figures still count deleted clicks, but clicktop \
                   cannot recompute them: see `clicktop rebuild --help`. clicktop refuses new clicks that are older \
                   than the limit, and counts them as `expired`.",
            flags: &[],
        },
        Setting {
            key: "store.cache",
            kind: Kind::Size(Bytes::new(1 << 40)),
            default: "16 MiB",
            help: "The size of SQLite's page cache. Raise it if the database is much larger than the system's file cache.",
            flags: &[],
        },
        Setting {
            key: "store.max_rejects",
            kind: Kind::Count(1_000_000_000),
            default: "100000",
            help: "The most rejects that clicktop keeps: messages that are not clicks, and documents that the engine \
                   refused. If there are more, clicktop deletes the oldest, and shows how many. store.retention \
                   deletes rejects, too, by the time at which they were stored.",
            flags: &[],
        },
        Setting {
            key: "store.max_reject_bytes",
            kind: Kind::Size(Bytes::new(1 << 40)),
            default: "256 MiB",
            help: "The most bytes of rejects that clicktop keeps, payloads included. If there are more, clicktop \
                   deletes the oldest.",
            flags: &[],
        },
    ],
};

/// `[aggregate]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AggregateSettings {
    /// The longest gap to a user's next click that counts as time spent.
    #[serde(with = "duration")]
    pub session_timeout: Duration,
    /// How often the aggregation writes changed figures.
    #[serde(with = "duration")]
    pub interval: Duration,
    /// Clicks kept in memory to correct the time spent when a click comes late.
    pub recent_clicks: NonZeroUsize,
}

impl AggregateSettings {
    /// The part of them on which the figures depend.
    pub fn figure_rules(&self) -> figures::AggregateSettings {
        figures::AggregateSettings {
            session_timeout_ms: i64::try_from(self.session_timeout.as_millis()).unwrap_or(i64::MAX),
            recent_clicks: self.recent_clicks.get() as u64,
        }
    }
}

/// The settings of `[aggregate]`.
pub(super) const AGGREGATE: Section = Section {
    table: "aggregate",
    help: "",
    settings: &[
        Setting {
            key: "aggregate.session_timeout",
            kind: Kind::TIMEOUT,
            default: "30 min",
            help: "The longest gap to a user's next click that counts as time spent. If you change it, the next start \
                   recomputes every figure.",
            flags: &[],
        },
        Setting {
            key: "aggregate.interval",
            kind: Kind::INTERVAL,
            default: "500 ms",
            help: "How often the aggregation writes changed figures. This is the delay until a stored click shows in \
                   the figures.",
            flags: &[],
        },
        Setting {
            key: "aggregate.recent_clicks",
            kind: Kind::Count(1_000_000_000),
            default: "2000000",
            help: "How many clicks the aggregation keeps in memory, to correct the time spent when clicks arrive out \
                   of order. Raise it if the console counts `late` clicks.",
            flags: &[],
        },
    ],
};
