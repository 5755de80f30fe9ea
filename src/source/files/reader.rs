//! Reads one input: splits its text into records, and tells where each begins, so that a later reading can go on there.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::find::{FoundInput, file_id, open};
use super::head::{Head, Layout};
use super::hints;
use super::input::describe;
use super::notes::Notes;
use super::records::{Grammar, HISTORY, KEEP, Records};
use super::taker::{RecordPlace, RecordTaker};
use super::text::{Filled, Text};
use crate::click::{Columns, Format, HeaderError};
use crate::source::error::DemoError;
use crate::storage::{FileId, FilePlace, FilePosition};

/// So many first records that are no clicks may stand before a header.
const FIRST_RECORDS: usize = 32;

/// The names of hashes are in a space of their own.
const HASHES: Uuid = Uuid::from_bytes(*b"clicktop-records");

/// What a step of a reading has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It went on.
    Taken,
    /// Nothing has come for now.
    Wait,
    /// There is nothing more.
    End,
}

/// One input under way.
pub(crate) struct FileReader {
    name: String,
    /// Of an ordinary file.
    path: Option<PathBuf>,
    file: Option<FileId>,
    text: Text,
    /// Where the text begins in a file that is plain text.
    plain_from: Option<u64>,
    format: Format,
    records: Records,
    layout: Option<Layout>,
    header: Option<Box<[u8]>>,
    stream: Option<[u8; 6]>,
    /// The number of the next record.
    number: u64,
    clicks: u64,
    any_click: bool,
    /// Records of this input that are no clicks.
    no_clicks: usize,
    /// The place of the last record, if the input ends with it and no line end follows: more may be written behind it.
    open_end: Option<(u64, u64, u64)>,
    /// The text before this byte was read by an earlier reading, a last record without a line end among it.
    read_before: Option<u64>,
    /// Why nothing more can be read.
    error: Option<DemoError>,
    ended: bool,
    /// Whether more may come behind the end.
    grows: bool,
}

