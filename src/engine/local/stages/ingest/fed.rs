//! Ingest without Kafka, for measurements: messages that lie in memory, decoded and handed over as Kafka's are.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crossbeam_channel::SendTimeoutError;

use super::batch::Gatherer;
use super::{IngestError, IngestStage, POLL};
use crate::click::Decoder;
use crate::engine::local::stages::handle::{Signal, StageHandle};
use crate::storage::IngestBatch;

/// They count as messages of so many partitions, as many as the demo's topic has.
const PARTITIONS: u64 = 8;

/// Messages in memory, numbered from 0.
pub trait Messages: Send + Sync + 'static {
    /// The payload of message `number`; `None` after the last.
    fn payload(&self, number: u64) -> Option<&[u8]>;
}

/// Partition and offset of message `number`.
pub(crate) fn place(number: u64) -> (i32, i64) {
    let partition = i32::try_from(number % PARTITIONS).unwrap_or_default();
    (partition, i64::try_from(number / PARTITIONS).unwrap_or(i64::MAX))
}

/// The stage with other messages than its consumer's. It goes through them once.
pub(crate) struct FedIngest {
    pub stage: IngestStage,
    pub messages: Arc<dyn Messages>,
}

impl FedIngest {
    /// Works until asked to stop.
    ///
    /// # Errors
    /// The store's queue is gone.
    pub(crate) fn run(&self, handle: &StageHandle) -> Result<(), IngestError> {
        let options = &self.stage.options;
        let mut decoder = Decoder::new(options.format).with_limits(options.field_limits);
        let mut gatherer = Gatherer::new(options.topic.as_str().into(), options.batch_events);
        let mut number = self.stage.metrics.ingested.load(Relaxed);
        handle.running();
        while handle.signal() == Signal::Run {
            let payload = self.messages.payload(number);
            if let Some(payload) = payload {
                gatherer.push_payload(&mut decoder, place(number), payload, None);
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
        let messages = batch.messages() as u64;
        let offsets = batch.offsets.clone();
        loop {
            match self.stage.batches.send_timeout(batch, POLL) {
                Ok(()) => break,
                Err(SendTimeoutError::Disconnected(_)) => return Err(IngestError::NoStore),
                Err(SendTimeoutError::Timeout(_)) if handle.signal() != Signal::Run => return Ok(()),
                Err(SendTimeoutError::Timeout(waiting)) => batch = waiting,
            }
        }
        self.stage.ledger.handed_over(&offsets);
        self.stage.metrics.handed_over(messages);
        self.stage.metrics.ingested.fetch_add(messages, Relaxed);
        handle.count_processed(messages);
        Ok(())
    }
}
