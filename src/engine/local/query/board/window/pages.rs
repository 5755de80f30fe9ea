//! The pages of a window and what is counted of each: additive, so that clicks can be taken in and out.

use std::cmp::Ordering;

use hashbrown::HashMap;

use crate::click::Timestamp;
use crate::engine::local::query::board::CountryFigures;
use crate::storage::figures::PageFigures;
use crate::storage::{CountryId, PageId, UrlId};

/// A page's place in a [`Pages`]. Free ones are given out again.
pub(super) type Slot = u32;

/// Counts by page.
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

/// The pages of a window at one moment, 32 bytes each, while the window moves on.
#[derive(Debug)]
pub(crate) struct PageRows(Vec<Row>);

impl PageRows {
    /// How many of them are of `country`, or of any.
    pub(in crate::engine::local::query::board) fn count_of(&self, country: Option<CountryId>) -> u64 {
        self.0.iter().filter(|row| country.is_none_or(|country| row.country == country)).count() as u64
    }

    /// Those of `country`, or of any, in the order that `compare` makes.
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
    /// The place of a page. One that is new here has no clicks yet and must get one.
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
            // There are fewer clicks in a window than numbers here.
            Slot::try_from(rows.len() - 1).unwrap_or(Slot::MAX)
        })
    }

    /// Counts a click, and its user if this is the user's first here.
    pub(super) fn take_in(&mut self, slot: Slot, first_of_user: bool) {
        if let Some(row) = self.rows.get_mut(slot as usize) {
            row.clicks += 1;
            row.users += u32::from(first_of_user);
        }
    }

    /// Takes a click back, and its user if this was the user's last here. A page without clicks is no page.
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

    /// Every page with a click. When it was first and last seen is not known here.
    pub(in crate::engine::local::query::board) fn iter(&self) -> impl Iterator<Item = PageFigures> {
        (0..).zip(&self.rows).filter(|(_, row)| row.clicks > 0).map(|(slot, row)| row.figures(PageId(slot)))
    }

    /// The pages with a click as they are now.
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

    /// Memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Row>()
            + self.by_key.allocation_size()
            + self.free.capacity() * size_of::<Slot>()
    }
}
