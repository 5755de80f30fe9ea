//! How the database is opened.

use super::rejects::RejectLimits;
use super::soundness::CheckAtStart;

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
    /// When [`Storage::verify`](super::Storage::verify) reads the file through.
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
