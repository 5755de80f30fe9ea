//! Receives librdkafka's callbacks (rebalances, log lines, errors, statistics) and keeps them for the next poll.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::base_consumer::BaseConsumer;
use rdkafka::consumer::{CommitMode, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaRespErr;

use super::assignment::{Assigner, rebalanced};
use super::broker_error::{BrokerError, KnownBrokers};
use super::broker_status::BrokerStatus;
use super::group_protocol;
use super::start_offsets::NoStart;
use super::trouble::Reasons;
use crate::engine::local::status::partitions::Watermarks;

/// The consumer's context.
pub(super) struct ClickContext {
    assigner: Assigner,
    unassignable: Mutex<Option<NoStart>>,
    assigned: AtomicBool,
    assignment: Mutex<Option<BTreeSet<i32>>>,
    /// The partitions we hold, kept up by each rebalance. We do not ask librdkafka for them there: while a consumer closes, its
    /// group may be gone already, and then the question waits forever.
    held: Mutex<BTreeSet<i32>>,
    /// Whether [`lost`](Self::lost) has anything new: it is asked for each message.
    revoked: AtomicBool,
    /// The partitions that were taken from us, if anything was.
    lost: Mutex<BTreeSet<i32>>,
    /// `bootstrap.servers`.
    brokers: String,
    reasons: Mutex<Reasons>,
    news: AtomicBool,
    status: Mutex<BrokerStatus>,
    /// The broker does not know the consumer protocol.
    protocol_unknown: AtomicBool,
    /// The group has taken us as a member of the consumer protocol.
    joined: AtomicBool,
}

impl ClickContext {
    /// The context of a consumer of `brokers` (`bootstrap.servers`).
    pub(super) fn new(assigner: Assigner, brokers: &str) -> Self {
        Self {
            assigner,
            unassignable: Mutex::default(),
            assigned: AtomicBool::new(false),
            assignment: Mutex::default(),
            held: Mutex::default(),
            revoked: AtomicBool::new(false),
            lost: Mutex::default(),
            brokers: brokers.to_owned(),
            reasons: Mutex::default(),
            news: AtomicBool::new(false),
            status: Mutex::default(),
            protocol_unknown: AtomicBool::new(false),
            joined: AtomicBool::new(false),
        }
    }

    pub(super) fn is_assigned(&self) -> bool {
        self.assigned.load(Relaxed)
    }

    /// The partitions that were taken from us since the last call, if the group has revoked any.
    #[inline]
    pub(super) fn take_revoked(&self) -> Option<BTreeSet<i32>> {
        // Callbacks run while we poll, on our own thread.
        (self.revoked.load(Relaxed) && self.revoked.swap(false, Relaxed))
            .then(|| std::mem::take(&mut *self.lost.lock()))
    }

    /// The partitions we hold, if they have changed since the last call.
    pub(super) fn take_assignment(&self) -> Option<BTreeSet<i32>> {
        self.assignment.lock().take()
    }

    /// Whether the topic exists: a broker leads one of our partitions and reports its high watermark.
    pub(super) fn has_topic(&self) -> bool {
        self.is_assigned() && self.status.lock().watermarks.values().any(|(_, high)| high.is_some())
    }

    /// Why the offsets of assigned partitions are not known, if so since the last call.
    pub(super) fn take_unassignable(&self) -> Option<NoStart> {
        self.unassignable.lock().take()
    }

    /// The newest error of a broker, in words for people.
    pub(super) fn take_broker_error(&self) -> Option<BrokerError> {
        let reason = self.reasons.lock().take()?;
        let status = self.status.lock();
        Some(BrokerError::read(&reason, KnownBrokers { configured: &self.brokers, answered: &status.answered }))
    }

    /// Forgets the errors: the trouble is over.
    pub(super) fn forget_reasons(&self) {
        *self.reasons.lock() = Reasons::default();
    }

    /// Whether statistics have come since the last call.
    pub(super) fn take_news(&self) -> bool {
        self.news.swap(false, Relaxed)
    }

    pub(super) fn brokers_up(&self) -> bool {
        self.status.lock().brokers_up
    }

    /// How long no broker has been up, by the statistics; `None` if one is.
    pub(super) fn down_for(&self) -> Option<Duration> {
        self.status.lock().down_since.map(|since| since.elapsed())
    }

    /// A message has come, so a broker is up, whatever the last statistics say.
    pub(super) fn heard(&self) {
        let mut status = self.status.lock();
        (status.brokers_up, status.down_since) = (true, None);
    }

    /// Whether we are a settled member of the group, even without a partition.
    pub(super) fn is_member(&self) -> bool {
        self.joined.load(Relaxed) || self.status.lock().member
    }

    /// The group has taken us as a member of the consumer protocol, of which the statistics say nothing before it has partitions
    /// for us.
    pub(super) fn joined(&self) {
        self.joined.store(true, Relaxed);
    }

    /// Whether the broker has said that it does not know the consumer protocol.
    pub(super) fn is_protocol_unknown(&self) -> bool {
        self.protocol_unknown.load(Relaxed)
    }

    pub(super) fn has_status_since(&self, since: Instant) -> bool {
        self.status.lock().at.is_some_and(|at| at > since)
    }

    /// Low and high watermark of each partition, by the last statistics.
    pub(super) fn watermarks(&self) -> BTreeMap<i32, Watermarks> {
        self.status.lock().watermarks.clone()
    }

    /// The ends that the consumer has reached in partitions of which no message waits to be polled.
    pub(super) fn ends(&self) -> BTreeMap<i32, i64> {
        self.status.lock().ends.clone()
    }

    /// Commits the `stored` offsets of `partitions`. A failure is only logged.
    pub(super) fn commit(
        &self,
        consumer: &BaseConsumer<Self>,
        partitions: &[i32],
        stored: &BTreeMap<i32, i64>,
        mode: CommitMode,
    ) {
        let offsets = self.assigner.to_commit(partitions, stored);
        if offsets.count() > 0
            && let Err(error) = consumer.commit(&offsets, mode)
        {
            tracing::debug!(target: "ingest", "offsets not committed to Kafka: {error}");
        }
    }
}

impl ConsumerContext for ClickContext {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        let cooperative = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
        let assign = event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        let names: Vec<i32> = partitions.elements().iter().map(|element| element.partition()).collect();
        let result = if assign {
            tracing::info!(target: "ingest", event = "rebalance", stage = "ingest", "assigned partitions {names:?}");
            let given = self.assigner.give_offsets(consumer, partitions);
            // librdkafka waits for our assign even without partitions, and cannot close before it.
            if given.is_ok() || names.is_empty() {
                let assigned = match cooperative {
                    true => consumer.incremental_assign(partitions),
                    false => consumer.assign(partitions),
                };
                given.and(assigned.map_err(NoStart::from))
            } else {
                given
            }
        } else {
            tracing::info!(target: "ingest", event = "rebalance", stage = "ingest", "partitions released: {names:?}");
            self.lost.lock().extend(&names);
            self.revoked.store(true, Relaxed);
            // The next owner resumes there. We commit nothing for partitions whose offsets we did not know.
            let begun = self.held.lock().clone();
            let ours: Vec<i32> = names.iter().copied().filter(|partition| begun.contains(partition)).collect();
            self.commit(consumer, &ours, &self.assigner.stored(), CommitMode::Async);
            match cooperative {
                true => consumer.incremental_unassign(partitions),
                false => consumer.unassign(),
            }
            .map_err(NoStart::from)
        };
        match result {
            Ok(()) => {
                let mut held = self.held.lock();
                rebalanced(&mut held, &names, assign, cooperative);
                self.assigned.store(!held.is_empty(), Relaxed);
                *self.assignment.lock() = Some(held.clone());
            }
            Err(error) => {
                tracing::error!(target: "ingest", event = "failure", stage = "ingest", "rebalance: {error}");
                *self.unassignable.lock() = assign.then_some(error);
            }
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        if let Err(error) = result {
            tracing::debug!(target: "ingest", "offsets not committed to Kafka: {error}");
        }
    }
}

impl ClientContext for ClickContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if group_protocol::is_unknown_to_broker(message) {
            self.protocol_unknown.store(true, Relaxed);
        }
        if facility == "FAIL" {
            self.reasons.lock().logged(message);
        }
        crate::kafka_log::log("", level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "ingest", "librdkafka: {error}: {reason}");
        self.reasons.lock().reported(reason);
    }

    fn stats(&self, statistics: Statistics) {
        self.status.lock().update(&statistics);
        self.news.store(true, Relaxed);
    }
}
