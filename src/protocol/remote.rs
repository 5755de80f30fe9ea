//! What an engine tells that works on a cluster: the server, the application, the executors, the streaming query, the rounds.
//!
//! A field is `None` if the cluster does not tell it; fronts then show a dash. Texts come from the cluster: they are untrusted, and
//! fronts escape them when they print them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// The cluster that an engine works on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Remote {
    /// The software of the cluster: `Spark`.
    pub engine: String,
    /// Its version, once known.
    pub version: Option<String>,
    /// The server, without secrets: `sc://spark:15002`.
    pub server: String,
    /// The application that does the work, once known.
    pub application: Option<Application>,
    /// The work that can go on in the cluster after this engine has ended; `None` while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlives: Option<Outlives>,
    /// Executors and tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Arc<ClusterStatus>>,
    /// The streaming query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Arc<QueryStatus>>,
    /// The newest rounds of aggregation, the newest first; or why they are not known, in one line. `None` until somebody has asked for
    /// them with [`Question::Rounds`](super::Question::Rounds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounds: Option<Arc<Result<Vec<Round>, String>>>,
}

impl Remote {
    /// A copy without lists that only a screen shows.
    #[must_use]
    pub(super) fn light(&self) -> Self {
        let cluster = self.cluster.as_ref().map(|cluster| {
            Arc::new(ClusterStatus { executors: Vec::new(), running: Vec::new(), ..ClusterStatus::clone(cluster) })
        });
        let query = self.query.as_ref().map(|query| {
            let newest = query.batches.last().cloned().into_iter().collect();
            Arc::new(QueryStatus { batches: newest, ..QueryStatus::clone(query) })
        });
        Self { cluster, query, rounds: None, ..self.clone() }
    }
}

/// An application on a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// The id that the cluster has given: `app-20260131093000-0001`.
    pub id: String,
    /// The name for people; empty if it has none.
    pub name: String,
}

/// Work that can go on in the cluster after the engine has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlives {
    /// The work, with its article: `the streaming query`.
    pub work: String,
    /// Whether [`Command::Shutdown`](super::Command::Shutdown) leaves it running.
    pub by_default: bool,
}

/// What becomes of work that can go on in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemoteWork {
    /// It goes on.
    Leave,
    /// It stops.
    Stop,
}

/// Executors and tasks of the application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterStatus {
    /// The address that tells all this, without secrets.
    pub source: Option<String>,
    /// Why the figures are not known, and what to do, in one line; `None` if they are.
    pub problem: Option<String>,
    /// When the figures were told, to the millisecond.
    #[serde(with = "super::serial::optional_moment")]
    pub at: Option<SystemTime>,
    /// Executors at work. The driver counts if it does the work itself.
    pub executors_alive: Option<u64>,
    /// Executors that are gone.
    pub executors_dead: Option<u64>,
    /// Cores of the executors.
    pub cores: Option<u64>,
    /// Memory for cached and broadcast data that is in use, in bytes.
    pub memory_used: Option<u64>,
    /// The most of it, in bytes.
    pub memory_max: Option<u64>,
    /// Tasks that run.
    pub running_tasks: Option<u64>,
    /// Tasks that have failed since the application began.
    pub failed_tasks: Option<u64>,
    /// Tasks that have ended well since the application began.
    pub completed_tasks: Option<u64>,
    /// Stages that run.
    pub active_stages: Option<u64>,
    /// Jobs that run.
    pub active_jobs: Option<u64>,
    /// Bytes that the stages that the cluster remembers have moved out of memory: their size in memory.
    pub spilled_memory: Option<u64>,
    /// The same: their size on disk.
    pub spilled_disk: Option<u64>,
    /// The executors, those at work first; at most a few hundred.
    pub executors: Vec<Executor>,
    /// The stages that run; at most a few dozen.
    pub running: Vec<RunningStage>,
}

