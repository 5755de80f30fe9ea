//! The producer's thread. It takes a record, waits for the rate and for room in the window, sends the record, and
//! counts it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::producer::Producer;
use rdkafka::types::RDKafkaErrorCode;
use tokio::sync::watch;

use super::feed::{Feed, Next, Record, StopSignal, Target};
use super::outbox::{Outbox, TopicProducer};
use crate::protocol::source::{SourceEnd, SourceProgress};
use crate::source::StoredOffsets;
use crate::source::error::DemoError;
use crate::source::partition::partition_of;
use crate::source::rate::TokenBucket;
use crate::source::window::PartitionWindow;
use crate::text::printable;

/// Between two published updates.
const PUBLISH_INTERVAL: Duration = Duration::from_millis(100);
/// Sleep while the rate has no token: what accumulates in it is the burst. Each wake costs; the producer lingers longer.
const RATE_NAP: Duration = Duration::from_millis(20);
/// The longest sleep, so that a stop is seen soon.
const LONGEST_NAP: Duration = Duration::from_millis(50);
/// Sleep while the window or librdkafka's queue is full; the longer it stays so, the longer, up to [`LONGEST_NAP`].
const FULL_NAP: Duration = Duration::from_millis(2);
/// Records handed to librdkafka at a time, and between two looks at delivery reports and clock.
const AT_ONCE: usize = 64;
/// One question to the cluster, and how long it is asked in all before the source gives up.
const QUESTION: Duration = Duration::from_secs(1);
const QUESTIONS_IN_ALL: Duration = Duration::from_secs(30);
/// How long a stopped or failed source waits for what is still unacknowledged.
const LAST_WAIT: Duration = Duration::from_secs(30);

pub(super) struct Worker<F> {
    target: Target,
    producer: TopicProducer,
    feed: F,
    outbox: Outbox,
    limiter: Option<TokenBucket>,
    publisher: watch::Sender<SourceProgress>,
    signal: Arc<StopSignal>,
    started: Instant,
    published: Instant,
    /// Records handed to librdkafka.
    enqueued: u64,
    /// Records that librdkafka did not take for their size.
    too_large: u64,
    held_back: bool,
    /// The embedded broker's: one a partition. Empty for a real cluster.
    windows: Vec<PartitionWindow>,
}

/// Whether to go on after a wait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Go,
    Stop,
}

impl<F: Feed> Worker<F> {
    pub(super) fn new(
        target: Target,
        producer: TopicProducer,
        feed: F,
        limiter: Option<TokenBucket>,
        publisher: watch::Sender<SourceProgress>,
        signal: Arc<StopSignal>,
    ) -> Self {
        let now = Instant::now();
        Self {
            target,
            producer,
            feed,
            outbox: Outbox::default(),
            limiter,
            publisher,
            signal,
            started: now,
            published: now,
            enqueued: 0,
            too_large: 0,
            held_back: false,
            windows: Vec::new(),
        }
    }

    pub(super) fn run(mut self) {
        let pumped = self.prepare().and_then(|flow| if flow == Flow::Go { self.pump() } else { Ok(()) });
        let failed = pumped.is_err();
        let settled = self.settle(failed);
        if self.signal.abandons() {
            // librdkafka throws the rest away when the producer goes.
            return;
        }
        let end = self.end();
        let too_large = self.too_large.saturating_add(self.producer.context().too_large());
        let too_large = (too_large > 0).then_some(DemoError::TooLarge(too_large));
        let error = pumped.err().or(settled.err()).or(too_large).map(|error| error.to_string());
        self.held_back = false;
        let progress = SourceProgress { end: Some(end), error, ..self.progress() };
        self.publisher.send_replace(progress);
    }

    /// Learns the partitions and, for the embedded broker, where they end.
    fn prepare(&mut self) -> Result<Flow, DemoError> {
        if self.target.partitions <= 0 {
            let Some(partitions) = self.ask(|worker| worker.partitions())? else { return Ok(Flow::Stop) };
            self.target.partitions = partitions;
        }
        if let Some(stored) = self.target.stored.clone() {
            for partition in 0..self.target.partitions {
                let Some(base) = self.ask(|worker| worker.high_watermark(partition))? else { return Ok(Flow::Stop) };
                self.windows.push(PartitionWindow::new(base));
            }
            self.look_at_stored(&stored)?;
        }
        Ok(Flow::Go)
    }

