//! The ingest stage: its parts, and the reasons why it ends.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crossbeam_channel::Sender;
use rdkafka::error::KafkaError;

use super::options::KafkaOptions;
use super::start_offsets::NoStart;
use crate::engine::local::shared::SharedParts;
use crate::engine::local::stages::offsets::OffsetLedger;
use crate::engine::local::status::metrics::Metrics;
use crate::engine::local::status::notices::Notices;
use crate::engine::local::status::partitions::PartitionBoard;
use crate::engine::stages::handle::StageHandle;
use crate::storage::{IngestBatch, Storage, StorageError};

/// The ingest stage.
pub(crate) struct IngestStage {
    pub(super) options: KafkaOptions,
    pub(super) batches: Sender<IngestBatch>,
    pub(super) ledger: Arc<OffsetLedger>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) partitions: Arc<PartitionBoard>,
    pub(super) notices: Arc<Notices>,
    /// Holds this database's identity in the consumer group, and the first offset of each partition.
    pub(super) storage: Arc<Storage>,
    /// The broker is the embedded one, ours alone.
    pub(super) own_broker: bool,
    /// Consumers made so far.
    pub(super) consumers: AtomicU64,
}

/// Why ingest ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IngestError {
    #[error("Kafka: {0}")]
    Config(String),
    #[error("{0}")]
    LostOffset(String),
    #[error("Kafka has ended this consumer: {0}")]
    Fatal(KafkaError),
    #[error(transparent)]
    NoStart(NoStart),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the store's queue is gone")]
    NoStore,
}

impl IngestStage {
    /// A stage that hands its batches to `batches`.
    pub(crate) fn new(shared: &SharedParts, options: KafkaOptions, batches: Sender<IngestBatch>) -> Self {
        let SharedParts { storage, ledger, metrics, partitions, notices, own_broker, .. } = shared.clone();
        Self {
            options,
            batches,
            ledger,
            metrics,
            partitions,
            notices,
            storage,
            own_broker,
            consumers: AtomicU64::new(0),
        }
    }

    /// Counts a batch that is in the store's queue now.
    pub(crate) fn count_handed_over(&self, offsets: &BTreeMap<i32, i64>, messages: u64, handle: &StageHandle) {
        self.ledger.handed_over(offsets);
        self.metrics.handed_over(messages);
        self.metrics.ingested.fetch_add(messages, Relaxed);
        handle.count_processed(messages);
    }

    /// The group to join.
    ///
    /// In a group of the embedded broker, a returning member waits for the session timeout of the member that left (a real broker
    /// does not make it wait). Nobody else uses its groups, and the offsets are in SQLite, so each consumer joins a group of
    /// its own there.
    pub(super) fn group(&self) -> String {
        let consumer = self.consumers.fetch_add(1, Relaxed);
        match self.own_broker {
            true => format!("{}-{consumer}", self.options.group),
            false => self.options.group.clone(),
        }
    }
}
