//! Finds the end of a CSV record whose quoted fields may contain line ends. It is as strict as the decoder: what the
//! decoder would reject breaks the record here, so a stray quote affects only its own line.

use memchr::{memchr, memchr3};

use super::values::Scanned;

/// A quoted field with line ends in it is no longer than this: with more, its quote was never closed.
const MAX_FIELD_BYTES: usize = 64 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum QuoteState {
    /// At the first byte of a field.
    Start,
    Plain,
    /// Behind a carriage return outside of quotes.
    Return,
    Quoted,
    /// Behind a quote in a quoted field: its end, or the first of two.
    Quote,
}

/// A record under way.
#[derive(Clone, Debug)]
pub(super) struct QuoteScan {
    separator: u8,
    place: QuoteState,
    /// Fields begun.
    pub(super) fields: usize,
    /// Bytes and line ends of the quoted field so far.
    bytes: usize,
    lines: bool,
}

impl QuoteScan {
    /// Before the first byte of a record.
    pub(super) fn new(separator: u8) -> Self {
        Self { separator, place: QuoteState::Start, fields: 1, bytes: 0, lines: false }
    }

    /// Goes on with `bytes`, which follow those given before. The record ends with its line end, which counts to it.
    pub(super) fn scan(&mut self, bytes: &[u8]) -> Scanned {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let rest = bytes.get(at..).unwrap_or_default();
            match (self.place, byte) {
                (QuoteState::Quoted, _) => {
                    let end = memchr(b'"', rest).unwrap_or(rest.len());
                    let content = rest.get(..end).unwrap_or_default();
                    self.bytes += end;
                    self.lines = self.lines || memchr(b'\n', content).is_some();
                    if self.lines && self.bytes > MAX_FIELD_BYTES {
                        return Scanned::Broken(at + end);
                    }
                    at += end;
                    if end < rest.len() {
                        self.place = QuoteState::Quote;
                        at += 1;
                    }
                    continue;
                }
                (QuoteState::Quote, b'"') => {
                    self.bytes += 1;
                    self.place = QuoteState::Quoted;
                }
                (QuoteState::Start, b'"') => {
                    (self.bytes, self.lines) = (0, false);
                    self.place = QuoteState::Quoted;
                }
                (_, b'\n') => return Scanned::Done(at + 1),
                (QuoteState::Return, _) => return Scanned::Broken(at),
                (_, b'\r') => self.place = QuoteState::Return,
                (_, byte) if byte == self.separator => {
                    self.fields += 1;
                    self.place = QuoteState::Start;
                }
                (QuoteState::Quote, _) | (QuoteState::Plain, b'"') => return Scanned::Broken(at),
                (QuoteState::Start | QuoteState::Plain, _) => {
                    self.place = QuoteState::Plain;
                    // To the next byte that matters. A carriage return among the others is the decoder's to refuse.
                    at += memchr3(self.separator, b'"', b'\n', rest).unwrap_or(rest.len());
                    continue;
                }
            }
            at += 1;
        }
        Scanned::More
    }

    /// The end of the input: whether the record ends with it.
    pub(super) fn ends(&self) -> bool {
        self.place != QuoteState::Quoted
    }
}
