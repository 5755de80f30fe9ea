//! Checks the first clicks of a run, once.

use std::time::{Duration, Instant};

use super::plausibility::{Oddity, Sample};
use crate::click::Timestamp;
use crate::storage::IngestBatch;

/// How long to wait for a full sample before a smaller one is judged.
const SAMPLE_PATIENCE: Duration = Duration::from_secs(10);

/// The first clicks of a run, until they have been judged.
#[derive(Debug)]
pub(super) struct FirstClicks(Option<(Sample, Instant)>);

impl FirstClicks {
    pub(super) fn new() -> Self {
        Self(Some((Sample::new(Timestamp::now()), Instant::now())))
    }

    /// Adds clicks of `batch` until there are enough.
    pub(super) fn add(&mut self, batch: &IngestBatch) {
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

    /// What is odd about them, once there are enough; at the `end` with as many as there are.
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
