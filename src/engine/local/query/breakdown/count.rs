//! Counts one breakdown, in slices.

use std::ops::ControlFlow;
use std::time::Instant;

use super::tally::{Group, ValueTally, keep_first, sort_groups};
use super::values::Values;
use crate::click::Timestamp;
use crate::engine::local::query::board::{DEFAULT_LIMIT, Limits};
use crate::engine::local::query::percent::percent_before;
use crate::protocol::breakdown::{Breakdown, BreakdownQuestion, BreakdownRow};
use crate::storage::{CountryId, DetailedClick, Reader, StorageError, TimePosition, UrlId};

/// A count that needs more passes than this is given up: the passes would take minutes.
const MAX_PASSES: u32 = 64;

/// Why there is no breakdown.
#[derive(Debug, thiserror::Error)]
pub enum BreakdownError {
    /// The database cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The clicks do not fit into memory, even in parts.
    #[error("these clicks have too many users and values to be counted in memory; choose a window or a country")]
    TooLarge,
}

/// Why a slice ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CountEnd {
    /// Everything is counted.
    Done,
    /// The time is used up, and there are more clicks to count.
    TimeUp,
}

/// The clicks that a breakdown covers. Two counts of the same question that cover the same give the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Covered {
    /// The last click, in order of arrival.
    target: i64,
    /// Milliseconds since 1970; the span begins behind it.
    begin: i64,
    /// The last moment, in milliseconds since 1970.
    end: i64,
    /// Clicks before it are deleted.
    expired: Option<Timestamp>,
}

impl Covered {
    /// What a breakdown over the span of `question` covers now; `None` if there is no click. The clock shows `now`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn by(
        question: &BreakdownQuestion,
        now: Timestamp,
        reader: &mut Reader,
    ) -> Result<Option<Self>, StorageError> {
        reader.consistent(|reader| {
            let (target, expired) = (reader.last_click()?, reader.expiry()?.before);
            let Some(length) = question.window.length() else {
                let newest = reader.newest_time(Timestamp::from_millis(i64::MAX))?;
                return Ok(newest.map(|newest| Self { target, begin: i64::MIN, end: newest.as_millis(), expired }));
            };
            let length_ms = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
            Ok(reader.newest_time(now)?.map(Timestamp::as_millis).map(|end| {
                let begin = end.saturating_sub(length_ms);
                Self { target, begin, end, expired }
            }))
        })
    }
}

/// Which clicks are grouped: `Some(None)` for a text that no click has.
#[derive(Clone, Copy, Debug)]
struct Filter {
    country: Option<Option<CountryId>>,
    url: Option<Option<UrlId>>,
}

impl Filter {
    fn keeps(&self, detailed: &DetailedClick) -> bool {
        self.country.is_none_or(|country| country == Some(detailed.click.country))
            && self.url.is_none_or(|url| url == Some(detailed.click.url))
    }
}

/// How many parts the users and the values are counted in.
#[derive(Clone, Copy, Debug)]
struct Parts {
    users: u32,
    values: u32,
}

/// One count.
#[derive(Debug)]
pub(crate) struct BreakdownCount {
    question: BreakdownQuestion,
    session_timeout_ms: i64,
    limits: Limits,
    covered: Covered,
    filter: Filter,
    values: Values,
    parts: Parts,
    /// The parts under way.
    user_part: u32,
    value_part: u32,
    position: TimePosition,
    /// The time of the first click to count, in milliseconds since 1970.
    first: i64,
    tally: ValueTally,
    /// The first groups of the parts of values that are counted.
    groups: Vec<Group>,
    value_count: u64,
}

