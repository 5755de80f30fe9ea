//! Parses the less common forms of times. They are tried after the common forms have failed, so speed does not matter here. Nothing is
//! guessed.

use jiff::civil::{Date, Weekday};

use super::digits::{leading_digits, value};
use super::error::TimestampError;
use super::instant::{Timestamp, Zone, instant};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Names in brackets that mean an offset of zero.
const UTC_NAMES: [&str; 4] = ["utc", "gmt", "etc/utc", "etc/gmt"];

/// Parses a date and time that begins with the year or contains the name of the month. `text` has no blanks at its ends.
/// `zone` tells what a time without an offset means.
pub(super) fn read(text: &str, zone: &dyn Zone) -> Result<Timestamp, TimestampError> {
    if text.contains('\u{2212}') {
        return Err(TimestampError::Minus);
    }
    // Access logs of web servers put the time in brackets.
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let cursor = Cursor { rest: text.as_bytes(), local: zone };
    match (cursor.digits_ahead(), cursor.peek()) {
        (4, _) => cursor.year_first(),
        (8, _) => cursor.compact(),
        (1 | 2, _) => cursor.day_first(None),
        (0, Some(b'a'..=b'z' | b'A'..=b'Z')) => cursor.name_first(),
        _ => Err(TimestampError::Form),
    }
}

/// The rest of the text.
struct Cursor<'a> {
    rest: &'a [u8],
    /// What a time without an offset means.
    local: &'a dyn Zone,
}

