//! What the user selected of the figures: country, time window, filter, order, and the url under the cursor.
//!
//! Country and url are kept by name, because rows change places between snapshots.

use std::sync::Arc;

use super::list::{CursorMove, keep_visible};
use crate::protocol::board::Board;
use crate::protocol::compare::{Ago, Comparison};
use crate::protocol::view::{MIN_TIMED, Window};
use crate::protocol::{SortBy, View};

/// Urls that the console asks for: more than anyone scrolls through, and few enough to send several times a second.
pub(crate) const URL_LIMIT: usize = 200;

/// What the user selected of the figures.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    /// The country; `None` for all countries.
    pub(crate) country: Option<String>,
    pub(crate) sort: SortBy,
    /// In the order by time, urls with fewer known times come after all others.
    pub(crate) min_timed: u64,
    /// The time window of the figures.
    pub(crate) window: Window,
    /// The window is compared with the same span so long ago. Never set for all time.
    pub(crate) compare: Option<Ago>,
    /// The window that comes back once nothing is compared any more; `None` if the user chose the one that is on.
    window_before: Option<Window>,
    /// Only urls that match it, as the user typed it.
    pub(crate) filter: String,
    /// The first visible row of the countries.
    pub(crate) country_top: usize,
    /// The url under the cursor and its country; `None` until the user moves the cursor there.
    pub(crate) page: Option<(Arc<str>, Arc<str>)>,
    /// The row in which that url was last seen. The cursor stays there if the url is gone.
    page_row: usize,
    /// The first visible row of the urls.
    pub(crate) page_top: usize,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            country: None,
            sort: SortBy::default(),
            min_timed: MIN_TIMED,
            window: Window::default(),
            compare: None,
            window_before: None,
            filter: String::new(),
            country_top: 0,
            page: None,
            page_row: 0,
            page_top: 0,
        }
    }
}

impl Selection {
    /// The view to ask the pipeline for.
    pub(crate) fn view(&self) -> View {
        View {
            country: self.country.clone(),
            sort: self.sort,
            limit: URL_LIMIT,
            window: self.window,
            filter: self.filter.clone(),
            // The other orders have no use for it.
            min_timed: if self.sort == SortBy::Time { self.min_timed } else { 0 },
            compare: self.compare,
        }
    }

    /// Whether `board` answers this selection. Its rows may still have the order before.
    pub(crate) fn is_about(&self, board: &Board) -> bool {
        let view = &board.view;
        view.country == self.country
            && view.window == self.window
            && view.filter == self.filter
            && view.compare == self.compare
    }

