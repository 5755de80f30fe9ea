//! Splits records of separated forms: CSV, TSV, and lines of W3C logs. Only the wanted fields are kept.

use memchr::{memchr_iter, memchr3};

use super::columns::Columns;
use super::value::Value;
use crate::click::csv::{split_quoted, without_line_end};
use crate::click::error::DecodeError;
use crate::click::fields::Piece;

/// How the fields of a record are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Separated {
    /// An ASCII character.
    pub(crate) separator: u8,
    /// Whether fields may be quoted, by RFC 4180.
    pub(crate) quotes: bool,
    /// Whether a hyphen alone is an empty field.
    pub(crate) dash: bool,
}

impl Separated {
    /// Puts the wanted fields of a record into `slots`. The record may end with a line end.
    pub(super) fn read<'a>(
        self,
        text: &'a str,
        columns: &Columns,
        scratch: &mut String,
        slots: &mut [Value<'a>],
    ) -> Result<(), DecodeError> {
        let text = without_line_end(text);
        let mut fields = Fields { wanted: &columns.wanted, slots, dash: self.dash, found: 0 };
        if self.quotes && memchr3(b'"', b'\r', b'\n', text.as_bytes()).is_some() {
            split_quoted(text, char::from(self.separator), scratch, &mut |piece| fields.push(piece))?;
        } else {
            fields.split(text, self.separator);
        }
        let found = fields.found;
        Ok(columns.check(found)?)
    }

    /// The names in a header, without blanks around them.
    pub(super) fn header(self, text: &str) -> Result<Vec<String>, DecodeError> {
        let mut scratch = String::new();
        let mut pieces = Vec::new();
        let text = without_line_end(text);
        if self.quotes {
            split_quoted(text, char::from(self.separator), &mut scratch, &mut |piece| pieces.push(piece))?;
        } else {
            pieces.extend(text.split(char::from(self.separator)).map(Piece::Message));
        }
        Ok(pieces.into_iter().map(|piece| piece.text(&scratch).trim().to_owned()).collect())
    }
}

/// The fields so far.
struct Fields<'c, 's, 'a> {
    /// The wanted columns that come next.
    wanted: &'c [(usize, u16)],
    slots: &'s mut [Value<'a>],
    dash: bool,
    found: usize,
}

impl<'a> Fields<'_, '_, 'a> {
    /// Takes the next field.
    #[inline]
    fn push(&mut self, piece: Piece<'a>) {
        while let Some(((column, slot), rest)) = self.wanted.split_first()
            && *column == self.found
        {
            if let Some(place) = self.slots.get_mut(usize::from(*slot)) {
                *place = match piece {
                    Piece::Message("-") if self.dash => Value::Absent,
                    piece => Value::Text(piece),
                };
            }
            self.wanted = rest;
        }
        self.found += 1;
    }

    /// Takes the fields of a record in which every separator ends a field.
    fn split(&mut self, text: &'a str, separator: u8) {
        let mut start = 0;
        for end in memchr_iter(separator, text.as_bytes()) {
            if self.wanted.is_empty() {
                // Only their number matters.
                let rest = text.as_bytes().get(start..).unwrap_or_default();
                self.found += memchr_iter(separator, rest).count() + 1;
                return;
            }
            self.push(Piece::Message(text.get(start..end).unwrap_or_default()));
            start = end + 1;
        }
        self.push(Piece::Message(text.get(start..).unwrap_or_default()));
    }
}
