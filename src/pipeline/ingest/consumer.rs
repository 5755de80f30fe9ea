//! The Kafka consumer: one `BaseConsumer`, its offsets given by us in the rebalance callback.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::base_consumer::BaseConsumer;
use rdkafka::consumer::{CommitMode, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};

use super::{KafkaOptions, StartAt};
use crate::pipeline::offsets::OffsetLedger;
use crate::pipeline::partitions::Watermarks;

/// How long librdkafka waits at most before it connects again.
pub(super) const RECONNECT_PAUSE: Duration = Duration::from_secs(5);

/// A consumer of one topic.
pub(super) struct ClickConsumer {
    consumer: BaseConsumer<ClickContext>,
    topic: String,
}

impl Deref for ClickConsumer {
    type Target = BaseConsumer<ClickContext>;

    fn deref(&self) -> &Self::Target {
        &self.consumer
    }
}

impl ClickConsumer {
    /// Connects and joins the group, both in the background.
    pub(super) fn new(options: &KafkaOptions, group: &str, ledger: Arc<OffsetLedger>) -> KafkaResult<Self> {
        let mut config = ClientConfig::new();
        config
            .set("client.id", "clicktop")
            .set("fetch.wait.max.ms", "50")
            // What librdkafka fetches ahead; the store's queue is the buffer, not this.
            .set("queued.max.messages.kbytes", "16384")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("reconnect.backoff.max.ms", RECONNECT_PAUSE.as_millis().to_string())
            .set("statistics.interval.ms", "1000");
        for (key, value) in &options.properties {
            config.set(key, value);
        }
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // Where to begin is always told; an offset that is gone must not be skipped in silence.
            .set("auto.offset.reset", "error")
            .set("allow.auto.create.topics", "false")
            .set("enable.partition.eof", "false")
            .set_log_level(RDKafkaLogLevel::Info);
        let context = ClickContext {
            ledger,
            start: options.start,
            assigned: AtomicBool::new(false),
            revoked: AtomicBool::new(false),
            reason: Mutex::default(),
            news: AtomicBool::new(false),
            told: Mutex::default(),
        };
        let consumer: BaseConsumer<ClickContext> = config.create_with_context(context)?;
        consumer.subscribe(&[&options.topic])?;
        Ok(Self { consumer, topic: options.topic.clone() })
    }

    pub(super) fn context(&self) -> &ClickContext {
        self.consumer.context()
    }

    /// Tells Kafka how far the store is, for other tools to see the lag. Not needed for anything else, so a failure is
    /// only logged.
    pub(super) fn commit_offsets(&self, stored: &BTreeMap<i32, i64>, mode: CommitMode) {
        let Ok(assignment) = self.consumer.assignment() else {
            return;
        };
        let mut offsets = TopicPartitionList::new();
        for element in assignment.elements() {
            if let Some(&next) = stored.get(&element.partition()) {
                // The list is fresh and the offset not negative: nothing here can be refused.
                let _ = offsets.add_partition_offset(&self.topic, element.partition(), Offset::Offset(next));
            }
        }
        if offsets.count() > 0
            && let Err(error) = self.consumer.commit(&offsets, mode)
        {
            tracing::debug!(target: "ingest", "offsets not committed to Kafka: {error}");
        }
    }
}

/// What librdkafka tells between polls.
pub(super) struct ClickContext {
    ledger: Arc<OffsetLedger>,
    start: StartAt,
    assigned: AtomicBool,
    revoked: AtomicBool,
    reason: Mutex<Option<String>>,
    news: AtomicBool,
    told: Mutex<Told>,
}

/// The newest statistics.
#[derive(Debug, Default)]
struct Told {
    at: Option<Instant>,
    brokers_up: bool,
    member: bool,
    watermarks: BTreeMap<i32, Watermarks>,
}

impl ClickContext {
    pub(super) fn is_assigned(&self) -> bool {
        self.assigned.load(Relaxed)
    }

    /// Whether partitions were taken from us since the last call.
    pub(super) fn take_revoked(&self) -> bool {
        self.revoked.swap(false, Relaxed)
    }

