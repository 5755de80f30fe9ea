//! What the console has observed of the engine: the newest snapshot, and what the snapshots before it add up to.

use std::sync::Arc;
use std::time::Duration;

use super::counter_rates::CounterRates;
use super::history::{History, WorkTimes};
use crate::protocol::snapshot::Snapshot;

/// The time over which the rates of partitions and transactions are averaged.
const RATE_WINDOW: Duration = Duration::from_secs(5);

/// The newest snapshot, and what the snapshots before it add up to.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) history: History,
    /// How long bulk requests and commits took.
    pub(crate) work: WorkTimes,
    /// How fast each partition is stored.
    pub(crate) partition_rates: CounterRates<i32>,
    /// How fast the store commits transactions.
    pub(crate) transaction_rate: CounterRates<()>,
}

impl Default for Observed {
    fn default() -> Self {
        Self {
            snapshot: Arc::default(),
            history: History::default(),
            work: WorkTimes::default(),
            partition_rates: CounterRates::over(RATE_WINDOW),
            transaction_rate: CounterRates::over(RATE_WINDOW),
        }
    }
}

impl Observed {
    /// Takes the next snapshot.
    pub(crate) fn push(&mut self, snapshot: Arc<Snapshot>) {
        self.history.push(&snapshot);
        self.work.push(&snapshot);
        let stored = snapshot
            .partitions
            .iter()
            .filter_map(|partition| Some((partition.partition, u64::try_from(partition.stored?).ok()?)));
        self.partition_rates.push(snapshot.uptime, stored);
        self.transaction_rate.push(snapshot.uptime, snapshot.store.transactions.map(|n| ((), n)).into_iter());
        self.snapshot = snapshot;
    }
}
