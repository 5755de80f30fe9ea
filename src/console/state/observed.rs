//! What is drawn: a snapshot, and what the ones before it add up to.

use std::sync::Arc;
use std::time::Duration;

use super::counter_rates::CounterRates;
use super::history::History;
use crate::protocol::snapshot::Snapshot;

/// Over how long the rates of partitions and transactions are taken.
const RATE_WINDOW: Duration = Duration::from_secs(5);

/// A snapshot and the history up to it: what is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) history: History,
    /// Offsets stored, by partition.
    pub(crate) partition_rates: CounterRates<i32>,
    /// Transactions of the store.
    pub(crate) transaction_rate: CounterRates<()>,
}

impl Default for Observed {
    fn default() -> Self {
        Self {
            snapshot: Arc::default(),
            history: History::default(),
            partition_rates: CounterRates::over(RATE_WINDOW),
            transaction_rate: CounterRates::over(RATE_WINDOW),
        }
    }
}

impl Observed {
    pub(crate) fn push(&mut self, snapshot: Arc<Snapshot>) {
        self.history.push(&snapshot);
        let stored = snapshot
            .partitions
            .iter()
            .filter_map(|partition| Some((partition.partition, u64::try_from(partition.stored?).ok()?)));
        self.partition_rates.push(snapshot.uptime, stored);
        self.transaction_rate.push(snapshot.uptime, std::iter::once(((), snapshot.store.transactions)));
        self.snapshot = snapshot;
    }
}
