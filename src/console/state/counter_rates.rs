//! How fast counters grow, computed from successive snapshots.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

/// Samples that are kept of one counter.
const SAMPLES: u32 = 30;

/// Above this number of counters, those that the newest snapshot does not have are forgotten.
const COUNTERS: usize = 4096;

/// The growth of counters over a time window. Each counter has a name.
#[derive(Clone, Debug)]
pub(crate) struct CounterRates<K> {
    window: Duration,
    counters: HashMap<K, VecDeque<(Duration, u64)>>,
}

impl<K: Eq + Hash + Clone> CounterRates<K> {
    /// The growth over `window`.
    pub(crate) fn over(window: Duration) -> Self {
        Self { window, counters: HashMap::new() }
    }

    /// Takes the counters at `uptime`.
    pub(crate) fn push(&mut self, uptime: Duration, counters: impl Iterator<Item = (K, u64)>) {
        let apart = self.window / SAMPLES;
        let oldest = uptime.saturating_sub(self.window);
        for (name, count) in counters {
            let samples = self.counters.entry(name).or_default();
            if samples.back().is_some_and(|(at, before)| *before > count || *at > uptime) {
                // The counter starts again: after a rebuild, or with a new pipeline.
                samples.clear();
            }
            // The newest sample is always kept. It gives way to the next one if it is too near to the one before.
            let before_last = samples.len().checked_sub(2).and_then(|at| samples.get(at));
            if let (Some((before, _)), Some((last, _))) = (before_last, samples.back())
                && last.saturating_sub(*before) < apart
            {
                samples.pop_back();
            }
            samples.push_back((uptime, count));
            // One sample before the window is kept, to count from.
            while samples.get(1).is_some_and(|(at, _)| *at <= oldest) {
                samples.pop_front();
            }
        }
        if self.counters.len() > COUNTERS {
            self.counters.retain(|_, samples| samples.back().is_some_and(|(at, _)| *at == uptime));
        }
    }

    /// How much the counter has grown, and over which time exactly. `None` until the samples cover the window, less the time
    /// between two samples.
    fn growth(&self, name: &K) -> Option<(u64, Duration)> {
        let samples = self.counters.get(name)?;
        let ((first, before), (last, after)) = (samples.front()?, samples.back()?);
        let seen = last.saturating_sub(*first);
        let enough = self.window.saturating_sub(self.window / SAMPLES);
        (seen >= enough && !seen.is_zero()).then(|| (after.saturating_sub(*before), seen))
    }

    /// The growth a second.
    pub(crate) fn rate(&self, name: &K) -> Option<f64> {
        self.growth(name).map(|(growth, time)| growth as f64 / time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(samples: impl IntoIterator<Item = (u64, u64)>) -> CounterRates<&'static str> {
        let mut rates = CounterRates::over(Duration::from_secs(60));
        for (second, count) in samples {
            rates.push(Duration::from_secs(second), std::iter::once(("a", count)));
        }
        rates
    }

    #[test]
    fn growth_is_unknown_until_the_samples_cover_the_window() {
        assert_eq!(rates((0..50).map(|second| (second, second * 10))).growth(&"a"), None);
        assert_eq!(rates([]).growth(&"a"), None);
    }

    #[test]
    fn growth_is_over_the_window_and_no_more() {
        let rates = rates((0..600).map(|second| (second, second * 10)));
        let (growth, time) = rates.growth(&"a").expect("known");
        assert_eq!(growth, time.as_secs() * 10);
        assert!((58..=63).contains(&time.as_secs()), "{time:?}");
        assert_eq!(rates.rate(&"a"), Some(10.0));
        assert!(rates.counters["a"].len() <= SAMPLES as usize + 3, "memory is bounded");
    }

    #[test]
    fn a_counter_that_fell_starts_again() {
        let rates = rates((0..100).map(|second| (second, 5_000)).chain([(100, 7)]));
        assert_eq!(rates.growth(&"a"), None);
    }

    #[test]
    fn counters_that_are_gone_are_forgotten() {
        let mut rates = CounterRates::over(Duration::from_secs(60));
        for at in 0..10_u64 {
            rates.push(Duration::from_secs(at), (0..1_000).map(|count| ((at, count), 1)));
        }
        assert!(rates.counters.len() <= COUNTERS + 1_000);
    }
}
