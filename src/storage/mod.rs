//! SQLite: the clicks, the Kafka offsets they came from, the figures, and how far each stage is.
//!
//! One file, one writer connection behind a fair lock, readers with their own connections (WAL). Everything that must
//! agree after a crash is written in one transaction: clicks with their offsets, figures with their cursor.

mod arrivals;
mod backup;
pub mod checkpoint;
mod coding;
mod dictionary;
mod error;
pub mod figures;
mod ingest;
mod insert;
mod lock;
mod lookup;
pub mod model;
mod place;
pub mod progress;
mod reader;
mod rejects;
mod reset;
mod retention;
mod schema;
mod seen;
mod soundness;
mod tail;
#[cfg(test)]
mod tests;
mod trust;
mod whole;
mod writer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};

pub use backup::{BackupError, BackupStep, Copied};
pub use error::StorageError;
pub use ingest::{BatchOutcome, IngestBatch, is_of_the_future};
pub use lookup::{ClickOfUrl, TimePlace};
pub use model::{ClickKey, CountryId, PageId, StoredClick, UrlId, UserId};
pub use place::Identity;
pub use progress::Progress;
pub use reader::{Order, Page, Reader};
pub use rejects::{KeptReject, Reject, RejectCount, RejectLimits};
pub use reset::TargetState;
pub use retention::{Deleted, Expiry};
pub use schema::BATCH_QUERY;
use soundness::Soundness;
pub use soundness::{CheckAtStart, Checking};
use tail::Tail;
pub use whole::Interrupt;
use writer::Writer;

/// The database's file name in the data directory.
pub const DATABASE_FILE: &str = "clicktop.db";

/// How long a close waits for a transaction under way.
const LONGEST_LAST_WRITE: Duration = Duration::from_secs(10);

/// How the database is opened.
#[derive(Clone, Copy, Debug)]
pub struct StorageOptions {
    /// Wait for the disk at every commit (`FULL`) rather than at checkpoints (`NORMAL`).
    ///
    /// `NORMAL` loses nothing when the process is killed. A power loss may roll the last commits back, and
    /// the offsets with them, since they lie in the same file: Kafka sends those clicks again.
    pub sync_every_commit: bool,
    /// SQLite's page cache of the writer connection.
    pub cache_bytes: u64,
    /// When [`Storage::verify`] reads the file through.
    pub check: CheckAtStart,
    /// How many rejects are kept.
    pub rejects: RejectLimits,
}

impl Default for StorageOptions {
    fn default() -> Self {
        Self {
            sync_every_commit: false,
            cache_bytes: 32 << 20,
            check: CheckAtStart::Auto,
            rejects: RejectLimits::default(),
        }
    }
}

/// The database, open for one pipeline. A second process that tries is refused.
#[derive(Debug)]
pub struct Storage {
    path: PathBuf,
    /// `None` once closed.
    writer: Mutex<Option<Writer>>,
    progress: Progress,
    tail: Tail,
    soundness: Soundness,
    reject_limits: RejectLimits,
    /// What all rejects take, once it is known. Locked only by whoever has the writer.
    reject_bytes: Mutex<Option<u64>>,
    lock: lock::DirectoryLock,
}

impl Storage {
    /// Opens the database in `directory`, making both if they are absent.
    ///
    /// # Errors
    /// The directory cannot be made or written, another process uses it, the file is not a clicktop
    /// database or was made by a newer clicktop.
    pub fn open(directory: &Path, options: StorageOptions) -> Result<Self, StorageError> {
        let lock = lock::DirectoryLock::take(directory)?;
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
            tail: Tail::default(),
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
    fn write<T>(&self, work: impl FnOnce(&mut Writer) -> Result<T, StorageError>) -> Result<T, StorageError> {
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
