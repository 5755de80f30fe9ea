//! An instant in milliseconds, and how it is made of a date and a time of day.

use std::fmt;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use super::error::TimestampError;

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Milliseconds since the Unix epoch, UTC. Finer digits of an event's time are cut off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

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

    /// The current time of this machine's clock.
    pub fn now() -> Self {
        Self(jiff::Timestamp::now().as_millisecond())
    }

    #[inline]
    pub(in crate::click) fn in_range(millis: i64) -> Result<Self, TimestampError> {
        let time = Self(millis);
        if (Self::MIN..=Self::MAX).contains(&time) { Ok(time) } else { Err(TimestampError::Range) }
    }
}

/// Prints RFC 3339 in UTC with milliseconds, `2026-01-31T09:30:00.125Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // jiff::Timestamp cannot represent the last day of the year 9999.
        let civil =
            Self::in_range(self.0).ok().and_then(|_| EPOCH.checked_add(SignedDuration::from_millis(self.0)).ok());
        match civil {
            Some(civil) => write!(f, "{civil:.3}Z"),
            None => write!(f, "{} ms", self.0),
        }
    }
}

/// What a date and a time of day without an offset mean.
pub(in crate::click) trait Zone {
    /// The instant of a date and a time of day, in milliseconds.
    fn millis(&self, civil: DateTime) -> Result<i64, TimestampError>;
}

/// Such times are UTC.
pub(in crate::click) struct Utc;

impl Zone for Utc {
    #[inline]
    fn millis(&self, civil: DateTime) -> Result<i64, TimestampError> {
        Ok(utc_millis(civil))
    }
}

/// The instant of a date and a time of day in UTC, in milliseconds. Those of all years fit.
#[inline]
fn utc_millis(civil: DateTime) -> i64 {
    civil.duration_since(EPOCH).as_secs() * 1000
}

/// The instant of a date and a time of day (hour, minute, second, milliseconds), at an offset of this many minutes east of UTC, or
/// as `zone` says if there is none.
#[inline]
pub(super) fn instant(
    (year, month, day): (i16, i8, i8),
    (hour, minute, second, millis): (i8, i8, i8, i64),
    offset_minutes: Option<i64>,
    zone: &(impl Zone + ?Sized),
) -> Result<Timestamp, TimestampError> {
    let second = if second == 60 { 59 } else { second };
    // Databases write 0000-00-00 if there is no date.
    let no_date = if year == 0 { TimestampError::Range } else { TimestampError::Calendar };
    let date = Date::new(year, month, day).map_err(|_| no_date)?;
    let time = Time::new(hour, minute, second, 0).map_err(|_| TimestampError::Calendar)?;
    let civil = DateTime::from_parts(date, time);
    let start = match offset_minutes {
        Some(minutes) => utc_millis(civil) - minutes * 60_000,
        None => zone.millis(civil)?,
    };
    Timestamp::in_range(start + millis)
}
