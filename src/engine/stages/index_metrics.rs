//! Counts of the index stage, and the status that snapshots show of the index.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use parking_lot::Mutex;

use crate::engine::status::latency::Latency;
use crate::engine::status::steps::Steps;
use crate::protocol::snapshot::{Health, IndexStatus};
use crate::protocol::timings::Distribution;
use crate::protocol::to_micros;

/// What the index stage counts.
#[derive(Debug, Default)]
pub(crate) struct IndexMetrics {
    pub bulks: AtomicU64,
    pub retries: AtomicU64,
    pub throttled: AtomicU64,
    pub rejected: AtomicU64,
    pub conflicts: AtomicU64,
    pub foreign: AtomicU64,
    pub engine: Mutex<Option<String>>,
    pub health: Mutex<Health>,
    pub documents: Mutex<Option<u64>>,
    /// Documents were sent since the engine was asked how many it has.
    pub uncounted: AtomicBool,
    /// Documents deleted for the newest reset; `None` until they are.
    pub cleared: Mutex<Option<u64>>,
    pub bytes: Mutex<Option<u64>>,
    /// When documents were written, by their versions.
    pub sent_steps: Steps,
    latency: Mutex<Latency>,
}

impl IndexMetrics {
    pub(crate) fn bulk_answered(&self, took: Duration) {
        self.bulks.fetch_add(1, Relaxed);
        self.latency.lock().record(took);
    }

    /// Median and 99th percentile of the newest bulk requests.
    pub(crate) fn bulk_quantiles(&self) -> Option<(Duration, Duration)> {
        self.latency.lock().quantiles()
    }

    /// Every bulk request of this run.
    pub(crate) fn bulk_times(&self) -> Distribution {
        self.latency.lock().all()
    }

    /// Everything was deleted: what the engine told of its documents is no longer so.
    pub(crate) fn reset(&self) {
        for count in [&self.rejected, &self.conflicts, &self.foreign] {
            count.store(0, Relaxed);
        }
        *self.documents.lock() = None;
        *self.bytes.lock() = None;
    }

    /// The status of the index at `target`, where `pending` rows wait to be sent.
    pub(crate) fn status(&self, target: &str, pending: Option<u64>) -> IndexStatus {
        let quantiles = self.bulk_quantiles();
        IndexStatus {
            target: target.to_owned(),
            engine: self.engine.lock().clone(),
            health: *self.health.lock(),
            documents: *self.documents.lock(),
            pending,
            bulk_p50: quantiles.map(|(p50, _)| to_micros(p50)),
            bulk_p99: quantiles.map(|(_, p99)| to_micros(p99)),
            bulks: Some(self.bulks.load(Relaxed)),
            retries: Some(self.retries.load(Relaxed)),
            throttled: Some(self.throttled.load(Relaxed)),
            rejected: Some(self.rejected.load(Relaxed)),
            conflicts: Some(self.conflicts.load(Relaxed)),
            foreign: Some(self.foreign.load(Relaxed)),
            bytes: *self.bytes.lock(),
        }
    }
}
