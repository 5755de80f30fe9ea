//! What happens to many messages, told in one line of the log a second.

use crate::storage::IngestBatch;

/// Something that the log is to hear of, counted since it last did.
#[derive(Debug, Default)]
pub(super) struct Notes {
    rejected: Note,
    skipped: Note,
}

#[derive(Debug, Default)]
struct Note {
    count: u64,
    first: Option<String>,
}

impl Note {
    fn add(&mut self, count: u64, what: impl FnOnce() -> String) {
        self.count += count;
        self.first.get_or_insert_with(what);
    }
}

impl Notes {
    /// Messages of `batch` were no clicks.
    pub(super) fn rejected(&mut self, batch: &IngestBatch) {
        if let Some(first) = batch.rejects.first() {
            self.rejected.add(batch.rejects.len() as u64, || first.to_string());
        }
    }

    /// `count` offsets were missing; `what` says before which message.
    pub(super) fn skipped(&mut self, count: u64, what: impl FnOnce() -> String) {
        self.skipped.add(count, what);
    }

    /// Says so.
    pub(super) fn tell(&mut self) {
        if let Note { count, first: Some(first) } = std::mem::take(&mut self.rejected) {
            tracing::warn!(target: "ingest", "{count} rejected, for example {first}");
        }
        if let Note { count, first: Some(first) } = std::mem::take(&mut self.skipped) {
            let why = "expired, compacted away, in a batch that was refused, or transaction markers";
            tracing::warn!(target: "ingest", "{count} offsets missing, for example before {first}: {why}");
        }
    }
}
