//! Replay of files and standard input: one line, one message.
//!
//! Broken lines are sent as they are: rejecting them, where everyone can see it, is the pipeline's part.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::error::DemoError;
use super::lines::Lines;
use super::producer::{Feed, Next, Record, SourceTask, Target};
use crate::click::{Decoder, Format};

/// What is read at a time, and how many of these may wait for the producer.
const CHUNK_BYTES: usize = 64 * 1024;
const CHUNKS_WAITING: usize = 8;
/// How long the feed waits for a slow input before it lets the producer see to other things.
const INPUT_NAP: Duration = Duration::from_millis(5);

/// One thing to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayInput {
    /// A file, or a named pipe.
    File(PathBuf),
    /// Standard input, to its end.
    Stdin,
}

/// What to replay and how fast.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayOptions {
    /// In this order.
    pub inputs: Vec<ReplayInput>,
    /// What the lines are, for finding the user, who is the Kafka key.
    pub format: Format,
    /// Lines a second; `None` is as fast as they are taken.
    pub rate: Option<f64>,
}

/// Starts a producer of the lines of `options.inputs`.
///
/// # Errors
/// An input that is not there, cannot be read or is a directory, before anything is sent; and as [`SourceTask::start`].
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
        let (source, bytes) = Source::open(input)?;
        total = total.zip(bytes).map(|(total, bytes)| total.saturating_add(bytes));
        sources.push(source);
    }
    let feed = ReplayFeed::start(sources, total, options.format)?;
    SourceTask::start(target, feed, options.rate)
}

/// An input that has been looked at.
struct Source {
    /// For error messages.
    path: PathBuf,
    open: Opening,
}

enum Opening {
    Ready(Box<dyn Read + Send>),
    /// Opening a named pipe waits for its writer: the reading thread's job.
    Later,
}

impl Source {
    /// Its size too, for an ordinary file.
    fn open(input: ReplayInput) -> Result<(Self, Option<u64>), DemoError> {
        let path = match input {
            ReplayInput::Stdin => {
                let path = PathBuf::from("standard input");
                return Ok((Self { path, open: Opening::Ready(Box::new(std::io::stdin())) }, None));
            }
            ReplayInput::File(path) => path,
        };
        let metadata = std::fs::metadata(&path).map_err(|error| DemoError::read(&path, &error))?;
        if metadata.is_dir() {
            return Err(DemoError::Directory(path));
        }
        if !metadata.is_file() {
            return Ok((Self { path, open: Opening::Later }, None));
        }
        let file = File::open(&path).map_err(|error| DemoError::read(&path, &error))?;
        Ok((Self { path, open: Opening::Ready(Box::new(file)) }, Some(metadata.len())))
    }

    /// Sends everything in it; `false` once nobody listens.
    fn read_to_end(self, chunks: &Sender<Chunk>) -> bool {
        let mut reader = match self.open {
            Opening::Ready(reader) => reader,
            Opening::Later => match File::open(&self.path) {
                Ok(file) => Box::new(file),
                Err(error) => {
                    let _ = chunks.send(Chunk::Failed(DemoError::read(self.path, &error)));
                    return false;
                }
            },
        };
        loop {
            let mut bytes = vec![0; CHUNK_BYTES];
            match reader.read(&mut bytes) {
                Ok(0) => return chunks.send(Chunk::EndOfInput).is_ok(),
                Ok(read) => {
                    bytes.truncate(read);
                    if chunks.send(Chunk::Bytes(bytes)).is_err() {
                        return false;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let _ = chunks.send(Chunk::Failed(DemoError::read(self.path, &error)));
                    return false;
                }
            }
        }
    }
}

enum Chunk {
    Bytes(Vec<u8>),
    EndOfInput,
    Failed(DemoError),
}

/// Reads on a thread of its own, so that a pipe without a writer keeps neither producer nor process from ending.
struct ReplayFeed {
    chunks: Receiver<Chunk>,
    current: Vec<u8>,
    /// Of `current`, how much has been turned into lines.
    at: usize,
    lines: Lines,
    decoder: Decoder,
    bytes_read: u64,
    bytes_total: Option<u64>,
}

impl ReplayFeed {
    fn start(sources: Vec<Source>, bytes_total: Option<u64>, format: Format) -> Result<Self, DemoError> {
        let (sender, chunks) = bounded(CHUNKS_WAITING);
        // Never joined: it may be waiting for a terminal. It ends with its input, or when the receiver has gone.
        std::thread::Builder::new()
            .name("replay-reader".to_owned())
            .spawn(move || {
                for source in sources {
                    if !source.read_to_end(&sender) {
                        return;
                    }
                }
            })
            .map_err(|error| DemoError::Thread(error.to_string()))?;
        Ok(Self {
            chunks,
            current: Vec::new(),
            at: 0,
            lines: Lines::new(format != Format::Json),
            decoder: Decoder::new(format),
            bytes_read: 0,
            bytes_total,
        })
    }

    /// The next message into `payload`.
    fn next_line(&mut self, payload: &mut Vec<u8>) -> Result<Next, DemoError> {
        loop {
            let rest = self.current.get(self.at..).unwrap_or_default();
            if !rest.is_empty() {
                let (taken, message) = self.lines.take(rest, payload);
                self.at = self.at.saturating_add(taken);
                self.bytes_read = self.bytes_read.saturating_add(taken as u64);
                if message {
                    return Ok(Next::Ready);
                }
            }
            match self.chunks.recv_timeout(INPUT_NAP) {
                Ok(Chunk::Bytes(bytes)) => {
                    self.current = bytes;
                    self.at = 0;
                }
                Ok(Chunk::EndOfInput) => {
                    if self.lines.end_of_input(payload) {
                        return Ok(Next::Ready);
                    }
                }
                Ok(Chunk::Failed(error)) => return Err(error),
                Err(RecvTimeoutError::Timeout) => return Ok(Next::Wait),
                Err(RecvTimeoutError::Disconnected) => return Ok(Next::End),
            }
        }
    }
}

impl Feed for ReplayFeed {
    fn next(&mut self, record: &mut Record) -> Result<Next, DemoError> {
        let next = self.next_line(&mut record.payload)?;
        if next == Next::Ready {
            // Taken out of the record while the click borrows the payload; both keep their buffers.
            let mut key = record.key.take().unwrap_or_default();
            if let Ok(click) = self.decoder.decode(&record.payload) {
                key.clear();
                key.extend_from_slice(click.user_id.as_bytes());
                record.key = Some(key);
            }
        }
        Ok(next)
    }

    fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    fn bytes_total(&self) -> Option<u64> {
        self.bytes_total
    }
}

#[cfg(test)]
mod tests;
