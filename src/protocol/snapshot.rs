//! The snapshot: everything that a front may know of an engine, at one moment.
//!
//! An engine publishes a snapshot a few times a second. Its size does not grow with the data. Nothing here assumes that a stage
//! is a thread of this process. A field is `None` if the engine does not know it; fronts then show a dash.
//!
//! Texts come from events, brokers and search engines: they are untrusted, and fronts escape them when they print them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::alarm::Alarms;
use super::answer::Answers;
use super::board::{Board, RecentClick};
use super::event::Event;
use super::outlook::Outlook;
use super::remote::Remote;
use super::source::SourceProgress;
use super::stage::{StageState, StageStatus, Stages};
use super::timings::Timings;
use super::version::ProtocolVersion;
use crate::click::Timestamp;

/// The engine at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The version of this form.
    pub protocol: ProtocolVersion,
    /// When it was taken, to the millisecond; `None` before the engine has published one.
    #[serde(with = "super::serial::optional_moment")]
    pub at: Option<SystemTime>,
    /// Time since the engine started, to the microsecond.
    #[serde(rename = "uptime_ms", with = "super::serial::millis")]
    pub uptime: Duration,
    /// The source of the clicks.
    pub source: SourceStatus,
    /// The stages of the engine, in the order in which items pass them.
    pub stages: Stages,
    /// Counts. Some are of this run, others of the whole database.
    pub totals: Totals,
    /// Time between the production of a click and the moment its figures were visible, for the newest visible click; or the age
    /// of the oldest click that is not visible yet, if that is more. `None` before the first click.
    #[serde(rename = "delay_ms", with = "super::serial::optional_millis")]
    pub delay: Option<Duration>,
    /// Sum of the lags of the partitions; `None` while one of them is unknown.
    pub lag: Option<u64>,
    /// Where the lag goes.
    #[serde(default)]
    pub outlook: Outlook,
    /// The partitions assigned to this process.
    pub partitions: Arc<[PartitionStatus]>,
    /// The database.
    pub store: StoreStatus,
    /// The search index.
    pub index: IndexStatus,
    /// The cluster that the engine works on; `None` for an engine in this process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<Arc<Remote>>,
    /// How long things took since this run began.
    #[serde(default, skip_serializing_if = "is_default")]
    pub timings: Arc<Timings>,
    /// The figures that the view asked for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub board: Arc<Board>,
    /// The answers to the questions of the front.
    #[serde(default, skip_serializing_if = "is_default")]
    pub answers: Answers,
    /// A few of the newest stored clicks, newest first.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub recent: Arc<[RecentClick]>,
    /// Clicks that were stored between those of `recent` and are not among them: of a large batch, only the newest ones are.
    #[serde(default, skip_serializing_if = "is_default")]
    pub recent_left_out: u64,
    /// The alarms.
    #[serde(default)]
    pub alarms: Arc<Alarms>,
    /// Notices about odd events, oldest first. The engine gives each notice once, and only a few.
    pub notices: Arc<[Notice]>,
    /// The newest log lines, oldest first; at most a few hundred.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub log: Arc<[LogLine]>,
    /// What happened to the pipeline lately, oldest first; at most 200.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub events: Arc<[Event]>,
    /// What the engine waits for while it drains before its end; `None` while it is not about to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shutting_down: Option<String>,
    /// What the reset that is under way waits for; `None` while there is no reset.
    pub resetting: Option<String>,
    /// The result of the newest reset of this run; `None` before a reset has ended.
    pub last_reset: Option<ResetEnd>,
    /// The engine has processed a finite source to its end.
    pub finished: bool,
}

