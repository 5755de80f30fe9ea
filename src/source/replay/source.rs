//! Opens the inputs, detects what they hold, and reads them on a thread of its own.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crossbeam_channel::Sender;

use super::container::{self, BytesRead};
use super::head::{Head, Layout};
use super::input::{ReplayInput, describe};
use crate::click::Format;
use crate::source::error::DemoError;
use crate::text::printable;

/// What is read at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// What the reading thread tells.
pub(super) enum Chunk {
    /// An input begins.
    Input {
        name: String,
        layout: Layout,
        /// The number of its first line behind the header.
        line: u64,
    },
    Bytes {
        text: Vec<u8>,
        /// Bytes of the input itself that were read until now.
        read: u64,
    },
    EndOfInput {
        read: u64,
    },
    Failed(DemoError),
}

/// An input that is there.
pub(super) enum Source {
    /// An ordinary file. Opened when its turn comes: there may be many.
    File(PathBuf),
    /// A named pipe. Opening it waits for its writer.
    Pipe(PathBuf),
    /// What is open already: standard input.
    Open(PathBuf, Box<dyn Read + Send>),
}

impl Source {
    /// Looks whether an input can be read, an ordinary file also for what it is; its size, where it has one.
    ///
    /// # Errors
    /// It is not there, a directory, or nothing that is read.
    pub(super) fn find(input: ReplayInput, format: Format) -> Result<(Self, Option<u64>), DemoError> {
        let path = match input {
            ReplayInput::Stdin => {
                return Ok((Self::Open("standard input".into(), Box::new(std::io::stdin())), None));
            }
            ReplayInput::File(path) => path,
        };
        let metadata = std::fs::metadata(&path).map_err(|error| DemoError::read(&path, &error))?;
        if metadata.is_dir() {
            return Err(DemoError::Directory(path));
        }
        if !metadata.is_file() {
            return Ok((Self::Pipe(path), None));
        }
        let source = Self::File(path);
        Begun::of(source.open()?, format)?;
        Ok((source, Some(metadata.len())))
    }

    fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Pipe(path) | Self::Open(path, _) => path,
        }
    }

    fn open(&self) -> Result<Opened, DemoError> {
        let path = self.path().to_owned();
        match File::open(&path) {
            Ok(file) => Ok(Opened { path, raw: Box::new(file) }),
            Err(error) => Err(DemoError::read(path, &error)),
        }
    }
}

struct Opened {
    path: PathBuf,
    raw: Box<dyn Read + Send>,
}

/// An input of which the beginning was looked at.
struct Begun {
    path: PathBuf,
    head: Head,
    /// What was read of it so far.
    text: Vec<u8>,
    /// Why nothing more can be read.
    error: Option<DemoError>,
    ended: bool,
    reader: Box<dyn Read + Send>,
    read: BytesRead,
}

impl Begun {
    /// Reads on until it is known what this is. An error while reading is kept: what came before is worth having.
    fn of(opened: Opened, format: Format) -> Result<Self, DemoError> {
        let Opened { path, raw } = opened;
        let (reader, read) = container::text(raw).map_err(|error| DemoError::read(&path, &error))?;
        let head = Head { layout: Layout::Messages(format), bytes: 0, lines: 0 };
        let mut begun = Self { path, head, text: Vec::new(), error: None, ended: false, reader, read };
        loop {
            let ended = begun.ended || begun.error.is_some();
            match Head::of(&begun.text, ended, format) {
                Ok(Some(head)) => {
                    begun.head = head;
                    return Ok(begun);
                }
                Ok(None) if ended => return Ok(begun),
                Ok(None) => {}
                Err(reason) => return Err(DemoError::NotRead { path: begun.path, reason: reason.to_string() }),
            }
            match begun.next_chunk() {
                Ok(chunk) if chunk.is_empty() => begun.ended = true,
                Ok(chunk) => begun.text.extend_from_slice(&chunk),
                Err(error) => begun.error = Some(error),
            }
        }
    }

    /// What comes next; nothing at the end.
    fn next_chunk(&mut self) -> Result<Vec<u8>, DemoError> {
        let mut bytes = vec![0; CHUNK_BYTES];
        loop {
            match self.reader.read(&mut bytes) {
                Ok(read) => {
                    bytes.truncate(read);
                    return Ok(bytes);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(DemoError::read(&self.path, &error)),
            }
        }
    }

    /// Sends everything in it; `false` once nobody listens or nothing more can be read.
    fn read_to_end(mut self, chunks: &Sender<Chunk>) -> bool {
        let name = printable(&self.path.display().to_string()).into_owned();
        tell(&name, &self.head.layout);
        let text = self.text.split_off(self.head.bytes.min(self.text.len()));
        let begin = Chunk::Input { name, layout: self.head.layout.clone(), line: self.head.lines + 1 };
        let send = |chunk| chunks.send(chunk).is_ok();
        if !send(begin) || !(text.is_empty() || send(Chunk::Bytes { text, read: self.read.get() })) {
            return false;
        }
        loop {
            let next = match (self.error.take(), self.ended) {
                (Some(error), _) => Err(error),
                (None, true) => Ok(Vec::new()),
                (None, false) => self.next_chunk(),
            };
            let read = self.read.get();
            match next {
                Ok(text) if text.is_empty() => return send(Chunk::EndOfInput { read }),
                Ok(text) => {
                    if !send(Chunk::Bytes { text, read }) {
                        return false;
                    }
                }
                Err(error) => {
                    let _ = send(Chunk::Failed(error));
                    return false;
                }
            }
        }
    }
}

/// Reads `sources` one after another, and sends what is in them. What is open already is looked at before anything is sent.
pub(super) fn read_all(sources: Vec<Source>, format: Format, chunks: &Sender<Chunk>) {
    let mut inputs = Vec::with_capacity(sources.len());
    for source in sources {
        inputs.push(match source {
            Source::Open(path, raw) => match Begun::of(Opened { path, raw }, format) {
                Ok(begun) => Input::Begun(Box::new(begun)),
                Err(error) => {
                    let _ = chunks.send(Chunk::Failed(error));
                    return;
                }
            },
            source => Input::Waiting(source),
        });
    }
    for input in inputs {
        let begun = match input {
            Input::Begun(begun) => Ok(*begun),
            Input::Waiting(source) => source.open().and_then(|opened| Begun::of(opened, format)),
        };
        match begun {
            Ok(begun) => {
                if !begun.read_to_end(chunks) {
                    return;
                }
            }
            Err(error) => {
                let _ = chunks.send(Chunk::Failed(error));
                return;
            }
        }
    }
}

enum Input {
    Begun(Box<Begun>),
    Waiting(Source),
}

/// Says how the columns of a header are read, where they are not simply ours.
fn tell(name: &str, layout: &Layout) {
    if let Layout::Columns(columns) = layout {
        tracing::info!(target: "replay", "{name}: {}", describe(columns));
    }
}
