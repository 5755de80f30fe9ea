//! How much counts have grown over the last while, told from successive snapshots.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

/// Samples kept of one count.
const SAMPLES: u32 = 30;

/// Counts kept at most; those of the newest sample are kept whatever their number.
const COUNTS: usize = 4096;

/// The growth of counts that never fall, each known by a name.
#[derive(Clone, Debug)]
pub(crate) struct CounterRates<K> {
    window: Duration,
    counts: HashMap<K, VecDeque<(Duration, u64)>>,
}

impl<K: Eq + Hash + Clone> CounterRates<K> {
    /// Over `window`.
    pub(crate) fn over(window: Duration) -> Self {
        Self { window, counts: HashMap::new() }
    }

    /// Takes what the counts are at `uptime`.
    pub(crate) fn push(&mut self, uptime: Duration, counts: impl Iterator<Item = (K, u64)>) {
        let apart = self.window / SAMPLES;
        let oldest = uptime.saturating_sub(self.window);
        for (name, count) in counts {
            let samples = self.counts.entry(name).or_default();
            if samples.back().is_some_and(|(at, before)| *before > count || *at > uptime) {
                // Counted anew: after a rebuild, or a pipeline that started again.
                samples.clear();
            }
            // The newest sample always stands, on probation until it is far enough from the one before.
            let before_last = samples.len().checked_sub(2).and_then(|at| samples.get(at));
            if let (Some((before, _)), Some((last, _))) = (before_last, samples.back())
                && last.saturating_sub(*before) < apart
            {
                samples.pop_back();
            }
            samples.push_back((uptime, count));
            // One sample at the far end of the window stays, to count from.
            while samples.get(1).is_some_and(|(at, _)| *at <= oldest) {
                samples.pop_front();
            }
        }
        if self.counts.len() > COUNTS {
            self.counts.retain(|_, samples| samples.back().is_some_and(|(at, _)| *at == uptime));
        }
    }

    /// By how much the count has grown over the window, and over which time really; `None` until a whole window, less a
    /// step between samples, has been seen.
    pub(crate) fn of(&self, name: &K) -> Option<(u64, Duration)> {
        let samples = self.counts.get(name)?;
        let ((first, before), (last, after)) = (samples.front()?, samples.back()?);
        let seen = last.saturating_sub(*first);
        let enough = self.window.saturating_sub(self.window / SAMPLES);
        (seen >= enough && !seen.is_zero()).then(|| (after.saturating_sub(*before), seen))
    }

    /// Growth a second.
    pub(crate) fn rate(&self, name: &K) -> Option<f64> {
        self.of(name).map(|(gain, time)| gain as f64 / time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(samples: impl IntoIterator<Item = (u64, u64)>) -> CounterRates<&'static str> {
        let mut gains = CounterRates::over(Duration::from_secs(60));
        for (second, count) in samples {
            gains.push(Duration::from_secs(second), std::iter::once(("a", count)));
        }
        gains
    }

    #[test]
    fn a_gain_is_unknown_until_the_window_has_been_seen() {
        assert_eq!(fed((0..50).map(|second| (second, second * 10))).of(&"a"), None);
        assert_eq!(fed([]).of(&"a"), None);
    }

    #[test]
    fn a_gain_is_that_of_the_window_and_no_more() {
        let gains = fed((0..600).map(|second| (second, second * 10)));
        let (gain, time) = gains.of(&"a").expect("known");
        assert_eq!(gain, time.as_secs() * 10);
        assert!((58..=63).contains(&time.as_secs()), "{time:?}");
        assert_eq!(gains.rate(&"a"), Some(10.0));
        assert!(gains.counts["a"].len() <= SAMPLES as usize + 3, "memory is bounded");
    }

    #[test]
    fn a_count_that_fell_is_counted_anew() {
        let gains = fed((0..100).map(|second| (second, 5_000)).chain([(100, 7)]));
        assert_eq!(gains.of(&"a"), None);
    }

    #[test]
    fn counts_that_nobody_shows_any_more_are_forgotten() {
        let mut gains = CounterRates::over(Duration::from_secs(60));
        for at in 0..10_u64 {
            gains.push(Duration::from_secs(at), (0..1_000).map(|count| ((at, count), 1)));
        }
        assert!(gains.counts.len() <= COUNTS + 1_000);
    }
}
