//! What a producer inside this process (generator, file replay) and the pipeline tell each other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// How far a producer inside this process is.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct SourceProgress {
    /// Messages the broker has acknowledged.
    pub sent: u64,
    /// Messages there will be in all, where that is known before the end.
    pub total: Option<u64>,
    /// Bytes of the input files read so far.
    pub bytes_read: u64,
    /// Bytes of the input files in all; `None` for a pipe or a generator.
    pub bytes_total: Option<u64>,
    /// Waiting for the pipeline so as not to overrun the embedded broker's retention.
    pub held_back: bool,
    /// The first record of a file that is no click: where it is and why, in one line.
    pub first_no_click: Option<String>,
    /// Set once everything has been sent and acknowledged.
    pub end: Option<SourceEnd>,
    /// Set if the producer gave up, in one line. What it had sent is still processed.
    pub error: Option<String>,
}

/// Where a finished source ends: the next offset of each partition it wrote to.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct SourceEnd {
    /// Partition → one past the last message sent to it.
    pub offsets: BTreeMap<i32, i64>,
}

/// The next offset to store of each partition: everything before it is durable in SQLite. Written by the pipeline
/// after each commit, read by a producer that must not overrun the embedded broker's retention.
#[derive(Clone, Debug)]
pub struct StoredOffsets(Arc<[AtomicI64]>);

impl StoredOffsets {
    /// For a topic of `partitions` partitions, nothing stored yet.
    pub fn new(partitions: usize) -> Self {
        Self((0..partitions).map(|_| AtomicI64::new(0)).collect())
    }

    /// The next offset of `partition` to store; 0 for a partition that does not exist.
    pub fn get(&self, partition: i32) -> i64 {
        self.slot(partition).map_or(0, |slot| slot.load(Ordering::Acquire))
    }

    /// Everything of `partition` before `next` is stored.
    pub fn advance(&self, partition: i32, next: i64) {
        if let Some(slot) = self.slot(partition) {
            slot.fetch_max(next, Ordering::AcqRel);
        }
    }

    fn slot(&self, partition: i32) -> Option<&AtomicI64> {
        self.0.get(usize::try_from(partition).ok()?)
    }
}
