//! Deletes clicks that are older than `store.retention`, in steps between the batches of the store. It also deletes
//! rejects, by the time at which they were stored.

use std::time::{Duration, Instant};

use crate::click::Timestamp;
use crate::storage::{Storage, StorageError};
use crate::text::counted;

/// Clicks that one step looks at at least: some ten milliseconds.
const STEP_CLICKS: usize = 5_000;

/// And at most: a batch that waits for the step waits no longer than for another batch.
const LARGEST_STEP: usize = 20_000;

/// How soon after one round the next begins. Each begins where the oldest click is.
const PAUSES: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(600));

/// Rejects that one step deletes at most.
const STEP_REJECTS: usize = 500;

/// The store's care for its oldest clicks and rejects.
#[derive(Debug)]
pub(crate) struct Retention {
    keep: Option<Duration>,
    next_round: Instant,
    /// Where the round that goes on is, and what it has deleted.
    round: Option<(Timestamp, u64)>,
}

impl Retention {
    /// Keeps clicks for `keep`, for ever if `None`. The first round begins at the first step.
    pub(crate) fn new(keep: Option<Duration>) -> Self {
        Self { keep, next_round: Instant::now(), round: None }
    }

    /// Deletes some of what has expired, if it is time. It gets ahead of a store that takes `stored` clicks between two
    /// steps.
    ///
    /// # Errors
    /// The database cannot be written; the same step may be tried again.
    pub(crate) fn step(&mut self, storage: &Storage, stored: usize) -> Result<(), StorageError> {
        let Some(keep) = self.keep else { return Ok(()) };
        let (keep_ms, now) = (i64::try_from(keep.as_millis()).unwrap_or(i64::MAX), Timestamp::now());
        let (from, deleted) = match self.round {
            Some(round) => round,
            None if Instant::now() < self.next_round => return Ok(()),
            None => {
                storage.advance_expiry(keep_ms, now)?;
                (Timestamp::from_millis(i64::MIN), 0)
            }
        };
        let limit = stored.saturating_mul(2).clamp(STEP_CLICKS, LARGEST_STEP);
        let step = storage.delete_expired(from, limit)?;
        let deleted = deleted + step.clicks;
        let before = Timestamp::from_millis(now.as_millis().saturating_sub(keep_ms));
        let rejects = storage.delete_old_rejects(before, STEP_REJECTS)?;
        self.round = match step.next {
            None if rejects == STEP_REJECTS as u64 => Some((Timestamp::from_millis(i64::MAX), deleted)),
            next => next.map(|next| (next, deleted)),
        };
        if self.round.is_none() {
            if deleted > 0 {
                tracing::info!(target: "store", "{} deleted for age; the figures go on counting what was deleted", counted(deleted, "click was", "clicks were"));
            }
            let (shortest, longest) = PAUSES;
            self.next_round = Instant::now() + (keep / 64).clamp(shortest, longest);
        }
        Ok(())
    }
}
