//! A window that fits into memory: it is filled once, then moves on with the clicks.
//!
//! The window ends with the newest click that the clock has reached, or with the clock itself. Clicks ahead of the clock wait in the
//! database, which keeps clicks in order of time; the window reads them from there once the clock has reached them.

use std::ops::ControlFlow;

use super::budget::{Budget, SliceEnd};
use crate::click::Timestamp;
use crate::engine::local::query::moment::Moment;
use crate::engine::local::query::percent::percent_before;
use crate::storage::{Reader, StorageError, StoredClick, TimePosition};

/// Clicks read at once in order of arrival.
const READ_CLICKS: usize = 4096;

/// A window stays where it is if the clock is set back by at most this; otherwise it is counted anew.
const TOLERATED_SETBACK_MS: i64 = 60_000;

/// The tally cannot hold the click's time: the window has moved on by weeks since the tally began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfRange;

/// Counts the clicks of a window.
pub(crate) trait Tally {
    /// Whether the tally itself forgets the clicks that are too old. Nobody takes them back then.
    const FORGETS_BY_TIME: bool = false;

    /// An empty tally for clicks after `base`, in milliseconds since 1970.
    fn anew(&self, base: i64) -> Self;
    /// Whether the tally holds a click of the same user and moment, so that [`Tally::take_in`] needs to know which comes last.
    fn has_tie(&self, click: &StoredClick) -> bool;
    /// Counts a click. `last` says whether its id is the greatest of the clicks of the same user and moment.
    ///
    /// # Errors
    /// [`OutOfRange`]: the tally must begin anew.
    fn take_in(&mut self, click: &StoredClick, last: bool) -> Result<(), OutOfRange>;
    /// Takes a click back. It must be the earliest click of its user in the tally.
    fn take_out(&mut self, click: &StoredClick);
    /// Frees memory that is no longer needed.
    fn shrink(&mut self);
    /// Memory that the tally takes.
    fn bytes(&self) -> usize;
}

/// Where a window ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndsWith {
    /// The newest click that the clock has reached.
    NewestClick,
    /// The clock, whether there is a click or not. The clock must only go forward: set back, the window is counted anew.
    Clock,
}

/// A window that moves.
#[derive(Debug)]
pub(super) struct Live<T> {
    ends_with: EndsWith,
    /// Holds every click that is later than `begin`, no later than `reached`, and arrived up to `cursor`. While the window is
    /// filled, it holds only those of them before the position that the filling has reached.
    tally: T,
    /// Milliseconds since 1970.
    begin: i64,
    /// What the clock showed, in milliseconds since 1970.
    reached: i64,
    /// A click in order of arrival.
    cursor: i64,
    /// The earliest known click after `reached`, in milliseconds since 1970.
    ahead: i64,
    /// The window's end: the time of the newest click in the tally, or what the clock showed.
    end: i64,
    /// Clicks before this time had expired when the window was filled or last checked.
    expired: Option<Timestamp>,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// Nothing is counted yet.
    New,
    /// Counts every click up to `target` that the clock has reached and that is not in the tally yet, in order of time.
    Fill { position: TimePosition, target: i64, moment: Moment },
    /// Counts the clicks that have arrived since, up to `target`.
    TakeIn { target: i64 },
    /// Takes back the clicks that are too old for the window, which now begins at `until`.
    TakeOut { position: TimePosition, until: i64 },
    /// Everything is counted.
    UpToDate,
}

/// The counts of a window, and which clicks they cover.
#[derive(Debug)]
pub(super) struct Counted<'a, T> {
    pub tally: &'a T,
    /// Every click up to this one, in order of arrival, is counted …
    pub up_to: i64,
    /// … if it is no newer than this, the window's end, in milliseconds since 1970.
    pub end: i64,
}

impl<T: Tally> Live<T> {
    /// A window of which nothing is counted yet. `tally` must be empty.
    pub(super) fn new(tally: T, ends_with: EndsWith) -> Self {
        let (begin, reached, end) = (i64::MIN, i64::MIN, i64::MIN);
        Self { ends_with, tally, begin, reached, cursor: 0, ahead: i64::MAX, end, expired: None, phase: Phase::New }
    }

