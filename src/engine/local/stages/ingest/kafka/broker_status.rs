//! What librdkafka's statistics say about the brokers and the partitions.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::statistics::Statistics;

use crate::engine::local::status::partitions::Watermarks;

/// A broker of which nothing has come for so long hangs: heartbeats are answered every three seconds.
const SILENCE: Duration = Duration::from_secs(15);

/// The newest statistics.
#[derive(Debug, Default)]
pub(super) struct BrokerStatus {
    pub(super) at: Option<Instant>,
    pub(super) brokers_up: bool,
    /// Since when no broker is up.
    pub(super) down_since: Option<Instant>,
    /// Addresses at which a broker has ever answered.
    pub(super) answered: BTreeSet<String>,
    /// We are a settled member of the group.
    pub(super) member: bool,
    pub(super) watermarks: BTreeMap<i32, Watermarks>,
    /// The end of each partition of which no message waits to be polled.
    pub(super) ends: BTreeMap<i32, i64>,
}

impl BrokerStatus {
    /// Takes new statistics.
    pub(super) fn update(&mut self, statistics: &Statistics) {
        let known = |offset: i64| (offset >= 0).then_some(offset);
        let partitions = || {
            let all = statistics.topics.values().flat_map(|topic| topic.partitions.values());
            all.filter(|partition| partition.partition >= 0)
        };
        self.at = Some(Instant::now());
        // A member of a group hears of a broker every few seconds. A connection can stay open although the broker hangs.
        let is_silent = |broker: &rdkafka::statistics::Broker| {
            u128::try_from(broker.rxidle).is_ok_and(|idle| idle >= SILENCE.as_micros())
        };
        let up = || statistics.brokers.values().filter(|broker| broker.state == "UP" && !is_silent(broker));
        // Where one is known by its number, a broker that was only configured has told of it: that it answers is not enough.
        let is_known = |broker: &rdkafka::statistics::Broker| broker.nodeid >= 0;
        self.brokers_up = match statistics.brokers.values().any(is_known) {
            true => up().any(is_known),
            false => up().next().is_some(),
        };
        // From the moment when something last came.
        let idle = statistics.brokers.values().filter_map(|broker| u64::try_from(broker.rxidle).ok()).min();
        let heard = Instant::now().checked_sub(Duration::from_micros(idle.unwrap_or(0))).or(self.at);
        self.down_since = if self.brokers_up { None } else { self.down_since.or(heard) };
        self.answered.extend(up().map(|broker| broker.nodename.clone()));
        self.member = statistics.cgrp.as_ref().is_some_and(|group| group.state == "up" && group.join_state == "steady");
        self.watermarks = partitions()
            .map(|partition| {
                // What lies beyond the last stable offset belongs to open transactions: it cannot be read yet.
                let high = known(partition.ls_offset).or(known(partition.hi_offset));
                (partition.partition, (known(partition.lo_offset), high))
            })
            .collect();
        self.ends = partitions()
            .filter(|partition| partition.fetchq_cnt == 0)
            .filter_map(|partition| Some((partition.partition, known(partition.eof_offset)?)))
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::statistics::Broker;

    use super::*;

    /// What librdkafka tells of one broker, of which nothing has come for `idle`.
    fn told(state: &str, idle: Duration) -> Statistics {
        let rxidle = i64::try_from(idle.as_micros()).expect("a short time");
        let broker =
            Broker { nodeid: 1, nodename: "kafka:9092".into(), state: state.into(), rxidle, ..Broker::default() };
        Statistics { brokers: [("kafka:9092/1".to_owned(), broker)].into(), ..Statistics::default() }
    }

    #[test]
    fn a_broker_that_hangs_on_an_open_connection_is_down() {
        let mut status = BrokerStatus::default();
        status.update(&told("UP", Duration::from_secs(3)));
        assert!(status.brokers_up && status.down_since.is_none());
        status.update(&told("UP", SILENCE));
        assert!(!status.brokers_up);
        let since = status.down_since.expect("a moment");
        assert!(since.elapsed() >= SILENCE, "from the moment when something last came");
        status.update(&told("APIVERSION_QUERY", Duration::ZERO));
        assert_eq!(status.down_since, Some(since), "a new connection without an answer changes nothing");
        status.update(&told("UP", Duration::ZERO));
        assert!(status.brokers_up && status.down_since.is_none());
    }
}
