//! Whether the database file is sound, and the check that finds out.
//!
//! A clean stop leaves a note in the lock file, and a start removes it before the first write. Without the note, the file comes from a
//! killed process, a power loss, a restored backup or a copy. Then it is checked once.

use std::path::Path;
use std::time::{Duration, Instant};

use crossbeam_channel::RecvTimeoutError;
use parking_lot::Mutex;
use rusqlite::OpenFlags;
use serde::{Deserialize, Serialize};

use super::StorageError;
use crate::sqlite;

/// When the database is checked before the stages use it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckAtStart {
    /// If the last clicktop did not close it.
    #[default]
    Auto,
    /// At every start.
    Always,
    /// Never.
    Never,
}

/// What is known about the soundness of the file.
#[derive(Debug)]
pub(super) struct Soundness {
    pub(super) check: CheckAtStart,
    pub(super) state: Mutex<State>,
}

#[derive(Debug)]
pub(super) enum State {
    /// The last stop was clean, or the check has found no damage.
    Sound,
    Unknown,
    /// The first damage.
    Damaged(String),
}

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckWait {
    /// Its own check, which has taken this long so far.
    For(Duration),
    /// The check of another thread.
    Elsewhere,
}

/// How often a waiting thread is told.
pub(super) const TELL: Duration = Duration::from_millis(100);

impl Soundness {
    pub(super) fn new(check: CheckAtStart, known_sound: bool) -> Self {
        let known = known_sound && check != CheckAtStart::Always;
        Self { check, state: Mutex::new(if known { State::Sound } else { State::Unknown }) }
    }

    /// Whether the file is known to be sound, so that the next start need not check it.
    pub(super) fn is_known(&self) -> bool {
        matches!(*self.state.lock(), State::Sound)
    }

    /// Notes that SQLite has found damage, so that the next start checks the file.
    pub(super) fn forget(&self) {
        *self.state.lock() = State::Unknown;
    }
}

/// The result of a check.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CheckResult {
    /// There is no damage.
    Sound,
    /// The first damage.
    Damage(String),
    /// The waiting thread stopped the check.
    Stopped,
}

/// Checks the file `path`. `waiting` gets the time that it has taken so far; the check stops if it returns `false`.
///
/// `quick_check` reads every page once. It checks the trees, the rows, and that each index has as many entries as its table.
/// `integrity_check` would also look up each row in each index, which reads a file that may be larger than memory in random order.
///
/// # Errors
/// The file cannot be opened, or another process has locked it.
pub(super) fn check_file(path: &Path, waiting: &mut dyn FnMut(Duration) -> bool) -> Result<CheckResult, StorageError> {
    let opened = sqlite::open(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let connection = opened.map_err(|error| StorageError::not_opened(path, error))?;
    connection.busy_timeout(Duration::from_secs(5))?;
    let interrupt = connection.get_interrupt_handle();
    let begin = Instant::now();
    // SQLite reports no progress within a statement, so another thread runs it.
    std::thread::scope(|scope| {
        let (sender, answer) = crossbeam_channel::bounded(1);
        let check = move || {
            let found = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
            // The waiting thread may have panicked.
            let _ = sender.send(found.map_err(StorageError::from));
        };
        let thread = std::thread::Builder::new().name("check".to_owned());
        thread.spawn_scoped(scope, check).map_err(|error| StorageError::ReadOnly(format!("no thread: {error}")))?;
        let mut stopped = false;
        loop {
            match answer.recv_timeout(TELL) {
                Ok(_) if stopped => return Ok(CheckResult::Stopped),
                Ok(Ok(found)) if found == "ok" => return Ok(CheckResult::Sound),
                Ok(Ok(found) | Err(StorageError::Damaged(found))) => {
                    return Ok(CheckResult::Damage(in_one_line(&found)));
                }
                Ok(Err(error)) => return Err(error),
                Err(RecvTimeoutError::Timeout) => stopped |= !waiting(begin.elapsed()),
                Err(RecvTimeoutError::Disconnected) => return Ok(CheckResult::Stopped),
            }
            if stopped {
                // An interrupt before the statement has begun has no effect, so this repeats it.
                interrupt.interrupt();
            }
        }
    })
}

/// Removes the line with the name of the database, which SQLite puts before its findings.
fn in_one_line(found: &str) -> String {
    found.lines().filter(|line| !line.starts_with("***")).collect::<Vec<_>>().join("; ")
}
