//! The time of an event, and every form it may be written in.
//!
//! | form | example | read as |
//! |---|---|---|
//! | RFC 3339, any offset; `T`, `t` or a space between; `Z` or `z` | `2026-01-31T10:30:00.125+01:00` | that instant |
//! | the same without an offset | `2026-01-31 09:30:00` | UTC |
//! | Unix epoch, a decimal number, also negative, also with a fraction or an exponent | `1769851800.125` | seconds; milliseconds from ±100,000,000,000 up |
//!
//! Seconds and milliseconds are told apart by size alone: as seconds, 100,000,000,000 is the year 5138; as milliseconds,
//! it is March 1973. Digits finer than a millisecond are cut off towards the past, so that a time never moves into the
//! next millisecond. A leap second (`:60`) is read as the second before it, as jiff reads it.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

/// Where Unix numbers change from seconds to milliseconds.
const FIRST_MILLIS: i64 = 100_000_000_000;

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
    #[error("is not a time of the calendar: check month, day, hour, minute, second and offset")]
    Calendar,
    /// A time outside [`Timestamp::MIN`] and [`Timestamp::MAX`].
    #[error(
        "is outside the years 1 to 9999 (Unix times are read as seconds, from 100000000000 up as milliseconds, \
         never as microseconds)"
    )]
    Range,
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
        if bytes.get(4) == Some(&b'-') { civil(bytes) } else { epoch(bytes) }
    }
}

/// `YYYY-MM-DD`, separator, `HH:MM:SS`, optional fraction, optional offset. The shape is held to RFC 3339 here, because
/// jiff's own parser takes far more (week dates, basic format, bracketed zones); the calendar is jiff's.
fn civil(bytes: &[u8]) -> Result<Timestamp, TimestampError> {
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
    let second = if second == 60 { 59 } else { second };
    let date = Date::new(year, month, day).map_err(|_| TimestampError::Calendar)?;
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

/// A decimal number of seconds or milliseconds.
fn epoch(bytes: &[u8]) -> Result<Timestamp, TimestampError> {
    let (negative, rest) = match bytes.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, bytes),
    };
    let number = Decimal::read(rest)?;
    let whole = number.whole()?;
    let (millis, kept) = if whole < FIRST_MILLIS {
        ((0..3).fold(whole, |millis, at| millis * 10 + number.digit(number.point.saturating_add(at))), 3)
    } else {
        (whole, 0)
    };
    let millis = match negative {
        false => millis,
        true if number.is_zero_from(number.point.saturating_add(kept)) => -millis,
        true => -millis - 1,
    };
    Timestamp::in_range(millis)
}

/// An unsigned decimal number as it is written: digits and where the point stands among them. Not a float: those would
/// move a time by a millisecond.
struct Decimal<'a> {
    before: &'a [u8],
    after: &'a [u8],
    /// Index of the first digit after the point, exponent applied; may lie outside the digits on either side.
    point: i64,
}

impl<'a> Decimal<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, TimestampError> {
        let (before, mut rest) = leading_digits(bytes);
        let mut after: &[u8] = &[];
        if let Some((b'.', more)) = rest.split_first() {
            (after, rest) = leading_digits(more);
            if after.is_empty() {
                return Err(TimestampError::Form);
            }
        }
        let mut exponent = 0;
        if let Some((b'e' | b'E', more)) = rest.split_first() {
            let (negative, more) = match more.split_first() {
                Some((b'-', more)) => (true, more),
                Some((b'+', more)) => (false, more),
                _ => (false, more),
            };
            let (digits, more) = leading_digits(more);
            if digits.is_empty() {
                return Err(TimestampError::Form);
            }
            let size = digits.iter().fold(0_i64, |size, digit| size.saturating_mul(10).saturating_add(value(*digit)));
            exponent = if negative { -size } else { size };
            rest = more;
        }
        if before.is_empty() || !rest.is_empty() {
            return Err(TimestampError::Form);
        }
        let length = i64::try_from(before.len()).map_err(|_| TimestampError::Range)?;
        Ok(Self { before, after, point: length.saturating_add(exponent) })
    }

    /// The part before the point.
    fn whole(&self) -> Result<i64, TimestampError> {
        let Some(first) = self.before.iter().chain(self.after).position(|digit| *digit != b'0') else { return Ok(0) };
        let first = i64::try_from(first).map_err(|_| TimestampError::Range)?;
        // Sixteen digits are past the year 9999 in milliseconds, and nothing below overflows on them.
        if self.point.saturating_sub(first) > 16 {
            return Err(TimestampError::Range);
        }
        Ok((first..self.point).fold(0, |whole, at| whole * 10 + self.digit(at)))
    }

    /// The digit at `index`, 0 outside those written.
    fn digit(&self, index: i64) -> i64 {
        let Ok(index) = usize::try_from(index) else { return 0 };
        match index.checked_sub(self.before.len()) {
            Some(index) => digit_at(self.after, index),
            None => digit_at(self.before, index),
        }
    }

    /// Whether no digit but 0 stands at `index` or after it.
    fn is_zero_from(&self, index: i64) -> bool {
        let index = usize::try_from(index.max(0)).unwrap_or(usize::MAX);
        self.before.iter().chain(self.after).skip(index).all(|digit| *digit == b'0')
    }
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
