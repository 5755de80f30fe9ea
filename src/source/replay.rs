//! Replays files and standard input: each record becomes a message.
//!
//! The replay also sends records that are not clicks. The pipeline rejects them, and shows them among the rejects.

mod container;
mod head;
mod hints;
mod input;
mod messages;
mod notes;
mod quotes;
mod records;
mod source;
mod values;

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};

use self::head::Layout;
use self::messages::Messages;
use self::notes::Notes;
use self::records::{Grammar, KEEP, Records};
use self::source::{Chunk, Source};
use super::error::DemoError;
use super::producer::{Feed, Next, Record, SourceTask, Target};
use crate::click::Format;

/// How many chunks may wait for the producer.
const CHUNKS_WAITING: usize = 8;
/// So many first records that are no clicks may stand before a header.
const FIRST_RECORDS: usize = 32;
/// How long the feed waits for a slow input before it lets the producer see to other things.
const INPUT_NAP: Duration = Duration::from_millis(5);

pub use self::input::ReplayInput;

/// What to replay and how fast.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayOptions {
    /// In this order.
    pub inputs: Vec<ReplayInput>,
    /// What the records are.
    pub format: Format,
    /// Records a second; `None` is as fast as they are taken.
    pub rate: Option<f64>,
}

/// Starts a producer of the records of `options.inputs`.
///
/// # Errors
/// An input that is not there, cannot be read, is a directory or holds nothing that is read, before anything is sent; and as
/// [`SourceTask::start`].
pub fn start_replay(target: Target, options: ReplayOptions) -> Result<SourceTask, DemoError> {
    let mut sources = Vec::with_capacity(options.inputs.len());
    let mut total = Some(0u64);
    let stdins = options.inputs.iter().filter(|input| **input == ReplayInput::Stdin).count();
    match (options.inputs.len(), stdins) {
        (0, _) => return Err(DemoError::NoInput),
        (_, 2..) => return Err(DemoError::StdinTwice),
        _ => {}
    }
    for input in options.inputs {
        let (source, bytes) = Source::find(input, options.format)?;
        total = total.zip(bytes).map(|(total, bytes)| total.saturating_add(bytes));
        sources.push(source);
    }
    let feed = ReplayFeed::start(sources, total, options.format)?;
    SourceTask::start(target, feed, options.rate)
}

/// Reads on a thread of its own, so that a pipe without a writer keeps neither producer nor process from ending.
struct ReplayFeed {
    chunks: Receiver<Chunk>,
    format: Format,
    name: String,
    records: Records,
    messages: Messages,
    notes: Notes,
    /// Of this input, whether a record was a click.
    any_click: bool,
    /// Of this input, records that were none.
    no_clicks: usize,
    progress: Progress,
    bytes_total: Option<u64>,
}

/// How far the inputs are read, in bytes of the files themselves.
#[derive(Debug, Default)]
struct Progress {
    /// Of the inputs before.
    before: u64,
    /// Of this one, until the last chunk.
    read: u64,
    /// What the last chunk took, and the text that came of it.
    chunk_read: u64,
    chunk_text: u64,
}

impl Progress {
    fn chunk(&mut self, read: u64, text: usize) {
        self.chunk_read = read.saturating_sub(self.read);
        self.chunk_text = text as u64;
        self.read = read;
    }

    fn end_of_input(&mut self, read: u64) {
        *self = Self { before: self.before.saturating_add(read), ..Self::default() };
    }

    /// With `pending` bytes of the text not taken yet.
    fn bytes(&self, pending: usize) -> u64 {
        let pending = self.chunk_text.min(pending as u64);
        let left = self.chunk_read.saturating_mul(pending).checked_div(self.chunk_text).unwrap_or(0);
        self.before.saturating_add(self.read.saturating_sub(left))
    }
}

