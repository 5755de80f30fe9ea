//! The names of the files in the data directory.

/// The database's file name in the data directory.
pub const DATABASE_FILE: &str = "clicktop.db";

/// The lock file's name in the data directory.
pub(super) const LOCK_FILE: &str = "clicktop.lock";
