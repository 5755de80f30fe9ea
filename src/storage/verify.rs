//! Checks the database at the start: one thread checks, the others wait.

use std::time::Instant;

use super::soundness::{CheckAtStart, CheckResult, CheckWait, State, TELL, check_file};
use super::{Storage, StorageError};

impl Storage {
    /// Whether [`Storage::verify`] has something to do.
    pub fn is_unverified(&self) -> bool {
        self.soundness.check != CheckAtStart::Never && !self.soundness.is_known()
    }

    /// Checks the database with SQLite's `quick_check`, unless it is known to be sound. Nothing may be written before. If several threads
    /// call this, one checks and the others wait. `waiting` is called every 0.1 s; if it returns `false`, this stops and returns
    /// `false`.
    ///
    /// # Errors
    /// The file is damaged, or cannot be read.
    pub fn verify(&self, waiting: &mut dyn FnMut(CheckWait) -> bool) -> Result<bool, StorageError> {
        if self.soundness.check == CheckAtStart::Never {
            return Ok(true);
        }
        let mut state = loop {
            if let Some(state) = self.soundness.state.try_lock_for(TELL) {
                break state;
            }
            if !waiting(CheckWait::Elsewhere) {
                return Ok(false);
            }
        };
        if matches!(*state, State::Unknown) {
            let begin = Instant::now();
            *state = match check_file(&self.path, &mut |took| waiting(CheckWait::For(took)))? {
                CheckResult::Sound => State::Sound,
                CheckResult::Damage(found) => State::Damaged(found),
                CheckResult::Stopped => return Ok(false),
            };
            if matches!(*state, State::Sound) {
                let seconds = begin.elapsed().as_secs_f64();
                tracing::info!(target: "store", "the database is sound; the check took {seconds:.1} s");
            }
        }
        match &*state {
            State::Damaged(found) => Err(StorageError::Unsound { path: self.path.clone(), found: found.clone() }),
            State::Sound | State::Unknown => Ok(true),
        }
    }
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
    fn only_a_database_that_was_not_closed_is_checked() {
        let directory = used();
        assert!(!open(&directory, CheckAtStart::Auto).is_unverified());
        assert!(open(&directory, CheckAtStart::Always).is_unverified());
        // With `Never`, the file is not checked, so the next start does not know whether it is sound.
        assert!(!open(&directory, CheckAtStart::Never).is_unverified());
        assert!(open(&directory, CheckAtStart::Auto).is_unverified());
        let storage = open(&directory, CheckAtStart::Auto);
        assert!(storage.verify(&mut |_| true).unwrap());
        assert!(!storage.is_unverified());
        drop(storage);
        assert!(!open(&directory, CheckAtStart::Auto).is_unverified());
        kill(&directory);
        assert!(open(&directory, CheckAtStart::Auto).is_unverified());
        // A copy has no note of a clean stop.
        let copy = tempfile::tempdir().unwrap();
        std::fs::copy(directory.path().join(DATABASE_FILE), copy.path().join(DATABASE_FILE)).unwrap();
        assert!(open(&copy, CheckAtStart::Auto).is_unverified());
    }

    #[test]
    fn damage_is_reported_at_every_call_and_at_the_next_start() {
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
    fn a_thread_that_waits_for_the_check_of_another_may_stop_waiting() {
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
        assert_eq!((waited.unwrap(), told), (false, Some(CheckWait::Elsewhere)));
        assert!(storage.is_unverified());
        storage.close();
        let closed = storage.store(&batch(&[click("late", 1, "/a")], 2)).unwrap_err();
        assert!(matches!(closed, StorageError::Closed), "{closed}");
    }
}