    /// The same window, of which nothing is counted yet.
    pub(super) fn restarted(&self) -> Self {
        Self::new(self.tally.anew(0), self.ends_with)
    }

    /// The counts, unless they are between two states.
    pub(super) fn counted(&self) -> Option<Counted<'_, T>> {
        let Self { tally, cursor, end, .. } = self;
        matches!(self.phase, Phase::UpToDate).then_some(Counted { tally, up_to: *cursor, end: *end })
    }

    /// How much of the window is counted.
    pub(super) fn percent(&self) -> u8 {
        match &self.phase {
            Phase::Fill { position, .. } => percent_before(position, self.begin, self.end),
            Phase::New => 0,
            Phase::TakeIn { .. } | Phase::TakeOut { .. } | Phase::UpToDate => 99,
        }
    }

    /// Counts until everything is counted or the budget is spent. The clock shows `now`; a slice that continues a move
    /// ignores it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn go_on(
        &mut self,
        length_ms: i64,
        now: Timestamp,
        reader: &mut Reader,
        budget: &mut Budget,
    ) -> Result<SliceEnd, StorageError> {
        if matches!(self.phase, Phase::New | Phase::UpToDate)
            && let Some(end) = self.begin_move(length_ms, now.as_millis(), reader)?
        {
            return Ok(end);
        }
        loop {
            let end = match &mut self.phase {
                Phase::Fill { .. } => self.fill(reader, budget)?,
                Phase::TakeIn { target } => {
                    let target = *target;
                    self.take_in(target, length_ms, reader, budget)?
                }
                Phase::TakeOut { .. } => self.take_out(reader, budget)?,
                Phase::New | Phase::UpToDate => return Ok(SliceEnd::Done),
            };
            if end != SliceEnd::Done {
                return Ok(end);
            }
        }
    }

    /// Decides which phase comes next. `Some` if there is nothing to count, or everything must be counted anew.
    fn begin_move(&mut self, length_ms: i64, now: i64, reader: &Reader) -> Result<Option<SliceEnd>, StorageError> {
        let target = reader.last_click()?;
        if target < self.cursor {
            return Ok(Some(SliceEnd::Restart));
        }
        if self.cursor == 0 {
            if let Some(newest) = reader.newest_time(Timestamp::from_millis(now))? {
                self.expired = reader.expiry()?.before;
                // The next phase counts the clicks after `target` before anybody sees the figures.
                let end = if self.ends_with == EndsWith::Clock { now } else { newest.as_millis() };
                self.start_fill(end, now, length_ms, target);
                return Ok(None);
            }
            self.phase = Phase::UpToDate;
            return Ok(Some(SliceEnd::Done));
        }
        let before = self.reached;
        if self.ends_with == EndsWith::Clock {
            // After a great step it is faster to fill the window anew.
            if now < before || now.saturating_sub(before) > length_ms {
                return Ok(Some(SliceEnd::Restart));
            }
            (self.reached, self.end) = (now, now);
        } else if now >= before || self.end <= now {
            self.reached = now;
        } else if before.saturating_sub(now) > TOLERATED_SETBACK_MS {
            return Ok(Some(SliceEnd::Restart));
        }
        if self.ahead <= self.reached {
            let position = TimePosition::after_time(Timestamp::from_millis(before));
            self.phase = Phase::Fill { position, target: self.cursor, moment: Moment::new() };
        } else if target > self.cursor || (self.ends_with == EndsWith::Clock && now > before) {
            self.phase = Phase::TakeIn { target };
        } else {
            let end = if self.has_expired_inside(reader)? { SliceEnd::Restart } else { SliceEnd::Done };
            return Ok(Some(end));
        }
        Ok(None)
    }

    /// Whether clicks of the window have expired since it was filled or last checked. The store may have deleted them before this
    /// could take them back.
    fn has_expired_inside(&mut self, reader: &Reader) -> Result<bool, StorageError> {
        let before = reader.expiry()?.before;
        let has = self.expired != before && before.is_some_and(|time| time.as_millis() > self.begin.saturating_add(1));
        self.expired = before;
        Ok(has)
    }

    fn start_fill(&mut self, end: i64, now: i64, length_ms: i64, target: i64) {
        self.reached = now;
        self.end = end;
        self.begin = end.saturating_sub(length_ms);
        self.tally = self.tally.anew(self.begin);
        let position = TimePosition::after_time(Timestamp::from_millis(self.begin));
        self.phase = Phase::Fill { position, target, moment: Moment::new() };
    }

    fn fill(&mut self, reader: &mut Reader, budget: &mut Budget) -> Result<SliceEnd, StorageError> {
        let Self { tally, reached, end, phase, cursor, ahead, .. } = self;
        let Phase::Fill { position, target, moment } = phase else { return Ok(SliceEnd::Done) };
        let (from, until) = (position.clone(), Timestamp::from_millis(*reached));
        let read = reader.clicks_between(&from, until, |click| {
            *position = TimePosition::after(&click);
            if click.id <= *target {
                let last = moment.is_last(&click);
                if tally.take_in(&click, last) == Err(OutOfRange) {
                    return ControlFlow::Break(SliceEnd::Restart);
                }
                *end = (*end).max(click.timestamp.as_millis());
            }
            budget.spend_row(|| tally.bytes())
        })?;
        if let ControlFlow::Break(end) = read {
            return Ok(end);
        }
        *cursor = *target;
        *ahead = reader.next_time(until)?.map_or(i64::MAX, Timestamp::as_millis);
        *phase = Phase::TakeIn { target: reader.last_click()? };
        Ok(SliceEnd::Done)
    }

    fn take_in(
        &mut self,
        target: i64,
        length_ms: i64,
        reader: &mut Reader,
        budget: &mut Budget,
    ) -> Result<SliceEnd, StorageError> {
        let mut clicks = Vec::new();
        while self.cursor < target {
            match reader.clicks_after(self.cursor, READ_CLICKS, &mut clicks) {
                // The window fell so far behind that it is faster to fill it anew.
                Err(StorageError::ArrivalsGone { .. }) => return Ok(SliceEnd::Restart),
                read => read?,
            }
            if clicks.is_empty() {
                // Somebody has emptied the database: these are other clicks than before.
                return Ok(SliceEnd::Restart);
            }
            for click in &clicks {
                if click.id > target {
                    break;
                }
                self.cursor = click.id;
                let time = click.timestamp.as_millis();
                if time > self.reached {
                    self.ahead = self.ahead.min(time);
                } else if time > self.begin {
                    let last = !self.tally.has_tie(click) || reader.last_key_before(click)? <= Some(click.key.clone());
                    if self.tally.take_in(click, last) == Err(OutOfRange) {
                        return Ok(SliceEnd::Restart);
                    }
                    self.end = self.end.max(time);
                }
                if let ControlFlow::Break(end) = budget.spend_time() {
                    return Ok(end);
                }
            }
            if budget.exceeds_memory(self.tally.bytes()) {
                return Ok(SliceEnd::Full);
            }
        }
        let position = TimePosition::after_time(Timestamp::from_millis(self.begin));
        self.phase = Phase::TakeOut { position, until: self.end.saturating_sub(length_ms) };
        Ok(SliceEnd::Done)
    }

    fn take_out(&mut self, reader: &mut Reader, budget: &mut Budget) -> Result<SliceEnd, StorageError> {
        let Self { tally, cursor, phase, .. } = self;
        let Phase::TakeOut { position, until } = phase else { return Ok(SliceEnd::Done) };
        if !T::FORGETS_BY_TIME {
            let from = position.clone();
            let read = reader.clicks_between(&from, Timestamp::from_millis(*until), |click| {
                *position = TimePosition::after(&click);
                if click.id <= *cursor {
                    tally.take_out(&click);
                }
                budget.spend_time()
            })?;
            if let ControlFlow::Break(end) = read {
                return Ok(end);
            }
        }
        let until = *until;
        if self.has_expired_inside(reader)? {
            return Ok(SliceEnd::Restart);
        }
        self.begin = until;
        self.tally.shrink();
        self.phase = Phase::UpToDate;
        Ok(SliceEnd::Done)
    }
}
