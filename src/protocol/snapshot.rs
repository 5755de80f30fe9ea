//! The engine at one moment: everything a front may know of it.
//!
//! An engine publishes a snapshot a few times a second. It is compact whatever the size of the data. Nothing here assumes that
//! a stage is a thread of this process.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::answer::Answers;
use super::board::{Board, RecentClick};
use super::source::SourceProgress;
use super::stage::Stages;
use super::version::ProtocolVersion;
use crate::click::Timestamp;

/// The whole pipeline at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The version of this form.
    pub protocol: ProtocolVersion,
    /// When it was taken; `None` before the first.
    #[serde(with = "super::serial::optional_moment")]
    pub at: Option<SystemTime>,
    /// Time since the engine started.
    #[serde(rename = "uptime_ms", with = "super::serial::millis")]
    pub uptime: Duration,
    /// Where the clicks come from.
    pub source: SourceStatus,
    /// The stages of the engine, in the order in which items pass them.
    pub stages: Stages,
    /// Counts since the data directory was made or since this run began, as each says.
    pub totals: Totals,
    /// Time from when a click was produced to when its figures are visible: of the newest such click, or
    /// the age of the oldest click still under way if that is more. `None` before the first click.
    #[serde(rename = "delay_ms", with = "super::serial::optional_millis")]
    pub delay: Option<Duration>,
    /// Sum of the partitions' lags; `None` while the broker has not told.
    pub lag: Option<u64>,
    /// The partitions assigned to this process.
    pub partitions: Arc<[PartitionStatus]>,
    /// The database.
    pub store: StoreStatus,
    /// The search index.
    pub index: IndexStatus,
    /// The figures the view asked for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub board: Arc<Board>,
    /// The answers to the questions.
    #[serde(default, skip_serializing_if = "is_default")]
    pub answers: Answers,
    /// The newest stored clicks, newest first, a few.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub recent: Arc<[RecentClick]>,
    /// What is odd about the events, each said once, oldest first: few.
    pub notices: Arc<[Notice]>,
    /// The newest log lines, oldest first, a few hundred at most.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub log: Arc<[LogLine]>,
    /// Set while the pipeline drains before it ends: what it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shutting_down: Option<String>,
    /// Everything is being forgotten, and what that waits for.
    pub resetting: Option<String>,
    /// How the newest reset of this run ended; `None` before the first has.
    pub last_reset: Option<ResetEnd>,
    /// A finite source is stored, aggregated and indexed to its end.
    pub finished: bool,
}

/// Whether `value` is what a reader takes if it is left out.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Snapshot {
    /// The same without board, answers, recent clicks and log: what a line a second should hold.
    #[must_use]
    pub fn light(&self) -> Self {
        Self {
            board: Arc::default(),
            answers: Answers::default(),
            recent: Arc::default(),
            log: Arc::default(),
            ..self.clone()
        }
    }
}

/// Where the clicks come from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceStatus {
    /// For people: `localhost:9092`, `embedded broker, generated traffic`, `replay of clicks.csv`.
    pub description: String,
    /// The Kafka topic.
    pub topic: String,
    /// The Kafka consumer group.
    pub group: String,
    /// The producer's progress, where this process is the producer.
    pub progress: Option<SourceProgress>,
}

/// How a reset ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetEnd {
    /// Which one of this run it was, from 1.
    pub number: u64,
    /// Clicks that were deleted with their figures and rejects; or why nothing was.
    pub deleted: Result<u64, String>,
    /// Documents that were deleted from the index; `None` until the index stage has done that.
    pub cleared: Option<u64>,
}

/// Counts of the whole pipeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Messages taken from Kafka by this run.
    pub ingested: u64,
    /// Clicks stored by this run.
    pub stored: u64,
    /// Clicks this run met that were stored already.
    pub duplicates: u64,
    /// Clicks this run met that are older than is kept (`store.retention`), and in no figure.
    pub expired: u64,
    /// Clicks this run stored that are more than a day ahead of the clock. They are in the figures, and move neither windows
    /// nor the boundary of what expires.
    pub future: u64,
    /// Messages this run could not decode, and documents the engine refused.
    pub rejected: u64,
    /// Clicks that came after their user's kept horizon and missed a time-spent correction, since the last rebuild.
    pub late: u64,
    /// Offsets this run found missing between two messages: expired, compacted away, in a batch that was refused, or transaction markers.
    pub skipped: u64,
    /// Clicks in the database.
    pub clicks: u64,
    /// Rows of url × country.
    pub pages: u64,
    /// Documents in the search index as far as this pipeline wrote them.
    pub documents: u64,
}

