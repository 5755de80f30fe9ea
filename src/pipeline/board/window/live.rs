//! A window that fits into memory: filled once, then moved on with the clicks.

use std::ops::ControlFlow;

use hashbrown::HashMap;

use super::tally::{LiveTally, OutOfRange};
use super::{Slice, Step, WindowFigures, share};
use crate::click::Timestamp;
use crate::storage::{ClickKey, Reader, StorageError, StoredClick, TimePlace, UserId};

/// Clicks read at once in the order of arrival.
const READ_CLICKS: usize = 4096;

/// A window that moves.
#[derive(Debug)]
pub(super) struct Live {
    tally: LiveTally,
    /// In the tally are the clicks after this time …
    begin: i64,
    /// … up to this one in the order of arrival; while it is filled, of those only the ones before a place.
    cursor: i64,
    newest: i64,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// Every click up to `target` that lies in the window, in the order of time.
    Fill {
        place: TimePlace,
        target: i64,
        moment: Moment,
    },
    /// The clicks that came since, up to `target`.
    TakeIn {
        target: i64,
    },
    /// Those that fell out of the window's beginning, which is now `until`.
    TakeOut {
        place: TimePlace,
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

impl Live {
    /// Begins by finding out what is to be filled.
    pub(super) fn empty(session_timeout_ms: i64) -> Self {
        let tally = LiveTally::new(session_timeout_ms, 0);
        Self { tally, begin: i64::MIN, cursor: 0, newest: i64::MIN, phase: Phase::Rest }
    }

    /// The figures, unless clicks are being taken in or out.
    pub(super) fn figures(&self) -> Option<WindowFigures<'_>> {
        matches!(self.phase, Phase::Rest).then(|| WindowFigures {
            pages: self.tally.pages(),
            up_to: self.cursor,
            swept: None,
        })
    }

    /// How much of it is counted.
    pub(super) fn percent(&self) -> u8 {
        match &self.phase {
            Phase::Fill { place, .. } => share(place, self.begin, self.newest, 100),
            Phase::TakeIn { .. } | Phase::TakeOut { .. } | Phase::Rest => 99,
        }
    }

    /// Counts until the slice is over, it is done, or it fails.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn go_on(
        &mut self,
        length_ms: i64,
        most: usize,
        reader: &mut Reader,
        slice: &mut Slice,
    ) -> Result<Step, StorageError> {
        if matches!(self.phase, Phase::Rest) {
            let target = reader.last_click()?;
            if target == self.cursor {
                return Ok(Step::Done);
            }
            if target < self.cursor {
                return Ok(Step::Anew);
            }
            if self.cursor > 0 {
                self.phase = Phase::TakeIn { target };
            } else if let Some(newest) = reader.newest_time()? {
                // If that came after `target`, it is taken in before anybody sees the figures.
                self.start_fill(newest.as_millis(), length_ms, target);
            }
        }
        loop {
            let step = match &mut self.phase {
                Phase::Fill { .. } => self.fill(most, reader, slice)?,
                Phase::TakeIn { target } => {
                    let target = *target;
                    self.take_in(target, length_ms, most, reader, slice)?
                }
                Phase::TakeOut { .. } => self.take_out(reader, slice)?,
                Phase::Rest => return Ok(Step::Done),
            };
            if !matches!(step, Step::Done) {
                return Ok(step);
            }
        }
    }

    fn start_fill(&mut self, newest: i64, length_ms: i64, target: i64) {
        self.newest = newest;
        self.begin = newest.saturating_sub(length_ms);
        self.tally = self.tally.anew(self.begin);
        let place = TimePlace::after_time(Timestamp::from_millis(self.begin));
        let moment = Moment { time: i64::MIN, last: HashMap::default() };
        self.phase = Phase::Fill { place, target, moment };
    }

    fn fill(&mut self, most: usize, reader: &mut Reader, slice: &mut Slice) -> Result<Step, StorageError> {
        let Self { tally, newest, phase, cursor, .. } = self;
        let Phase::Fill { place, target, moment } = phase else { return Ok(Step::Done) };
        let from = place.clone();
        let mut step = Step::Done;
        let read = reader.clicks_between(&from, Timestamp::from_millis(*newest), |click| {
            *place = TimePlace::after(&click);
            if click.id <= *target {
                let last = moment.is_last(&click);
                if tally.take_in(&click, last) == Err(OutOfRange) {
                    step = Step::Anew;
                    return ControlFlow::Break(());
                }
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
                if time > self.begin {
                    let last = !self.tally.ties(click) || reader.last_key_before(click)? <= Some(click.key.clone());
                    if self.tally.take_in(click, last) == Err(OutOfRange) {
                        return Ok(Step::Anew);
                    }
                    self.newest = self.newest.max(time);
                }
                if slice.looks() && slice.is_over() {
                    return Ok(Step::SliceOver);
                }
            }
            if self.tally.bytes() > most {
                return Ok(Step::Full);
            }
        }
        let place = TimePlace::after_time(Timestamp::from_millis(self.begin));
        self.phase = Phase::TakeOut { place, until: self.newest.saturating_sub(length_ms) };
        Ok(Step::Done)
    }

    fn take_out(&mut self, reader: &mut Reader, slice: &mut Slice) -> Result<Step, StorageError> {
        let Self { tally, begin, cursor, phase, .. } = self;
        let Phase::TakeOut { place, until } = phase else { return Ok(Step::Done) };
        let from = place.clone();
        let read = reader.clicks_between(&from, Timestamp::from_millis(*until), |click| {
            *place = TimePlace::after(&click);
            if click.id <= *cursor {
                tally.take_out(click.user);
            }
            if slice.looks() && slice.is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if read.is_break() {
            return Ok(Step::SliceOver);
        }
        *begin = *until;
        tally.shrink();
        *phase = Phase::Rest;
        Ok(Step::Done)
    }
}

impl Moment {
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
