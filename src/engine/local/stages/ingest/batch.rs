//! Gathers messages into a batch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::Message;
use rdkafka::message::BorrowedMessage;

use super::unpack;
use crate::click::{ClickBatch, Decoder, ForeignFormat, Timestamp};
use crate::storage::{IngestBatch, Reject};

/// A batch is also full at this many bytes, so that a few huge messages do not outweigh many ordinary ones.
const FULL_BYTES: usize = 8 << 20;

pub(super) struct Gatherer {
    batch: IngestBatch,
    topic: Arc<str>,
    capacity: usize,
    reject_bytes: usize,
    began: Option<Instant>,
    /// The formats of rejected messages, each once.
    foreign: Vec<ForeignFormat>,
}

impl Gatherer {
    pub(super) fn new(topic: Arc<str>, capacity: usize) -> Self {
        Self { batch: Self::empty(&topic, 0), topic, capacity, reject_bytes: 0, began: None, foreign: Vec::new() }
    }

    fn empty(topic: &Arc<str>, room: usize) -> IngestBatch {
        let clicks = ClickBatch::with_capacity(room);
        IngestBatch { topic: Arc::clone(topic), clicks, ..IngestBatch::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batch.offsets.is_empty()
    }

    /// Nothing more should be added.
    pub(super) fn is_full(&self) -> bool {
        self.batch.messages() >= self.capacity || self.batch.clicks.bytes() + self.reject_bytes >= FULL_BYTES
    }

    /// Full, or as old as it may become.
    pub(super) fn is_due(&self, longest: Duration) -> bool {
        self.is_full() || self.began.is_some_and(|began| began.elapsed() >= longest)
    }

    /// Decodes a message into the batch; one that is no click becomes a reject.
    pub(super) fn push(&mut self, decoder: &mut Decoder, message: &BorrowedMessage<'_>) {
        let produced_at = message.timestamp().to_millis().map(Timestamp::from_millis);
        let payload = message.payload().unwrap_or_default();
        self.push_payload(decoder, (message.partition(), message.offset()), payload, produced_at);
    }

    /// The same for the `payload` of the message at partition and offset `at`.
    pub(super) fn push_payload(
        &mut self,
        decoder: &mut Decoder,
        at: (i32, i64),
        payload: &[u8],
        produced_at: Option<Timestamp>,
    ) {
        self.began.get_or_insert_with(Instant::now);
        let (partition, offset) = at;
        match decoder.decode(payload) {
            Ok(click) => self.batch.clicks.push(&click),
            Err(error) => {
                let reject = match unpack::refusal(payload) {
                    // Our own notice replaces a refused batch; it is not a message of the topic.
                    Some(reason) => Reject::message(&self.topic, partition, offset, reason, &[]),
                    None => {
                        let format = ForeignFormat::detect(payload);
                        let reason = format.map_or_else(|| error.to_string(), |format| format.to_string());
                        if let Some(format) = format.filter(|format| !self.foreign.contains(format)) {
                            self.foreign.push(format);
                        }
                        Reject::message(&self.topic, partition, offset, reason, payload)
                    }
                };
                self.reject_bytes += payload.len();
                self.batch.rejects.push(reject);
            }
        }
        self.batch.offsets.insert(partition, offset + 1);
        if let Some(produced_at) = produced_at {
            let oldest = self.batch.produced_at.get_or_insert(produced_at);
            *oldest = produced_at.min(*oldest);
        }
    }

    /// No message will come of the offsets of `partition` before `next`.
    pub(super) fn pass(&mut self, partition: i32, next: i64) {
        self.began.get_or_insert_with(Instant::now);
        self.batch.offsets.insert(partition, next);
    }

    /// What rejects have looked like since the last call.
    pub(super) fn take_foreign(&mut self) -> Vec<ForeignFormat> {
        std::mem::take(&mut self.foreign)
    }

    /// What was gathered; an empty batch begins.
    pub(super) fn take(&mut self) -> IngestBatch {
        self.began = None;
        self.reject_bytes = 0;
        let room = self.batch.clicks.len().min(self.capacity);
        std::mem::replace(&mut self.batch, Self::empty(&self.topic, room))
    }
}
