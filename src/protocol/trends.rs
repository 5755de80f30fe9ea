//! The trend of each row: its clicks over the last five minutes, and in the five minutes before.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::click::Timestamp;

/// The trends of the rows and countries that the board shows.
///
/// A click belongs to the ten seconds of the clock in which its own time lies. The last five minutes are the thirty such spans
/// before the one of the newest click that is not ahead of the clock: a span under way has only a part of its clicks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trends {
    /// The first moment of the last five minutes.
    #[serde(with = "super::serial::timestamp")]
    pub since: Timestamp,
    /// The first moment after the last five minutes.
    #[serde(with = "super::serial::timestamp")]
    pub until: Timestamp,
    /// Whether the store reaches back to the begin of the five minutes before.
    has_before: bool,
    /// For the rows that the board showed: by url, then by country.
    pages: HashMap<Arc<str>, HashMap<Arc<str>, RowTrend>>,
    /// For every country that has clicks.
    countries: HashMap<Arc<str>, RowTrend>,
}

/// The trend of one row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowTrend {
    /// Its clicks in each part of the last five minutes, oldest first; empty if it has none.
    pub parts: Vec<u32>,
    /// Its clicks in the five minutes before, as far as they are stored.
    pub before: u64,
}

impl RowTrend {
    /// Its clicks in the last five minutes.
    pub fn clicks(&self) -> u64 {
        self.parts.iter().copied().map(u64::from).sum()
    }

    /// Adds the clicks of `other`.
    fn add(&mut self, other: &Self) {
        if self.parts.len() < other.parts.len() {
            self.parts.resize(other.parts.len(), 0);
        }
        for (sum, clicks) in self.parts.iter_mut().zip(&other.parts) {
            *sum = sum.saturating_add(*clicks);
        }
        self.before = self.before.saturating_add(other.before);
    }
}

impl Trends {
    /// Trends over the time from `since` to `until`, of every country that has clicks. `has_before` says whether the store reaches
    /// back to the begin of the five minutes before.
    pub fn new(
        (since, until): (Timestamp, Timestamp),
        has_before: bool,
        countries: impl IntoIterator<Item = (Arc<str>, RowTrend)>,
    ) -> Self {
        Self { since, until, has_before, pages: HashMap::new(), countries: countries.into_iter().collect() }
    }

    /// Adds the trend of `url` in `country`.
    pub fn add(&mut self, url: Arc<str>, country: Arc<str>, trend: RowTrend) {
        self.pages.entry(url).or_default().insert(country, trend);
    }

    /// The trend of `url` in `country`; `None` while the engine has not counted it.
    pub fn of_page(&self, url: &str, country: &str) -> Option<&RowTrend> {
        self.pages.get(url)?.get(country)
    }

    /// The trend of a country; `None` if it has no clicks in these ten minutes.
    pub fn of_country(&self, country: &str) -> Option<&RowTrend> {
        self.countries.get(country)
    }

    /// The trend of all countries.
    pub fn of_all(&self) -> RowTrend {
        self.countries.values().fold(RowTrend::default(), |mut sum, trend| {
            sum.add(trend);
            sum
        })
    }

    /// The clicks of `trend` in the five minutes before; `None` if the store does not reach back so far.
    pub fn before(&self, trend: &RowTrend) -> Option<u64> {
        self.has_before.then_some(trend.before)
    }
}
