//! What a producer sends, and to which target.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::source::StoredOffsets;
use crate::source::error::DemoError;

/// Where the records go.
#[derive(Clone)]
pub struct Target {
    /// `bootstrap.servers`.
    pub brokers: String,
    /// The topic.
    pub topic: String,
    /// How many partitions the topic has; 0 asks the cluster.
    pub partitions: i32,
    /// What the pipeline has stored, for the embedded broker: the producer then never has more under way than that
    /// broker keeps. `None` for a real cluster.
    ///
    /// With the embedded broker, a record waits in the window until it is stored; the bound on throughput is therefore
    /// about `partitions` × 16,000 records of ordinary size per time from sending to storing.
    pub stored: Option<StoredOffsets>,
    /// More librdkafka properties (security, for one). They win over this producer's own.
    pub properties: Vec<(String, String)>,
}

/// Without the properties' values: some are secrets.
impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.properties.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Target")
            .field("brokers", &self.brokers)
            .field("topic", &self.topic)
            .field("partitions", &self.partitions)
            .field("holds_back", &self.stored.is_some())
            .field("properties", &names)
            .finish()
    }
}

/// One message to send. Kept between messages, so that its buffers are reused.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The Kafka key, if there is one: the user.
    pub key: Option<Vec<u8>>,
    /// The message.
    pub payload: Vec<u8>,
}

impl Record {
    /// Sets the key to a copy of `key`, reusing the buffer.
    pub fn set_key(&mut self, key: &[u8]) {
        let buffer = self.key.get_or_insert_default();
        buffer.clear();
        buffer.extend_from_slice(key);
    }

    /// What decides the partition: the key, or the whole message where there is none.
    pub(super) fn partition_key(&self) -> &[u8] {
        self.key.as_deref().unwrap_or(&self.payload)
    }

    pub(super) fn bytes(&self) -> usize {
        self.payload.len().saturating_add(self.key.as_ref().map_or(0, Vec::len))
    }
}

/// What a [`Feed`] answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The record has been filled.
    Ready,
    /// Nothing yet; ask again.
    Wait,
    /// That was all.
    End,
}

/// Where records come from.
pub trait Feed: Send + 'static {
    /// Fills `record` with the next one. May wait for input, but for a few milliseconds only, so that the producer
    /// stays able to stop.
    ///
    /// # Errors
    /// Ends the source; what came before is still sent.
    fn next(&mut self, record: &mut Record) -> Result<Next, DemoError>;

    /// Records in all, where that is known before the end.
    fn total(&self) -> Option<u64> {
        None
    }

    /// Input bytes consumed so far.
    fn bytes_read(&self) -> u64 {
        0
    }

    /// Input bytes in all, where that is known.
    fn bytes_total(&self) -> Option<u64> {
        None
    }

    /// The first record that is no click: where it is and why, in one line.
    fn first_no_click(&self) -> Option<&str> {
        None
    }

    /// Events a second at this moment, where the feed has its own idea of it (a day's ups and downs).
    fn rate(&self) -> Option<f64> {
        None
    }
}

/// What the owner wants of the thread. Only ever rises.
#[derive(Debug, Default)]
pub(super) struct StopSignal(AtomicU8);

impl StopSignal {
    pub(super) const STOP: u8 = 1;
    pub(super) const ABANDON: u8 = 2;

    pub(super) fn raise(&self, to: u8) {
        self.0.fetch_max(to, Ordering::AcqRel);
    }

    pub(super) fn stops(&self) -> bool {
        self.0.load(Ordering::Acquire) >= Self::STOP
    }

    pub(super) fn abandons(&self) -> bool {
        self.0.load(Ordering::Acquire) >= Self::ABANDON
    }
}
