//! The inputs of a replay.

use std::path::PathBuf;

use crate::click::Columns;

/// One thing to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayInput {
    /// A file, or a named pipe.
    File(PathBuf),
    /// Standard input, to its end.
    Stdin,
}

/// How the replay reads the columns of a header, for the log.
pub(super) fn describe(columns: &Columns) -> String {
    let passed_over = columns.skipped();
    match passed_over.is_empty() {
        true => "its columns are read by its header".to_owned(),
        false => format!("its columns are read by its header; ignored: {}", passed_over.join(", ")),
    }
}
