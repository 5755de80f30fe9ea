//! Scans records whose first line is not a click: finds how many lines they span, or where they break.

use memchr::{memchr, memchr2_iter};

use super::super::values::Scanned;
use super::{KEEP, Kind, NextRecord, Records, Scan, Skip};

/// Bytes between two elements of an array, blanks and all, where the end of a broken one is looked for in chunks.
const BOUNDARY: usize = 64;

impl Records {
    /// Scans on. No record is scanned further than what is kept of it: what is found does not depend on the chunks.
    pub(super) fn go_on(&mut self, mut scan: Scan) -> NextRecord {
        let limit = self.buffer.len().min(self.at + KEEP + 1);
        let from = self.at + scan.scanned;
        let bytes = self.buffer.get(from..limit).unwrap_or_default();
        let full = limit == self.at + KEEP + 1;
        let result = match &mut scan.of {
            Kind::Csv { scan: quotes, width } => {
                let over = match quotes.scan(bytes) {
                    Scanned::Done(length) => Some((from + length, width.is_none_or(|width| quotes.fields == width))),
                    Scanned::Broken(_) => None,
                    Scanned::More if full => None,
                    Scanned::More if self.ended => {
                        quotes.ends().then_some((self.buffer.len(), width.is_none_or(|width| quotes.fields == width)))
                    }
                    Scanned::More => {
                        scan.scanned = limit - self.at;
                        self.scan = Some(scan);
                        return NextRecord::More;
                    }
                };
                return self.csv_record(over);
            }
            Kind::Json(value) => value.scan(bytes),
            Kind::Ended => return self.ended_value(scan.scanned),
            Kind::Broken => return self.broken_value(scan.scanned),
        };
        match result {
            Scanned::Done(length) => scan = Scan { of: Kind::Ended, scanned: from + length - self.at },
            Scanned::Broken(length) => scan = Scan { of: Kind::Broken, scanned: from + length - self.at },
            Scanned::More if full => {
                let Kind::Json(value) = scan.of else { return NextRecord::Again };
                self.skip = Some(Skip::Value(value));
                return NextRecord::Record { end: self.at + KEEP, next: limit };
            }
            Scanned::More => {
                let ends = matches!(&scan.of, Kind::Json(value) if value.ends());
                scan.scanned = limit - self.at;
                if !self.ended {
                    self.scan = Some(scan);
                    return NextRecord::More;
                }
                scan.of = if ends { Kind::Ended } else { Kind::Broken };
            }
        }
        self.scan = Some(scan);
        NextRecord::Again
    }

    /// A CSV record that ends as given, if it is one of several lines and of the right width; else its first line.
    fn csv_record(&mut self, over: Option<(usize, bool)>) -> NextRecord {
        let Some((end, next)) = self.first_line() else { return self.no_line() };
        match over {
            Some((last, right)) if last > next && right => {
                let record = self.buffer.get(self.at..last).unwrap_or_default();
                let record = record.strip_suffix(b"\n").unwrap_or(record);
                let record = record.strip_suffix(b"\r").unwrap_or(record);
                NextRecord::Record { end: self.at + record.len(), next: last }
            }
            _ => NextRecord::Record { end, next },
        }
    }

    /// A JSON value has ended `length` bytes from `at`: nothing else may stand behind it in its line, but another one.
    fn ended_value(&mut self, length: usize) -> NextRecord {
        let end = self.at + length;
        let rest = self.buffer.get(end..).unwrap_or_default();
        let in_array = self.in_array;
        let blank = |byte: &u8| byte.is_ascii_whitespace() && (in_array || *byte != b'\n');
        let follows = rest.iter().position(|byte| !blank(byte));
        match (follows.and_then(|at| rest.get(at)), in_array) {
            (None, _) if !self.ended && rest.len() <= KEEP => {
                self.scan = Some(Scan { of: Kind::Ended, scanned: length });
                NextRecord::More
            }
            (Some(b',' | b']'), true) | (Some(b'{' | b'['), false) | (None, _) => NextRecord::Record { end, next: end },
            (Some(b'\n'), false) => NextRecord::Record { end, next: end + follows.unwrap_or_default() + 1 },
            (Some(b','), false) => {
                let comma = end + follows.unwrap_or_default();
                match self.after_comma(comma + 1) {
                    Comma::Parts => NextRecord::Record { end, next: comma + 1 },
                    Comma::Unknown => {
                        self.scan = Some(Scan { of: Kind::Ended, scanned: length });
                        NextRecord::More
                    }
                    Comma::Other => {
                        self.scan = Some(Scan { of: Kind::Broken, scanned: comma - self.at });
                        NextRecord::Again
                    }
                }
            }
            (Some(_), _) => {
                let broke = length + follows.unwrap_or_default();
                self.scan = Some(Scan { of: Kind::Broken, scanned: broke });
                NextRecord::Again
            }
        }
    }