impl FileReader {
    /// Opens `input`. If it `grows`, its end is only where it ends for now.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn open(input: &FoundInput, format: Format, grows: bool) -> Result<Self, DemoError> {
        let thread = |error: std::io::Error| DemoError::Thread(error.to_string());
        let name = input.name();
        match input {
            FoundInput::File(path) => {
                let (file, metadata) = open(path)?;
                let (text, plain_from) = Text::of_file(file).map_err(|error| DemoError::read(path, &error))?;
                let reader = Self::new(name, text, format);
                let path = Some(path.clone());
                Ok(Self { path, file: Some(file_id(&metadata)), plain_from, grows, ..reader })
            }
            FoundInput::Pipe(path) => Ok(Self::new(name, Text::of_pipe(Some(path.clone())).map_err(thread)?, format)),
            FoundInput::Stdin => Ok(Self::new(name, Text::of_pipe(None).map_err(thread)?, format)),
        }
    }

    /// A reading of what `open` opens, as of a pipe.
    #[cfg(test)]
    pub(crate) fn of_reader(name: &str, reader: Box<dyn std::io::Read + Send>, format: Format) -> Self {
        Self::new(name.to_owned(), Text::of_thread(move || Ok(reader)).expect("a thread"), format)
    }

    /// A reading of `text`.
    fn new(name: String, text: Text, format: Format) -> Self {
        Self {
            name,
            path: None,
            file: None,
            text,
            plain_from: None,
            format,
            records: Records::new(Grammar::of(format), 1),
            layout: None,
            header: None,
            stream: None,
            number: 0,
            clicks: 0,
            any_click: false,
            no_clicks: 0,
            open_end: None,
            read_before: None,
            error: None,
            ended: false,
            grows: false,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where the file is, if it is an ordinary one.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The file, if it is an ordinary one.
    pub(crate) fn file(&self) -> Option<FileId> {
        self.file
    }

    /// What stands for the first record, once that is known.
    pub(crate) fn stream(&self) -> Option<[u8; 6]> {
        self.stream
    }

    /// Whether the bytes of the file are its text.
    pub(crate) fn is_plain(&self) -> bool {
        self.plain_from.is_some()
    }

    /// The number of the next record.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Clicks that were taken, also by the readings before that this one goes on with.
    pub(crate) fn clicks(&self) -> u64 {
        self.clicks
    }

    /// Bytes of the input itself whose records were taken; of a packed one, that were unpacked.
    pub(crate) fn bytes_read(&self) -> u64 {
        let pending = if self.is_plain() { self.records.pending() as u64 } else { 0 };
        self.text.bytes_read().saturating_sub(pending)
    }

    /// Reads on until it is known how the records are read, and which the first one is: `Taken` then.
    ///
    /// # Errors
    /// It holds something that is not read.
    pub(crate) fn begin(&mut self) -> Result<Step, DemoError> {
        loop {
            let ended = self.is_over();
            if self.layout.is_none() {
                let head = Head::of(self.records.pending_bytes(), ended, self.format);
                let head = head.map_err(|reason| self.not_read(reason.to_string()))?;
                let none = || Head::without_header(Layout::Messages(self.format));
                if let Some(head) = head.or_else(|| ended.then(none)) {
                    tell(&self.name, &head.layout);
                    self.records.pass(head.bytes, head.lines);
                    self.set_layout(head.layout);
                    self.header = head.header;
                }
            }
            if self.layout.is_some() {
                if self.stream.is_none() {
                    self.stream = self.records.first(ended).map(|record| stream_of(&record));
                }
                if self.stream.is_some() || ended {
                    return Ok(Step::Taken);
                }
            }
            match self.fill() {
                Filled::Wait => return Ok(Step::Wait),
                Filled::End if !self.is_over() => return Ok(Step::Wait),
                Filled::End | Filled::More => {}
            }
        }
    }

    /// Takes the next record, or reads on. To be called after `begin`.
    ///
    /// # Errors
    /// The input cannot be read on, or ends in the middle of something; or before its first click stands a header that is not one of
    /// clicks.
    pub(crate) fn next(&mut self, taker: &mut impl RecordTaker, notes: &mut Notes) -> Result<Step, DemoError> {
        let (number, stream) = (self.number, self.stream.unwrap_or_default());
        let line = self.records.line();
        let before = self.records.place();
        let mut clicks = None;
        let place = RecordPlace { stream, number, line };
        let found = self.records.next(|record| {
            clicks = taker.take(record, place);
            clicks.is_some()
        });
        let Some(found) = found else {
            return self.read_on();
        };
        if self.records.has_ended() && self.records.ends_within_line() {
            self.open_end = before.map(|(byte, line, _)| (byte, line, number));
        }
        if let Some(clicks) = clicks {
            self.count(clicks);
            return Ok(Step::Taken);
        }
        let place = RecordPlace { line: found.line, ..place };
        let record = self.records.bytes(&found);
        if let Some(clicks) = taker.take(record, place) {
            self.count(clicks);
            return Ok(Step::Taken);
        }
        let is_begin = !self.any_click && self.no_clicks < FIRST_RECORDS;
        match header(self.format, record, is_begin) {
            Ok(Some(columns)) => {
                // Another file was appended to this one, header and all.
                self.header = Some(record.into());
                let layout = Layout::under(columns, self.format);
                taker.set_layout(&layout);
                self.set_layout(layout);
                return Ok(Step::Taken);
            }
            // It stands behind a title, and what is under it would be taken by its position.
            Err(reason) if is_begin => return Err(self.not_read(format!("in line {}, {reason}", found.line))),
            // Among clicks, a line that looks like a header costs itself only.
            Ok(None) | Err(_) => self.no_clicks = self.no_clicks.saturating_add(1),
        }
        // The decoder's own reason for UTF-16 or an array would mislead.
        let foreign = hints::foreign_format(record);
        let reason = match (record.len(), foreign) {
            (KEEP, _) => Some(format!("longer than the limit of {} bytes", KEEP - 1)),
            (_, Some(format)) => Some(format!("it looks like {format}")),
            (_, None) => None,
        };
        let (clicks, reason) = taker.refuse(record, place, reason);
        notes.no_click(&self.name, found.line, &reason, || if foreign.is_none() { hints::hint(record) } else { "" });
        self.count(clicks);
        Ok(Step::Taken)
    }

    fn count(&mut self, clicks: u64) {
        self.number += 1;
        self.clicks += clicks;
        self.any_click |= clicks > 0;
    }

    /// More of the text, where no record is whole.
    fn read_on(&mut self) -> Result<Step, DemoError> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        if self.records.has_ended() {
            let open = self.records.array_is_open();
            return if open { Err(DemoError::OpenArray(self.name.clone())) } else { Ok(Step::End) };
        }
        if self.ended {
            self.end_records();
            return Ok(Step::Taken);
        }
        Ok(match self.fill() {
            Filled::Wait => Step::Wait,
            Filled::End if !self.is_over() => Step::End,
            Filled::End | Filled::More => Step::Taken,
        })
    }

    /// Nothing more comes: what is left is the last record.
    fn end_records(&mut self) {
        if self.read_before == Some(self.records.pushed()) {
            self.open_end = self.records.place().map(|(byte, line, _)| (byte, line, self.number));
            self.records.drop_rest();
        } else {
            self.records.end();
        }
    }

    /// Appends more text to what is there. An error is kept: what came before is worth having.
    fn fill(&mut self) -> Filled {
        match self.text.fill(self.records.room()) {
            Ok(Filled::End) => {
                self.ended = !self.grows;
                Filled::End
            }
            Ok(filled) => filled,
            Err(error) => {
                let name = self.path.clone().unwrap_or_else(|| PathBuf::from(&self.name));
                self.error = Some(DemoError::read(name, &error));
                Filled::End
            }
        }
    }

    /// Whether nothing more can come.
    fn is_over(&self) -> bool {
        self.ended || self.error.is_some()
    }

    fn set_layout(&mut self, layout: Layout) {
        self.records.set_grammar(layout.grammar());
        self.layout = Some(layout);
    }

    fn not_read(&self, reason: String) -> DemoError {
        DemoError::NotRead { path: self.path.clone().unwrap_or_else(|| PathBuf::from(&self.name)), reason }
    }

    /// How the records are read, once that is known.
    pub(crate) fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }

    /// What is at the end now is the end.
    pub(crate) fn stop_growing(&mut self) {
        self.grows = false;
    }

    /// Whether the end is the end.
    pub(crate) fn has_stopped_growing(&self) -> bool {
        !self.grows
    }

    /// Up to where a plain file was read, in bytes.
    pub(crate) fn file_position(&self) -> u64 {
        self.text.bytes_read()
    }

    /// Where a later reading of this file goes on; `None` if that is not known, because the rest of a long record is passed over.
    pub(crate) fn place(&self) -> Option<FilePlace> {
        let (byte, line, in_array) = self.records.place()?;
        let (byte, line, record) = self.open_end.unwrap_or((byte, line, self.number));
        let tail = *hash(self.records.before(byte)).as_bytes();
        Some(FilePlace { record, byte, line, header: self.header.clone(), in_array, tail })
    }

    /// The length of the text, once all of it was read.
    pub(crate) fn text_end(&self) -> Option<u64> {
        (self.records.has_ended() && self.error.is_none()).then(|| self.records.pushed())
    }

    /// Goes on where an earlier reading was, if this is the same file as far as that came; `false`, and nothing has changed, if it is
    /// another one. `go_on` is asked while a packed file is unpacked up to that place.
    pub(crate) fn resume(&mut self, position: &FilePosition, go_on: &mut impl FnMut() -> bool) -> bool {
        let FilePosition { place, clicks, text_end, .. } = position;
        let Some(path) = &self.path else { return false };
        let before = place.byte.min(HISTORY as u64);
        let reopened = open(path).ok().filter(|(_, metadata)| Some(file_id(metadata)) == self.file);
        let Some((file, _)) = reopened else { return false };
        let resumed = Text::resumed(file, self.plain_from, place.byte, before, go_on);
        let Some((text, tail)) = resumed.ok().filter(|(_, tail)| *hash(tail).as_bytes() == place.tail) else {
            return false;
        };
        let columns = place.header.as_deref().and_then(|header| Columns::of_header(header).ok().flatten());
        let messages = || Layout::Messages(self.format);
        let layout = columns.map_or_else(messages, |columns| Layout::under(columns, self.format));
        self.records = Records::resume(layout.grammar(), place.byte, place.line, place.in_array, tail);
        self.text = text;
        self.set_layout(layout);
        self.header = place.header.clone();
        (self.number, self.clicks) = (place.record, *clicks);
        self.any_click = self.number > 0;
        self.read_before = *text_end;
        (self.error, self.ended, self.open_end) = (None, false, None);
        true
    }
}

