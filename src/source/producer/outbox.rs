//! Hands messages to librdkafka, many with one call.
//!
//! rdkafka hands messages over one by one. For each of them librdkafka reads the clock twice and looks up the topic
//! by its name.

use std::ffi::CString;
use std::ops::Deref;
use std::ptr::{self, NonNull};

use rdkafka::bindings;
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};

use super::deliveries::Deliveries;
use super::feed::Record;
use crate::source::error::DemoError;
use crate::text::printable;

/// `RD_KAFKA_PARTITION_UA`, a macro that the bindings lack: each message tells its own.
const UNASSIGNED: i32 = -1;

/// Messages that are not handed over yet.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Key and payload of each, end to end.
    bytes: Vec<u8>,
    messages: Vec<Message>,
}

#[derive(Clone, Copy, Debug)]
struct Message {
    partition: i32,
    /// Where the key begins, or the payload where there is none; the payload follows the key.
    start: usize,
    key: Option<usize>,
    payload: usize,
}

impl Outbox {
    pub(super) fn push(&mut self, partition: i32, record: &Record) {
        let start = self.bytes.len();
        let key = record.key.as_ref();
        self.bytes.extend_from_slice(key.map_or(&[], Vec::as_slice));
        self.bytes.extend_from_slice(&record.payload);
        self.messages.push(Message { partition, start, key: key.map(Vec::len), payload: record.payload.len() });
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Key and payload of a message of its own.
    fn parts(&self, message: &Message) -> (Option<&[u8]>, &[u8]) {
        let Message { start, key, payload, .. } = *message;
        let middle = start + key.unwrap_or_default();
        let part = |from, to| self.bytes.get(from..to).unwrap_or_default();
        (key.map(|_| part(start, middle)), part(middle, middle + payload))
    }

    /// Removes the first `count`.
    fn handed_over(&mut self, count: usize) {
        self.messages.drain(..count.min(self.messages.len()));
        if self.messages.is_empty() {
            self.bytes.clear();
        }
    }
}

/// What came of handing messages over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// Messages taken.
    pub(super) taken: usize,
    /// Messages left out, because they are larger than any may be.
    pub(super) too_large: usize,
    /// Why the next was not taken. That and what comes after it stay.
    pub(super) refused: Option<RDKafkaErrorCode>,
}

/// A producer to one topic.
pub(super) struct TopicProducer {
    /// Before the producer: a topic has to go before its client does.
    topic: Topic,
    producer: BaseProducer<Deliveries>,
}

impl TopicProducer {
    /// # Errors
    /// There can be no such topic.
    pub(super) fn new(producer: BaseProducer<Deliveries>, topic: &str) -> Result<Self, DemoError> {
        let refused = || DemoError::Topic(format!("a topic named {:?} is not possible", printable(topic)));
        let name = CString::new(topic).map_err(|_| refused())?;
        // SAFETY: the client is live while `producer` is borrowed, the name ends with a zero and is copied, and a null
        // configuration stands for the client's own. The answer is a handle of ours, or null.
        let handle =
            unsafe { bindings::rd_kafka_topic_new(producer.client().native_ptr(), name.as_ptr(), ptr::null_mut()) };
        let topic = Topic(NonNull::new(handle).ok_or_else(refused)?);
        Ok(Self { topic, producer })
    }