/// Hour, minute, second, and milliseconds of the second.
type Clock = (i8, i8, i8, i64);

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn digits_ahead(&self) -> usize {
        leading_digits(self.rest).0.len()
    }

    fn take(&mut self, byte: u8) -> bool {
        let taken = self.rest.strip_prefix(&[byte]);
        self.rest = taken.unwrap_or(self.rest);
        taken.is_some()
    }

    /// Skips blanks. Returns whether there were any.
    fn blanks(&mut self) -> bool {
        let trimmed = self.rest.trim_ascii_start();
        let any = trimmed.len() < self.rest.len();
        self.rest = trimmed;
        any
    }

    /// Reads a number of exactly this many digits.
    fn number(&mut self, digits: usize) -> Result<i16, TimestampError> {
        let (number, rest) = self.rest.split_at_checked(digits).ok_or(TimestampError::Form)?;
        if !number.iter().all(u8::is_ascii_digit) {
            return Err(TimestampError::Form);
        }
        self.rest = rest;
        let number = number.iter().fold(0, |number, digit| number * 10 + value(*digit));
        i16::try_from(number).map_err(|_| TimestampError::Form)
    }

    /// Reads a number of two digits.
    fn pair(&mut self) -> Result<i8, TimestampError> {
        self.number(2).and_then(|number| i8::try_from(number).map_err(|_| TimestampError::Form))
    }

    /// Reads a number of one or two digits.
    fn short(&mut self) -> Result<i8, TimestampError> {
        match self.digits_ahead() {
            digits @ (1 | 2) => {
                self.number(digits).and_then(|number| i8::try_from(number).map_err(|_| TimestampError::Form))
            }
            _ => Err(TimestampError::Form),
        }
    }

    /// Reads a word, in lower case.
    fn word(&mut self) -> String {
        let end = self.rest.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        String::from_utf8_lossy(word).to_ascii_lowercase()
    }

    /// Parses `2026-01-31`, `2026/1/31` or `2026.01.31`, with the time of day.
    fn year_first(mut self) -> Result<Timestamp, TimestampError> {
        let year = self.number(4)?;
        let separator = match self.peek() {
            Some(separator @ (b'-' | b'/' | b'.')) => separator,
            _ => return Err(TimestampError::Form),
        };
        self.take(separator);
        if matches!(self.peek(), Some(b'W' | b'w')) {
            return Err(TimestampError::Week);
        }
        let month = self.short()?;
        if !self.take(separator) {
            return Err(TimestampError::Form);
        }
        let day = self.short()?;
        self.time_of(year, month, day)
    }

    /// Parses `20260131`, with the time of day.
    fn compact(mut self) -> Result<Timestamp, TimestampError> {
        let (year, month, day) = (self.number(4)?, self.pair()?, self.pair()?);
        self.time_of(year, month, day)
    }

    /// Parses the time of day behind a date of numbers.
    fn time_of(mut self, year: i16, month: i8, day: i8) -> Result<Timestamp, TimestampError> {
        if self.rest.is_empty() {
            return Err(TimestampError::DateOnly);
        }
        if !(self.take(b'T') || self.take(b't') || self.blanks()) {
            return Err(TimestampError::Form);
        }
        let clock = self.clock()?;
        let offset = self.zone()?;
        self.end()?;
        instant((year, month, day), clock, offset, self.local)
    }

    /// Parses `31/Jan/2026:09:30:00 +0000` and `31 Jan 2026 09:30:00 GMT`.
    fn day_first(mut self, weekday: Option<Weekday>) -> Result<Timestamp, TimestampError> {
        let day = self.short()?;
        let separator = match self.peek() {
            Some(separator @ (b'/' | b'-' | b'.' | b' ')) => separator,
            _ => return Err(TimestampError::Form),
        };
        self.take(separator);
        if self.digits_ahead() > 0 {
            let ordered = self.short().is_ok() && self.take(separator) && matches!(self.digits_ahead(), 2 | 4);
            return Err(if ordered { TimestampError::Order } else { TimestampError::Form });
        }
        let month = month(&self.word()).ok_or(TimestampError::Form)?;
        if !self.take(separator) || self.digits_ahead() != 4 {
            return Err(TimestampError::Form);
        }
        let year = self.number(4)?;
        if self.rest.is_empty() {
            return Err(TimestampError::DateOnly);
        }
        if !(self.take(b':') || self.blanks()) {
            return Err(TimestampError::Form);
        }
        let clock = self.clock()?;
        let offset = self.zone()?;
        self.comment();
        self.end()?;
        check_weekday(weekday, (year, month, day))?;
        instant((year, month, day), clock, offset, self.local)
    }

    /// Parses `Sat, 31 Jan 2026 …`, `Sat Jan 31 09:30:00 2026` and `Jan 31, 2026 09:30:00`.
    fn name_first(mut self) -> Result<Timestamp, TimestampError> {
        let mut name = self.word();
        let weekday = weekday(&name);
        if weekday.is_some() {
            self.take(b',');
            self.blanks();
            if self.digits_ahead() > 0 {
                return self.day_first(weekday);
            }
            name = self.word();
        }
        let month = month(&name).ok_or(TimestampError::Form)?;
        self.blanks();
        let day = self.short()?;
        self.take(b',');
        self.blanks();
        let (year, clock, offset) = if self.digits_ahead() == 4 {
            let year = self.number(4)?;
            if self.rest.is_empty() {
                return Err(TimestampError::DateOnly);
            }
            self.blanks();
            let clock = self.clock()?;
            let offset = self.zone()?;
            self.comment();
            (year, clock, offset)
        } else {
            let clock = self.clock()?;
            self.blanks();
            // The program `date` writes the zone before the year.
            let zone = self.peek().is_some_and(|byte| byte.is_ascii_alphabetic());
            let offset = if zone { Some(self.named_zone()?) } else { None };
            self.blanks();
            if self.digits_ahead() != 4 {
                return Err(TimestampError::Form);
            }
            (self.number(4)?, clock, offset)
        };
        self.end()?;
        check_weekday(weekday, (year, month, day))?;
        instant((year, month, day), clock, offset, self.local)
    }

    /// Parses `9:30`, `09:30:00`, `09:30:00.125`, `09:30:00,125`, `0930` and `093000`.
    fn clock(&mut self) -> Result<Clock, TimestampError> {
        let (hour, minute, second) = match self.digits_ahead() {
            4 => return Ok((self.pair()?, self.pair()?, 0, 0)),
            6 => (self.pair()?, self.pair()?, self.pair()?),
            _ => {
                let hour = self.short()?;
                if !self.take(b':') {
                    return Err(TimestampError::Form);
                }
                let minute = self.pair()?;
                if !self.take(b':') {
                    return Ok((hour, minute, 0, 0));
                }
                (hour, minute, self.pair()?)
            }
        };
        let mut millis = 0;
        if self.take(b'.') || self.take(b',') {
            let (digits, rest) = leading_digits(self.rest);
            if digits.is_empty() {
                return Err(TimestampError::Form);
            }
            millis = (0..3).fold(0, |millis, at| millis * 10 + digits.get(at).map_or(0, |digit| value(*digit)));
            self.rest = rest;
        }
        Ok((hour, minute, second, millis))
    }

    /// Parses the offset, in minutes east of UTC; `None` if there is none. A numeric offset may be followed by the name of its zone, as in Java
    /// (`+02:00[Europe/Berlin]`) and Go (`+0200 CEST`). The offset decides.
    fn zone(&mut self) -> Result<Option<i64>, TimestampError> {
        self.blanks();
        let (mut offset, in_digits) = match self.peek() {
            Some(b'+' | b'-') => (Some(self.offset()?), true),
            Some(byte) if byte.is_ascii_alphabetic() => (Some(self.named_zone()?), false),
            _ => (None, false),
        };
        if let (Some(offset), true) = (offset, in_digits) {
            self.abbreviation(offset);
        }
        if self.take(b'[') {
            let end = self.rest.iter().position(|byte| *byte == b']').ok_or(TimestampError::Form)?;
            let (name, rest) = self.rest.split_at(end);
            let is_name = name.first().is_some_and(u8::is_ascii_alphabetic)
                && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(byte));
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            let is_utc = UTC_NAMES.contains(&name.as_str());
            let agrees = if is_utc { offset.unwrap_or(0) == 0 } else { in_digits && is_name };
            if !agrees {
                return Err(TimestampError::Zone);
            }
            offset = offset.or(Some(0));
            self.rest = rest;
            self.take(b']');
        }
        Ok(offset)
    }

    /// Skips what Go writes behind an offset: a blank with the zone's abbreviation (or the offset again if it has none), and the reading of
    /// its monotonic clock. Skips nothing else.
    fn abbreviation(&mut self, offset: i64) {
        let Some(rest) = self.rest.strip_prefix(b" ") else { return };
        let end = rest.iter().position(|byte| *byte == b' ').unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        let is_letters = (3..=5).contains(&word.len()) && word.iter().all(u8::is_ascii_uppercase);
        let is_offset = matches!(word, [b'+' | b'-', digits @ ..] if matches!(digits.len(), 2 | 4) && digits.iter().all(u8::is_ascii_digit));
        let contradicts = offset != 0 && matches!(word, b"UTC" | b"GMT");
        if !(is_letters || is_offset) || contradicts {
            return;
        }
        self.rest = rest;
        let is_clock = |byte: &u8| byte.is_ascii_digit() || b"+-.".contains(byte);
        if rest.strip_prefix(b" m=").is_some_and(|clock| !clock.is_empty() && clock.iter().all(is_clock)) {
            self.rest = &[];
        }
    }

    /// Parses `Z`, `UTC`, `GMT` and `GMT+0100`.
    fn named_zone(&mut self) -> Result<i64, TimestampError> {
        match self.word().as_str() {
            "z" => Ok(0),
            "utc" | "gmt" => match self.peek() {
                Some(b'+' | b'-') => self.offset(),
                _ => Ok(0),
            },
            _ => Err(TimestampError::Zone),
        }
    }

    /// Parses `+02`, `+0200` and `+02:00`.
    fn offset(&mut self) -> Result<i64, TimestampError> {
        let negative = self.take(b'-');
        if !negative {
            self.take(b'+');
        }
        let (hours, minutes) = match self.digits_ahead() {
            4 => (self.pair()?, self.pair()?),
            _ => (self.short()?, if self.take(b':') { self.pair()? } else { 0 }),
        };
        if hours > 23 || minutes > 59 {
            return Err(TimestampError::Calendar);
        }
        let minutes = i64::from(hours) * 60 + i64::from(minutes);
        Ok(if negative { -minutes } else { minutes })
    }

    /// Skips the name of the zone in parentheses, which browsers write behind the offset.
    fn comment(&mut self) {
        self.blanks();
        if self.rest.starts_with(b"(") && self.rest.ends_with(b")") {
            self.rest = &[];
        }
    }

    fn end(&self) -> Result<(), TimestampError> {
        match self.rest {
            [] => Ok(()),
            [byte, ..] if byte.is_ascii_alphabetic() => Err(TimestampError::Zone),
            _ => Err(TimestampError::Form),
        }
    }
}

/// The number of a month, from 1, by its English name or the first three letters of it.
fn month(word: &str) -> Option<i8> {
    named(word, &MONTHS).and_then(|at| i8::try_from(at + 1).ok())
}

fn weekday(word: &str) -> Option<Weekday> {
    named(word, &WEEKDAYS).and_then(|at| Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok())
}

fn named(word: &str, names: &[&str]) -> Option<usize> {
    names.iter().position(|name| *name == word || name.get(..3) == Some(word))
}

/// Fails if the weekday is not that of the date: one of the two is wrong, and it is not known which.
fn check_weekday(weekday: Option<Weekday>, (year, month, day): (i16, i8, i8)) -> Result<(), TimestampError> {
    let date = Date::new(year, month, day).map_err(|_| TimestampError::Calendar)?;
    match weekday {
        Some(weekday) if weekday != date.weekday() => Err(TimestampError::Calendar),
        _ => Ok(()),
    }
}
