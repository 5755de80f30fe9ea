//! Gathers messages into a batch.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::Message;
use rdkafka::message::BorrowedMessage;

use super::unpack;
use crate::click::mapping::{EventDecoder, Place, StreamId};
use crate::click::{DecodeError, ForeignFormat, Timestamp};
use crate::engine::local::stages::ingest::gather::BatchGatherer;
use crate::enrich::Pseudonyms;
use crate::storage::{IngestBatch, Origin, Reject};

pub(super) struct Gatherer {
    events: BatchGatherer,
    topic: Arc<str>,
    /// The next offset to read of each partition.
    offsets: BTreeMap<i32, i64>,
    produced_at: Option<Timestamp>,
    /// What stands for each partition in derived click ids.
    streams: BTreeMap<i32, StreamId>,
}

impl Gatherer {
    pub(super) fn new(topic: Arc<str>, capacity: usize, pseudonyms: Option<Pseudonyms>) -> Self {
        Self {
            events: BatchGatherer::new(capacity, pseudonyms),
            topic,
            offsets: BTreeMap::new(),
            produced_at: None,
            streams: BTreeMap::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// Nothing more should be added.
    pub(super) fn is_full(&self) -> bool {
        self.events.is_full()
    }

    /// Full, or as old as it may become.
    pub(super) fn is_due(&self, longest: Duration) -> bool {
        self.events.is_due(longest)
    }

    /// Decodes a message into the batch; one that is not, or not only, clicks becomes a reject.
    pub(super) fn push(&mut self, decoder: &mut EventDecoder, message: &BorrowedMessage<'_>) {
        let produced_at = message.timestamp().to_millis().map(Timestamp::from_millis);
        let payload = message.payload().unwrap_or_default();
        self.push_payload(decoder, (message.partition(), message.offset()), payload, produced_at);
    }

    /// The same for the `payload` of the message at partition and offset `at`.
    pub(super) fn push_payload(
        &mut self,
        decoder: &mut EventDecoder,
        at: (i32, i64),
        payload: &[u8],
        produced_at: Option<Timestamp>,
    ) {
        self.events.begin();
        match decoder {
            EventDecoder::Nine(decoder) => match decoder.decode(payload) {
                Ok(click) => self.events.click(&click),
                Err(error) => self.reject(at, payload, &error, ForeignFormat::detect(payload)),
            },
            EventDecoder::Mapped(_) => self.push_mapped(decoder, at, payload),
        }
        let (partition, offset) = at;
        self.offsets.insert(partition, offset + 1);
        if let Some(produced_at) = produced_at {
            let oldest = self.produced_at.get_or_insert(produced_at);
            *oldest = produced_at.min(*oldest);
        }
    }

    /// The same by a mapping: a message may hold several clicks, and becomes one reject at most.
    fn push_mapped(&mut self, decoder: &mut EventDecoder, at: (i32, i64), payload: &[u8]) {
        let (partition, offset) = at;
        let topic = &self.topic;
        let stream = *self.streams.entry(partition).or_insert_with(|| StreamId::of_partition(topic, partition));
        let place = Place { stream, number: offset.unsigned_abs() };
        let (events, mut error) = (&mut self.events, None);
        let left_out = decoder.decode_each(payload, place, &mut |decoded| match decoded {
            Ok(click) => events.click(&click),
            Err(broken) => {
                error.get_or_insert(broken);
            }
        });
        self.events.left_out(left_out);
        self.events.bots(decoder.take_bots());
        if let Some(error) = error {
            self.reject(at, payload, &error, ForeignFormat::detect_beside_mapping(payload));
        }
    }

    fn reject(
        &mut self,
        (partition, offset): (i32, i64),
        payload: &[u8],
        error: &DecodeError,
        format: Option<ForeignFormat>,
    ) {
        let reject = match unpack::refusal(payload) {
            // Our own notice replaces a refused batch; it is not a message of the topic.
            Some(reason) => Reject::message(&self.topic, partition, offset, reason, &[]),
            None => {
                let reason = format.map_or_else(|| error.to_string(), |format| format.to_string());
                self.events.foreign(format);
                Reject::message(&self.topic, partition, offset, reason, payload)
            }
        };
        self.events.reject(reject, payload.len());
    }

    /// No message will come of the offsets of `partition` before `next`.
    pub(super) fn pass(&mut self, partition: i32, next: i64) {
        self.events.begin();
        self.offsets.insert(partition, next);
    }

    /// What rejects have looked like since the last call.
    pub(super) fn take_foreign(&mut self) -> Vec<ForeignFormat> {
        self.events.take_foreign()
    }

    /// What was gathered; an empty batch begins.
    pub(super) fn take(&mut self) -> IngestBatch {
        let origin = Origin::Kafka { topic: Arc::clone(&self.topic), offsets: std::mem::take(&mut self.offsets) };
        IngestBatch { produced_at: self.produced_at.take(), ..self.events.take(origin) }
    }
}
