//! What librdkafka's statistics say about the brokers and the partitions.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use rdkafka::statistics::Statistics;

use crate::engine::local::status::partitions::Watermarks;

/// The newest statistics.
#[derive(Debug, Default)]
pub(super) struct BrokerStatus {
    pub(super) at: Option<Instant>,
    pub(super) brokers_up: bool,
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
        let up = || statistics.brokers.values().filter(|broker| broker.state == "UP");
        // Where one is known by its number, a broker that was only configured has told of it: that it answers is not enough.
        let is_known = |broker: &rdkafka::statistics::Broker| broker.nodeid >= 0;
        self.brokers_up = match statistics.brokers.values().any(is_known) {
            true => up().any(is_known),
            false => up().next().is_some(),
        };
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
