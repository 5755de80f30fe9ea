//! A bound on runs a minute.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// The times of the newest runs.
#[derive(Debug)]
pub(super) struct Pace {
    most: NonZeroUsize,
    runs: VecDeque<Duration>,
}

impl Pace {
    /// At most so many runs in each minute.
    pub(super) fn new(most: NonZeroUsize) -> Self {
        Self { most, runs: VecDeque::new() }
    }

    /// How long the next run has to wait at `now`.
    pub(super) fn wait(&self, now: Duration) -> Duration {
        match self.runs.front() {
            Some(oldest) if self.runs.len() >= self.most.get() => (*oldest + MINUTE).saturating_sub(now),
            _ => Duration::ZERO,
        }
    }

    /// Notes a run at `now`.
    pub(super) fn note(&mut self, now: Duration) {
        if self.runs.len() >= self.most.get() {
            self.runs.pop_front();
        }
        self.runs.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_minute_has_more_runs_than_allowed(most in 1_usize..10, gaps in proptest::collection::vec(0_u64..20_000, 1..100)) {
            let mut pace = Pace::new(NonZeroUsize::new(most).unwrap());
            let mut now = Duration::ZERO;
            let mut runs = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                now += pace.wait(now);
                pace.note(now);
                runs.push(now);
                let in_minute = runs.iter().filter(|at| **at + MINUTE > now).count();
                prop_assert!(in_minute <= most, "{runs:?}");
            }
        }
    }
}
