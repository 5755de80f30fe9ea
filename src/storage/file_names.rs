//! The names of the files in the data directory.

/// The database's file name in the data directory.
pub const DATABASE_FILE: &str = "clicktop.db";

/// The lock file's name in the data directory.
pub(super) const LOCK_FILE: &str = "clicktop.lock";

/// The file's name, in the data directory, of the note that its clicks were moved.
pub(super) const MOVE_FILE: &str = "clicktop.moved";
