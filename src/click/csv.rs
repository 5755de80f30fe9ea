//! One CSV record of nine fields, held strictly to RFC 4180.
//!
//! The csv crates are lenient by design: they take a quote inside a plain field, text after a closing quote and a quote
//! that never closes, and so turn a cut message into a wrong click. This reader rejects all three; the tests hold what it
//! accepts against the csv crate.

use memchr::{memchr_iter, memchr3};

use super::error::DecodeError;
use super::fields::Piece;
use super::names::FIELD_NAMES;

const FIELDS: usize = FIELD_NAMES.len();

/// Splits one record, with or without its line end.
pub(super) fn split<'a>(text: &'a str, scratch: &mut String) -> Result<[Piece<'a>; FIELDS], DecodeError> {
    let text = without_line_end(text);
    let mut record = Record::default();
    if memchr3(b'"', b'\r', b'\n', text.as_bytes()).is_none() {
        split_plain(text, &mut record);
    } else {
        split_commas(text, scratch, &mut record)?;
    }
    if record.found == FIELDS { Ok(record.pieces) } else { Err(DecodeError::FieldCount { found: record.found }) }
}

/// Whether `line` is the header of a CSV file of clicks: the nine names in their order, in any case, quoted or not, with
/// or without a line end and a byte order mark.
pub fn is_csv_header(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let mut scratch = String::new();
    split(without_bom(line), &mut scratch).is_ok_and(|record| {
        record.iter().zip(FIELD_NAMES).all(|(piece, name)| piece.text(&scratch).eq_ignore_ascii_case(name))
    })
}

/// `text` after a byte order mark, which some Windows programs begin a file with.
pub(super) fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Takes off `\n`, `\r\n`, or the `\r` that is left where a file with `\r\n` is split at `\n`.
fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// The fields so far; `found` counts on past the ninth, for the error.
struct Record<'a> {
    pieces: [Piece<'a>; FIELDS],
    found: usize,
}

impl Default for Record<'_> {
    fn default() -> Self {
        Self { pieces: [Piece::EMPTY; FIELDS], found: 0 }
    }
}

impl<'a> Record<'a> {
    fn push(&mut self, piece: Piece<'a>) {
        if let Some(place) = self.pieces.get_mut(self.found) {
            *place = piece;
        }
        self.found += 1;
    }
}

/// The common message: no quote and no line break, so every comma ends a field.
fn split_plain<'a>(text: &'a str, record: &mut Record<'a>) {
    let mut start = 0;
    for comma in memchr_iter(b',', text.as_bytes()).chain([text.len()]) {
        record.push(Piece::Message(text.get(start..comma).unwrap_or_default()));
        start = comma + 1;
    }
}

/// The rare message: a quote or a line break. Apart, for the common one to be read by little code.
#[inline(never)]
fn split_commas<'a>(text: &'a str, scratch: &mut String, record: &mut Record<'a>) -> Result<(), DecodeError> {
    split_quoted(text, ',', scratch, &mut |piece| record.push(piece))
}

/// The fields of one record that are separated by `separator`, with or without its line end.
pub(super) fn fields<'a>(text: &'a str, separator: char, scratch: &mut String) -> Result<Vec<Piece<'a>>, DecodeError> {
    let mut pieces = Vec::with_capacity(FIELDS);
    split_quoted(without_line_end(text), separator, scratch, &mut |piece| pieces.push(piece))?;
    Ok(pieces)
}

// Always inlined, as are the two below: a separator that is known when compiling is found twice as fast.
#[inline(always)]
fn split_quoted<'a>(
    text: &'a str,
    separator: char,
    scratch: &mut String,
    push: &mut impl FnMut(Piece<'a>),
) -> Result<(), DecodeError> {
    let mut rest = Some(text);
    // Counted from 1, as people do.
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

/// A field without quotes, and what follows its separator.
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

/// A field after its opening quote, and what follows its separator.
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
        // Nothing in scratch: no quote was doubled, and the content stands in the message as it is.
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
