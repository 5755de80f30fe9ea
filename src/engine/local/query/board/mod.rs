//! The rows a view asks for: out of the figures in memory, the figures in the database, or the clicks of a window.

mod filter;
mod limits;
mod rows;
mod stored;
mod window;

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use hashbrown::HashMap;
use tokio::sync::watch;

use crate::protocol::board::{Board, CountryRow, PageRow};
use crate::protocol::view::{SortBy, View};
use crate::storage::figures::PageFigures;
use crate::storage::{CountryId, Reader, StorageError};
pub use limits::Limits;
pub(crate) use rows::{NotThere, Rows, RowsError, every_row, row_count};
pub use stored::{Made, Stamp, StoredBoards};
pub(crate) use window::{Counts, MinuteCount, MinuteProgress};

/// Rows of a view that leaves the limit to us.
const DEFAULT_LIMIT: usize = 200;

/// Clicks and urls of one country.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CountryFigures {
    pub clicks: u64,
    pub urls: u64,
}

/// The figures behind a board.
pub(crate) struct Figures<C, P> {
    /// Every country.
    pub countries: C,
    /// Every page; those of other countries than the view's are left out here.
    pub pages: P,
}

/// Where the board stands that the snapshots show. A board goes there only while its view is the one asked for, so
/// that of two makers the one whose turn has passed cannot cover the other's board.
#[derive(Clone, Debug)]
pub(crate) struct BoardSlot {
    view: watch::Receiver<View>,
    board: watch::Sender<Arc<Board>>,
}

impl BoardSlot {
    pub(crate) fn new(view: watch::Receiver<View>) -> Self {
        Self { view, board: watch::Sender::default() }
    }

    /// The view asked for.
    pub(crate) fn view(&self) -> View {
        self.view.borrow().clone()
    }

    /// Tells of other views than the one asked for at this moment.
    pub(crate) fn views(&self) -> watch::Receiver<View> {
        self.view.clone()
    }

    /// The board shown.
    pub(crate) fn shown(&self) -> Arc<Board> {
        Arc::clone(&self.board.borrow())
    }

    /// What was shown is no longer so.
    pub(crate) fn clear(&self) {
        let view = self.view();
        self.board.send_replace(Arc::new(Board { view, ..Board::default() }));
    }

    /// Shows `board` if its view is still asked for and `still` says that it is the caller's turn; whether it did.
    pub(crate) fn publish(&self, board: Board, still: impl FnOnce() -> bool) -> bool {
        self.board.send_if_modified(|shown| {
            let wanted = *self.view.borrow() == board.view && still();
            if wanted {
                *shown = Arc::new(board);
            }
            wanted
        })
    }
}

/// Names of countries, read once.
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

/// Makes the board of `view`. Costs one pass over the pages and a sort of the rows shown.
///
/// # Errors
/// A text cannot be read from the database.
pub(crate) fn board<'a>(
    view: &View,
    figures: Figures<impl Iterator<Item = (CountryId, CountryFigures)>, impl Iterator<Item = &'a PageFigures>>,
    names: &mut CountryNames,
    reader: &Reader,
) -> Result<Board, StorageError> {
    let mut top = TopPages::new(view, reader)?;
    for page in figures.pages {
        top.push(page);
    }
    finish(view, figures.countries, top, names, reader)
}

fn finish(
    view: &View,
    countries: impl Iterator<Item = (CountryId, CountryFigures)>,
    top: TopPages,
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
        .map(|page| page_row(page, reader.url(page.url)?.into(), names, reader))
        .collect::<Result<_, StorageError>>()?;
    Ok(Board { view: view.clone(), countries, pages, matching, problem: None })
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
    })
}

/// The first pages of a view out of any number of them, in bounded memory.
struct TopPages {
    sort: SortBy,
    limit: usize,
    /// `Some(None)` for a country that no click named: nothing is of it.
    country: Option<Option<CountryId>>,
    rows: Vec<PageFigures>,
    /// What comes after this one does not come in.
    last: Option<PageFigures>,
    matching: u64,
}

impl TopPages {
    fn new(view: &View, reader: &Reader) -> Result<Self, StorageError> {
        let country = view.country.as_deref().map(|country| reader.country_id(country)).transpose()?;
        let limit = if view.limit == 0 { DEFAULT_LIMIT } else { view.limit };
        Ok(Self { sort: view.sort, limit, country, rows: Vec::new(), last: None, matching: 0 })
    }

    fn push(&mut self, page: &PageFigures) {
        if self.country.is_some_and(|country| country != Some(page.country)) {
            return;
        }
        self.matching += 1;
        if self.last.is_some_and(|last| compare(self.sort, page, &last).is_gt()) {
            return;
        }
        self.rows.push(*page);
        if self.rows.len() >= self.limit.saturating_mul(4) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let sort = self.sort;
        if let Some(last) = self.limit.checked_sub(1)
            && last < self.rows.len()
        {
            self.rows.select_nth_unstable_by(last, |a, b| compare(sort, a, b));
            self.rows.truncate(self.limit);
            self.last = self.rows.last().copied();
        }
    }

    fn sorted(mut self) -> Vec<PageFigures> {
        self.cut();
        self.rows.sort_unstable_by(|a, b| compare(self.sort, a, b));
        self.rows
    }
}

/// Mean time spent in seconds: the sum of the known gaps by their count.
fn average_seconds(page: &PageFigures) -> Option<f64> {
    (page.spent_count > 0).then(|| page.spent_ms as f64 / 1000.0 / page.spent_count as f64)
}

/// Largest first; rows that are alike keep their order from one board to the next.
fn compare(sort: SortBy, a: &PageFigures, b: &PageFigures) -> Ordering {
    let by_clicks = |page: &PageFigures| Reverse((page.clicks, page.unique_users));
    let order = match sort {
        SortBy::Clicks => by_clicks(a).cmp(&by_clicks(b)),
        SortBy::Users => Reverse((a.unique_users, a.clicks)).cmp(&Reverse((b.unique_users, b.clicks))),
        SortBy::Time => match (average_seconds(a), average_seconds(b)) {
            (Some(a), Some(b)) => b.total_cmp(&a),
            (a, b) => a.is_none().cmp(&b.is_none()),
        }
        .then_with(|| by_clicks(a).cmp(&by_clicks(b))),
    };
    order.then_with(|| (a.url, a.country).cmp(&(b.url, b.country)))
}

#[cfg(test)]
mod tests;
