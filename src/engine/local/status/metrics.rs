//! The counts of this run. The stages write them; the publisher of the snapshots reads them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use parking_lot::Mutex;

use crate::click::Timestamp;
use crate::engine::stages::index_metrics::IndexMetrics;
use crate::engine::status::latency::Latency;
use crate::engine::status::steps::Steps;
use crate::protocol::board::RecentClick;
use crate::protocol::timings::Distribution;
use crate::storage::{BatchOutcome, Reader, StorageError};

/// Clicks kept for people to see.
const RECENT_CLICKS: usize = 50;

/// Everything the stages count.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub ingested: AtomicU64,
    pub skipped: AtomicU64,
    /// Messages handed to the store less those committed: a batch may be committed before it is counted in.
    queued: AtomicI64,
    stored: AtomicU64,
    duplicates: AtomicU64,
    expired: AtomicU64,
    future: AtomicU64,
    rejected_messages: AtomicU64,
    left_out: AtomicU64,
    bots: AtomicU64,
    transactions: AtomicU64,
    last_transaction: Mutex<Option<Duration>>,
    transaction_latency: Mutex<Latency>,
    recent: Mutex<Recent>,
    /// Every click up to this one is in the figures in memory.
    counted: AtomicI64,
    /// Every click up to this one is in the written figures.
    aggregated: AtomicI64,
    /// When clicks were counted, by their numbers.
    pub counted_steps: Steps,
    /// When figures were written, by the numbers of clicks, each step with the version of its rows.
    pub written_steps: Steps,
    pages: AtomicU64,
    late: AtomicU64,
    pub index: Arc<IndexMetrics>,
}

