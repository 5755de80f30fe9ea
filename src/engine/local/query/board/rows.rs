//! Every row of a view, one by one in its order: memory holds none of the texts, and of all time none of the rows.

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
    /// The figures of a window, as they were when this was taken.
    Window(PageRows),
}

/// Why the rows of a window are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotThere {
    /// They are being counted, or brought up to date.
    Yet,
    /// Nobody looks at that window.
    Unseen,
    /// It cannot be counted.
    TooLarge,
}

impl StoredBoards {
    /// The rows of `window` at this moment.
    pub(crate) fn rows_of(&self, window: Window) -> Result<Rows, NotThere> {
        if window == Window::AllTime {
            return Ok(Rows::Stored);
        }
        let Some(count) = self.window.as_ref().filter(|count| count.window() == window) else {
            return Err(NotThere::Unseen);
        };
        match count.figures() {
            Some(figures) => Ok(Rows::Window(figures.pages.rows())),
            None if count.is_too_large() => Err(NotThere::TooLarge),
            None => Err(NotThere::Yet),
        }
    }
}

/// How many rows `view` has, where no filter has to look at each of them.
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

/// Hands every row of `view` to `take` in the view's order, until it has had enough.
///
/// # Errors
/// The database cannot be read, or the filter is no pattern.
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
        Rows::Stored => Ok(reader.figures_in_order(country, view.sort, &mut hand_over)?),
        Rows::Window(rows) => {
            for page in rows.sorted(country, |a, b| compare(view.sort, a, b)) {
                if hand_over(&page)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        }
    }
}

/// Why rows cannot be handed out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowsError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the filter cannot be read: {0}")]
    Filter(#[from] PatternError),
}

/// `Some(None)` for a country that no click named.
fn country_of(view: &View, reader: &Reader) -> Result<Option<Option<CountryId>>, StorageError> {
    view.country.as_deref().map(|country| reader.country_id(country)).transpose()
}
