//! Detects by the beginning of an input what it holds: clicks with a header, clicks without one, or something that
//! replay does not read.

use super::records::{Grammar, KEEP};
use crate::click::columns::MAX_HEADER_BYTES;
use crate::click::{Columns, Decoder, Format, HeaderError};

/// First bytes of files that hold no text, what they are, and what to do.
const FORMS: &[(&[u8], &str, &str)] = &[
    (b"PK\x03\x04", "a zip archive or a spreadsheet", "unpack it, or save it as CSV"),
    (b"\xfd7zXZ\0", "xz", "unpack it: xzcat FILE | clicktop replay -"),
    (b"\x04\x22\x4d\x18", "lz4", "unpack it: lz4cat FILE | clicktop replay -"),
    (b"\xff\x06\0\0sNaPpY", "snappy", "unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it first"),
    (b"PAR1", "Parquet", "save it as CSV or JSON"),
    (b"Obj\x01", "Avro", "save it as JSON: avro-tools tojson FILE | clicktop replay -"),
    (b"ORC", "ORC", "save it as CSV or JSON"),
    (b"SQLite format 3\0", "an SQLite database", "export it: sqlite3 -csv FILE 'select * from click_events'"),
    (b"%PDF-", "a PDF", "replay reads CSV and JSON"),
];

/// How many lines before a header are looked at.
const MAX_PREAMBLE_LINES: usize = 32;

/// Where the word of a tar archive stands.
const TAR: (usize, &[u8]) = (257, b"ustar");

/// How the records of an input become messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// They are messages.
    Messages(Format),
    /// Their columns are those of a header.
    Columns(Columns),
    /// They are events with a mapping.
    Mapped(MappedLayout),
}

/// How events with a mapping are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MappedLayout {
    pub(super) grammar: Grammar,
    /// The header that names the columns.
    pub(crate) header: Option<Box<[u8]>>,
}

impl Layout {
    pub(super) fn grammar(&self) -> Grammar {
        match self {
            Self::Messages(format) => Grammar::of(*format),
            Self::Columns(columns) => Grammar::Csv { separator: columns.separator(), width: Some(columns.width()) },
            Self::Mapped(mapped) => mapped.grammar,
        }
    }

    /// That of records under a header.
    pub(super) fn under(columns: Columns, format: Format) -> Self {
        if columns.are_message_fields() { Self::Messages(format) } else { Self::Columns(columns) }
    }
}

/// What the beginning of an input tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) layout: Layout,
    /// Bytes before the first record, the header's among them, and their line ends.
    pub(super) bytes: usize,
    pub(super) lines: u64,
    /// The header, if there is one.
    pub(super) header: Option<Box<[u8]>>,
}

/// Why an input is not read. Reads on after its name and a colon.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotRead {
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error("it is {0}, which replay does not read; {1}")]
    Form(&'static str, &'static str),
    #[error("it is a web server's access log; replay it with --preset combined")]
    AccessLog,
}

impl Head {
    /// Of an input whose first record is its first.
    pub(super) fn without_header(layout: Layout) -> Self {
        Self { layout, bytes: 0, lines: 0, header: None }
    }

    /// What `begin` tells, which is the whole input if `ended`; `None` while that is too little.
    ///
    /// # Errors
    /// It is nothing that is read.
    pub(super) fn of(begin: &[u8], ended: bool, format: Format) -> Result<Option<Self>, NotRead> {
        if let Some((what, advice)) = form(begin) {
            return Err(NotRead::Form(what, advice));
        }
        let none = Self::without_header(Layout::Messages(format));
        let Some(first) = begin.iter().position(|byte| !byte.is_ascii_whitespace() || *byte == b'\t') else {
            return Ok((ended || begin.len() > KEEP).then_some(none));
        };
        let is_json = format != Format::Csv && matches!(begin.get(first), Some(b'{' | b'['));
        if format == Format::Json || is_json {
            return Ok(Some(none));
        }
        let rest = begin.get(first..).unwrap_or_default();
        match Self::under_preamble(begin, first, ended, format)? {
            Header::Found(head) => Ok(Some(head)),
            Header::Unknown if !ended => Ok(None),
            _ if is_access_log(rest, ended) => Err(NotRead::AccessLog),
            _ => Ok(Some(none)),
        }
    }

