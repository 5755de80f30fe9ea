//! Decodes the bytes of one message into a [`Click`].

use super::error::DecodeError;
use super::event::{Click, FIELD_NAMES, MAX_MESSAGE_BYTES};
use super::fields::{FieldLimits, Piece};
use super::{csv, fields, json};

/// The wire format of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The format is detected from the first non-blank byte of each message: `{` begins JSON, anything else is CSV.
    #[default]
    Auto,
    /// Nine CSV fields, RFC 4180 quoting, no header.
    Csv,
    /// A JSON object, flat or nested by family.
    Json,
}

/// Decodes messages one after the other, with one buffer for all.
#[derive(Debug, Default)]
pub struct Decoder {
    format: Format,
    limits: FieldLimits,
    /// Texts of the current message that cannot be borrowed from it, because they had escapes.
    scratch: String,
    /// The current message with replaced `NaN`s, if it has any.
    without_nan: String,
}

impl Decoder {
    /// A decoder of `format` with the default limits.
    pub fn new(format: Format) -> Self {
        Self { format, ..Self::default() }
    }

    /// The wire format that it reads.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The same decoder with other limits for the length of fields.
    #[must_use]
    pub fn with_limits(self, limits: FieldLimits) -> Self {
        Self { limits, ..self }
    }

    /// Decodes one message. Allocates nothing, except for JSON strings with escapes and JSON with `NaN`.
    ///
    /// # Errors
    /// [`DecodeError`] says what is wrong, in words for the `rejects` table.
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
        let mut record = [Piece::EMPTY; FIELD_NAMES.len()];
        match (self.format, begins_object) {
            (Format::Json | Format::Auto, true) => {
                record = match json::read(text, &mut self.scratch) {
                    Err(error @ DecodeError::Json { .. }) => {
                        json_with_nan(text, error, &mut self.without_nan, &mut self.scratch)?
                    }
                    read => read?,
                };
            }
            (Format::Json, false) => return Err(DecodeError::NotAnObject),
            (Format::Csv, _) | (Format::Auto, false) => csv::split_into(&mut record, text, &mut self.scratch)?,
        }
        // No field is longer than its message, so shorter messages need no check. They return here, because the click is then written
        // directly to its destination.
        if payload.len() <= self.limits.smallest() {
            return fields::click(&record, &self.scratch);
        }
        let click = fields::click(&record, &self.scratch)?;
        self.limits.check(&click)?;
        Ok(click)
    }
}

/// Reads an invalid JSON object again with replaced `NaN`s. Returns `error` if it has none.
#[cold]
#[inline(never)]
fn json_with_nan<'a>(
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
