//! Boards out of the database: of a window, of a filter, and of everything while no aggregation runs.

use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use hashbrown::HashMap;

use super::filter::UrlFilter;
use super::limits::Limits;
use super::window::{Progress, WindowCount};
use super::{CountryFigures, CountryNames, TopPages, finish};
use crate::click::Timestamp;
use crate::protocol::board::Board;
use crate::protocol::pattern::PatternError;
use crate::protocol::view::{View, Window};
use crate::storage::{CountryId, Reader, StorageError};

/// Seconds that figures grow older before it is said anew.
const AGE_STEP: u64 = 5;

/// What a board depends on: it needs to be made anew only when this differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The version of the figures, or the newest click counted in the order of arrival.
    state: i64,
    /// Where a window ends, in milliseconds since 1970.
    end: Option<i64>,
    /// How old figures are that cannot be kept new.
    age: Option<Duration>,
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

/// What came of making a board.
#[derive(Debug)]
pub struct Made {
    /// What it depends on; `None` if it has no rows.
    pub stamp: Option<Stamp>,
    /// The board; `None` if the one before is still right.
    pub board: Option<Board>,
    /// There is more to count: make it again at once.
    pub goes_on: bool,
}

/// Makes boards from a reading connection: of a window, of a filter, of everything. Whoever wants a board kept new asks
/// for it again and again.
pub struct StoredBoards {
    session_timeout_ms: i64,
    limits: Limits,
    names: CountryNames,
    filter: Option<UrlFilter>,
    pub(super) window: Option<WindowCount>,
}

/// Why there are no rows.
enum Missing {
    Counting { window: Window, percent: u8 },
    TooLarge(Window),
    TooSlow(&'static str, Duration),
    NoPattern(PatternError),
    Ended,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counting { window, percent } => write!(f, "counting the last {} … {percent}%", words(*window)),
            Self::TooLarge(window) => {
                write!(f, "the last {} has too many urls to be counted in memory; choose all time", words(*window))
            }
            Self::TooSlow(what, limit) => write!(f, "{what} took longer than {limit:?}; it is tried again"),
            Self::NoPattern(error) => write!(f, "the filter cannot be read: {error}"),
            Self::Ended => f.write_str("the pipeline ends"),
        }
    }
}

fn words(window: Window) -> &'static str {
    match window {
        Window::AllTime => "clicks",
        Window::LastHour => "hour",
        Window::LastFiveMinutes => "five minutes",
    }
}

/// The clock of one board.
struct Clock<'a> {
    begin: Instant,
    rows: u32,
    limits: Limits,
    ended: &'a dyn Fn() -> bool,
}

impl Clock<'_> {
    /// Whether another row may be read.
    fn row(&mut self, limit: Duration) -> ControlFlow<()> {
        self.rows = self.rows.wrapping_add(1);
        if self.rows.is_multiple_of(self.limits.rows_a_look) && (self.begin.elapsed() > limit || (self.ended)()) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn gave_up(&self, otherwise: Missing) -> Missing {
        if (self.ended)() { Missing::Ended } else { otherwise }
    }
}

impl StoredBoards {
    /// A gap beyond `session_timeout_ms` is no time spent.
    pub fn new(session_timeout_ms: i64, limits: Limits) -> Self {
        Self { session_timeout_ms, limits, names: CountryNames::default(), filter: None, window: None }
    }

    /// Names of countries, read once.
    pub(crate) fn names(&mut self) -> &mut CountryNames {
        &mut self.names
    }

    /// One that knows nothing of what this one has read.
    pub fn anew(&self) -> Self {
        Self::new(self.session_timeout_ms, self.limits)
    }

    /// Nobody wants a board for now: lets go of what only a window needs.
    pub fn rest(&mut self) {
        self.window = None;
    }

