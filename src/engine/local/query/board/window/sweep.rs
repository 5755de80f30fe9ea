//! A window that is too large to be kept: counted anew each time, in several passes over its clicks.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::pages::Pages;
use super::slice::{Slice, Span, Step, WindowFigures, share};
use super::sweep_tally::SweepTally;
use crate::click::Timestamp;
use crate::engine::local::query::board::limits::Limits;
use crate::storage::{Reader, StorageError, TimePosition};

/// Sweeps take at most one part in so many of the time.
const SHARE: u32 = 4;

/// A window that needs more passes than this is given up: they would take minutes.
const MOST_PASSES: u32 = 64;

/// A window that is counted anew, in passes.
#[derive(Debug)]
pub(super) struct Sweep {
    passes: u32,
    /// What is being counted.
    round: Option<Round>,
    /// What was counted last.
    done: Option<Counted>,
}

#[derive(Debug)]
struct Counted {
    pages: Pages,
    /// Up to which click in the order of arrival.
    up_to: i64,
    /// The window's end, in milliseconds since 1970.
    end: i64,
    /// When it began.
    since: Instant,
    /// When the next round may begin.
    next: Instant,
}

#[derive(Debug)]
struct Round {
    tally: SweepTally,
    pass: u32,
    place: TimePosition,
    begin: i64,
    end: i64,
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
        self.done.as_ref().map(|Counted { pages, up_to, end, since, .. }| WindowFigures {
            pages,
            up_to: *up_to,
            end: *end,
            swept: Some((self.passes, since.elapsed())),
        })
    }

    /// How much of the round is counted.
    pub(super) fn percent(&self) -> u8 {
        let Some(round) = &self.round else { return 0 };
        let passes = u64::from(self.passes.max(1));
        let done = u64::from(round.pass) * 100 + u64::from(share(&round.place, round.begin, round.end, 100));
        u8::try_from(done / passes).unwrap_or(99)
    }

    /// Counts until the slice is over, the round is done, or it fails; a new round begins when it is time.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn go_on(
        &mut self,
        span: Span,
        limits: Limits,
        reader: &mut Reader,
        slice: &mut Slice,
    ) -> Result<Step, StorageError> {
        let begin = Instant::now();
        let step = self.round(span, limits, reader, slice)?;
        if let Some(round) = &mut self.round {
            round.worked += begin.elapsed();
        }
        Ok(step)
    }

    fn round(
        &mut self,
        span: Span,
        limits: Limits,
        reader: &mut Reader,
        slice: &mut Slice,
    ) -> Result<Step, StorageError> {
        if self.round.is_none() {
            let (target, newest) =
                reader.consistent(|reader| Ok((reader.last_click()?, reader.newest_time(span.now)?)))?;
            let Some(end) = newest.map(Timestamp::as_millis) else { return Ok(Step::Anew) };
            if let Some(Counted { up_to, end: before, next, .. }) = &self.done {
                if *up_to > target {
                    return Ok(Step::Anew);
                }
                if (*up_to, *before) == (target, end) || Instant::now() < *next {
                    return Ok(Step::Done);
                }
            }
            self.round = Some(Round::new(span, end, target));
        }
        let Some(round) = &mut self.round else { return Ok(Step::Done) };
        while round.pass < self.passes {
            match round.pass_on(self.passes, limits.sweep_bytes, reader, slice)? {
                Step::Done => {}
                Step::Full if self.passes < MOST_PASSES => {
                    self.passes *= 2;
                    self.round = None;
                    return Ok(Step::SliceOver);
                }
                other => return Ok(other),
            }
        }
        if let Some(round) = self.round.take() {
            if round.would_fit(limits.live_bytes) {
                return Ok(Step::Anew);
            }
            let next = Instant::now() + round.worked.saturating_mul(SHARE - 1);
            let Round { tally, target, end, started, .. } = round;
            self.done = Some(Counted { pages: tally.finish(), up_to: target, end, since: started, next });
        }
        Ok(Step::Done)
    }
}

impl Round {
    fn new(span: Span, end: i64, target: i64) -> Self {
        let begin = end.saturating_sub(span.length_ms);
        Self {
            tally: SweepTally::new(span.session_timeout_ms),
            pass: 0,
            place: TimePosition::after_time(Timestamp::from_millis(begin)),
            begin,
            end,
            target,
            started: Instant::now(),
            worked: Duration::ZERO,
            clicks: 0,
            users: 0,
        }
    }

    /// Goes on with a pass, to its end at most.
    fn pass_on(
        &mut self,
        passes: u32,
        most: usize,
        reader: &mut Reader,
        slice: &mut Slice,
    ) -> Result<Step, StorageError> {
        let Self { tally, pass, place, end, target, clicks, .. } = self;
        let from = place.clone();
        let mut step = Step::Done;
        let read = reader.clicks_between(&from, Timestamp::from_millis(*end), |click| {
            *place = TimePosition::after(&click);
            if click.id <= *target && click.user.0 % passes == *pass {
                *clicks += 1;
                tally.count(click);
            }
            if slice.looks() {
                if tally.bytes() > most {
                    step = Step::Full;
                    return ControlFlow::Break(());
                }
                if slice.is_over() {
                    step = Step::SliceOver;
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        if read.is_continue() {
            self.pass += 1;
            self.users += self.tally.next_pass();
            self.place = TimePosition::after_time(Timestamp::from_millis(self.begin));
        }
        Ok(step)
    }

    /// Whether a window that moves would fit again, with room to grow: by what it is known to take.
    fn would_fit(&self, live_bytes: usize) -> bool {
        self.clicks * LIVE_CLICK_BYTES + self.users * LIVE_USER_BYTES < live_bytes / 2
    }
}

/// What a moving window takes a click and a user, measured and rounded up; see `benches/window.rs`.
const LIVE_CLICK_BYTES: usize = 16;
const LIVE_USER_BYTES: usize = 150;
