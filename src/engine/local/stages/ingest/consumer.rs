//! The Kafka consumer: one `BaseConsumer`, its offsets given by us in the rebalance callback.

use std::collections::{BTreeMap, BTreeSet};
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

use super::begin::{self, Member};
use super::first_sight::{FirstSight, NoStart};
use super::trouble::Reasons;
use super::{KafkaOptions, StartAt};
use crate::engine::local::stages::complaint::{Complaint, Known};
use crate::engine::local::stages::offsets::OffsetLedger;
use crate::engine::local::status::partitions::Watermarks;
use crate::storage::Storage;

/// How long librdkafka waits at most before it connects again.
pub(super) const RECONNECT_PAUSE: Duration = Duration::from_secs(5);

/// How often the brokers are asked for new partitions, and for the topic if it is not there yet.
const METADATA_INTERVAL: Duration = Duration::from_secs(10);

/// What others of the group are told, and asked for.
pub(super) struct Membership {
    pub us: Member,
    /// Where the topic's starts are noted.
    pub storage: Arc<Storage>,
}

/// A consumer of one topic.
pub(super) struct ClickConsumer {
    consumer: BaseConsumer<ClickContext>,
}

impl Deref for ClickConsumer {
    type Target = BaseConsumer<ClickContext>;

    fn deref(&self) -> &Self::Target {
        &self.consumer
    }
}

impl ClickConsumer {
    /// Connects and joins the group, both in the background; with a `membership` if others may be in it. Without one the broker is
    /// new, and everything in it is read.
    pub(super) fn new(
        options: &KafkaOptions,
        group: &str,
        membership: Option<Membership>,
        ledger: Arc<OffsetLedger>,
    ) -> KafkaResult<Self> {
        let mut config = ClientConfig::new();
        config
            .set("client.id", membership.as_ref().map_or("clicktop", |membership| membership.us.client_id()))
            .set("topic.metadata.refresh.interval.ms", METADATA_INTERVAL.as_millis().to_string())
            .set("fetch.wait.max.ms", "50")
            // What librdkafka fetches ahead; the store's queue is the buffer, not this.
            .set("queued.max.messages.kbytes", "16384")
            // How soon a partition is fetched again after that was full. The second it would be keeps the stage waiting behind a
            // backlog in many partitions: 0.2 M messages/s in place of 1 M, in 63 of them.
            .set("fetch.queue.backoff.ms", "10")
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
            // Transaction markers at a partition's end are no messages: only so we learn that nothing more is there.
            .set("enable.partition.eof", "true")
            .set_log_level(RDKafkaLogLevel::Info);
        let context = ClickContext {
            ledger,
            start: options.start,
            topic: options.topic.clone(),
            group: group.to_owned(),
            membership,
            met: AtomicBool::new(false),
            unassignable: Mutex::default(),
            assigned: AtomicBool::new(false),
            assignment: Mutex::default(),
            held: Mutex::default(),
            revoked: AtomicBool::new(false),
            brokers: options.brokers().to_owned(),
            reasons: Mutex::default(),
            news: AtomicBool::new(false),
            told: Mutex::default(),
        };
        let consumer: BaseConsumer<ClickContext> = config.create_with_context(context)?;
        consumer.subscribe(&[&options.topic])?;
        Ok(Self { consumer })
    }

    pub(super) fn context(&self) -> &ClickContext {
        self.consumer.context()
    }

    /// Tells Kafka how far the store is: for other tools to see the lag, and for others of the group to go on from there.
    /// A failure is only logged: it costs these that they read a little more.
    pub(super) fn commit_offsets(&self, stored: &BTreeMap<i32, i64>, mode: CommitMode) {
        let Ok(assignment) = self.consumer.assignment() else {
            return;
        };
        let partitions = assignment.elements().iter().map(|element| element.partition()).collect::<Vec<_>>();
        self.context().commit(&self.consumer, &partitions, stored, mode);
    }
}

/// What librdkafka tells between polls.
pub(super) struct ClickContext {
    ledger: Arc<OffsetLedger>,
    start: StartAt,
    topic: String,
    group: String,
    membership: Option<Membership>,
    /// The others of the group were looked at.
    met: AtomicBool,
    unassignable: Mutex<Option<NoStart>>,
    assigned: AtomicBool,
    assignment: Mutex<Option<BTreeSet<i32>>>,
    /// The partitions that are ours, kept up by each rebalance. librdkafka is not asked for them there: while a consumer closes,
    /// its group may be gone already, and then the question waits for ever.
    held: Mutex<BTreeSet<i32>>,
    revoked: AtomicBool,
    /// `bootstrap.servers`.
    brokers: String,
    reasons: Mutex<Reasons>,
    news: AtomicBool,
    told: Mutex<Told>,
}

/// The newest statistics.
#[derive(Debug, Default)]
struct Told {
    at: Option<Instant>,
    brokers_up: bool,
    /// Addresses at which a broker has answered at some time.
    answered: BTreeSet<String>,
    member: bool,
    watermarks: BTreeMap<i32, Watermarks>,
    ends: BTreeMap<i32, i64>,
}

