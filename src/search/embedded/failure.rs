//! Turns errors of the embedded index's file into messages that say what to do.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::search::SearchError;
use crate::sqlite::OpenError;

/// The schema of this program.
pub(super) const SCHEMA: i32 = 1;

/// Why an operation on the file failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(
        "made by a newer clicktop (schema {found}; this one reads up to schema {SCHEMA}): use that version, or {REBUILD}"
    )]
    NewerSchema { found: i32 },
    #[error("this is the database of another program: choose another data directory or move the file away")]
    NotOurs,
    #[error("{difference}, so clicktop does not use this file: {REBUILD}")]
    Foreign { difference: String },
    #[error("a task of the index ended unexpectedly: {0}")]
    Task(String),
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => Self::Io(error),
            OpenError::Sqlite(error) => Self::Sqlite(error),
        }
    }
}

const REBUILD: &str =
    "stop clicktop and delete the file with its -wal and -shm files; clicktop builds it again from the store";

impl Failure {
    /// The error for the pipeline, which names the file.
    pub(super) fn at(self, file: &Path) -> SearchError {
        let cause = match &self {
            Failure::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    format!("the file is damaged ({error}): {REBUILD}")
                }
                Some(ErrorCode::DiskFull) => format!("the disk is full ({error}): free some space"),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    format!("another process is writing the file ({error}): clicktop tries again")
                }
                Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
                    format!("{error}: check the permissions of the file and its directory")
                }
                _ => error.to_string(),
            },
            other => other.to_string(),
        };
        SearchError::Disk {
            path: crate::text::printable(&file.to_string_lossy()).into_owned(),
            cause: crate::text::printable(&cause).into_owned(),
        }
    }
}
