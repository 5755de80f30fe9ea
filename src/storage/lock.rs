//! The lock file: it allows one pipeline for each data directory, and tells the next start whether the last stop was clean.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use super::file_names::LOCK_FILE;
use super::{StorageError, trust};
use crate::private;

/// The lock of a data directory. The system releases it when the process ends, even if it is killed.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    file: File,
    was_closed: bool,
}

/// A clean stop writes this into the lock file. It is not kept in the database: the next start must remove it before it touches the
/// database, which may be damaged, and a copy of the database must not contain it.
const CLOSED: &str = "closed\n";

impl DirectoryLock {
    /// Creates the directory if it is absent, readable by its owner only, and locks it. Refuses a directory that another user could
    /// have prepared.
    pub(super) fn take(directory: &Path) -> Result<Self, StorageError> {
        let fail = |cause| StorageError::Directory { path: directory.to_owned(), cause };
        private::create_dir(directory).map_err(fail)?;
        trust::check(directory).map_err(fail)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).truncate(false);
        let file = private::open_with(options, &directory.join(LOCK_FILE)).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {
                let mut content = String::new();
                // Any other content counts as an unclean stop.
                let _ = (&file).take(64).read_to_string(&mut content);
                Ok(Self { file, was_closed: content == CLOSED })
            }
            Err(TryLockError::WouldBlock) => Err(StorageError::InUse { path: directory.to_owned() }),
            Err(TryLockError::Error(cause)) => Err(fail(cause)),
        }
    }

    /// Whether the last pipeline closed the database.
    pub(super) fn was_closed(&self) -> bool {
        self.was_closed
    }

    /// Removes the note of the last clean stop before the database changes. The removal is on the disk when this returns. Emptying a
    /// file works even on a full disk.
    pub(super) fn mark_opened(&self) {
        if let Err(error) = self.file.set_len(0).and_then(|()| self.file.sync_all()) {
            tracing::warn!(target: "store", "cannot write the lock file, so the next start will not notice an unclean stop: {error}");
        }
    }

    /// Notes a clean stop. If that fails, the next start only checks the database.
    pub(super) fn mark_closed(&self) {
        let _ = self.write_closed();
    }

    fn write_closed(&self) -> io::Result<()> {
        use std::io::Seek as _;
        let mut file = &self.file;
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(CLOSED.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_pipeline_on_the_same_directory_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let first = DirectoryLock::take(directory.path()).unwrap();
        let second = DirectoryLock::take(directory.path()).unwrap_err();
        assert!(matches!(second, StorageError::InUse { .. }), "{second}");
        drop(first);
        DirectoryLock::take(directory.path()).unwrap();
    }

    #[test]
    fn the_next_start_learns_whether_the_last_stop_was_clean() {
        let directory = tempfile::tempdir().unwrap();
        let take = || DirectoryLock::take(directory.path()).unwrap();
        let first = take();
        assert!(!first.was_closed());
        first.mark_opened();
        first.mark_closed();
        drop(first);
        let second = take();
        assert!(second.was_closed());
        second.mark_opened();
        drop(second);
        assert!(!take().was_closed());
    }
}
