//! The span of time that a window is compared with. It ends exactly an hour, a day or a week before the window does.

use super::Progress;
use super::budget::{Budget, SliceEnd};
use super::live::{Counted, EndsWith, Live};
use super::live_tally::LiveTally;
use super::pages::Pages;
use super::parts::Parts;
use crate::click::Timestamp;
use crate::engine::local::query::board::limits::Limits;
use crate::protocol::compare::Ago;
use crate::protocol::view::Window;
use crate::storage::{Reader, StorageError};

/// Counts the earlier span for as long as somebody compares with it.
#[derive(Debug)]
pub(in crate::engine::local::query::board) struct EarlierCount {
    window: Window,
    ago: Ago,
    length_ms: i64,
    limits: Limits,
    /// `None` if the span does not fit into memory.
    live: Option<Box<Live<LiveTally>>>,
}

/// The window that the span is compared with.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine::local::query::board) struct ComparedWith {
    /// Every click up to this one, in order of arrival, is counted …
    pub(in crate::engine::local::query::board) up_to: i64,
    /// … if it is no newer than this, the window's end, in milliseconds since 1970.
    pub(in crate::engine::local::query::board) end: i64,
}

/// Figures of the earlier span.
#[derive(Debug)]
pub(in crate::engine::local::query::board) struct EarlierFigures<'a> {
    pub(in crate::engine::local::query::board) pages: &'a Pages,
    pub(in crate::engine::local::query::board) parts: &'a Parts,
}

impl EarlierCount {
    /// `None` for [`Window::AllTime`], which is compared with nothing.
    pub(in crate::engine::local::query::board) fn new(
        window: Window,
        ago: Ago,
        session_timeout_ms: i64,
        limits: Limits,
    ) -> Option<Self> {
        let length_ms = i64::try_from(window.length()?.as_millis()).unwrap_or(i64::MAX);
        let live = Live::new(LiveTally::new(session_timeout_ms, 0), EndsWith::Clock);
        Some(Self { window, ago, length_ms, limits, live: Some(Box::new(live)) })
    }

    /// Whether it counts for this view.
    pub(in crate::engine::local::query::board) fn is_for(&self, window: Window, ago: Ago) -> bool {
        (self.window, self.ago) == (window, ago)
    }

    /// The begin and the end of the span beside a window that ends at `end`, in milliseconds since 1970.
    pub(in crate::engine::local::query::board) fn span(&self, end: i64) -> (i64, i64) {
        let ago = i64::try_from(self.ago.length().as_millis()).unwrap_or(i64::MAX);
        let end = end.saturating_sub(ago);
        (end.saturating_sub(self.length_ms), end)
    }

    /// The length of the span in milliseconds.
    pub(in crate::engine::local::query::board) fn length_ms(&self) -> i64 {
        self.length_ms
    }

    /// Counts for about [`Limits::slice`], until the span has the place that belongs to `window`.
    ///
    /// # Errors
    /// The database cannot be read. The count cannot be continued then.
    pub(in crate::engine::local::query::board) fn go_on(
        &mut self,
        window: ComparedWith,
        reader: &mut Reader,
    ) -> Result<Progress, StorageError> {
        let (_, end) = self.span(window.end);
        let mut budget = Budget::new(self.limits, self.limits.live_bytes);
        // A slice that goes on with a move comes to where the window was when the move began, so there are two of them at most.
        for _ in 0..=2 {
            if self.figures(window).is_some() {
                return Ok(Progress::Ready);
            }
            let Some(live) = &mut self.live else { return Ok(Progress::TooLarge) };
            match live.go_on(self.length_ms, Timestamp::from_millis(end), reader, &mut budget)? {
                SliceEnd::Done => {}
                SliceEnd::TimeUp => return Ok(Progress::Counting(live.percent())),
                SliceEnd::Full => self.live = None,
                SliceEnd::Restart => **live = live.restarted(),
            }
        }
        Ok(if self.figures(window).is_some() { Progress::Ready } else { Progress::Counting(99) })
    }

    /// The figures beside `window`, if they are counted.
    pub(in crate::engine::local::query::board) fn figures(&self, window: ComparedWith) -> Option<EarlierFigures<'_>> {
        let Counted { tally, up_to, end } = self.live.as_ref()?.counted()?;
        let is_beside = end == self.span(window.end).1 && up_to >= window.up_to;
        is_beside.then(|| EarlierFigures { pages: tally.pages(), parts: tally.parts() })
    }
}
