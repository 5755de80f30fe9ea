//! Slices of bounded time in which a window is counted, and what comes out of them.

use std::time::{Duration, Instant};

use super::pages::Pages;
use crate::click::Timestamp;
use crate::engine::local::query::board::limits::Limits;
use crate::storage::TimePosition;

/// Figures of a window.
#[derive(Debug)]
pub(in crate::engine::local::query::board) struct WindowFigures<'a> {
    pub pages: &'a Pages,
    /// They are those of every click up to this one …
    pub up_to: i64,
    /// … that is no newer than this, the window's end, in milliseconds since 1970.
    pub end: i64,
    /// Passes, and how old they are, where the window is counted anew each time.
    pub swept: Option<(u32, Duration)>,
}

/// Bounds one slice of the work.
pub(super) struct Slice {
    pub(super) until: Instant,
    pub(super) rows_a_look: u32,
    pub(super) rows: u32,
}

impl Slice {
    pub(super) fn new(limits: Limits) -> Self {
        Self { until: Instant::now() + limits.slice, rows_a_look: limits.rows_a_look, rows: 0 }
    }

    /// Whether it is time to look at clock and memory.
    pub(super) fn looks(&mut self) -> bool {
        self.rows = self.rows.wrapping_add(1);
        self.rows.is_multiple_of(self.rows_a_look)
    }

    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }
}

/// What a sweep counts.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) length_ms: i64,
    pub(super) session_timeout_ms: i64,
    pub(super) now: Timestamp,
}

/// How a slice ended.
pub(super) enum Step {
    /// The figures are whole.
    Done,
    /// There is more to do.
    SliceOver,
    /// It no longer fits into memory.
    Full,
    /// Its clock has jumped.
    Anew,
}

/// How much of the time from `begin` to `end` lies before `place`, of `whole`.
pub(super) fn share(place: &TimePosition, begin: i64, end: i64, whole: u8) -> u8 {
    let all = i128::from(end) - i128::from(begin);
    let gone = i128::from(place.time().as_millis()) - i128::from(begin);
    let share = if all > 0 { gone * i128::from(whole) / all } else { 0 };
    u8::try_from(share.clamp(0, i128::from(whole.saturating_sub(1)))).unwrap_or(0)
}
