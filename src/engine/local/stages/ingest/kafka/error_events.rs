//! Decides what the stage does about errors of the consumer, and when a fault has ended.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

use super::broker_error::BrokerError;
use super::consumer::RECONNECT_PAUSE;
use super::run::{End, IngestRun, LAST_HANDOVER};
use super::stage::IngestError;
use super::trouble::Trouble;
use super::{lost_offset, unpack};
use crate::storage::StorageError;

/// How long no broker may be up before the stage is in trouble. A broker that starts anew is away for a few seconds.
const NO_BROKER: Duration = Duration::from_secs(5);

impl IngestRun<'_> {
    /// Decides what it means that no message came: everything is read, or the brokers give trouble.
    pub(super) fn nothing_came(&mut self) {
        let context = self.consumer.context();
        let has_status = self.trouble.since.is_some_and(|since| context.has_status_since(since));
        let healed = has_status
            && match self.trouble.needs_topic {
                true => context.has_topic(),
                false => context.brokers_up(),
            };
        if healed {
            self.trouble = Trouble::default();
            self.consumer.context().forget_reasons();
        }
        if self.trouble.since.is_none()
            && let Some(time) = self.consumer.context().down_for().filter(|time| *time >= NO_BROKER)
        {
            self.no_broker(time);
        }
        let context = self.consumer.context();
        if self.trouble.since.is_none() {
            if context.is_assigned() || context.is_member() {
                self.show_working();
            }
        } else if self.trouble.next_try.is_none_or(|at| at <= Instant::now()) {
            // librdkafka tries again by itself, and is silent while nothing changes.
            self.trouble.next_try = Some(Instant::now() + RECONNECT_PAUSE);
            self.handle.still_backing_off(&self.trouble.cause, RECONNECT_PAUSE);
        }
    }

    /// Nothing has come from any broker for a while, and librdkafka reports no error: the brokers hang.
    fn no_broker(&mut self, time: Duration) {
        let whole_seconds = Duration::from_secs(time.as_secs());
        let cause = BrokerError::silence(self.stage.options.brokers(), whole_seconds).cause();
        self.handle.error(&cause);
        self.trouble = Trouble { since: Some(Instant::now()), cause, needs_topic: false, next_try: None };
    }

    /// Handles an error event of the consumer; `Some` if the consumer's life ends with it.
    pub(super) fn on_error(&mut self, error: KafkaError) -> Result<Option<End>, IngestError> {
        match error {
            KafkaError::PartitionEOF(partition) => {
                self.ends.reached(partition);
                if self.ends.are_all_reached() && self.held.is_empty() {
                    self.at_the_end()?;
                }
                return Ok(None);
            }
            KafkaError::MessageConsumption(RDKafkaErrorCode::BadCompression) if self.has_put_off() => return Ok(None),
            KafkaError::MessageConsumptionFatal(code) if self.joining.is_refused_by(code) => {
                return Ok(Some(End::FallBack));
            }
            KafkaError::MessageConsumptionFatal(_) => return Err(IngestError::Fatal(error)),
            KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                // The gathered messages come before the gap.
                self.hand_over(LAST_HANDOVER)?;
                let lost = lost_offset::resolve(self.consumer, &self.stage.options, &self.stage.ledger)?;
                self.stage.handover.metrics.skipped.fetch_add(lost.skipped, Relaxed);
                return Ok(Some(End::Again));
            }
            _ => {}
        }
        let needs_topic = matches!(
            error,
            KafkaError::MessageConsumption(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic)
        );
        let cause = match &error {
            _ if needs_topic => {
                format!(
                    "topic {} does not exist on the broker; create it, or set kafka.topic",
                    self.stage.options.topic
                )
            }
            KafkaError::MessageConsumption(RDKafkaErrorCode::BadCompression) => {
                "Kafka: a batch cannot be unpacked; it is damaged, or in a format older than Kafka 0.11 and larger than \
                 kafka.max_batch_bytes"
                    .to_owned()
            }
            KafkaError::MessageConsumption(code) | KafkaError::Global(code) => {
                let broker_error = self.consumer.context().take_broker_error();
                broker_error.map_or_else(|| format!("Kafka: {code}"), |error| error.cause())
            }
            other => format!("Kafka: {other}"),
        };
        if needs_topic && let Err(error) = self.note_absence() {
            tracing::debug!(target: "ingest", "cannot note that the topic does not exist yet: {error}");
        }
        self.handle.error(&cause);
        self.trouble = Trouble { since: Some(Instant::now()), cause, needs_topic, next_try: None };
        self.nothing_came();
        Ok(None)
    }

    /// Whether a batch was put off to the next fetch since the last call: that is no trouble.
    fn has_put_off(&mut self) -> bool {
        let before = std::mem::replace(&mut self.put_off, unpack::put_off());
        self.put_off > before
    }

    /// Notes that the topic does not exist yet: once it does, the stage reads it from its beginning.
    fn note_absence(&self) -> Result<(), StorageError> {
        let (storage, topic) = (&self.stage.storage, self.stage.options.topic.as_str());
        if self.stage.own_broker || storage.knows_topic(topic)? {
            return Ok(());
        }
        storage.add_topic(topic, &BTreeMap::new())?;
        tracing::info!(target: "ingest", "topic {topic} does not exist yet; ingest reads it from its beginning once it does");
        Ok(())
    }
}
