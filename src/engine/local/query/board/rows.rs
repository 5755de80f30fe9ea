//! Reads every row of a view, one by one, in the order of the view. Memory never holds all texts; for all time it
//! holds no rows either.

use std::ops::ControlFlow;

use super::window::PageRows;
use super::{CountryNames, StoredBoards, compare, page_row};
use crate::protocol::board::PageRow;
use crate::protocol::pattern::{Pattern, PatternError};
use crate::protocol::view::{View, Window};
use crate::storage::figures::PageFigures;
use crate::storage::{CountryId, Reader, StorageError};

/// Where the rows of a view come from.
#[derive(Debug)]
pub(crate) enum Rows {
    /// The figures in the database.
    Stored,
    /// A copy of the figures of a window.
    Window(PageRows),
}

/// Why the rows of a window cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowsMissing {
    /// They are still being counted.
    Counting,
    /// Nobody views this window, so it is not counted.
    NotViewed,
    /// The window cannot be counted within the memory limit.
    TooLarge,
}

impl StoredBoards {
    /// The current rows of `window`.
    pub(crate) fn rows_of(&self, window: Window) -> Result<Rows, RowsMissing> {
        if window == Window::AllTime {
            return Ok(Rows::Stored);
        }
        let Some(count) = self.windows.iter().find(|count| count.window() == window) else {
            return Err(RowsMissing::NotViewed);
        };
        match count.figures() {
            Some(figures) => Ok(Rows::Window(figures.pages.rows())),
            None if count.is_too_large() => Err(RowsMissing::TooLarge),
            None => Err(RowsMissing::Counting),
        }
    }
}

/// How many rows `view` has; `None` for a view with a filter, which would have to match every row.
///
/// # Errors
/// The database cannot be read.
pub(crate) fn row_count(view: &View, rows: &Rows, reader: &Reader) -> Result<Option<u64>, StorageError> {
    if !view.filter.is_empty() {
        return Ok(None);
    }
    let country = country_of(view, reader)?;
    Ok(Some(match (rows, country) {
        (_, Some(None)) => 0,
        (Rows::Stored, country) => reader.page_count_of(country.flatten())?,
        (Rows::Window(rows), country) => rows.count_of(country.flatten()),
    }))
}

/// Passes every row of `view` to `take`, in the view's order, until `take` breaks.
///
/// # Errors
/// The database cannot be read, or the filter is not a valid pattern.
pub(crate) fn every_row(
    view: &View,
    rows: Rows,
    reader: &Reader,
    take: &mut dyn FnMut(PageRow) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, RowsError> {
    let pattern = Pattern::parse(&view.filter)?;
    let country = match country_of(view, reader)? {
        Some(None) => return Ok(ControlFlow::Continue(())),
        country => country.flatten(),
    };
    let mut names = CountryNames::default();
    let mut hand_over = |page: &PageFigures| -> Result<ControlFlow<()>, StorageError> {
        let url = reader.url(page.url)?;
        if !pattern.keeps(&url) {
            return Ok(ControlFlow::Continue(()));
        }
        Ok(take(page_row(page, url.into(), &mut names, reader)?))
    };
    match rows {
        Rows::Stored => Ok(reader.figures_in_order(country, view.order(), &mut hand_over)?),
        Rows::Window(rows) => {
            for page in rows.sorted(country, |a, b| compare(view.order(), a, b)) {
                if hand_over(&page)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        }
    }
}

/// Why the rows of a view cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowsError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the filter cannot be read: {0}")]
    Filter(#[from] PatternError),
}

/// The country of `view`; `Some(None)` if no click has named it.
fn country_of(view: &View, reader: &Reader) -> Result<Option<Option<CountryId>>, StorageError> {
    view.country.as_deref().map(|country| reader.country_id(country)).transpose()
}