impl FoundInput {
    /// # Errors
    /// The input is there, and is not plain text: it cannot be followed.
    pub(crate) fn require_plain(&self, format: Format) -> Result<(), DemoError> {
        match self {
            Self::File(path) if path.exists() && !FileReader::open(self, format, true)?.is_plain() => {
                Err(DemoError::NoFollow(path.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// The columns that `record` names, if it is a header in the middle of an input; one that is not of clicks only where `any` header is
/// looked for.
///
/// # Errors
/// It is a header, but not one of clicks.
fn header(format: Format, record: &[u8], any: bool) -> Result<Option<Columns>, HeaderError> {
    match format != Format::Json && (any || Columns::may_be_header(record)) {
        true => Columns::of_header(record),
        false => Ok(None),
    }
}

/// Says how the columns of a header are read, where they are not simply ours.
fn tell(name: &str, layout: &Layout) {
    if let Layout::Columns(columns) = layout {
        tracing::info!(target: "replay", "{name}: {}", describe(columns));
    }
}

fn hash(bytes: &[u8]) -> Uuid {
    Uuid::new_v5(&HASHES, bytes)
}

/// What stands for a file whose first record this is.
fn stream_of(first_record: &[u8]) -> [u8; 6] {
    let mut stream = [0; 6];
    stream.iter_mut().zip(hash(first_record).as_bytes()).for_each(|(to, from)| *to = *from);
    stream
}
