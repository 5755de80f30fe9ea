//! Finds out that the topic does not exist. librdkafka reports it only to members of the classic protocol; a member of the consumer
//! protocol just holds no partition.

use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::RDKafkaErrorCode;

use super::consumer::ClickConsumer;
use super::group_protocol::Protocol;

/// How often the stage asks for the topic while it holds no partition.
const INTERVAL: Duration = Duration::from_secs(3);

/// How long the answer may take. The stage does nothing else meanwhile.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Asks for the topic while a member of the consumer protocol holds no partition.
pub(super) struct TopicWatch {
    protocol: Protocol,
    asked: Option<Instant>,
}

impl TopicWatch {
    pub(super) fn new(protocol: Protocol) -> Self {
        Self { protocol, asked: None }
    }

    /// Whether the brokers say that `topic` does not exist, if it is time to ask.
    pub(super) fn is_missing(&mut self, consumer: &ClickConsumer, topic: &str) -> bool {
        let context = consumer.context();
        let is_due = self.asked.is_none_or(|asked| asked.elapsed() >= INTERVAL);
        if self.protocol == Protocol::Classic || context.is_assigned() || !context.is_member() || !is_due {
            return false;
        }
        self.asked = Some(Instant::now());
        let Ok(metadata) = consumer.fetch_metadata(Some(topic), TIMEOUT) else { return false };
        let is_unknown = |error| {
            let unknown = [RDKafkaErrorCode::UnknownTopicOrPartition, RDKafkaErrorCode::UnknownTopic];
            unknown.contains(&RDKafkaErrorCode::from(error))
        };
        metadata.topics().iter().any(|found| found.name() == topic && found.error().is_some_and(is_unknown))
    }
}
