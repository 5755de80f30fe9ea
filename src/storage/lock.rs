//! One pipeline a data directory, and a word from each to the next.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use super::file_names::LOCK_FILE;
use super::{StorageError, trust};
use crate::private;

/// Held while a pipeline uses a data directory; the system releases it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    file: File,
    was_closed: bool,
}

/// What a clean stop leaves in the lock file. Kept in a file of its own: it must go before the database is touched, whatever
/// state that is in, and a copy of the database must not bring it along.
const CLOSED: &str = "closed\n";

impl DirectoryLock {
    /// Makes the directory (readable by its owner only) if it is absent, and locks it. One that somebody else could make a trap
    /// of is refused.
    pub(super) fn take(directory: &Path) -> Result<Self, StorageError> {
        let fail = |cause| StorageError::Directory { path: directory.to_owned(), cause };
        private::create_dir(directory).map_err(fail)?;
        trust::look_at(directory).map_err(fail)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).truncate(false);
        let file = private::open_with(options, &directory.join(LOCK_FILE)).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {
                let mut word = String::new();
                // Whatever else stands there, nobody vouches for the database.
                let _ = (&file).take(64).read_to_string(&mut word);
                Ok(Self { file, was_closed: word == CLOSED })
            }
            Err(TryLockError::WouldBlock) => Err(StorageError::InUse { path: directory.to_owned() }),
            Err(TryLockError::Error(cause)) => Err(fail(cause)),
        }
    }

    /// Whether the last one to use the directory closed it.
    pub(super) fn was_closed(&self) -> bool {
        self.was_closed
    }

    /// From here on the database may change. On the disk before that happens; emptying a file needs no room there.
    pub(super) fn opened(&self) {
        if let Err(error) = self.file.set_len(0).and_then(|()| self.file.sync_all()) {
            tracing::warn!(target: "store", "the lock file cannot be written, so an unclean stop will go unnoticed: {error}");
        }
    }

    /// The database is closed. Should the word not get through, the next start only looks for itself.
    pub(super) fn closed(&self) {
        let _ = self.leave_word();
    }

    fn leave_word(&self) -> io::Result<()> {
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
    fn the_next_one_learns_whether_the_last_one_closed() {
        let directory = tempfile::tempdir().unwrap();
        let take = || DirectoryLock::take(directory.path()).unwrap();
        let first = take();
        assert!(!first.was_closed());
        first.opened();
        first.closed();
        drop(first);
        let second = take();
        assert!(second.was_closed());
        second.opened();
        drop(second);
        assert!(!take().was_closed());
    }
}
