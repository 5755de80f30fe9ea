//! What can go wrong with the database, in words for its user.

use std::path::{Path, PathBuf};

use crate::sqlite::OpenError;

/// An error of the database. Each prints as one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The data directory cannot be made or written.
    #[error("data directory {}: {cause}; choose another with --data-dir", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Another process has the data directory.
    #[error("data directory {} is in use by another clicktop; stop that one or choose another with --data-dir", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// There is no database.
    #[error("no clicktop database at {}; run `clicktop run`, `demo` or `replay` with this --data-dir first", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file is there and cannot be opened.
    #[error("{} cannot be opened: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        cause: String,
    },
    /// The file is not one of ours.
    #[error("{} is not a clicktop database; choose another place with --data-dir", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Its schema holds something that is not ours, which would run with every write or read.
    #[error("{}: {difference}, so nothing in this file is run; put a backup in its place, or choose another place with --data-dir", path.display())]
    ForeignSchema {
        /// The file.
        path: PathBuf,
        /// What it is, in words.
        difference: String,
    },
    /// The schema is from the future.
    #[error("{} was written by a newer clicktop (schema {found}, this one knows {known}); update clicktop", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: u32,
        /// The newest this program knows.
        known: u32,
    },
    /// The file was made before the first release.
    #[error(
        "{} was written by a clicktop before its first release, and cannot be read: move it away or name another --data-dir; \
         clicktop then reads again what Kafka still has", path.display()
    )]
    BeforeRelease {
        /// The file.
        path: PathBuf,
    },
    /// Another process holds a lock on the file.
    #[error("the database is locked by another process; it is tried again")]
    Busy,
    /// No room on the disk.
    #[error("no space left for the database; free some, it is tried again")]
    Full,
    /// Nothing can be written.
    #[error("the database cannot be written: {0}")]
    ReadOnly(String),
    /// Content that cannot be: the file was changed by another program or is damaged.
    #[error(
        "the database is damaged: {0}; put a backup in its place, or move it away and read again what Kafka still has"
    )]
    Damaged(String),
    /// A look through the file found something that cannot be.
    #[error("{} is damaged ({found}); put a backup in its place, or save what can be read with sqlite3's `.dump` (docs/check.md), or move it away and read again what Kafka still has", path.display())]
    Unsound {
        /// The file.
        path: PathBuf,
        /// The first thing that is wrong, in SQLite's words.
        found: String,
    },
    /// Parts of the checkpoint that were to stay are no longer there; it can be written as a whole.
    #[error("parts of the checkpoint are gone; it has to be written anew")]
    CheckpointPartsMissing,
    /// The figures cannot be computed again, since they count clicks that are gone.
    #[error(
        "{why}, and {deleted} clicks that the figures count were deleted for their age (store.retention); \
             `clicktop rebuild --kept-clicks` counts what is kept and gives the rest up"
    )]
    CountsDeleted {
        /// Why they would have to be.
        why: String,
        /// How many clicks.
        deleted: u64,
    },
    /// Clicks that are to be counted in the order of arrival have left its log.
    #[error(
        "the order of arrival is not kept back to click {next}; start clicktop again: it counts every click anew then"
    )]
    OrderGone {
        /// The first of those clicks.
        next: i64,
    },
    /// The database was closed for good.
    #[error("the database is closed: clicktop is ending")]
    Closed,
    /// Any other error of SQLite.
    #[error("database: {0}")]
    Sqlite(rusqlite::Error),
}

impl StorageError {
    /// Whether the same call may succeed later without anybody changing the program or the file.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Busy | Self::Full | Self::ReadOnly(_))
    }
}

impl StorageError {
    /// Why the database file `path` was not opened.
    pub(super) fn not_opened(path: &Path, error: OpenError) -> Self {
        match error {
            OpenError::Io(cause) => Self::Directory { path: path.parent().unwrap_or(path).to_owned(), cause },
            OpenError::Sqlite(error) => error.into(),
        }
    }
}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(
                ErrorCode::ReadOnly | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::PermissionDenied,
            ) => Self::ReadOnly(error.to_string()),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error.to_string()),
            _ => Self::Sqlite(error),
        }
    }
}