/// One executor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Executor {
    /// Its id: `driver`, `0`.
    pub id: String,
    /// Host and port.
    pub address: String,
    /// Whether it is there.
    pub alive: bool,
    /// Its cores.
    pub cores: Option<u64>,
    /// Tasks that it runs.
    pub running_tasks: Option<u64>,
    /// Tasks that have failed on it.
    pub failed_tasks: Option<u64>,
    /// Tasks that have ended well on it.
    pub completed_tasks: Option<u64>,
    /// Memory for cached and broadcast data that is in use, in bytes.
    pub memory_used: Option<u64>,
    /// The most of it, in bytes.
    pub memory_max: Option<u64>,
    /// The most that its heap has held, in bytes.
    pub peak_heap: Option<u64>,
    /// The part of the time of its tasks that went into collecting garbage.
    #[serde(rename = "gc_ms", with = "super::serial::optional_millis")]
    pub gc: Option<Duration>,
    /// Bytes that it has read from other executors.
    pub shuffle_read: Option<u64>,
}

/// A stage of the cluster's own that runs. It is no stage of the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningStage {
    /// Its number.
    pub id: i64,
    /// What it does, in the cluster's words.
    pub name: String,
    /// Its tasks.
    pub tasks: Option<u64>,
    /// Those that have ended well.
    pub done: Option<u64>,
    /// Those that run.
    pub running: Option<u64>,
    /// Those that have failed.
    pub failed: Option<u64>,
    /// Bytes that it has moved out of memory, by their size on disk.
    pub spilled_disk: Option<u64>,
}

/// The streaming query.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QueryStatus {
    /// Its name.
    pub name: Option<String>,
    /// The id, which stays the same as long as its checkpoint lives.
    pub id: Option<String>,
    /// The id of this run of it.
    pub run_id: Option<String>,
    /// What it does, in the cluster's words.
    pub message: Option<String>,
    /// What it does, in ours; `None` while nobody has looked.
    pub state: Option<QueryState>,
    /// The shortest time between two batches.
    #[serde(rename = "trigger_ms", with = "super::serial::optional_millis")]
    pub trigger: Option<Duration>,
    /// When it was triggered last, to the millisecond.
    #[serde(with = "super::serial::optional_moment")]
    pub triggered: Option<SystemTime>,
    /// The number of the newest batch.
    pub batch: Option<i64>,
    /// Rows that come in a second.
    pub rows_in: Option<f64>,
    /// Rows that it processes a second while it works.
    pub rows_out: Option<f64>,
    /// The newest batches with rows, the oldest first; at most [`QueryStatus::BATCHES`].
    pub batches: Vec<QueryBatch>,
}

impl QueryStatus {
    /// The most batches that a query keeps.
    pub const BATCHES: usize = 30;
}

/// What a streaming query does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryState {
    /// A batch is under way.
    Working,
    /// It waits for messages, or for its next turn.
    Waiting,
    /// It does not run.
    Ended,
}

/// One batch of a streaming query.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QueryBatch {
    /// Its number.
    pub number: i64,
    /// When it was triggered, to the millisecond.
    #[serde(with = "super::serial::optional_moment")]
    pub triggered: Option<SystemTime>,
    /// Its rows.
    pub rows: Option<u64>,
    /// How long it took.
    #[serde(rename = "took_ms", with = "super::serial::optional_millis")]
    pub took: Option<Duration>,
    /// Its phases in their order.
    pub phases: Vec<Phase>,
}

/// A part of a batch or of a round, and how long it took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// The name that the cluster gives it: `addBatch`.
    pub name: String,
    /// How long it took.
    #[serde(rename = "took_ms", with = "super::serial::millis")]
    pub took: Duration,
}

/// What a line in the log of rounds is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundWork {
    /// New clicks were counted.
    #[default]
    Counting,
    /// Old clicks were deleted, or files were merged or deleted.
    Housekeeping,
}

/// One round of aggregation, or of housekeeping.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Its number: the version of the clicks up to which everything is counted since.
    pub number: i64,
    /// What it was about.
    pub work: RoundWork,
    /// When it ended, to the millisecond.
    #[serde(with = "super::serial::optional_moment")]
    pub ended: Option<SystemTime>,
    /// How long it took.
    #[serde(rename = "took_ms", with = "super::serial::optional_millis")]
    pub took: Option<Duration>,
    /// Its steps in their order.
    pub steps: Vec<Phase>,
    /// New clicks that it has counted.
    pub clicks: Option<u64>,
    /// Slices of event time that it has counted anew.
    pub slices: Option<u64>,
    /// Pairs of a page and a user that it has added.
    pub pairs: Option<u64>,
    /// Figures that it has changed.
    pub figures: Option<u64>,
    /// Who has done it.
    pub who: Option<String>,
}