impl ClickContext {
    pub(super) fn is_assigned(&self) -> bool {
        self.assigned.load(Relaxed)
    }

    /// Whether partitions were taken from us since the last call.
    pub(super) fn take_revoked(&self) -> bool {
        self.revoked.swap(false, Relaxed)
    }

    /// The partitions that are ours, if that has changed since the last call.
    pub(super) fn take_assignment(&self) -> Option<BTreeSet<i32>> {
        self.assignment.lock().take()
    }

    /// Whether the topic is there: a broker leads one of our partitions and has told what it holds.
    pub(super) fn has_topic(&self) -> bool {
        self.is_assigned() && self.told.lock().watermarks.values().any(|(_, high)| high.is_some())
    }

    /// Why partitions that the group gave us could not be begun with.
    pub(super) fn take_unassignable(&self) -> Option<NoStart> {
        self.unassignable.lock().take()
    }

    /// What librdkafka's newest error says.
    pub(super) fn take_complaint(&self) -> Option<Complaint> {
        let reason = self.reasons.lock().take()?;
        let told = self.told.lock();
        Some(Complaint::read(&reason, Known { configured: &self.brokers, answered: &told.answered }))
    }

    /// The trouble is over.
    pub(super) fn forget_reasons(&self) {
        *self.reasons.lock() = Reasons::default();
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

    /// The ends that the consumer has come to in partitions of which nothing was waiting to be polled.
    pub(super) fn ends(&self) -> BTreeMap<i32, i64> {
        self.told.lock().ends.clone()
    }

    /// Commits what is stored of `partitions`, as ours. A failure is only logged.
    fn commit(&self, consumer: &BaseConsumer<Self>, partitions: &[i32], stored: &BTreeMap<i32, i64>, mode: CommitMode) {
        let offsets = self.to_commit(partitions, stored);
        if offsets.count() > 0
            && let Err(error) = consumer.commit(&offsets, mode)
        {
            tracing::debug!(target: "ingest", "offsets not committed to Kafka: {error}");
        }
    }

    /// What is stored of `partitions`, as ours.
    fn to_commit(&self, partitions: &[i32], stored: &BTreeMap<i32, i64>) -> TopicPartitionList {
        let mut offsets = TopicPartitionList::new();
        for partition in partitions {
            if let Some(&next) = stored.get(partition) {
                let mut added = offsets.add_partition(&self.topic, *partition);
                // An offset that is not negative cannot be refused.
                let _ = added.set_offset(Offset::Offset(next));
                if let Some(membership) = &self.membership {
                    added.set_metadata(membership.us.metadata());
                }
            }
        }
        offsets
    }

    /// Gives each newly assigned partition the offset to begin with.
    fn give_offsets(&self, consumer: &BaseConsumer<Self>, partitions: &mut TopicPartitionList) -> Result<(), NoStart> {
        let assigned: BTreeSet<i32> = partitions.elements().iter().map(|element| element.partition()).collect();
        if let Some(membership) = &self.membership {
            self.part_from_twin(consumer, membership)?;
        }
        if let Some(membership) = self.membership.as_ref().filter(|_| !assigned.is_empty()) {
            self.go_on_where_the_group_is(consumer, membership, partitions, &assigned)?;
        }
        for partition in assigned {
            let offset = self.ledger.next(partition).map_or(Offset::Beginning, Offset::Offset);
            partitions.set_partition_offset(&self.topic, partition, offset)?;
        }
        Ok(())
    }

    /// Takes an identity of our own if another of the group has the one we have: each would take the other's offsets for
    /// its own, and read again what the other has stored. Who has come later does so, or both if they come at once.
    fn part_from_twin(
        &self,
        consumer: &BaseConsumer<Self>,
        Membership { us, storage }: &Membership,
    ) -> Result<(), NoStart> {
        if self.met.load(Relaxed) {
            return Ok(());
        }
        if begin::has_twin(consumer, &self.group, us) {
            storage.take_identity()?;
            return Err(NoStart::Twin(self.group.clone()));
        }
        self.met.store(true, Relaxed);
        Ok(())
    }

    fn go_on_where_the_group_is(
        &self,
        consumer: &BaseConsumer<Self>,
        Membership { us, storage }: &Membership,
        partitions: &TopicPartitionList,
        assigned: &BTreeSet<i32>,
    ) -> Result<(), NoStart> {
        let (topic, start) = (self.topic.as_str(), self.start);
        FirstSight { storage, ledger: &self.ledger, topic, start, us }.fix(consumer, assigned)?;
        let committed = match begin::committed(consumer, partitions) {
            Ok(committed) => committed,
            // What another has stored meanwhile is read again, then: rather twice than never.
            Err(error) if assigned.iter().all(|partition| self.ledger.next(*partition).is_some()) => {
                tracing::warn!(target: "ingest", "going on at the stored offsets, for those of the group are not told: {error}");
                BTreeMap::new()
            }
            Err(error) => return Err(error.into()),
        };
        for &partition in assigned {
            let stored = self.ledger.next(partition);
            let is_at_work = |name: &str| {
                let is_at_work = begin::is_at_work(consumer, &self.group, name);
                if !is_at_work {
                    tracing::warn!(
                        target: "ingest",
                        "{topic}[{partition}]: the database that this one may be a copy of is not at work in group {}: what \
                         it has stored since is read again",
                        self.group
                    );
                }
                is_at_work
            };
            let next = begin::begin(stored, committed.get(&partition), us, is_at_work);
            if let Some(next) = next.filter(|_| next != stored) {
                tracing::info!(target: "ingest", "{topic}[{partition}] goes on at {next}, where the group has left it");
                self.ledger.jump(partition, next);
            }
        }
        Ok(())
    }
}

/// What is `held` once `partitions` were assigned, or given up: a cooperative group tells what changes, any other the whole.
fn rebalanced(held: &mut BTreeSet<i32>, partitions: &[i32], assigned: bool, cooperative: bool) {
    match (assigned, cooperative) {
        (true, true) => held.extend(partitions),
        (true, false) => *held = partitions.iter().copied().collect(),
        (false, true) => held.retain(|partition| !partitions.contains(partition)),
        (false, false) => held.clear(),
    }
}

impl ConsumerContext for ClickContext {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        let cooperative = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
        let assign = event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        let names: Vec<i32> = partitions.elements().iter().map(|element| element.partition()).collect();
        let result = if assign {
            tracing::info!(target: "ingest", "assigned partitions {names:?}");
            let told = self.give_offsets(consumer, partitions);
            // For our word about an assignment without partitions librdkafka waits in any case, also to be closed.
            if told.is_ok() || names.is_empty() {
                let assigned = match cooperative {
                    true => consumer.incremental_assign(partitions),
                    false => consumer.assign(partitions),
                };
                told.and(assigned.map_err(NoStart::from))
            } else {
                told
            }
        } else {
            tracing::info!(target: "ingest", "gave up partitions {names:?}");
            self.revoked.store(true, Relaxed);
            // Whoever gets them next goes on from there. Of those that could not be begun with, the group knows better.
            let begun = self.held.lock().clone();
            let ours: Vec<i32> = names.iter().copied().filter(|partition| begun.contains(partition)).collect();
            self.commit(consumer, &ours, &self.ledger.stored(), CommitMode::Async);
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
                tracing::error!(target: "ingest", "rebalance: {error}");
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
        if facility == "FAIL" {
            self.reasons.lock().logged(message);
        }
        crate::engine::local::status::log::kafka_log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(target: "ingest", "librdkafka: {error}: {reason}");
        self.reasons.lock().told(reason);
    }

