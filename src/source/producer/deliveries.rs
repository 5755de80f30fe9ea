//! Counts what the broker has acknowledged in each partition.

use parking_lot::Mutex;
use rdkafka::ClientContext;
use rdkafka::Message as _;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::producer::{DeliveryResult, ProducerContext};
use rdkafka::types::RDKafkaErrorCode;

use crate::kafka_log;
use crate::text::printable;

/// Stands before the log lines of the producer.
const CLIENT: &str = "source: ";

/// Counts delivery reports. librdkafka calls it while the producer polls.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sent: u64,
    failed: u64,
    /// Of those that failed, the messages that the topic does not take for their size.
    too_large: u64,
    partitions: Vec<Acknowledged>,
    error: Option<String>,
}

/// One partition's acknowledgements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Acknowledged {
    /// How many.
    pub(super) count: u64,
    /// One past the highest offset among them; 0 while no report named one.
    pub(super) next: i64,
}

impl Deliveries {
    /// Messages acknowledged.
    pub(super) fn sent(&self) -> u64 {
        self.state.lock().sent
    }

    /// Messages whose fate is known.
    pub(super) fn settled(&self) -> u64 {
        let state = self.state.lock();
        state.sent.saturating_add(state.failed)
    }

    /// Messages that the topic did not take for their size.
    pub(super) fn too_large(&self) -> u64 {
        self.state.lock().too_large
    }

    /// Why the first message failed that did, unless it was too large.
    pub(super) fn error(&self) -> Option<String> {
        self.state.lock().error.clone()
    }

    /// Calls `see` with each partition that has acknowledgements.
    pub(super) fn for_each(&self, mut see: impl FnMut(i32, Acknowledged)) {
        for (partition, acknowledged) in (0..).zip(&self.state.lock().partitions) {
            if acknowledged.count > 0 {
                see(partition, *acknowledged);
            }
        }
    }

    fn acknowledge(&self, partition: i32, offset: i64) {
        let mut state = self.state.lock();
        state.sent = state.sent.saturating_add(1);
        let Ok(at) = usize::try_from(partition) else { return };
        if at >= state.partitions.len() {
            state.partitions.resize(at.saturating_add(1), Acknowledged::default());
        }
        if let Some(acknowledged) = state.partitions.get_mut(at) {
            acknowledged.count = acknowledged.count.saturating_add(1);
            // A negative offset: acknowledged as a duplicate, so the broker did not say where it is.
            acknowledged.next = acknowledged.next.max(offset.saturating_add(1));
        }
    }

    fn fail(&self, error: &KafkaError) {
        let mut state = self.state.lock();
        state.failed = state.failed.saturating_add(1);
        // Thrown away at the end on purpose: not worth a word.
        let purged =
            matches!(error.rdkafka_error_code(), Some(RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight));
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageSizeTooLarge) {
            // Its own fault alone: the others go on.
            state.too_large = state.too_large.saturating_add(1);
        } else if !purged && state.error.is_none() {
            state.error = Some(in_words(error));
        }
    }
}

/// librdkafka reports a message as failed only after its own retries: this is final.
fn in_words(error: &KafkaError) -> String {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::MessageTimedOut) => {
            "the broker did not acknowledge a message in time; is it up, and reachable at the address it advertises?"
                .to_owned()
        }
        Some(code) => printable(&code.to_string()).into_owned(),
        None => printable(&error.to_string()).into_owned(),
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // Trouble of the producer is no trouble of the pipeline: what becomes final shows in a delivery report.
        let level = match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error
            | RDKafkaLogLevel::Warning => RDKafkaLogLevel::Warning,
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => RDKafkaLogLevel::Debug,
        };
        kafka_log::log(CLIENT, level, facility, message);
    }

    /// Trouble with a broker. librdkafka has logged most of it, and goes on trying.
    fn error(&self, _error: KafkaError, reason: &str) {
        kafka_log::log(CLIENT, RDKafkaLogLevel::Warning, "FAIL", reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        match result {
            Ok(message) => self.acknowledge(message.partition(), message.offset()),
            Err((error, _)) => self.fail(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_the_highest_offset_whatever_is_unknown() {
        let deliveries = Deliveries::default();
        for (partition, offset) in [(2, 7), (2, 8), (2, -1001), (0, 0), (-1, 5)] {
            deliveries.acknowledge(partition, offset);
        }
        let mut seen = Vec::new();
        deliveries.for_each(|partition, acknowledged| seen.push((partition, acknowledged)));
        assert_eq!(seen, [(0, Acknowledged { count: 1, next: 1 }), (2, Acknowledged { count: 3, next: 9 })]);
        assert_eq!(deliveries.sent(), 5);
    }

    #[test]
    fn the_first_real_error_is_the_one_to_tell() {
        let deliveries = Deliveries::default();
        deliveries.fail(&KafkaError::MessageProduction(RDKafkaErrorCode::PurgeQueue));
        assert_eq!(deliveries.error(), None);
        deliveries.fail(&KafkaError::MessageProduction(RDKafkaErrorCode::MessageTimedOut));
        deliveries.fail(&KafkaError::MessageProduction(RDKafkaErrorCode::TopicAuthorizationFailed));
        assert!(deliveries.error().expect("an error").contains("in time"));
        assert_eq!((deliveries.sent(), deliveries.settled()), (0, 3));
    }

    #[test]
    fn a_message_that_is_too_large_is_counted_and_ends_nothing() {
        let deliveries = Deliveries::default();
        deliveries.fail(&KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge));
        assert_eq!((deliveries.error(), deliveries.too_large(), deliveries.settled()), (None, 1, 1));
    }
}
