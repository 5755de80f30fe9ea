//! Why a message is not a click.

use super::event::FIELD_NAMES;
use super::mapping::EventFault;
use super::timestamp::TimestampError;

use crate::text::plural;

/// Why a message is not a click. Each error prints as readable text that is safe for a terminal: quotations of the message are short,
/// with escaped control characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The message has no bytes (a Kafka tombstone) or only blanks.
    #[error("empty message")]
    Empty,
    /// The message is longer than [`MAX_MESSAGE_BYTES`](super::MAX_MESSAGE_BYTES).
    #[error("message of {bytes} bytes is longer than the limit of {limit}")]
    TooLong {
        /// The length of the message.
        bytes: usize,
        /// The longest message that is read.
        limit: usize,
    },
    /// The message is not UTF-8.
    #[error("not UTF-8 at byte {at}: send messages as UTF-8")]
    Utf8 {
        /// The number of valid bytes before the invalid one.
        at: usize,
    },
    /// A CSV record with another number of fields.
    #[error("{found} CSV {} instead of 9: {}", plural(*found, "field", "fields"), FIELD_NAMES.join(","))]
    FieldCount {
        /// The number of fields in the message.
        found: usize,
    },
    /// A CSV field has an opening quote but no closing one.
    #[error("CSV field {field}: the quote is never closed")]
    UnterminatedQuote {
        /// The number of the field, from 1.
        field: usize,
    },
    /// A CSV field continues after its closing quote.
    #[error("CSV field {field}: text after the closing quote; double a quote inside a quoted field")]
    TextAfterQuote {
        /// The number of the field, from 1.
        field: usize,
    },
    /// A CSV field contains a quote but does not begin with one.
    #[error("CSV field {field}: a quote inside a field without quotes; quote the whole field and double the quote")]
    BareQuote {
        /// The number of the field, from 1.
        field: usize,
    },
    /// A CSV field contains a line break outside quotes.
    #[error("CSV field {field}: a line break outside quotes; send one record in each message")]
    BareLineBreak {
        /// The number of the field, from 1.
        field: usize,
    },
    /// The message is not valid JSON, or continues after its end.
    #[error("JSON: {reason}")]
    Json {
        /// The parser's message, with the position.
        reason: Box<str>,
    },
    /// The format is JSON, but the message does not begin with `{`.
    #[error("JSON: not an object; send one object in each message")]
    NotAnObject,
    /// A field is given twice, perhaps under two names.
    #[error("JSON: `{field}` is given twice")]
    DuplicateField {
        /// The name of the field.
        field: &'static str,
    },
    /// A field has the wrong JSON type.
    #[error("JSON: `{field}` is {found} instead of {expected}")]
    WrongType {
        /// The name of the field.
        field: &'static str,
        /// The accepted types.
        expected: &'static str,
        /// The type in the message.
        found: &'static str,
    },
    /// A JSON string contains half of a surrogate pair.
    #[error("JSON: `{field}` contains half of a surrogate pair, which is not a character")]
    NotText {
        /// The name of the field.
        field: &'static str,
    },
    /// A JSON value is nested too deep.
    #[error("JSON: nested deeper than {limit} levels")]
    TooDeep {
        /// The deepest level that is read.
        limit: usize,
    },
    /// A required field is absent, empty or blank.
    #[error("`{field}` is missing or empty")]
    MissingField {
        /// The name of the field.
        field: &'static str,
    },
    /// A field is longer than the settings allow.
    #[error("`{field}` has {bytes} bytes, more than the {limit} that {setting} allows")]
    FieldTooLong {
        /// The name of the field.
        field: &'static str,
        /// The length of the field.
        bytes: usize,
        /// The longest accepted field.
        limit: usize,
        /// The setting of this limit.
        setting: &'static str,
    },
    /// The timestamp cannot be read.
    #[error("timestamp `{text}` {reason}")]
    Timestamp {
        /// The beginning of its text.
        text: Box<str>,
        /// The reason.
        reason: TimestampError,
    },
    /// The event does not fit its mapping.
    #[error(transparent)]
    Event(#[from] Box<EventFault>),
}

impl DecodeError {
    /// A short label for counting. The labels are stable.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong { .. } | Self::FieldTooLong { .. } => "too long",
            Self::Utf8 { .. } => "utf-8",
            Self::FieldCount { .. }
            | Self::UnterminatedQuote { .. }
            | Self::TextAfterQuote { .. }
            | Self::BareQuote { .. }
            | Self::BareLineBreak { .. } => "csv",
            Self::Json { .. }
            | Self::NotAnObject
            | Self::DuplicateField { .. }
            | Self::WrongType { .. }
            | Self::NotText { .. }
            | Self::TooDeep { .. } => "json",
            Self::MissingField { .. } => "missing field",
            Self::Timestamp { .. } => "timestamp",
            Self::Event(fault) => fault.kind(),
        }
    }
}
