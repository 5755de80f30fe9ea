//! How long requests or transactions took: the newest, and all of this run.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::protocol::timings::Distribution;

/// Requests a window: quantiles are over one full window at least, once there is one, and two at most.
const WINDOW: u64 = 256;

/// Latency over the last two windows: old enough to be steady, new enough to be true. Constant in memory.
#[derive(Debug)]
pub(crate) struct Latency {
    young: Histogram<u64>,
    old: Histogram<u64>,
    all: Distribution,
}

impl Default for Latency {
    fn default() -> Self {
        Self { young: histogram(), old: histogram(), all: Distribution::of_work() }
    }
}

impl Latency {
    pub(crate) fn record(&mut self, took: Duration) {
        self.all.record(took);
        if self.young.len() >= WINDOW {
            self.old = std::mem::replace(&mut self.young, histogram());
        }
        self.young.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// All of this run.
    pub(crate) fn all(&self) -> Distribution {
        self.all.clone()
    }

    /// Median and 99th percentile; `None` before the first.
    pub(crate) fn quantiles(&self) -> Option<(Duration, Duration)> {
        let mut both = self.young.clone();
        // Both have the same bounds, the only thing that could differ.
        let _ = both.add(&self.old);
        let quantile = |at| Duration::from_micros(both.value_at_quantile(at));
        (!both.is_empty()).then(|| (quantile(0.5), quantile(0.99)))
    }
}

/// Microseconds up to an hour, two digits.
fn histogram() -> Histogram<u64> {
    const HOUR_US: u64 = 3_600_000_000;
    Histogram::new_with_max(HOUR_US, 2).unwrap_or_else(|_| unreachable!("bounds are constant and valid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_follow_the_newest_and_forget_what_is_two_windows_old() {
        let mut latency = Latency::default();
        assert_eq!(latency.quantiles(), None);
        let close =
            |found: Duration, wanted: u64| found.as_millis().abs_diff(u128::from(wanted)) <= u128::from(wanted) / 50;
        for _ in 0..WINDOW {
            latency.record(Duration::from_millis(1_000));
        }
        for _ in 0..98 {
            latency.record(Duration::from_millis(100));
        }
        let (p50, _) = latency.quantiles().unwrap();
        assert!(close(p50, 1_000), "{p50:?}");
        for _ in 0..2 * WINDOW {
            latency.record(Duration::from_millis(100));
        }
        latency.record(Duration::from_secs(100_000));
        let (p50, p99) = latency.quantiles().unwrap();
        assert!(close(p50, 100) && close(p99, 100), "{p50:?} {p99:?}");
    }
}
