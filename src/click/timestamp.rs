//! The time of an event, and every form it may be written in.
//!
//! | form | example | read as |
//! |---|---|---|
//! | RFC 3339, any offset; `T`, `t` or a space between; `Z` or `z` | `2026-01-31T10:30:00.125+01:00` | that instant |
//! | the same without an offset | `2026-01-31 09:30:00` | UTC |
//! | its relatives: ` UTC` or ` GMT`, offsets `+01`, `+0100`, ` +01:00`, `GMT+0100`, `Z[UTC]`, `+01:00[Europe/Paris]`, `+0100 CET`; a comma before the fraction; no seconds; `/` or `.` in the date; month, day and hour of one digit; no separators | `2026/1/31 9:30 UTC`, `20260131T093000Z` | that instant |
//! | the month by its English name, as web servers, HTTP, mail, `date` and browsers have it | `31/Jan/2026:09:30:00 +0000`, `Sat, 31 Jan 2026 09:30:00 GMT`, `Sat Jan 31 09:30:00 2026` | that instant, if the weekday is the date's |
//! | Unix epoch, 10 digits before the point; a fraction or an exponent may follow | `1769851800.125` | seconds |
//! | the same with 13, 16 or 19 digits | `1769851800125` | milliseconds, microseconds, nanoseconds |
//!
//! Blanks at both ends are passed over. What could be read in two ways is refused, with what to write instead: a number of
//! other digits (`20170801`, `42948.5`, `0`), a negative one, one that a program has rounded (`1.76985E+12`), a date alone,
//! day and month as numbers before the year, a date by its week, a zone's name other than UTC and GMT.
//!
//! Unix times are told apart by their digits alone: they have ten as seconds from September 2001 to the year 2286. Digits
//! finer than a millisecond are cut off towards the past, so that a time never moves into the next millisecond. A leap
//! second (`:60`) is read as the second before it, as jiff reads it.

mod forms;
mod unix;

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Milliseconds since the Unix epoch, UTC. Finer digits of an event's time are cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Why a text is not a [`Timestamp`]. Reads on after the text: "`soon` is not a time".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// None of the known forms.
    #[error(
        "is not a time: write RFC 3339 (2026-01-31T09:30:00.125Z), YYYY-MM-DD HH:MM:SS[.fff] (UTC), \
         or Unix seconds or milliseconds"
    )]
    Form,
    /// The right form, but no such day, hour or offset.
    #[error(
        "is not a time of the calendar: check month, day, weekday, hour (24:00 is 00:00 of the next day), minute, second \
         and offset"
    )]
    Calendar,
    /// A time outside [`Timestamp::MIN`] and [`Timestamp::MAX`].
    #[error("is outside the years 1 to 9999")]
    Range,
    /// A number whose unit nobody can tell.
    #[error(
        "is no Unix time: those have 10 digits before the point (seconds), 13 (milliseconds), 16 (microseconds) or 19 \
         (nanoseconds), and this has {digits}; write other times like 2026-01-31T09:30:00Z"
    )]
    Digits {
        /// How many digits it has before the point.
        digits: u64,
    },
    /// A date that is written as a number.
    #[error("is a date without separators, not a Unix time: write it like 2026-01-31T09:30:00Z or 20260131T093000Z")]
    Compact,
    /// A number below zero.
    #[error("is a negative number: write times before 1970 like 1969-12-31T23:59:59Z")]
    Negative,
    /// A number with an exponent and too few digits to be whole.
    #[error("has lost its last digits in the program that wrote it: let it write the number without an exponent")]
    Rounded,
    /// A date without a time of day.
    #[error("is a date without a time: write the time too, 2026-01-31T00:00:00Z for the day's first moment")]
    DateOnly,
    /// Day and month as numbers before the year.
    #[error("has day and month in an order that cannot be told: write the year first, 2026-01-31 09:30:00")]
    Order,
    /// A date by its week.
    #[error("is a date by its week: write month and day, 2026-01-31T09:30:00Z")]
    Week,
    /// Another word than UTC and GMT behind the time.
    #[error(
        "ends in a word that is neither UTC nor GMT: write the hour from 0 to 23, and Z or an offset such as +02:00"
    )]
    Zone,
    /// The typographic minus, U+2212.
    #[error("has a minus sign that is not the ASCII one: write the offset with a hyphen, -05:00")]
    Minus,
}

impl Timestamp {
    /// The earliest time an event may carry: the first millisecond of the year 1.
    pub const MIN: Self = Self(-62_135_596_800_000);
    /// The latest time an event may carry: the last millisecond of the year 9999.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The machine's clock, now.
    pub fn now() -> Self {
        Self(jiff::Timestamp::now().as_millisecond())
    }

    fn in_range(millis: i64) -> Result<Self, TimestampError> {
        let time = Self(millis);
        if (Self::MIN..=Self::MAX).contains(&time) { Ok(time) } else { Err(TimestampError::Range) }
    }
}