    /// The words librdkafka found for its newest error.
    pub(super) fn take_reason(&self) -> Option<String> {
        self.reason.lock().take()
    }

    /// Whether statistics have come since the last call.
    pub(super) fn take_news(&self) -> bool {
        self.news.swap(false, Relaxed)
    }

    pub(super) fn brokers_up(&self) -> bool {
        self.told.lock().brokers_up
    }

    /// Whether we are a settled member of the group, be it one without a partition.
    pub(super) fn is_member(&self) -> bool {
        self.told.lock().member
    }

    pub(super) fn told_since(&self, since: Instant) -> bool {
        self.told.lock().at.is_some_and(|at| at > since)
    }

    /// Oldest offset and one past the newest of each partition, as the broker last told.
    pub(super) fn watermarks(&self) -> BTreeMap<i32, Watermarks> {
        self.told.lock().watermarks.clone()
    }

    /// Gives each newly assigned partition the offset to begin with.
    fn give_offsets(&self, partitions: &mut TopicPartitionList) -> KafkaResult<()> {
        let assigned: Vec<(String, i32)> =
            partitions.elements().iter().map(|element| (element.topic().to_owned(), element.partition())).collect();
        for (topic, partition) in assigned {
            let offset = match (self.ledger.next(partition), self.start) {
                (Some(next), _) => Offset::Offset(next),
                (None, StartAt::Earliest) => Offset::Beginning,
                (None, StartAt::Latest) => Offset::End,
            };
            partitions.set_partition_offset(&topic, partition, offset)?;
        }
        Ok(())
    }
}

impl ConsumerContext for ClickContext {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        let cooperative = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
        let assign = event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        let names: Vec<i32> = partitions.elements().iter().map(|element| element.partition()).collect();
        let result = if assign {
            tracing::info!(target: "ingest", "assigned partitions {names:?}");
            self.give_offsets(partitions).and_then(|()| match cooperative {
                true => consumer.incremental_assign(partitions),
                false => consumer.assign(partitions),
            })
        } else {
            tracing::info!(target: "ingest", "gave up partitions {names:?}");
            self.revoked.store(true, Relaxed);
            match cooperative {
                true => consumer.incremental_unassign(partitions),
                false => consumer.unassign(),
            }
        };
        if let Err(error) = result {
            tracing::error!(target: "ingest", "rebalance: {error}");
        }
        let assigned = consumer.assignment().is_ok_and(|assignment| assignment.count() > 0);
        self.assigned.store(assigned, Relaxed);
    }

    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        if let Err(error) = result {
            tracing::debug!(target: "ingest", "offsets not committed to Kafka: {error}");
        }
    }
}

impl ClientContext for ClickContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        crate::pipeline::kafka_log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "ingest", "librdkafka: {error}: {reason}");
        *self.reason.lock() = Some(reason.to_owned());
    }

    fn stats(&self, statistics: Statistics) {
        let known = |offset: i64| (offset >= 0).then_some(offset);
        let mut told = self.told.lock();
        told.at = Some(Instant::now());
        told.brokers_up = statistics.brokers.values().any(|broker| broker.state == "UP");
        told.member = statistics.cgrp.is_some_and(|group| group.state == "up" && group.join_state == "steady");
        told.watermarks = statistics
            .topics
            .values()
            .flat_map(|topic| topic.partitions.values())
            .filter(|partition| partition.partition >= 0)
            .map(|partition| (partition.partition, (known(partition.lo_offset), known(partition.hi_offset))))
            .collect();
        self.news.store(true, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kafka_client_is_built_with_every_protection_and_compression_we_promise() {
        let config = ClientConfig::new().create_native_config().unwrap();
        let features = config.get("builtin.features").unwrap();
        let features: Vec<&str> = features.trim_end_matches('\0').split(',').collect();
        for promised in ["ssl", "sasl_plain", "sasl_scram", "sasl_oauthbearer", "oidc", "gzip", "snappy", "lz4", "zstd"]
        {
            assert!(features.contains(&promised), "{promised} is not in {features:?}");
        }
    }
}
