//! How long the oldest message of each partition has waited.
//!
//! Kafka does not tell it without reading the message. So a mark is put at the end of the partition. While the stored offset has not
//! reached the mark, a message from before the mark waits, at least since the mark was put. When it reaches the mark, the time between
//! is how far the partition was behind, and the next mark is put. This takes three numbers a partition, however large the lag is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::protocol::snapshot::PartitionStatus;

/// The marks of all partitions.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    marks: BTreeMap<i32, Mark>,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    /// One past the newest message when the mark was put.
    offset: i64,
    put: Duration,
    /// How long the stored offset took to reach the mark before this one.
    last: Duration,
}

impl Waiting {
    /// Forgets the partitions that are not among `partitions`: they are somebody else's.
    pub(super) fn keep_only(&mut self, partitions: &[PartitionStatus]) {
        if self.marks.len() > partitions.len() {
            let known: BTreeSet<i32> = partitions.iter().map(|status| status.partition).collect();
            self.marks.retain(|partition, _| known.contains(partition));
        }
    }

    /// How long the oldest message of the partition has waited at `now`; `None` if its lag is not known.
    pub(super) fn of(&mut self, status: &PartitionStatus, now: Duration) -> Option<Duration> {
        let (high, lag) = (status.high?, status.lag?);
        Some(self.wait(status.partition, high, lag, now))
    }

    fn wait(&mut self, partition: i32, high: i64, lag: u64, now: Duration) -> Duration {
        let fresh = Mark { offset: high, put: now, last: Duration::ZERO };
        let mark = self.marks.entry(partition).or_insert(fresh);
        let stored = high.saturating_sub(i64::try_from(lag).unwrap_or(i64::MAX));
        if lag == 0 || high < mark.offset {
            // Everything is stored, or the topic was made anew.
            *mark = fresh;
            return Duration::ZERO;
        }
        let since = now.saturating_sub(mark.put);
        if stored >= mark.offset {
            *mark = Mark { last: since, ..fresh };
            return since;
        }
        since.max(mark.last)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn longest_wait(waiting: &mut Waiting, partitions: &[PartitionStatus], now: Duration) -> Option<Duration> {
        waiting.keep_only(partitions);
        partitions.iter().filter_map(|status| waiting.of(status, now)).max()
    }

    fn partition(partition: i32, stored: i64, high: i64) -> PartitionStatus {
        PartitionStatus {
            partition,
            stored: Some(stored),
            high: Some(high),
            lag: Some(u64::try_from(high - stored).unwrap()),
            ..PartitionStatus::default()
        }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn one_partition_that_stands_still_among_many_is_seen() {
        let mut waiting = Waiting::default();
        let mut longest = Some(Duration::ZERO);
        for second in 0..=600_u32 {
            let moving = i64::from(second) * 1_000;
            let partitions = [partition(0, moving, moving), partition(1, 50, 50 + i64::from(second))];
            longest = longest_wait(&mut waiting, &partitions, seconds(second.into()));
        }
        // At 0 s it had nothing to store, so its mark is of the first second.
        assert_eq!(longest, Some(seconds(599)));
        assert_eq!(longest_wait(&mut waiting, &[partition(1, 650, 650)], seconds(601)), Some(Duration::ZERO));
    }

    #[test]
    fn what_is_not_known_is_not_zero() {
        let mut waiting = Waiting::default();
        assert_eq!(longest_wait(&mut waiting, &[], seconds(1)), None);
        let unknown = PartitionStatus { partition: 0, ..PartitionStatus::default() };
        assert_eq!(longest_wait(&mut waiting, &[unknown], seconds(1)), None);
        assert_eq!(longest_wait(&mut waiting, &[unknown, partition(1, 5, 5)], seconds(1)), Some(Duration::ZERO));
    }

    #[test]
    fn a_topic_that_was_made_anew_waits_from_its_beginning() {
        let mut waiting = Waiting::default();
        longest_wait(&mut waiting, &[partition(0, 0, 1_000)], seconds(0));
        assert_eq!(longest_wait(&mut waiting, &[partition(0, 0, 1_000)], seconds(90)), Some(seconds(90)));
        assert_eq!(longest_wait(&mut waiting, &[partition(0, 0, 10)], seconds(91)), Some(Duration::ZERO));
    }

    proptest! {
        /// A reader that is always so many seconds behind a steady producer: told within a second, once a mark was reached.
        #[test]
        fn a_steady_lag_is_told_as_long_as_it_is(lag in 1_u32..400, rate in 1_i64..50) {
            let mut waiting = Waiting::default();
            for second in 0..=1_500_u32 {
                let at = |second: u32| i64::from(second) * rate;
                let stored = at(second.saturating_sub(lag));
                let told = longest_wait(&mut waiting, &[partition(0, stored, at(second))], seconds(second.into())).unwrap();
                if second > 2 * lag + 2 {
                    prop_assert!(told >= seconds(lag.into()) && told <= seconds(2 * u64::from(lag)), "{told:?} at {second}");
                }
            }
        }
    }
}
