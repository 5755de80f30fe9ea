//! Trouble with the brokers: what it is, and when it is over.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

use super::{End, IngestError, LAST_HANDOVER, Run, consumer, lost, unpack};
use crate::engine::local::stages::complaint;
use crate::storage::StorageError;

/// What the brokers last complained about.
#[derive(Default)]
pub(super) struct Trouble {
    since: Option<Instant>,
    cause: String,
    /// The topic is missing: that the brokers answer mends nothing.
    needs_topic: bool,
    next_try: Option<Instant>,
}

/// Why brokers cannot be used, in librdkafka's words.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    /// What the newest error says, until it is taken.
    newest: Option<String>,
    /// The newest that says more than that no broker can be reached.
    telling: Option<String>,
}

impl Reasons {
    /// librdkafka logs `message`; an error may follow that says less.
    pub(super) fn logged(&mut self, message: &str) {
        self.telling = Some(message.to_owned());
    }

    /// librdkafka reports an error for this `reason`.
    pub(super) fn told(&mut self, reason: &str) {
        if !complaint::is_vague(reason) {
            self.telling = Some(reason.to_owned());
        }
        self.newest = self.telling.clone().or_else(|| Some(reason.to_owned()));
    }

    /// The reason of the newest error.
    pub(super) fn take(&mut self) -> Option<String> {
        self.newest.take()
    }
}

impl Run<'_> {
    /// Nothing came: is that because all is read, or because nothing works?
    pub(super) fn settle(&mut self) {
        let context = self.consumer.context();
        let told = self.trouble.since.is_some_and(|since| context.told_since(since));
        let healed = told
            && match self.trouble.needs_topic {
                true => context.has_topic(),
                false => context.brokers_up(),
            };
        if healed {
            self.trouble = Trouble::default();
            self.consumer.context().forget_reasons();
        }
        if self.trouble.since.is_none() {
            if context.is_assigned() || context.is_member() {
                self.handle.running();
            }
        } else if self.trouble.next_try.is_none_or(|at| at <= Instant::now()) {
            // librdkafka tries on by itself, and is silent while nothing changes.
            self.trouble.next_try = Some(Instant::now() + consumer::RECONNECT_PAUSE);
            self.handle.still_backing_off(&self.trouble.cause, consumer::RECONNECT_PAUSE);
        }
    }

    /// An error event of the consumer.
    pub(super) fn complaint(&mut self, error: KafkaError) -> Result<Option<End>, IngestError> {
        match error {
            KafkaError::PartitionEOF(partition) => {
                self.ends.reached(partition);
                return Ok(None);
            }
            KafkaError::MessageConsumption(RDKafkaErrorCode::BadCompression) if self.has_put_off() => return Ok(None),
            KafkaError::MessageConsumptionFatal(_) => return Err(IngestError::Fatal(error)),
            KafkaError::MessageConsumption(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                // What was gathered comes before the gap.
                self.hand_over(LAST_HANDOVER)?;
                let lost = lost::resolve(self.consumer, &self.stage.options, &self.stage.ledger)?;
                self.stage.metrics.skipped.fetch_add(lost.skipped, Relaxed);
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
                let complaint = self.consumer.context().take_complaint();
                complaint.map_or_else(|| format!("Kafka: {code}"), |complaint| complaint.cause())
            }
            other => format!("Kafka: {other}"),
        };
        if needs_topic && let Err(error) = self.note_absence() {
            tracing::debug!(target: "ingest", "that the topic is not there yet cannot be noted: {error}");
        }
        self.handle.error(&cause);
        self.trouble = Trouble { since: Some(Instant::now()), cause, needs_topic, next_try: None };
        self.settle();
        Ok(None)
    }

    /// Whether a batch was put off to the next fetch since the last call: that is no trouble.
    fn has_put_off(&mut self) -> bool {
        let before = std::mem::replace(&mut self.put_off, unpack::put_off());
        self.put_off > before
    }

    /// A topic that is not there yet is new when it comes, and read from its beginning.
    fn note_absence(&self) -> Result<(), StorageError> {
        let (storage, topic) = (&self.stage.storage, self.stage.options.topic.as_str());
        if self.stage.own_broker || storage.has_seen(topic)? {
            return Ok(());
        }
        storage.see_topic(topic, &BTreeMap::new())?;
        tracing::info!(target: "ingest", "topic {topic} is not there yet: it is read from its beginning when it comes");
        Ok(())
    }
}
