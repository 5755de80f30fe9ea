//! The text of an input as it comes: ordinary files are read at once, pipes by a thread of their own, because a pipe without a writer
//! must keep neither the stage nor the process from ending.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::container::{self, BytesRead, Unpacking};

/// What is read at a time.
const CHUNK_BYTES: usize = 128 * 1024;

/// What is unpacked at a time of text that is passed over.
const PASSED_BYTES: u64 = 8 << 20;

/// Chunks of a pipe that may wait.
const CHUNKS_WAITING: usize = 8;

/// How long to wait for a slow pipe before the caller sees to other things.
const PIPE_NAP: Duration = Duration::from_millis(5);

/// What came of reading on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// There is more text.
    More,
    /// Nothing for now.
    Wait,
    /// That was all, at least for now.
    End,
}

/// The text of one input.
pub(super) enum Text {
    Here { reader: Box<dyn Read + Send>, read: BytesRead },
    Thread { chunks: Receiver<io::Result<Vec<u8>>>, read: BytesRead },
}

impl Text {
    /// The text of an ordinary file, from its beginning. The second value tells where the text begins in a file that is plain text.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn of_file(file: File) -> io::Result<(Self, Option<u64>)> {
        let Unpacking { reader, read, plain_from } = container::text(file, BytesRead::default())?;
        Ok((Self::Here { reader, read }, plain_from))
    }

    /// The text of a plain file from byte `at` of the file on.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn of_plain_file(mut file: File, at: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(at))?;
        let (reader, read) = container::plain(file, at);
        Ok(Self::Here { reader, read })
    }

    /// The text of `file` from its byte `at` on, and the `before` bytes right before that. The file is plain text from its byte
    /// `plain_from` on, or else packed; that is unpacked up to `at`, as long as the caller wants to `go_on`.
    ///
    /// # Errors
    /// It cannot be read, or is shorter.
    pub(super) fn resumed(
        mut file: File,
        plain_from: Option<u64>,
        at: u64,
        before: u64,
        go_on: &mut impl FnMut() -> bool,
    ) -> io::Result<(Self, Vec<u8>)> {
        let mut tail = vec![0; usize::try_from(before).unwrap_or_default()];
        if let Some(from) = plain_from {
            file.seek(SeekFrom::Start(from + at - before))?;
            file.read_exact(&mut tail)?;
            return Ok((Self::of_plain_file(file, from + at)?, tail));
        }
        let Unpacking { mut reader, read, .. } = container::text(file, BytesRead::default())?;
        let mut left = at - before;
        while left > 0 {
            if !go_on() {
                return Err(ErrorKind::Other.into());
            }
            let passed = io::copy(&mut reader.by_ref().take(left.min(PASSED_BYTES)), &mut io::sink())?;
            if passed == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            left -= passed;
        }
        reader.read_exact(&mut tail)?;
        Ok((Self::Here { reader, read }, tail))
    }

    /// The text of the named pipe `path`, or of standard input. Opening a pipe waits for its writer.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn of_pipe(path: Option<PathBuf>) -> io::Result<Self> {
        Self::of_thread(move || match path {
            Some(path) => Ok(Box::new(File::open(path)?)),
            None => Ok(Box::new(io::stdin())),
        })
    }

    /// The text of what `open` opens, read by a thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn of_thread(
        open: impl FnOnce() -> io::Result<Box<dyn Read + Send>> + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, chunks) = bounded(CHUNKS_WAITING);
        let read = BytesRead::default();
        let counted = read.clone();
        // Never joined: it may be waiting for a terminal. It ends with its input, or when the receiver has gone.
        std::thread::Builder::new().name("pipe-reader".to_owned()).spawn(move || {
            if let Err(error) = open().and_then(|raw| send_all(raw, counted, &sender)) {
                let _ = sender.send(Err(error));
            }
        })?;
        Ok(Self::Thread { chunks, read })
    }

    /// Appends what comes next to `buffer`.
    ///
    /// # Errors
    /// It cannot be read. What came before is in `buffer`.
    pub(super) fn fill(&mut self, buffer: &mut Vec<u8>) -> io::Result<Filled> {
        match self {
            Self::Here { reader, .. } => {
                let before = buffer.len();
                buffer.resize(before + CHUNK_BYTES, 0);
                let read = read_some(reader, buffer.get_mut(before..).unwrap_or_default());
                buffer.truncate(before + *read.as_ref().unwrap_or(&0));
                Ok(if read? == 0 { Filled::End } else { Filled::More })
            }
            Self::Thread { chunks, .. } => match chunks.recv_timeout(PIPE_NAP) {
                Ok(chunk) => {
                    buffer.extend_from_slice(&chunk?);
                    Ok(Filled::More)
                }
                Err(RecvTimeoutError::Timeout) => Ok(Filled::Wait),
                Err(RecvTimeoutError::Disconnected) => Ok(Filled::End),
            },
        }
    }

    /// Bytes that were read of the input itself.
    pub(super) fn bytes_read(&self) -> u64 {
        match self {
            Self::Here { read, .. } | Self::Thread { read, .. } => read.get(),
        }
    }
}

/// Reads to the end, or until nobody listens.
fn send_all(raw: Box<dyn Read + Send>, read: BytesRead, chunks: &Sender<io::Result<Vec<u8>>>) -> io::Result<()> {
    let mut reader = container::text(raw, read)?.reader;
    loop {
        // What is there goes on at once, however little it is.
        let mut bytes = vec![0; CHUNK_BYTES / 2];
        let read = read_some(&mut reader, &mut bytes)?;
        bytes.truncate(read);
        if read == 0 || chunks.send(Ok(bytes)).is_err() {
            return Ok(());
        }
    }
}

/// Reads once into `bytes`; 0 at the end.
fn read_some(reader: &mut impl Read, bytes: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(bytes) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}
