//! Reads one input: splits its text into records, and tells where each begins, so that a later reading can go on there.

mod place;

use std::path::{Path, PathBuf};

use super::find::{FoundInput, file_id, open};
use super::form::RecordForm;
use super::head::{Head, Layout, form};
use super::hints;
use super::input::describe;
use super::mapped_head;
use super::notes::Notes;
use super::records::{Grammar, KEEP, Records};
use super::taker::{RecordPlace, RecordTaker};
use super::text::{Filled, Text};
use crate::click::mapping::{StreamId, is_fields_line};
use crate::click::{Columns, Format, HeaderError};
use crate::source::error::DemoError;
use crate::storage::FileId;

/// So many first records that are no clicks may stand before a header.
const FIRST_RECORDS: usize = 32;

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
    form: RecordForm,
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
    /// A mapping must not need a header.
    refuses_headers: bool,
}

impl FileReader {
    /// Opens `input`. If it `grows`, its end is only where it ends for now.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn open(input: &FoundInput, form: &RecordForm, grows: bool) -> Result<Self, DemoError> {
        let thread = |error: std::io::Error| DemoError::Thread(error.to_string());
        let name = input.name();
        match input {
            FoundInput::File(path) => {
                let (file, metadata) = open(path)?;
                let (text, plain_from) = Text::of_file(file).map_err(|error| DemoError::read(path, &error))?;
                let reader = Self::new(name, text, form);
                let path = Some(path.clone());
                Ok(Self { path, file: Some(file_id(&metadata)), plain_from, grows, ..reader })
            }
            FoundInput::Pipe(path) => Ok(Self::new(name, Text::of_pipe(Some(path.clone())).map_err(thread)?, form)),
            FoundInput::Stdin => Ok(Self::new(name, Text::of_pipe(None).map_err(thread)?, form)),
        }
    }

    /// Opens `input` to make messages of its records. A message has no header, so a mapping must not need one.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn for_messages(input: &FoundInput, form: &RecordForm) -> Result<Self, DemoError> {
        Ok(Self { refuses_headers: true, ..Self::open(input, form, false)? })
    }

    /// A reading of what `open` opens, as of a pipe.
    #[cfg(test)]
    pub(crate) fn of_reader(name: &str, reader: Box<dyn std::io::Read + Send>, form: &RecordForm) -> Self {
        Self::new(name.to_owned(), Text::of_thread(move || Ok(reader)).expect("a thread"), form)
    }

    /// A reading of `text`.
    fn new(name: String, text: Text, form: &RecordForm) -> Self {
        Self {
            name,
            path: None,
            file: None,
            text,
            plain_from: None,
            form: form.clone(),
            records: Records::new(Grammar::of(form.format), 1),
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
            refuses_headers: false,
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
                self.look_at_head(ended)?;
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

    /// Finds out how the records are read, if enough of them has come.
    fn look_at_head(&mut self, ended: bool) -> Result<(), DemoError> {
        let begin = self.records.pending_bytes();
        if self.form.mapping.is_some() {
            if let Some((what, advice)) = form(begin) {
                return Err(self.not_read(format!("it is {what}, which replay does not read; {advice}")));
            }
            let found = mapped_head::layout(&self.form, &mut self.records, ended);
            let Some(layout) = found.map_err(|reason| self.not_read(reason.to_string()))? else { return Ok(()) };
            self.set_layout(layout);
            if self.refuses_headers && self.header.is_some() {
                let reason =
                    "its header tells what the columns are, and messages have none; name the columns in events.columns";
                return Err(self.not_read(format!("{reason}, or replay it without --brokers")));
            }
            return Ok(());
        }
        let head = Head::of(begin, ended, self.form.format).map_err(|reason| self.not_read(reason.to_string()))?;
        let none = || Head::without_header(Layout::Messages(self.form.format));
        if let Some(head) = head.or_else(|| ended.then(none)) {
            tell(&self.name, &head.layout);
            self.records.pass(head.bytes, head.lines);
            self.set_layout(head.layout);
            self.header = head.header;
        }
        Ok(())
    }

    /// Takes the next record, or reads on. To be called after `begin`.
    ///
    /// # Errors
    /// The input cannot be read on, or ends in the middle of something; or before its first click stands a header that is not one of
    /// clicks.
    pub(crate) fn next(&mut self, taker: &mut impl RecordTaker, notes: &mut Notes) -> Result<Step, DemoError> {
        let (number, stream) = (self.number, StreamId::from_bytes(self.stream.unwrap_or_default()));
        let line = self.records.line();
        let before = self.records.place();
        let mut clicks = None;
        let place = RecordPlace { stream, number, line };
        let Self { records, layout, form, .. } = self;
        let mut next_layout = None;
        let found = records.next(|record| {
            if let Some(Layout::Mapped(mapped)) = layout {
                next_layout = mapped_head::next_header(form, mapped, record);
                if next_layout.is_some() {
                    return true;
                }
            }
            clicks = taker.take(record, place);
            clicks.is_some()
        });
        let Some(found) = found else {
            return self.read_on();
        };
        if self.records.has_ended() && self.records.ends_within_line() {
            self.open_end = before.map(|(byte, line, _)| (byte, line, number));
        }
        if let Some(layout) = next_layout {
            taker.set_layout(&layout);
            self.set_layout(layout);
            return Ok(Step::Taken);
        }
        if let Some(clicks) = clicks {
            self.count(clicks);
            if clicks == 0 && is_fields_line(self.records.bytes(&found)) {
                self.header = Some(self.records.bytes(&found).into());
            }
            return Ok(Step::Taken);
        }
        let place = RecordPlace { line: found.line, ..place };
        let record = self.records.bytes(&found);
        if let Some(clicks) = taker.take(record, place) {
            self.count(clicks);
            return Ok(Step::Taken);
        }
        if let Some(Layout::Mapped(mapped)) = &self.layout {
            if let Some(layout) = mapped_head::header_of_no_click(&self.form, mapped, record) {
                taker.set_layout(&layout);
                self.set_layout(layout);
                return Ok(Step::Taken);
            }
            let (clicks, reason) = taker.refuse(record, place, too_long(record));
            notes.no_click(&self.name, found.line, &reason, || "");
            self.count(clicks);
            return Ok(Step::Taken);
        }
        let is_begin = !self.any_click && self.no_clicks < FIRST_RECORDS;
        match header(self.form.format, record, is_begin) {
            Ok(Some(columns)) => {
                // Another file was appended to this one, header and all.
                self.header = Some(record.into());
                let layout = Layout::under(columns, self.form.format);
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
        let reason = too_long(record).or_else(|| foreign.map(|format| format!("it looks like {format}")));
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
        if let Layout::Mapped(mapped) = &layout {
            self.header.clone_from(&mapped.header);
        }
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
}

/// The reason for a record that was cut because it is longer than what is decoded.
fn too_long(record: &[u8]) -> Option<String> {
    (record.len() == KEEP).then(|| format!("longer than the limit of {} bytes", KEEP - 1))
}

impl FoundInput {
    /// # Errors
    /// The input is there, and is not plain text: it cannot be followed.
    pub(crate) fn require_plain(&self, form: &RecordForm) -> Result<(), DemoError> {
        match self {
            Self::File(path) if path.exists() && !FileReader::open(self, form, true)?.is_plain() => {
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

/// What stands for a file whose first record this is.
fn stream_of(first_record: &[u8]) -> [u8; 6] {
    *StreamId::of_file(first_record).as_bytes()
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
