//! Limits the size to which the batches of one fetch from a partition may decompress, with any codec.
//!
//! A compressed batch of some 600 KB can hold as many MB, and librdkafka decompresses gzip, lz4 and snappy without a limit.
//! On Linux the linker puts [`wrapped`] between librdkafka and its decompressors (`build.rs`). We refuse a batch that is
//! larger than the limit: instead of its messages, librdkafka gets one message of ours that says so. That message has the
//! offset of the batch's first message. It becomes a reject, and librdkafka continues behind the batch. If a batch exceeds
//! the limit only together with other batches of its fetch, we postpone it to the next fetch.
//!
//! ```text
//! fetch ─▶ rd_kafka_msgset_parse ─▶ decompressor of each batch ─▶ its messages, or the notice
//!          a new budget             is there room for it?
//! ```

// Elsewhere nothing asks for a verdict.
#![cfg_attr(not(target_os = "linux"), allow(dead_code))]

#[cfg(target_os = "linux")]
mod count;
#[cfg(target_os = "linux")]
mod wrapped;

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use uuid::Uuid;

/// The limit in bytes, unless the settings say otherwise.
pub const DEFAULT_LIMIT: usize = 64 << 20;

/// Of the whole process: the decompressors are not told whose batch it is.
static LIMIT: AtomicUsize = AtomicUsize::new(DEFAULT_LIMIT);

/// Batches put off to the next fetch so far.
static PUT_OFF: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// What this thread's fetch has become so far. librdkafka unpacks on its brokers' threads.
    static UNPACKED: Cell<usize> = const { Cell::new(0) };
}

/// Sets the limit of every consumer of this process.
pub(super) fn set_limit(bytes: usize) {
    LIMIT.store(bytes, Relaxed);
}

/// How many batches were put off so far: librdkafka reports each as one that cannot be unpacked, and fetches it again.
pub(super) fn put_off() -> u64 {
    PUT_OFF.load(Relaxed)
}

/// Why a batch was refused, if `payload` is the notice that stands in its place.
pub(crate) fn refusal(payload: &[u8]) -> Option<String> {
    let said = payload.strip_prefix(token().as_bytes())?;
    Some(String::from_utf8_lossy(said).into_owned())
}

/// Begins every notice. No producer knows it, so none can write one.
fn token() -> &'static str {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| format!("clicktop-{} ", Uuid::new_v4()))
}

/// What to do with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Take,
    /// It is larger than the limit.
    Refuse,
    /// It is not, but there is no room for it beside the others of the fetch.
    PutOff,
}

/// A fetch of one partition begins on this thread.
fn begin_fetch() {
    UNPACKED.set(0);
}

/// What the fetch may still become.
fn room() -> usize {
    LIMIT.load(Relaxed).saturating_sub(UNPACKED.get())
}

/// So much was unpacked.
fn took(bytes: usize) {
    UNPACKED.set(UNPACKED.get().saturating_add(bytes));
}

/// Judges a batch that becomes `bytes`.
fn judge(bytes: usize) -> Verdict {
    if bytes > LIMIT.load(Relaxed) {
        Verdict::Refuse
    } else if bytes > room() {
        PUT_OFF.fetch_add(1, Relaxed);
        Verdict::PutOff
    } else {
        Verdict::Take
    }
}

/// The unpacked form of a batch (message format 2) of one message that says why a batch of `packed` bytes is refused.
fn notice(codec: &str, packed: usize) -> Vec<u8> {
    let limit = LIMIT.load(Relaxed);
    tracing::debug!(target: "ingest", "a batch of {packed} bytes, {codec}, becomes more than {limit} bytes: refused");
    let value = format!(
        "{}a batch of {packed} bytes ({codec}) becomes more than {limit} bytes when it is unpacked, so none of its messages \
         is read: have the producer send smaller batches, or raise kafka.max_batch_bytes",
        token()
    );
    // Attributes, timestamp and offset as of the batch itself, no key, the value, no headers.
    let mut message = vec![0, 0, 0];
    varint(-1, &mut message);
    varint(value.len(), &mut message);
    message.extend_from_slice(value.as_bytes());
    message.push(0);
    let mut batch = Vec::with_capacity(message.len() + 5);
    varint(message.len(), &mut batch);
    batch.extend(message);
    batch
}

/// Appends a number as Kafka's messages have it: zigzag, seven bits a byte.
fn varint<T: TryInto<i64>>(number: T, out: &mut Vec<u8>) {
    let number = number.try_into().unwrap_or(i64::MAX);
    let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_kafka_writes_them() {
        for (number, bytes) in [(0, vec![0]), (-1, vec![1]), (1, vec![2]), (64, vec![0x80, 1]), (300, vec![0xd8, 4])] {
            let mut out = Vec::new();
            varint(number, &mut out);
            assert_eq!(out, bytes, "{number}");
        }
    }

    #[test]
    fn a_notice_is_known_and_nothing_else_is() {
        let notice = notice("gzip", 611_000);
        // One message of the length it says, behind the length.
        let length = (usize::from(notice[0] & 0x7f) | usize::from(notice[1]) << 7) >> 1;
        assert_eq!(notice.len(), 2 + length);
        let value = &notice[2 + 3 + 1 + 2..notice.len() - 1];
        let said = refusal(value).expect("a notice");
        assert!(said.starts_with("a batch of 611000 bytes (gzip) becomes more than 67108864 bytes"), "{said}");
        assert_eq!(refusal(b"clicktop-00000000-0000-0000-0000-000000000000 a batch"), None);
        assert_eq!(refusal(b""), None);
    }

    #[test]
    fn a_batch_beside_others_waits_and_one_that_is_too_large_is_refused() {
        begin_fetch();
        assert_eq!(judge(DEFAULT_LIMIT), Verdict::Take);
        assert_eq!(judge(DEFAULT_LIMIT + 1), Verdict::Refuse);
        took(1);
        let before = put_off();
        assert_eq!(judge(DEFAULT_LIMIT), Verdict::PutOff);
        assert_eq!(judge(DEFAULT_LIMIT - 1), Verdict::Take);
        assert!(put_off() > before);
        begin_fetch();
        assert_eq!(judge(DEFAULT_LIMIT), Verdict::Take);
    }
}
