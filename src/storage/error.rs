//! Errors of the database, in words for the user.

use std::path::{Path, PathBuf};

use crate::sqlite::OpenError;
use crate::text::{counted, grouped};

/// An error of the database. Each error prints as one line that says what to do.
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
    /// Another process uses the data directory.
    #[error("data directory {} is in use by another clicktop; stop that one or choose another with --data-dir", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// There is no database file.
    #[error("no clicktop database at {}; run `clicktop run`, `demo` or `replay` with this --data-dir first", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// This user may not read it.
    #[error("{} may not be read by this user: {refusal}", path.display())]
    Forbidden {
        /// The file.
        path: PathBuf,
        /// Whose it is, and what to do.
        refusal: String,
    },
    /// The file exists but cannot be opened.
    #[error("{} cannot be opened: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        cause: String,
    },
    /// The file is not a clicktop database.
    #[error("{} is not a clicktop database; choose another directory with --data-dir", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The schema differs from clicktop's. Triggers and views in it would run with every write or read.
    #[error("{}: {difference}, so clicktop does not use this file; replace it with a backup, or choose another directory with --data-dir", path.display())]
    ForeignSchema {
        /// The file.
        path: PathBuf,
        /// The difference, in words.
        difference: String,
    },
    /// A newer clicktop has written the file.
    #[error("{} was written by a newer clicktop (schema {found}; this one reads up to schema {known}); update clicktop", path.display())]
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
    #[error("the database is locked by another process; clicktop tries again")]
    Busy,
    /// The disk is full.
    #[error("no space left for the database; free some, and clicktop tries again")]
    Full,
    /// The database cannot be written.
    #[error("the database cannot be written: {0}")]
    ReadOnly(String),
    /// The file is damaged, or another program has changed it.
    #[error(
        "the database is damaged: {0}; replace it with a backup, or move it away: clicktop then reads again what Kafka still has"
    )]
    Damaged(String),
    /// The check of the file has found damage.
    #[error("{} is damaged ({found}); replace it with a backup, or save what can be read with sqlite3's `.dump` (docs/check.md), or move it away: clicktop then reads again what Kafka still has", path.display())]
    Unsound {
        /// The file.
        path: PathBuf,
        /// The first damage, in SQLite's words.
        found: String,
    },
    /// The database no longer holds parts of the checkpoint on which the new one builds. A complete checkpoint can be written.
    #[error("parts of the checkpoint are missing; a complete one must be written")]
    CheckpointPartsMissing,
    /// The figures cannot be computed again, because they count clicks that were deleted.
    #[error(
        "{why}, and {} deleted for their age (store.retention); \
             `clicktop rebuild --kept-clicks` counts the stored clicks only and gives up the figures of deleted ones",
        counted(*deleted, "click that the figures count was", "clicks that the figures count were")
    )]
    CountsDeleted {
        /// Why they would have to be computed again.
        why: String,
        /// How many clicks.
        deleted: u64,
    },
    /// The log of arrivals no longer holds clicks that are to be counted.
    #[error("the log of arrivals no longer holds click {next}; restart clicktop: it then counts every click anew")]
    ArrivalsGone {
        /// The first of those clicks.
        next: i64,
    },
    /// The clicks were moved to Spark.
    #[error(
        "the {} clicks in {} were moved to Spark ({root}) at {at}, and Spark counts the topic from there on: set engine = \"spark\" \
         and another data directory. To come back with everything that Spark has counted: `clicktop move --to local --data-dir NEW`. To \
         count on here without it, delete {}", grouped(clicks), path.display(), note.display()
    )]
    Moved {
        /// The directory.
        path: PathBuf,
        /// The file that says so.
        note: PathBuf,
        /// The folder of Spark's tables.
        root: String,
        /// When.
        at: String,
        /// How many clicks.
        clicks: u64,
    },
    /// A move from Spark has not come to its end.
    #[error(
        "a move from Spark ({root}) to {} was cut off; run `clicktop move --to local` again with this --data-dir, or delete the directory",
        path.display()
    )]
    Arriving {
        /// The directory.
        path: PathBuf,
        /// The folder of Spark's tables.
        root: String,
    },
    /// The database was closed.
    #[error("the database is closed: clicktop is stopping")]
    Closed,
    /// Any other error of SQLite.
    #[error("database: {0}")]
    Sqlite(rusqlite::Error),
}

impl StorageError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Busy | Self::Full | Self::ReadOnly(_))
    }
}

impl StorageError {
    /// The error for the database file `path`, which could not be opened.
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
