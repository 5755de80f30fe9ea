//! Asks the brokers about themselves, the topic and our permissions.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use parking_lot::Mutex;
use rdkafka::Message as _;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::metadata::Metadata;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::advice;
use super::heard::{Heard, ProbeContext};
use super::listeners::unreachable;
use super::sample::{Looked, begins};
use crate::config::KafkaSettings;
use crate::engine::local::stages::ingest::broker_error;
use crate::engine::local::stages::ingest::broker_error::{BrokerError, KnownBrokers};
use crate::engine::local::stages::ingest::group_protocol;

/// How long to wait for a message, to see whether we may read the topic. A refusal comes at once.
const READING: Duration = Duration::from_secs(5);

/// How long it takes until every address of every broker has refused: librdkafka tries them one after another.
const ALL_TRIED: Duration = Duration::from_secs(1);

/// The first wait for an answer.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// How long a command waits for the brokers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Patience {
    /// Until a broker answers or all brokers refuse.
    Answer,
    /// Until a broker answers: it may be about to start.
    Start,
}

/// A connection to the configured brokers that joins no group.
pub(in crate::cli) struct Probe {
    settings: KafkaSettings,
    consumer: BaseConsumer<ProbeContext>,
    heard: Arc<Mutex<Heard>>,
    group_refused: Cell<bool>,
}

/// The answer of a broker about the cluster and the topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Brokers {
    /// Brokers in the cluster.
    pub(super) count: usize,
    /// Partitions of the topic, or why there are none.
    pub(in crate::cli) topic: Result<i32, TopicProblem>,
}

/// Why a topic cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::cli) enum TopicProblem {
    #[error("{0} does not exist; create it, or set kafka.topic")]
    Absent(String),
    #[error("{0} may not be seen or read by this user; grant it Describe and Read on the topic")]
    Denied(String),
    #[error("{topic}: {cause}; it may be on its way, so try again")]
    Unready { topic: String, cause: RDKafkaErrorCode },
}

impl Probe {
    /// Sets up the client without connecting.
    ///
    /// # Errors
    /// librdkafka does not take the settings, or a secret's file cannot be read.
    pub(in crate::cli) fn new(settings: &KafkaSettings) -> anyhow::Result<Self> {
        let mut config = ClientConfig::new();
        for (key, value) in settings.client_properties()? {
            config.set(key, value);
        }
        let debug = match config.get("debug") {
            Some(asked) => format!("{asked},{}", group_protocol::VERSIONS_DEBUG),
            None => group_protocol::VERSIONS_DEBUG.to_owned(),
        };
        config
            .set("group.id", &settings.group)
            // Reading here does not move the offsets of the group.
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("allow.auto.create.topics", "false")
            .set("enable.partition.eof", "true")
            .set("debug", debug)
            .set_log_level(RDKafkaLogLevel::Debug);
        let heard = Arc::<Mutex<Heard>>::default();
        let context = ProbeContext { heard: Arc::clone(&heard) };
        let consumer = config
            .create_with_context(context)
            .map_err(|error| anyhow!("Kafka settings: {}", advice::of_settings(&error.to_string())))?;
        Ok(Self { settings: settings.clone(), consumer, heard, group_refused: Cell::new(false) })
    }

    /// Asks for the brokers and the topic, within `kafka.connect_timeout`.
    ///
    /// # Errors
    /// No broker answers, or it refuses us.
    pub(in crate::cli) fn brokers(&self, patience: Patience) -> anyhow::Result<Brokers> {
        let (topic, timeout) = (&self.settings.topic, self.settings.connect_timeout);
        let metadata = self.metadata(patience)?;
        let absent = || TopicProblem::Absent(topic.clone());
        let found = metadata.topics().iter().find(|found| found.name() == topic).ok_or_else(absent);
        let topic = found.and_then(|found| match found.error().map(RDKafkaErrorCode::from) {
            None if found.partitions().is_empty() => Err(absent()),
            None => Ok(i32::try_from(found.partitions().len()).unwrap_or(i32::MAX)),
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => Err(absent()),
            Some(RDKafkaErrorCode::TopicAuthorizationFailed) => Err(TopicProblem::Denied(topic.clone())),
            Some(cause) => Err(TopicProblem::Unready { topic: topic.clone(), cause }),
        });
        let addresses = || metadata.brokers().iter().map(|broker| (broker.host().to_owned(), broker.port()));
        let advertised = match patience {
            Patience::Answer => unreachable(&self.settings.brokers, addresses().collect(), timeout),
            Patience::Start => None,
        };
        match advertised {
            Some(complaint) => bail!("{}", complaint.line()),
            None => Ok(Brokers { count: metadata.brokers().len(), topic }),
        }
    }