/// Whether `value` is the value that a reader takes if the field is missing.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Snapshot {
    /// A copy without timings, board, answers, recent clicks, past alarms, log, events and the lists of the cluster, for a front that
    /// prints one line a second.
    #[must_use]
    pub fn light(&self) -> Self {
        Self {
            timings: Arc::default(),
            board: Arc::default(),
            answers: Answers::default(),
            recent: Arc::default(),
            log: Arc::default(),
            events: Arc::default(),
            alarms: if self.alarms.past.is_empty() { Arc::clone(&self.alarms) } else { Arc::new(self.alarms.light()) },
            remote: self.remote.as_ref().map(|remote| Arc::new(remote.light())),
            ..self.clone()
        }
    }

    /// Whether `stage` runs, but has nothing to do any more: a source that ends is read to its end, and for the stages after the first one also
    /// processed.
    pub fn is_done(&self, stage: &StageStatus) -> bool {
        let reads_the_source = self.stages.first().is_some_and(|first| first.id() == stage.id());
        let is_read = || {
            let ended = self.source.progress.as_ref().is_some_and(|progress| progress.end.is_some());
            ended && self.lag.unwrap_or(0) == 0
        };
        stage.state == StageState::Running && (self.finished || reads_the_source && is_read())
    }

    /// The name of the state of `stage`, as people see it: that of the state, or `done`.
    pub fn state_name(&self, stage: &StageStatus) -> &'static str {
        if self.is_done(stage) { "done" } else { stage.state.name() }
    }
}

/// The source of the clicks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceStatus {
    /// A description for people: `localhost:9092`, `embedded broker, generated traffic`, `replay of clicks.csv`.
    pub description: String,
    /// The Kafka topic; empty if there is none.
    pub topic: String,
    /// The Kafka consumer group; empty if there is none.
    pub group: String,
    /// The progress of the producer, if the producer is part of this process.
    pub progress: Option<SourceProgress>,
}

/// The result of a reset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetEnd {
    /// The number of the reset within this run, from 1.
    pub number: u64,
    /// Number of clicks that the reset deleted with their figures and rejects; or why it deleted nothing, in one line.
    pub deleted: Result<u64, String>,
    /// Number of documents that the reset deleted from the search index; `None` until it has done so.
    pub cleared: Option<u64>,
}

/// Counts of the whole engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Messages that this run has taken from Kafka, or events from files.
    pub ingested: u64,
    /// Clicks that this run has stored.
    pub stored: u64,
    /// Clicks that this run has ignored because they were stored already.
    pub duplicates: u64,
    /// Clicks that this run has refused because they are older than the retention limit (`store.retention`). No figure counts
    /// them.
    pub expired: u64,
    /// Clicks that this run has stored although they are more than a day ahead of the clock. The figures count them, but they
    /// move neither the windows nor the retention limit.
    pub future: u64,
    /// Messages and records that this run could not decode, and documents that the search engine refused.
    pub rejected: u64,
    /// Events that the conditions of the mapping have left out (`events.where`), in this run.
    #[serde(default)]
    pub left_out: u64,
    /// Events of bots in this run, left out or not.
    #[serde(default)]
    pub bots: u64,
    /// Clicks that came after the kept history of their user and missed a correction of the time spent, since the last rebuild.
    pub late: u64,
    /// Offsets that this run found missing between two messages. Kafka deleted or compacted them, they were in a batch that was
    /// refused, or they are transaction markers.
    pub skipped: u64,
    /// Clicks in the database.
    pub clicks: u64,
    /// Rows of url × country.
    pub pages: u64,
    /// Documents of this database in the search index.
    pub documents: u64,
}

/// One partition of the topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionStatus {
    /// Its number.
    pub partition: i32,
    /// The next offset to take from Kafka.
    pub position: Option<i64>,
    /// The next offset to store. Every message before it is stored.
    pub stored: Option<i64>,
    /// The oldest offset that the broker still has.
    pub low: Option<i64>,
    /// One past the newest offset.
    pub high: Option<i64>,
    /// `high − stored`.
    pub lag: Option<u64>,
    /// Whether the engine has paused it because a later stage does not keep up.
    pub paused: bool,
    /// About how long the oldest message that is not stored has waited while clicktop ran.
    #[serde(default, rename = "behind_ms", with = "super::serial::optional_millis")]
    pub behind: Option<Duration>,
    /// Messages a second by which the lag grows, over the last 30 s; below 0 if it shrinks.
    #[serde(default)]
    pub growth: Option<i64>,
    /// The time until Kafka deletes messages that are not stored, at the pace of now; `None` if it is not known or far away.
    #[serde(default, rename = "loses_in_ms", with = "super::serial::optional_millis")]
    pub loses_in: Option<Duration>,
}

