//! Unix times: their unit is told by the digits before the point, so that a date without separators, a year or a
//! spreadsheet's day number is never taken for one.

use jiff::civil::Date;

use super::{Timestamp, TimestampError, fraction, leading_digits, value};

/// Digits of a Unix time from September 2001 to the year 2286.
const SECONDS: u64 = 10;
const MILLIS: u64 = 13;
const MICROS: u64 = 16;
const NANOS: u64 = 19;

/// Significant digits that `%e`, `%g` and a spreadsheet's cell leave of a number, at most.
const ROUNDED: usize = 7;

/// A whole number or seconds with a fraction, by far the most common; anything else is [`TimestampError::Form`].
pub(super) fn common(bytes: &[u8]) -> Result<Timestamp, TimestampError> {
    let (mut number, mut digits) = (0_u64, 0);
    for byte in bytes {
        if !byte.is_ascii_digit() {
            break;
        }
        // Nineteen digits fit 64 bits; more are refused by their count.
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
    Ok(Timestamp(millis.cast_signed()))
}

/// Any decimal number, with a fraction or an exponent; `None` for what is not written as a number.
pub(super) fn decimal(bytes: &[u8]) -> Option<Result<Timestamp, TimestampError>> {
    let (negative, rest) = match bytes.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, bytes),
    };
    let number = Decimal::read(rest)?;
    if negative {
        return Some(Err(TimestampError::Negative));
    }
    // No program pads a number with zeros; a telephone or article number has them.
    if number.before.len() > 1 && number.before.first() == Some(&b'0') {
        return Some(Err(TimestampError::Form));
    }
    Some(number.time().map(|millis| Timestamp(millis.cast_signed())))
}

/// Why `digits` digits before the point are no Unix time.
#[cold]
fn no_unit(bytes: &[u8], digits: u64) -> TimestampError {
    if is_compact_date(bytes) { TimestampError::Compact } else { TimestampError::Digits { digits } }
}

/// Whether whole digits read as a day of our time, alone or with hour and minute behind it: 20170801, 20170801120000.
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

/// An unsigned decimal number as it is written: digits and where the point stands among them. Not a float: those would
/// move a time by a millisecond.
struct Decimal<'a> {
    before: &'a [u8],
    after: &'a [u8],
    /// Index of the first digit after the point, exponent applied; may lie outside the digits on either side.
    point: i64,
    /// The exponent has a plus sign.
    plus: bool,
}

impl<'a> Decimal<'a> {
    /// `None` if it is written in any other way.
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

    /// As milliseconds, by the digits before the point.
    fn time(&self) -> Result<u64, TimestampError> {
        let first = self.before.iter().chain(self.after).position(|digit| *digit != b'0');
        let first = first.and_then(|first| i64::try_from(first).ok()).unwrap_or(i64::MAX);
        // Zero and what is less than one have the digit before the point that is written there.
        let digits = self.point.saturating_sub(first).max(1).unsigned_abs();
        // Cuts a fraction of a second to milliseconds, and finer units too.
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
        // Thirteen digits, whatever the unit.
        Ok((first..end).fold(0, |millis, at| millis * 10 + self.digit(at)))
    }

    /// The digit at `index`, 0 outside those written.
    fn digit(&self, index: i64) -> u64 {
        let digit = usize::try_from(index).ok().and_then(|index| match index.checked_sub(self.before.len()) {
            Some(index) => self.after.get(index),
            None => self.before.get(index),
        });
        digit.map_or(0, |digit| value(*digit).unsigned_abs())
    }
}