    /// Waits for the metadata, and collects librdkafka's errors meanwhile.
    fn metadata(&self, patience: Patience) -> anyhow::Result<Metadata> {
        let deadline = Instant::now() + self.settings.connect_timeout;
        let mut wait = FIRST_WAIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.consumer.fetch_metadata(Some(&self.settings.topic), wait.min(left)) {
                Ok(metadata) => return Ok(metadata),
                Err(error) => {
                    let is_over = left <= wait;
                    self.hear_out(is_over);
                    let heard = self.heard.lock();
                    let all_refuse = self.tried_all(&heard);
                    if is_over || (all_refuse && patience == Patience::Answer) {
                        tracing::debug!(target: "kafka", "no metadata: {error}");
                        bail!("{}", self.complaint(&heard).line());
                    }
                    // A slow broker needs longer waits; a refusal is quick.
                    wait = if heard.since.is_empty() { (wait * 2).min(ALL_TRIED) } else { FIRST_WAIT };
                }
            }
        }
    }

    /// Whether every address of every broker has refused.
    fn tried_all(&self, heard: &Heard) -> bool {
        broker_error::addresses(&self.settings.brokers)
            .all(|at| heard.since.get(&at).is_some_and(|since| since.elapsed() >= ALL_TRIED))
    }

    fn complaint(&self, heard: &Heard) -> BrokerError {
        let brokers = &self.settings.brokers;
        match &heard.reason {
            Some(reason) => BrokerError::read(reason, KnownBrokers { configured: brokers, answered: &BTreeSet::new() }),
            None => BrokerError::silence(brokers, self.settings.connect_timeout),
        }
    }

    /// Polls, because librdkafka reports errors and log lines one at a time while polling, and many may have piled up. Waits for
    /// `longer` for those that are still to come.
    fn hear_out(&self, longer: bool) {
        let deadline = Instant::now() + Duration::from_millis(if longer { 500 } else { 20 });
        while Instant::now() < deadline && !(longer && self.heard.lock().reason.is_some()) {
            // The context collects the errors.
            let _ = self.consumer.poll(Duration::from_millis(1));
        }
    }

    /// The number of messages in the `partitions` of the topic, and a look at some of the newest.
    ///
    /// # Errors
    /// The topic cannot be read, or we may not read it.
    pub(super) fn messages(&self, partitions: i32, mut looked: Looked) -> anyhow::Result<(u64, Looked)> {
        // Looked at afterwards: a schema registry may take longer than a poll.
        let mut newest = Vec::new();
        let messages = self.newest(partitions, looked.wanted(), |message| {
            newest.push(message.to_vec());
            newest.len() < looked.wanted()
        })?;
        newest.iter().for_each(|message| looked.add(message));
        Ok((messages, looked))
    }

    /// Gives `wanted` of the newest messages of the `partitions` of the topic to `take`, until it wants no more, as long as the time
    /// lasts. Returns the number of messages that the topic holds.
    ///
    /// # Errors
    /// The topic cannot be read, or we may not read it.
    pub(in crate::cli) fn newest(
        &self,
        partitions: i32,
        wanted: usize,
        take: impl FnMut(&[u8]) -> bool,
    ) -> anyhow::Result<u64> {
        let topic = &self.settings.topic;
        let mut messages = 0;
        let mut held = Vec::new();
        let mut first_end = 0;
        for partition in 0..partitions {
            let (low, high) = self
                .consumer
                .fetch_watermarks(topic, partition, self.settings.connect_timeout)
                .map_err(|error| anyhow!("{topic}[{partition}] cannot be read: {error}; are all brokers up?"))?;
            let here = u64::try_from(high - low).unwrap_or(0);
            if here > 0 {
                held.push((partition, low..high));
            }
            if partition == 0 {
                first_end = high;
            }
            messages += here;
        }
        // Each partition is assigned only once, because the end-of-partition event of an earlier assignment may come late.
        match held.is_empty() {
            true => self.read_end(first_end)?,
            false => self.read(&held, wanted, take)?,
        }
        Ok(messages)
    }

    /// Reads some of the newest messages of the partitions `held`.
    fn read(
        &self,
        held: &[(i32, Range<i64>)],
        wanted: usize,
        mut take: impl FnMut(&[u8]) -> bool,
    ) -> anyhow::Result<()> {
        let mut at = TopicPartitionList::new();
        for ((partition, _), begin) in held.iter().zip(begins(held, wanted)) {
            at.add_partition_offset(&self.settings.topic, *partition, Offset::Offset(begin))?;
        }
        self.consumer.assign(&at)?;
        let deadline = Instant::now() + READING.min(self.settings.connect_timeout);
        let mut open: BTreeSet<i32> = held.iter().map(|(partition, _)| *partition).collect();
        let (mut denied, mut goes_on) = (false, true);
        while !denied && goes_on && !open.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match self.poll(left) {
                Some(Ok(message)) => goes_on = take(message.payload().unwrap_or_default()),
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    open.remove(&partition);
                }
                Some(Err(error)) => denied = is(&error, RDKafkaErrorCode::TopicAuthorizationFailed),
                None => {}
            }
        }
        self.consumer.unassign()?;
        match denied {
            true => Err(TopicProblem::Denied(self.settings.topic.clone()).into()),
            false => Ok(()),
        }
    }

    /// Fetches at `offset`, the end of the first partition, to see whether we may read it. If nothing comes in time, we may.
    fn read_end(&self, offset: i64) -> anyhow::Result<()> {
        let topic = &self.settings.topic;
        let mut at = TopicPartitionList::new();
        at.add_partition_offset(topic, 0, Offset::Offset(offset))?;
        self.consumer.assign(&at)?;
        let within = READING.min(self.settings.connect_timeout);
        let denied = self.next(within, |event| match event {
            Ok(_) | Err(KafkaError::PartitionEOF(_)) => Some(false),
            Err(error) => is(error, RDKafkaErrorCode::TopicAuthorizationFailed).then_some(true),
        });
        self.consumer.unassign()?;
        match denied {
            Some(true) => Err(TopicProblem::Denied(topic.clone()).into()),
            Some(false) | None => Ok(()),
        }
    }

    /// The next event, if one comes in time. It remembers a refusal of the group.
    fn poll(&self, within: Duration) -> Option<Result<BorrowedMessage<'_>, KafkaError>> {
        let event = self.consumer.poll(within);
        if let Some(Err(error)) = &event
            && is(error, RDKafkaErrorCode::GroupAuthorizationFailed)
        {
            self.group_refused.set(true);
        }
        event
    }

    /// The first event that `says` turns into a result, if one comes in time. A poll may end early without an event.
    fn next<T>(
        &self,
        within: Duration,
        says: impl Fn(&Result<BorrowedMessage<'_>, KafkaError>) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let event = self.poll(left);
            if let Some(said) = event.as_ref().and_then(&says) {
                return Some(said);
            }
            if left.is_zero() {
                return None;
            }
        }
    }

    /// Asks for the committed offsets of the group, to see whether we may use it. Returns the protocol by which ingest will join it, in
    /// words.
    ///
    /// # Errors
    /// We may not use it, or the broker does not have the protocol that the settings ask for.
    pub(super) fn group(&self) -> anyhow::Result<&'static str> {
        let mut asked = TopicPartitionList::new();
        asked.add_partition(&self.settings.topic, 0);
        let group = &self.settings.group;
        let Err(error) = self.consumer.committed_offsets(asked, self.settings.connect_timeout) else {
            return self.group_protocol();
        };
        // Without the right to find the coordinator of the group, the request times out; librdkafka reports the reason once,
        // beside it.
        self.next(Duration::from_millis(200), |event| event.is_err().then_some(()));
        if self.group_refused.get() || is(&error, RDKafkaErrorCode::GroupAuthorizationFailed) {
            bail!("{group} may not be used by this user; grant it Read on the group, or set kafka.group");
        }
        bail!("{group}: {error}; it may be on its way, so try again")
    }

    fn group_protocol(&self) -> anyhow::Result<&'static str> {
        // The versions that the broker takes lie among the log lines.
        self.hear_out(false);
        let names = self.settings.properties.iter().map(|(name, _)| name);
        match self.settings.group_protocol.is_consumer(names, self.heard.lock().consumer_protocol) {
            Some(true) => Ok("consumer protocol"),
            Some(false) => Ok("classic protocol"),
            None => bail!(
                "{}: the broker does not have the consumer protocol of Kafka 4; set kafka.group_protocol to \"auto\" or \"classic\"",
                self.settings.group
            ),
        }
    }
}

fn is(error: &KafkaError, code: RDKafkaErrorCode) -> bool {
    error.rdkafka_error_code() == Some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_of_any_length_give_as_many_messages_as_are_wanted() {
        let read = |lengths: &[i64], wanted| -> Vec<i64> {
            let held: Vec<_> = (0..).zip(lengths).map(|(partition, length)| (partition, 7..7 + length)).collect();
            let begins = begins(&held, wanted);
            held.iter().zip(begins).map(|((_, offsets), begin)| offsets.end - begin).collect()
        };
        assert_eq!(read(&[42, 38, 523], 1_000), [42, 38, 523]);
        assert_eq!(read(&[523, 38, 42], 300), [220, 38, 42]);
        assert_eq!(read(&[900, 900, 900], 1_000), [334, 334, 334]);
        assert_eq!(read(&[5_000], 1_000), [1_000]);
        assert_eq!(read(&[1, 1, 5_000, 5_000], 10), [1, 1, 4, 4]);
        assert_eq!(read(&[], 10), [0; 0]);
    }
}
