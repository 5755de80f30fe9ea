//! How the consumer reads Kafka.

use std::time::Duration;

use crate::click::{FieldLimits, Format};

/// How the consumer reads Kafka.
#[derive(Clone)]
pub struct KafkaOptions {
    /// librdkafka properties of the connection: brokers, security, and whatever the operator added.
    pub properties: Vec<(String, String)>,
    /// The topic.
    pub topic: String,
    /// The consumer group.
    pub group: String,
    /// How messages are written.
    pub format: Format,
    /// How long the fields of a click may be.
    pub field_limits: FieldLimits,
    /// Where to begin in a partition of which nothing is stored.
    pub start: StartAt,
    /// What to do when the stored offset is no longer in the topic.
    pub on_lost_offset: OnLostOffset,
    /// What the compressed batches of one fetch of a partition may become, in bytes.
    pub max_batch_bytes: usize,
    /// How many messages make a batch.
    pub batch_events: usize,
    /// How long a batch may wait to become full.
    pub batch_interval: Duration,
}

impl KafkaOptions {
    /// The brokers that are configured.
    pub(super) fn brokers(&self) -> &str {
        self.properties.iter().find(|(name, _)| name == "bootstrap.servers").map_or("", |(_, brokers)| brokers)
    }
}

/// Without the properties' values: some are secrets.
impl std::fmt::Debug for KafkaOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.properties.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("KafkaOptions")
            .field("properties", &names)
            .field("topic", &self.topic)
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}

/// Where to begin in a partition of which nothing is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StartAt {
    /// With its oldest message.
    #[default]
    Earliest,
    /// With what comes next.
    Latest,
}

/// What to do when the stored offset is no longer in the topic: retention passed it, or the topic was made anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLostOffset {
    /// Stop ingest and say so; nothing is skipped without the operator's word.
    #[default]
    Stop,
    /// Go on with the oldest message there is.
    Earliest,
    /// Go on with what comes next.
    Latest,
}
