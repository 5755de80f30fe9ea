//! A window that fits into memory: filled once, then moved on with the clicks.
//!
//! It ends with the newest click that its clock has reached. Clicks ahead of that clock wait in the database, which has them
//! in the order of time, and are read from there once it has reached them.

use std::ops::ControlFlow;

use hashbrown::HashMap;

use super::slice::{Slice, Step, share};
use crate::click::Timestamp;
use crate::storage::{ClickKey, Reader, StorageError, StoredClick, TimePosition, UserId};

/// Clicks read at once in the order of arrival.
const READ_CLICKS: usize = 4096;

/// A clock that is set back by less keeps a window where it is; beyond that it begins anew.
const STEADY_MS: i64 = 60_000;

/// The click's time cannot be kept: the window has moved on by weeks since the tally began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfRange;

/// What is counted of the clicks in a window.
pub(super) trait Tally {
    /// An empty one for clicks after `base`, in milliseconds since 1970.
    fn anew(&self, base: i64) -> Self;
    /// Whether [`Tally::take_in`] needs to know if `click` is the last of its user's of the same moment.
    fn ties(&self, click: &StoredClick) -> bool;
    /// Takes a click in. `last` says whether it is the last of its user's of the same moment, by their ids.
    ///
    /// # Errors
    /// [`OutOfRange`]: the tally must begin anew.
    fn take_in(&mut self, click: &StoredClick, last: bool) -> Result<(), OutOfRange>;
    /// Takes a click out: no other of its user's that is in the tally is earlier.
    fn take_out(&mut self, click: &StoredClick);
    /// Gives back what is no longer needed.
    fn shrink(&mut self);
    /// Memory it takes.
    fn bytes(&self) -> usize;
}

/// A window that moves.
#[derive(Debug)]
pub(super) struct Live<T> {
    tally: T,
    /// In the tally are the clicks after this time …
    begin: i64,
    /// … up to this one, which the clock has reached, …
    reached: i64,
    /// … up to this one in the order of arrival; while it is filled, of those only the ones before a place.
    cursor: i64,
    /// None of these is between what the clock has reached and this time.
    ahead: i64,
    /// The time of the newest in the tally: the window's end.
    end: i64,
    /// Clicks before this time had expired when it was filled or last looked at.
    expired: Option<Timestamp>,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// Nothing is known yet.
    Begin,
    /// Every click up to `target` that the clock has reached and that is not in the tally yet, in the order of time.
    Fill {
        place: TimePosition,
        target: i64,
        moment: Moment,
    },
    /// The clicks that came since, up to `target`.
    TakeIn {
        target: i64,
    },
    /// Those that fell out of the window's beginning, which is now `until`.
    TakeOut {
        place: TimePosition,
        until: i64,
    },
    Rest,
}

/// The last click of each user at one moment.
#[derive(Debug)]
struct Moment {
    time: i64,
    last: HashMap<UserId, ClickKey, foldhash::fast::RandomState>,
}

/// What is counted of a window, and of which.
#[derive(Debug)]
pub(super) struct Counted<'a, T> {
    pub tally: &'a T,
    /// Every click up to this one is counted, …
    pub up_to: i64,
    /// … if it is no newer than this, the window's end, in milliseconds since 1970.
    pub end: i64,
}

impl<T: Tally> Live<T> {
    /// Begins with `tally`, which is empty, by finding out what is to be filled.
    pub(super) fn new(tally: T) -> Self {
        let (begin, reached, end) = (i64::MIN, i64::MIN, i64::MIN);
        Self { tally, begin, reached, cursor: 0, ahead: i64::MAX, end, expired: None, phase: Phase::Begin }
    }

    /// Begins anew.
    pub(super) fn anew(&self) -> Self {
        Self::new(self.tally.anew(0))
    }

