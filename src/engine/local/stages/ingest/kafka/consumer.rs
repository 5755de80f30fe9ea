//! The Kafka consumer, one `BaseConsumer`. We set its offsets in the rebalance callback.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::base_consumer::BaseConsumer;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::KafkaResult;

use super::assignment::{Assigner, Membership};
use super::context::ClickContext;
use super::group_protocol::{self, Protocol};
use super::options::KafkaOptions;
use crate::engine::local::stages::offsets::OffsetLedger;

/// The longest pause before librdkafka connects again.
pub(super) const RECONNECT_PAUSE: Duration = Duration::from_secs(5);

/// How often librdkafka asks for new partitions, and for the topic while it does not exist.
const METADATA_INTERVAL: Duration = Duration::from_secs(10);

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
    /// Connects and joins the group, both in the background. A `membership` is there if other clicktops may be members. Without
    /// one the broker is new, and the consumer reads everything in it.
    pub(super) fn new(
        options: &KafkaOptions,
        group: &str,
        protocol: Protocol,
        membership: Option<Membership>,
        ledger: Arc<OffsetLedger>,
    ) -> KafkaResult<Self> {
        let mut config = ClientConfig::new();
        config
            .set("client.id", membership.as_ref().map_or("clicktop", |membership| membership.us.client_id()))
            .set("topic.metadata.refresh.interval.ms", METADATA_INTERVAL.as_millis().to_string())
            .set("fetch.wait.max.ms", "50")
            // How much librdkafka fetches ahead. The buffer is the store's queue, not this.
            .set("queued.max.messages.kbytes", "16384")
            // The pause before a fetch after that was full. With the default of one second the stage waits while many partitions
            // have a backlog: 0.2 M messages/s instead of 1 M, with 63 partitions.
            .set("fetch.queue.backoff.ms", "10")
            .set("reconnect.backoff.max.ms", RECONNECT_PAUSE.as_millis().to_string())
            .set("statistics.interval.ms", "1000");
        for (key, value) in &options.properties {
            config.set(key, value);
        }
        let log_level = match protocol {
            Protocol::Classic => {
                config.set("group.protocol", "classic").set("partition.assignment.strategy", "cooperative-sticky");
                RDKafkaLogLevel::Info
            }
            Protocol::Consumer { .. } => {
                let contexts = group_protocol::debug_contexts(config.get("debug"));
                config.set("group.protocol", "consumer").set("debug", contexts);
                RDKafkaLogLevel::Debug
            }
        };
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // We always name the offset; an offset that is gone must not be skipped silently.
            .set("auto.offset.reset", "error")
            .set("allow.auto.create.topics", "false")
            // Transaction markers at a partition's end are no messages: only this event says that no more come.
            .set("enable.partition.eof", "true")
            .set_log_level(log_level);
        let assigner = Assigner::new(options, group, membership, ledger);
        let context = ClickContext::new(assigner, options.brokers());
        let consumer: BaseConsumer<ClickContext> = config.create_with_context(context)?;
        consumer.subscribe(&[&options.topic])?;
        Ok(Self { consumer })
    }

    pub(super) fn context(&self) -> &ClickContext {
        self.consumer.context()
    }

    /// Commits the `stored` offsets of our partitions: other tools see the lag by them, and other members resume there. A failure
    /// is only logged: then the others read a little more.
    pub(super) fn commit_offsets(&self, stored: &BTreeMap<i32, i64>, mode: CommitMode) {
        let Ok(assignment) = self.consumer.assignment() else {
            return;
        };
        let partitions = assignment.elements().iter().map(|element| element.partition()).collect::<Vec<_>>();
        self.context().commit(&self.consumer, &partitions, stored, mode);
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
