//! Figures of the clicks of a window, counted from the clicks themselves, in slices of bounded time.
//!
//! A window ends with the newest click that is not ahead of the clock; what is ahead comes in once the clock has reached it.
//! So a click that claims to be of the future moves no window, and while nothing comes and nothing waits, none moves.
//!
//! A click's time spent is the gap to its user's next click. Unless that one is ahead of the clock, it lies in the window,
//! too: the clicks of the window are all it takes.
//!
//! A window that fits into memory is filled once and moves from then on (`live.rs`): what a refresh costs depends on the
//! clicks that have come and gone, not on how many there are. One that does not is counted anew each time, in several
//! passes (`sweep.rs`).

mod live;
mod live_tally;
mod minute;
mod pages;
mod slice;
mod sweep;
mod sweep_tally;

use self::live::{Counted, Live};
use self::live_tally::LiveTally;
pub(crate) use self::minute::{Counts, MinuteCount, MinuteProgress};
pub(super) use self::pages::PageRows;
pub(super) use self::slice::WindowFigures;
use self::slice::{Slice, Span, Step};
use self::sweep::Sweep;
use super::limits::Limits;
use crate::click::Timestamp;
use crate::protocol::view::Window;
use crate::storage::{Reader, StorageError};

/// Counts one window for as long as somebody looks at it.
#[derive(Debug)]
pub(super) struct WindowCount {
    window: Window,
    length_ms: i64,
    session_timeout_ms: i64,
    limits: Limits,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Live(Box<Live<LiveTally>>),
    Sweep(Box<Sweep>),
    TooLarge,
}

/// How far a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// [`WindowCount::figures`] are as new as they get.
    Ready,
    /// So many percent of it.
    Counting(u8),
    /// It cannot be counted in the memory there is.
    TooLarge,
}

impl WindowCount {
    /// `None` for all time, which is no window.
    pub(super) fn new(window: Window, session_timeout_ms: i64, limits: Limits) -> Option<Self> {
        let length_ms = i64::try_from(window.length()?.as_millis()).unwrap_or(i64::MAX);
        let way = Way::Live(Box::new(Live::new(LiveTally::new(session_timeout_ms, 0))));
        Some(Self { window, length_ms, session_timeout_ms, limits, way })
    }

    pub(super) fn window(&self) -> Window {
        self.window
    }

    /// Whether it cannot be counted in the memory there is.
    pub(super) fn is_too_large(&self) -> bool {
        matches!(self.way, Way::TooLarge)
    }

    /// Counts for about the time of a slice; the clock shows `now`.
    ///
    /// # Errors
    /// The database cannot be read; then the count must begin anew.
    pub(super) fn go_on(&mut self, now: Timestamp, reader: &mut Reader) -> Result<Progress, StorageError> {
        let mut slice = Slice::new(self.limits);
        let (length_ms, session_timeout_ms, limits) = (self.length_ms, self.session_timeout_ms, self.limits);
        let (step, percent, fuller) = match &mut self.way {
            Way::TooLarge => return Ok(Progress::TooLarge),
            Way::Live(live) => {
                let step = live.go_on(length_ms, now, limits.live_bytes, reader, &mut slice)?;
                (step, live.percent(), Way::Sweep(Box::new(Sweep::new())))
            }
            Way::Sweep(sweep) => {
                let step = sweep.go_on(Span { length_ms, session_timeout_ms, now }, limits, reader, &mut slice)?;
                (step, sweep.percent(), Way::TooLarge)
            }
        };
        Ok(match step {
            Step::Done => Progress::Ready,
            Step::SliceOver => Progress::Counting(percent),
            Step::Full => {
                self.way = fuller;
                Progress::Counting(0)
            }
            Step::Anew => {
                self.way = Way::Live(Box::new(Live::new(LiveTally::new(session_timeout_ms, 0))));
                Progress::Counting(0)
            }
        })
    }

    /// The newest figures that are whole.
    pub(super) fn figures(&self) -> Option<WindowFigures<'_>> {
        match &self.way {
            Way::Live(live) => live.counted().map(|Counted { tally, up_to, end }| WindowFigures {
                pages: tally.pages(),
                up_to,
                end,
                swept: None,
            }),
            Way::Sweep(sweep) => sweep.figures(),
            Way::TooLarge => None,
        }
    }
}
