//! The database of one pipeline: opened, shared by the stages, closed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};

use super::click_cache::ClickCache;
use super::error::StorageError;
use super::file_names::DATABASE_FILE;
use super::lock::DirectoryLock;
use super::options::StorageOptions;
use super::progress::Progress;
use super::reader::Reader;
use super::rejects::RejectLimits;
use super::soundness::Soundness;
use super::writer::Writer;

/// How long a close waits for a transaction under way.
const LONGEST_LAST_WRITE: Duration = Duration::from_secs(10);

/// The database, open for one pipeline. A second process that tries is refused.
#[derive(Debug)]
pub struct Storage {
    pub(super) path: PathBuf,
    /// `None` once closed.
    pub(super) writer: Mutex<Option<Writer>>,
    pub(super) progress: Progress,
    pub(super) click_cache: ClickCache,
    pub(super) soundness: Soundness,
    pub(super) reject_limits: RejectLimits,
    /// What all rejects take, once it is known. Locked only by whoever has the writer.
    pub(super) reject_bytes: Mutex<Option<u64>>,
    pub(super) lock: DirectoryLock,
}

impl Storage {
    /// Opens the database in `directory`, making both if they are absent.
    ///
    /// # Errors
    /// The directory cannot be made or written, another process uses it, the file is not a clicktop
    /// database or was made by a newer clicktop.
    pub fn open(directory: &Path, options: StorageOptions) -> Result<Self, StorageError> {
        let lock = DirectoryLock::take(directory)?;
        let path = directory.join(DATABASE_FILE);
        let vouched_for = lock.was_closed() || !path.exists();
        lock.opened();
        let writer = Writer::open(&path, options)?;
        let progress = Progress::new(writer.last_click()?);
        let soundness = Soundness::new(options.check, vouched_for);
        Ok(Self {
            path,
            writer: Mutex::new(Some(writer)),
            progress,
            click_cache: ClickCache::default(),
            soundness,
            reject_limits: options.rejects,
            reject_bytes: Mutex::default(),
            lock,
        })
    }

    /// Closes the connection that writes, and vouches for the file to the next start if nothing speaks against it.
    /// Whatever is written after that is refused. Dropping does the same.
    pub fn close(&self) {
        // Whoever still writes after so long is stuck, and the process about to end under it.
        let writer = self.writer.try_lock_for(LONGEST_LAST_WRITE).and_then(|mut writer| writer.take());
        if writer.is_some() && self.soundness.is_known() {
            drop(writer);
            self.lock.closed();
        }
    }

    /// The database's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A new reading connection.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn reader(&self) -> Result<Reader, StorageError> {
        Reader::of_pipeline(&self.path)
    }

    /// What the stages tell each other through the store: how far it has got.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Runs `work` on the one writer connection. The lock goes to whoever has waited longest, so that a busy store
    /// stage cannot starve the others.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut writer = self.writer.lock();
        let result = writer.as_mut().ok_or(StorageError::Closed).and_then(work);
        MutexGuard::unlock_fair(writer);
        if let Err(StorageError::Damaged(_)) = &result {
            self.soundness.doubt();
        }
        result
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        self.close();
    }
}
