//! SQLite: the clicks, the Kafka offsets they came from, the figures, and how far each stage is.
//!
//! One file, one writer connection behind a fair lock, readers with their own connections (WAL). Everything that must
//! agree after a crash is written in one transaction: clicks with their offsets, figures with their cursor.

pub mod checkpoint;
mod dictionary;
mod error;
pub mod figures;
mod ingest;
mod lock;
mod lookup;
pub mod model;
pub mod progress;
mod reader;
mod rejects;
mod reset;
mod schema;
#[cfg(test)]
mod tests;
mod writer;

use std::path::{Path, PathBuf};

use parking_lot::{Mutex, MutexGuard};

pub use error::StorageError;
pub use ingest::{BatchOutcome, IngestBatch};
pub use lookup::{ClickOfUrl, TimePlace};
pub use model::{ClickKey, CountryId, PageId, StoredClick, UrlId, UserId};
pub use progress::Progress;
pub use reader::{Order, Page, Reader};
pub use rejects::{KeptReject, Reject};
pub use reset::TargetState;
pub use schema::BATCH_QUERY;
use writer::Writer;

/// The database's file name in the data directory.
pub const DATABASE_FILE: &str = "clicktop.db";

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
}

impl Default for StorageOptions {
    fn default() -> Self {
        Self { sync_every_commit: false, cache_bytes: 32 << 20 }
    }
}

/// The database, open for one pipeline. A second process that tries is refused.
#[derive(Debug)]
pub struct Storage {
    path: PathBuf,
    writer: Mutex<Writer>,
    progress: Progress,
    _lock: lock::DirectoryLock,
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
        let writer = Writer::open(&path, options)?;
        let progress = Progress::new(writer.last_click()?);
        Ok(Self { path, writer: Mutex::new(writer), progress, _lock: lock })
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
        Reader::open(&self.path)
    }

    /// What the stages tell each other through the store: how far it has got.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Runs `work` on the one writer connection. The lock goes to whoever has waited longest, so that a busy store
    /// stage cannot starve the others.
    fn write<T>(&self, work: impl FnOnce(&mut Writer) -> Result<T, StorageError>) -> Result<T, StorageError> {
        let mut writer = self.writer.lock();
        let result = work(&mut writer);
        MutexGuard::unlock_fair(writer);
        result
    }
}
