//! Writes JSON, up to the length of the longest message that the mapping reads.

use std::fmt::{Debug, Display, Write as _};

use super::error::ReadError;
use crate::click::MAX_MESSAGE_BYTES;

/// JSON text under way.
pub(super) struct Out<'t> {
    text: &'t mut String,
}

impl<'t> Out<'t> {
    /// Begins in the emptied `text`.
    pub(super) fn new(text: &'t mut String) -> Self {
        text.clear();
        Self { text }
    }

    /// Appends a part of the syntax, or a value that is JSON already.
    #[inline]
    pub(super) fn raw(&mut self, json: &str) -> Result<(), ReadError> {
        if self.text.len() + json.len() > MAX_MESSAGE_BYTES {
            return Err(ReadError::Expanded);
        }
        self.text.push_str(json);
        Ok(())
    }

    /// Appends a number, or what else prints as JSON.
    #[inline]
    pub(super) fn display(&mut self, value: impl Display) -> Result<(), ReadError> {
        // Writing into a string cannot fail.
        let _ = write!(self.text, "{value}");
        self.raw("")
    }

    /// Appends a number with a fraction; `null` for what is none.
    pub(super) fn float(&mut self, number: impl Into<f64> + Debug + Copy) -> Result<(), ReadError> {
        match number.into().is_finite() {
            // The shortest digits that are this number, with an exponent if there would be many zeros.
            true => self.display(format_args!("{number:?}")),
            false => self.raw("null"),
        }
    }

    /// Appends a JSON string.
    #[inline]
    pub(super) fn string(&mut self, text: &str) -> Result<(), ReadError> {
        self.raw("\"")?;
        let needs_escape = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
        if text.as_bytes().iter().any(needs_escape) {
            // Each character becomes six at most, so this is bounded by the message.
            for c in text.chars() {
                match c {
                    '"' => self.text.push_str("\\\""),
                    '\\' => self.text.push_str("\\\\"),
                    '\n' => self.text.push_str("\\n"),
                    c if u32::from(c) < 0x20 => {
                        let _ = write!(self.text, "\\u{:04x}", u32::from(c));
                    }
                    c => self.text.push(c),
                }
            }
        } else {
            self.raw(text)?;
        }
        self.raw("\"")
    }

    /// Appends a JSON string of what prints without a quote or backslash.
    pub(super) fn quoted(&mut self, value: impl Display) -> Result<(), ReadError> {
        self.raw("\"")?;
        self.display(value)?;
        self.raw("\"")
    }

    /// Appends bytes as a JSON string, in base64.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        self.quoted(base64::display::Base64Display::new(bytes, &base64::engine::general_purpose::STANDARD))
    }
}

/// A name of a member with its quotes and the colon.
pub(super) fn key(name: &str) -> Box<str> {
    let mut text = serde_json::to_string(name).unwrap_or_default();
    text.push(':');
    text.into_boxed_str()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_string_comes_back(text: String) {
            let mut json = String::new();
            Out::new(&mut json).string(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }

        #[test]
        fn a_number_comes_back(number: f64, single: f32) {
            let mut json = String::new();
            Out::new(&mut json).float(number).unwrap();
            prop_assert_eq!(serde_json::from_str::<Option<f64>>(&json).unwrap(), Some(number).filter(|n| n.is_finite()));
            Out::new(&mut json).float(single).unwrap();
            prop_assert_eq!(serde_json::from_str::<Option<f32>>(&json).unwrap(), Some(single).filter(|n| n.is_finite()));
        }
    }

    #[test]
    fn nothing_grows_beyond_the_longest_message() {
        let mut json = String::new();
        let mut out = Out::new(&mut json);
        let long = "x".repeat(MAX_MESSAGE_BYTES / 2);
        out.string(&long).unwrap();
        assert_eq!(out.string(&long), Err(ReadError::Expanded));
        assert_eq!(out.bytes(long.as_bytes()), Err(ReadError::Expanded));
    }
}
