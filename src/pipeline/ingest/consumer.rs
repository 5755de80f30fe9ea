//! The Kafka consumer: one `BaseConsumer`, its offsets given by us in the rebalance callback.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

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
    pub(super) fn new(options: &KafkaOptions, ledger: Arc<OffsetLedger>) -> KafkaResult<Self> {
        let mut config = ClientConfig::new();
        config
            .set("client.id", "clicktop")
            .set("fetch.wait.max.ms", "50")
            // What librdkafka fetches ahead; the store's queue is the buffer, not this.
            .set("queued.max.messages.kbytes", "16384")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("statistics.interval.ms", "1000");
        for (key, value) in &options.properties {
            config.set(key, value);
        }
        config
            .set("group.id", group(options, &ledger))
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

/// The group to join. On the embedded broker a new one each time: a member that leaves soon after it came blocks its
/// group there for good, and nothing hangs on the name, since offsets are ours.
fn group(options: &KafkaOptions, ledger: &OffsetLedger) -> String {
    static JOINED: AtomicU64 = AtomicU64::new(0);
    match ledger.is_embedded() {
        true => format!("{}-{}", options.group, JOINED.fetch_add(1, Relaxed)),
        false => options.group.clone(),
    }
}

/// What librdkafka tells between polls.
pub(super) struct ClickContext {
    ledger: Arc<OffsetLedger>,
    start: StartAt,
    assigned: AtomicBool,
    reason: Mutex<Option<String>>,
    news: AtomicBool,
    told: Mutex<Told>,
}

/// The newest statistics.
#[derive(Debug, Default)]
struct Told {
    at: Option<Instant>,
    brokers_up: bool,
    /// Partition → oldest offset and one past the newest, as far as known.
    watermarks: BTreeMap<i32, (Option<i64>, Option<i64>)>,
}

impl ClickContext {
    pub(super) fn is_assigned(&self) -> bool {
        self.assigned.load(Relaxed)
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

    pub(super) fn told_since(&self, since: Instant) -> bool {
        self.told.lock().at.is_some_and(|at| at > since)
    }

    /// Oldest offset and one past the newest of a partition, as the broker last told.
    pub(super) fn watermarks(&self, partition: i32) -> (Option<i64>, Option<i64>) {
        self.told.lock().watermarks.get(&partition).copied().unwrap_or_default()
    }

    /// The partitions that the broker has told of.
    pub(super) fn partitions(&self) -> Vec<i32> {
        self.told.lock().watermarks.keys().copied().collect()
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
