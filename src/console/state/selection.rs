//! Which country and which url the reader is at. Both are held by name: rows change places between snapshots.

use std::sync::Arc;

use crate::protocol::board::Board;
use crate::protocol::view::Window;
use crate::protocol::{SortBy, View};

/// Urls asked of the pipeline; more than anyone scrolls through, few enough to send several times a second.
pub(crate) const URL_LIMIT: usize = 200;

/// A step through a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CursorMove {
    By(isize),
    First,
    Last,
}

impl CursorMove {
    /// Where it leads from `at` in a list of `len`; `None` if that is empty.
    pub(crate) fn apply(self, at: usize, len: usize) -> Option<usize> {
        let last = len.checked_sub(1)?;
        Some(match self {
            CursorMove::By(rows) => at.saturating_add_signed(rows).min(last),
            CursorMove::First => 0,
            CursorMove::Last => last,
        })
    }
}

/// The reader's place in the board.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// The country asked for; all of them if `None`.
    pub(crate) country: Option<String>,
    pub(crate) sort: SortBy,
    /// The time asked for.
    pub(crate) window: Window,
    /// Only urls that hold this.
    pub(crate) filter: String,
    /// First visible row of the countries.
    pub(crate) country_top: usize,
    /// The url under the cursor and its country; none until the reader goes there.
    pub(crate) page: Option<(Arc<str>, Arc<str>)>,
    /// Its row when last seen: where the cursor stays when the url is gone.
    page_row: usize,
    /// First visible row of the urls.
    pub(crate) page_top: usize,
}

impl Selection {
    /// What to ask of the pipeline.
    pub(crate) fn view(&self) -> View {
        View {
            country: self.country.clone(),
            sort: self.sort,
            limit: URL_LIMIT,
            window: self.window,
            filter: self.filter.clone(),
        }
    }

    /// Whether `board` is about the country, the time and the urls asked for; its order may still be the one before.
    pub(crate) fn is_about(&self, board: &Board) -> bool {
        let view = &board.view;
        view.country == self.country && view.window == self.window && view.filter == self.filter
    }

    /// Asks for the next window.
    pub(crate) fn cycle_window(&mut self) {
        self.window = match self.window {
            Window::AllTime => Window::LastHour,
            Window::LastHour => Window::LastFiveMinutes,
            Window::LastFiveMinutes => Window::AllTime,
        };
        self.leave_rows();
    }

    /// Asks for the urls that hold `filter`; true if those are others.
    pub(crate) fn ask_filter(&mut self, filter: String) -> bool {
        let changed = filter != self.filter;
        self.filter = filter;
        if changed {
            self.leave_rows();
        }
        changed
    }

    /// Other rows come: the cursor begins anew.
    fn leave_rows(&mut self) {
        self.page = None;
        self.page_row = 0;
        self.page_top = 0;
    }

    /// Row of the country asked for, where row 0 is all of them. `None` if the board does not have it.
    pub(crate) fn country_row(&self, board: &Board) -> Option<usize> {
        match &self.country {
            None => Some(0),
            Some(name) => board.countries.iter().position(|row| *row.country == **name).map(|at| at + 1),
        }
    }

    /// Moves through the countries; true if another one is asked for.
    pub(crate) fn step_country(&mut self, board: &Board, step: CursorMove) -> bool {
        let at = self.country_row(board).unwrap_or(0);
        let Some(row) = step.apply(at, board.countries.len() + 1) else { return false };
        self.ask_row(board, row)
    }

    /// Asks for the country in `row`, where row 0 is all of them; true if that is another one.
    pub(crate) fn ask_row(&mut self, board: &Board, row: usize) -> bool {
        let country = match row.checked_sub(1) {
            None => None,
            Some(at) => match board.countries.get(at) {
                Some(row) => Some(row.country.to_string()),
                None => return false,
            },
        };
        self.ask(country)
    }

    /// Asks for `country`; true if that is another one.
    pub(crate) fn ask(&mut self, country: Option<String>) -> bool {
        if country == self.country {
            return false;
        }
        self.country = country;
        self.leave_rows();
        true
    }

    /// Row of the url under the cursor.
    pub(crate) fn page_at(&self) -> Option<usize> {
        self.page.as_ref().map(|_| self.page_row)
    }

    /// Moves through the urls.
    pub(crate) fn step_page(&mut self, board: &Board, step: CursorMove) {
        let row = match (self.page_at(), step) {
            // The first step down shows the cursor; it does not jump over the first row.
            (None, CursorMove::By(rows)) if rows > 0 => Some(0),
            (at, step) => step.apply(at.unwrap_or(0), board.pages.len()),
        };
        self.pick_page(board, row.unwrap_or(0));
    }

