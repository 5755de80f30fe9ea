//! Reads one CSV record of nine fields, strictly by RFC 4180.
//!
//! The csv crate is lenient by design. It accepts a quote inside a plain field, text after a closing quote, and a quote that is never
//! closed, and so turns a cut message into a wrong click. This reader rejects all three. Tests compare what it accepts with the csv
//! crate.

use memchr::{memchr_iter, memchr3};

use super::error::DecodeError;
use super::event::FIELD_NAMES;
use super::fields::Piece;

const FIELDS: usize = FIELD_NAMES.len();

/// Splits one record, with or without its line end.
pub(super) fn split<'a>(text: &'a str, scratch: &mut String) -> Result<[Piece<'a>; FIELDS], DecodeError> {
    let mut pieces = [Piece::EMPTY; FIELDS];
    split_into(&mut pieces, text, scratch)?;
    Ok(pieces)
}

/// The same into `pieces`, which a result would have to be copied to.
pub(super) fn split_into<'a>(
    pieces: &mut [Piece<'a>; FIELDS],
    text: &'a str,
    scratch: &mut String,
) -> Result<(), DecodeError> {
    let text = without_line_end(text);
    let mut record = Record { pieces, found: 0 };
    if memchr3(b'"', b'\r', b'\n', text.as_bytes()).is_none() {
        split_plain(text, &mut record);
    } else {
        split_commas(text, scratch, &mut record)?;
    }
    if record.found == FIELDS { Ok(()) } else { Err(DecodeError::FieldCount { found: record.found }) }
}

/// Whether `line` is the header of a CSV file of clicks: the nine names in their order, in upper or lower case, quoted or not, with or
/// without a line end and a byte order mark.
pub fn is_csv_header(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let mut scratch = String::new();
    split(without_bom(line), &mut scratch).is_ok_and(|record| {
        record.iter().zip(FIELD_NAMES).all(|(piece, name)| piece.text(&scratch).eq_ignore_ascii_case(name))
    })
}

/// `text` without the byte order mark that some Windows programs write.
pub(super) fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Removes `\n`, `\r\n`, or the `\r` that remains when a file with `\r\n` is split at `\n`.
pub(super) fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// The fields so far. `found` also counts fields after the ninth, for the error.
struct Record<'r, 'a> {
    pieces: &'r mut [Piece<'a>; FIELDS],
    found: usize,
}

impl<'a> Record<'_, 'a> {
    fn push(&mut self, piece: Piece<'a>) {
        if let Some(place) = self.pieces.get_mut(self.found) {
            *place = piece;
        }
        self.found += 1;
    }
}

/// Splits the common message, without quotes and line breaks: every comma ends a field.
fn split_plain<'a>(text: &'a str, record: &mut Record<'_, 'a>) {
    let mut start = 0;
    for comma in memchr_iter(b',', text.as_bytes()).chain([text.len()]) {
        record.push(Piece::Message(text.get(start..comma).unwrap_or_default()));
        start = comma + 1;
    }
}

/// Splits the rare message, with a quote or a line break. Never inlined, so that the code for the common message stays small.
#[inline(never)]
fn split_commas<'a>(text: &'a str, scratch: &mut String, record: &mut Record<'_, 'a>) -> Result<(), DecodeError> {
    split_quoted(text, ',', scratch, &mut |piece| record.push(piece))
}

/// The fields of one record that are separated by `separator`, with or without its line end.
pub(super) fn fields<'a>(text: &'a str, separator: char, scratch: &mut String) -> Result<Vec<Piece<'a>>, DecodeError> {
    let mut pieces = Vec::with_capacity(FIELDS);
    split_quoted(without_line_end(text), separator, scratch, &mut |piece| pieces.push(piece))?;
    Ok(pieces)
}

/// Passes the fields of one record that are separated by `separator` to `push`, and counts them.
pub(super) fn each_field<'a>(
    text: &'a str,
    separator: u8,
    scratch: &mut String,
    mut push: impl FnMut(usize, Piece<'a>),
) -> Result<usize, DecodeError> {
    let text = without_line_end(text);
    let mut found = 0;
    let mut count = |piece| {
        push(found, piece);
        found += 1;
    };
    if memchr3(b'"', b'\r', b'\n', text.as_bytes()).is_none() {
        let mut start = 0;
        for end in memchr_iter(separator, text.as_bytes()).chain([text.len()]) {
            count(Piece::Message(text.get(start..end).unwrap_or_default()));
            start = end + 1;
        }
    } else {
        split_quoted(text, char::from(separator), scratch, &mut count)?;
    }
    Ok(found)
}

/// Passes each field of one record without line end to `push`.
// Always inlined, like the next two: a separator that is known at compile time is found twice as fast.
#[inline(always)]
pub(super) fn split_quoted<'a>(
    text: &'a str,
    separator: char,
    scratch: &mut String,
    push: &mut impl FnMut(Piece<'a>),
) -> Result<(), DecodeError> {
    let mut rest = Some(text);
    // Counted from 1.
    let mut field = 0;
    while let Some(text) = rest {
        field += 1;
        let piece;
        (piece, rest) = match text.strip_prefix('"') {
            Some(body) => quoted_field(body, separator, scratch, field)?,
            None => plain_field(text, separator, field)?,
        };
        push(piece);
    }
    Ok(())
}

/// Reads a field without quotes. Returns it with the text behind its separator.
#[inline(always)]
fn plain_field(text: &str, separator: char, field: usize) -> Result<(Piece<'_>, Option<&str>), DecodeError> {
    let (content, rest) = match text.split_once(separator) {
        Some((content, rest)) => (content, Some(rest)),
        None => (text, None),
    };
    match content.bytes().find(|byte| matches!(byte, b'"' | b'\r' | b'\n')) {
        None => Ok((Piece::Message(content), rest)),
        Some(b'"') => Err(DecodeError::BareQuote { field }),
        Some(_) => Err(DecodeError::BareLineBreak { field }),
    }
}

/// Reads a quoted field from behind its opening quote. Returns it with the text behind its separator.
#[inline(always)]
fn quoted_field<'a>(
    mut body: &'a str,
    separator: char,
    scratch: &mut String,
    field: usize,
) -> Result<(Piece<'a>, Option<&'a str>), DecodeError> {
    let start = scratch.len();
    loop {
        let (content, after) = body.split_once('"').ok_or(DecodeError::UnterminatedQuote { field })?;
        if let Some(more) = after.strip_prefix('"') {
            scratch.push_str(content);
            scratch.push('"');
            body = more;
            continue;
        }
        let rest = match after.strip_prefix(separator) {
            Some(rest) => Some(rest),
            None if after.is_empty() => None,
            None => return Err(DecodeError::TextAfterQuote { field }),
        };
        // No quote was doubled, so the content can be borrowed from the message.
        let piece = if scratch.len() == start {
            Piece::Message(content)
        } else {
            scratch.push_str(content);
            Piece::Scratch { start, end: scratch.len() }
        };
        return Ok((piece, rest));
    }
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
