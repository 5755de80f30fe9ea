//! What the brokers say: of themselves, the topic, and what we may do.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::advice;
use crate::config::KafkaSettings;

/// How long a message is waited for to see whether the topic may be read. A refusal comes at once.
const READING: Duration = Duration::from_secs(5);

/// A connection to the configured brokers that takes part in nothing.
pub(in crate::cli) struct Probe {
    settings: KafkaSettings,
    consumer: BaseConsumer<ProbeContext>,
    reason: Arc<Mutex<Option<String>>>,
    group_refused: Cell<bool>,
}

/// What a broker says of itself and the topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Brokers {
    /// Brokers in the cluster.
    pub(super) count: usize,
    /// Partitions of the topic, or why there are none.
    pub(super) topic: Result<i32, TopicProblem>,
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
    /// Sets the client up. Connects to nothing yet.
    ///
    /// # Errors
    /// librdkafka does not take the settings, or a secret's file cannot be read.
    pub(in crate::cli) fn new(settings: &KafkaSettings) -> anyhow::Result<Self> {
        let mut config = ClientConfig::new();
        for (key, value) in settings.client_properties()? {
            config.set(key, value);
        }
        config
            .set("group.id", &settings.group)
            .set("allow.auto.create.topics", "false")
            .set("enable.partition.eof", "true")
            .set_log_level(RDKafkaLogLevel::Info);
        let reason = Arc::new(Mutex::new(None));
        let context = ProbeContext { reason: Arc::clone(&reason) };
        let consumer = config
            .create_with_context(context)
            .map_err(|error| anyhow!("Kafka settings: {}", advice::of_settings(&error.to_string())))?;
        Ok(Self { settings: settings.clone(), consumer, reason, group_refused: Cell::new(false) })
    }

    /// Asks for the brokers and the topic, within `kafka.connect_timeout`.
    ///
    /// # Errors
    /// No broker answers, or it refuses us: in one line.
    pub(in crate::cli) fn brokers(&self) -> anyhow::Result<Brokers> {
        let (topic, timeout) = (&self.settings.topic, self.settings.connect_timeout);
        let metadata = self.consumer.fetch_metadata(Some(topic), timeout).map_err(|error| {
            self.hear_out();
            let reason = self.reason.lock().take().unwrap_or_else(|| error.to_string());
            anyhow!("{}", advice::of_broker(&self.settings.brokers, timeout, &reason))
        })?;
        let absent = || TopicProblem::Absent(topic.clone());
        let found = metadata.topics().iter().find(|found| found.name() == topic).ok_or_else(absent);
        let topic = found.and_then(|found| match found.error().map(RDKafkaErrorCode::from) {
            None if found.partitions().is_empty() => Err(absent()),
            None => Ok(i32::try_from(found.partitions().len()).unwrap_or(i32::MAX)),
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => Err(absent()),
            Some(RDKafkaErrorCode::TopicAuthorizationFailed) => Err(TopicProblem::Denied(topic.clone())),
            Some(cause) => Err(TopicProblem::Unready { topic: topic.clone(), cause }),
        });
        Ok(Brokers { count: metadata.brokers().len(), topic })
    }

    /// Errors and log lines are told while polling, one at a time; many may have piled up.
    fn hear_out(&self) {
        let deadline = Instant::now() + Duration::from_millis(500);
        while self.reason.lock().is_none() && Instant::now() < deadline {
            // Only what the context hears of it counts.
            let _ = self.consumer.poll(Duration::from_millis(1));
        }
    }

    /// How many messages the `partitions` of the topic hold, after one of them was read, if there is any.
    ///
    /// # Errors
    /// The topic cannot be read, or may not be.
    pub(super) fn messages(&self, partitions: i32) -> anyhow::Result<u64> {
        let topic = &self.settings.topic;
        let mut messages = 0;
        let mut newest = (0, 0);
        for partition in 0..partitions {
            let (low, high) = self
                .consumer
                .fetch_watermarks(topic, partition, self.settings.connect_timeout)
                .map_err(|error| anyhow!("{topic}[{partition}] cannot be read: {error}; are all brokers up?"))?;
            let held = u64::try_from(high - low).unwrap_or(0);
            if held > 0 || partition == 0 {
                newest = (partition, if held > 0 { high - 1 } else { high });
            }
            messages += held;
        }
        self.read(newest)?;
        Ok(messages)
    }

    /// Fetches at (partition, offset) what comes: a message or the end. That nothing comes in time is no refusal.
    fn read(&self, (partition, offset): (i32, i64)) -> anyhow::Result<()> {
        let topic = &self.settings.topic;
        let mut at = TopicPartitionList::new();
        at.add_partition_offset(topic, partition, Offset::Offset(offset))?;
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

    /// What the first event comes to that says something, if one comes in time. A poll may end early for want of news.
    fn next<T>(
        &self,
        within: Duration,
        says: impl Fn(&Result<BorrowedMessage<'_>, KafkaError>) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let event = self.consumer.poll(left);
            if let Some(Err(error)) = &event
                && is(error, RDKafkaErrorCode::GroupAuthorizationFailed)
            {
                self.group_refused.set(true);
            }
            if let Some(said) = event.as_ref().and_then(&says) {
                return Some(said);
            }
            if left.is_zero() {
                return None;
            }
        }
    }

    /// Whether the group may be used, by asking what it has committed.
    ///
    /// # Errors
    /// It may not.
    pub(super) fn group(&self) -> anyhow::Result<()> {
        let mut asked = TopicPartitionList::new();
        asked.add_partition(&self.settings.topic, 0);
        let group = &self.settings.group;
        let Err(error) = self.consumer.committed_offsets(asked, self.settings.connect_timeout) else {
            return Ok(());
        };
        // Who may not look for the group's coordinator waits in vain for it, and is told beside, once.
        self.next(Duration::from_millis(200), |event| event.is_err().then_some(()));
        if self.group_refused.get() || is(&error, RDKafkaErrorCode::GroupAuthorizationFailed) {
            bail!("{group} may not be used by this user; grant it Read on the group, or set kafka.group");
        }
        bail!("{group}: {error}; it may be on its way, so try again")
    }
}

fn is(error: &KafkaError, code: RDKafkaErrorCode) -> bool {
    error.rdkafka_error_code() == Some(code)
}

struct ProbeContext {
    reason: Arc<Mutex<Option<String>>>,
}

impl ClientContext for ProbeContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // The reason of a refused connection is told in a log line only.
        if facility == "FAIL" || level as i32 <= RDKafkaLogLevel::Error as i32 {
            let after_name = message.split_once("]: ").map_or(message, |(_, rest)| rest);
            *self.reason.lock() = Some(after_name.to_owned());
        }
        // The command says it in its own words.
        tracing::debug!(target: "kafka", "{facility}: {message}");
    }

    fn error(&self, _error: KafkaError, reason: &str) {
        let mut known = self.reason.lock();
        // That every broker is down comes last and says nothing.
        if known.is_none() || !reason.contains("brokers are down") {
            *known = Some(reason.to_owned());
        }
    }
}

impl ConsumerContext for ProbeContext {}