impl BreakdownCount {
    /// Begins to count what `covered` tells. A gap longer than `session_timeout_ms` is not time spent.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn begin(
        question: &BreakdownQuestion,
        covered: Covered,
        session_timeout_ms: i64,
        limits: Limits,
        reader: &Reader,
    ) -> Result<Self, StorageError> {
        let country = question.country.as_deref().map(|country| reader.country_id(country)).transpose()?;
        let url = question.url.as_deref().map(|url| reader.url_id(url)).transpose()?;
        let before = Timestamp::from_millis(covered.begin);
        Ok(Self {
            question: question.clone(),
            session_timeout_ms,
            limits,
            covered,
            filter: Filter { country, url },
            values: Values::of(question.by, reader)?,
            parts: Parts { users: 1, values: 1 },
            user_part: 0,
            value_part: 0,
            position: TimePosition::after_time(before),
            first: reader.next_time(before)?.map_or(covered.end, Timestamp::as_millis),
            tally: ValueTally::new(session_timeout_ms),
            groups: Vec::new(),
            value_count: 0,
        })
    }

    /// Counts until everything is counted or the time of a slice is used up.
    ///
    /// # Errors
    /// The database cannot be read, or the clicks cannot be counted within the memory limit.
    pub(crate) fn go_on(&mut self, reader: &mut Reader) -> Result<CountEnd, BreakdownError> {
        let until = Instant::now() + self.limits.slice;
        while self.value_part < self.parts.values {
            match self.go_on_with_part(until, reader)? {
                ControlFlow::Break(Slice::TimeUp) => return Ok(CountEnd::TimeUp),
                ControlFlow::Break(Slice::Full) => self.split()?,
                ControlFlow::Continue(()) => self.next_part(reader)?,
            }
        }
        Ok(CountEnd::Done)
    }

    /// How many percent of the clicks are counted; 99 at most.
    pub(crate) fn percent(&self) -> u8 {
        let Parts { users, values } = self.parts;
        let done = u64::from(self.value_part) * u64::from(users) + u64::from(self.user_part);
        let read = u64::from(percent_before(&self.position, self.first, self.covered.end));
        let percent = (done * 100 + read) / (u64::from(users) * u64::from(values)).max(1);
        u8::try_from(percent.min(99)).unwrap_or(99)
    }

    /// The breakdown, once everything is counted.
    ///
    /// # Errors
    /// A text cannot be read from the database.
    pub(crate) fn finish(mut self, reader: &Reader) -> Result<Breakdown, StorageError> {
        sort_groups(&mut self.groups, self.question.order());
        let row = |group: &Group| {
            let (value, country) = self.values.text(group.value, reader)?;
            Ok(BreakdownRow { value, country, figures: group.counts.figures() })
        };
        let since = self.covered.expired.filter(|expired| expired.as_millis() > self.covered.begin.saturating_add(1));
        Ok(Breakdown {
            rows: self.groups.iter().map(row).collect::<Result<_, StorageError>>()?,
            values: self.value_count,
            total: self.tally.total().figures(),
            since,
            counted_percent: None,
        })
    }

    fn go_on_with_part(&mut self, until: Instant, reader: &mut Reader) -> Result<ControlFlow<Slice>, StorageError> {
        let Self { covered, filter, values, parts, user_part, value_part, position, tally, limits, groups, .. } = self;
        let kept = groups.capacity() * size_of::<Group>();
        let from = position.clone();
        let mut rows = 0_u32;
        reader.detailed_clicks_between(&from, Timestamp::from_millis(covered.end), |detailed| {
            let click = &detailed.click;
            if click.id <= covered.target && click.user.0 % parts.users == *user_part {
                let kept = filter.keeps(&detailed);
                let value = values.value(&detailed).filter(|value| kept && value % parts.values == *value_part);
                // Each part of the values sees the same clicks.
                tally.count(click, value, kept && *value_part == 0);
            }
            rows = rows.wrapping_add(1);
            if !rows.is_multiple_of(limits.rows_per_check) {
                return ControlFlow::Continue(());
            }
            if tally.user_bytes() + tally.group_bytes() + kept > limits.sweep_bytes {
                return ControlFlow::Break(Slice::Full);
            }
            if Instant::now() >= until {
                *position = TimePosition::after(click);
                return ControlFlow::Break(Slice::TimeUp);
            }
            ControlFlow::Continue(())
        })
    }

    /// Goes on to the next users, or to the next values once all users are counted.
    fn next_part(&mut self, reader: &mut Reader) -> Result<(), BreakdownError> {
        self.position = TimePosition::after_time(Timestamp::from_millis(self.covered.begin));
        if self.parts.users * self.parts.values > 1 && reader.expiry()?.before != self.covered.expired {
            // The parts must count the same clicks, and some of those may be deleted now.
            self.covered.expired = reader.expiry()?.before;
            self.restart();
            return Ok(());
        }
        self.tally.forget_users();
        self.user_part += 1;
        if self.user_part == self.parts.users {
            self.user_part = 0;
            self.value_part += 1;
            let mut counted = self.tally.take_groups();
            self.value_count += counted.len() as u64;
            let limit = if self.question.limit == 0 { DEFAULT_LIMIT } else { self.question.limit };
            keep_first(&mut counted, self.question.order(), limit);
            self.groups.append(&mut counted);
            keep_first(&mut self.groups, self.question.order(), limit);
        }
        Ok(())
    }

    /// Begins anew with more parts.
    fn split(&mut self) -> Result<(), BreakdownError> {
        let Parts { users, values } = &mut self.parts;
        if self.tally.group_bytes() > self.tally.user_bytes() {
            *values *= 2;
        } else {
            *users *= 2;
        }
        if *users * *values > MAX_PASSES {
            return Err(BreakdownError::TooLarge);
        }
        self.restart();
        Ok(())
    }

    fn restart(&mut self) {
        self.position = TimePosition::after_time(Timestamp::from_millis(self.covered.begin));
        (self.user_part, self.value_part, self.value_count) = (0, 0, 0);
        self.groups = Vec::new();
        self.tally = ValueTally::new(self.session_timeout_ms);
    }
}

/// Counts the answer to `question` to its end. A gap longer than `session_timeout_ms` is not time spent; the clock shows `now`.
/// `progress` hears now and then how many percent are counted.
///
/// # Errors
/// The database cannot be read, or the clicks cannot be counted within the memory limit.
pub fn count_breakdown(
    question: &BreakdownQuestion,
    session_timeout_ms: i64,
    now: Timestamp,
    reader: &mut Reader,
    mut progress: impl FnMut(u8),
) -> Result<Breakdown, BreakdownError> {
    let Some(covered) = Covered::by(question, now, reader)? else { return Ok(Breakdown::default()) };
    let mut count = BreakdownCount::begin(question, covered, session_timeout_ms, Limits::default(), reader)?;
    while count.go_on(reader)? == CountEnd::TimeUp {
        progress(count.percent());
    }
    Ok(count.finish(reader)?)
}

/// Why a part is not counted to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slice {
    TimeUp,
    Full,
}
