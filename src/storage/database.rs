//! The database of one pipeline: opens it, shares it among the stages, and closes it.

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

/// The database of one pipeline. A second process cannot open it at the same time.
#[derive(Debug)]
pub struct Storage {
    pub(super) path: PathBuf,
    /// `None` once closed.
    pub(super) writer: Mutex<Option<Writer>>,
    pub(super) progress: Progress,
    pub(super) click_cache: ClickCache,
    pub(super) soundness: Soundness,
    pub(super) reject_limits: RejectLimits,
    /// The size of all rejects, once it is known. Only the holder of the writer locks this.
    pub(super) reject_bytes: Mutex<Option<u64>>,
    pub(super) lock: DirectoryLock,
}

impl Storage {
    /// Opens the database in `directory`, and creates both if they are absent.
    ///
    /// # Errors
    /// The directory cannot be created or written, another process uses it, or the file is not a clicktop database of a known schema.
    pub fn open(directory: &Path, options: StorageOptions) -> Result<Self, StorageError> {
        let lock = DirectoryLock::take(directory)?;
        let path = directory.join(DATABASE_FILE);
        let known_sound = lock.was_closed() || !path.exists();
        lock.mark_opened();
        let writer = Writer::open(&path, options)?;
        let progress = Progress::new(writer.last_click()?);
        let soundness = Soundness::new(options.check, known_sound);
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

    /// Closes the writer connection. If the file is known to be sound, notes a clean stop for the next start. Later writes fail.
    /// Dropping does the same.
    pub fn close(&self) {
        // A writer that takes longer is stuck, and the process is about to end.
        let writer = self.writer.try_lock_for(LONGEST_LAST_WRITE).and_then(|mut writer| writer.take());
        if writer.is_some() && self.soundness.is_known() {
            drop(writer);
            self.lock.mark_closed();
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

    /// The progress of the store, which the other stages follow.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Begins to write the log back into the database, so that a close soon after has less to do.
    ///
    /// # Errors
    /// The database is closed.
    pub fn write_log_back(&self) -> Result<(), StorageError> {
        self.write(|writer| {
            writer.write_back();
            Ok(())
        })
    }

    /// Runs `work` on the writer connection. The thread that has waited longest gets the lock next, so a busy store stage cannot starve
    /// the others.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut writer = self.writer.lock();
        let result = writer.as_mut().ok_or(StorageError::Closed).and_then(work);
        MutexGuard::unlock_fair(writer);
        if let Err(StorageError::Damaged(_)) = &result {
            self.soundness.forget();
        }
        result
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        self.close();
    }
}