    /// Goes on with the board of `view`, which was last made with `known`, at the time `now`. What takes too long is given up,
    /// also once `ended` is true: then the board holds a problem and no rows.
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
    ) -> Result<Made, StorageError> {
        if self.window.as_ref().is_some_and(|count| count.window() != view.window) {
            self.window = None;
        }
        let mut clock = Clock { begin: Instant::now(), rows: 0, limits: self.limits, ended };
        let count = match self.window.take() {
            Some(count) => Some(count),
            None => WindowCount::new(view.window, self.session_timeout_ms, self.limits),
        };
        match count {
            None => {
                let stamp = Stamp { state: reader.figures_version()?, end: None, age: None };
                if known == Some(stamp) {
                    return Ok(Made { stamp: known, board: None, goes_on: false });
                }
                let made = reader.consistent(|reader| {
                    if let Err(missing) = self.look_at_urls(view, reader, &mut clock)? {
                        return Ok(Err(missing));
                    }
                    self.of_all_time(view, reader, &mut clock)
                })?;
                Ok(Made::from(view, made.map(|board| (stamp, board)), false))
            }
            Some(mut count) => {
                // After an error it is not put back, and begins anew.
                let progress = count.go_on(now, reader)?;
                let made = self.of_window(view, known, &count, progress, reader, &mut clock);
                self.window = Some(count);
                made
            }
        }
    }

    /// Makes the filter fit the view, and lets it see the urls that are new.
    fn look_at_urls(
        &mut self,
        view: &View,
        reader: &Reader,
        clock: &mut Clock<'_>,
    ) -> Result<Result<(), Missing>, StorageError> {
        if self.filter.as_ref().is_some_and(|filter| filter.text() != view.filter) {
            self.filter = None;
        }
        if view.filter.is_empty() {
            return Ok(Ok(()));
        }
        let limit = self.limits.scan;
        let filter = match &mut self.filter {
            Some(filter) => filter,
            none => match UrlFilter::new(&view.filter) {
                Ok(filter) => none.insert(filter),
                Err(error) => return Ok(Err(Missing::NoPattern(error))),
            },
        };
        let looked = filter.extend(reader, || clock.row(limit))?;
        // The next try goes on where this one ended.
        let missing = || clock.gave_up(Missing::TooSlow("looking through the urls", limit));
        Ok(if looked.is_break() { Err(missing()) } else { Ok(()) })
    }

    fn of_all_time(
        &mut self,
        view: &View,
        reader: &Reader,
        clock: &mut Clock<'_>,
    ) -> Result<Result<Board, Missing>, StorageError> {
        let limit = self.limits.scan.saturating_add(clock.begin.elapsed());
        let mut top = TopPages::new(view, reader)?;
        let mut countries: HashMap<CountryId, CountryFigures> = HashMap::new();
        let filter = self.filter.as_ref();
        let read = reader.figures_while(|page| {
            let country = countries.entry(page.country).or_default();
            country.clicks += page.clicks;
            country.urls += 1;
            if filter.is_none_or(|filter| filter.keeps(page.url)) {
                top.push(&page);
            }
            clock.row(limit)
        })?;
        if read.is_break() {
            return Ok(Err(clock.gave_up(Missing::TooSlow("reading the figures", self.limits.scan))));
        }
        finish(view, countries.into_iter(), top, &mut self.names, reader).map(Ok)
    }

    fn of_window(
        &mut self,
        view: &View,
        known: Option<Stamp>,
        count: &WindowCount,
        progress: Progress,
        reader: &mut Reader,
        clock: &mut Clock<'_>,
    ) -> Result<Made, StorageError> {
        let goes_on = matches!(progress, Progress::Counting(_));
        let Some(figures) = count.figures() else {
            // What is shown stays while it is brought up to date.
            if known.is_some() && goes_on {
                return Ok(Made { stamp: known, board: None, goes_on });
            }
            let missing = match progress {
                Progress::Counting(percent) => Missing::Counting { window: view.window, percent },
                Progress::Ready | Progress::TooLarge => Missing::TooLarge(view.window),
            };
            return Ok(Made::from(view, Err(clock.gave_up(missing)), goes_on));
        };
        let age = figures.swept.map(|(_, age)| Duration::from_secs(age.as_secs() / AGE_STEP * AGE_STEP));
        let stamp = Stamp { state: figures.up_to, end: Some(figures.end), age };
        if known == Some(stamp) {
            return Ok(Made { stamp: known, board: None, goes_on });
        }
        let made = reader.consistent(|reader| {
            if let Err(missing) = self.look_at_urls(view, reader, clock)? {
                return Ok(Err(missing));
            }
            let mut top = TopPages::new(view, reader)?;
            let filter = self.filter.as_ref();
            for page in figures.pages.iter().filter(|page| filter.is_none_or(|filter| filter.keeps(page.url))) {
                top.push(&page);
            }
            let mut board = finish(view, figures.pages.countries().into_iter(), top, &mut self.names, reader)?;
            if let (Some((passes, _)), Some(age)) = (figures.swept, age) {
                board.problem = Some(format!(
                    "{} s old: the last {} is too large to keep, and is counted anew in {passes} passes",
                    age.as_secs(),
                    words(view.window)
                ));
            }
            Ok(Ok(board))
        })?;
        Ok(Made::from(view, made.map(|board| (stamp, board)), goes_on))
    }
}

impl Made {
    fn from(view: &View, made: Result<(Stamp, Board), Missing>, goes_on: bool) -> Self {
        let (stamp, board) = match made {
            Ok((stamp, board)) => (Some(stamp), board),
            Err(missing) => {
                (None, Board { view: view.clone(), problem: Some(missing.to_string()), ..Board::default() })
            }
        };
        Self { stamp, board: Some(board), goes_on }
    }
}
