//! Writes at most one log line a second about rejects and missing offsets.

use crate::storage::IngestBatch;
use crate::text::counted;

/// Events counted since the last log line.
#[derive(Debug, Default)]
pub(super) struct LogDigest {
    rejected: Tally,
    skipped: Tally,
}

#[derive(Debug, Default)]
struct Tally {
    count: u64,
    first: Option<String>,
}

impl Tally {
    fn add(&mut self, count: u64, example: impl FnOnce() -> String) {
        self.count += count;
        self.first.get_or_insert_with(example);
    }
}

impl LogDigest {
    /// Counts the rejects of `batch`.
    pub(super) fn rejected(&mut self, batch: &IngestBatch) {
        if let Some(first) = batch.rejects.first() {
            self.rejected.add(batch.rejects.len() as u64, || first.to_string());
        }
    }

    /// Counts `count` missing offsets; `before` names the message that follows them.
    pub(super) fn skipped(&mut self, count: u64, before: impl FnOnce() -> String) {
        self.skipped.add(count, before);
    }

    /// Writes the lines, and begins anew.
    pub(super) fn write(&mut self) {
        if let Tally { count, first: Some(first) } = std::mem::take(&mut self.rejected) {
            tracing::warn!(target: "ingest", "{count} rejected, for example {first}");
        }
        if let Tally { count, first: Some(first) } = std::mem::take(&mut self.skipped) {
            let why = "expired, compacted away, in a batch that was refused, or transaction markers";
            tracing::warn!(target: "ingest", "{} missing, for example before {first}: {why}", counted(count, "offset", "offsets"));
        }
    }
}
