//! The parts that stages, queries and status of one engine share.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::query::board::BoardSlots;
use super::stages::offsets::OffsetLedger;
use super::status::catch_up::CatchUp;
use super::status::metrics::Metrics;
use super::status::notices::Notices;
use super::status::partitions::PartitionBoard;
use crate::source::StoredOffsets;
use crate::storage::Storage;

/// Handles to the shared parts. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct SharedParts {
    pub storage: Arc<Storage>,
    pub ledger: Arc<OffsetLedger>,
    pub metrics: Arc<Metrics>,
    pub partitions: Arc<PartitionBoard>,
    pub catch_up: Arc<CatchUp>,
    pub notices: Arc<Notices>,
    pub boards: BoardSlots,
    /// Whether the broker is the embedded one, which serves this process alone.
    pub own_broker: bool,
}

impl SharedParts {
    /// The parts of an engine whose database holds every message before the `stored` offsets. `embedded` is there if the
    /// broker is the embedded one.
    pub(crate) fn new(storage: Arc<Storage>, stored: BTreeMap<i32, i64>, embedded: Option<StoredOffsets>) -> Self {
        let own_broker = embedded.is_some();
        Self {
            storage,
            ledger: Arc::new(OffsetLedger::new(stored, embedded)),
            metrics: Arc::new(Metrics::new()),
            partitions: Arc::default(),
            catch_up: Arc::default(),
            notices: Arc::default(),
            boards: BoardSlots::new(),
            own_broker,
        }
    }
}
