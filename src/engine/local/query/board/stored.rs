//! Makes boards from the database: windows, filters, and all figures while the aggregation does not run.

use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use hashbrown::HashMap;

use super::compared::{self, Compared};
use super::filter::{UrlFilter, filter_of};
use super::limits::Limits;
use super::rising::Rising;
use super::window::{EarlierCount, Progress, TrendCounts, WindowCount};
use super::{CountryFigures, CountryNames, TopPages, finish};
use crate::click::Timestamp;
use crate::protocol::board::Board;
use crate::protocol::compare::Ago;
use crate::protocol::pattern::PatternError;
use crate::protocol::view::{View, Window};
use crate::storage::{CountryId, Reader, StorageError};

/// The shown age of figures changes in steps of this many seconds.
const AGE_STEP_SECONDS: u64 = 5;

/// What a board depends on. The board needs to be made again only when its stamp changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The version of the figures, or the newest counted click in order of arrival.
    state: i64,
    /// Where a window ends, in milliseconds since 1970.
    end: Option<i64>,
    /// How old the figures of a sweep are.
    age: Option<Duration>,
    /// Which clicks the order depends on, if it is that of the trends.
    order: Option<(i64, i64)>,
}

#[cfg(test)]
impl Stamp {
    pub(super) fn state(self) -> i64 {
        self.state
    }

    pub(super) fn end(self) -> Option<i64> {
        self.end
    }
}

/// The result of making a board.
#[derive(Debug)]
pub struct MadeBoard {
    /// What the board depends on; `None` if it has no rows.
    pub stamp: Option<Stamp>,
    /// The board; `None` if the previous one is still right.
    pub board: Option<Board>,
    /// There are more clicks to count: call again at once.
    pub goes_on: bool,
}

/// Makes boards from a reading connection. To keep a board up to date, call [`StoredBoards::make`] again and again.
pub struct StoredBoards {
    session_timeout_ms: i64,
    limits: Limits,
    names: CountryNames,
    filters: Vec<UrlFilter>,
    /// One for each span of time that somebody views.
    pub(super) windows: Vec<WindowCount>,
    /// One for each earlier span that somebody compares a window with.
    pub(super) earlier: Vec<EarlierCount>,
    /// The order of those that rise.
    rising: Rising,
}

/// Why a board has no rows.
enum NoRows {
    Counting { window: Window, percent: u8 },
    CountingTrends(u8),
    TooLarge(Window),
    TooSlow(&'static str, Duration),
    InvalidFilter(PatternError),
    Ended,
}

impl NoRows {
    /// Whether the rows come without anybody doing anything.
    fn is_for_now(&self) -> bool {
        match self {
            Self::Counting { .. } | Self::CountingTrends(_) | Self::TooSlow(..) => true,
            Self::TooLarge(_) | Self::InvalidFilter(_) | Self::Ended => false,
        }
    }
}

impl fmt::Display for NoRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counting { window, percent } => write!(f, "counting the last {} … {percent}%", window.words()),
            Self::CountingTrends(percent) => {
                write!(f, "counting the last ten minutes for this order … {percent}%")
            }
            Self::TooLarge(window) => {
                write!(f, "the last {} has too many urls to be counted in memory; choose all time", window.words())
            }
            Self::TooSlow(what, limit) => write!(f, "{what} took longer than {limit:?}; clicktop tries again"),
            Self::InvalidFilter(error) => write!(f, "the filter cannot be read: {error}"),
            Self::Ended => f.write_str("the pipeline is stopping"),
        }
    }
}

/// Limits the time for one board.
struct Deadline<'a> {
    begin: Instant,
    rows: u32,
    limits: Limits,
    ended: &'a dyn Fn() -> bool,
}

impl Deadline<'_> {
    /// Breaks if no other row may be read.
    fn spend_row(&mut self, limit: Duration) -> ControlFlow<()> {
        self.rows = self.rows.wrapping_add(1);
        if self.rows.is_multiple_of(self.limits.rows_per_check) && (self.begin.elapsed() > limit || (self.ended)()) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn gave_up(&self, otherwise: NoRows) -> NoRows {
        if (self.ended)() { NoRows::Ended } else { otherwise }
    }
}

impl StoredBoards {
    /// A gap longer than `session_timeout_ms` is not time spent.
    pub fn new(session_timeout_ms: i64, limits: Limits) -> Self {
        Self {
            session_timeout_ms,
            limits,
            names: CountryNames::default(),
            filters: Vec::new(),
            windows: Vec::new(),
            earlier: Vec::new(),
            rising: Rising::Counting(0),
        }
    }

    /// The names of countries.
    pub(crate) fn names(&mut self) -> &mut CountryNames {
        &mut self.names
    }

    /// The same, without anything that was read so far.
    pub fn anew(&self) -> Self {
        Self::new(self.session_timeout_ms, self.limits)
    }