    /// What is counted, unless clicks are being taken in or out.
    pub(super) fn counted(&self) -> Option<Counted<'_, T>> {
        let Self { tally, cursor, end, .. } = self;
        matches!(self.phase, Phase::Rest).then_some(Counted { tally, up_to: *cursor, end: *end })
    }

    /// How much of it is counted.
    pub(super) fn percent(&self) -> u8 {
        match &self.phase {
            Phase::Fill { place, .. } => share(place, self.begin, self.end, 100),
            Phase::Begin => 0,
            Phase::TakeIn { .. } | Phase::TakeOut { .. } | Phase::Rest => 99,
        }
    }

    /// Counts until the slice is over, it is done, or it fails. The clock shows `now`; in the midst of a move it is not
    /// looked at.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn go_on(
        &mut self,
        length_ms: i64,
        now: Timestamp,
        most: usize,
        reader: &mut Reader,
        slice: &mut Slice,
    ) -> Result<Step, StorageError> {
        if matches!(self.phase, Phase::Begin | Phase::Rest)
            && let Some(step) = self.begin_move(length_ms, now.as_millis(), reader)?
        {
            return Ok(step);
        }
        loop {
            let step = match &mut self.phase {
                Phase::Fill { .. } => self.fill(most, reader, slice)?,
                Phase::TakeIn { target } => {
                    let target = *target;
                    self.take_in(target, length_ms, most, reader, slice)?
                }
                Phase::TakeOut { .. } => self.take_out(reader, slice)?,
                Phase::Begin | Phase::Rest => return Ok(Step::Done),
            };
            if !matches!(step, Step::Done) {
                return Ok(step);
            }
        }
    }

    /// Finds out what there is to do; how it ended, if there is nothing.
    fn begin_move(&mut self, length_ms: i64, now: i64, reader: &Reader) -> Result<Option<Step>, StorageError> {
        let target = reader.last_click()?;
        if target < self.cursor {
            return Ok(Some(Step::Anew));
        }
        if self.cursor == 0 {
            if let Some(newest) = reader.newest_time(Timestamp::from_millis(now))? {
                self.expired = reader.expiry()?.before;
                // What comes after `target` is taken in before anybody sees the figures.
                self.start_fill(newest.as_millis(), now, length_ms, target);
                return Ok(None);
            }
            self.phase = Phase::Rest;
            return Ok(Some(Step::Done));
        }
        let before = self.reached;
        if now >= before || self.end <= now {
            self.reached = now;
        } else if before.saturating_sub(now) > STEADY_MS {
            return Ok(Some(Step::Anew));
        }
        if self.ahead <= self.reached {
            let place = TimePosition::after_time(Timestamp::from_millis(before));
            self.phase = Phase::Fill { place, target: self.cursor, moment: Moment::new() };
        } else if target > self.cursor {
            self.phase = Phase::TakeIn { target };
        } else {
            return Ok(Some(Step::Done));
        }
        Ok(None)
    }

    fn start_fill(&mut self, newest: i64, now: i64, length_ms: i64, target: i64) {
        self.reached = now;
        self.end = newest;
        self.begin = newest.saturating_sub(length_ms);
        self.tally = self.tally.anew(self.begin);
        let place = TimePosition::after_time(Timestamp::from_millis(self.begin));
        self.phase = Phase::Fill { place, target, moment: Moment::new() };
    }

    fn fill(&mut self, most: usize, reader: &mut Reader, slice: &mut Slice) -> Result<Step, StorageError> {
        let Self { tally, reached, end, phase, cursor, ahead, .. } = self;
        let Phase::Fill { place, target, moment } = phase else { return Ok(Step::Done) };
        let (from, until) = (place.clone(), Timestamp::from_millis(*reached));
        let mut step = Step::Done;
        let read = reader.clicks_between(&from, until, |click| {
            *place = TimePosition::after(&click);
            if click.id <= *target {
                let last = moment.is_last(&click);
                if tally.take_in(&click, last) == Err(OutOfRange) {
                    step = Step::Anew;
                    return ControlFlow::Break(());
                }
                *end = (*end).max(click.timestamp.as_millis());
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
            *cursor = *target;
            *ahead = reader.next_time(until)?.map_or(i64::MAX, Timestamp::as_millis);
            *phase = Phase::TakeIn { target: reader.last_click()? };
        }
        Ok(step)
    }

    fn take_in(
        &mut self,
        target: i64,
        length_ms: i64,
        most: usize,
        reader: &mut Reader,
        slice: &mut Slice,
    ) -> Result<Step, StorageError> {
        let mut clicks = Vec::new();
        while self.cursor < target {
            match reader.clicks_after(self.cursor, READ_CLICKS, &mut clicks) {
                // It fell so far behind that filling it is the shorter way.
                Err(StorageError::OrderGone { .. }) => return Ok(Step::Anew),
                read => read?,
            }
            if clicks.is_empty() {
                // The clicks are others than those that were there: somebody has emptied the database.
                return Ok(Step::Anew);
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
                    let last = !self.tally.ties(click) || reader.last_key_before(click)? <= Some(click.key.clone());
                    if self.tally.take_in(click, last) == Err(OutOfRange) {
                        return Ok(Step::Anew);
                    }
                    self.end = self.end.max(time);
                }
                if slice.looks() && slice.is_over() {
                    return Ok(Step::SliceOver);
                }
            }
            if self.tally.bytes() > most {
                return Ok(Step::Full);
            }
        }
        let place = TimePosition::after_time(Timestamp::from_millis(self.begin));
        self.phase = Phase::TakeOut { place, until: self.end.saturating_sub(length_ms) };
        Ok(Step::Done)
    }

    fn take_out(&mut self, reader: &mut Reader, slice: &mut Slice) -> Result<Step, StorageError> {
        let Self { tally, begin, cursor, expired, phase, .. } = self;
        let Phase::TakeOut { place, until } = phase else { return Ok(Step::Done) };
        let from = place.clone();
        let read = reader.clicks_between(&from, Timestamp::from_millis(*until), |click| {
            *place = TimePosition::after(&click);
            if click.id <= *cursor {
                tally.take_out(&click);
            }
            if slice.looks() && slice.is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if read.is_break() {
            return Ok(Step::SliceOver);
        }
        let expiry = reader.expiry()?.before;
        if *expired != expiry && expiry.is_some_and(|before| before.as_millis() > begin.saturating_add(1)) {
            // What was to be taken out may have been deleted first.
            return Ok(Step::Anew);
        }
        *expired = expiry;
        *begin = *until;
        tally.shrink();
        *phase = Phase::Rest;
        Ok(Step::Done)
    }
}

impl Moment {
    fn new() -> Self {
        Self { time: i64::MIN, last: HashMap::default() }
    }

    /// Whether `click` is the last of its user's so far at its moment, by their ids. Clicks come in the order of time.
    fn is_last(&mut self, click: &StoredClick) -> bool {
        let time = click.timestamp.as_millis();
        if time != self.time {
            self.time = time;
            self.last.clear();
        }
        let last = self.last.get(&click.user).is_none_or(|last| *last <= click.key);
        if last {
            self.last.insert(click.user, click.key.clone());
        }
        last
    }
}