/// RFC 3339 in UTC with milliseconds, `2026-01-31T09:30:00.125Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not through jiff::Timestamp: it ends a day before the year 9999 does.
        let civil =
            Self::in_range(self.0).ok().and_then(|_| EPOCH.checked_add(SignedDuration::from_millis(self.0)).ok());
        match civil {
            Some(civil) => write!(f, "{civil:.3}Z"),
            None => write!(f, "{} ms", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Reads any of the forms in the [module's](self) table.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let bytes = text.as_bytes();
        let read = if bytes.get(4) == Some(&b'-') { rfc_3339(bytes) } else { unix::common(bytes) };
        match read {
            Err(TimestampError::Form) => uncommon(text),
            read => read,
        }
    }
}

/// Any other form than the two that nearly all times have.
#[cold]
#[inline(never)]
fn uncommon(text: &str) -> Result<Timestamp, TimestampError> {
    let trimmed = text.trim();
    if trimmed.len() < text.len() {
        return trimmed.parse();
    }
    unix::decimal(text.as_bytes()).unwrap_or_else(|| forms::read(text))
}

/// `YYYY-MM-DD`, separator, `HH:MM:SS`, optional fraction, optional offset. The shape is held to RFC 3339 here, because
/// jiff's own parser takes more (bracketed zones of any name) and less; the calendar is jiff's.
fn rfc_3339(bytes: &[u8]) -> Result<Timestamp, TimestampError> {
    let Some((
        &[y1, y2, y3, y4, b'-', o1, o2, b'-', d1, d2, b'T' | b't' | b' ', h1, h2, b':', m1, m2, b':', s1, s2],
        rest,
    )) = bytes.split_first_chunk::<19>()
    else {
        return Err(TimestampError::Form);
    };
    let year = i16::from(two_digits(y1, y2)?) * 100 + i16::from(two_digits(y3, y4)?);
    let (month, day) = (two_digits(o1, o2)?, two_digits(d1, d2)?);
    let (hour, minute, second) = (two_digits(h1, h2)?, two_digits(m1, m2)?, two_digits(s1, s2)?);
    let (millis, rest) = fraction(rest)?;
    let offset_minutes = match rest {
        [] | [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (two_digits(*h1, *h2)?, two_digits(*m1, *m2)?);
            if hours > 23 || minutes > 59 {
                return Err(TimestampError::Calendar);
            }
            let minutes = i64::from(hours) * 60 + i64::from(minutes);
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return Err(TimestampError::Form),
    };
    instant((year, month, day), (hour, minute, second, millis), offset_minutes)
}

/// The instant of a date, a time of day (hour, minute, second, milliseconds) and the minutes that its clock is east of UTC.
fn instant(
    (year, month, day): (i16, i8, i8),
    (hour, minute, second, millis): (i8, i8, i8, i64),
    offset_minutes: i64,
) -> Result<Timestamp, TimestampError> {
    let second = if second == 60 { 59 } else { second };
    // 0000-00-00 is how databases write that there is no date.
    let no_date = if year == 0 { TimestampError::Range } else { TimestampError::Calendar };
    let date = Date::new(year, month, day).map_err(|_| no_date)?;
    let time = Time::new(hour, minute, second, 0).map_err(|_| TimestampError::Calendar)?;
    let seconds = DateTime::from_parts(date, time).duration_since(EPOCH).as_secs();
    // Years 0 to 9999 in milliseconds: far from overflow.
    Timestamp::in_range((seconds - offset_minutes * 60) * 1000 + millis)
}

/// An optional `.` and its digits, as milliseconds, and what follows.
fn fraction(bytes: &[u8]) -> Result<(i64, &[u8]), TimestampError> {
    let Some((b'.', rest)) = bytes.split_first() else { return Ok((0, bytes)) };
    let (digits, rest) = leading_digits(rest);
    if digits.is_empty() {
        return Err(TimestampError::Form);
    }
    Ok(((0..3).fold(0, |millis, at| millis * 10 + digit_at(digits, at)), rest))
}

fn leading_digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    bytes.split_at(end)
}

fn digit_at(digits: &[u8], index: usize) -> i64 {
    digits.get(index).map_or(0, |digit| value(*digit))
}

/// The value of an ASCII digit.
fn value(digit: u8) -> i64 {
    i64::from(digit.wrapping_sub(b'0'))
}

fn two_digits(tens: u8, ones: u8) -> Result<i8, TimestampError> {
    match (tens, ones) {
        (b'0'..=b'9', b'0'..=b'9') => Ok(((tens - b'0') * 10 + (ones - b'0')).cast_signed()),
        _ => Err(TimestampError::Form),
    }
}

#[cfg(test)]
#[path = "timestamp_tests.rs"]
mod tests;
