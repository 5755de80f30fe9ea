//! What the stages on Spark count, and the publisher reads.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use parking_lot::Mutex;

use super::progress::StreamProgress;
use super::query::QueryBoard;
use crate::click::Timestamp;
use crate::engine::status::latency::Latency;
use crate::protocol::timings::Distribution;

/// Means that a number is not known.
const UNKNOWN: u64 = u64::MAX;

/// Counts of this run.
#[derive(Debug)]
pub(super) struct SparkMetrics {
    messages: AtomicU64,
    clicks: AtomicU64,
    rejects: AtomicU64,
    left_out: AtomicU64,
    expired: AtomicU64,
    /// When the newest message that is in the table arrived in Kafka, in milliseconds since 1970; 0 before the first.
    arrived: AtomicI64,
    /// The part of `clicks` that the figures certainly count. [`UNKNOWN`] while earlier runs may have left other clicks.
    counted: AtomicU64,
    /// The age of the newest counted message when its figures arrived here.
    delay: Mutex<Option<Duration>>,
    /// All of this run.
    delays: Mutex<Distribution>,
    rounds: AtomicU64,
    last_round: Mutex<Option<Duration>>,
    round_latency: Mutex<Latency>,
    /// The first time whose clicks are kept.
    kept_since: Mutex<Option<Timestamp>>,
    pages: AtomicU64,
    counted_clicks: AtomicU64,
    /// What the streaming query does.
    pub(super) query: QueryBoard,
}

impl Default for SparkMetrics {
    fn default() -> Self {
        Self {
            messages: AtomicU64::new(0),
            clicks: AtomicU64::new(0),
            rejects: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
            expired: AtomicU64::new(0),
            arrived: AtomicI64::new(0),
            counted: AtomicU64::new(UNKNOWN),
            delay: Mutex::default(),
            delays: Mutex::new(Distribution::of_delays()),
            rounds: AtomicU64::new(0),
            last_round: Mutex::default(),
            round_latency: Mutex::default(),
            kept_since: Mutex::default(),
            pages: AtomicU64::new(0),
            counted_clicks: AtomicU64::new(0),
            query: QueryBoard::default(),
        }
    }
}

impl SparkMetrics {
    /// A micro-batch is in the table.
    pub(super) fn batch(&self, progress: &StreamProgress) {
        self.messages.fetch_add(progress.messages, Relaxed);
        self.rejects.fetch_add(progress.rejects, Relaxed);
        self.left_out.fetch_add(progress.left_out, Relaxed);
        if let Some(arrived) = progress.arrived {
            self.arrived.fetch_max(arrived, Relaxed);
        }
        // Last: whoever sees these clicks also sees the rest.
        self.clicks.fetch_add(progress.clicks, Relaxed);
    }

    /// Messages that this run has seen the query write into the table.
    pub(super) fn messages(&self) -> u64 {
        self.messages.load(Relaxed)
    }

    /// Clicks among them.
    pub(super) fn clicks(&self) -> u64 {
        self.clicks.load(Relaxed)
    }

    /// Messages among them that are no clicks.
    pub(super) fn rejects(&self) -> u64 {
        self.rejects.load(Relaxed)
    }

    /// Events among them that the mapping leaves out.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out.load(Relaxed)
    }

    /// Rounds of this run have found clicks of a time whose clicks are deleted, and have not counted them.
    pub(super) fn expire(&self, clicks: u64) {
        self.expired.fetch_add(clicks, Relaxed);
    }

    /// How many they were.
    pub(super) fn expired(&self) -> u64 {
        self.expired.load(Relaxed)
    }

    /// Earlier clicks are deleted, unless this is `None`.
    pub(super) fn set_kept_since(&self, time: Option<Timestamp>) {
        *self.kept_since.lock() = time;
    }

    /// The first time whose clicks are kept; `None` if none are deleted for their age.
    pub(super) fn kept_since(&self) -> Option<Timestamp> {
        *self.kept_since.lock()
    }

    /// When the newest of them arrived in Kafka, in milliseconds since 1970.
    pub(super) fn arrived(&self) -> i64 {
        self.arrived.load(Relaxed)
    }

    /// The figures here count every click that was in the table when [`clicks`](Self::clicks) was `clicks`.
    pub(super) fn counted(&self, clicks: u64) {
        self.counted.store(clicks, Relaxed);
    }

    /// Clicks in the table that the figures may not count yet; `None` if nobody knows.
    pub(super) fn uncounted(&self) -> Option<u64> {
        let counted = self.counted.load(Relaxed);
        (counted != UNKNOWN).then(|| self.clicks().saturating_sub(counted))
    }

    /// A round has ended, and took so long.
    pub(super) fn round(&self, took: Duration) {
        self.rounds.fetch_add(1, Relaxed);
        *self.last_round.lock() = Some(took);
        self.round_latency.lock().record(took);
    }

    /// Rounds of this run, and how long the newest took.
    pub(super) fn rounds(&self) -> (u64, Option<Duration>) {
        (self.rounds.load(Relaxed), *self.last_round.lock())
    }

    /// Median and 99th percentile of the newest rounds.
    pub(super) fn round_quantiles(&self) -> Option<(Duration, Duration)> {
        self.round_latency.lock().quantiles()
    }

    /// The newest counted message had this age when its figures arrived here.
    pub(super) fn visible_after(&self, delay: Duration) {
        *self.delay.lock() = Some(delay);
        self.delays.lock().record(delay);
    }

    /// See [`visible_after`](Self::visible_after).
    pub(super) fn delay(&self) -> Option<Duration> {
        *self.delay.lock()
    }

    /// How long rounds took, and how long messages were on their way, in this run.
    pub(super) fn times(&self) -> (Distribution, Distribution) {
        (self.round_latency.lock().all(), self.delays.lock().clone())
    }

    /// The figures here cover so many pages and clicks.
    pub(super) fn figures(&self, pages: u64, clicks: u64) {
        self.pages.store(pages, Relaxed);
        self.counted_clicks.store(clicks, Relaxed);
    }

    /// Pages and clicks of the figures here.
    pub(super) fn figure_totals(&self) -> (u64, u64) {
        (self.pages.load(Relaxed), self.counted_clicks.load(Relaxed))
    }

    /// Everything was deleted.
    pub(super) fn reset(&self) {
        for count in [&self.messages, &self.clicks, &self.rejects, &self.expired] {
            count.store(0, Relaxed);
        }
        self.counted.store(UNKNOWN, Relaxed);
        *self.delay.lock() = None;
        *self.kept_since.lock() = None;
        self.figures(0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backlog_is_unknown_until_the_figures_count_everything_that_was_there() {
        let metrics = SparkMetrics::default();
        let json = r#"{"batchId": 1, "observedMetrics": {"clicktop": {"clicks": 5, "rejects": 2}}, "sources": [{"numInputRows": 7}]}"#;
        let batch = StreamProgress::parse(json).unwrap();
        metrics.batch(&batch);
        assert_eq!((metrics.uncounted(), metrics.messages(), metrics.rejects()), (None, 7, 2));
        let seen = metrics.clicks();
        metrics.batch(&batch);
        metrics.counted(seen);
        assert_eq!(metrics.uncounted(), Some(5));
        metrics.counted(metrics.clicks());
        assert_eq!(metrics.uncounted(), Some(0));
        metrics.reset();
        assert_eq!(metrics.uncounted(), None);
    }
}
