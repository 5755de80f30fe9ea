//! Reads one JSON message, and again with empty values instead of `NaN`, which is not valid JSON.

use serde::de::IgnoredAny;

use super::json_scan::Stop;
use super::json_values::{Array, Values};
use super::value::Value;
use crate::click::error::DecodeError;
use crate::click::json::{MAX_DEPTH, syntax, without_nan};

/// Puts the wanted values of a message, which begins with `{`, where `values` says. `replaced` holds the message with replaced `NaN`s
/// afterwards, if it has any.
pub(super) fn read_message<'a>(
    text: &'a str,
    replaced: &'a mut String,
    values: &mut Values<'_, 'a>,
) -> Result<(), DecodeError> {
    match values.message(text) {
        Ok(()) => Ok(()),
        Err(stop) => again(text, fault(text, stop), replaced, values),
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
    values.message(replaced).map_err(|stop| fault(replaced, stop))
}

/// What is wrong with a message that could not be read.
#[cold]
fn fault(text: &str, stop: Stop) -> DecodeError {
    match (stop, serde_json::from_str::<IgnoredAny>(text)) {
        (Stop::Depth, _) => DecodeError::TooDeep { limit: MAX_DEPTH },
        (Stop::Syntax, Err(error)) => syntax(&error),
        (Stop::Syntax, Ok(_)) => DecodeError::Json { reason: "it cannot be read".into() },
    }
}
