//! Is the file still what was written to it? Looked into at the start unless somebody vouches for it.
//!
//! A clean stop leaves a word in the lock file; a start takes it away before the first write. A file that is found without
//! it comes from a killed process, a power loss, a restored backup or a copy, and is read through once.

use std::path::Path;
use std::time::{Duration, Instant};

use crossbeam_channel::RecvTimeoutError;
use parking_lot::Mutex;
use rusqlite::OpenFlags;
use serde::{Deserialize, Serialize};

use super::StorageError;
use crate::sqlite;

/// When to read the database through for damage before the stages begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckAtStart {
    /// If the last clicktop did not close it.
    #[default]
    Auto,
    /// At every start.
    Always,
    /// At no start.
    Never,
}

/// What is known of the file.
#[derive(Debug)]
pub(super) struct Soundness {
    pub(super) check: CheckAtStart,
    pub(super) state: Mutex<State>,
}

#[derive(Debug)]
pub(super) enum State {
    /// Vouched for or read through.
    Sound,
    Unknown,
    /// The first thing that is wrong with it.
    Damaged(String),
}

/// Why somebody has to wait for the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checking {
    /// It is under way for so long.
    For(Duration),
    /// Another thread is at it.
    Elsewhere,
}

/// How often the one who waits is told.
pub(super) const TELL: Duration = Duration::from_millis(100);

impl Soundness {
    pub(super) fn new(check: CheckAtStart, vouched_for: bool) -> Self {
        let known = vouched_for && check != CheckAtStart::Always;
        Self { check, state: Mutex::new(if known { State::Sound } else { State::Unknown }) }
    }

    /// Whether the next start may take the file as it is.
    pub(super) fn is_known(&self) -> bool {
        matches!(*self.state.lock(), State::Sound)
    }

    /// SQLite met something that cannot be.
    pub(super) fn doubt(&self) {
        *self.state.lock() = State::Unknown;
    }
}

/// What a look through the file came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing is wrong.
    Sound,
    /// The first thing that is wrong.
    Damage(String),
    /// The one who waited gave it up.
    Nothing,
}

/// Reads `path` through; `waiting` is told how long it has taken, and gives up with `false`.
///
/// `quick_check` reads every page once: the trees, the rows, and that each index has as many entries as its table. What
/// `integrity_check` adds, looking each row up in each index, jumps about in a file that may be larger than memory.
///
/// # Errors
/// The file cannot be opened, or another process is in the way.
pub(super) fn read_through(path: &Path, waiting: &mut dyn FnMut(Duration) -> bool) -> Result<Found, StorageError> {
    let opened = sqlite::open(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let connection = opened.map_err(|error| StorageError::not_opened(path, error))?;
    connection.busy_timeout(Duration::from_secs(5))?;
    let interrupt = connection.get_interrupt_handle();
    let begin = Instant::now();
    // In one statement SQLite says nothing until its end, so the waiting is done beside it.
    std::thread::scope(|scope| {
        let (sender, answer) = crossbeam_channel::bounded(1);
        let check = move || {
            let found = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
            // Whoever waited may have been ended by a panic.
            let _ = sender.send(found.map_err(StorageError::from));
        };
        let thread = std::thread::Builder::new().name("check".to_owned());
        thread.spawn_scoped(scope, check).map_err(|error| StorageError::ReadOnly(format!("no thread: {error}")))?;
        let mut given_up = false;
        loop {
            match answer.recv_timeout(TELL) {
                Ok(_) if given_up => return Ok(Found::Nothing),
                Ok(Ok(found)) if found == "ok" => return Ok(Found::Sound),
                Ok(Ok(found) | Err(StorageError::Damaged(found))) => return Ok(Found::Damage(in_one_line(&found))),
                Ok(Err(error)) => return Err(error),
                Err(RecvTimeoutError::Timeout) => given_up |= !waiting(begin.elapsed()),
                Err(RecvTimeoutError::Disconnected) => return Ok(Found::Nothing),
            }
            if given_up {
                // Of no effect before the statement has begun, so it is said again.
                interrupt.interrupt();
            }
        }
    })
}

/// SQLite heads its findings with the database's name, on a line of its own.
fn in_one_line(found: &str) -> String {
    found.lines().filter(|line| !line.starts_with("***")).collect::<Vec<_>>().join("; ")
}
