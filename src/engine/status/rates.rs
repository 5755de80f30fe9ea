//! Items a second, honestly: from counts and the time between them, never from a first interval or a mean of rates.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The time a rate is measured over.
const WINDOW: Duration = Duration::from_secs(5);

/// Less than this tells nothing yet.
const SHORTEST: Duration = Duration::from_secs(1);

/// One counter's recent past.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    samples: VecDeque<(Instant, u64)>,
}

impl Rate {
    /// Notes that the counter stands at `count`.
    pub(crate) fn sample(&mut self, now: Instant, count: u64) {
        self.samples.push_back((now, count));
        while self.samples.len() > 2 && self.samples.get(1).is_some_and(|&(at, _)| now - at >= WINDOW) {
            self.samples.pop_front();
        }
    }

    /// Whatever was counted before says nothing about what comes.
    pub(crate) fn clear(&mut self) {
        self.samples.clear();
    }

    /// Items a second over the window; `None` while there is too little to tell.
    pub(crate) fn per_second(&self) -> Option<f64> {
        let (&(begin, first), &(end, last)) = (self.samples.front()?, self.samples.back()?);
        let elapsed = end - begin;
        (elapsed >= SHORTEST).then(|| last.saturating_sub(first) as f64 / elapsed.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_told_after_a_second_and_forgets_after_the_window() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut rate = Rate::default();
        rate.sample(at(0), 1_000_000);
        rate.sample(at(250), 1_000_100);
        assert_eq!(rate.per_second(), None);
        rate.sample(at(1000), 1_000_500);
        assert_eq!(rate.per_second(), Some(500.0));
        for second in 2..=20 {
            rate.sample(at(second * 1000), 1_000_500);
        }
        assert_eq!(rate.per_second(), Some(0.0));
        rate.clear();
        assert_eq!(rate.per_second(), None);
    }
}