    /// Asks until there is an answer or it has taken too long; `None` if the source was stopped meanwhile.
    fn ask<T>(&mut self, question: impl Fn(&Self) -> Result<T, String>) -> Result<Option<T>, DemoError> {
        let deadline = Instant::now() + QUESTIONS_IN_ALL;
        loop {
            if self.signal.stops() {
                return Ok(None);
            }
            let reason = match question(self) {
                Ok(answer) => return Ok(Some(answer)),
                Err(reason) => reason,
            };
            if Instant::now() >= deadline {
                return Err(DemoError::Metadata {
                    topic: printable(&self.target.topic).into_owned(),
                    brokers: printable(&self.target.brokers).into_owned(),
                    reason: printable(&reason).into_owned(),
                });
            }
            self.producer.poll(LONGEST_NAP);
        }
    }

    fn partitions(&self) -> Result<i32, String> {
        let metadata =
            self.producer.client().fetch_metadata(Some(&self.target.topic), QUESTION).map_err(|error| {
                error.rdkafka_error_code().map_or_else(|| error.to_string(), |code| code.to_string())
            })?;
        let topic = metadata.topics().first().ok_or("the cluster does not know it")?;
        if let Some(error) = topic.error() {
            return Err(RDKafkaErrorCode::from(error).to_string());
        }
        match i32::try_from(topic.partitions().len()) {
            Ok(count) if count > 0 => Ok(count),
            _ => Err("it has no partitions".to_owned()),
        }
    }

    fn high_watermark(&self, partition: i32) -> Result<i64, String> {
        let watermarks = self.producer.client().fetch_watermarks(&self.target.topic, partition, QUESTION);
        watermarks.map(|(_, high)| high.max(0)).map_err(|error| error.to_string())
    }

    fn pump(&mut self) -> Result<(), DemoError> {
        let mut record = Record::default();
        while !self.signal.stops() {
            match self.feed.next(&mut record) {
                Err(error) => {
                    self.flush()?;
                    return Err(error);
                }
                Ok(Next::End) => break,
                Ok(Next::Wait) => {
                    self.flush()?;
                    self.service(Duration::ZERO)?;
                    continue;
                }
                Ok(Next::Ready) => {}
            }
            let partition = partition_of(record.partition_key(), self.target.partitions);
            if self.await_turn()? == Flow::Stop || self.await_room(partition, record.bytes())? == Flow::Stop {
                break;
            }
            self.outbox.push(partition, &record);
            if self.outbox.len() >= AT_ONCE {
                self.flush()?;
                self.service(Duration::ZERO)?;
            }
        }
        self.flush()
    }