    /// The comparison that `board` has, if the user wants one. While another one is counted, it is still the one before.
    pub(crate) fn comparison<'b>(&self, board: &'b Board) -> Option<&'b Comparison> {
        board.comparison.as_deref().filter(|_| self.compare.is_some())
    }

    /// Why `board` has no comparison, if the user wants one.
    pub(crate) fn uncompared<'b>(&self, board: &'b Board) -> Option<&'b str> {
        let is_wanted = self.compare.is_some() && self.is_about(board) && board.comparison.is_none();
        board.problem.as_deref().filter(|_| is_wanted)
    }

    /// Selects the next time window.
    pub(crate) fn cycle_window(&mut self) {
        self.choose_window(match self.window {
            Window::AllTime => Window::LastHour,
            Window::LastHour => Window::LastFiveMinutes,
            Window::LastFiveMinutes => Window::AllTime,
        });
    }

    /// Selects the time window `window`. Nothing was before all time, so a comparison ends with it.
    pub(crate) fn choose_window(&mut self, window: Window) {
        self.window = window;
        self.window_before = None;
        if window == Window::AllTime {
            self.compare = None;
        }
        self.forget_page();
    }

    /// Compares the window with the same span so long ago. Meanwhile, all time becomes the last five minutes.
    pub(crate) fn compare_with(&mut self, ago: Option<Ago>) {
        self.compare = ago;
        if ago.is_some() && self.window == Window::AllTime {
            self.choose_window(Window::LastFiveMinutes);
            self.window_before = Some(Window::AllTime);
        } else if let (None, Some(before)) = (ago, self.window_before) {
            self.choose_window(before);
        }
    }

    /// Selects the urls that match `filter`. True if the filter changes.
    pub(crate) fn set_filter(&mut self, filter: String) -> bool {
        let changed = filter != self.filter;
        self.filter = filter;
        if changed {
            self.forget_page();
        }
        changed
    }

    /// Takes the cursor away, because other rows come.
    fn forget_page(&mut self) {
        self.page = None;
        self.page_row = 0;
        self.page_top = 0;
    }

    /// The row of the selected country; row 0 is all countries. `None` if the board does not have the country.
    pub(crate) fn country_row(&self, board: &Board) -> Option<usize> {
        match &self.country {
            None => Some(0),
            Some(name) => board.countries.iter().position(|row| *row.country == **name).map(|at| at + 1),
        }
    }

    /// Moves through the countries. True if another country is selected.
    pub(crate) fn move_country(&mut self, board: &Board, cursor_move: CursorMove) -> bool {
        let at = self.country_row(board).unwrap_or(0);
        let Some(row) = cursor_move.apply(at, board.countries.len() + 1) else { return false };
        self.select_country_row(board, row)
    }

    /// Selects the country in `row`; row 0 is all countries. True if another country is selected.
    pub(crate) fn select_country_row(&mut self, board: &Board, row: usize) -> bool {
        let country = match row.checked_sub(1) {
            None => None,
            Some(at) => match board.countries.get(at) {
                Some(row) => Some(row.country.to_string()),
                None => return false,
            },
        };
        self.select_country(country)
    }

    /// Selects `country`. True if it was not selected before.
    pub(crate) fn select_country(&mut self, country: Option<String>) -> bool {
        if country == self.country {
            return false;
        }
        self.country = country;
        self.forget_page();
        true
    }

    /// The row of the url under the cursor.
    pub(crate) fn page_row(&self) -> Option<usize> {
        self.page.as_ref().map(|_| self.page_row)
    }

    /// Moves through the urls.
    pub(crate) fn move_page(&mut self, board: &Board, cursor_move: CursorMove) {
        let row = match (self.page_row(), cursor_move) {
            // The first move down shows the cursor on the first row; it does not pass over that row.
            (None, CursorMove::By(rows)) if rows > 0 => Some(0),
            (at, cursor_move) => cursor_move.apply(at.unwrap_or(0), board.pages.len()),
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

    /// Puts the cursor on `url` in `country`, which may only come with the next board.
    pub(crate) fn expect_page(&mut self, url: Arc<str>, country: Arc<str>) {
        self.page = Some((url, country));
    }

    /// Moves the cursors to the rows of country and url in `board`, and keeps them visible. So many rows of each are visible.
    pub(crate) fn settle(&mut self, board: &Board, country_rows: usize, page_rows: usize) {
        // A list that is not visible keeps its place.
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
            self.page_top = keep_visible(self.page_top, self.page_row(), page_rows, board.pages.len());
        }
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
                    timed: None,
                })
                .collect(),
            ..Board::default()
        }
    }

    #[test]
    fn the_cursor_follows_its_country_when_the_order_changes() {
        let mut selection = Selection::default();
        assert!(selection.move_country(&board(&["US", "DE", "FR"], &[]), CursorMove::By(2)));
        assert_eq!(selection.country.as_deref(), Some("DE"));
        let later = board(&["FR", "US", "JP", "DE"], &[]);
        selection.settle(&later, 2, 10);
        assert_eq!((selection.country_row(&later), selection.country_top), (Some(4), 3));
        assert!(selection.move_country(&later, CursorMove::By(-1)));
        assert_eq!(selection.country.as_deref(), Some("JP"));
    }

    #[test]
    fn a_country_that_is_gone_stays_selected() {
        let mut selection = Selection { country: Some("DE".into()), ..Selection::default() };
        let without = board(&["US"], &[]);
        selection.settle(&without, 5, 5);
        assert_eq!((selection.country.as_deref(), selection.country_row(&without)), (Some("DE"), None));
    }

    #[test]
    fn the_cursor_follows_its_url_and_stays_in_its_row_when_the_url_is_gone() {
        let mut selection = Selection::default();
        let first = board(&[], &["/a", "/b", "/c"]);
        selection.move_page(&first, CursorMove::By(1));
        assert_eq!(selection.page_row(), Some(0), "the first move only shows the cursor");
        selection.move_page(&first, CursorMove::By(1));
        selection.settle(&board(&[], &["/c", "/a", "/b"]), 5, 5);
        assert_eq!(selection.page_row(), Some(2));
        selection.settle(&board(&[], &["/c"]), 5, 5);
        assert_eq!((selection.page_row(), selection.page.as_ref().map(|(url, _)| &**url)), (Some(0), Some("/c")));
        selection.settle(&board(&[], &[]), 5, 5);
        assert_eq!(selection.page_row(), None);
    }
}
