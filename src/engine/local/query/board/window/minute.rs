//! Clicks of the last minute by page: a window that keeps only a count for each page.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::budget::{Budget, SliceEnd};
use super::live::{Live, OutOfRange, Tally};
use crate::click::Timestamp;
use crate::engine::local::query::board::limits::Limits;
use crate::storage::{CountryId, Reader, StorageError, StoredClick, UrlId};

/// The length of this window.
const LENGTH_MS: i64 = 60_000;

/// Counts the clicks of the last minute for as long as somebody views them. The minute ends where the other windows end.
#[derive(Debug)]
pub(crate) struct MinuteCount {
    limits: Limits,
    live: Live<Counts>,
}

/// How far the count is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MinuteProgress {
    /// [`MinuteCount::counts`] are up to date.
    Ready,
    /// There is more to count.
    Counting,
    /// The pages do not fit into the memory limit; the count starts again.
    TooLarge,
}

impl MinuteCount {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, live: Live::new(Counts::default()) }
    }

    /// Counts for about [`Limits::slice`]; the clock shows `now`.
    ///
    /// # Errors
    /// The database cannot be read. The count cannot be continued then.
    pub(crate) fn go_on(&mut self, now: Timestamp, reader: &mut Reader) -> Result<MinuteProgress, StorageError> {
        let mut budget = Budget::new(self.limits, self.limits.minute_bytes);
        Ok(match self.live.go_on(LENGTH_MS, now, reader, &mut budget)? {
            SliceEnd::Done => MinuteProgress::Ready,
            SliceEnd::TimeUp => MinuteProgress::Counting,
            SliceEnd::Restart => {
                self.live = self.live.restarted();
                MinuteProgress::Counting
            }
            SliceEnd::Full => {
                self.live = self.live.restarted();
                MinuteProgress::TooLarge
            }
        })
    }

    /// The newest counts, unless they are between two states.
    pub(crate) fn counts(&self) -> Option<&Counts> {
        self.live.counted().map(|counted| counted.tally)
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