    /// Waits for the rate.
    fn await_turn(&mut self) -> Result<Flow, DemoError> {
        if let (Some(limiter), Some(rate)) = (&mut self.limiter, self.feed.rate()) {
            limiter.set_rate(rate);
        }
        while let Some(limiter) = &mut self.limiter {
            match limiter.take(self.started.elapsed()) {
                Ok(()) => break,
                Err(wait) => {
                    self.flush()?;
                    self.service(wait.clamp(RATE_NAP, LONGEST_NAP))?;
                }
            }
            if self.signal.stops() {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::Go)
    }

    /// Waits until the embedded broker can hold the record without dropping another.
    fn await_room(&mut self, partition: i32, bytes: usize) -> Result<Flow, DemoError> {
        let Ok(at) = usize::try_from(partition) else { return Ok(Flow::Go) };
        let mut nap = FULL_NAP;
        while let Some(window) = self.windows.get(at) {
            if window.has_room(bytes) {
                break;
            }
            self.flush()?;
            self.service(Duration::ZERO)?;
            if self.windows.get(at).is_none_or(|window| window.has_room(bytes)) {
                break;
            }
            self.held_back = true;
            if self.signal.stops() {
                return Ok(Flow::Stop);
            }
            self.service(nap)?;
            nap = (nap * 2).min(LONGEST_NAP);
        }
        self.held_back = false;
        if let Some(window) = self.windows.get_mut(at) {
            window.push(bytes);
        }
        Ok(Flow::Go)
    }

    /// Hands what waits to librdkafka, waiting while its queue is full; a source that was asked to stop does not wait.
    fn flush(&mut self) -> Result<(), DemoError> {
        loop {
            let sent = self.producer.send(&mut self.outbox);
            self.enqueued = self.enqueued.saturating_add(sent.taken as u64);
            self.too_large = self.too_large.saturating_add(sent.too_large as u64);
            match sent.refused {
                None => return Ok(()),
                Some(RDKafkaErrorCode::QueueFull) if self.signal.stops() => return Ok(()),
                Some(RDKafkaErrorCode::QueueFull) => self.service(FULL_NAP)?,
                Some(code) => return Err(DemoError::Delivery(printable(&code.to_string()).into_owned())),
            }
        }
    }

    /// Takes delivery reports for `nap`, and passes on what they and the store say.
    fn service(&mut self, nap: Duration) -> Result<(), DemoError> {
        self.producer.poll(nap);
        let deliveries = Arc::clone(self.producer.context());
        if !self.windows.is_empty() {
            let windows = &mut self.windows;
            deliveries.for_each(|partition, acknowledged| {
                if let Some(window) = usize::try_from(partition).ok().and_then(|at| windows.get_mut(at)) {
                    window.acknowledged(acknowledged.count, acknowledged.next);
                }
            });
        }
        if let Some(stored) = self.target.stored.clone() {
            self.look_at_stored(&stored)?;
        }
        if self.published.elapsed() >= PUBLISH_INTERVAL {
            self.published = Instant::now();
            self.publisher.send_replace(self.progress());
        }
        match deliveries.error() {
            Some(error) => Err(DemoError::Delivery(error)),
            None => Ok(()),
        }
    }

    fn look_at_stored(&mut self, stored: &StoredOffsets) -> Result<(), DemoError> {
        for (partition, window) in (0..).zip(&mut self.windows) {
            let next = stored.get(partition);
            window.stored(next).map_err(|high| DemoError::ForeignOffsets { partition, stored: next, high })?;
        }
        Ok(())
    }

    /// Waits until the fate of everything sent is known.
    fn settle(&mut self, failed: bool) -> Result<(), DemoError> {
        let mut deadline = None;
        loop {
            let open = self.enqueued.saturating_sub(self.producer.context().settled());
            let outcome = self.producer.context().error();
            if open == 0 {
                return outcome.map_or(Ok(()), |error| Err(DemoError::Delivery(error)));
            }
            if self.signal.abandons() {
                return Ok(());
            }
            if failed || outcome.is_some() || self.signal.stops() {
                let deadline = *deadline.get_or_insert_with(|| Instant::now() + LAST_WAIT);
                if Instant::now() >= deadline {
                    return Err(outcome.map_or(DemoError::Unacknowledged(open), DemoError::Delivery));
                }
            }
            // An error met here is met again at the top, with what is still open.
            let _ = self.service(FULL_NAP);
        }
    }

    fn end(&self) -> SourceEnd {
        let mut ends = SourceEnd::default();
        self.producer.context().for_each(|partition, acknowledged| {
            ends.offsets.insert(partition, acknowledged.next);
        });
        for (partition, next) in &mut ends.offsets {
            // Every report of the partition left the offset out; its end is at or past the last message.
            if *next <= 0 {
                *next = self.high_watermark(*partition).unwrap_or(0);
            }
        }
        ends
    }

    fn progress(&self) -> SourceProgress {
        SourceProgress {
            sent: self.producer.context().sent(),
            total: self.feed.total(),
            bytes_read: self.feed.bytes_read(),
            bytes_total: self.feed.bytes_total(),
            held_back: self.held_back,
            first_no_click: self.feed.first_no_click().map(str::to_owned),
            read_before: None,
            end: None,
            error: None,
        }
    }
}
