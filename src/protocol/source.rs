//! The progress of a source inside the engine's process: a producer, or the reading of files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The progress of a producer inside this process, or of the reading of files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceProgress {
    /// Messages that the broker has acknowledged, or events of files that were handed to the store.
    pub sent: u64,
    /// Messages that the producer will send in total; `None` if it does not know yet.
    pub total: Option<u64>,
    /// Bytes read from the input files so far.
    pub bytes_read: u64,
    /// Size of the input files in bytes; `None` for a pipe or a generator.
    pub bytes_total: Option<u64>,
    /// The producer waits for the store, because the embedded broker would otherwise delete messages that are not stored yet.
    pub held_back: bool,
    /// The first record of a file that is not a click: one line that says where it is and why it was refused.
    pub first_no_click: Option<String>,
    /// The files that were read before, in one line; they are not read again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_before: Option<String>,
    /// Set once the broker has acknowledged every message, or the files are read to their end.
    pub end: Option<SourceEnd>,
    /// Why the source gave up, in one line. The engine still processes what came before.
    pub error: Option<String>,
}

/// The end of a finished source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEnd {
    /// For each partition that the producer wrote to: one past the offset of the last message. Files have none.
    pub offsets: BTreeMap<i32, i64>,
}
