//! The life of one consumer: polls, gathers batches, hands them to the store, and commits stored offsets.
//!
//! It pauses its partitions while the store has no room, or while a message waits for its schema. It polls all the same, so it stays in
//! the group.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;

use super::batch::{Gatherer, Record};
use super::consumer::ClickConsumer;
use super::group_protocol::Protocol;
use super::held::Held;
use super::joining::Joining;
use super::partition_ends::PartitionEnds;
use super::positions::Positions;
use super::stage::{IngestError, IngestStage};
use super::topic_watch::TopicWatch;
use super::trouble::Trouble;
use super::unpack;
use crate::click::mapping::EventDecoder;
use crate::engine::local::stages::ingest::first_clicks::FirstClicks;
use crate::engine::local::stages::ingest::log_digest::LogDigest;
use crate::engine::local::status::partitions::Pause;
use crate::engine::stages::handle::{Signal, StageHandle};
use crate::registry::{FrameReader, Opened};
use crate::storage::IngestBatch;

/// Messages that the stage takes in a row before it looks for a stop: some tenths of a millisecond.
const READY_MESSAGES: usize = 500;

/// How long one poll waits, and so how soon the stage sees a stop.
pub(super) const POLL: Duration = Duration::from_millis(20);

/// How long the stage waits for room in the queue before it pauses the partitions. A pause throws fetched messages away, so a
/// store that is only slower than Kafka should not cause one.
const QUEUE_PATIENCE: Duration = Duration::from_millis(500);

/// How long a stop waits for room in the queue. A batch that finds none is read again from Kafka.
pub(super) const LAST_HANDOVER: Duration = Duration::from_secs(1);

/// How often stored offsets are committed to Kafka, so that other tools see the lag.
const COMMIT_INTERVAL: Duration = Duration::from_secs(1);

/// How a consumer's life ended without an error.
pub(super) enum End {
    /// The stage was asked to end.
    Asked,
    /// The stage begins again with another starting offset.
    Again,
    /// The stage begins again with the classic group protocol, because the group does not take us by the other one.
    FallBack,
}

/// The life of one consumer.
pub(super) struct IngestRun<'a> {
    pub(super) stage: &'a IngestStage,
    pub(super) handle: &'a StageHandle,
    pub(super) consumer: &'a ClickConsumer,
    decoder: EventDecoder,
    /// Opens messages with a frame; `None` without a schema registry.
    frames: Option<FrameReader>,
    /// Messages that wait for a schema.
    pub(super) held: Held,
    gatherer: Gatherer,
    positions: Positions,
    pub(super) ends: PartitionEnds,
    /// A batch that found the queue full.
    waiting: Option<IngestBatch>,
    paused: bool,
    committed: Instant,
    digest: LogDigest,
    /// Batches put off to a later fetch, by the last look.
    pub(super) put_off: u64,
    pub(super) trouble: Trouble,
    first_clicks: FirstClicks,
    pub(super) joining: Joining,
    topic_watch: TopicWatch,
}

impl<'a> IngestRun<'a> {
    pub(super) fn new(
        stage: &'a IngestStage,
        handle: &'a StageHandle,
        consumer: &'a ClickConsumer,
        protocol: Protocol,
    ) -> Self {
        let options = &stage.options;
        Self {
            stage,
            handle,
            consumer,
            decoder: options.decoder(),
            frames: options.frames(),
            held: Held::default(),
            gatherer: Gatherer::new(options.topic.as_str().into(), options.batch_events, options.pseudonyms.clone()),
            positions: Positions::default(),
            ends: PartitionEnds::default(),
            waiting: None,
            paused: false,
            committed: Instant::now(),
            digest: LogDigest::default(),
            put_off: unpack::put_off(),
            trouble: Trouble::default(),
            first_clicks: FirstClicks::new(),
            joining: Joining::new(protocol),
            topic_watch: TopicWatch::new(protocol),
        }
    }

