//! Times with a logical type, as the mapping reads them.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

use super::error::ReadError;
use super::out::Out;

/// How times are written whose type says what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeStyle {
    /// As RFC 3339; a local time without an offset.
    #[default]
    Text,
    /// As a Unix time: a second has ten to the power of so many units.
    Unix(u8),
}

impl TimeStyle {
    /// The style that a mapping reads; `digits` are those of [`unix_digits`](crate::click::mapping::CompiledMapping::unix_digits).
    pub fn of_digits(digits: Option<u8>) -> Self {
        digits.map_or(Self::Text, Self::Unix)
    }

    /// Writes an instant, which is `number` units after 1970; a second has ten to the power of `digits` of them.
    pub(super) fn instant(self, number: i64, digits: u8, out: &mut Out<'_>) -> Result<(), ReadError> {
        match self {
            Self::Unix(wanted) => unix(number, digits, wanted, out),
            Self::Text => match timestamp(number, digits) {
                Some(time) => out.quoted(time),
                None => out_of_range(number, digits, out),
            },
        }
    }

    /// Writes a local time: what clocks show, without an offset.
    pub(super) fn local(self, number: i64, digits: u8, out: &mut Out<'_>) -> Result<(), ReadError> {
        match self {
            Self::Unix(wanted) => unix(number, digits, wanted, out),
            Self::Text => match timestamp(number, digits) {
                Some(time) => out.quoted(Offset::UTC.to_datetime(time)),
                None => out_of_range(number, digits, out),
            },
        }
    }

    /// Writes an instant of whole seconds and nanoseconds.
    pub(super) fn seconds(self, seconds: i64, nanos: i32, out: &mut Out<'_>) -> Result<(), ReadError> {
        match (self, Timestamp::new(seconds, nanos)) {
            (Self::Text, Ok(time)) => out.quoted(time),
            (Self::Unix(wanted), Ok(time)) => match i64::try_from(time.as_nanosecond()) {
                Ok(number) => unix(number, 9, wanted, out),
                Err(_) => unix(time.as_millisecond(), 3, wanted, out),
            },
            (_, Err(_)) => out_of_range(seconds, 0, out),
        }
    }
}

fn timestamp(number: i64, digits: u8) -> Option<Timestamp> {
    match digits {
        3 => Timestamp::from_millisecond(number).ok(),
        6 => Timestamp::from_microsecond(number).ok(),
        _ => Timestamp::from_nanosecond(i128::from(number)).ok(),
    }
}

/// A time that no calendar has. The mapping refuses it, if it takes it at all.
#[cold]
fn out_of_range(number: i64, digits: u8, out: &mut Out<'_>) -> Result<(), ReadError> {
    out.quoted(format_args!("{number} units of 1e-{digits} s"))
}

/// `number` units of `digits` digits as a number of units of `wanted` digits.
fn unix(number: i64, digits: u8, wanted: u8, out: &mut Out<'_>) -> Result<(), ReadError> {
    let factor = 10_i128.pow(u32::from(digits.abs_diff(wanted)));
    let number = i128::from(number);
    if wanted >= digits {
        return out.display(number * factor);
    }
    let (whole, rest) = (number.div_euclid(factor), number.rem_euclid(factor));
    match rest {
        0 => out.display(whole),
        // A fraction of a negative number would count the other way; it is less than a unit.
        _ if whole < 0 => out.display(whole),
        _ => out.display(format_args!("{whole}.{rest:0width$}", width = usize::from(digits - wanted))),
    }
}

/// Writes a date, which is so many days after 1970.
pub(super) fn date(days: i32, out: &mut Out<'_>) -> Result<(), ReadError> {
    let epoch = Date::constant(1970, 1, 1);
    match epoch.checked_add(jiff::Span::new().try_days(days).unwrap_or_default()) {
        Ok(date) if days == 0 || date != epoch => out.quoted(date),
        _ => out.quoted(format_args!("{days} days after 1970")),
    }
}

/// Writes a time of day, which is so many units after midnight.
pub(super) fn time_of_day(number: i64, digits: u8, out: &mut Out<'_>) -> Result<(), ReadError> {
    let nanos = number.checked_mul(10_i64.pow(u32::from(9_u8.saturating_sub(digits))));
    let span = nanos.and_then(|nanos| jiff::Span::new().try_nanoseconds(nanos).ok());
    match span.filter(|_| number >= 0).and_then(|span| Time::midnight().checked_add(span).ok()) {
        Some(time) => out.quoted(time),
        None => out.quoted(format_args!("{number} units of 1e-{digits} s after midnight")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Out<'_>) -> Result<(), ReadError>) -> String {
        let mut text = String::new();
        write(&mut Out::new(&mut text)).unwrap();
        text
    }

    #[test]
    fn an_instant_is_exact_in_every_style() {
        const MICROS: i64 = 1_769_851_800_125_001;
        let style = |style: TimeStyle| text(|out| style.instant(MICROS, 6, out));
        assert_eq!(style(TimeStyle::Text), "\"2026-01-31T09:30:00.125001Z\"");
        assert_eq!(style(TimeStyle::Unix(0)), "1769851800.125001");
        assert_eq!(style(TimeStyle::Unix(3)), "1769851800125.001");
        assert_eq!(style(TimeStyle::Unix(6)), "1769851800125001");
        assert_eq!(style(TimeStyle::Unix(9)), "1769851800125001000");
        let local = |style: TimeStyle| text(|out| style.local(1_769_851_800_125, 3, out));
        assert_eq!(local(TimeStyle::Text), "\"2026-01-31T09:30:00.125\"");
        assert_eq!(local(TimeStyle::Unix(3)), "1769851800125");
        let pair = |style: TimeStyle| text(|out| style.seconds(1_769_851_800, 125_000_000, out));
        assert_eq!(pair(TimeStyle::Text), "\"2026-01-31T09:30:00.125Z\"");
        assert_eq!(pair(TimeStyle::Unix(3)), "1769851800125");
        assert_eq!(text(|out| TimeStyle::Unix(0).instant(-1_500, 3, out)), "-2");
    }

    #[test]
    fn what_no_calendar_has_is_told() {
        assert!(text(|out| TimeStyle::Text.instant(i64::MAX, 3, out)).contains("9223372036854775807 units"));
        assert!(text(|out| TimeStyle::Text.seconds(i64::MAX, 0, out)).contains("units"));
        assert!(text(|out| date(i32::MAX, out)).contains("2147483647 days"));
        assert!(text(|out| time_of_day(-1, 3, out)).contains("-1 units"));
        assert!(text(|out| time_of_day(86_400_000, 3, out)).contains("86400000 units"));
    }

    #[test]
    fn dates_and_times_of_day_are_texts() {
        assert_eq!(text(|out| date(0, out)), "\"1970-01-01\"");
        assert_eq!(text(|out| date(20_484, out)), "\"2026-01-31\"");
        assert_eq!(text(|out| time_of_day(34_200_125, 3, out)), "\"09:30:00.125\"");
        assert_eq!(text(|out| time_of_day(0, 6, out)), "\"00:00:00\"");
    }
}
