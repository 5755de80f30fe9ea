//! What librdkafka reports beside its answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;

use crate::engine::local::stages::ingest::{broker_error, group_protocol};

/// Errors that librdkafka reports beside its answers.
#[derive(Default)]
pub(super) struct Heard {
    /// The newest reason other than "all brokers are down".
    pub(super) reason: Option<String>,
    /// Since when each broker has failed.
    pub(super) since: BTreeMap<String, Instant>,
    /// A broker has the consumer protocol.
    pub(super) consumer_protocol: bool,
}

pub(super) struct ProbeContext {
    pub(super) heard: Arc<Mutex<Heard>>,
}

impl ProbeContext {
    fn hear(&self, reason: &str) {
        let mut heard = self.heard.lock();
        if !broker_error::is_vague(reason) {
            heard.reason = Some(reason.to_owned());
        }
        if let Some(at) = broker_error::broker(reason) {
            heard.since.entry(at.to_owned()).or_insert_with(Instant::now);
        }
    }
}

impl ClientContext for ProbeContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if group_protocol::says_broker_has_it(message) {
            self.heard.lock().consumer_protocol = true;
        }
        // librdkafka gives the reason of a refused connection in a log line only.
        if facility == "FAIL" || level as i32 <= RDKafkaLogLevel::Error as i32 {
            self.hear(message);
        }
        // The command prints it in its own words.
        tracing::debug!(target: "kafka", "{facility}: {message}");
    }

    fn error(&self, _error: KafkaError, reason: &str) {
        self.hear(reason);
    }
}

impl ConsumerContext for ProbeContext {}
