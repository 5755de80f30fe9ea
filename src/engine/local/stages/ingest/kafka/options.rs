//! How the consumer reads Kafka.

use std::time::Duration;

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use serde::{Deserialize, Serialize};

use super::group_protocol::{GroupProtocol, Protocol};
use crate::click::mapping::{CompiledMapping, EventDecoder};
use crate::click::{FieldLimits, Format};
use crate::enrich::Pseudonyms;
use crate::registry::{FrameReader, Schemas};

/// How the consumer reads Kafka.
#[derive(Clone)]
pub struct KafkaOptions {
    /// librdkafka properties of the connection: brokers, security, and whatever the operator added.
    pub properties: Vec<(String, String)>,
    /// The topic.
    pub topic: String,
    /// The consumer group.
    pub group: String,
    /// How the group shares the partitions.
    pub group_protocol: GroupProtocol,
    /// How events become clicks; `None` if they are clicks of the nine fields.
    pub mapping: Option<CompiledMapping>,
    /// How messages of the nine fields are written.
    pub format: Format,
    /// The schemas of messages with a frame; `None` without a schema registry.
    pub schemas: Option<Schemas>,
    /// What is kept in place of user ids; `None` if they are kept.
    pub pseudonyms: Option<Pseudonyms>,
    /// How long the fields of a click may be.
    pub field_limits: FieldLimits,
    /// Where to begin in a partition without a stored offset.
    pub start: StartAt,
    /// What to do if the topic no longer has the stored offset.
    pub on_lost_offset: OnLostOffset,
    /// The largest size, in bytes, to which the compressed batches of one fetch of a partition may unpack.
    pub max_batch_bytes: usize,
    /// How many messages make a batch.
    pub batch_events: usize,
    /// How long a batch may wait to become full.
    pub batch_interval: Duration,
}

impl KafkaOptions {
    /// The decoder of the messages.
    pub(super) fn decoder(&self) -> EventDecoder {
        EventDecoder::new(self.mapping.as_ref(), self.format, self.field_limits)
    }

    /// What opens messages with a frame; `None` without a schema registry.
    pub(super) fn frames(&self) -> Option<FrameReader> {
        Some(FrameReader::new(self.schemas.clone()?, self.mapping.as_ref()))
    }

    /// The group protocol of the first consumer.
    pub(super) fn first_protocol(&self) -> Protocol {
        self.group_protocol.first(self.properties.iter().map(|(name, _)| name.as_str()))
    }

    /// The configuration of a client that looks at the topic beside the consumer. Without a subscription it never joins the group.
    pub(super) fn bystander(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        for (key, value) in &self.properties {
            config.set(key, value);
        }
        config
            .set("group.id", &self.group)
            .set("allow.auto.create.topics", "false")
            .set_log_level(RDKafkaLogLevel::Emerg);
        config
    }

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

/// Where to begin in a partition without a stored offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StartAt {
    /// At the oldest message that the broker has.
    #[default]
    Earliest,
    /// At the next message that somebody sends.
    Latest,
}

/// What to do if the topic no longer has the stored offset: its messages expired, or the topic was recreated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnLostOffset {
    /// Fail the ingest stage with an error: only the operator decides to skip messages.
    #[default]
    Stop,
    /// Resume at the oldest message that the broker has.
    Earliest,
    /// Resume at the next message that somebody sends.
    Latest,
}