    /// The header in `begin`, from `first` on: the first record, or the one behind what programs write before it. Notes and
    /// Excel's `sep=;` are passed over with it. Titles are no clicks and are left for whoever takes the records; but what is
    /// behind them must not be a header that is refused.
    fn under_preamble(begin: &[u8], first: usize, ended: bool, format: Format) -> Result<Header, NotRead> {
        let mut from = first;
        let mut titles = false;
        for _ in 0..=MAX_PREAMBLE_LINES {
            let rest = begin.get(from..).unwrap_or_default();
            let Some(length) = first_record(rest, ended) else {
                // A title is not held back until more comes: it may be a record.
                let known = titles || ended || rest.len() > MAX_HEADER_BYTES;
                return Ok(if known { Header::None } else { Header::Unknown });
            };
            let record = rest.get(..length).unwrap_or_default();
            let bytes = from + length;
            match Columns::of_header(record)? {
                Some(_) if titles => return Ok(Header::None),
                Some(columns) => {
                    let lines = memchr::memchr_iter(b'\n', begin.get(..bytes).unwrap_or_default()).count() as u64;
                    let header = Some(record.into());
                    return Ok(Header::Found(Self { layout: Layout::under(columns, format), bytes, lines, header }));
                }
                None if rest.is_empty() || Decoder::new(format).decode(record).is_ok() => return Ok(Header::None),
                None if is_note(record) => {}
                None if is_title(record) => titles = true,
                None => return Ok(Header::None),
            }
            from = bytes;
        }
        Ok(Header::None)
    }
}

/// What is known of a header.
enum Header {
    Found(Head),
    None,
    /// More must be read.
    Unknown,
}

/// A comment, Excel's word for what parts the columns, or nothing.
fn is_note(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    let word = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let is_separator = word.len() <= 5 && word.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"sep="));
    line.is_empty() || line.starts_with(b"#") || is_separator
}

/// A line of one field, whatever parts them.
fn is_title(line: &[u8]) -> bool {
    !line.iter().any(|byte| matches!(byte, b',' | b';' | b'\t' | b'|'))
}

/// Length of the first record with its line end: to the first line end that is not between quotes.
fn first_record(text: &[u8], ended: bool) -> Option<usize> {
    let mut quotes = 0;
    let mut from = 0;
    while let Some(end) = memchr::memchr(b'\n', text.get(from..)?) {
        let line = text.get(from..from + end)?;
        quotes += memchr::memchr_iter(b'"', line).count();
        from += end + 1;
        if quotes % 2 == 0 {
            return Some(from);
        }
    }
    ended.then_some(text.len())
}

/// What else this is, and what to do.
pub(super) fn form(begin: &[u8]) -> Option<(&'static str, &'static str)> {
    let (at, word) = TAR;
    if begin.get(at..).is_some_and(|rest| rest.starts_with(word)) {
        return Some(("a tar archive", "unpack it: tar -xOf FILE | clicktop replay -"));
    }
    if let Some((_, what, advice)) = FORMS.iter().find(|(mark, ..)| begin.starts_with(mark)) {
        return Some((what, advice));
    }
    let sample = begin.get(..1024).unwrap_or(begin);
    let zeros = memchr::memchr_iter(0, sample).count();
    let pairs = sample.chunks_exact(2).filter(|pair| pair.contains(&0) && *pair != [0, 0]).count();
    if sample.len() >= 16 && pairs * 2 > sample.len() / 2 * 2 - sample.len() / 8 {
        return Some((
            "UTF-16 without a byte order mark",
            "make UTF-8 of it: iconv -f UTF-16LE -t UTF-8 FILE | clicktop replay -",
        ));
    }
    // A line of text may be damaged; of a file that is none, the first is already.
    let line = sample.get(..memchr::memchr(b'\n', sample).unwrap_or(sample.len())).unwrap_or_default();
    let no_text = std::str::from_utf8(line).is_err_and(|error| error.error_len().is_some());
    let binary = memchr::memchr(0, line).is_some() && (no_text || zeros * 10 > sample.len());
    binary.then_some(("binary data", "replay reads CSV and JSON, also compressed with gzip, zstd or bzip2"))
}

/// Whether every whole line is one of an access log: `203.0.113.7 - - [31/Jan/2026:09:30:00 +0000] "GET / HTTP/1.1" 200 …`.
fn is_access_log(text: &[u8], ended: bool) -> bool {
    let whole = if ended { text } else { text.get(..memchr::memrchr(b'\n', text).unwrap_or(0)).unwrap_or_default() };
    let mut lines = whole.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).peekable();
    let is_one = |line: &[u8]| {
        let Ok(line) = std::str::from_utf8(line) else { return false };
        let Some((_, rest)) = line.split_once(" [") else { return false };
        let Some((time, rest)) = rest.split_once("] \"") else { return false };
        let request = rest.split('"').next().unwrap_or_default();
        time.matches(':').count() == 3 && request.contains(" HTTP/")
    };
    lines.peek().is_some() && lines.all(is_one)
}

#[cfg(test)]
#[path = "head_tests.rs"]
mod tests;
