//! Store: batches from the queue → SQLite, one transaction each.

mod retention;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use parking_lot::Mutex;

use super::offsets::OffsetLedger;
use crate::click::{Click, Timestamp};
use crate::engine::local::shared::SharedParts;
use crate::engine::local::status::metrics::Metrics;
use crate::engine::stages::database_check::wait_until_sound;
use crate::engine::stages::handle::{Backoff, Signal, StageHandle};
use crate::protocol::board::RecentClick;
use crate::protocol::follow::MessageOrigin;
use crate::storage::{IngestBatch, NewestOrigins, Storage, StorageError, is_of_the_future};
use crate::text::counted;
use crate::text::excerpt;
use retention::Retention;

/// How long the stage waits for a batch before it looks whether it is to stop.
const PATIENCE: Duration = Duration::from_millis(50);

/// How many clicks of a batch are shown to people.
const SHOWN_CLICKS: usize = 10;

/// How much of a click's id is told.
const SHOWN_ID: usize = 60;

/// The store stage.
pub(crate) struct StoreStage {
    storage: Arc<Storage>,
    batches: Receiver<IngestBatch>,
    /// The batch being committed: it outlives a failure or a panic of the stage and is the first of the next run.
    in_hand: Mutex<Option<IngestBatch>>,
    /// The topic whose stored offsets are those of an earlier broker: they go before the first batch comes.
    outdated: Mutex<Option<String>>,
    ledger: Arc<OffsetLedger>,
    metrics: Arc<Metrics>,
    /// How long clicks are kept; `None` for ever.
    retention: Option<Duration>,
    /// The log has a line that there are clicks of the future.
    future_told: AtomicBool,
    /// The log has a line that the oldest rejects go because there are too many.
    rejects_told: AtomicBool,
}

impl StoreStage {
    /// A stage that takes its batches from `batches` and keeps clicks for `retention`, for ever if `None`. The embedded
    /// broker starts empty, so stored offsets of `topic` do not apply to it: the stage deletes them.
    pub(crate) fn new(
        shared: &SharedParts,
        topic: &str,
        retention: Option<Duration>,
        batches: Receiver<IngestBatch>,
    ) -> Self {
        let SharedParts { storage, ledger, metrics, own_broker, .. } = shared.clone();
        Self {
            storage,
            batches,
            in_hand: Mutex::default(),
            outdated: Mutex::new(own_broker.then(|| topic.to_owned())),
            ledger,
            metrics,
            retention,
            future_told: AtomicBool::new(false),
            rejects_told: AtomicBool::new(false),
        }
    }

    /// Works until asked to stop.
    ///
    /// # Errors
    /// The database is damaged; passing trouble is waited out. The batch stays in hand.
    pub(crate) fn run(&self, handle: &StageHandle) -> Result<(), StorageError> {
        if !wait_until_sound(&self.storage, handle)? {
            return Ok(());
        }
        handle.running();
        let mut backoff = Backoff::new();
        let mut retention = Retention::new(self.retention);
        loop {
            let signal = handle.signal();
            if signal == Signal::Stop {
                return Ok(());
            }
            // Nothing feeds the queue any more when a stage drains, so there is nothing to wait for.
            let taken = self.take(if signal == Signal::Drain { Duration::ZERO } else { PATIENCE });
            if signal == Signal::Drain {
                if !taken {
                    return Ok(());
                }
                handle.draining(format!("{} to commit", counted(self.metrics.queued(), "message", "messages")));
            }
            let committed = self.commit(handle);
            let done = match signal {
                Signal::Run => committed.and_then(|clicks| retention.step(&self.storage, clicks)),
                Signal::Drain | Signal::Stop => committed.map(drop),
            };
            match done {
                Ok(()) => {
                    backoff.reset();
                    if signal == Signal::Run {
                        handle.running();
                    }
                }
                Err(error) if error.is_transient() => {
                    let pause = backoff.next();
                    handle.backing_off(&error.to_string(), pause);
                    handle.sleep(signal, pause);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes the next batch in hand unless there is one already; `false` if none came within `patience`.
    fn take(&self, patience: Duration) -> bool {
        let mut in_hand = self.in_hand.lock();
        if in_hand.is_none() {
            match self.batches.recv_timeout(patience) {
                Ok(batch) => *in_hand = Some(batch),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return false,
            }
        }
        true
    }

    /// Commits the batch in hand, if there is one; how many clicks it had.
    fn commit(&self, handle: &StageHandle) -> Result<usize, StorageError> {
        let mut in_hand = self.in_hand.lock();
        let Some(batch) = in_hand.as_ref() else {
            return Ok(0);
        };
        let mut outdated = self.outdated.lock();
        if let Some(topic) = outdated.as_deref() {
            self.storage.forget_offsets(topic)?;
            *outdated = None;
        }
        let begin = Instant::now();
        let now = Timestamp::now();
        let outcome = self.storage.store_at(batch, now)?;
        if outcome.future > 0 && !self.future_told.swap(true, Relaxed) {
            tell_future(batch, now);
        }
        if outcome.forgotten > 0 && !self.rejects_told.swap(true, Relaxed) {
            tracing::warn!(
                target: "store",
                "the rejects are full: the oldest ones are deleted (store.max_rejects, store.max_reject_bytes)"
            );
        }
        self.metrics.committed(outcome, begin.elapsed());
        if let Some(offsets) = batch.offsets() {
            self.ledger.committed(offsets);
        }
        self.metrics.taken_over(batch.messages() as u64);
        let first_shown = batch.clicks.len().saturating_sub(SHOWN_CLICKS);
        let stored = Timestamp::now();
        let newest = batch.clicks.iter().enumerate().skip(first_shown);
        self.metrics
            .show_recent(first_shown as u64, newest.map(|(at, click)| recent(&click, &batch.newest, at, stored)));
        let clicks = batch.clicks.len();
        handle.count_processed(clicks as u64);
        *in_hand = None;
        Ok(clicks)
    }
}

/// Says which click is of the future: whoever sent it has a clock or a unit of time that is wrong.
fn tell_future(batch: &IngestBatch, now: Timestamp) {
    let farthest = batch.clicks.iter().filter(|click| is_of_the_future(click.timestamp, now));
    if let Some(click) = farthest.max_by_key(|click| click.timestamp) {
        tracing::warn!(
            target: "store",
            "a click is more than a day ahead of the clock: {} at {}; such clicks are counted (`future`), and move neither \
             windows nor store.retention",
            excerpt(click.click_id, SHOWN_ID),
            click.timestamp,
        );
    }
}

/// The click at position `at` of its batch, which was stored at `stored`.
fn recent(click: &Click<'_>, newest: &NewestOrigins, at: usize, stored: Timestamp) -> RecentClick {
    let message = newest.of_click(at).map(|(origin, topic)| MessageOrigin {
        topic: topic.to_owned(),
        partition: origin.partition,
        offset: Some(origin.offset),
    });
    RecentClick {
        timestamp: click.timestamp,
        user_id: click.user_id.to_owned(),
        url: click.url.to_owned(),
        country: click.country.to_owned(),
        city: click.city.to_owned(),
        click_id: Some(click.click_id.to_owned()),
        message,
        read: newest.read_at,
        stored: Some(stored),
    }
}
