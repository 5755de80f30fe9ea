//! The options of the database.

use super::rejects::RejectLimits;
use super::soundness::CheckAtStart;

/// Options for opening the database.
#[derive(Clone, Copy, Debug)]
pub struct StorageOptions {
    /// Whether SQLite waits for the disk at every commit (`FULL`), or only when it checkpoints its write-ahead log (`NORMAL`).
    ///
    /// `NORMAL` loses nothing if the process is killed. A power loss may roll back the last commits together with their offsets, and
    /// Kafka then sends those clicks again.
    pub sync_every_commit: bool,
    /// The size of SQLite's page cache for the writer connection.
    pub cache_bytes: u64,
    /// When [`Storage::verify`](super::Storage::verify) checks the file.
    pub check: CheckAtStart,
    /// How many rejects are kept.
    pub rejects: RejectLimits,
}

impl Default for StorageOptions {
    fn default() -> Self {
        Self {
            sync_every_commit: false,
            cache_bytes: 16 << 20,
            check: CheckAtStart::Auto,
            rejects: RejectLimits::default(),
        }
    }
}
