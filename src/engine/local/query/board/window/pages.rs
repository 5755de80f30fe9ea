//! The pages of a window with their counts. Counts are sums, so that clicks can be added and taken back.

use std::cmp::Ordering;

use hashbrown::HashMap;

use crate::click::Timestamp;
use crate::engine::local::query::board::CountryFigures;
use crate::storage::figures::PageFigures;
use crate::storage::{CountryId, PageId, UrlId};

/// A page's slot in a [`Pages`]. A slot that becomes free is used again.
pub(super) type Slot = u32;

/// The counts of each page.
#[derive(Debug, Default)]
pub(in crate::engine::local::query::board) struct Pages {
    rows: Vec<Row>,
    by_key: HashMap<(UrlId, CountryId), Slot, foldhash::fast::RandomState>,
    free: Vec<Slot>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    url: UrlId,
    country: CountryId,
    clicks: u32,
    users: u32,
    spent_count: u32,
    spent_ms: i64,
}

impl Row {
    fn figures(&self, page: PageId) -> PageFigures {
        PageFigures {
            clicks: u64::from(self.clicks),
            unique_users: u64::from(self.users),
            spent_ms: self.spent_ms,
            spent_count: u64::from(self.spent_count),
            ..PageFigures::empty(page, self.url, self.country, Timestamp::from_millis(0))
        }
    }
}

/// A copy of the pages at one moment, 32 bytes each, so that the window can move on meanwhile.
#[derive(Debug)]
pub(crate) struct PageRows(Vec<Row>);

impl PageRows {
    /// How many pages are of `country`, or of any country if `None`.
    pub(in crate::engine::local::query::board) fn count_of(&self, country: Option<CountryId>) -> u64 {
        self.0.iter().filter(|row| country.is_none_or(|country| row.country == country)).count() as u64
    }

    /// The pages of `country`, or of any country if `None`, sorted by `compare`.
    pub(in crate::engine::local::query::board) fn sorted(
        mut self,
        country: Option<CountryId>,
        compare: impl Fn(&PageFigures, &PageFigures) -> Ordering,
    ) -> impl Iterator<Item = PageFigures> {
        self.0.retain(|row| country.is_none_or(|country| row.country == country));
        self.0.sort_unstable_by(|a, b| compare(&a.figures(PageId(0)), &b.figures(PageId(0))));
        (0..).zip(self.0).map(|(at, row)| row.figures(PageId(at)))
    }
}

impl Pages {
    /// The slot of a page. The caller must count a click on a page that is new.
    pub(super) fn slot(&mut self, url: UrlId, country: CountryId) -> Slot {
        let Self { rows, by_key, free } = self;
        *by_key.entry((url, country)).or_insert_with(|| {
            let row = Row { url, country, clicks: 0, users: 0, spent_count: 0, spent_ms: 0 };
            if let Some(slot) = free.pop()
                && let Some(there) = rows.get_mut(slot as usize)
            {
                *there = row;
                return slot;
            }
            rows.push(row);
            // A window has fewer clicks than there are slot numbers.
            Slot::try_from(rows.len() - 1).unwrap_or(Slot::MAX)
        })
    }

    /// Counts a click, and its user if this is the user's first click on the page.
    pub(super) fn take_in(&mut self, slot: Slot, first_of_user: bool) {
        if let Some(row) = self.rows.get_mut(slot as usize) {
            row.clicks += 1;
            row.users += u32::from(first_of_user);
        }
    }

    /// Takes a click back, and its user if this was the user's only click on the page. A page without clicks gives up its slot.
    pub(super) fn take_out(&mut self, slot: Slot, last_of_user: bool) {
        let Some(row) = self.rows.get_mut(slot as usize) else { return };
        row.clicks = row.clicks.saturating_sub(1);
        row.users = row.users.saturating_sub(u32::from(last_of_user));
        if row.clicks == 0 {
            self.by_key.remove(&(row.url, row.country));
            self.free.push(slot);
        }
    }

    /// Counts a time spent, in milliseconds.
    pub(super) fn spend(&mut self, slot: Slot, gap: i64) {
        if let Some(row) = self.rows.get_mut(slot as usize) {
            row.spent_ms += gap;
            row.spent_count += 1;
        }
    }

    /// Takes a time spent back.
    pub(super) fn unspend(&mut self, slot: Slot, gap: i64) {
        if let Some(row) = self.rows.get_mut(slot as usize) {
            row.spent_ms -= gap;
            row.spent_count = row.spent_count.saturating_sub(1);
        }
    }

    /// Every page with a click. `first_seen` and `last_seen` are not counted for windows.
    pub(in crate::engine::local::query::board) fn iter(&self) -> impl Iterator<Item = PageFigures> {
        (0..).zip(&self.rows).filter(|(_, row)| row.clicks > 0).map(|(slot, row)| row.figures(PageId(slot)))
    }

    /// The figures of a page; `None` if it has no click.
    pub(in crate::engine::local::query::board) fn get(&self, url: UrlId, country: CountryId) -> Option<PageFigures> {
        let slot = *self.by_key.get(&(url, country))?;
        self.rows.get(slot as usize).map(|row| row.figures(PageId(slot)))
    }

    /// A copy of the pages with a click.
    pub(in crate::engine::local::query::board) fn rows(&self) -> PageRows {
        PageRows(self.rows.iter().copied().filter(|row| row.clicks > 0).collect())
    }

    /// Every country with a click.
    pub(in crate::engine::local::query::board) fn countries(&self) -> HashMap<CountryId, CountryFigures> {
        let mut countries: HashMap<CountryId, CountryFigures> = HashMap::new();
        for row in self.rows.iter().filter(|row| row.clicks > 0) {
            let country = countries.entry(row.country).or_default();
            country.clicks += u64::from(row.clicks);
            country.urls += 1;
        }
        countries
    }

    /// Memory that the pages take.
    pub(super) fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>()
            + self.by_key.allocation_size()
            + self.free.capacity() * size_of::<Slot>()
    }
}