/// The database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoreStatus {
    /// The path of the database file.
    pub path: String,
    /// Size of the database file in bytes, without its write-ahead log.
    pub file_bytes: Option<u64>,
    /// Size of the write-ahead log in bytes.
    pub wal_bytes: Option<u64>,
    /// Duration of the newest transaction, from its begin to its commit.
    #[serde(rename = "transaction_ms", with = "super::serial::optional_millis")]
    pub transaction: Option<Duration>,
    /// Median duration of the newest transactions.
    #[serde(rename = "transaction_p50_ms", with = "super::serial::optional_millis")]
    pub transaction_p50: Option<Duration>,
    /// 99th percentile of the durations of the newest transactions.
    #[serde(rename = "transaction_p99_ms", with = "super::serial::optional_millis")]
    pub transaction_p99: Option<Duration>,
    /// Transactions that this run has committed.
    pub transactions: Option<u64>,
    /// Checkpoints of the aggregation that this run has written.
    pub checkpoints: Option<u64>,
    /// The retention limit: the store refuses clicks before this time. `None` while it has refused and deleted none.
    #[serde(with = "super::serial::optional_timestamp")]
    pub expired_before: Option<Timestamp>,
    /// Clicks that were deleted because they are too old. The figures still count them.
    pub deleted: u64,
    /// Rejects that are kept.
    pub rejects: u64,
    /// Rejects that were deleted, because there were too many or they were too old.
    pub rejects_deleted: u64,
}

impl StoreStatus {
    /// What the database takes on disk: its file and its write-ahead log, where new clicks are until a checkpoint.
    pub fn bytes(&self) -> Option<u64> {
        Some(self.file_bytes?.saturating_add(self.wal_bytes.unwrap_or(0)))
    }
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
    /// The target of the documents, without secrets: `embedded`, `https://search:9200/clicktop`.
    pub target: String,
    /// Engine and version, once known: `elasticsearch 9.1.0`.
    pub engine: Option<String>,
    /// The health of the index, as the search engine reports it.
    pub health: Health,
    /// Documents that the index has, as the search engine reports it.
    pub documents: Option<u64>,
    /// Rows of url × country whose newest figures are not in the index yet.
    pub pending: Option<u64>,
    /// Median duration of the newest bulk requests.
    #[serde(rename = "bulk_p50_ms", with = "super::serial::optional_millis")]
    pub bulk_p50: Option<Duration>,
    /// 99th percentile of the durations of the newest bulk requests.
    #[serde(rename = "bulk_p99_ms", with = "super::serial::optional_millis")]
    pub bulk_p99: Option<Duration>,
    /// Bulk requests of this run that the search engine has answered.
    pub bulks: Option<u64>,
    /// Requests and documents that this run has sent again.
    pub retries: Option<u64>,
    /// The part of `retries` that followed an answer of 429.
    pub throttled: Option<u64>,
    /// Documents that the search engine has refused for good.
    pub rejected: Option<u64>,
    /// Documents that this run did not write because the index had the same or a newer version.
    pub conflicts: Option<u64>,
    /// Documents of another database that the index had when this run connected.
    pub foreign: Option<u64>,
    /// Size of the index in bytes, as the search engine reports it.
    pub bytes: Option<u64>,
}

/// A notice about odd events. The engine gives it once, not for each event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The time of the notice, by the clock of the machine.
    #[serde(with = "super::serial::timestamp")]
    pub at: Timestamp,
    /// The notice, in one line that is safe to print.
    pub text: Arc<str>,
}

/// Severity of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// An operation failed.
    Error,
    /// Something needs attention.
    Warn,
    /// A normal event.
    Info,
    /// A detail for developers.
    Debug,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// The time of the line, by the clock of the machine.
    #[serde(with = "super::serial::timestamp")]
    pub at: Timestamp,
    /// Its severity.
    pub level: LogLevel,
    /// The part of the program that wrote it: a stage or a module.
    pub target: String,
    /// The text of the line.
    pub message: String,
}
