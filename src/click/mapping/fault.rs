//! Why an event does not fit its mapping.

use super::error::HeaderError;

use crate::text::plural;

/// Why an event does not fit its mapping. It names the setting and what it names; quotations of the event are short and safe to print.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventFault {
    /// A required field is absent, empty or blank.
    #[error("`{field}` is missing or empty: {setting} takes it from {from}")]
    Missing {
        /// The field of the click.
        field: &'static str,
        /// The setting of the field.
        setting: &'static str,
        /// What the setting names.
        from: Box<str>,
    },
    /// A JSON value has the wrong type.
    #[error("JSON: `{path}` is {found} instead of {expected} ({setting})")]
    WrongType {
        /// The path of the value.
        path: Box<str>,
        /// The type in the event.
        found: &'static str,
        /// The accepted types.
        expected: &'static str,
        /// The setting with the path.
        setting: &'static str,
    },
    /// A JSON object has a member twice.
    #[error("JSON: `{path}` is given twice ({setting})")]
    Twice {
        /// The path of the member.
        path: Box<str>,
        /// The setting with the path.
        setting: &'static str,
    },
    /// A JSON string contains half of a surrogate pair.
    #[error("JSON: `{path}` contains half of a surrogate pair, which is not a character ({setting})")]
    NotText {
        /// The path of the string.
        path: Box<str>,
        /// The setting with the path.
        setting: &'static str,
    },
    /// The array whose elements are the clicks is missing, or is no array.
    #[error("JSON: `{path}` is {found}, but has to be an array of events")]
    NoArray {
        /// The path of the array.
        path: Box<str>,
        /// What the message has.
        found: &'static str,
    },
    /// The array of events is longer than ids can count.
    #[error("JSON: `{path}` holds more than {limit} events")]
    TooManyEvents {
        /// The path of the array.
        path: Box<str>,
        /// The most events of one message.
        limit: usize,
    },
    /// A record has more or fewer fields than its header.
    #[error("{found} {} where {expected}", plural(*found, "field", "fields"))]
    Width {
        /// The fields of the record.
        found: usize,
        /// Who expects how many: "the header has 13".
        expected: Box<str>,
    },
    /// No header has told which column holds what.
    #[error(
        "no header tells which column is `{column}`: set events.columns, or write the number of the column in {setting}"
    )]
    NoHeader {
        /// The name in the mapping.
        column: Box<str>,
        /// The setting with that name.
        setting: Box<str>,
    },
    /// A line of field names among the records does not fit the mapping.
    #[error("{0}")]
    Header(HeaderError),
    /// A line of a log ends before its last field, or a field is not what it has to be.
    #[error("not a line of an access log: {0}")]
    Log(&'static str),
    /// The request of a log line is not a method, a target and a protocol.
    #[error("the request `{request}` is not like `GET /path HTTP/1.1`, so it has no {part} ({setting})")]
    Request {
        /// The beginning of the request.
        request: Box<str>,
        /// What the mapping wants of it.
        part: Box<str>,
        /// The setting that wants it.
        setting: &'static str,
    },
    /// A field of a log line has a wrong escape.
    #[error("`{name}` {problem} ({setting})")]
    Escape {
        /// The field.
        name: Box<str>,
        /// What is wrong.
        problem: &'static str,
        /// The setting that wants the field.
        setting: &'static str,
    },
    /// The time is not written as `events.time_form` says.
    #[error("timestamp `{text}` {reason}")]
    Time {
        /// The beginning of the time.
        text: Box<str>,
        /// What was expected.
        reason: Box<str>,
    },
}

impl EventFault {
    /// A short label for counting. The labels are stable.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing field",
            Self::WrongType { .. }
            | Self::Twice { .. }
            | Self::NotText { .. }
            | Self::NoArray { .. }
            | Self::TooManyEvents { .. } => "json",
            Self::Width { .. } | Self::NoHeader { .. } | Self::Header(_) => "columns",
            Self::Log(_) | Self::Request { .. } | Self::Escape { .. } => "log",
            Self::Time { .. } => "timestamp",
        }
    }
}
