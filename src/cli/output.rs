//! The one way to standard output and standard error. Either may be closed or full, and no command panics for it.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use crate::storage::{CheckWait, Storage, StorageError};
use crate::text::printable;

/// Between two tries on a pipe that is full and does not wait: whoever shares it has set it so.
const RETRY: Duration = Duration::from_millis(5);

/// Standard output. Whatever happens to it shows once, in [`Output::end`]: until then a command goes on with its work.
pub(super) struct Output<W = io::Stdout> {
    out: W,
    on_terminal: bool,
    broken: Option<Broken>,
}

/// Why nothing is written any more.
enum Broken {
    /// Nobody reads it: `clicktop check | head -n 1`, or a terminal that is gone.
    Closed,
    /// It cannot be written, as on a full disk.
    Failed(io::Error),
}

/// What every write returns from the first failure on.
#[derive(Debug, thiserror::Error)]
#[error("standard output is closed or full")]
struct Unwritten;

impl Output {
    /// That of the process. Made at the start, since a terminal that is gone no longer tells that it was one.
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

    /// Keeps in mind what became of a write.
    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            self.broken.get_or_insert(match error.kind() {
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => Broken::Closed,
                // A terminal that is gone answers with a failure of its device.
                _ if self.on_terminal => Broken::Closed,
                _ => Broken::Failed(error),
            });
            io::Error::other(Unwritten)
        })
    }
}

impl<W: Write> Output<W> {
    /// Prints a line, if that can be done.
    pub(super) fn line(&mut self, line: impl Display) {
        // The end tells.
        let _ = writeln!(self, "{line}");
    }

    /// Has something printed by somebody who writes to standard output by himself.
    pub(super) fn print_by(&mut self, print: impl FnOnce() -> io::Result<()>) {
        // The end tells.
        let _ = self.note(print());
    }

    /// The exit code of the program, from that of the command: if nobody reads any more, it stays what it is; if what was
    /// printed is not where it should be, one line says so and it is a failure.
    pub(super) fn end(mut self, code: ExitCode) -> ExitCode {
        // What is wrong is in `broken`.
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

/// Whether a command has ended because it could not print, which [`Output::end`] deals with.
pub(super) fn is_unwritten(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        // The csv crate keeps its cause to itself.
        let csv = cause.downcast_ref::<csv::Error>().map(csv::Error::kind);
        let io = match csv {
            Some(csv::ErrorKind::Io(io)) => Some(io),
            _ => cause.downcast_ref::<io::Error>(),
        };
        io.and_then(io::Error::get_ref).is_some_and(|inner| inner.is::<Unwritten>())
    })
}

/// Says on standard error what is wrong; each line of it becomes one of ours. Where nobody hears it, the exit code tells.
pub(super) fn complain(error: &str) {
    let lines: String = error.lines().map(|line| format!("clicktop: {}\n", printable(line))).collect();
    let _ = io::stderr().write_all(lines.as_bytes());
}

/// One line on stderr that says how far a long command is, if that is a terminal.
pub(super) struct ProgressLine {
    on_terminal: bool,
}

impl ProgressLine {
    pub(super) fn new() -> Self {
        Self { on_terminal: io::stderr().is_terminal() }
    }

    /// Shows `doing` in place of what was shown before.
    pub(super) fn show(&mut self, doing: &str) {
        if self.on_terminal {
            // Progress that cannot be shown is no reason to stop.
            let _ = write!(io::stderr(), "\r\u{1b}[K{doing}");
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        self.show("");
    }

    /// Reads the database through if its state is not known.
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
