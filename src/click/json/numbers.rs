//! JSON numbers: whole numbers as ids, and `NaN` and infinities, which are not valid JSON.

use crate::click::fields::Piece;

/// The text of a whole number, without fraction and exponent; `None` for any other number. Nothing is rounded.
pub(in crate::click) fn whole<'a>(number: &'a str, scratch: &mut String) -> Option<Piece<'a>> {
    const MAX_DIGITS: usize = 40;
    let Some(end) = number.find(['.', 'e', 'E']) else {
        return Some(Piece::Message(if number == "-0" { "0" } else { number }));
    };
    let (before, rest) = number.split_at_checked(end)?;
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (rest.get(..at)?, rest.get(at + 1..)?),
        None => (rest, "0"),
    };
    let fraction = fraction.strip_prefix('.').unwrap_or_default();
    let (sign, before) = match before.strip_prefix('-') {
        Some(before) => ("-", before),
        None => ("", before),
    };
    let digits = || before.bytes().chain(fraction.bytes());
    let Some(first) = digits().position(|digit| digit != b'0') else { return Some(Piece::Message("0")) };
    // With an exponent beyond 64 bits, the number is not whole or too long.
    let point = i64::try_from(before.len()).ok()?.checked_add(exponent.parse().ok()?)?;
    let point = usize::try_from(point).ok()?;
    if point.checked_sub(first)? > MAX_DIGITS || digits().skip(point).any(|digit| digit != b'0') {
        return None;
    }
    let start = scratch.len();
    scratch.push_str(sign);
    scratch.extend(digits().chain(std::iter::repeat(b'0')).take(point).skip(first).map(char::from));
    Some(Piece::Scratch { start, end: scratch.len() })
}

/// Replaces each value `NaN`, `Infinity` and `-Infinity` in `text` with an empty value; `None` if there is none. The replacements have the
/// same length, so that errors still name the right column.
pub(in crate::click) fn without_nan(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut replaced = String::new();
    let mut copied = 0;
    let mut in_string = false;
    // The last non-blank byte, which comes before a value.
    let mut before = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let mut length = 1;
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => length = 2,
            b'N' | b'I' | b'-' if !in_string && matches!(before, b':' | b',' | b'[') => {
                let rest = bytes.get(at..).unwrap_or_default();
                let found = [("NaN", "\"\" "), ("Infinity", "null    "), ("-Infinity", "null     ")]
                    .into_iter()
                    .find(|(name, _)| rest.starts_with(name.as_bytes()) && ends_value(rest.get(name.len()..)));
                if let Some((name, value)) = found {
                    replaced.push_str(text.get(copied..at).unwrap_or_default());
                    replaced.push_str(value);
                    length = name.len();
                    copied = at + length;
                }
            }
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
        at += length;
    }
    if copied == 0 {
        return None;
    }
    replaced.push_str(text.get(copied..).unwrap_or_default());
    Some(replaced)
}

/// Whether a value may end before `rest`.
fn ends_value(rest: Option<&[u8]>) -> bool {
    let next = rest.unwrap_or_default().trim_ascii_start().first();
    matches!(next, Some(b',' | b'}' | b']'))
}
