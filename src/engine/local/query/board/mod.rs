//! Boards: the rows that a view asks for, from the figures in memory, the figures in the database, or the clicks of a window.

mod compared;
mod filter;
mod limits;
mod rising;
mod rows;
mod slots;
mod stored;
mod window;

use std::cmp::Ordering;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::protocol::board::{Board, CountryRow, PageRow};
use crate::protocol::view::{RowOrder, SortedFigures, View};
use crate::storage::figures::PageFigures;
use crate::storage::{CountryId, Reader, StorageError};
pub use limits::Limits;
pub(crate) use rising::reaches_back;
pub(crate) use rows::{Rows, RowsError, RowsMissing, every_row, row_count};
pub(crate) use slots::BoardSlots;
pub use stored::{MadeBoard, Stamp, StoredBoards};
pub(crate) use window::{
    Counts, MinuteCount, RecentCount, RecentProgress, Rises, Tally, TrendCount, TrendCounts, TrendTally,
};

/// The rows of a view that sets no limit.
pub(crate) const DEFAULT_LIMIT: usize = 200;

/// How many clicks and urls one country has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CountryFigures {
    pub clicks: u64,
    pub urls: u64,
}

/// The figures that a board is made of.
pub(crate) struct BoardFigures<C, P> {
    /// Every country.
    pub countries: C,
    /// Every page; [`board`] leaves out the countries that the view does not show.
    pub pages: P,
}

/// The names of countries, each read from the database once.
#[derive(Debug, Default)]
pub(crate) struct CountryNames(HashMap<CountryId, Arc<str>>);

impl CountryNames {
    pub(crate) fn get(&mut self, id: CountryId, reader: &Reader) -> Result<Arc<str>, StorageError> {
        if let Some(name) = self.0.get(&id) {
            return Ok(Arc::clone(name));
        }
        let name: Arc<str> = reader.country(id)?.into();
        self.0.insert(id, Arc::clone(&name));
        Ok(name)
    }
}

/// Makes the board of `view`: one pass over the pages, and a sort of the rows that are shown.
///
/// # Errors
/// A text cannot be read from the database.
pub(crate) fn board<'a>(
    view: &View,
    figures: BoardFigures<impl Iterator<Item = (CountryId, CountryFigures)>, impl Iterator<Item = &'a PageFigures>>,
    names: &mut CountryNames,
    reader: &Reader,
) -> Result<Board, StorageError> {
    let mut top = TopPages::new(view, None, reader)?;
    for page in figures.pages {
        top.push(page);
    }
    finish(view, figures.countries, top, names, reader)
}

fn finish(
    view: &View,
    countries: impl Iterator<Item = (CountryId, CountryFigures)>,
    top: TopPages<'_>,
    names: &mut CountryNames,
    reader: &Reader,
) -> Result<Board, StorageError> {
    let mut countries = countries
        .map(|(id, figures)| {
            Ok(CountryRow { country: names.get(id, reader)?, clicks: figures.clicks, urls: figures.urls })
        })
        .collect::<Result<Vec<_>, StorageError>>()?;
    countries.sort_unstable_by(|a, b| (b.clicks, &a.country).cmp(&(a.clicks, &b.country)));
    let matching = top.matching;
    let pages = top
        .sorted()
        .iter()
        .map(|Ranked { page, .. }| page_row(page, reader.url(page.url)?.into(), names, reader))
        .collect::<Result<_, StorageError>>()?;
    Ok(Board { view: view.clone(), countries, pages, matching, problem: None, goes_on: false, comparison: None })
}

/// The row of `page`, whose url is `url`.
///
/// # Errors
/// The country's name cannot be read from the database.
pub(crate) fn page_row(
    page: &PageFigures,
    url: Arc<str>,
    names: &mut CountryNames,
    reader: &Reader,
) -> Result<PageRow, StorageError> {
    Ok(PageRow {
        url,
        country: names.get(page.country, reader)?,
        clicks: page.clicks,
        unique_users: page.unique_users,
        avg_time_spent: average_seconds(page),
        timed: Some(page.spent_count),
    })
}

/// Finds the first pages of a view among any number of pages, in bounded memory.
struct TopPages<'a> {
    order: RowOrder,
    limit: usize,
    /// `Some(None)` for a country that no click has named: it has no pages.
    country: Option<Option<CountryId>>,
    /// How much pages rise, if that is their order or there are some that are gone.
    rises: Option<&'a Rises>,
    rows: Vec<Ranked>,
    /// Pages behind this one are not among the first.
    last: Option<Ranked>,
    matching: u64,
}

/// A page with what it is sorted by beside its figures.
#[derive(Clone, Copy)]
struct Ranked {
    page: PageFigures,
    rise: f64,
}

impl<'a> TopPages<'a> {
    fn new(view: &View, rises: Option<&'a Rises>, reader: &Reader) -> Result<Self, StorageError> {
        let country = view.country.as_deref().map(|country| reader.country_id(country)).transpose()?;
        let limit = if view.limit == 0 { DEFAULT_LIMIT } else { view.limit };
        Ok(Self { order: view.order(), limit, country, rises, rows: Vec::new(), last: None, matching: 0 })
    }

    fn push(&mut self, page: &PageFigures) {
        if self.country.is_some_and(|country| country != Some(page.country)) {
            return;
        }
        self.matching += 1;
        let rise = self.rises.map_or(0.0, |rises| rises.of(page.url, page.country));
        let ranked = Ranked { page: *page, rise };
        if self.last.is_some_and(|last| compare_ranked(self.order, &ranked, &last).is_gt()) {
            return;
        }
        self.rows.push(ranked);
        if self.rows.len() >= self.limit.saturating_mul(4) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let order = self.order;
        if let Some(last) = self.limit.checked_sub(1)
            && last < self.rows.len()
        {
            self.rows.select_nth_unstable_by(last, |a, b| compare_ranked(order, a, b));
            self.rows.truncate(self.limit);
            self.last = self.rows.last().copied();
        }
    }

    fn sorted(mut self) -> Vec<Ranked> {
        self.cut();
        self.rows.sort_unstable_by(|a, b| compare_ranked(self.order, a, b));
        self.rows
    }
}

/// Mean time spent in seconds: the sum of the known gaps divided by their number.
fn average_seconds(page: &PageFigures) -> Option<f64> {
    (page.spent_count > 0).then(|| page.spent_ms as f64 / 1000.0 / page.spent_count as f64)
}

/// Largest first. Rows with equal figures keep their order from one board to the next.
fn compare(order: RowOrder, a: &PageFigures, b: &PageFigures) -> Ordering {
    let ranked = |page: &PageFigures| Ranked { page: *page, rise: 0.0 };
    compare_ranked(order, &ranked(a), &ranked(b))
}

fn compare_ranked(order: RowOrder, a: &Ranked, b: &Ranked) -> Ordering {
    let sorted = |Ranked { page, rise }: &Ranked| SortedFigures {
        clicks: page.clicks,
        unique_users: page.unique_users,
        average_seconds: average_seconds(page),
        timed: page.spent_count,
        rise: *rise,
    };
    // Of those that are gone, the ones that had most clicks come first.
    let both_are_gone = a.page.clicks == 0 && b.page.clicks == 0;
    let by_loss = || if both_are_gone { a.rise.total_cmp(&b.rise) } else { Ordering::Equal };
    let by_id = || (a.page.url, a.page.country).cmp(&(b.page.url, b.page.country));
    order.compare(&sorted(a), &sorted(b)).then_with(by_loss).then_with(by_id)
}

#[cfg(test)]
mod tests;
