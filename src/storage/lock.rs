//! One pipeline a data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::StorageError;
use crate::private;

/// Held while a pipeline uses a data directory; the system releases it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Makes the directory (readable by its owner only) if it is absent, and locks it.
    pub(super) fn take(directory: &Path) -> Result<Self, StorageError> {
        let fail = |cause| StorageError::Directory { path: directory.to_owned(), cause };
        private::create_dir(directory).map_err(fail)?;
        let mut options = OpenOptions::new();
        options.write(true).truncate(false);
        let file = private::open_with(options, &directory.join("clicktop.lock")).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StorageError::InUse { path: directory.to_owned() }),
            Err(TryLockError::Error(cause)) => Err(fail(cause)),
        }
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
}
