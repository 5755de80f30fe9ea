//! Ingest: Kafka → decoded batches for the store.

mod batch;
mod begin;
mod consumer;
mod ends;
mod first_sight;
#[cfg(feature = "bench-support")]
pub(crate) mod from_memory;
mod gaps;
mod lag;
mod lost;
mod notes;
mod options;
pub mod plausible;
mod settle;
mod trouble;
mod unpack;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crossbeam_channel::{SendTimeoutError, Sender, TrySendError};
use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;

use super::handle::{Backoff, Signal, StageHandle};
use super::offsets::OffsetLedger;
use crate::click::Decoder;
use crate::engine::local::shared::SharedParts;
use crate::engine::local::status::metrics::Metrics;
use crate::engine::local::status::notices::Notices;
use crate::engine::local::status::partitions::PartitionBoard;
use crate::storage::{IngestBatch, Storage, StorageError};
use batch::Gatherer;
use begin::Member;
use consumer::{ClickConsumer, Membership};
use ends::Ends;
pub use first_sight::{NoStart, fix_start};
use gaps::Positions;
pub(crate) use lag::{LagWatch, LagWatchGuard};
use notes::{FirstClicks, Notes};
pub use options::{KafkaOptions, OnLostOffset, StartAt};
use trouble::Trouble;
pub use unpack::DEFAULT_LIMIT as DEFAULT_MAX_BATCH_BYTES;

/// The ingest stage.
pub(crate) struct IngestStage {
    options: KafkaOptions,
    batches: Sender<IngestBatch>,
    ledger: Arc<OffsetLedger>,
    metrics: Arc<Metrics>,
    partitions: Arc<PartitionBoard>,
    notices: Arc<Notices>,
    /// Holds this database's identity in the consumer group, and the first offset of each partition.
    storage: Arc<Storage>,
    /// The broker is the embedded one, ours alone.
    own_broker: bool,
    /// Consumers made so far.
    consumers: AtomicU64,
}

/// Why ingest ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IngestError {
    #[error("Kafka: {0}")]
    Config(String),
    #[error("{0}")]
    LostOffset(String),
    #[error("Kafka gave this consumer up: {0}")]
    Fatal(KafkaError),
    #[error(transparent)]
    NoStart(NoStart),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the store's queue is gone")]
    NoStore,
}

/// Messages taken one after another before a stop is seen: some tenths of a millisecond.
const READY_MESSAGES: usize = 500;

/// How long one poll waits, and so how soon a stop is seen.
const POLL: Duration = Duration::from_millis(20);

/// How long a full queue is waited for before the partitions are paused. Pausing throws the fetched messages away, so
/// a store that is merely slower than Kafka should not cause it.
const QUEUE_PATIENCE: Duration = Duration::from_millis(500);

/// How long a stop waits for room in the queue; what finds none is read again from Kafka.
const LAST_HANDOVER: Duration = Duration::from_secs(1);

