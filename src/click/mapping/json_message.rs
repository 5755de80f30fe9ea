//! Reads one JSON message, and again with empty values instead of `NaN`, which is not valid JSON.

use super::json_values::{Array, Values};
use super::value::Value;
use crate::click::error::DecodeError;
use crate::click::json::{MAX_DEPTH, nests_too_deep, syntax, without_nan};

/// Puts the wanted values of a message, which begins with `{`, where `values` says. `replaced` holds the message with replaced `NaN`s
/// afterwards, if it has any.
pub(super) fn read_message<'a>(
    text: &'a str,
    replaced: &'a mut String,
    values: &mut Values<'_, 'a>,
) -> Result<(), DecodeError> {
    if may_nest_too_deep(text) && nests_too_deep(text) {
        return Err(DecodeError::TooDeep { limit: MAX_DEPTH });
    }
    match values.message(text) {
        Ok(()) => Ok(()),
        Err(error) => again(text, syntax(&error), replaced, values),
    }
}

/// Reads an invalid message again with replaced `NaN`s. Returns `error` if it has none.
#[cold]
#[inline(never)]
fn again<'a>(
    text: &str,
    error: DecodeError,
    replaced: &'a mut String,
    values: &mut Values<'_, 'a>,
) -> Result<(), DecodeError> {
    *replaced = without_nan(text).ok_or(error)?;
    values.slots.fill(Value::Absent);
    values.elements.clear();
    values.array = Array::Missing;
    values.replaced = true;
    values.message(replaced).map_err(|error| syntax(&error))
}

/// Whether a text has so many brackets that it could nest too deep. Nearly no message has.
fn may_nest_too_deep(text: &str) -> bool {
    // Both opening brackets are the same but for one bit, which no other character shares.
    const BIT: u8 = b'[' ^ b'{';
    let (chunks, rest) = text.as_bytes().as_chunks::<64>();
    let count = |bytes: &[u8]| bytes.iter().map(|byte| u8::from(byte | BIT == b'{')).sum::<u8>();
    let mut brackets = usize::from(count(rest));
    for chunk in chunks {
        brackets += usize::from(count(chunk));
    }
    brackets > MAX_DEPTH
}
