//! Reads one message of Kafka again, for people who want to see it.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::{BorrowedMessage, Headers as _};
use rdkafka::{Message as _, Offset, TopicPartitionList};

use super::lag::Quiet;
use super::options::KafkaOptions;
use super::unpack;
use crate::click::Timestamp;
use crate::protocol::follow::{KafkaMessage, MessageOrigin};
use crate::text::{excerpt, printable};

/// How long it may take.
const WITHIN: Duration = Duration::from_secs(5);

/// How long the client waits in one poll.
const POLL: Duration = Duration::from_millis(100);

/// Bytes of the payload that are kept.
const PAYLOAD: usize = 16 << 10;

/// Bytes of a payload that is no text: two digits and a blank each.
const BINARY: usize = 1 << 10;

/// Headers that are kept.
const HEADERS: usize = 20;

/// Characters of a key and of a header.
const SHORT: usize = 1 << 10;

/// Reads single messages. It never joins the group and commits nothing.
#[derive(Clone, Debug)]
pub(crate) struct MessageReader {
    options: KafkaOptions,
}

impl MessageReader {
    pub(crate) fn new(options: KafkaOptions) -> Self {
        Self { options }
    }

    /// Reads the message at `origin`. Blocks for some seconds at most.
    ///
    /// # Errors
    /// Why it is not there, in one line.
    pub(crate) fn read(&self, origin: &MessageOrigin) -> Result<KafkaMessage, String> {
        if self.options.pseudonyms.is_some() {
            return Err("not shown: it may name its user, and privacy.users hides users".to_owned());
        }
        let (Some(partition), Some(offset)) = (origin.partition, origin.offset) else {
            return Err("its partition and offset are not known".to_owned());
        };
        if origin.topic != self.options.topic {
            return Err(format!("it is from another topic, {}", excerpt(&origin.topic, SHORT)));
        }
        self.fetch(partition, offset)
            .unwrap_or_else(|error| Err(format!("Kafka does not return it: {}", printable(&error.to_string()))))
    }

    fn fetch(&self, partition: i32, offset: i64) -> KafkaResult<Result<KafkaMessage, String>> {
        let deadline = Instant::now() + WITHIN;
        let consumer = self.connect()?;
        let (low, high) = consumer.fetch_watermarks(&self.options.topic, partition, WITHIN)?;
        if offset < low {
            return Ok(Err(format!("Kafka has deleted it: partition {partition} begins at offset {low}")));
        }
        if offset >= high {
            return Ok(Err(format!("Kafka does not have it: partition {partition} ends at offset {high}")));
        }
        let mut at = TopicPartitionList::new();
        at.add_partition_offset(&self.options.topic, partition, Offset::Offset(offset))?;
        consumer.assign(&at)?;
        loop {
            match consumer.poll(POLL) {
                Some(Ok(message)) if message.offset() == offset => {
                    let payload = message.payload().unwrap_or_default();
                    return Ok(unpack::refusal(payload).map_or_else(|| Ok(shown(&message)), Err));
                }
                Some(Ok(_)) | Some(Err(KafkaError::PartitionEOF(_))) => {
                    return Ok(Err(format!(
                        "Kafka no longer has offset {offset}: it was compacted, or its transaction was aborted"
                    )));
                }
                Some(Err(error)) => return Err(error),
                None if Instant::now() >= deadline => {
                    return Ok(Err(format!("Kafka has not returned it within {WITHIN:?}")));
                }
                None => {}
            }
        }
    }

    fn connect(&self) -> KafkaResult<BaseConsumer<Quiet>> {
        let mut config = self.options.bystander();
        // One message is wanted, not what comes after it; the settings of the user go first.
        for (name, value) in [("queued.max.messages.kbytes", "1024"), ("fetch.message.max.bytes", "1048576")] {
            if config.get(name).is_none() {
                config.set(name, value);
            }
        }
        config
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "error")
            .set("enable.partition.eof", "true")
            .create_with_context(Quiet)
    }
}

/// What is shown of `message`.
fn shown(message: &BorrowedMessage<'_>) -> KafkaMessage {
    let payload = message.payload().unwrap_or_default();
    let (text, is_text) = text_or_digits(payload);
    let short = |bytes: &[u8]| excerpt(&String::from_utf8_lossy(bytes), SHORT).into_owned();
    let headers = message.headers().into_iter().flat_map(|headers| headers.iter()).take(HEADERS);
    KafkaMessage {
        key: message.key().map(short),
        headers: headers
            .map(|header| (short(header.key.as_bytes()), header.value.map(short).unwrap_or_default()))
            .collect(),
        timestamp: message.timestamp().to_millis().map(Timestamp::from_millis),
        payload: text,
        is_text,
        payload_bytes: payload.len() as u64,
    }
}

/// The beginning of `payload` as text; as hexadecimal digits if it is no text.
fn text_or_digits(payload: &[u8]) -> (String, bool) {
    let kept = payload.get(..PAYLOAD).unwrap_or(payload);
    let is_cut = kept.len() < payload.len();
    let text = match std::str::from_utf8(kept) {
        Ok(text) => Some(text),
        // The cut went through a character.
        Err(error) if is_cut && error.error_len().is_none() => {
            kept.get(..error.valid_up_to()).and_then(|kept| std::str::from_utf8(kept).ok())
        }
        Err(_) => None,
    };
    match text.filter(|text| !text.contains('\0')) {
        Some(text) => (text.to_owned(), true),
        None => {
            let digits = payload.iter().take(BINARY).map(|byte| format!("{byte:02x}"));
            (digits.collect::<Vec<_>>().join(" "), false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_shown_as_text_or_as_digits() {
        assert_eq!(text_or_digits("caf\u{e9}".as_bytes()), ("caf\u{e9}".to_owned(), true));
        assert_eq!(text_or_digits(b"\0\0\0\0\x07\xff"), ("00 00 00 00 07 ff".to_owned(), false));
        let long = "\u{e9}".repeat(PAYLOAD);
        let (text, is_text) = text_or_digits(format!("x{long}").as_bytes());
        assert!(is_text && text.len() < PAYLOAD && text.ends_with('\u{e9}'), "no character is split");
        assert_eq!(text_or_digits(&[0xff; 5_000]).0.len(), 3 * BINARY - 1);
    }
}
