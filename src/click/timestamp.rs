//! Parses the time of an event, in every accepted form.
//!
//! | form | example | read as |
//! |---|---|---|
//! | RFC 3339, any offset; `T`, `t` or a space between; `Z` or `z` | `2026-01-31T10:30:00.125+01:00` | that instant |
//! | the same without an offset | `2026-01-31 09:30:00` | UTC |
//! | similar forms: ` UTC` or ` GMT`, offsets `+01`, `+0100`, ` +01:00`, `GMT+0100`, `Z[UTC]`, `+01:00[Europe/Paris]`, `+0100 CET`; a comma before the fraction; no seconds; `/` or `.` in the date; month, day and hour of one digit; no separators | `2026/1/31 9:30 UTC`, `20260131T093000Z` | that instant |
//! | the month by its English name, as web servers, HTTP, mail, `date` and browsers write it | `31/Jan/2026:09:30:00 +0000`, `Sat, 31 Jan 2026 09:30:00 GMT`, `Sat Jan 31 09:30:00 2026` | that instant, if the weekday is the date's |
//! | Unix epoch, 10 digits before the point; a fraction or an exponent may follow | `1769851800.125` | seconds |
//! | the same with 13, 16 or 19 digits | `1769851800125` | milliseconds, microseconds, nanoseconds |
//!
//! Blanks at both ends are ignored. An ambiguous text is refused, and the error says what to write instead: a number with another count
//! of digits (`20170801`, `42948.5`, `0`), a negative number, a number that a program has rounded (`1.76985E+12`), a date without a time,
//! day and month as numbers before the year, a week date, a name of a zone other than UTC and GMT.
//!
//! The count of digits alone tells the unit of a Unix time: from September 2001 to the year 2286, seconds have ten digits. Digits finer
//! than a millisecond are cut off, so a time never moves into the next millisecond. A leap second (`:60`) is read as the second before
//! it, as jiff does.

pub(in crate::click) mod access_log;
mod digits;
mod error;
mod forms;
mod instant;
pub(in crate::click) mod unix;

use std::str::FromStr;

use digits::{fraction, two_digits};
pub use error::TimestampError;
pub use instant::Timestamp;
use instant::instant;
pub(in crate::click) use instant::{Utc, Zone};

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Parses any of the forms in the [module's](self) table.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        read(text, &Utc)
    }
}

/// Parses any of the forms in the module's table. `zone` tells what a time without an offset means.
#[inline]
pub(in crate::click) fn read(text: &str, zone: &impl Zone) -> Result<Timestamp, TimestampError> {
    let bytes = text.as_bytes();
    let read = if bytes.get(4) == Some(&b'-') { rfc_3339(bytes, zone) } else { unix::common(bytes) };
    match read {
        Err(TimestampError::Form) => uncommon(text, zone),
        read => read,
    }
}

/// Parses the forms that are less common than the first two.
#[cold]
#[inline(never)]
fn uncommon(text: &str, zone: &impl Zone) -> Result<Timestamp, TimestampError> {
    let trimmed = text.trim();
    if trimmed.len() < text.len() {
        return read(trimmed, zone);
    }
    unix::decimal(text.as_bytes()).unwrap_or_else(|| forms::read(text, zone))
}

/// Parses `YYYY-MM-DD`, a separator, `HH:MM:SS`, an optional fraction and an optional offset, strictly by RFC 3339. jiff's own parser
/// accepts other forms (such as bracketed zones of any name), and not all of these. jiff checks the calendar.
#[inline]
pub(in crate::click) fn rfc_3339(bytes: &[u8], zone: &impl Zone) -> Result<Timestamp, TimestampError> {
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
        [] => None,
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (two_digits(*h1, *h2)?, two_digits(*m1, *m2)?);
            if hours > 23 || minutes > 59 {
                return Err(TimestampError::Calendar);
            }
            let minutes = i64::from(hours) * 60 + i64::from(minutes);
            Some(if *sign == b'-' { -minutes } else { minutes })
        }
        _ => return Err(TimestampError::Form),
    };
    instant((year, month, day), (hour, minute, second, millis), offset_minutes, zone)
}

#[cfg(test)]
#[path = "timestamp_tests.rs"]
mod tests;