/// One partition of the topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionStatus {
    /// Its number.
    pub partition: i32,
    /// The next offset to take from Kafka.
    pub position: Option<i64>,
    /// The next offset to store; everything before it is in SQLite.
    pub stored: Option<i64>,
    /// The oldest offset the broker still has.
    pub low: Option<i64>,
    /// One past the newest offset.
    pub high: Option<i64>,
    /// `high − stored`.
    pub lag: Option<u64>,
    /// Paused because the store does not keep up.
    pub paused: bool,
}

/// The database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoreStatus {
    /// Its file.
    pub path: String,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes of the write-ahead log.
    pub wal_bytes: u64,
    /// Time of the newest transaction, begin to commit.
    #[serde(rename = "transaction_ms", with = "super::serial::optional_millis")]
    pub transaction: Option<Duration>,
    /// Median time of the newest transactions.
    #[serde(rename = "transaction_p50_ms", with = "super::serial::optional_millis")]
    pub transaction_p50: Option<Duration>,
    /// 99th percentile of the same.
    #[serde(rename = "transaction_p99_ms", with = "super::serial::optional_millis")]
    pub transaction_p99: Option<Duration>,
    /// Transactions committed by this run.
    pub transactions: u64,
    /// Checkpoints of the aggregation written by this run.
    pub checkpoints: u64,
    /// No click before this time is taken in any more; `None` while none has expired.
    #[serde(with = "super::serial::optional_timestamp")]
    pub expired_before: Option<Timestamp>,
    /// Clicks that the figures count and that were deleted for their age.
    pub deleted: u64,
    /// Rejects that are kept.
    pub rejects: u64,
    /// Rejects that were deleted, because there were too many or for their age.
    pub rejects_deleted: u64,
}

/// The health of the index, as the search engine reports it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// The engine was not asked yet, did not answer or does not tell.
    #[default]
    Unknown,
    /// All is well.
    Green,
    /// Replicas are missing.
    Yellow,
    /// Data is missing.
    Red,
}

/// The search index.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IndexStatus {
    /// Where documents go, without secrets: `embedded`, `https://search:9200/clicktop`.
    pub target: String,
    /// Engine and version, once known: `elasticsearch 9.1.0`.
    pub engine: Option<String>,
    /// The health of the index, as the search engine reports it.
    pub health: Health,
    /// Documents the engine says it has.
    pub documents: Option<u64>,
    /// Rows of url × country whose newest figures are not in the index yet.
    pub pending: u64,
    /// Median time of the newest bulk requests.
    #[serde(rename = "bulk_p50_ms", with = "super::serial::optional_millis")]
    pub bulk_p50: Option<Duration>,
    /// 99th percentile of the same.
    #[serde(rename = "bulk_p99_ms", with = "super::serial::optional_millis")]
    pub bulk_p99: Option<Duration>,
    /// Bulk requests answered by this run.
    pub bulks: u64,
    /// Requests and items tried again.
    pub retries: u64,
    /// Of those, because the engine said 429.
    pub throttled: u64,
    /// Documents the engine refused for good.
    pub rejected: u64,
    /// Documents that were not written because the index held the same or a newer version.
    pub conflicts: u64,
    /// Documents of another database that the index held when this run connected, as far as it can be told.
    pub foreign: u64,
    /// Bytes the index takes, where the engine tells.
    pub bytes: Option<u64>,
}

/// Something odd about the events that is said once, not for each of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// When it was noticed, by the machine's clock.
    #[serde(with = "super::serial::timestamp")]
    pub at: Timestamp,
    /// In one line that is safe to print.
    pub text: Arc<str>,
}

/// Severity of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something is not as it should be.
    Warn,
    /// Something happened.
    Info,
    /// Detail.
    Debug,
}

/// One line of the program's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When, by the machine's clock.
    #[serde(with = "super::serial::timestamp")]
    pub at: Timestamp,
    /// Its severity.
    pub level: LogLevel,
    /// Who says it: a stage's name or a module.
    pub target: String,
    /// What it says.
    pub message: String,
}
