//! From the bytes of one message to a [`Click`].

use super::Click;

/// The wire format of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Tell by the first byte of each message: `{` begins JSON, anything else CSV.
    #[default]
    Auto,
    /// Nine CSV fields, RFC 4180 quoting, no header.
    Csv,
    /// A JSON object, flat or nested by family.
    Json,
}

/// Why a message is not a click.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The message has no bytes (a Kafka tombstone).
    #[error("empty message")]
    Empty,
}

/// Decodes messages one after another, reusing its buffers.
#[derive(Debug, Default)]
pub struct Decoder {
    format: Format,
}

impl Decoder {
    /// A decoder of `format`.
    pub fn new(format: Format) -> Self {
        Self { format }
    }

    /// Decodes one message.
    ///
    /// # Errors
    /// [`DecodeError`] says what is wrong in words fit for the `rejects` table.
    pub fn decode<'a>(&'a mut self, _payload: &'a [u8]) -> Result<Click<'a>, DecodeError> {
        let _ = self.format;
        Err(DecodeError::Empty)
    }
}