/// How often stored offsets are committed to Kafka, for other tools to see the lag.
const COMMIT_INTERVAL: Duration = Duration::from_secs(1);

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

    /// Works until asked to stop. Trouble with the brokers is waited out, and shown.
    ///
    /// # Errors
    /// The settings cannot work, or the stored offset is gone and the operator has to decide.
    pub(crate) fn run(&self, handle: &StageHandle) -> Result<(), IngestError> {
        let mut backoff = Backoff::new();
        loop {
            let tried = match self.settled(handle)? {
                Some(member) => self.consume(handle, member),
                None => return Ok(()),
            };
            match tried {
                Ok(End::Asked) => return Ok(()),
                Ok(End::Again) => {}
                Err(error @ (IngestError::Fatal(_) | IngestError::NoStart(_))) => {
                    let pause = backoff.next();
                    handle.backing_off(&error.to_string(), pause);
                    if handle.sleep(Signal::Run, pause) != Signal::Run {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The life of a consumer.
    fn consume(&self, handle: &StageHandle, us: Member) -> Result<End, IngestError> {
        handle.starting(format!("joining group {}", self.options.group));
        unpack::set_limit(self.options.max_batch_bytes);
        self.ledger.restart();
        let membership = (!self.own_broker).then(|| Membership { us, storage: Arc::clone(&self.storage) });
        let consumer = ClickConsumer::new(&self.options, &self.group(), membership, Arc::clone(&self.ledger))
            .map_err(|error| IngestError::Config(error.to_string()))?;
        Run::new(self, handle, &consumer).run()
    }
}

impl IngestStage {
    /// Counts a batch that is in the store's queue now.
    pub(crate) fn count_handed_over(&self, offsets: &BTreeMap<i32, i64>, messages: u64, handle: &StageHandle) {
        self.ledger.handed_over(offsets);
        self.metrics.handed_over(messages);
        self.metrics.ingested.fetch_add(messages, Relaxed);
        handle.count_processed(messages);
    }

    /// The group to join.
    ///
    /// Whoever comes back to a group of the embedded broker waits for the session time-out of the member that left (a real
    /// broker does not make it wait). Its groups serve nobody else, and the offsets are in SQLite, so each consumer
    /// gets a group of its own there.
    fn group(&self) -> String {
        let consumer = self.consumers.fetch_add(1, Relaxed);
        match self.own_broker {
            true => format!("{}-{consumer}", self.options.group),
            false => self.options.group.clone(),
        }
    }
}

/// How a consumer's life ended without an error.
enum End {
    Asked,
    /// With another starting offset.
    Again,
}

struct Run<'a> {
    stage: &'a IngestStage,
    handle: &'a StageHandle,
    consumer: &'a ClickConsumer,
    decoder: Decoder,
    gatherer: Gatherer,
    positions: Positions,
    ends: Ends,
    /// A batch that found the queue full.
    waiting: Option<IngestBatch>,
    paused: bool,
    committed: Instant,
    notes: Notes,
    /// Batches that were put off, as far as it is known here.
    put_off: u64,
    trouble: Trouble,
    first_clicks: FirstClicks,
}

impl<'a> Run<'a> {
    fn new(stage: &'a IngestStage, handle: &'a StageHandle, consumer: &'a ClickConsumer) -> Self {
        let options = &stage.options;
        Self {
            stage,
            handle,
            consumer,
            decoder: Decoder::new(options.format).with_limits(options.field_limits),
            gatherer: Gatherer::new(options.topic.as_str().into(), options.batch_events),
            positions: Positions::default(),
            ends: Ends::default(),
            waiting: None,
            paused: false,
            committed: Instant::now(),
            notes: Notes::default(),
            put_off: unpack::put_off(),
            trouble: Trouble::default(),
            first_clicks: FirstClicks::new(),
        }
    }

    fn run(mut self) -> Result<End, IngestError> {
        while self.handle.signal() == Signal::Run {
            let mut trouble = None;
            // While a batch waits for room, polling goes on only to stay in the group.
            match self.consumer.poll(POLL) {
                Some(Ok(message)) => {
                    self.trouble = Trouble::default();
                    self.handle.running();
                    self.take(&message);
                    trouble = self.take_what_is_ready();
                }
                Some(Err(error)) => trouble = Some(error),
                None => self.settle(),
            }
            if let Some(error) = trouble
                && let Some(end) = self.complaint(error)?
            {
                self.finish();
                return Ok(end);
            }
            if let Some(error) = self.consumer.context().take_unassignable() {
                return Err(IngestError::NoStart(error));
            }
            if let Some(assigned) = self.consumer.context().take_assignment() {
                self.positions.assigned(&assigned);
                self.stage.partitions.set_assigned(assigned);
            }
            if self.consumer.context().take_revoked() {
                self.ends.forget();
                // Should they come back, go on after what is gathered but not handed over yet.
                self.stage.ledger.taken(self.positions.next());
            }
            if self.gatherer.is_due(self.stage.options.batch_interval) {
                self.hand_over(QUEUE_PATIENCE)?;
            }
            self.make_room()?;
            self.now_and_then();
        }
        self.handle.draining("the last batch to be handed over");
        self.finish();
        Ok(End::Asked)
    }

    /// Takes the messages that need not be waited for, and asks for nothing else meanwhile: a look at the clock and at what
    /// the context has to tell costs more than a message. Ends with the first event that is none, such as a rebalance.
    fn take_what_is_ready(&mut self) -> Option<KafkaError> {
        for _ in 0..READY_MESSAGES {
            if self.gatherer.is_full() {
                break;
            }
            match self.consumer.poll(Duration::ZERO)? {
                Ok(message) => self.take(&message),
                Err(error) => return Some(error),
            }
        }
        None
    }

    fn take(&mut self, message: &BorrowedMessage<'_>) {
        self.ends.left(message.partition());
        let skipped = self.positions.took(message.partition(), message.offset());
        if skipped > 0 {
            self.stage.metrics.skipped.fetch_add(skipped, Relaxed);
            let before = || format!("{} of {}[{}]", message.offset(), message.topic(), message.partition());
            self.notes.skipped(skipped, before);
        }
        self.gatherer.push(&mut self.decoder, message);
        if self.paused {
            // It is from a partition that was assigned after the others were paused.
            self.pause(true);
        }
    }

    /// Puts what is gathered in the queue; if that stays full for `patience`, pauses the partitions.
    fn hand_over(&mut self, patience: Duration) -> Result<(), IngestError> {
        if self.waiting.is_some() || self.gatherer.is_empty() {
            return Ok(());
        }
        let batch = self.gatherer.take();
        self.notes.rejected(&batch);
        self.first_clicks.look_at(&batch);
        self.say_what_is_odd(false);
        self.send(batch, patience)?;
        if self.waiting.is_some() && !self.paused {
            self.paused = true;
            self.pause(true);
        }
        Ok(())
    }

    /// Says what rejects look like, and whether the first clicks make sense; at the `end` by however many there are.
    fn say_what_is_odd(&mut self, end: bool) {
        let (notices, topic) = (&self.stage.notices, &self.stage.options.topic);
        for looks in self.gatherer.take_looks() {
            notices.say(looks.kind(), || format!("messages of {topic} look like {looks}"));
        }
        for oddity in self.first_clicks.judged(end) {
            notices.say(oddity.kind, || format!("{topic}: {}", oddity.text));
        }
    }

    fn send(&mut self, batch: IngestBatch, patience: Duration) -> Result<(), IngestError> {
        let messages = batch.messages() as u64;
        let offsets = batch.offsets.clone();
        let result = if patience.is_zero() {
            self.stage.batches.try_send(batch).map_err(|error| match error {
                TrySendError::Full(batch) => SendTimeoutError::Timeout(batch),
                TrySendError::Disconnected(batch) => SendTimeoutError::Disconnected(batch),
            })
        } else {
            self.stage.batches.send_timeout(batch, patience)
        };
        match result {
            Ok(()) => {
                self.stage.count_handed_over(&offsets, messages, self.handle);
                Ok(())
            }
            Err(SendTimeoutError::Timeout(batch)) => {
                self.waiting = Some(batch);
                Ok(())
            }
            Err(SendTimeoutError::Disconnected(_)) => Err(IngestError::NoStore),
        }
    }

    /// Tries the waiting batch again, and lets Kafka flow once it is through.
    fn make_room(&mut self) -> Result<(), IngestError> {
        if let Some(batch) = self.waiting.take() {
            self.send(batch, Duration::ZERO)?;
        }
        if self.paused && self.waiting.is_none() {
            self.paused = false;
            self.pause(false);
        }
        Ok(())
    }

    fn pause(&mut self, pause: bool) {
        self.ends.forget();
        self.stage.partitions.set_paused(pause);
        let result = self.consumer.assignment().and_then(|assignment| match pause {
            true => self.consumer.pause(&assignment),
            false => self.consumer.resume(&assignment),
        });
        if let Err(error) = result {
            self.handle.error(&format!("Kafka: cannot {} partitions: {error}", if pause { "pause" } else { "resume" }));
        }
    }

    fn now_and_then(&mut self) {
        let news = self.consumer.context().take_news();
        if self.committed.elapsed() < COMMIT_INTERVAL && !news {
            return;
        }
        if news && !self.paused {
            self.pass_ends();
        }
        let stored = self.stage.ledger.stored();
        self.stage.partitions.set_positions(self.positions.next());
        if !self.paused {
            self.stage.partitions.set_watermarks(self.consumer.context().watermarks());
        }
        if self.committed.elapsed() >= COMMIT_INTERVAL {
            self.committed = Instant::now();
            self.say_what_is_odd(false);
            self.notes.tell();
            self.consumer.commit_offsets(&stored, CommitMode::Async);
        }
    }

    /// Notes as read what no message will come of: the offsets between the last message and the end of a partition.
    fn pass_ends(&mut self) {
        let ends = self.ends.told(self.consumer.context().ends());
        if ends.is_empty() {
            return;
        }
        let stored = self.stage.ledger.stored();
        for (partition, end) in ends {
            let next = self.positions.next().get(&partition).max(stored.get(&partition)).copied();
            if next.unwrap_or(0) < end {
                self.positions.passed(partition, end);
                self.gatherer.pass(partition, end);
            }
        }
    }

    /// Hands over what is gathered if there is room. What is not handed over is read again at the next start.
    fn finish(&mut self) {
        self.stage.partitions.set_paused(false);
        let deadline = Instant::now() + LAST_HANDOVER;
        let left = || deadline.saturating_duration_since(Instant::now());
        let handed = match self.waiting.take() {
            Some(batch) => self.send(batch, left()),
            None => Ok(()),
        };
        if handed.is_ok() && self.waiting.is_none() {
            // A full queue leaves the batch in `waiting`, where it is dropped.
            let _ = self.hand_over(left());
        }
        self.say_what_is_odd(true);
        self.notes.tell();
        self.consumer.commit_offsets(&self.stage.ledger.stored(), CommitMode::Async);
    }
}