    /// Frees the memory of windows and filters that are in none of these views.
    pub fn keep_only(&mut self, views: &[&View]) {
        self.windows.retain(|count| views.iter().any(|view| view.window == count.window()));
        self.earlier
            .retain(|count| views.iter().any(|view| view.compared().is_some_and(|ago| count.is_for(view.window, ago))));
        self.filters.retain(|filter| views.iter().any(|view| view.filter == filter.text()));
        if !views.iter().any(|view| view.is_by_trend()) {
            self.rising = Rising::Counting(0);
        }
    }

    /// The views in the order of those that rise have the order of `counts` from now on.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn order_by(&mut self, counts: TrendCounts<'_>, reader: &Reader) -> Result<(), StorageError> {
        self.rising.update(counts, reader)
    }

    /// Nobody knows any more which pages rise; so many percent of the clicks are counted.
    pub(crate) fn order_is_unknown(&mut self, percent: u8) {
        self.rising = Rising::Counting(percent);
    }

    /// Makes the board of `view`, or continues to count for it. The caller has a board with the stamp `known`; the clock shows
    /// `now`. If this takes too long, or `ended` becomes true, the board holds a problem and no rows.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn make(
        &mut self,
        view: &View,
        known: Option<Stamp>,
        now: Timestamp,
        reader: &mut Reader,
        ended: &dyn Fn() -> bool,
    ) -> Result<MadeBoard, StorageError> {
        let mut deadline = Deadline { begin: Instant::now(), rows: 0, limits: self.limits, ended };
        if let Some(Rising::Counting(percent)) = order_of(&self.rising, view) {
            return Ok(MadeBoard::from(view, Err(NoRows::CountingTrends(*percent)), false));
        }
        let order = order_of(&self.rising, view).and_then(Rising::stamp);
        let counted = self.windows.iter().position(|count| count.window() == view.window);
        let count = match counted {
            Some(at) => Some(self.windows.swap_remove(at)),
            None => WindowCount::new(view.window, self.session_timeout_ms, self.limits),
        };
        match count {
            None => {
                let stamp = Stamp { state: reader.figures_version()?, end: None, age: None, order };
                if known == Some(stamp) {
                    return Ok(MadeBoard { stamp: known, board: None, goes_on: false });
                }
                let made = reader.consistent(|reader| {
                    if let Err(no_rows) = self.update_filter(view, reader, &mut deadline)? {
                        return Ok(Err(no_rows));
                    }
                    self.of_all_time(view, reader, &mut deadline)
                })?;
                Ok(MadeBoard::from(view, made.map(|board| (Some(stamp), board)), false))
            }
            Some(mut count) => {
                // After an error the count is dropped, and the next call begins a new one.
                let progress = count.go_on(now, reader)?;
                let mut earlier = view.compared().and_then(|ago| self.take_earlier(view.window, ago));
                let made = self.of_window(view, known, (&count, progress), earlier.as_mut(), reader, &mut deadline);
                self.windows.push(count);
                if made.is_ok() {
                    self.earlier.extend(earlier);
                }
                made
            }
        }
    }

    /// The count of an earlier span; a new one if nobody has compared with it.
    fn take_earlier(&mut self, window: Window, ago: Ago) -> Option<EarlierCount> {
        match self.earlier.iter().position(|count| count.is_for(window, ago)) {
            Some(at) => Some(self.earlier.swap_remove(at)),
            None => EarlierCount::new(window, ago, self.session_timeout_ms, self.limits),
        }
    }

    /// Matches the filter of the view with the urls that are new.
    fn update_filter(
        &mut self,
        view: &View,
        reader: &Reader,
        deadline: &mut Deadline<'_>,
    ) -> Result<Result<(), NoRows>, StorageError> {
        if view.filter.is_empty() {
            return Ok(Ok(()));
        }
        let limit = self.limits.scan;
        let known = self.filters.iter().position(|filter| filter.text() == view.filter);
        let mut filter = match known {
            Some(at) => self.filters.swap_remove(at),
            None => match UrlFilter::new(&view.filter) {
                Ok(filter) => filter,
                Err(error) => return Ok(Err(NoRows::InvalidFilter(error))),
            },
        };
        let looked = filter.extend(reader, || deadline.spend_row(limit))?;
        // The next call continues where this one ended.
        self.filters.push(filter);
        let no_rows = || deadline.gave_up(NoRows::TooSlow("matching the urls", limit));
        Ok(if looked.is_break() { Err(no_rows()) } else { Ok(()) })
    }

    fn of_all_time(
        &mut self,
        view: &View,
        reader: &Reader,
        deadline: &mut Deadline<'_>,
    ) -> Result<Result<Board, NoRows>, StorageError> {
        let limit = self.limits.scan.saturating_add(deadline.begin.elapsed());
        let mut top = TopPages::new(view, order_of(&self.rising, view).and_then(Rising::rises), reader)?;
        let mut countries: HashMap<CountryId, CountryFigures> = HashMap::new();
        let filter = filter_of(&self.filters, view);
        let read = reader.figures_while(|page| {
            let country = countries.entry(page.country).or_default();
            country.clicks += page.clicks;
            country.urls += 1;
            if filter.is_none_or(|filter| filter.keeps(page.url)) {
                top.push(&page);
            }
            deadline.spend_row(limit)
        })?;
        if read.is_break() {
            return Ok(Err(deadline.gave_up(NoRows::TooSlow("reading the figures", self.limits.scan))));
        }
        let mut board = finish(view, countries.into_iter(), top, &mut self.names, reader)?;
        board.problem = self.note_of(view);
        Ok(Ok(board))
    }

    /// What to say of the order of rows that are there.
    fn note_of(&self, view: &View) -> Option<String> {
        let is_too_young = matches!(order_of(&self.rising, view), Some(Rising::TooYoung));
        is_too_young.then(|| "less than ten minutes are stored, so the order is that of the clicks".to_owned())
    }

    fn of_window(
        &mut self,
        view: &View,
        known: Option<Stamp>,
        (count, progress): (&WindowCount, Progress),
        earlier: Option<&mut EarlierCount>,
        reader: &mut Reader,
        deadline: &mut Deadline<'_>,
    ) -> Result<MadeBoard, StorageError> {
        let goes_on = matches!(progress, Progress::Counting(_));
        let order = order_of(&self.rising, view).and_then(Rising::stamp);
        let Some(figures) = count.figures() else {
            // The shown board stays while the window is counted.
            if known.is_some() && goes_on {
                return Ok(MadeBoard { stamp: known, board: None, goes_on });
            }
            let no_rows = match progress {
                Progress::Counting(percent) => NoRows::Counting { window: view.window, percent },
                Progress::Ready | Progress::TooLarge => NoRows::TooLarge(view.window),
            };
            return Ok(MadeBoard::from(view, Err(deadline.gave_up(no_rows)), goes_on));
        };
        let age =
            figures.swept.map(|(_, age)| Duration::from_secs(age.as_secs() / AGE_STEP_SECONDS * AGE_STEP_SECONDS));
        let stamp = Stamp { state: figures.up_to, end: Some(figures.end), age, order };
        if known == Some(stamp) {
            return Ok(MadeBoard { stamp: known, board: None, goes_on });
        }
        let (mut stamp, mut goes_on) = (Some(stamp), goes_on);
        let mut compared = None;
        if let (Some(earlier), Some(ago)) = (earlier, view.compared()) {
            let state = compared::go_on(earlier, &figures, reader)?;
            if matches!(state, Compared::Counting(_)) {
                goes_on = true;
                // The shown board stays while the earlier span is counted; the first one is without it.
                if known.is_some() {
                    return Ok(MadeBoard { stamp: known, board: None, goes_on });
                }
                stamp = None;
            }
            compared = Some((&*earlier, ago, state));
        }
        // What was counted stays in memory when retention takes clicks of it; it is no comparison any more.
        let known = compared.filter(|(.., state)| *state == Compared::Known);
        let then = known.and_then(|(earlier, ..)| earlier.figures(compared::beside(&figures)));
        let made = reader.consistent(|reader| {
            if let Err(no_rows) = self.update_filter(view, reader, deadline)? {
                return Ok(Err(no_rows));
            }
            let rises = then.as_ref().map(|then| compared::rises(&figures, then));
            let rises = rises.as_ref().or_else(|| order_of(&self.rising, view).and_then(Rising::rises));
            let mut top = TopPages::new(view, rises, reader)?;
            let filter = filter_of(&self.filters, view);
            let gone = then.iter().flat_map(|then| compared::gone(&figures, then));
            let pages = figures.pages.iter().chain(gone);
            for page in pages.filter(|page| filter.is_none_or(|filter| filter.keeps(page.url))) {
                top.push(&page);
            }
            let mut board = finish(view, figures.pages.countries().into_iter(), top, &mut self.names, reader)?;
            board.problem = self.note_of(view);
            if let Some((earlier, ago, state)) = compared {
                board.problem = compared::note(state, view.window, ago);
                board.goes_on = matches!(state, Compared::Counting(_));
                if let Some(then) = &then {
                    compared::put_beside(&mut board, ago, earlier, (&figures, then), &mut self.names, reader)?;
                }
            }
            if let (Some((passes, _)), Some(age)) = (figures.swept, age) {
                board.problem = Some(format!(
                    "{} s old: the last {} does not fit into memory, so clicktop counts it anew in {passes} passes",
                    age.as_secs(),
                    view.window.words()
                ));
            }
            Ok(Ok(board))
        })?;
        Ok(MadeBoard::from(view, made.map(|board| (stamp, board)), goes_on))
    }
}

/// What is known of the order of those that rise, if `view` has it.
fn order_of<'a>(rising: &'a Rising, view: &View) -> Option<&'a Rising> {
    view.is_by_trend().then_some(rising)
}

impl MadeBoard {
    fn from(view: &View, made: Result<(Option<Stamp>, Board), NoRows>, goes_on: bool) -> Self {
        let (stamp, board) = match made {
            Ok(made) => made,
            Err(no_rows) => {
                let (problem, goes_on) = (Some(no_rows.to_string()), no_rows.is_for_now());
                (None, Board { view: view.clone(), problem, goes_on, ..Board::default() })
            }
        };
        Self { stamp, board: Some(board), goes_on }
    }
}
