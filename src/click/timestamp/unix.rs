//! Parses Unix times. The count of digits before the point tells the unit, so a date without separators, a year or a day number of a
//! spreadsheet is never read as a Unix time.

use jiff::civil::Date;

use super::digits::{fraction, leading_digits, value};
use super::error::TimestampError;
use super::instant::Timestamp;

/// Digits of a Unix time from September 2001 to the year 2286, for each unit.
const SECONDS: u64 = 10;
const MILLIS: u64 = 13;
const MICROS: u64 = 16;
const NANOS: u64 = 19;

/// The most significant digits that `%e`, `%g` and the cell of a spreadsheet print.
const ROUNDED: usize = 7;

/// Parses a whole number, or seconds with a fraction, which are the most common. Anything else is [`TimestampError::Form`].
pub(super) fn common(bytes: &[u8]) -> Result<Timestamp, TimestampError> {
    let (mut number, mut digits) = (0_u64, 0);
    for byte in bytes {
        if !byte.is_ascii_digit() {
            break;
        }
        // 19 digits fit into 64 bits; longer numbers are refused below.
        number = number.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
        digits += 1;
    }
    if bytes.first() == Some(&b'0') {
        return Err(TimestampError::Form);
    }
    let millis = match (digits, bytes.get(digits as usize..).unwrap_or_default()) {
        (MILLIS, []) => number,
        (SECONDS, []) => number * 1000,
        (SECONDS, rest) => match fraction(rest)? {
            (millis, []) => number * 1000 + millis.unsigned_abs(),
            _ => return Err(TimestampError::Form),
        },
        (MICROS, []) => number / 1000,
        (NANOS, []) => number / 1_000_000,
        (1.., []) => return Err(no_unit(bytes, digits)),
        _ => return Err(TimestampError::Form),
    };
    Ok(Timestamp::from_millis(millis.cast_signed()))
}

/// Parses any decimal number, with a fraction or an exponent; `None` if the text is not a number.
pub(super) fn decimal(bytes: &[u8]) -> Option<Result<Timestamp, TimestampError>> {
    let (negative, rest) = match bytes.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, bytes),
    };
    let number = Decimal::read(rest)?;
    if negative {
        return Some(Err(TimestampError::Negative));
    }
    // Programs do not write leading zeros, but telephone and article numbers have them.
    if number.before.len() > 1 && number.before.first() == Some(&b'0') {
        return Some(Err(TimestampError::Form));
    }
    Some(number.time().map(|millis| Timestamp::from_millis(millis.cast_signed())))
}

/// Parses a Unix time in a known unit, perhaps with a sign, a fraction or an exponent; `None` if the text is not a number. One second has
/// ten to the power of `digits` units.
pub(in crate::click) fn in_unit(bytes: &[u8], digits: u8) -> Option<Result<Timestamp, TimestampError>> {
    let (negative, rest) = match bytes.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, bytes),
    };
    Some(Decimal::read(rest)?.millis(3 - i64::from(digits)).and_then(|(millis, is_whole)| {
        let millis = millis.cast_signed();
        // What is finer than a millisecond is cut off, so earlier than it is.
        Timestamp::in_range(if negative { -millis - i64::from(!is_whole) } else { millis })
    }))
}

/// The error for a number with `digits` digits before the point.
#[cold]
fn no_unit(bytes: &[u8], digits: u64) -> TimestampError {
    if is_compact_date(bytes) { TimestampError::Compact } else { TimestampError::Digits { digits } }
}

/// Whether digits are a date of our time, perhaps with a time of day: 20170801, 20170801120000.
fn is_compact_date(bytes: &[u8]) -> bool {
    let at = |from: usize, to: usize| {
        bytes.get(from..to).map_or(0, |digits| digits.iter().fold(0, |number, digit| number * 10 + value(*digit)))
    };
    let (year, month, day) = (at(0, 4), at(4, 6), at(6, 8));
    let date = || Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    matches!(bytes.len(), 8 | 12 | 14 | 17)
        && bytes.iter().all(u8::is_ascii_digit)
        && (1900..2200).contains(&year)
        && date().is_some()
}

