//! What happens to many messages, told in one line of the log a second; what is odd about the first clicks, told once.

use std::time::{Duration, Instant};

use super::plausible::{Oddity, Sample};
use crate::click::Timestamp;
use crate::storage::IngestBatch;

/// How long the first clicks may take to be as many as are wanted, before fewer have to do.
const SAMPLE_PATIENCE: Duration = Duration::from_secs(10);

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

/// The first clicks, until they were judged.
#[derive(Debug)]
pub(super) struct FirstClicks(Option<(Sample, Instant)>);

impl FirstClicks {
    pub(super) fn new() -> Self {
        Self(Some((Sample::new(Timestamp::now()), Instant::now())))
    }

    /// Takes clicks of `batch` as long as they are wanted.
    pub(super) fn look_at(&mut self, batch: &IngestBatch) {
        let Some((sample, began)) = &mut self.0 else {
            return;
        };
        if !sample.is_meaningful() {
            *began = Instant::now();
        }
        for click in batch.clicks.iter() {
            if sample.is_full() {
                break;
            }
            sample.add(&click);
        }
    }

    /// What is odd about them, once there are enough; at the `end` by however many there are.
    pub(super) fn judged(&mut self, end: bool) -> Vec<Oddity> {
        let is_enough = |sample: &Sample, began: &Instant| {
            sample.is_full() || (sample.is_meaningful() && (end || began.elapsed() >= SAMPLE_PATIENCE))
        };
        match &self.0 {
            Some((sample, began)) if is_enough(sample, began) => {
                let oddities = sample.oddities();
                self.0 = None;
                oddities
            }
            _ => Vec::new(),
        }
    }
}
