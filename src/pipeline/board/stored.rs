//! Boards out of the database: of a window, of a filter, and of everything while no aggregation runs.

use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use hashbrown::HashMap;

use super::filter::UrlFilter;
use super::window::WindowTally;
use super::{CountryFigures, CountryNames, TopPages, finish};
use crate::click::Timestamp;
use crate::pipeline::command::{View, Window};
use crate::pipeline::pattern::PatternError;
use crate::pipeline::snapshot::Board;
use crate::storage::{CountryId, Reader, StorageError};

/// How many rows are read between two looks at the clock.
const ROWS_A_LOOK: u32 = 4096;

/// What a board may cost at most; beyond it there is a problem in place of rows.
#[derive(Clone, Copy, Debug)]
pub(in crate::pipeline) struct Limits {
    /// Clicks of a window: bounds the memory that counting them takes.
    pub clicks: u64,
    /// Time to count a window.
    pub window: Duration,
    /// Time to go through the urls, or the figures.
    pub scan: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { clicks: 2_000_000, window: Duration::from_secs(1), scan: Duration::from_secs(10) }
    }
}

/// Makes boards from a reading connection.
pub(in crate::pipeline) struct StoredBoards {
    session_timeout_ms: i64,
    limits: Limits,
    names: CountryNames,
    filter: Option<UrlFilter>,
}

/// Why there are no rows.
enum Missing {
    TooManyClicks { window: Window, counted: u64 },
    TooSlow(&'static str, Duration),
    NoPattern(PatternError),
    Ended,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyClicks { window, counted } => {
                let (name, shorter) = match window {
                    Window::LastHour => ("hour", "choose the last five minutes or all time"),
                    Window::LastFiveMinutes | Window::AllTime => ("five minutes", "choose all time"),
                };
                write!(f, "the last {name} of clicks is too large to count live (gave up after {counted}); {shorter}")
            }
            Self::TooSlow(what, limit) => write!(f, "{what} took longer than {limit:?}; it is tried again"),
            Self::NoPattern(error) => write!(f, "the filter cannot be read: {error}"),
            Self::Ended => f.write_str("the pipeline ends"),
        }
    }
}

/// The clock of one board.
struct Clock<'a> {
    begin: Instant,
    rows: u32,
    ended: &'a dyn Fn() -> bool,
}

impl Clock<'_> {
    /// Whether another row may be read.
    fn row(&mut self, limit: Duration) -> ControlFlow<()> {
        self.rows = self.rows.wrapping_add(1);
        if self.rows.is_multiple_of(ROWS_A_LOOK) && (self.begin.elapsed() > limit || (self.ended)()) {
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
    pub(in crate::pipeline) fn new(session_timeout_ms: i64, limits: Limits) -> Self {
        Self { session_timeout_ms, limits, names: CountryNames::default(), filter: None }
    }

    /// Names of countries, read once.
    pub(in crate::pipeline) fn names(&mut self) -> &mut CountryNames {
        &mut self.names
    }

    /// What the board of `view` depends on: it needs to be made anew only when this differs.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(in crate::pipeline) fn stamp(view: &View, reader: &Reader) -> Result<i64, StorageError> {
        match view.window {
            Window::AllTime => reader.figures_version(),
            Window::LastHour | Window::LastFiveMinutes => reader.last_click(),
        }
    }

    /// The board of `view` as the database is at this moment. What takes too long is given up, also once `ended` is true:
    /// then the board holds a problem and no rows.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(in crate::pipeline) fn board(
        &mut self,
        view: &View,
        reader: &mut Reader,
        ended: &dyn Fn() -> bool,
    ) -> Result<Board, StorageError> {
        let mut clock = Clock { begin: Instant::now(), rows: 0, ended };
        let made = reader.consistent(|reader| {
            if let Err(missing) = self.look_at_urls(view, reader, &mut clock)? {
                return Ok(Err(missing));
            }
            match view.window.length() {
                None => self.of_all_time(view, reader, &mut clock),
                Some(length) => self.of_window(view, length, reader, &mut clock),
            }
        })?;
        Ok(made.unwrap_or_else(|missing| Board {
            view: view.clone(),
            problem: Some(missing.to_string()),
            ..Board::default()
        }))
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
        length: Duration,
        reader: &mut Reader,
        clock: &mut Clock<'_>,
    ) -> Result<Result<Board, Missing>, StorageError> {
        let limit = self.limits.window.saturating_add(clock.begin.elapsed());
        let mut tally = WindowTally::new(self.session_timeout_ms);
        if let Some(newest) = reader.newest_time()? {
            let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
            let begin = Timestamp::from_millis(newest.as_millis().saturating_sub(length));
            let mut counted = 0;
            let read = reader.clicks_since(begin, |click| {
                if counted >= self.limits.clicks {
                    return ControlFlow::Break(());
                }
                counted += 1;
                tally.count(click);
                clock.row(limit)
            })?;
            if read.is_break() {
                return Ok(Err(clock.gave_up(Missing::TooManyClicks { window: view.window, counted })));
            }
        }
        let mut top = TopPages::new(view, reader)?;
        let filter = self.filter.as_ref();
        for page in tally.pages().iter().filter(|page| filter.is_none_or(|filter| filter.keeps(page.url))) {
            top.push(page);
        }
        finish(view, tally.countries().into_iter(), top, &mut self.names, reader).map(Ok)
    }
}