/// An unsigned decimal number: its digits and the position of the point. A float would move a time by a millisecond.
struct Decimal<'a> {
    before: &'a [u8],
    after: &'a [u8],
    /// The index of the first digit after the point, with the exponent applied. It may lie outside the digits.
    point: i64,
    /// Whether the exponent has a plus sign.
    plus: bool,
}

impl<'a> Decimal<'a> {
    /// `None` if the text is not a decimal number.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (before, mut rest) = leading_digits(bytes);
        let mut after: &[u8] = &[];
        if let Some((b'.', more)) = rest.split_first() {
            (after, rest) = leading_digits(more);
            if after.is_empty() {
                return None;
            }
        }
        let (mut exponent, mut plus) = (0, false);
        if let Some((b'e' | b'E', more)) = rest.split_first() {
            let (negative, more) = match more.split_first() {
                Some((b'-', more)) => (true, more),
                Some((b'+', more)) => {
                    plus = true;
                    (false, more)
                }
                _ => (false, more),
            };
            let (digits, more) = leading_digits(more);
            if digits.is_empty() {
                return None;
            }
            let size = digits.iter().fold(0_i64, |size, digit| size.saturating_mul(10).saturating_add(value(*digit)));
            exponent = if negative { -size } else { size };
            rest = more;
        }
        if before.is_empty() || !rest.is_empty() {
            return None;
        }
        let length = i64::try_from(before.len()).unwrap_or(i64::MAX);
        Some(Self { before, after, point: length.saturating_add(exponent), plus })
    }

    /// The time in milliseconds. The count of digits before the point tells the unit.
    fn time(&self) -> Result<u64, TimestampError> {
        let first = self.before.iter().chain(self.after).position(|digit| *digit != b'0');
        let first = first.and_then(|first| i64::try_from(first).ok()).unwrap_or(i64::MAX);
        // Zero and numbers below one have one digit before the point.
        let digits = self.point.saturating_sub(first).max(1).unsigned_abs();
        // Cuts off everything below a millisecond.
        let end = match digits {
            SECONDS => self.point.saturating_add(3),
            MILLIS => self.point,
            MICROS => self.point.saturating_sub(3),
            NANOS => self.point.saturating_sub(6),
            _ if self.after.is_empty() => return Err(no_unit(self.before, digits)),
            _ => return Err(TimestampError::Digits { digits }),
        };
        let significant = (self.before.len() + self.after.len()).saturating_sub(usize::try_from(first).unwrap_or(0));
        if self.plus && significant <= ROUNDED {
            return Err(TimestampError::Rounded);
        }
        // These are 13 digits for every unit.
        Ok((first..end).fold(0, |millis, at| millis * 10 + self.digit(at)))
    }

    /// The number with the point moved by `shift` digits to the right, without fraction, and whether it had none.
    fn millis(&self, shift: i64) -> Result<(u64, bool), TimestampError> {
        /// More than any time has.
        const MAX_DIGITS: i64 = 18;
        let digits = || self.before.iter().chain(self.after);
        let Some(first) = digits().position(|digit| *digit != b'0') else { return Ok((0, true)) };
        let length = digits().count();
        if self.plus && length - first <= ROUNDED {
            return Err(TimestampError::Rounded);
        }
        let (first, length) = (i64::try_from(first).unwrap_or(i64::MAX), i64::try_from(length).unwrap_or(i64::MAX));
        let end = self.point.saturating_add(shift);
        if end.saturating_sub(first) > MAX_DIGITS {
            return Err(TimestampError::Range);
        }
        let is_whole = (end.max(first)..length).all(|at| self.digit(at) == 0);
        Ok(((first..end).fold(0, |millis, at| millis * 10 + self.digit(at)), is_whole))
    }

    /// The digit at `index`; 0 outside the written digits.
    fn digit(&self, index: i64) -> u64 {
        let digit = usize::try_from(index).ok().and_then(|index| match index.checked_sub(self.before.len()) {
            Some(index) => self.after.get(index),
            None => self.before.get(index),
        });
        digit.map_or(0, |digit| value(*digit).unsigned_abs())
    }
}
