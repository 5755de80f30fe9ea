//! What is drawn: a snapshot, and what the ones before it add up to.

use std::sync::Arc;
use std::time::Duration;

use super::gains::Gains;
use super::history::History;
use crate::pipeline::command::Window;
use crate::pipeline::snapshot::{PageRow, Snapshot};

/// Over how long the rates of partitions and transactions are taken.
const RATE_WINDOW: Duration = Duration::from_secs(5);

/// Over how long the trend of urls and countries is taken.
const TREND_WINDOW: Duration = Duration::from_secs(60);

/// A snapshot and the history up to it: what is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) history: History,
    /// Offsets stored, by partition.
    pub(crate) partition_rates: Gains<i32>,
    /// Transactions of the store.
    pub(crate) transaction_rate: Gains<()>,
    /// Clicks of all time, by url and country.
    pub(crate) trend: Gains<(Arc<str>, Arc<str>)>,
    /// Clicks of all time, by country.
    pub(crate) country_trend: Gains<Arc<str>>,
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            snapshot: Arc::default(),
            history: History::default(),
            partition_rates: Gains::over(RATE_WINDOW),
            transaction_rate: Gains::over(RATE_WINDOW),
            trend: Gains::over(TREND_WINDOW),
            country_trend: Gains::over(TREND_WINDOW),
        }
    }
}

impl Shown {
    pub(super) fn push(&mut self, snapshot: Arc<Snapshot>) {
        self.history.push(&snapshot);
        let stored = snapshot
            .partitions
            .iter()
            .filter_map(|partition| Some((partition.partition, u64::try_from(partition.stored?).ok()?)));
        self.partition_rates.push(snapshot.uptime, stored);
        self.transaction_rate.push(snapshot.uptime, std::iter::once(((), snapshot.store.transactions)));
        let board = &snapshot.board;
        if board.view.window == Window::AllTime && !Arc::ptr_eq(board, &self.snapshot.board) {
            let clicks =
                board.pages.iter().map(|page| ((Arc::clone(&page.url), Arc::clone(&page.country)), page.clicks));
            self.trend.push(snapshot.uptime, clicks);
            if board.view.is_plain() {
                let clicks = board.countries.iter().map(|row| (Arc::clone(&row.country), row.clicks));
                self.country_trend.push(snapshot.uptime, clicks);
            }
        }
        self.snapshot = snapshot;
    }

    /// Clicks that a url has gained in a country in the last minute; `None` until it has been seen that long.
    pub(crate) fn gained(&self, page: &PageRow) -> Option<u64> {
        self.trend.of(&(Arc::clone(&page.url), Arc::clone(&page.country))).map(|(gain, _)| gain)
    }

    /// Clicks that a country has gained in the last minute; `None` until it has been seen that long.
    pub(crate) fn gained_in(&self, country: &Arc<str>) -> Option<u64> {
        self.country_trend.of(country).map(|(gain, _)| gain)
    }
}