    fn stats(&self, statistics: Statistics) {
        let known = |offset: i64| (offset >= 0).then_some(offset);
        let partitions = || {
            let all = statistics.topics.values().flat_map(|topic| topic.partitions.values());
            all.filter(|partition| partition.partition >= 0)
        };
        let mut told = self.told.lock();
        told.at = Some(Instant::now());
        let up = || statistics.brokers.values().filter(|broker| broker.state == "UP");
        // Where one is known by its number, a broker that was only configured has told of it: that it answers is not enough.
        let is_known = |broker: &rdkafka::statistics::Broker| broker.nodeid >= 0;
        told.brokers_up = match statistics.brokers.values().any(is_known) {
            true => up().any(is_known),
            false => up().next().is_some(),
        };
        told.answered.extend(up().map(|broker| broker.nodename.clone()));
        told.member = statistics.cgrp.as_ref().is_some_and(|group| group.state == "up" && group.join_state == "steady");
        told.watermarks = partitions()
            .map(|partition| {
                // What lies beyond the last stable offset belongs to open transactions: it cannot be read yet.
                let high = known(partition.ls_offset).or(known(partition.hi_offset));
                (partition.partition, (known(partition.lo_offset), high))
            })
            .collect();
        told.ends = partitions()
            .filter(|partition| partition.fetchq_cnt == 0)
            .filter_map(|partition| Some((partition.partition, known(partition.eof_offset)?)))
            .collect();
        self.news.store(true, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_follows_each_rebalance() {
        let mut held = BTreeSet::new();
        for (partitions, assigned, cooperative, expected) in [
            (&[0, 1, 2][..], true, true, &[0, 1, 2][..]),
            (&[3], true, true, &[0, 1, 2, 3]),
            (&[], true, true, &[0, 1, 2, 3]),
            (&[1, 7], false, true, &[0, 2, 3]),
            (&[4, 5], true, false, &[4, 5]),
            (&[4], false, false, &[]),
        ] {
            rebalanced(&mut held, partitions, assigned, cooperative);
            assert_eq!(held.iter().copied().collect::<Vec<_>>(), expected);
        }
    }

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
