//! Reads the digits of times.

use super::error::TimestampError;

/// Reads an optional `.` with digits. Returns the milliseconds and the rest.
#[inline]
pub(super) fn fraction(bytes: &[u8]) -> Result<(i64, &[u8]), TimestampError> {
    let Some((b'.', rest)) = bytes.split_first() else { return Ok((0, bytes)) };
    let (digits, rest) = leading_digits(rest);
    if digits.is_empty() {
        return Err(TimestampError::Form);
    }
    Ok(((0..3).fold(0, |millis, at| millis * 10 + digit_at(digits, at)), rest))
}

#[inline]
pub(super) fn leading_digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    bytes.split_at(end)
}

#[inline]
pub(super) fn digit_at(digits: &[u8], index: usize) -> i64 {
    digits.get(index).map_or(0, |digit| value(*digit))
}

/// The value of an ASCII digit.
#[inline]
pub(super) fn value(digit: u8) -> i64 {
    i64::from(digit.wrapping_sub(b'0'))
}

#[inline]
pub(super) fn two_digits(tens: u8, ones: u8) -> Result<i8, TimestampError> {
    match (tens, ones) {
        (b'0'..=b'9', b'0'..=b'9') => Ok(((tens - b'0') * 10 + (ones - b'0')).cast_signed()),
        _ => Err(TimestampError::Form),
    }
}
