//! A window that does not fit into memory. Each time, several passes over its clicks count it from the beginning.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::budget::{Budget, SliceEnd};
use super::figures::WindowFigures;
use super::pages::Pages;
use super::sweep_tally::SweepTally;
use crate::click::Timestamp;
use crate::engine::local::query::percent::percent_before;
use crate::storage::{Reader, StorageError, TimePosition};

/// Sweeps take at most a quarter of the time.
const TIME_SHARE: u32 = 4;

/// A window that needs more passes than this is not counted: the passes would take minutes.
const MAX_PASSES: u32 = 64;

/// A window that is counted anew, in passes.
#[derive(Debug)]
pub(super) struct Sweep {
    passes: u32,
    /// The round under way.
    round: Option<SweepRound>,
    /// What the last finished round has counted.
    done: Option<Counted>,
}

#[derive(Debug)]
struct Counted {
    pages: Pages,
    /// The last counted click in order of arrival.
    up_to: i64,
    /// The window's end, in milliseconds since 1970.
    end: i64,
    /// When the round began.
    started: Instant,
    /// When the next round may begin.
    next_round: Instant,
}

/// What a sweep counts.
#[derive(Clone, Copy)]
pub(super) struct SweptWindow {
    pub(super) length_ms: i64,
    pub(super) session_timeout_ms: i64,
    pub(super) now: Timestamp,
}

/// One count of the whole window.
#[derive(Debug)]
struct SweepRound {
    tally: SweepTally,
    /// The number of the pass under way, from 0 on.
    pass: u32,
    position: TimePosition,
    /// Milliseconds since 1970.
    begin: i64,
    /// Milliseconds since 1970.
    end: i64,
    /// The last click to count, in order of arrival.
    target: i64,
    started: Instant,
    worked: Duration,
    clicks: usize,
    users: usize,
}

impl Sweep {
    pub(super) fn new() -> Self {
        Self { passes: 2, round: None, done: None }
    }

    /// The figures of the last round.
    pub(super) fn figures(&self) -> Option<WindowFigures<'_>> {
        self.done.as_ref().map(|Counted { pages, up_to, end, started, .. }| WindowFigures {
            pages,
            parts: None,
            up_to: *up_to,
            end: *end,
            swept: Some((self.passes, started.elapsed())),
        })
    }

    /// How much of the round is counted.
    pub(super) fn percent(&self) -> u8 {
        let Some(round) = &self.round else { return 0 };
        let passes = u64::from(self.passes.max(1));
        let done = u64::from(round.pass) * 100 + u64::from(percent_before(&round.position, round.begin, round.end));
        u8::try_from(done / passes).unwrap_or(99)
    }

    /// Counts until the round is done or the budget is spent; begins a new round when it is time. A window that would fit into
    /// `live_bytes` as one that moves is to be counted that way, from the start.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn go_on(
        &mut self,
        window: SweptWindow,
        live_bytes: usize,
        reader: &mut Reader,
        budget: &mut Budget,
    ) -> Result<SliceEnd, StorageError> {
        let begin = Instant::now();
        let end = self.round(window, live_bytes, reader, budget)?;
        if let Some(round) = &mut self.round {
            round.worked += begin.elapsed();
        }
        Ok(end)
    }

    fn round(
        &mut self,
        window: SweptWindow,
        live_bytes: usize,
        reader: &mut Reader,
        budget: &mut Budget,
    ) -> Result<SliceEnd, StorageError> {
        if self.round.is_none() {
            let (target, newest) =
                reader.consistent(|reader| Ok((reader.last_click()?, reader.newest_time(window.now)?)))?;
            let Some(end) = newest.map(Timestamp::as_millis) else { return Ok(SliceEnd::Restart) };
            if let Some(Counted { up_to, end: before, next_round, .. }) = &self.done {
                if *up_to > target {
                    return Ok(SliceEnd::Restart);
                }
                if (*up_to, *before) == (target, end) || Instant::now() < *next_round {
                    return Ok(SliceEnd::Done);
                }
            }
            self.round = Some(SweepRound::new(window, end, target));
        }
        let Some(round) = &mut self.round else { return Ok(SliceEnd::Done) };
        while round.pass < self.passes {
            match round.continue_pass(self.passes, reader, budget)? {
                SliceEnd::Done => {}
                SliceEnd::Full if self.passes < MAX_PASSES => {
                    self.passes *= 2;
                    self.round = None;
                    return Ok(SliceEnd::TimeUp);
                }
                other => return Ok(other),
            }
        }
        if let Some(round) = self.round.take() {
            if round.would_fit(live_bytes) {
                return Ok(SliceEnd::Restart);
            }
            let next_round = Instant::now() + round.worked.saturating_mul(TIME_SHARE - 1);
            let SweepRound { tally, target, end, started, .. } = round;
            self.done = Some(Counted { pages: tally.finish(), up_to: target, end, started, next_round });
        }
        Ok(SliceEnd::Done)
    }
}

impl SweepRound {
    fn new(window: SweptWindow, end: i64, target: i64) -> Self {
        let begin = end.saturating_sub(window.length_ms);
        Self {
            tally: SweepTally::new(window.session_timeout_ms),
            pass: 0,
            position: TimePosition::after_time(Timestamp::from_millis(begin)),
            begin,
            end,
            target,
            started: Instant::now(),
            worked: Duration::ZERO,
            clicks: 0,
            users: 0,
        }
    }

    /// Continues the pass under way until it ends or the budget is spent.
    fn continue_pass(
        &mut self,
        passes: u32,
        reader: &mut Reader,
        budget: &mut Budget,
    ) -> Result<SliceEnd, StorageError> {
        let Self { tally, pass, position, end, target, clicks, .. } = self;
        let from = position.clone();
        let read = reader.clicks_between(&from, Timestamp::from_millis(*end), |click| {
            *position = TimePosition::after(&click);
            if click.id <= *target && click.user.0 % passes == *pass {
                *clicks += 1;
                tally.count(click);
            }
            budget.spend_row(|| tally.bytes())
        })?;
        if let ControlFlow::Break(end) = read {
            return Ok(end);
        }
        self.pass += 1;
        self.users += self.tally.next_pass();
        self.position = TimePosition::after_time(Timestamp::from_millis(self.begin));
        Ok(SliceEnd::Done)
    }

    /// Whether a moving window of these clicks and users would fit again, with room to grow.
    fn would_fit(&self, live_bytes: usize) -> bool {
        self.clicks * LIVE_CLICK_BYTES + self.users * LIVE_USER_BYTES < live_bytes / 2
    }
}

/// Memory of a moving window for each click, measured with `benches/window.rs` and rounded up.
const LIVE_CLICK_BYTES: usize = 16;

/// The same for each user.
const LIVE_USER_BYTES: usize = 150;
