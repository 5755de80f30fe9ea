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
use crate::registry::Opened;
use crate::storage::{IngestBatch, Origin, Reject};

/// A message, as far as ingest looks at it.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) partition: i32,
    pub(super) offset: i64,
    pub(super) payload: &'a [u8],
    pub(super) produced_at: Option<Timestamp>,
}

impl<'a> Record<'a> {
    /// What `message` holds.
    pub(super) fn of(message: &'a BorrowedMessage<'_>) -> Self {
        Self {
            partition: message.partition(),
            offset: message.offset(),
            payload: message.payload().unwrap_or_default(),
            produced_at: message.timestamp().to_millis().map(Timestamp::from_millis),
        }
    }
}

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

    /// Decodes a message into the batch; one that is not, or not only, clicks becomes a reject. `opened` tells what its frame holds; a
    /// message that has to wait for its schema must not come here.
    pub(super) fn push(&mut self, decoder: &mut EventDecoder, record: Record<'_>, opened: Opened<'_>) {
        self.events.begin();
        if self.offsets.is_empty() {
            self.events.reading(&self.topic);
        }
        self.events.message(Some(record.partition), record.offset);
        match opened {
            Opened::Plain => self.decode(decoder, record, record.payload),
            Opened::Text(text) => self.decode(decoder, record, text),
            Opened::Refused(reason) => self.refuse(record, reason),
            Opened::LeftOut(_) | Opened::Wait(_) => self.events.left_out(1),
        }
        self.offsets.insert(record.partition, record.offset + 1);
        if let Some(produced_at) = record.produced_at {
            let oldest = self.produced_at.get_or_insert(produced_at);
            *oldest = produced_at.min(*oldest);
        }
    }

    /// Decodes the `text` of a message.
    fn decode(&mut self, decoder: &mut EventDecoder, record: Record<'_>, text: &[u8]) {
        match decoder {
            EventDecoder::Nine(decoder) => match decoder.decode(text) {
                Ok(click) => self.events.click(&click),
                Err(error) => self.reject(record, text, &error, ForeignFormat::detect),
            },
            EventDecoder::Mapped(_) => self.decode_mapped(decoder, record, text),
        }
    }

    /// The same by a mapping: a message may hold several clicks, and becomes one reject at most.
    fn decode_mapped(&mut self, decoder: &mut EventDecoder, record: Record<'_>, text: &[u8]) {
        let topic = &self.topic;
        let partition = record.partition;
        let stream = *self.streams.entry(partition).or_insert_with(|| StreamId::of_partition(topic, partition));
        let place = Place { stream, number: record.offset.unsigned_abs() };
        let (events, mut error) = (&mut self.events, None);
        let left_out = decoder.decode_each_made(text, record.payload, place, &mut |decoded| match decoded {
            Ok(click) => events.click(&click),
            Err(broken) => {
                error.get_or_insert(broken);
            }
        });
        self.events.left_out(left_out);
        self.events.bots(decoder.take_bots());
        if let Some(error) = error {
            self.reject(record, text, &error, ForeignFormat::detect_beside_mapping);
        }
    }

    /// Rejects a message whose `text` is not a click.
    fn reject(
        &mut self,
        record: Record<'_>,
        text: &[u8],
        error: &DecodeError,
        detect: fn(&[u8]) -> Option<ForeignFormat>,
    ) {
        if let Some(reason) = unpack::refusal(record.payload) {
            // Our own notice replaces a refused batch; it is not a message of the topic.
            let reject = Reject::message(&self.topic, record.partition, record.offset, reason, &[]);
            return self.events.reject(reject, record.payload.len());
        }
        // What a frame holds is known.
        let format = std::ptr::eq(text, record.payload).then(|| detect(text)).flatten();
        self.events.foreign(format);
        self.refuse(record, format.map_or_else(|| error.to_string(), |format| format.to_string()));
    }

    /// Rejects a message for this reason.
    fn refuse(&mut self, record: Record<'_>, reason: String) {
        let reject = Reject::message(&self.topic, record.partition, record.offset, reason, record.payload);
        self.events.reject(reject, record.payload.len());
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
