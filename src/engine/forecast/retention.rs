//! When Kafka deletes what is not stored.
//!
//! Kafka deletes whole segments, so the oldest offset of a partition jumps, often minutes apart. Its pace is known once two jumps were
//! seen, and is that from the first of the remembered jumps to the last.

use std::collections::VecDeque;
use std::time::Duration;

/// Jumps that are remembered.
const JUMPS: usize = 8;

/// Jumps closer than this are one: Kafka deletes several segments in a row.
const ONE_JUMP: Duration = Duration::from_secs(60);

/// Nobody acts on a loss that is further away than this, and no pace lasts so long.
const FARTHEST: Duration = Duration::from_secs(30 * 86_400);

/// The jumps of the oldest offset of one partition.
#[derive(Clone, Debug, Default)]
pub(super) struct Retention {
    low: Option<i64>,
    /// When the oldest offset jumped, and where to.
    jumps: VecDeque<(Duration, i64)>,
}

impl Retention {
    /// Takes the oldest offset at `now`.
    pub(super) fn push(&mut self, now: Duration, low: Option<i64>) {
        let Some(low) = low else { return };
        match self.low.replace(low) {
            Some(before) if low > before => match self.jumps.back_mut() {
                Some((at, to)) if now.saturating_sub(*at) < ONE_JUMP => *to = low,
                _ => self.jumps.push_back((now, low)),
            },
            // The topic was made anew.
            Some(before) if low < before => self.jumps.clear(),
            _ => {}
        }
        while self.jumps.len() > JUMPS {
            self.jumps.pop_front();
        }
    }

    /// The time from `now` until Kafka deletes `next`, the next message to store, if the store takes `stored` messages a second; `None` if
    /// that is not known or far away.
    pub(super) fn reaches(&self, next: i64, stored: f64, now: Duration) -> Option<Duration> {
        let ((from, first), (at, last)) = (self.jumps.front()?, self.jumps.back()?);
        let time = at.saturating_sub(*from);
        let between = time / u32::try_from(self.jumps.len()).ok()?.checked_sub(1).filter(|n| *n > 0)?;
        let pace = last.saturating_sub(*first) as f64 / time.as_secs_f64();
        let closing = pace - stored.max(0.0);
        if closing <= 0.0 {
            return None;
        }
        // Between two jumps, the messages that the next one will take are as good as gone.
        let since = now.saturating_sub(*at).min(between);
        let left = next.saturating_sub(*last) as f64 - pace * since.as_secs_f64();
        Duration::try_from_secs_f64(left.max(0.0) / closing).ok().filter(|time| *time <= FARTHEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    /// Kafka deletes 3,000 messages every five minutes: ten a second.
    fn steady() -> Retention {
        let mut retention = Retention::default();
        for minute in 0..=20 {
            retention.push(minutes(minute), Some(1_000 + 3_000 * i64::try_from(minute / 5).unwrap()));
        }
        retention
    }

    #[test]
    fn a_store_that_stands_still_loses_when_kafka_has_deleted_what_lies_before() {
        let retention = steady();
        assert_eq!(retention.reaches(13_000 + 72_000, 0.0, minutes(20)), Some(minutes(120)));
        assert_eq!(retention.reaches(13_000 + 72_000, 0.0, minutes(22)), Some(minutes(118)));
        assert_eq!(retention.reaches(13_000 + 72_000, 5.0, minutes(20)), Some(minutes(240)));
    }

    #[test]
    fn a_store_that_is_as_fast_as_kafka_deletes_loses_nothing() {
        assert_eq!(steady().reaches(13_001, 10.0, minutes(20)), None);
    }

    #[test]
    fn one_jump_tells_no_pace_nor_do_many_in_a_row() {
        let mut retention = Retention::default();
        for second in 0..50 {
            retention.push(Duration::from_secs(second), Some(100 * i64::try_from(second).unwrap()));
        }
        assert_eq!(retention.reaches(10_000, 0.0, minutes(1)), None);
    }

    #[test]
    fn a_topic_that_was_made_anew_has_no_pace_yet() {
        let mut retention = steady();
        retention.push(minutes(21), Some(0));
        assert_eq!(retention.reaches(100, 0.0, minutes(21)), None);
    }
}