    /// Puts the cursor on the url in `row`.
    pub(crate) fn pick_page(&mut self, board: &Board, row: usize) {
        if let Some(page) = board.pages.get(row) {
            self.page = Some((Arc::clone(&page.url), Arc::clone(&page.country)));
            self.page_row = row;
        }
    }

    /// Follows what is selected to its row in `board` and keeps it visible in `country_rows` and `page_rows`.
    pub(crate) fn settle(&mut self, board: &Board, country_rows: usize, page_rows: usize) {
        // What is not on the screen keeps its place for when it is again.
        if country_rows > 0 {
            let row = self.country_row(board).unwrap_or(0);
            self.country_top = keep_visible(self.country_top, Some(row), country_rows, board.countries.len() + 1);
        }
        if !self.is_about(board) {
            return;
        }
        if let Some((url, country)) = &self.page {
            let found = board.pages.iter().position(|page| page.url == *url && page.country == *country);
            match (found, board.pages.len().checked_sub(1)) {
                (Some(row), _) => self.page_row = row,
                (None, Some(last)) => self.pick_page(board, self.page_row.min(last)),
                (None, None) => self.page = None,
            }
        }
        if page_rows > 0 {
            self.page_top = keep_visible(self.page_top, self.page_at(), page_rows, board.pages.len());
        }
    }
}

/// The first visible row: moved no more than it takes to show `row`, and never so far that rows stay empty.
pub(crate) fn keep_visible(top: usize, row: Option<usize>, visible: usize, len: usize) -> usize {
    let visible = visible.max(1);
    let top = top.min(len.saturating_sub(visible));
    match row {
        Some(row) if row < top => row,
        Some(row) if row >= top + visible => row + 1 - visible,
        _ => top,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::board::{CountryRow, PageRow};

    fn board(countries: &[&str], urls: &[&str]) -> Board {
        Board {
            countries: countries
                .iter()
                .map(|name| CountryRow { country: (*name).into(), clicks: 1, urls: 1 })
                .collect(),
            pages: urls
                .iter()
                .map(|url| PageRow {
                    url: (*url).into(),
                    country: "DE".into(),
                    clicks: 1,
                    unique_users: 1,
                    avg_time_spent: None,
                })
                .collect(),
            ..Board::default()
        }
    }

    #[test]
    fn the_country_is_followed_by_name_when_the_order_changes() {
        let mut browse = Selection::default();
        assert!(browse.step_country(&board(&["US", "DE", "FR"], &[]), CursorMove::By(2)));
        assert_eq!(browse.country.as_deref(), Some("DE"));
        let later = board(&["FR", "US", "JP", "DE"], &[]);
        browse.settle(&later, 2, 10);
        assert_eq!((browse.country_row(&later), browse.country_top), (Some(4), 3));
        assert!(browse.step_country(&later, CursorMove::By(-1)));
        assert_eq!(browse.country.as_deref(), Some("JP"));
    }

    #[test]
    fn a_country_that_is_gone_stays_asked_for() {
        let mut browse = Selection { country: Some("DE".into()), ..Selection::default() };
        let without = board(&["US"], &[]);
        browse.settle(&without, 5, 5);
        assert_eq!((browse.country.as_deref(), browse.country_row(&without)), (Some("DE"), None));
    }

    #[test]
    fn the_url_cursor_follows_its_url_and_stays_near_when_that_is_gone() {
        let mut browse = Selection::default();
        let first = board(&[], &["/a", "/b", "/c"]);
        browse.step_page(&first, CursorMove::By(1));
        assert_eq!(browse.page_at(), Some(0), "the first step only shows the cursor");
        browse.step_page(&first, CursorMove::By(1));
        browse.settle(&board(&[], &["/c", "/a", "/b"]), 5, 5);
        assert_eq!(browse.page_at(), Some(2));
        browse.settle(&board(&[], &["/c"]), 5, 5);
        assert_eq!((browse.page_at(), browse.page.as_ref().map(|(url, _)| &**url)), (Some(0), Some("/c")));
        browse.settle(&board(&[], &[]), 5, 5);
        assert_eq!(browse.page_at(), None);
    }

    #[test]
    fn scrolling_moves_no_more_than_it_must() {
        assert_eq!(keep_visible(0, Some(4), 5, 20), 0);
        assert_eq!(keep_visible(0, Some(5), 5, 20), 1);
        assert_eq!(keep_visible(10, Some(3), 5, 20), 3);
        assert_eq!(keep_visible(18, None, 5, 20), 15);
        assert_eq!(keep_visible(3, Some(0), 0, 0), 0);
    }
}
