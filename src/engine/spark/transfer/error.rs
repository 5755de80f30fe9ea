//! What a move tells, and why it may not come to its end.

use crate::engine::spark::agents::ResolveError;
use crate::engine::spark::connect::ConnectError;
use crate::engine::spark::manifest::ManifestError;
use crate::engine::spark::tables::TablesError;
use crate::storage::StorageError;

/// What a move tells while it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tell {
    /// So many clicks of so many are on the other side.
    Clicks {
        /// On the other side.
        done: u64,
        /// In all.
        of: u64,
    },
    /// Something without a count.
    Doing(&'static str),
    /// Trouble that may pass; the move tries again.
    Trouble(String),
}

/// Why a move does not begin or come to its end. Each prints as one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MoveError {
    /// A call to the cluster failed.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The tables cannot be made, or do not fit.
    #[error(transparent)]
    Tables(#[from] TablesError),
    /// What user agents tell cannot be found out.
    #[error(transparent)]
    Agents(ResolveError),
    /// The database cannot be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The root holds rows that this move has not written.
    #[error("spark.root already holds clicks that do not come from this data directory; choose another spark.root")]
    HoldsOthers,
    /// A streaming query has begun.
    #[error(
        "a streaming query has already begun to read the topic in spark.root (there is a checkpoint), so the stored offsets would come too \
         late; choose another spark.root"
    )]
    HasBegun,
    /// Rounds have counted.
    #[error("rounds have already counted clicks in spark.root; choose another spark.root")]
    HasCounted,
    /// Another data directory was moved there.
    #[error(
        "spark.root holds the clicks of another data directory (database {database}); choose another spark.root. If that move was cut off \
         and is given up, add --restart"
    )]
    OtherDatabase {
        /// The identity of its database.
        database: String,
    },
    /// The database has changed since the move was cut off.
    #[error(
        "clicktop has stored more clicks in the data directory since this move was cut off; add --restart to delete what the move has \
         written so far and begin anew"
    )]
    Changed,
    /// Figures count clicks that retention has deleted.
    #[error(
        "the figures count clicks that were deleted for their age (store.retention), and the other engine counts clicks only; add \
         --kept-clicks to give up the figures of deleted clicks"
    )]
    CountsDeleted,
    /// There is nothing to move.
    #[error("the data directory holds no clicks; start clicktop with engine = \"spark\" right away")]
    Nothing,
    /// There are no tables.
    #[error("there are no tables of clicktop in {root}; check spark.root")]
    NoTables {
        /// The root.
        root: String,
    },
    /// A move to the tables has not come to its end.
    #[error(
        "a move to spark.root was cut off; run `clicktop move --to spark` again with the data directory that it came from"
    )]
    Unfinished,
    /// The streaming query runs.
    #[error(
        "the streaming query runs, so clicks still arrive; stop the stage stream in the console (or end clicktop with \
         spark.leave_running = false), and try again"
    )]
    QueryRuns,
    /// The checkpoint does not say how far the query is.
    #[error(
        "the checkpoint in spark.root does not tell how far the streaming query is ({cause}); start the stage stream once, stop it, and try again"
    )]
    Checkpoint {
        /// What is missing.
        cause: String,
    },
    /// The tables change while they are read.
    #[error("the tables in spark.root change; stop every clicktop that works on them, and try again")]
    TablesChange,
    /// The directory is not new.
    #[error("{path} already holds a database; name a new directory: clicktop move --to local --data-dir NEW")]
    NotNew {
        /// The directory.
        path: String,
    },
    /// The directory belongs to a move from elsewhere.
    #[error(
        "{path} is half filled by a move from {root}; name a new directory: clicktop move --to local --data-dir NEW"
    )]
    OtherRoot {
        /// The directory.
        path: String,
        /// Where that move came from.
        root: String,
    },
    /// The property of the table of clicks cannot be written or read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Both sides are not equal.
    #[error("verification failed: {what}; nothing was switched over. {advice}")]
    Differs {
        /// The first difference, safe to print.
        what: String,
        /// What to do.
        advice: &'static str,
    },
    /// The system gives no thread.
    #[error("the system gives no thread to read the database: {0}")]
    Thread(std::io::Error),
}

impl From<ResolveError> for MoveError {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Connect(error) => Self::Connect(error),
            error => Self::Agents(error),
        }
    }
}
