//! The clicks of a window over time, in short parts of the clock.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::click::Timestamp;

/// Length of a part. An hour, a day and a week are multiples of it, so the parts of compared spans lie alike.
const PART_MS: i64 = 5_000;

/// Parts that are told of a window at most, besides the last one.
const TOLD: i64 = 60;

/// The clicks in each part of the clock, by number: the milliseconds since 1970 divided by the length of a part.
#[derive(Debug, Default)]
pub(in crate::engine::local::query::board) struct Parts(BTreeMap<i64, u64>);

fn part_of(time: Timestamp) -> i64 {
    time.as_millis().div_euclid(PART_MS)
}

impl Parts {
    pub(super) fn take_in(&mut self, time: Timestamp) {
        *self.0.entry(part_of(time)).or_insert(0) += 1;
    }

    pub(super) fn take_out(&mut self, time: Timestamp) {
        let number = part_of(time);
        if let Some(clicks) = self.0.get_mut(&number) {
            *clicks = clicks.saturating_sub(1);
            if *clicks == 0 {
                self.0.remove(&number);
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.len() * 2 * size_of::<(i64, u64)>()
    }

    /// The length of the parts in which a span of `length_ms` is told.
    pub(in crate::engine::local::query::board) fn told_length(length_ms: i64) -> Duration {
        let parts = (length_ms / PART_MS / TOLD).max(1);
        Duration::from_millis(parts.saturating_mul(PART_MS).unsigned_abs())
    }

    /// The clicks of the span of `length_ms` that ends at `end`, in parts of [`Parts::told_length`], oldest first. Each part is one of the
    /// clock, so the first one and the last one are not whole.
    pub(in crate::engine::local::query::board) fn told(&self, length_ms: i64, end: i64) -> Vec<u64> {
        let told_ms = i64::try_from(Self::told_length(length_ms).as_millis()).unwrap_or(PART_MS).max(PART_MS);
        let each = told_ms / PART_MS;
        let first = end.saturating_sub(length_ms).saturating_add(1).div_euclid(told_ms);
        let last = end.div_euclid(told_ms);
        (first..=last)
            .map(|number| {
                let begin = number.saturating_mul(each);
                self.0.range(begin..begin.saturating_add(each)).map(|(_, clicks)| clicks).sum()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_MS: i64 = 60_000;

    #[test]
    fn an_hour_is_told_in_minutes_and_five_minutes_in_five_seconds() {
        let mut parts = Parts::default();
        for seconds in [0, 1, 59, 60, 61, 3_599] {
            parts.take_in(Timestamp::from_millis(seconds * 1_000));
        }
        parts.take_out(Timestamp::from_millis(61_000));
        assert_eq!(Parts::told_length(60 * MINUTE_MS), Duration::from_secs(60));
        let hour = parts.told(60 * MINUTE_MS, 60 * MINUTE_MS - 1);
        assert_eq!((hour.len(), hour.first(), hour.get(1), hour.last()), (60, Some(&3), Some(&1), Some(&1)));
        assert_eq!(Parts::told_length(5 * MINUTE_MS), Duration::from_secs(5));
        let minutes = parts.told(5 * MINUTE_MS, 5 * MINUTE_MS - 1);
        assert_eq!(
            (minutes.len(), minutes.first(), minutes.get(11), minutes.get(12)),
            (60, Some(&2), Some(&1), Some(&1))
        );
    }

    #[test]
    fn a_span_between_two_parts_has_a_part_more() {
        let parts = Parts::default();
        assert_eq!(parts.told(5 * MINUTE_MS, 5 * MINUTE_MS + 2_000).len(), 61);
    }
}