    /// Hands over what waits in `outbox`, in its order.
    pub(super) fn send(&self, outbox: &mut Outbox) -> Sent {
        let native = |message: &Message| {
            let (key, payload) = outbox.parts(message);
            bindings::rd_kafka_message_t {
                err: RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR,
                rkt: ptr::null_mut(),
                partition: message.partition,
                payload: payload.as_ptr().cast_mut().cast(),
                len: payload.len(),
                key: key.map_or(ptr::null_mut(), |key| key.as_ptr().cast_mut().cast()),
                key_len: key.map_or(0, <[u8]>::len),
                offset: 0,
                _private: ptr::null_mut(),
            }
        };
        let mut messages: Vec<_> = outbox.messages.iter().map(native).collect();
        let count = i32::try_from(messages.len()).unwrap_or(i32::MAX);
        let flags = bindings::RD_KAFKA_MSG_F_COPY | bindings::RD_KAFKA_MSG_F_PARTITION;
        // SAFETY: the topic is live, and `messages` holds `count` messages at least, which are written to. Keys and payloads
        // point into `outbox.bytes`, which nothing changes before the call is over, and are copied by it, not written to.
        unsafe {
            bindings::rd_kafka_produce_batch(self.topic.0.as_ptr(), UNASSIGNED, flags, messages.as_mut_ptr(), count);
        }
        let is_too_large = |message: &bindings::rd_kafka_message_t| {
            message.err == RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE
        };
        let is_taken =
            |message: &bindings::rd_kafka_message_t| message.err == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR;
        // A full queue refuses all that follow, too; a message that is too large is refused alone. After any other refusal
        // nobody goes on.
        let stays = messages.iter().position(|message| !is_taken(message) && !is_too_large(message));
        let done = stays.unwrap_or(messages.len());
        let too_large = messages.iter().take(done).filter(|message| is_too_large(message)).count();
        let refused = messages.get(done).map(|message| message.err.into());
        outbox.handed_over(done);
        Sent { taken: done - too_large, too_large, refused }
    }
}

impl Deref for TopicProducer {
    type Target = BaseProducer<Deliveries>;

    fn deref(&self) -> &Self::Target {
        &self.producer
    }
}

/// librdkafka's handle of a topic.
struct Topic(NonNull<bindings::rd_kafka_topic_t>);

// SAFETY: librdkafka's handles may be used by any thread; it locks what they stand for.
unsafe impl Send for Topic {}

impl Drop for Topic {
    fn drop(&mut self) {
        // SAFETY: the handle came from `rd_kafka_topic_new` and is given back once; its client is live, as that goes after it.
        unsafe { bindings::rd_kafka_topic_destroy(self.0.as_ptr()) }
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::config::ClientConfig;

    use super::*;

    fn record(key: Option<&str>, payload: &str) -> Record {
        Record { key: key.map(|key| key.as_bytes().to_vec()), payload: payload.as_bytes().to_vec() }
    }

    #[test]
    fn each_message_has_its_key_and_payload_until_it_is_handed_over() {
        let mut outbox = Outbox::default();
        let records =
            [record(Some("u1"), "one"), record(None, "two"), record(Some(""), ""), record(Some("u4"), "four")];
        records.iter().zip(0..).for_each(|(record, partition)| outbox.push(partition, record));
        for handed_over in 0..records.len() {
            let parts = outbox.messages.iter().map(|message| outbox.parts(message));
            let expected = records.iter().skip(handed_over).map(|record| (record.key.as_deref(), &*record.payload));
            assert!(parts.eq(expected), "after {handed_over}");
            outbox.handed_over(1);
        }
        assert_eq!((outbox.len(), outbox.bytes.len()), (0, 0));
    }

    #[test]
    fn what_a_full_queue_does_not_take_stays_in_its_order() {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", "127.0.0.1:1")
            .set("queue.buffering.max.messages", "10")
            .create_with_context(Deliveries::default())
            .unwrap();
        let producer = TopicProducer::new(producer, "clicks").unwrap();
        let mut outbox = Outbox::default();
        (0..25).for_each(|number| outbox.push(number % 3, &record(Some("u"), &number.to_string())));
        let full = |taken| Sent { taken, too_large: 0, refused: Some(RDKafkaErrorCode::QueueFull) };
        assert_eq!(producer.send(&mut outbox), full(10));
        assert_eq!(producer.send(&mut outbox), full(0));
        let left: Vec<_> = outbox.messages.iter().map(|message| outbox.parts(message).1.to_vec()).collect();
        assert_eq!(left, (10..25).map(|number: i32| number.to_string().into_bytes()).collect::<Vec<_>>());
        assert_eq!(producer.send(&mut Outbox::default()), Sent { taken: 0, too_large: 0, refused: None });
    }

    #[test]
    fn a_topic_that_cannot_be_is_refused() {
        let producer = ClientConfig::new().create_with_context(Deliveries::default()).unwrap();
        assert!(TopicProducer::new(producer, "a\0b").is_err());
    }
}
