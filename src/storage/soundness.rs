//! Is the file still what was written to it? Looked into at the start unless somebody vouches for it.
//!
//! A clean stop leaves a word in the lock file; a start takes it away before the first write. A file that is found without
//! it comes from a killed process, a power loss, a restored backup or a copy, and is read through once.

use std::path::Path;
use std::time::{Duration, Instant};

use crossbeam_channel::RecvTimeoutError;
use parking_lot::Mutex;
use rusqlite::OpenFlags;

use super::{Storage, StorageError};
use crate::sqlite;

/// When the database is read through before the stages work with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CheckAtStart {
    /// If the last clicktop on it did not close it.
    #[default]
    Auto,
    /// At every start.
    Always,
    /// Not at all.
    Never,
}

/// What is known of the file.
#[derive(Debug)]
pub(super) struct Soundness {
    check: CheckAtStart,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
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
const TELL: Duration = Duration::from_millis(100);

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

impl Storage {
    /// Whether [`Storage::verify`] has something to do.
    pub fn is_unverified(&self) -> bool {
        self.soundness.check != CheckAtStart::Never && !self.soundness.is_known()
    }

    /// Reads the database through with SQLite's `quick_check`, if its state is not known; nothing may be written before.
    /// Several threads may ask: one does it, the others wait. `waiting` is told every 0.1 s, and gives up with `false`;
    /// then this returns `false`.
    ///
    /// # Errors
    /// The file is damaged, or cannot be read.
    pub fn verify(&self, waiting: &mut dyn FnMut(Checking) -> bool) -> Result<bool, StorageError> {
        if self.soundness.check == CheckAtStart::Never {
            return Ok(true);
        }
        let mut state = loop {
            if let Some(state) = self.soundness.state.try_lock_for(TELL) {
                break state;
            }
            if !waiting(Checking::Elsewhere) {
                return Ok(false);
            }
        };
        if matches!(*state, State::Unknown) {
            let begin = Instant::now();
            *state = match read_through(&self.path, &mut |took| waiting(Checking::For(took)))? {
                Found::Sound => State::Sound,
                Found::Damage(found) => State::Damaged(found),
                Found::Nothing => return Ok(false),
            };
            if matches!(*state, State::Sound) {
                let seconds = begin.elapsed().as_secs_f64();
                tracing::info!(target: "store", "the database is sound: read through in {seconds:.1} s");
            }
        }
        match &*state {
            State::Damaged(found) => Err(StorageError::Unsound { path: self.path.clone(), found: found.clone() }),
            State::Sound | State::Unknown => Ok(true),
        }
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

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, SeekFrom, Write as _};

    use tempfile::TempDir;

    use super::*;
    use crate::storage::tests::{batch, click};
    use crate::storage::{DATABASE_FILE, StorageOptions};

    fn open(directory: &TempDir, check: CheckAtStart) -> Storage {
        Storage::open(directory.path(), StorageOptions { check, ..StorageOptions::default() }).unwrap()
    }

    fn used() -> TempDir {
        let directory = tempfile::tempdir().unwrap();
        let storage = open(&directory, CheckAtStart::Auto);
        assert!(!storage.is_unverified(), "a new file");
        let ids: Vec<String> = (0..20_000).map(|id| format!("click {id}")).collect();
        let clicks: Vec<_> = ids.iter().zip(0..).map(|(id, at)| click(id, at, "/a")).collect();
        storage.store(&batch(&clicks, 1)).unwrap();
        directory
    }

    /// As a killed process leaves it.
    fn kill(directory: &TempDir) {
        std::fs::write(directory.path().join("clicktop.lock"), "").unwrap();
    }

    #[test]
    fn only_what_was_not_closed_is_read_through() {
        let directory = used();
        assert!(!open(&directory, CheckAtStart::Auto).is_unverified());
        assert!(open(&directory, CheckAtStart::Always).is_unverified());
        // Nobody read it through, so it is not vouched for; whoever wants no check is not bothered.
        assert!(!open(&directory, CheckAtStart::Never).is_unverified());
        assert!(open(&directory, CheckAtStart::Auto).is_unverified());
        let storage = open(&directory, CheckAtStart::Auto);
        assert!(storage.verify(&mut |_| true).unwrap());
        assert!(!storage.is_unverified());
        drop(storage);
        assert!(!open(&directory, CheckAtStart::Auto).is_unverified());
        kill(&directory);
        assert!(open(&directory, CheckAtStart::Auto).is_unverified());
        // A copy comes without the word of the original.
        let copy = tempfile::tempdir().unwrap();
        std::fs::copy(directory.path().join(DATABASE_FILE), copy.path().join(DATABASE_FILE)).unwrap();
        assert!(open(&copy, CheckAtStart::Auto).is_unverified());
    }

    #[test]
    fn damage_is_found_told_and_not_forgotten() {
        let directory = used();
        let file = directory.path().join(DATABASE_FILE);
        let middle = std::fs::metadata(&file).unwrap().len() / 2;
        let mut bytes = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
        bytes.seek(SeekFrom::Start(middle / 4096 * 4096)).unwrap();
        bytes.write_all(&[0xa5; 8192]).unwrap();
        drop(bytes);
        kill(&directory);
        let storage = open(&directory, CheckAtStart::Auto);
        for _ in 0..2 {
            let error = storage.verify(&mut |_| true).unwrap_err();
            let words = error.to_string();
            assert!(words.contains("is damaged (") && words.contains("backup"), "{words}");
            assert!(!error.is_transient());
        }
        drop(storage);
        assert!(open(&directory, CheckAtStart::Auto).is_unverified());
    }

    #[test]
    fn whoever_waits_may_give_up_and_the_others_wait_for_the_one_at_work() {
        let directory = used();
        kill(&directory);
        let storage = open(&directory, CheckAtStart::Auto);
        let held = storage.soundness.state.lock();
        let mut told = None;
        let waited = storage.verify(&mut |checking| {
            told = Some(checking);
            false
        });
        drop(held);
        assert_eq!((waited.unwrap(), told), (false, Some(Checking::Elsewhere)));
        assert!(storage.is_unverified());
        storage.close();
        let closed = storage.store(&batch(&[click("late", 1, "/a")], 2)).unwrap_err();
        assert!(matches!(closed, StorageError::Closed), "{closed}");
    }
}
