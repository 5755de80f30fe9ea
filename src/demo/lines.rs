//! Lines out of chunks, in bounded memory whatever the input.

use crate::click::{MAX_MESSAGE_BYTES, is_csv_header};

/// What is kept of a line: one byte more than is decoded, so that the decoder sees it is too long.
const KEEP: usize = MAX_MESSAGE_BYTES + 1;
const BOM: &[u8] = b"\xef\xbb\xbf";
/// While a line is being collected, its byte order mark and carriage return are still on it.
const COLLECT: usize = KEEP + BOM.len() + 1;

/// More than the nine names take, quoted and with their commas.
const HEADER_BYTES: usize = 128;

/// The line under way of one input.
#[derive(Debug)]
pub(crate) struct Lines {
    line: Vec<u8>,
    /// Bytes beyond `COLLECT` were dropped.
    overflowed: bool,
    /// No line of this input has ended yet.
    first: bool,
    skip_header: bool,
}

impl Lines {
    /// At the start of an input; `skip_header` where it may be CSV.
    pub(crate) fn new(skip_header: bool) -> Self {
        Self { line: Vec::new(), overflowed: false, first: true, skip_header }
    }

    /// Takes from `chunk` up to the end of the next message and puts that into `out`. The bytes taken, and whether
    /// there is a message; without one, all of `chunk` has been taken.
    pub(crate) fn take(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> (usize, bool) {
        let mut taken = 0;
        let mut rest = chunk;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at(end);
            self.collect(line);
            rest = after.get(1..).unwrap_or_default();
            taken += end + 1;
            if self.finish(out) {
                return (taken, true);
            }
        }
        self.collect(rest);
        (chunk.len(), false)
    }

    /// The last line of the input, if it has no newline. Afterwards another input may begin.
    pub(crate) fn end_of_input(&mut self, out: &mut Vec<u8>) -> bool {
        let message = self.finish(out);
        self.first = true;
        message
    }

    fn collect(&mut self, bytes: &[u8]) {
        let room = COLLECT - self.line.len().min(COLLECT);
        let (kept, dropped) = bytes.split_at(bytes.len().min(room));
        self.line.extend_from_slice(kept);
        self.overflowed |= !dropped.is_empty();
    }

    /// Moves the line to `out` if it is a message.
    fn finish(&mut self, out: &mut Vec<u8>) -> bool {
        let mut line = self.line.as_slice();
        if self.first {
            line = line.strip_prefix(BOM).unwrap_or(line);
        }
        if !self.overflowed {
            line = line.strip_suffix(b"\r").unwrap_or(line);
        }
        let line = line.get(..KEEP).unwrap_or(line);
        let skipped = line.trim_ascii().is_empty() || (self.skip_header && is_header(line));
        if !skipped {
            out.clear();
            out.extend_from_slice(line);
        }
        self.line.clear();
        self.overflowed = false;
        self.first = false;
        !skipped
    }
}

/// [`is_csv_header`], at next to no cost for the lines that are not: they are longer or hardly ever begin like one.
fn is_header(line: &[u8]) -> bool {
    let begins = line.first().is_some_and(|byte| matches!(byte, b'c' | b'C' | b'"'));
    begins && line.len() <= HEADER_BYTES && is_csv_header(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::click::FIELD_NAMES;

    /// The messages of one input that comes in chunks of `size` bytes.
    fn messages(input: &[u8], size: usize) -> Vec<Vec<u8>> {
        let mut lines = Lines::new(true);
        let mut out = Vec::new();
        let mut messages = Vec::new();
        for mut chunk in input.chunks(size) {
            while !chunk.is_empty() {
                let (taken, message) = lines.take(chunk, &mut out);
                if message {
                    messages.push(out.clone());
                }
                chunk = &chunk[taken..];
            }
        }
        if lines.end_of_input(&mut out) {
            messages.push(out);
        }
        messages
    }

    #[test]
    fn the_same_lines_whatever_the_chunks() {
        let input = b"\xef\xbb\xbfClick_ID,user_id,timestamp,url,country,city,browser,os,DEVICE\r\na,1\r\n\r\n  \nb,\"2\n\xff\xfe\n\n\rc\nlast";
        let wanted: Vec<&[u8]> = vec![b"a,1", b"b,\"2", b"\xff\xfe", b"\rc", b"last"];
        for size in [1, 2, 3, 7, 64, input.len()] {
            assert_eq!(messages(input, size), wanted, "chunks of {size}");
        }
    }

    #[test]
    fn an_over_long_line_is_cut_and_the_next_one_is_whole() {
        let mut input = vec![b'x'; 3 * MAX_MESSAGE_BYTES];
        input.extend_from_slice(b"\r\nshort\n");
        for size in [1000, input.len()] {
            let messages = messages(&input, size);
            assert_eq!(messages.len(), 2);
            assert_eq!(messages[0].len(), MAX_MESSAGE_BYTES + 1);
            assert_eq!(messages[1], b"short");
        }
    }

    #[test]
    fn the_longest_allowed_line_stays_whole_with_mark_and_carriage_return() {
        let line = vec![b'x'; MAX_MESSAGE_BYTES];
        let input = [BOM, &line, b"\r\n", &line, b"\r\n", &line, b"y\n"].concat();
        let messages = messages(&input, 4096);
        assert_eq!(messages.iter().map(Vec::len).collect::<Vec<_>>(), [line.len(), line.len(), line.len() + 1]);
    }

    #[test]
    fn a_carriage_return_at_the_cut_does_not_make_a_long_line_look_short() {
        let mut input = vec![b'x'; COLLECT + 100];
        input[MAX_MESSAGE_BYTES] = b'\r';
        input[COLLECT - 1] = b'\r';
        assert_eq!(messages(&input, 999)[0].len(), MAX_MESSAGE_BYTES + 1);
    }

    #[test]
    fn memory_does_not_grow_with_the_line() {
        let mut lines = Lines::new(true);
        let mut out = Vec::new();
        for _ in 0..1000 {
            assert_eq!(lines.take(&[b'x'; 65_536], &mut out), (65_536, false));
        }
        assert!(lines.line.capacity() <= 2 * COLLECT, "{}", lines.line.capacity());
    }

    #[test]
    fn only_a_header_is_a_header() {
        let names = FIELD_NAMES.join(",");
        assert!(is_header(names.as_bytes()));
        assert!(is_header(names.to_uppercase().as_bytes()));
        assert!(is_header(format!("\"{}\"", FIELD_NAMES.join("\",\"")).as_bytes()));
        assert!(!is_header(names.replace("url", "uri").as_bytes()));
        assert!(!is_header(format!("{names},more").as_bytes()));
        assert!(!is_header(b"click_id,user_id"));
        assert!(!is_header(b"c1,u1,2024-01-01T00:00:00Z,/,FR,Paris,Firefox,Linux,desktop"));
    }

    #[test]
    fn every_input_may_begin_with_a_mark() {
        let mut lines = Lines::new(true);
        let mut out = Vec::new();
        assert_eq!(lines.take(b"\xef\xbb\xbfone\n\xef\xbb\xbftwo", &mut out), (7, true));
        assert_eq!(out, b"one");
        assert_eq!(lines.take(b"\xef\xbb\xbftwo", &mut out), (6, false));
        assert!(lines.end_of_input(&mut out));
        assert_eq!(out, b"\xef\xbb\xbftwo", "a mark inside an input is data");
        assert_eq!(lines.take(b"\xef\xbb\xbfthree\n", &mut out), (9, true));
        assert_eq!(out, b"three");
    }
}
