//! How long things took since this run began, as distributions that monitoring can add up.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What an engine times. `None` for what it does not time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// From producing a message until its figures were visible; one for each batch, of its oldest message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Distribution>,
    /// Transactions of the store, or rounds of a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<Distribution>,
    /// Bulk requests that the search engine has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bulk: Option<Distribution>,
}

/// Counts of durations by their upper bounds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// Their sum.
    #[serde(rename = "sum_ms", with = "super::serial::millis")]
    pub sum: Duration,
    /// The buckets, from the shortest.
    pub buckets: Vec<Bucket>,
    /// How many were longer than every bound.
    pub longer: u64,
}

/// How many durations were at most as long as its bound, and longer than that of the bucket before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// The bound.
    #[serde(rename = "up_to_ms", with = "super::serial::millis")]
    pub up_to: Duration,
    /// How many.
    pub count: u64,
}

/// Bounds in milliseconds for requests and transactions.
const WORK: [u64; 15] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000];

/// Bounds in milliseconds for the way of a click to the figures.
const WAY: [u64; 15] =
    [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000];

impl Distribution {
    /// Nothing yet, with bounds from 1 ms to a minute.
    pub fn of_work() -> Self {
        Self::with(&WORK)
    }

    /// Nothing yet, with bounds from 50 ms to an hour.
    pub fn of_delays() -> Self {
        Self::with(&WAY)
    }

    fn with(bounds: &[u64]) -> Self {
        let bucket = |millis: &u64| Bucket { up_to: Duration::from_millis(*millis), count: 0 };
        Self { sum: Duration::ZERO, buckets: bounds.iter().map(bucket).collect(), longer: 0 }
    }

    /// Counts `time`.
    pub fn record(&mut self, time: Duration) {
        self.sum = self.sum.saturating_add(super::to_micros(time));
        match self.buckets.iter_mut().find(|bucket| time <= bucket.up_to) {
            Some(bucket) => bucket.count += 1,
            None => self.longer += 1,
        }
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.count).sum::<u64>() + self.longer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_in_the_first_bucket_that_holds_it() {
        let mut times = Distribution::of_work();
        for millis in [0, 1, 2, 60_000, 60_001] {
            times.record(Duration::from_millis(millis));
        }
        let counts: Vec<u64> = times.buckets.iter().map(|bucket| bucket.count).collect();
        assert_eq!((counts.first(), counts.get(1), counts.last(), times.longer), (Some(&2), Some(&1), Some(&1), 1));
        assert_eq!((times.count(), times.sum), (5, Duration::from_millis(120_004)));
    }
}
