//! How far a producer inside the engine's process is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How far a producer inside this process is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceProgress {
    /// Messages the broker has acknowledged.
    pub sent: u64,
    /// Messages there will be in all, where that is known before the end.
    pub total: Option<u64>,
    /// Bytes of the input files read so far.
    pub bytes_read: u64,
    /// Bytes of the input files in all; `None` for a pipe or a generator.
    pub bytes_total: Option<u64>,
    /// Waiting for the pipeline so as not to overrun the embedded broker's retention.
    pub held_back: bool,
    /// The first record of a file that is no click: where it is and why, in one line.
    pub first_no_click: Option<String>,
    /// Set once everything has been sent and acknowledged.
    pub end: Option<SourceEnd>,
    /// Set if the producer gave up, in one line. What it had sent is still processed.
    pub error: Option<String>,
}

/// Where a finished source ends: the next offset of each partition it wrote to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEnd {
    /// Partition → one past the last message sent to it.
    pub offsets: BTreeMap<i32, i64>,
}