    /// Whether a comma before `from`, behind a value that is in no array, only parts it from the next: so are lines written
    /// that were taken out of an array. Behind it the line ends, or another object begins.
    fn after_comma(&self, from: usize) -> Comma {
        let rest = self.buffer.get(from..).unwrap_or_default();
        match rest.iter().find(|byte| !byte.is_ascii_whitespace() || **byte == b'\n') {
            None if !self.ended && rest.len() <= KEEP => Comma::Unknown,
            None | Some(b'\n' | b'{') => Comma::Parts,
            Some(_) => Comma::Other,
        }
    }

    /// A JSON value has broken `length` bytes from `at`.
    fn broken_value(&mut self, length: usize) -> NextRecord {
        if self.in_array {
            return self.broken_element(length);
        }
        let Some((end, next)) = self.first_line() else {
            if self.pending() <= KEEP + 1 {
                self.scan = Some(Scan { of: Kind::Broken, scanned: length });
                return NextRecord::More;
            }
            return self.no_line();
        };
        if end - self.at > KEEP {
            return NextRecord::Record { end: self.at + KEEP, next };
        }
        NextRecord::Record { end, next }
    }

    /// The same for an element of an array: it goes to where the next one seems to begin.
    fn broken_element(&mut self, length: usize) -> NextRecord {
        let limit = self.buffer.len().min(self.at + KEEP);
        let window = self.buffer.get(self.at..limit).unwrap_or_default();
        let is_object = window.first() == Some(&b'{');
        let next = match is_object {
            true => next_element(window, length),
            // To the comma behind it, or to what ends the array.
            false => end_of_word(window, length).map(|end| (end, end)),
        };
        match next {
            Some((end, next)) => NextRecord::Record { end: self.at + end, next: self.at + next },
            None if window.len() == KEEP => {
                self.skip = Some(Skip::Element);
                NextRecord::Record { end: limit, next: limit }
            }
            None if self.ended => {
                let broken = window.trim_ascii_end();
                // It may have taken the end of its array, too; else the array stays open.
                self.in_array = !broken.ends_with(b"]");
                NextRecord::Record { end: self.at + broken.len(), next: limit }
            }
            None => {
                self.scan = Some(Scan { of: Kind::Broken, scanned: length });
                NextRecord::More
            }
        }
    }

    /// Passes over the rest of a record that was too long.
    pub(super) fn pass_over(&mut self, skip: Skip) -> NextRecord {
        let (to, skip) = match skip {
            Skip::Line => match self.newline() {
                Some(newline) => (newline + 1, None),
                None => (self.buffer.len(), Some(Skip::Line)),
            },
            Skip::Value(mut value) => match value.scan(self.pending_bytes()) {
                Scanned::Done(length) => (self.at + length, None),
                Scanned::Broken(length) => {
                    self.advance(self.at + length);
                    return self.pass_over(if self.in_array { Skip::Element } else { Skip::Line });
                }
                Scanned::More => (self.buffer.len(), Some(Skip::Value(value))),
            },
            Skip::Element => match next_element(self.pending_bytes(), 0) {
                Some((_, next)) => (self.at + next, None),
                // What was seen of a boundary is seen again with what follows.
                None => (self.buffer.len() - self.pending().min(BOUNDARY), Some(Skip::Element)),
            },
        };
        self.advance(to);
        let Some(skip) = skip else { return NextRecord::Again };
        if self.ended {
            // A value that ends nowhere may have taken the end of its array, too; else the array stays open.
            self.in_array &= !self.buffer.trim_ascii_end().ends_with(b"]");
            self.advance(self.buffer.len());
        } else {
            self.skip = Some(skip);
        }
        NextRecord::More
    }
}

/// What a comma is that stands behind a value.
enum Comma {
    /// The sign between two values.
    Parts,
    /// A part of something else.
    Other,
    /// What follows it has not come yet.
    Unknown,
}

/// Where, in an array with an element that breaks at `from`, the next element begins, and before it the broken one ends: a
/// brace that opens behind `},` or in a new line, or just where it broke.
fn next_element(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let broken = bytes.get(..from).unwrap_or_default();
    let before = broken.trim_ascii_end();
    let new_line = memchr(b'\n', broken.get(before.len()..).unwrap_or_default()).is_some();
    if from > 0 && bytes.get(from) == Some(&b'{') && (new_line || before.last() == Some(&b',')) {
        return Some((before.len(), from));
    }
    let opens = |at: usize| {
        let rest = bytes.get(at..).unwrap_or_default();
        let blank = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        (rest.get(blank) == Some(&b'{')).then_some(at + blank)
    };
    memchr2_iter(b'}', b'\n', bytes.get(from..).unwrap_or_default()).map(|at| from + at).find_map(|at| {
        if bytes.get(at) == Some(&b'\n') {
            return Some((bytes.get(..at)?.trim_ascii_end().len(), opens(at)?));
        }
        let rest = bytes.get(at + 1..)?;
        let comma = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        (rest.get(comma) == Some(&b',')).then(|| opens(at + 1 + comma + 1)).flatten().map(|next| (at + 1, next))
    })
}

/// Where, in an array, a word that breaks at `from` ends.
fn end_of_word(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.iter().position(|byte| matches!(byte, b',' | b']' | b'\n')).map(|at| (from + at).max(1))
}
