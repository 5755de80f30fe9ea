//! Why a message is not a click.

use super::names::FIELD_NAMES;
use super::timestamp::TimestampError;

/// Why a message is not a click. Its text is fit for people and safe to print: what it quotes of the message is short,
/// with controls spelled out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The message has no bytes (a Kafka tombstone), or only blanks.
    #[error("empty message")]
    Empty,
    /// The message is longer than [`MAX_MESSAGE_BYTES`](super::MAX_MESSAGE_BYTES).
    #[error("message of {bytes} bytes is longer than the limit of {limit}")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The longest that is read.
        limit: usize,
    },
    /// The message is not UTF-8.
    #[error("not UTF-8 at byte {at}: send messages as UTF-8")]
    Utf8 {
        /// Good bytes before the bad one.
        at: usize,
    },
    /// A CSV record of another width.
    #[error("{found} CSV fields where 9 belong: {}", FIELD_NAMES.join(","))]
    FieldCount {
        /// Fields in the message.
        found: usize,
    },
    /// A CSV field with an opening quote and no closing one.
    #[error("CSV field {field}: the quote is never closed")]
    UnterminatedQuote {
        /// Which field, from 1.
        field: usize,
    },
    /// A CSV field that goes on after its closing quote.
    #[error("CSV field {field}: text after the closing quote; a quote inside a quoted field is doubled")]
    TextAfterQuote {
        /// Which field, from 1.
        field: usize,
    },
    /// A CSV field with a quote inside that does not begin with one.
    #[error("CSV field {field}: a quote inside a field without quotes; quote the whole field and double the quote")]
    BareQuote {
        /// Which field, from 1.
        field: usize,
    },
    /// A CSV field with a line break inside that is not quoted.
    #[error("CSV field {field}: a line break outside quotes; one message is one record")]
    BareLineBreak {
        /// Which field, from 1.
        field: usize,
    },
    /// Not JSON, or something after its end.
    #[error("JSON: {reason}")]
    Json {
        /// What the parser says, and where.
        reason: Box<str>,
    },
    /// JSON was asked for, and the message does not begin with `{`.
    #[error("JSON: not an object; a message is one object")]
    NotAnObject,
    /// A field that is given twice, be it under two names.
    #[error("JSON: `{field}` is given twice")]
    DuplicateField {
        /// Its name.
        field: &'static str,
    },
    /// A field of the wrong JSON type.
    #[error("JSON: `{field}` is {found} where {expected} belongs")]
    WrongType {
        /// Its name.
        field: &'static str,
        /// What it may be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A JSON string with half of a surrogate pair.
    #[error("JSON: `{field}` holds half of a surrogate pair, which is no character")]
    NotText {
        /// Its name.
        field: &'static str,
    },
    /// A JSON value nested too deep to be honest.
    #[error("JSON: nested deeper than {limit} levels")]
    TooDeep {
        /// The deepest that is read.
        limit: usize,
    },
    /// A required field that is absent, empty or blank.
    #[error("`{field}` is missing or empty")]
    MissingField {
        /// Its name.
        field: &'static str,
    },
    /// A field that is longer than the settings allow.
    #[error("`{field}` has {bytes} bytes, more than the {limit} that {setting} allows")]
    FieldTooLong {
        /// Its name.
        field: &'static str,
        /// Its length.
        bytes: usize,
        /// The longest that is taken.
        limit: usize,
        /// The setting that says so.
        setting: &'static str,
    },
    /// A timestamp that cannot be read.
    #[error("timestamp `{text}` {reason}")]
    Timestamp {
        /// The beginning of what it says.
        text: Box<str>,
        /// What is wrong with it.
        reason: TimestampError,
    },
}

impl DecodeError {
    /// A short label for counting; its set and spelling are stable.
    pub const fn kind(&self) -> &'static str {
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
        }
    }
}
