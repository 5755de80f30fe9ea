//! Hands batches to the store, and counts them.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crossbeam_channel::{SendTimeoutError, Sender, TrySendError};

use crate::engine::local::shared::SharedParts;
use crate::engine::local::status::metrics::Metrics;
use crate::engine::local::status::notices::Notices;
use crate::engine::stages::handle::StageHandle;
use crate::storage::IngestBatch;

/// The way of ingest to the store and to whoever watches.
pub(super) struct Handover {
    batches: Sender<IngestBatch>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) notices: Arc<Notices>,
}

/// The store has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store's queue is gone")]
pub(crate) struct NoStore;

impl Handover {
    pub(super) fn new(shared: &SharedParts, batches: Sender<IngestBatch>) -> Self {
        Self { batches, metrics: Arc::clone(&shared.metrics), notices: Arc::clone(&shared.notices) }
    }

    /// Puts `batch` in the store's queue, and counts it. Gives it back if the queue stays full for `patience`.
    pub(super) fn send(
        &self,
        batch: IngestBatch,
        patience: Duration,
        handle: &StageHandle,
    ) -> Result<Option<IngestBatch>, NoStore> {
        let messages = batch.messages() as u64;
        let sent = if patience.is_zero() {
            self.batches.try_send(batch).map_err(|error| match error {
                TrySendError::Full(batch) => SendTimeoutError::Timeout(batch),
                TrySendError::Disconnected(batch) => SendTimeoutError::Disconnected(batch),
            })
        } else {
            self.batches.send_timeout(batch, patience)
        };
        match sent {
            Ok(()) => {
                self.metrics.handed_over(messages);
                self.metrics.ingested.fetch_add(messages, Relaxed);
                handle.count_processed(messages);
                Ok(None)
            }
            Err(SendTimeoutError::Timeout(batch)) => Ok(Some(batch)),
            Err(SendTimeoutError::Disconnected(_)) => Err(NoStore),
        }
    }
}
