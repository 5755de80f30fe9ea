//! Ingest without Kafka, for benchmarks. It decodes messages from memory and hands them to the store as ingest does.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::batch::{Gatherer, Record};
use super::run::POLL;
use super::stage::{IngestError, IngestStage};
use crate::engine::stages::handle::{Signal, StageHandle};
use crate::registry::Opened;
use crate::storage::IngestBatch;

/// Partitions over which the messages are spread: as many as the demo's topic has.
const PARTITIONS: u64 = 8;

/// Messages in memory, numbered from 0.
pub trait Messages: Send + Sync + 'static {
    /// The payload of message `number`; `None` after the last.
    fn payload(&self, number: u64) -> Option<&[u8]>;
}

/// Partition and offset of message `number`.
pub(crate) fn partition_and_offset(number: u64) -> (i32, i64) {
    let partition = i32::try_from(number % PARTITIONS).unwrap_or_default();
    (partition, i64::try_from(number / PARTITIONS).unwrap_or(i64::MAX))
}

/// The ingest stage with messages from memory in place of its consumer's. It takes each once.
pub(crate) struct MemoryIngest {
    pub stage: IngestStage,
    pub messages: Arc<dyn Messages>,
}

impl MemoryIngest {
    /// Works until asked to stop.
    ///
    /// # Errors
    /// The store's queue is gone.
    pub(crate) fn run(&self, handle: &StageHandle) -> Result<(), IngestError> {
        let options = &self.stage.options;
        let mut decoder = options.decoder();
        let mut gatherer =
            Gatherer::new(options.topic.as_str().into(), options.batch_events, options.pseudonyms.clone());
        let mut number = self.stage.handover.metrics.ingested.load(Relaxed);
        handle.running();
        while handle.signal() == Signal::Run {
            let payload = self.messages.payload(number);
            if let Some(payload) = payload {
                let (partition, offset) = partition_and_offset(number);
                let record = Record { partition, offset, payload, produced_at: None };
                gatherer.push(&mut decoder, record, Opened::Plain);
                number += 1;
            }
            if gatherer.is_due(options.batch_interval) || (payload.is_none() && !gatherer.is_empty()) {
                self.hand_over(gatherer.take(), handle)?;
            } else if payload.is_none() {
                handle.sleep(Signal::Run, POLL);
            }
        }
        Ok(())
    }

    /// Waits for room in the queue, as long as it takes or until asked to stop.
    fn hand_over(&self, mut batch: IngestBatch, handle: &StageHandle) -> Result<(), IngestError> {
        let offsets = batch.offsets().cloned().unwrap_or_default();
        while let Some(waiting) = self.stage.handover.send(batch, POLL, handle)? {
            if handle.signal() != Signal::Run {
                return Ok(());
            }
            batch = waiting;
        }
        self.stage.ledger.handed_over(&offsets);
        Ok(())
    }
}
