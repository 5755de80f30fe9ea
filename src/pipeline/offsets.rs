//! Where each partition stands between Kafka and SQLite.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use super::source::StoredOffsets;

/// Shared by ingest, which hands batches over, and store, which commits them.
///
/// SQLite is the truth after a restart of the program. Within one run a batch that was handed over stays in the
/// queue whatever the stages do, so ingest goes on after what it handed over last.
#[derive(Debug, Default)]
pub(super) struct OffsetLedger {
    handed: Mutex<BTreeMap<i32, i64>>,
    stored: Mutex<BTreeMap<i32, i64>>,
    embedded: Option<StoredOffsets>,
}

impl OffsetLedger {
    /// A ledger that starts from what SQLite holds.
    pub(super) fn new(stored: BTreeMap<i32, i64>, embedded: Option<StoredOffsets>) -> Self {
        Self { handed: Mutex::new(stored.clone()), stored: Mutex::new(stored), embedded }
    }

    /// Whether the broker lives in this process, with nobody else in its groups.
    pub(super) fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// The next offset to take from Kafka; `None` if nothing of `partition` has ever been taken.
    pub(super) fn next(&self, partition: i32) -> Option<i64> {
        self.handed.lock().get(&partition).copied()
    }

    /// Every offset of `partition` before `next` is in the queue or stored.
    pub(super) fn handed_over(&self, offsets: &BTreeMap<i32, i64>) {
        self.handed.lock().extend(offsets);
    }

    /// A batch is committed.
    pub(super) fn committed(&self, offsets: &BTreeMap<i32, i64>) {
        self.stored.lock().extend(offsets);
        if let Some(embedded) = &self.embedded {
            for (&partition, &next) in offsets {
                embedded.advance(partition, next);
            }
        }
    }

    /// The next offset to store of each partition.
    pub(super) fn stored(&self) -> BTreeMap<i32, i64> {
        self.stored.lock().clone()
    }
}