impl ReplayFeed {
    fn start(sources: Vec<Source>, bytes_total: Option<u64>, format: Format) -> Result<Self, DemoError> {
        let (sender, chunks) = bounded(CHUNKS_WAITING);
        // Never joined: it may be waiting for a terminal. It ends with its input, or when the receiver has gone.
        std::thread::Builder::new()
            .name("replay-reader".to_owned())
            .spawn(move || source::read_all(sources, format, &sender))
            .map_err(|error| DemoError::Thread(error.to_string()))?;
        Ok(Self {
            chunks,
            format,
            name: String::new(),
            records: Records::new(Grammar::of(format), 1),
            messages: Messages::new(format),
            notes: Notes::default(),
            any_click: false,
            no_clicks: 0,
            progress: Progress::default(),
            bytes_total,
        })
    }

    /// The next message of what is there, if there is one.
    ///
    /// # Errors
    /// Before the first click of an input stands a header that is not one of clicks.
    fn next_message(&mut self, message: &mut Record) -> Result<bool, DemoError> {
        loop {
            let (records, messages) = (&mut self.records, &mut self.messages);
            let mut is_click = false;
            let found = records.next(|line| {
                is_click = messages.write_click(line, message).is_ok();
                is_click
            });
            let Some(found) = found else { return Ok(false) };
            if is_click {
                self.any_click = true;
                return Ok(true);
            }
            let record = self.records.bytes(&found);
            let Err(reason) = self.messages.write_click(record, message) else {
                self.any_click = true;
                return Ok(true);
            };
            let is_begin = !self.any_click && self.no_clicks < FIRST_RECORDS;
            match self.messages.header(record, is_begin) {
                Ok(Some(columns)) => {
                    // Another file was appended to this one, header and all.
                    let layout = Layout::under(columns, self.format);
                    self.records.set_grammar(layout.grammar());
                    self.messages.set_layout(layout);
                    continue;
                }
                // It stands behind a title, and what is under it would be taken by its position.
                Err(reason) if is_begin => {
                    let reason = format!("in line {}, {reason}", found.line);
                    return Err(DemoError::NotRead { path: self.name.clone().into(), reason });
                }
                // Among clicks, a line that looks like a header costs itself only.
                Ok(None) | Err(_) => self.no_clicks = self.no_clicks.saturating_add(1),
            }
            let reason = match record.len() {
                KEEP => format!("longer than {} bytes", KEEP - 1),
                _ => reason.to_string(),
            };
            self.notes.no_click(&self.name, found.line, &reason, || hints::hint(record));
            self.messages.write_reject(record, message);
            return Ok(true);
        }
    }

    fn take(&mut self, chunk: Chunk) {
        match chunk {
            Chunk::Input { name, layout, line } => {
                self.name = name;
                (self.any_click, self.no_clicks) = (false, 0);
                self.records = Records::new(layout.grammar(), line);
                self.messages.set_layout(layout);
            }
            Chunk::Bytes { text, read } => {
                self.progress.chunk(read, text.len());
                self.records.push(&text);
            }
            Chunk::EndOfInput { read } => {
                self.progress.end_of_input(read);
                self.records.end();
            }
            Chunk::Failed(_) => {}
        }
    }
}

impl Feed for ReplayFeed {
    fn next(&mut self, record: &mut Record) -> Result<Next, DemoError> {
        loop {
            match self.next_message(record) {
                Ok(true) => return Ok(Next::Ready),
                Ok(false) => {}
                Err(error) => {
                    self.notes.tell();
                    return Err(error);
                }
            }
            if self.records.array_is_open() && self.records.has_ended() {
                self.notes.tell();
                return Err(DemoError::OpenArray(self.name.clone()));
            }
            match self.chunks.recv_timeout(INPUT_NAP) {
                Ok(Chunk::Failed(error)) => {
                    self.notes.tell();
                    return Err(error);
                }
                Ok(chunk) => self.take(chunk),
                Err(RecvTimeoutError::Timeout) => return Ok(Next::Wait),
                Err(RecvTimeoutError::Disconnected) => {
                    self.notes.tell();
                    return Ok(Next::End);
                }
            }
        }
    }

    fn bytes_read(&self) -> u64 {
        self.progress.bytes(self.records.pending())
    }

    fn bytes_total(&self) -> Option<u64> {
        self.bytes_total
    }

    fn first_no_click(&self) -> Option<&str> {
        self.notes.first()
    }
}

#[cfg(test)]
mod tests;
