//! Splits chunks of text into records, in bounded memory for any input.
//!
//! A record is a CSV record by RFC 4180, with line ends in quoted fields, or a JSON value over any number of lines,
//! alone or in an array. Text that is neither becomes one record for each line, so a quote or a brace that is never
//! closed affects only its own line.
//!
//! The caller can tell whether a line is a click. Such a line is a record at once; only other lines are scanned.
//! This shortcut does not change the records.

use std::ops::Range;

use memchr::{memchr, memchr_iter};

use super::quotes::QuoteScan;
use super::values::ValueScan;
use crate::click::{FIELD_NAMES, Format, MAX_MESSAGE_BYTES};

mod place;
mod scan;

/// What is kept of a record: one byte more than is decoded, so that the decoder sees it is too long.
pub(crate) const KEEP: usize = MAX_MESSAGE_BYTES + 1;

/// Bytes before the record under way that are kept: they tell a file again.
pub(super) const HISTORY: usize = 1024;

/// What records look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    /// Each by its first byte that is not blank: JSON or CSV.
    Auto {
        /// Fields of a CSV record, if that is known.
        width: Option<usize>,
    },
    /// JSON values.
    Json,
    /// CSV records.
    Csv {
        separator: u8,
        /// Fields of a record, if that is known.
        width: Option<usize>,
    },
    /// Lines.
    Lines,
}

impl Grammar {
    pub(super) fn of(format: Format) -> Self {
        match format {
            Format::Auto => Self::Auto { width: Some(FIELD_NAMES.len()) },
            Format::Json => Self::Json,
            Format::Csv => Self::Csv { separator: b',', width: Some(FIELD_NAMES.len()) },
        }
    }
}

/// A record in the buffer, until the next chunk is pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    range: Range<usize>,
    /// The line that it begins in, from 1.
    pub(super) line: u64,
}

/// The records of one input.
#[derive(Debug)]
pub(super) struct Records {
    grammar: Grammar,
    buffer: Vec<u8>,
    /// Bytes of the text before the buffer.
    base: u64,
    /// Where the record under way begins, or what is blank before it.
    at: usize,
    /// Bytes from `at` on that hold no line end.
    searched: usize,
    /// The line of `at`, from 1.
    line: u64,
    /// All of the input has been pushed.
    ended: bool,
    /// Between the brackets of an array.
    in_array: bool,
    scan: Option<Scan>,
    skip: Option<Skip>,
}

/// A record that is no click by its first line, looked at byte by byte.
#[derive(Debug)]
struct Scan {
    of: Kind,
    /// Bytes from `at` on that were scanned.
    scanned: usize,
}

#[derive(Debug)]
enum Kind {
    Csv {
        scan: QuoteScan,
        width: Option<usize>,
    },
    Json(ValueScan),
    /// A value that ended with what was scanned; what follows is not known yet.
    Ended,
    /// A value that broke behind what was scanned.
    Broken,
}

/// The rest of a record that was too long.
#[derive(Debug)]
enum Skip {
    Line,
    Value(ValueScan),
    /// To where an element of the array may begin.
    Element,
}

enum NextRecord {
    Record {
        end: usize,
        next: usize,
    },
    /// Something was passed over.
    Again,
    /// Nothing more without another chunk.
    More,
}

impl Records {
    /// At the start of an input whose first line has the number `line`.
    pub(super) fn new(grammar: Grammar, line: u64) -> Self {
        Self {
            grammar,
            buffer: Vec::new(),
            base: 0,
            at: 0,
            searched: 0,
            line,
            ended: false,
            in_array: false,
            scan: None,
            skip: None,
        }
    }

    /// What the records look like from here on.
    pub(super) fn set_grammar(&mut self, grammar: Grammar) {
        self.grammar = grammar;
    }

