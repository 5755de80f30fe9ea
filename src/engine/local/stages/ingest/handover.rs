//! Hands batches to the store, and counts them.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crossbeam_channel::{SendTimeoutError, Sender, TrySendError};

use crate::engine::local::shared::SharedParts;
use crate::engine::local::status::catch_up::CatchUp;
use crate::engine::local::status::metrics::Metrics;
use crate::engine::local::status::notices::Notices;
use crate::engine::stages::handle::StageHandle;
use crate::storage::IngestBatch;

/// The way of ingest to the store and to whoever watches.
pub(super) struct Handover {
    batches: Sender<IngestBatch>,
    pub(super) metrics: Arc<Metrics>,
    catch_up: Arc<CatchUp>,
    pub(super) notices: Arc<Notices>,
}

/// The store has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store's queue is gone")]
pub(crate) struct NoStore;

impl Handover {
    pub(super) fn new(shared: &SharedParts, batches: Sender<IngestBatch>) -> Self {
        let SharedParts { metrics, catch_up, notices, .. } = shared.clone();
        Self { batches, metrics, catch_up, notices }
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
                self.catch_up.handed_over(messages, Instant::now());
                handle.count_processed(messages);
                Ok(None)
            }
            Err(SendTimeoutError::Timeout(batch)) => Ok(Some(batch)),
            Err(SendTimeoutError::Disconnected(_)) => Err(NoStore),
        }
    }

    /// Whether the source gave a backlog, so that its end will be the end of one.
    pub(super) fn is_backlog(&self) -> bool {
        self.catch_up.is_backlog(Instant::now())
    }

    /// The source holds nothing more for now, and everything that it gave was sent.
    pub(super) fn at_the_end(&self) {
        self.catch_up.at_the_end(self.metrics.ingested.load(Relaxed), Instant::now());
    }
}
