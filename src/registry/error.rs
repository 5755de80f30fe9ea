//! Why there is no schema, or no click in a message with one. Each error is one line, safe to print.

use crate::click::MAX_MESSAGE_BYTES;

/// Why content does not fit its schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The message is longer than any that clicktop reads.
    #[error("message of {0} bytes is longer than the limit of {MAX_MESSAGE_BYTES}")]
    TooLong(usize),
    /// The content ends in the middle of a value.
    #[error("the message ends in the middle of a value")]
    Truncated,
    /// The content goes on after its last value.
    #[error("the message has {0} bytes after its last value: it may be written by another schema")]
    Trailing(usize),
    /// A number is longer than its type.
    #[error("a number is longer than its type")]
    Number,
    /// A length is negative, or longer than the message.
    #[error("a length is negative or longer than the message")]
    Length,
    /// A union or an enum has no branch or symbol of this number.
    #[error("a {what} has no number {number}")]
    Choice {
        /// `union` or `enum`.
        what: &'static str,
        /// The number in the message.
        number: i64,
    },
    /// A boolean is neither 0 nor 1.
    #[error("a boolean is {0}, neither 0 nor 1")]
    Boolean(u8),
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    Utf8,
    /// Values nest too deep.
    #[error("its values nest deeper than {0} levels")]
    TooDeep(usize),
    /// The content would be longer as JSON than any message that clicktop reads.
    #[error("as JSON it is longer than the limit of {MAX_MESSAGE_BYTES} bytes")]
    Expanded,
    /// The indexes before a Protobuf message are broken.
    #[error("the indexes of the Protobuf message type cannot be read")]
    Indexes,
    /// The indexes name no message type of the schema.
    #[error("the schema has no Protobuf message type at the indexes {0:?}")]
    NoType(Vec<usize>),
    /// The content is not Protobuf.
    #[error("it is not Protobuf of its schema: {0}")]
    Protobuf(Box<str>),
}

/// Why a schema cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SchemaError(pub(super) Box<str>);

impl SchemaError {
    pub(super) fn new(reason: impl Into<Box<str>>) -> Self {
        Self(reason.into())
    }
}

/// Why the registry gives no answer now. It may give one later.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("schema registry {at}: {cause}")]
pub struct Trouble {
    /// The url of the registry, without credentials.
    pub at: Box<str>,
    /// What is wrong, and what to do.
    pub cause: Box<str>,
}