#[derive(Debug, Default)]
struct Recent {
    /// The newest one first, each with the number of clicks that came before it and are not kept.
    clicks: VecDeque<(RecentClick, u64)>,
    shown: Arc<[RecentClick]>,
    stale: bool,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            ingested: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            queued: AtomicI64::new(0),
            stored: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            expired: AtomicU64::new(0),
            future: AtomicU64::new(0),
            rejected_messages: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
            bots: AtomicU64::new(0),
            transactions: AtomicU64::new(0),
            last_transaction: Mutex::default(),
            transaction_latency: Mutex::default(),
            recent: Mutex::default(),
            counted: AtomicI64::new(0),
            aggregated: AtomicI64::new(0),
            counted_steps: Steps::default(),
            written_steps: Steps::default(),
            pages: AtomicU64::new(0),
            late: AtomicU64::new(0),
            index: Arc::default(),
        }
    }

    /// Everything was forgotten; what waits for the store is still to come.
    pub(crate) fn reset(&self) {
        let counts = [
            &self.stored,
            &self.duplicates,
            &self.expired,
            &self.future,
            &self.rejected_messages,
            &self.left_out,
            &self.bots,
            &self.skipped,
        ];
        for count in counts {
            count.store(0, Relaxed);
        }
        self.ingested.store(self.queued(), Relaxed);
        *self.recent.lock() = Recent { stale: true, ..Recent::default() };
        self.figures_written(0, 0, 0);
        self.index.reset();
    }

    pub(crate) fn committed(&self, outcome: BatchOutcome, took: Duration) {
        self.stored.fetch_add(outcome.stored, Relaxed);
        self.duplicates.fetch_add(outcome.duplicates, Relaxed);
        self.expired.fetch_add(outcome.expired, Relaxed);
        self.future.fetch_add(outcome.future, Relaxed);
        self.rejected_messages.fetch_add(outcome.rejected, Relaxed);
        self.left_out.fetch_add(outcome.left_out, Relaxed);
        self.bots.fetch_add(outcome.bots, Relaxed);
        self.transactions.fetch_add(1, Relaxed);
        *self.last_transaction.lock() = Some(took);
        self.transaction_latency.lock().record(took);
    }

    /// Shows `clicks`, oldest first, as the newest. So many clicks before them are left out.
    pub(crate) fn show_recent(&self, left_out: u64, clicks: impl Iterator<Item = RecentClick>) {
        let mut recent = self.recent.lock();
        let left_out = std::iter::once(left_out).chain(std::iter::repeat(0));
        for click in clicks.zip(left_out) {
            recent.clicks.push_front(click);
        }
        recent.clicks.truncate(RECENT_CLICKS);
        recent.stale = true;
    }

    /// Counts what the database holds at the start of the program.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn start_from(&self, reader: &Reader) -> Result<(), StorageError> {
        if let Some(state) = reader.aggregate_state()? {
            self.figures_written(state.cursor, reader.page_count()?, state.late);
            self.rows_written(state.cursor, state.last_version);
        } else {
            // Where the counting begins, so that the first step has one before it.
            self.clicks_counted(0);
            self.rows_written(0, 0);
        }
        Ok(())
    }

    /// Every click up to `cursor` is counted; the figures may still have to be written.
    pub(crate) fn clicks_counted(&self, cursor: i64) {
        self.counted.store(cursor, Relaxed);
        self.counted_steps.reached(u64::try_from(cursor).unwrap_or(0), 0, Timestamp::now());
    }

    /// The figures of every click up to `cursor` are in rows of `version`, or of an older one.
    pub(crate) fn rows_written(&self, cursor: i64, version: u64) {
        self.written_steps.reached(u64::try_from(cursor).unwrap_or(0), version, Timestamp::now());
    }

    pub(crate) fn figures_written(&self, cursor: i64, pages: u64, late: u64) {
        self.clicks_counted(cursor);
        self.aggregated.store(cursor, Relaxed);
        self.pages.store(pages, Relaxed);
        self.late.store(late, Relaxed);
    }

    /// A batch of so many messages was handed to the store.
    pub(crate) fn handed_over(&self, messages: u64) {
        self.queued.fetch_add(messages.cast_signed(), Relaxed);
    }

    /// A batch of so many messages has left the queue for the database.
    pub(crate) fn taken_over(&self, messages: u64) {
        self.queued.fetch_sub(messages.cast_signed(), Relaxed);
    }

    /// Clicks and rejects handed to the store and not yet committed.
    pub(crate) fn queued(&self) -> u64 {
        u64::try_from(self.queued.load(Relaxed)).unwrap_or(0)
    }

    pub(crate) fn stored(&self) -> u64 {
        self.stored.load(Relaxed)
    }

    pub(crate) fn expired(&self) -> u64 {
        self.expired.load(Relaxed)
    }

    pub(crate) fn future(&self) -> u64 {
        self.future.load(Relaxed)
    }

    pub(crate) fn duplicates(&self) -> u64 {
        self.duplicates.load(Relaxed)
    }

    pub(crate) fn rejected_messages(&self) -> u64 {
        self.rejected_messages.load(Relaxed)
    }

    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.load(Relaxed)
    }

    pub(crate) fn bots(&self) -> u64 {
        self.bots.load(Relaxed)
    }

    pub(crate) fn transactions(&self) -> (u64, Option<Duration>) {
        (self.transactions.load(Relaxed), *self.last_transaction.lock())
    }

    /// Median and 99th percentile of the newest transactions.
    pub(crate) fn transaction_quantiles(&self) -> Option<(Duration, Duration)> {
        self.transaction_latency.lock().quantiles()
    }

    /// Every transaction of this run.
    pub(crate) fn transaction_times(&self) -> Distribution {
        self.transaction_latency.lock().all()
    }

    pub(crate) fn counted(&self) -> i64 {
        self.counted.load(Relaxed)
    }

    pub(crate) fn aggregated(&self) -> i64 {
        self.aggregated.load(Relaxed)
    }

    pub(crate) fn pages(&self) -> u64 {
        self.pages.load(Relaxed)
    }

    pub(crate) fn late(&self) -> u64 {
        self.late.load(Relaxed)
    }

    /// The newest clicks, the newest first, and how many came between them that are left out.
    pub(crate) fn recent(&self) -> (Arc<[RecentClick]>, u64) {
        let mut recent = self.recent.lock();
        if std::mem::take(&mut recent.stale) {
            recent.shown = recent.clicks.iter().map(|(click, _)| click.clone()).collect();
        }
        // What is left out before the oldest one is not between two.
        let between = recent.clicks.len().saturating_sub(1);
        (Arc::clone(&recent.shown), recent.clicks.iter().take(between).map(|(_, left_out)| left_out).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::click::Timestamp;

    #[test]
    fn the_newest_clicks_tell_how_many_between_them_are_left_out() {
        let click = |at: i64| RecentClick {
            timestamp: Timestamp::from_millis(at),
            user_id: String::new(),
            url: String::new(),
            country: String::new(),
            city: String::new(),
            click_id: None,
            message: None,
            read: None,
            stored: None,
        };
        let metrics = Metrics::new();
        metrics.show_recent(90, (0..10).map(click));
        assert_eq!(metrics.recent().1, 0, "what came before the oldest one is not between two");
        metrics.show_recent(4_213, (10..20).map(click));
        let (recent, left_out) = metrics.recent();
        assert_eq!((recent.len(), recent[0].timestamp.as_millis(), left_out), (20, 19, 4_213));
        for at in 2..7 {
            metrics.show_recent(0, (at * 10..at * 10 + 10).map(click));
        }
        assert_eq!((metrics.recent().0.len(), metrics.recent().1), (50, 0), "the gap is forgotten with its clicks");
    }

    #[test]
    fn a_batch_that_is_committed_before_it_was_counted_in_leaves_an_empty_queue() {
        let metrics = Metrics::new();
        metrics.taken_over(250);
        assert_eq!(metrics.queued(), 0);
        metrics.handed_over(250);
        assert_eq!(metrics.queued(), 0);
        metrics.handed_over(250);
        assert_eq!(metrics.queued(), 250);
    }
}
