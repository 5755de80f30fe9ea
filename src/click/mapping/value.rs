//! What a form finds of an event: one value for each name of the mapping.

use memchr::memchr;

use crate::click::fields::{NULL, Piece};
use crate::click::json::{unescape, whole};

/// The value of one name of the mapping in one event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Value<'a> {
    /// The event does not have it, or it is empty.
    #[default]
    Absent,
    /// A text, without quotes and escapes.
    Text(Piece<'a>),
    /// A JSON value as it is written.
    Json(&'a str),
    /// The event is wrong here. It does not matter if nothing asks for the value.
    Fault(Fault<'a>),
}

/// Why a value cannot be read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault<'a> {
    /// A member of the JSON object is given twice: the node of the trie.
    Twice(u16),
    /// A JSON value on the way is neither an object nor an array: the node of the trie, the type, and the wanted type.
    NoWay { node: u16, found: &'static str, expected: &'static str },
    /// The request of a log line has another shape.
    Request(&'a str),
    /// A field of a log line has a wrong escape.
    Escape(&'static str),
}

/// What a text is needed for. It decides which JSON types are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// An id: a text or a whole number.
    Id,
    /// A time: a text or a number, as it is written.
    Time,
    /// A url: a text.
    Url,
    /// Another field: a text or a number.
    Other,
    /// A part of a joined text or of a hash, or a test: any scalar.
    Part,
}

/// Why a JSON value is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoText {
    /// The value has this type instead of the wanted one. A container may be where another event has a scalar.
    Type { found: &'static str, expected: &'static str, container: bool },
    /// A string with half of a surrogate pair.
    Surrogate,
}

impl Use {
    pub(crate) const fn expected(self) -> &'static str {
        match self {
            Self::Id => "a string or an integer",
            Self::Url => "a string",
            Self::Time | Self::Other => "a string or a number",
            Self::Part => "a string, a number or a boolean",
        }
    }

    /// The text of a JSON value, which is valid JSON; `None` if the value is `null`.
    pub(super) fn text<'a>(self, json: &'a str, scratch: &mut String) -> Result<Option<Piece<'a>>, NoText> {
        let wrong = |found, container| Err(NoText::Type { found, expected: self.expected(), container });
        let piece = match json.as_bytes().first() {
            Some(b'"') => return string(json, scratch).map(Some).ok_or(NoText::Surrogate),
            None | Some(b'n') => return Ok(None),
            Some(b'{') => return wrong("an object", true),
            Some(b'[') => return wrong("an array", true),
            Some(b't' | b'f') if self == Self::Part => Piece::Message(json),
            Some(b't' | b'f') => return wrong("a boolean", false),
            _ => match self {
                Self::Time => Piece::Message(json),
                Self::Url => return wrong("a number", false),
                Self::Id => match whole(json, scratch) {
                    Some(piece) => piece,
                    None => return wrong("a fraction, or a number of more than 40 digits", false),
                },
                Self::Other | Self::Part => whole(json, scratch).unwrap_or(Piece::Message(json)),
            },
        };
        Ok(Some(piece))
    }
}

/// The content of a JSON string with its quotes, borrowed if it has no escapes; `None` if it is not text.
#[inline]
fn string<'a>(json: &'a str, scratch: &mut String) -> Option<Piece<'a>> {
    let content = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or_default();
    if memchr(b'\\', content.as_bytes()).is_none() {
        return Some(Piece::Message(content));
    }
    let start = scratch.len();
    unescape(json, scratch)?;
    Some(Piece::Scratch { start, end: scratch.len() })
}

/// Whether a text counts as absent: it is empty, blank, or the NULL of databases.
#[inline]
pub(super) fn is_absent(text: &str) -> bool {
    match text.as_bytes() {
        // Nearly every text begins with one of these, and then it is not blank.
        [b'!'..=b'[' | b']'..=b'~', ..] => false,
        [] => true,
        _ => text == NULL || text.chars().all(char::is_whitespace),
    }
}