    pub(super) fn run(mut self) -> Result<End, IngestError> {
        while self.handle.signal() == Signal::Run {
            let mut trouble = None;
            // While a batch waits for room, the stage polls only to stay in the group.
            match self.consumer.poll(POLL) {
                Some(Ok(message)) => {
                    if self.trouble.since.is_some() {
                        self.trouble = Trouble::default();
                        self.consumer.context().heard();
                    }
                    self.take(&message);
                    self.show_working();
                    trouble = self.take_what_is_ready();
                }
                Some(Err(error)) => trouble = Some(error),
                None => self.nothing_came(),
            }
            if let Some(error) = trouble
                && let Some(end) = self.on_error(error)?
            {
                self.finish();
                return Ok(end);
            }
            if let Some(error) = self.consumer.context().take_unassignable() {
                return Err(IngestError::NoStart(error));
            }
            if let Some(assigned) = self.consumer.context().take_assignment() {
                self.positions.set_assigned(&assigned);
                self.ends.set_assigned(&assigned);
                self.stage.partitions.set_assigned(assigned);
            }
            self.note_revoked();
            if self.gatherer.is_due(self.stage.options.batch_interval) {
                self.hand_over(QUEUE_PATIENCE)?;
            }
            self.make_room()?;
            self.housekeeping();
            if self.joining.look(self.consumer)? {
                return Ok(End::FallBack);
            }
            let is_told = self.trouble.since.is_some() && self.trouble.needs_topic;
            if !is_told && self.topic_watch.is_missing(self.consumer, &self.stage.options.topic) {
                self.on_error(KafkaError::MessageConsumption(RDKafkaErrorCode::UnknownTopicOrPartition))?;
            }
        }
        self.handle.draining("the last batch to be handed over");
        self.finish();
        Ok(End::Asked)
    }

