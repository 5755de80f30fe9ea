//! The options of a pipeline, and the errors that keep it from starting.

use std::time::Duration;

use tokio::sync::watch;

use super::stages::aggregate::AggregateOptions;
use super::stages::ingest::KafkaOptions;
use super::stages::ingest::files::FilesSource;
use crate::engine::alarms::AlarmOptions;
use crate::engine::stages::index::IndexOptions;
use crate::protocol::snapshot::SourceStatus;
use crate::protocol::source::SourceProgress;
use crate::source::StoredOffsets;
use crate::storage::StorageError;

/// How the pipeline works.
#[derive(Clone, Debug)]
pub struct PipelineOptions {
    /// The source as fronts show it.
    pub source: SourceStatus,
    /// Batches that may wait for the store.
    pub queue_batches: usize,
    /// How long the store keeps clicks, by their own clock; `None` for ever.
    pub retention: Option<Duration>,
    /// The aggregation.
    pub aggregate: AggregateOptions,
    /// The documents.
    pub index: IndexOptions,
    /// How long a shutdown may drain.
    pub shutdown_timeout: Duration,
    /// The alarms, and who is told of them.
    pub alarms: AlarmOptions,
}

/// What ingest reads.
#[derive(Debug)]
pub enum EventSource {
    /// A topic, and its producer if that is in this process.
    Kafka(KafkaOptions, Option<InProcessSource>),
    /// Files.
    Files(FilesSource),
}

/// A producer inside this process.
#[derive(Clone, Debug)]
pub struct InProcessSource {
    /// Its progress.
    pub progress: watch::Receiver<SourceProgress>,
    /// The stored offsets as the producer reads them, so that it does not overrun the embedded broker. `Some` means that the
    /// broker is the embedded one and starts empty: offsets that an earlier run stored do not apply to it.
    pub stored: Option<StoredOffsets>,
}

/// Why a pipeline does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The system gives no thread.
    #[error("the system gives no thread for the lag watch or the answers: {0}")]
    Thread(std::io::Error),
}
