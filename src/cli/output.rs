//! Standard output and standard error. Either may be closed or full, and no command panics because of that.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use crate::storage::{CheckWait, Storage, StorageError};
use crate::text::printable;

/// The pause between two tries on a full pipe that another program has set to non-blocking.
const RETRY: Duration = Duration::from_millis(5);

/// Standard output. A failed write does not stop the command; [`Output::end`] reports it once.
pub(super) struct Output<W = io::Stdout> {
    out: W,
    on_terminal: bool,
    broken: Option<Broken>,
}

/// Why standard output takes nothing more.
enum Broken {
    /// Nobody reads it: `clicktop check | head -n 1`, or a closed terminal.
    Closed,
    /// It cannot be written, as on a full disk.
    Failed(io::Error),
}

/// The error of every write after the first failure.
#[derive(Debug, thiserror::Error)]
#[error("standard output is closed or full")]
struct Unwritten;

impl Output {
    /// The standard output of the process. Create it at the start: a closed terminal no longer counts as a terminal.
    pub(super) fn stdout() -> Self {
        let out = io::stdout();
        Self { on_terminal: out.is_terminal(), out, broken: None }
    }
}

impl<W> Output<W> {
    /// Whether it is a terminal.
    pub(super) fn is_terminal(&self) -> bool {
        self.on_terminal
    }

    /// Remembers the failure of a write.
    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            self.broken.get_or_insert(match error.kind() {
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => Broken::Closed,
                // A closed terminal reports an I/O error.
                _ if self.on_terminal => Broken::Closed,
                _ => Broken::Failed(error),
            });
            io::Error::other(Unwritten)
        })
    }
}

impl<W: Write> Output<W> {
    /// Prints a line, unless an earlier write has failed.
    pub(super) fn line(&mut self, line: impl Display) {
        // `end` reports a failure.
        let _ = writeln!(self, "{line}");
    }

    /// Calls `print`, which writes to standard output on its own.
    pub(super) fn print_by(&mut self, print: impl FnOnce() -> io::Result<()>) {
        // `end` reports a failure.
        let _ = self.note(print());
    }

    /// The exit code of the program. If nobody reads the output any more, it is `code`, the exit code of the command. If the
    /// output cannot be written, one line says so and the program fails.
    pub(super) fn end(mut self, code: ExitCode) -> ExitCode {
        // `broken` holds the failure.
        let _ = self.flush();
        match self.broken {
            None | Some(Broken::Closed) => code,
            Some(Broken::Failed(error)) => {
                complain(&format!("standard output cannot be written: {error}; {}", advice(error.kind())));
                ExitCode::FAILURE
            }
        }
    }

    fn try_to<T>(&mut self, mut attempt: impl FnMut(&mut W) -> io::Result<T>) -> io::Result<T> {
        if self.broken.is_some() {
            return Err(io::Error::other(Unwritten));
        }
        loop {
            match attempt(&mut self.out) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(RETRY),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return self.note(result),
            }
        }
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.try_to(|out| out.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.try_to(W::flush)
    }
}

fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some room, or send it elsewhere",
        _ => "send it elsewhere",
    }
}

/// Whether a command has ended because it could not print; [`Output::end`] reports that.
pub(super) fn is_unwritten(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        // The csv crate does not return its cause as a source.
        let csv = cause.downcast_ref::<csv::Error>().map(csv::Error::kind);
        let io = match csv {
            Some(csv::ErrorKind::Io(io)) => Some(io),
            _ => cause.downcast_ref::<io::Error>(),
        };
        io.and_then(io::Error::get_ref).is_some_and(|inner| inner.is::<Unwritten>())
    })
}

/// Prints an error on standard error, each of its lines with our prefix. If nobody reads it, the exit code is enough.
pub(super) fn complain(error: &str) {
    let lines: String = error.lines().map(|line| format!("clicktop: {}\n", printable(line))).collect();
    let _ = io::stderr().write_all(lines.as_bytes());
}

/// One line with the progress of a long command, if stderr is a terminal.
pub(super) struct ProgressLine {
    on_terminal: bool,
}

impl ProgressLine {
    pub(super) fn new() -> Self {
        Self { on_terminal: io::stderr().is_terminal() }
    }

    /// Replaces the line with `doing`.
    pub(super) fn show(&mut self, doing: &str) {
        if self.on_terminal {
            // The command goes on, also if nobody sees its progress.
            let _ = write!(io::stderr(), "\r\u{1b}[K{doing}");
        }
    }

    /// Removes the line.
    pub(super) fn clear(&mut self) {
        self.show("");
    }

    /// Reads the database through for damage, unless it is known to be sound.
    ///
    /// # Errors
    /// It is damaged, or cannot be read.
    pub(super) fn verify(&mut self, storage: &Storage) -> Result<(), StorageError> {
        storage.verify(&mut |checking| {
            if let CheckWait::For(time) = checking {
                self.show(&format!("checking the database, {} s", time.as_secs()));
            }
            true
        })?;
        self.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers each write with the next of its errors, and takes everything once they are used up.
    struct Moody {
        errors: Vec<ErrorKind>,
        taken: Vec<u8>,
        tries: usize,
    }

    impl Write for Moody {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.tries += 1;
            if let Some(kind) = self.errors.pop() {
                return Err(kind.into());
            }
            let taken = &bytes[..bytes.len().min(3)];
            self.taken.extend_from_slice(taken);
            Ok(taken.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn output(errors: &[ErrorKind], on_terminal: bool) -> Output<Moody> {
        Output { out: Moody { errors: errors.to_vec(), taken: Vec::new(), tries: 0 }, on_terminal, broken: None }
    }

    #[test]
    fn a_pipe_that_is_full_for_a_while_gets_everything() {
        let mut out = output(&[ErrorKind::WouldBlock, ErrorKind::Interrupted, ErrorKind::WouldBlock], false);
        out.line("twelve bytes");
        assert_eq!(out.out.taken, b"twelve bytes\n");
        assert!(out.broken.is_none());
    }

    #[test]
    fn nobody_reading_is_no_failure_and_a_full_disk_is_one() {
        for (kind, on_terminal, closed) in [
            (ErrorKind::BrokenPipe, false, true),
            (ErrorKind::ConnectionReset, false, true),
            (ErrorKind::Other, true, true),
            (ErrorKind::Other, false, false),
            (ErrorKind::StorageFull, false, false),
        ] {
            let mut out = output(&[kind], on_terminal);
            out.line("lost");
            assert_eq!(matches!(out.broken, Some(Broken::Closed)), closed, "{kind:?}");
            let tries = out.out.tries;
            out.line("not even tried: half a line stands there");
            assert_eq!((out.out.tries, out.out.taken.len()), (tries, 0));
            let code = out.end(ExitCode::from(7));
            assert_eq!(code, if closed { ExitCode::from(7) } else { ExitCode::FAILURE }, "{kind:?}");
        }
    }

    #[test]
    fn a_broken_pipe_of_somebody_else_is_an_error_like_any_other() {
        let of_another = anyhow::Error::from(io::Error::from(ErrorKind::BrokenPipe)).context("the engine");
        assert!(!is_unwritten(&of_another));
        let ours = output(&[ErrorKind::BrokenPipe], false).write_all(b"lost").unwrap_err();
        assert!(is_unwritten(&anyhow::Error::from(ours).context("figures")));
    }
}
