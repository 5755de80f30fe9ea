//! The pipeline as it stands: everything a console or a headless run may know of it.
//!
//! Published a few times a second, compact whatever the size of the data. Nothing here assumes that a stage
//! is a thread of this process.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::command::View;
use super::question::Answers;
use super::serial::{millis, timestamp};
use super::source::SourceProgress;
use super::stage::{PerStage, StageState};
use crate::click::Timestamp;

/// The whole pipeline at one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// When it was taken; `None` before the first.
    pub at: Option<SystemTime>,
    /// Time since the pipeline was built.
    pub uptime: Duration,
    /// Where the clicks come from.
    pub source: SourceStatus,
    /// State, rate, backlog and errors of each stage.
    pub stages: PerStage<StageStatus>,
    /// Counts since the data directory was made or since this run began, as each says.
    pub totals: Totals,
    /// Time from when a click was produced to when its figures are visible: of the newest such click, or
    /// the age of the oldest click still under way if that is more. `None` before the first click.
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
    pub board: Arc<Board>,
    /// What was asked.
    pub answers: Answers,
    /// The newest stored clicks, newest first, a few.
    pub recent: Arc<[RecentClick]>,
    /// What is odd about the events, each said once, oldest first: few.
    pub notices: Arc<[Notice]>,
    /// The newest log lines, oldest first, a few hundred at most.
    pub log: Arc<[LogLine]>,
    /// Set while the pipeline drains before it ends: what it waits for.
    pub shutting_down: Option<String>,
    /// Everything is being forgotten, and what that waits for.
    pub resetting: Option<String>,
    /// How the newest reset of this run ended; `None` before the first has.
    pub last_reset: Option<ResetEnd>,
    /// A finite source is stored, aggregated and indexed to its end.
    pub finished: bool,
}

/// Where the clicks come from.
#[derive(Clone, Debug, Default, serde::Serialize)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetEnd {
    /// Which one of this run it was, from 1.
    pub number: u64,
    /// Clicks that were deleted with their figures and rejects; or why nothing was.
    pub deleted: Result<u64, String>,
    /// Documents that were deleted from the index; `None` until the index stage has done that.
    pub cleared: Option<u64>,
}

/// One stage.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct StageStatus {
    /// What it is doing.
    #[serde(flatten)]
    pub state: StageState,
    /// Items passed since this run began: messages for ingest, clicks for store and aggregate, documents for index.
    pub processed: u64,
    /// Items a second over the last few seconds; `None` while it is not active or has not run long enough to tell.
    pub rate: Option<f64>,
    /// Items waiting for it: messages (the lag) for ingest, clicks for store and aggregate, documents for index.
    pub backlog: u64,
    /// Errors since this run began.
    pub errors: u64,
    /// The newest error, in one line.
    pub last_error: Option<String>,
}

/// Counts of the whole pipeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
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
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct StoreStatus {
    /// Its file.
    pub path: String,
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Bytes of the write-ahead log.
    pub wal_bytes: u64,
    /// Time of the newest transaction, begin to commit.
    #[serde(rename = "transaction_ms", serialize_with = "millis")]
    pub transaction: Option<Duration>,
    /// Median time of the newest transactions.
    #[serde(rename = "transaction_p50_ms", serialize_with = "millis")]
    pub transaction_p50: Option<Duration>,
    /// 99th percentile of the same.
    #[serde(rename = "transaction_p99_ms", serialize_with = "millis")]
    pub transaction_p99: Option<Duration>,
    /// Transactions committed by this run.
    pub transactions: u64,
    /// Checkpoints of the aggregation written by this run.
    pub checkpoints: u64,
    /// No click before this time is taken in any more; `None` while none has expired.
    #[serde(serialize_with = "timestamp")]
    pub expired_before: Option<Timestamp>,
    /// Clicks that the figures count and that were deleted for their age.
    pub deleted: u64,
    /// Rejects that are kept.
    pub rejects: u64,
    /// Rejects that were deleted, because there were too many or for their age.
    pub rejects_deleted: u64,
}

/// How well the engine says it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Not asked yet, or it did not answer.
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
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct IndexStatus {
    /// Where documents go, without secrets: `embedded`, `https://search:9200/clicktop`.
    pub target: String,
    /// Engine and version, once known: `elasticsearch 9.1.0`.
    pub engine: Option<String>,
    /// How well the engine says it is.
    pub health: Health,
    /// Documents the engine says it has.
    pub documents: Option<u64>,
    /// Rows of url × country whose newest figures are not in the index yet.
    pub pending: u64,
    /// Median time of the newest bulk requests.
    #[serde(rename = "bulk_p50_ms", serialize_with = "millis")]
    pub bulk_p50: Option<Duration>,
    /// 99th percentile of the same.
    #[serde(rename = "bulk_p99_ms", serialize_with = "millis")]
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

/// The figures a [`View`] asked for.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// What was asked.
    pub view: View,
    /// Every country, most clicks first.
    pub countries: Vec<CountryRow>,
    /// The rows of the view in its order, at most its limit.
    pub pages: Vec<PageRow>,
    /// How many rows the view would have without its limit.
    pub matching: u64,
    /// Why the view cannot be shown as asked, in one line: the window is too large to count exactly in the time there is.
    pub problem: Option<String>,
}

/// Figures of one country over all its urls.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CountryRow {
    /// The country as the events name it.
    pub country: Arc<str>,
    /// Its clicks.
    pub clicks: u64,
    /// Its urls.
    pub urls: u64,
}

/// Figures of one url × country.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct PageRow {
    /// The url as the events name it: untrusted text.
    pub url: Arc<str>,
    /// The country.
    pub country: Arc<str>,
    /// Distinct clicks.
    pub clicks: u64,
    /// Exact distinct users.
    pub unique_users: u64,
    /// Mean seconds spent, over the clicks where it is known.
    pub avg_time_spent: Option<f64>,
}

/// A click that was just stored, for people to see. Untrusted text.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RecentClick {
    /// By the event's clock.
    #[serde(skip)]
    pub timestamp: Timestamp,
    /// Who.
    pub user_id: String,
    /// What.
    pub url: String,
    /// Where.
    pub country: String,
    /// Where.
    pub city: String,
}

/// Something odd about the events that is said once, not for each of them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Notice {
    /// When it was noticed, by the machine's clock.
    #[serde(skip)]
    pub at: Timestamp,
    /// In one line that is safe to print.
    pub text: Arc<str>,
}

/// Severity of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LogLine {
    /// When, by the machine's clock.
    #[serde(skip)]
    pub at: Timestamp,
    /// Its severity.
    pub level: LogLevel,
    /// Who says it: a stage's name or a module.
    pub target: String,
    /// What it says.
    pub message: String,
}
