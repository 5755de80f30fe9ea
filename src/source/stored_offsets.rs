//! The offsets that the store has committed. The producer reads them so that it does not overrun the embedded
//! broker.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The next offset to store of each partition: everything before it is durable in SQLite. The engine writes it after each commit;
/// the producer reads it.
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
