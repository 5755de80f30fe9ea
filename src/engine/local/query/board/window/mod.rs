//! Figures of a window, counted from its clicks in slices of bounded time.
//!
//! A window ends with the newest click that is not ahead of the clock. Clicks ahead of the clock enter the window once the clock
//! has reached them, so a click with a wrong time in the future moves no window. Without new clicks, and without clicks ahead of
//! the clock, a window stands still.
//!
//! A click's time spent is the gap to its user's next click. That click lies in the window as well, unless it is ahead of the
//! clock, so the clicks of the window are enough to compute it.
//!
//! A window that fits into memory is filled once and then moves (`live.rs`): a refresh costs time for the clicks that entered and
//! left, whatever the size of the window. A larger window is counted anew each time, in several passes (`sweep.rs`).

mod budget;
mod earlier;
mod figures;
mod live;
mod live_tally;
mod minute;
mod page_counts;
mod pages;
mod parts;
mod recent;
mod sweep;
mod sweep_tally;
mod trend;

use self::budget::{Budget, SliceEnd};
pub(super) use self::earlier::{ComparedWith, EarlierCount, EarlierFigures};
pub(super) use self::figures::WindowFigures;
pub(crate) use self::live::Tally;
use self::live::{Counted, EndsWith, Live};
use self::live_tally::LiveTally;
pub(crate) use self::minute::{Counts, MinuteCount};
pub(super) use self::pages::PageRows;
pub(super) use self::parts::Parts;
pub(crate) use self::recent::{RecentCount, RecentProgress};
use self::sweep::{Sweep, SweptWindow};
pub(crate) use self::trend::{Rises, TrendCount, TrendCounts, TrendTally};
use super::limits::Limits;
use crate::click::Timestamp;
use crate::protocol::view::Window;
use crate::storage::{Reader, StorageError};

/// Counts one window for as long as somebody views it.
#[derive(Debug)]
pub(super) struct WindowCount {
    window: Window,
    length_ms: i64,
    session_timeout_ms: i64,
    limits: Limits,
    method: Method,
}

/// How the window is counted.
#[derive(Debug)]
enum Method {
    Live(Box<Live<LiveTally>>),
    Sweep(Box<Sweep>),
    TooLarge,
}

impl Method {
    fn live(session_timeout_ms: i64) -> Self {
        Self::Live(Box::new(Live::new(LiveTally::new(session_timeout_ms, 0), EndsWith::NewestClick)))
    }
}

/// How far the count of a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// [`WindowCount::figures`] are up to date.
    Ready,
    /// This many percent are counted.
    Counting(u8),
    /// The window cannot be counted within the memory limit.
    TooLarge,
}

impl WindowCount {
    /// `None` for [`Window::AllTime`]: the database holds those figures.
    pub(super) fn new(window: Window, session_timeout_ms: i64, limits: Limits) -> Option<Self> {
        let length_ms = i64::try_from(window.length()?.as_millis()).unwrap_or(i64::MAX);
        let method = Method::live(session_timeout_ms);
        Some(Self { window, length_ms, session_timeout_ms, limits, method })
    }

    pub(super) fn window(&self) -> Window {
        self.window
    }

    /// Whether the window cannot be counted within the memory limit.
    pub(super) fn is_too_large(&self) -> bool {
        matches!(self.method, Method::TooLarge)
    }

    /// Counts for about [`Limits::slice`]; the clock shows `now`.
    ///
    /// # Errors
    /// The database cannot be read. The count cannot be continued then.
    pub(super) fn go_on(&mut self, now: Timestamp, reader: &mut Reader) -> Result<Progress, StorageError> {
        let (length_ms, session_timeout_ms, limits) = (self.length_ms, self.session_timeout_ms, self.limits);
        let (end, percent, if_full) = match &mut self.method {
            Method::TooLarge => return Ok(Progress::TooLarge),
            Method::Live(live) => {
                let end = live.go_on(length_ms, now, reader, &mut Budget::new(limits, limits.live_bytes))?;
                (end, live.percent(), Method::Sweep(Box::new(Sweep::new())))
            }
            Method::Sweep(sweep) => {
                let window = SweptWindow { length_ms, session_timeout_ms, now };
                let budget = &mut Budget::new(limits, limits.sweep_bytes);
                (sweep.go_on(window, limits.live_bytes, reader, budget)?, sweep.percent(), Method::TooLarge)
            }
        };
        Ok(match end {
            SliceEnd::Done => Progress::Ready,
            SliceEnd::TimeUp => Progress::Counting(percent),
            SliceEnd::Full => {
                self.method = if_full;
                Progress::Counting(0)
            }
            SliceEnd::Restart => {
                self.method = Method::live(session_timeout_ms);
                Progress::Counting(0)
            }
        })
    }

    /// The newest complete figures.
    pub(super) fn figures(&self) -> Option<WindowFigures<'_>> {
        match &self.method {
            Method::Live(live) => live.counted().map(|Counted { tally, up_to, end }| WindowFigures {
                pages: tally.pages(),
                parts: Some(tally.parts()),
                up_to,
                end,
                swept: None,
            }),
            Method::Sweep(sweep) => sweep.figures(),
            Method::TooLarge => None,
        }
    }
}