    /// Takes the messages that are ready, and looks at nothing else meanwhile: a look at the clock and the context costs more
    /// than a message. Ends at the first event that is no message, such as a rebalance.
    fn take_what_is_ready(&mut self) -> Option<KafkaError> {
        for _ in 0..READY_MESSAGES {
            if self.gatherer.is_full() || !self.held.is_empty() {
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
        // The poll that gave the message may have told of a rebalance before.
        self.note_revoked();
        let record = Record::of(message);
        self.ends.left(record.partition);
        // Messages of a partition stay in order: a stored offset says that everything before it is stored.
        let is_held = !self.held.is_empty() || !self.push(record);
        if is_held {
            self.held.add(record);
        }
        if self.paused || is_held {
            // The partition may have been assigned after the others were paused.
            self.paused = true;
            self.pause(true);
        }
    }

    /// Adds a message to the batch. Returns false if its schema is not known yet.
    fn push(&mut self, record: Record<'_>) -> bool {
        let opened = match &mut self.frames {
            Some(frames) => frames.open(record.payload),
            None => Opened::Plain,
        };
        match &opened {
            Opened::Wait(_) => return false,
            Opened::LeftOut(Some(line)) => {
                let notices = &self.stage.handover.notices;
                notices.say(line.clone(), || format!("{}: {line}", self.stage.options.topic));
            }
            _ => {}
        }
        let skipped = self.positions.advance(record.partition, record.offset);
        if skipped > 0 {
            self.stage.handover.metrics.skipped.fetch_add(skipped, Relaxed);
            let before = || format!("{} of {}[{}]", record.offset, self.stage.options.topic, record.partition);
            self.digest.skipped(skipped, before);
        }
        self.gatherer.push(&mut self.decoder, record, opened);
        true
    }

    /// Adds the messages to the batch that waited for a schema which is known now.
    fn release_held(&mut self) {
        if !self.held.is_empty() {
            let mut held = std::mem::take(&mut self.held);
            held.release(|record| !self.gatherer.is_full() && self.push(record));
            self.held = held;
        }
    }

    /// Forgets what belongs to partitions that the group has taken from us.
    fn note_revoked(&mut self) {
        if let Some(lost) = self.consumer.context().take_revoked() {
            self.ends.forget();
            // Whoever holds them next reads these messages again, be it us: they are in no stored offset.
            self.held.forget(&lost);
            // If they come back, we resume after the messages that we have gathered.
            self.stage.ledger.taken(self.positions.next());
        }
    }

    /// Shows that the stage works, or which schema it waits for.
    pub(super) fn show_working(&mut self) {
        match &self.frames {
            Some(frames) if !self.held.is_empty() => self.held.show(frames.schemas(), self.handle),
            _ => self.handle.running(),
        }
    }

    /// Puts the gathered batch in the queue; if the queue stays full for `patience`, pauses the partitions.
    pub(super) fn hand_over(&mut self, patience: Duration) -> Result<(), IngestError> {
        if self.waiting.is_some() || self.gatherer.is_empty() {
            return Ok(());
        }
        let batch = self.gatherer.take();
        self.digest.rejected(&batch);
        self.first_clicks.add(&batch);
        self.report_oddities(false);
        self.send(batch, patience)?;
        if self.waiting.is_some() && !self.paused {
            self.paused = true;
            self.pause(true);
        }
        Ok(())
    }

    /// Every partition is read to its end: the end of a backlog goes to the store at once, and the other stages learn of it.
    pub(super) fn at_the_end(&mut self) -> Result<(), IngestError> {
        if self.stage.handover.is_backlog() {
            self.hand_over(QUEUE_PATIENCE)?;
            if self.waiting.is_some() {
                // The partitions are paused, and reach their end again later.
                return Ok(());
            }
        }
        self.stage.handover.at_the_end();
        Ok(())
    }

    /// Reports what rejects look like, and whether the first clicks make sense; at the `end` by as many as there are.
    fn report_oddities(&mut self, end: bool) {
        let (notices, topic) = (&self.stage.handover.notices, &self.stage.options.topic);
        for format in self.gatherer.take_foreign() {
            notices.say(format.kind(), || format!("messages of {topic} look like {format}"));
        }
        for oddity in self.first_clicks.judged(end) {
            notices.say(oddity.kind, || format!("{topic}: {}", oddity.text));
        }
    }

    fn send(&mut self, batch: IngestBatch, patience: Duration) -> Result<(), IngestError> {
        let offsets = batch.offsets().cloned().unwrap_or_default();
        match self.stage.handover.send(batch, patience, self.handle)? {
            None => self.stage.ledger.handed_over(&offsets),
            waiting => self.waiting = waiting,
        }
        Ok(())
    }

    /// Tries the waiting batch and the held messages again, and resumes the partitions once nothing waits.
    fn make_room(&mut self) -> Result<(), IngestError> {
        if let Some(batch) = self.waiting.take() {
            self.send(batch, Duration::ZERO)?;
        }
        self.release_held();
        if self.paused {
            // The store may have room again while a schema is still missing.
            self.stage.partitions.set_pause(self.pause_reason());
        }
        if self.paused && self.pause_reason().is_none() {
            self.paused = false;
            self.pause(false);
        }
        Ok(())
    }

    /// Why the partitions have to be paused.
    fn pause_reason(&self) -> Option<Pause> {
        match (&self.waiting, self.held.is_empty()) {
            (Some(_), _) => Some(Pause::Store),
            (None, false) => Some(Pause::Schema),
            (None, true) => None,
        }
    }

    fn pause(&mut self, pause: bool) {
        self.ends.forget();
        self.stage.partitions.set_pause(self.pause_reason());
        let result = self.consumer.assignment().and_then(|assignment| match pause {
            true => self.consumer.pause(&assignment),
            false => self.consumer.resume(&assignment),
        });
        if let Err(error) = result {
            self.handle.error(&format!("Kafka: cannot {} partitions: {error}", if pause { "pause" } else { "resume" }));
        }
    }

    fn housekeeping(&mut self) {
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
            let context = self.consumer.context();
            let mut watermarks = context.watermarks();
            if self.trouble.since.is_some() && !context.brokers_up() {
                // Nobody knows how many messages come meanwhile.
                watermarks.values_mut().for_each(|(_, high)| *high = None);
            }
            self.stage.partitions.set_watermarks(watermarks);
        }
        if self.committed.elapsed() >= COMMIT_INTERVAL {
            self.committed = Instant::now();
            self.report_oddities(false);
            self.digest.write();
            self.consumer.commit_offsets(&stored, CommitMode::Async);
        }
    }

    /// Notes offsets without messages as read: those between the last message and the end of a partition.
    fn pass_ends(&mut self) {
        let ends = self.ends.confirm(self.consumer.context().ends());
        if ends.is_empty() {
            return;
        }
        let stored = self.stage.ledger.stored();
        for (partition, end) in ends {
            let next = self.positions.next().get(&partition).max(stored.get(&partition)).copied();
            if next.unwrap_or(0) < end {
                self.positions.skip_to(partition, end);
                self.gatherer.pass(partition, end);
            }
        }
    }

    /// Hands over the gathered batch if there is room. Otherwise the next start reads its messages again.
    pub(super) fn finish(&mut self) {
        self.stage.partitions.set_pause(None);
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
        self.report_oddities(true);
        self.digest.write();
        self.consumer.commit_offsets(&self.stage.ledger.stored(), CommitMode::Async);
    }
}