    /// Adds what follows. To be called when there is no next record.
    #[cfg(test)]
    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.room().extend_from_slice(chunk);
    }

    /// The buffer, at whose end is room for what follows. To be called when there is no next record.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        let taken = self.at.saturating_sub(HISTORY);
        self.buffer.drain(..taken);
        self.base += taken as u64;
        self.at -= taken;
        &mut self.buffer
    }

    /// There is nothing more to push.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Bytes that were pushed and not taken.
    pub(super) fn pending(&self) -> usize {
        self.buffer.len() - self.at
    }

    /// Whether the input, which has ended, has left an array open.
    pub(super) fn array_is_open(&self) -> bool {
        self.in_array
    }

    /// The record's bytes, without its line end, and cut if it is longer than what is decoded.
    pub(super) fn bytes(&self, found: &Found) -> &[u8] {
        self.buffer.get(found.range.clone()).unwrap_or_default()
    }

    /// The next record, if there is one without another chunk. `is_click` is asked of a whole line.
    pub(super) fn next(&mut self, mut is_click: impl FnMut(&[u8]) -> bool) -> Option<Found> {
        loop {
            let step = match (self.skip.take(), self.scan.take()) {
                (Some(skip), _) => self.pass_over(skip),
                (None, Some(scan)) => self.go_on(scan),
                (None, None) => self.begin(&mut is_click),
            };
            match step {
                NextRecord::Record { end, next } => {
                    let found = Found { range: self.at..end, line: self.line };
                    self.advance(next);
                    return Some(found);
                }
                NextRecord::Again => {}
                NextRecord::More => return None,
            }
        }
    }

    #[inline]
    fn advance(&mut self, to: usize) {
        let to = to.min(self.buffer.len());
        let passed = self.buffer.get(self.at..to).unwrap_or_default();
        self.line += match passed {
            // The common record: one line.
            [inside @ .., b'\n'] if self.searched >= inside.len() => 1,
            passed => memchr_iter(b'\n', passed).count() as u64,
        };
        self.at = to;
        self.searched = 0;
    }

    /// What was pushed and not taken.
    pub(super) fn pending_bytes(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    /// The first line end from `at` on. Remembers how far it has looked.
    fn newline(&mut self) -> Option<usize> {
        let from = self.at + self.searched;
        match memchr(b'\n', self.buffer.get(from..).unwrap_or_default()) {
            Some(offset) => {
                self.searched += offset;
                Some(from + offset)
            }
            None => {
                self.searched = self.buffer.len() - self.at;
                None
            }
        }
    }

    /// At a record's first byte, or what is blank before it.
    fn begin(&mut self, is_click: &mut impl FnMut(&[u8]) -> bool) -> NextRecord {
        if self.in_array {
            return self.begin_element();
        }
        let pending = self.pending_bytes();
        let Some(blank) = pending.iter().position(|byte| !byte.is_ascii_whitespace()) else {
            // Blanks at a line's beginning may belong to a record, but no record begins with so many.
            let keep = if self.ended || pending.len() > KEEP { 0 } else { pending.len() - after_last_line(pending) };
            let to = self.buffer.len() - keep;
            self.advance(to);
            return NextRecord::More;
        };
        let blank_lines = if blank == 0 { 0 } else { after_last_line(pending.get(..blank).unwrap_or_default()) };
        let first = pending.get(blank).copied().unwrap_or_default();
        if blank_lines > 0 {
            let to = self.at + blank_lines;
            self.advance(to);
        }
        let start = self.at + blank - blank_lines;
        match (self.grammar, first) {
            (Grammar::Csv { separator, width }, _) => self.begin_line(is_click, Some((separator, width))),
            (Grammar::Auto { .. } | Grammar::Json, b'{') => {
                self.advance(start);
                self.begin_object(is_click)
            }
            (Grammar::Auto { .. } | Grammar::Json, b'[') => {
                let after = self.buffer.get(start + 1..).unwrap_or_default();
                match after.iter().find(|byte| !byte.is_ascii_whitespace()) {
                    Some(b'{' | b'[' | b']') => self.enter_array(start + 1),
                    Some(_) if self.grammar == Grammar::Json => self.enter_array(start + 1),
                    None if !self.ended && after.len() <= KEEP => NextRecord::More,
                    _ => self.begin_auto_line(is_click),
                }
            }
            _ => self.begin_auto_line(is_click),
        }
    }

    fn enter_array(&mut self, after: usize) -> NextRecord {
        self.in_array = true;
        self.advance(after);
        NextRecord::Again
    }

    fn begin_auto_line(&mut self, is_click: &mut impl FnMut(&[u8]) -> bool) -> NextRecord {
        let csv = match self.grammar {
            Grammar::Auto { width } => Some((b',', width)),
            Grammar::Csv { .. } | Grammar::Json | Grammar::Lines => None,
        };
        self.begin_line(is_click, csv)
    }

    /// A record that is no JSON: its line, unless a quoted field goes on behind it.
    fn begin_line(&mut self, is_click: &mut impl FnMut(&[u8]) -> bool, csv: Option<(u8, Option<usize>)>) -> NextRecord {
        let Some((end, next)) = self.first_line() else { return self.no_line() };
        let line = self.buffer.get(self.at..end).unwrap_or_default();
        if line.len() > KEEP {
            return NextRecord::Record { end: self.at + KEEP, next };
        }
        match csv {
            Some((separator, width)) if !is_click(line) && memchr(b'"', line).is_some() => {
                self.scan = Some(Scan { of: Kind::Csv { scan: QuoteScan::new(separator), width }, scanned: 0 });
                NextRecord::Again
            }
            Some(_) => NextRecord::Record { end, next },
            None => {
                // Known for no click, but whoever takes the records may see it as one.
                let _ = is_click(line);
                NextRecord::Record { end, next }
            }
        }
    }

    /// A JSON value by itself.
    fn begin_object(&mut self, is_click: &mut impl FnMut(&[u8]) -> bool) -> NextRecord {
        match self.first_line() {
            Some((end, next)) => {
                let line = self.buffer.get(self.at..end).unwrap_or_default().trim_ascii_end();
                if line.len() <= KEEP && is_click(line) {
                    return NextRecord::Record { end: self.at + line.len(), next };
                }
            }
            None if self.pending() <= KEEP => return NextRecord::More,
            None => {}
        }
        self.scan = Some(Scan { of: Kind::Json(ValueScan::new()), scanned: 0 });
        NextRecord::Again
    }

    /// An element of an array, or the array's end.
    fn begin_element(&mut self) -> NextRecord {
        let pending = self.pending_bytes();
        let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
        let begin = self.at + pending.iter().position(|byte| !blank(byte)).unwrap_or(pending.len());
        self.advance(begin);
        match self.pending_bytes().first() {
            None => NextRecord::More,
            Some(b']') => {
                self.in_array = false;
                self.advance(begin + 1);
                NextRecord::Again
            }
            Some(_) => {
                self.scan = Some(Scan { of: Kind::Json(ValueScan::new()), scanned: 0 });
                NextRecord::Again
            }
        }
    }

    /// The line at `at`: where its content ends, and where the next begins.
    fn first_line(&mut self) -> Option<(usize, usize)> {
        let (end, next) = match self.newline() {
            Some(newline) => (newline, newline + 1),
            None if self.ended => (self.buffer.len(), self.buffer.len()),
            None => return None,
        };
        let line = self.buffer.get(self.at..end).unwrap_or_default();
        Some((end - usize::from(line.last() == Some(&b'\r')), next))
    }

    /// No line end has come: wait for it, unless the line is too long with any.
    fn no_line(&mut self) -> NextRecord {
        // One byte more, as the last may be the carriage return of the line end.
        if self.pending() <= KEEP + 1 {
            return NextRecord::More;
        }
        self.skip = Some(Skip::Line);
        NextRecord::Record { end: self.at + KEEP, next: self.at + KEEP }
    }
}

/// Length of the whole lines of `bytes`.
#[inline]
fn after_last_line(bytes: &[u8]) -> usize {
    memchr::memrchr(b'\n', bytes).map_or(0, |newline| newline + 1)
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
