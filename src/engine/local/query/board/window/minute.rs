//! Clicks of the last minute by page: a window that keeps only a count for each page.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::live::{OutOfRange, Tally};
use super::recent::RecentCount;
use crate::engine::local::query::board::limits::Limits;
use crate::storage::{CountryId, StoredClick, UrlId};

/// The length of this window.
const LENGTH_MS: i64 = 60_000;

/// Counts the clicks of the last minute.
pub(crate) type MinuteCount = RecentCount<Counts>;

impl MinuteCount {
    pub(crate) fn new(limits: Limits) -> Self {
        Self::over(LENGTH_MS, limits.minute_bytes, limits)
    }
}

/// How often each page and each country was clicked.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pages: HashMap<(UrlId, CountryId), u32, foldhash::fast::RandomState>,
    countries: HashMap<CountryId, u64, foldhash::fast::RandomState>,
}

impl Counts {
    pub(crate) fn of_page(&self, url: UrlId, country: CountryId) -> u64 {
        self.pages.get(&(url, country)).copied().map_or(0, u64::from)
    }

    /// Every country with a click.
    pub(crate) fn countries(&self) -> impl Iterator<Item = (CountryId, u64)> {
        self.countries.iter().map(|(country, clicks)| (*country, *clicks))
    }
}

impl Tally for Counts {
    fn anew(&self, _base: i64) -> Self {
        Self::default()
    }

    fn has_tie(&self, _click: &StoredClick) -> bool {
        false
    }

    fn take_in(&mut self, click: &StoredClick, _last: bool) -> Result<(), OutOfRange> {
        *self.pages.entry((click.url, click.country)).or_insert(0) += 1;
        *self.countries.entry(click.country).or_insert(0) += 1;
        Ok(())
    }

    fn take_out(&mut self, click: &StoredClick) {
        if let Entry::Occupied(mut page) = self.pages.entry((click.url, click.country)) {
            *page.get_mut() -= 1;
            if *page.get() == 0 {
                page.remove();
            }
        }
        if let Entry::Occupied(mut country) = self.countries.entry(click.country) {
            *country.get_mut() -= 1;
            if *country.get() == 0 {
                country.remove();
            }
        }
    }

    fn shrink(&mut self) {
        if self.pages.len() * 4 < self.pages.capacity() {
            self.pages.shrink_to(self.pages.len() * 2);
        }
    }

    fn bytes(&self) -> usize {
        self.pages.allocation_size() + self.countries.allocation_size()
    }
}
