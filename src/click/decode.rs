//! From the bytes of one message to a [`Click`].

use super::error::DecodeError;
use super::fields::{FieldLimits, Piece};
use super::names::FIELD_NAMES;
use super::{Click, MAX_MESSAGE_BYTES, csv, fields, json};

/// The wire format of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The format is detected from the first byte of each message that is not blank: `{` begins JSON, everything else is CSV.
    #[default]
    Auto,
    /// Nine CSV fields, RFC 4180 quoting, no header.
    Csv,
    /// A JSON object, flat or nested by family.
    Json,
}

/// Decodes messages one after another, reusing its buffer.
#[derive(Debug, Default)]
pub struct Decoder {
    format: Format,
    limits: FieldLimits,
    /// Text of the current message's fields that could not be borrowed from it, because escapes were undone.
    scratch: String,
    /// The current message without its `NaN`s, if it has any.
    without_nan: String,
}

impl Decoder {
    /// A decoder of `format` with the default limits.
    pub fn new(format: Format) -> Self {
        Self { format, ..Self::default() }
    }

    /// The same with other limits of what a field may hold.
    #[must_use]
    pub fn with_limits(self, limits: FieldLimits) -> Self {
        Self { limits, ..self }
    }

    /// Decodes one message. Allocates nothing for a click, except for JSON strings with escapes
    /// and JSON with `NaN`.
    ///
    /// # Errors
    /// [`DecodeError`] says what is wrong in words fit for the `rejects` table.
    pub fn decode<'a>(&'a mut self, payload: &'a [u8]) -> Result<Click<'a>, DecodeError> {
        if payload.len() > MAX_MESSAGE_BYTES {
            return Err(DecodeError::TooLong { bytes: payload.len(), limit: MAX_MESSAGE_BYTES });
        }
        let text = std::str::from_utf8(payload).map_err(|error| DecodeError::Utf8 { at: error.valid_up_to() })?;
        let text = csv::without_bom(text);
        let begins_object = match text.bytes().find(|byte| !byte.is_ascii_whitespace()) {
            None => return Err(DecodeError::Empty),
            Some(first) => first == b'{',
        };
        self.scratch.clear();
        let record = match (self.format, begins_object) {
            (Format::Json | Format::Auto, true) => match json::read(text, &mut self.scratch) {
                Err(error @ DecodeError::Json { .. }) => {
                    json_again(text, error, &mut self.without_nan, &mut self.scratch)?
                }
                read => read?,
            },
            (Format::Json, false) => return Err(DecodeError::NotAnObject),
            (Format::Csv, _) | (Format::Auto, false) => csv::split(text, &mut self.scratch)?,
        };
        // No field is longer than its message. One call for all but the longest messages: a click is written where it is wanted.
        if payload.len() <= self.limits.least() {
            return fields::click(record, &self.scratch);
        }
        let click = fields::click(record, &self.scratch)?;
        self.limits.check(&click)?;
        Ok(click)
    }
}

/// Reads an object that is no JSON once more, in case it is one but for its `NaN`s; else gives the `error`.
#[cold]
#[inline(never)]
fn json_again<'a>(
    text: &str,
    error: DecodeError,
    without_nan: &'a mut String,
    scratch: &mut String,
) -> Result<[Piece<'a>; FIELD_NAMES.len()], DecodeError> {
    *without_nan = json::without_nan(text).ok_or(error)?;
    scratch.clear();
    json::read_without_nan(without_nan, scratch)
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
