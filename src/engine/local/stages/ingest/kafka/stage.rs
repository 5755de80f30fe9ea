//! The ingest stage: its parts, and the reasons why it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crossbeam_channel::Sender;
use rdkafka::error::KafkaError;

use super::options::KafkaOptions;
use super::start_offsets::NoStart;
use crate::engine::local::shared::SharedParts;
use crate::engine::local::stages::ingest::handover::{Handover, NoStore};
use crate::engine::local::stages::offsets::OffsetLedger;
use crate::engine::local::status::partitions::PartitionBoard;
use crate::storage::{IngestBatch, Storage, StorageError};

/// The ingest stage.
pub(crate) struct IngestStage {
    pub(super) options: KafkaOptions,
    pub(super) handover: Handover,
    pub(super) ledger: Arc<OffsetLedger>,
    pub(super) partitions: Arc<PartitionBoard>,
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
    #[error(transparent)]
    NoStore(#[from] NoStore),
}

impl IngestStage {
    /// A stage that hands its batches to `batches`.
    pub(crate) fn new(shared: &SharedParts, options: KafkaOptions, batches: Sender<IngestBatch>) -> Self {
        let SharedParts { storage, ledger, partitions, own_broker, .. } = shared.clone();
        let handover = Handover::new(shared, batches);
        Self { options, handover, ledger, partitions, storage, own_broker, consumers: AtomicU64::new(0) }
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
