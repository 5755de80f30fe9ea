//! The offsets of each partition on the way from Kafka to SQLite.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use crate::source::StoredOffsets;

/// Shared by ingest, which hands batches over, and store, which commits them.
///
/// SQLite is the truth after a restart of the program. Within one run a batch that was handed over stays in the
/// queue whatever the stages do, so ingest goes on after what it handed over last.
#[derive(Debug, Default)]
pub(crate) struct OffsetLedger {
    handed: Mutex<BTreeMap<i32, i64>>,
    /// Beyond `handed`: what the consumer of this moment has gathered and will hand over.
    taken: Mutex<BTreeMap<i32, i64>>,
    stored: Mutex<BTreeMap<i32, i64>>,
    embedded: Option<StoredOffsets>,
}

impl OffsetLedger {
    /// A ledger that starts from what SQLite holds.
    pub(crate) fn new(stored: BTreeMap<i32, i64>, embedded: Option<StoredOffsets>) -> Self {
        Self { handed: Mutex::new(stored.clone()), taken: Mutex::default(), stored: Mutex::new(stored), embedded }
    }

    /// The next offset to take from Kafka; `None` if nothing of `partition` has ever been taken.
    pub(crate) fn next(&self, partition: i32) -> Option<i64> {
        let handed = self.handed.lock().get(&partition).copied();
        handed.max(self.taken.lock().get(&partition).copied())
    }

    /// The consumer holds every message before these offsets, or has handed it over.
    pub(crate) fn taken(&self, offsets: &BTreeMap<i32, i64>) {
        self.taken.lock().clone_from(offsets);
    }

    /// A new consumer begins; what the old one gathered and did not hand over is lost.
    pub(crate) fn restart(&self) {
        self.taken.lock().clear();
    }

    /// Goes on at `next` whatever was handed over: the messages before it are gone.
    pub(crate) fn jump(&self, partition: i32, next: i64) {
        self.taken.lock().remove(&partition);
        self.handed.lock().insert(partition, next);
    }

    /// SQLite holds `starts`, of partitions of which nothing was taken before.
    pub(crate) fn begun(&self, starts: &BTreeMap<i32, i64>) {
        for offsets in [&self.handed, &self.stored] {
            let mut offsets = offsets.lock();
            for (&partition, &next) in starts {
                offsets.entry(partition).or_insert(next);
            }
        }
    }

    /// Every offset of `partition` before `next` is in the queue or stored.
    pub(crate) fn handed_over(&self, offsets: &BTreeMap<i32, i64>) {
        self.handed.lock().extend(offsets);
    }

    /// A batch is committed.
    pub(crate) fn committed(&self, offsets: &BTreeMap<i32, i64>) {
        self.stored.lock().extend(offsets);
        if let Some(embedded) = &self.embedded {
            for (&partition, &next) in offsets {
                embedded.advance(partition, next);
            }
        }
    }

    /// The next offset to store of each partition.
    pub(crate) fn stored(&self) -> BTreeMap<i32, i64> {
        self.stored.lock().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_that_comes_back_goes_on_after_what_was_taken_and_a_new_consumer_after_what_was_handed_over() {
        let ledger = OffsetLedger::new(BTreeMap::from([(0, 100)]), None);
        assert_eq!((ledger.next(0), ledger.next(1)), (Some(100), None));
        ledger.handed_over(&BTreeMap::from([(0, 150)]));
        ledger.taken(&BTreeMap::from([(0, 170)]));
        assert_eq!(ledger.next(0), Some(170));
        ledger.restart();
        assert_eq!(ledger.next(0), Some(150));
        ledger.jump(0, 20);
        assert_eq!(ledger.next(0), Some(20));
        assert_eq!(ledger.stored(), BTreeMap::from([(0, 100)]));
        ledger.begun(&BTreeMap::from([(0, 7), (1, 8)]));
        assert_eq!((ledger.next(0), ledger.next(1)), (Some(20), Some(8)));
        assert_eq!(ledger.stored(), BTreeMap::from([(0, 100), (1, 8)]));
    }
}
