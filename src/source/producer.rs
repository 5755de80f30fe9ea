//! The producer behind generator and replay: acknowledged, to a real cluster idempotent, on a thread of its own.
//!
//! It never drops: a full librdkafka queue and a full window (embedded broker only) make it wait.

mod deliveries;
mod outbox;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::JoinHandle;

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::producer::BaseProducer;
use tokio::sync::watch;

use self::deliveries::Deliveries;
use self::outbox::TopicProducer;
use self::worker::Worker;
use super::error::DemoError;
use super::rate::TokenBucket;
use crate::protocol::source::SourceProgress;
use crate::source::StoredOffsets;
use crate::text::printable;

/// Where the records go.
#[derive(Clone)]
pub struct Target {
    /// `bootstrap.servers`.
    pub brokers: String,
    /// The topic.
    pub topic: String,
    /// How many partitions the topic has; 0 asks the cluster.
    pub partitions: i32,
    /// What the pipeline has stored, for the embedded broker: the producer then never has more under way than that
    /// broker keeps. `None` for a real cluster.
    ///
    /// With the embedded broker, a record waits in the window until it is stored; the bound on throughput is therefore
    /// about `partitions` × 16,000 records of ordinary size per time from sending to storing.
    pub stored: Option<StoredOffsets>,
    /// More librdkafka properties (security, for one). They win over this producer's own.
    pub properties: Vec<(String, String)>,
}

/// Without the properties' values: some are secrets.
impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.properties.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Target")
            .field("brokers", &self.brokers)
            .field("topic", &self.topic)
            .field("partitions", &self.partitions)
            .field("holds_back", &self.stored.is_some())
            .field("properties", &names)
            .finish()
    }
}

/// One message to send. Kept between messages, so that its buffers are reused.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The Kafka key, if there is one: the user.
    pub key: Option<Vec<u8>>,
    /// The message.
    pub payload: Vec<u8>,
}

impl Record {
    /// Sets the key to a copy of `key`, reusing the buffer.
    pub fn set_key(&mut self, key: &[u8]) {
        let buffer = self.key.get_or_insert_default();
        buffer.clear();
        buffer.extend_from_slice(key);
    }

    /// What decides the partition: the key, or the whole message where there is none.
    fn partition_key(&self) -> &[u8] {
        self.key.as_deref().unwrap_or(&self.payload)
    }

    fn bytes(&self) -> usize {
        self.payload.len().saturating_add(self.key.as_ref().map_or(0, Vec::len))
    }
}

/// What a [`Feed`] answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The record has been filled.
    Ready,
    /// Nothing yet; ask again.
    Wait,
    /// That was all.
    End,
}

/// Where records come from.
pub trait Feed: Send + 'static {
    /// Fills `record` with the next one. May wait for input, but for a few milliseconds only, so that the producer
    /// stays able to stop.
    ///
    /// # Errors
    /// Ends the source; what came before is still sent.
    fn next(&mut self, record: &mut Record) -> Result<Next, DemoError>;

    /// Records in all, where that is known before the end.
    fn total(&self) -> Option<u64> {
        None
    }

    /// Input bytes consumed so far.
    fn bytes_read(&self) -> u64 {
        0
    }

    /// Input bytes in all, where that is known.
    fn bytes_total(&self) -> Option<u64> {
        None
    }

    /// The first record that is no click: where it is and why, in one line.
    fn first_no_click(&self) -> Option<&str> {
        None
    }

    /// Events a second at this moment, where the feed has its own idea of it (a day's ups and downs).
    fn rate(&self) -> Option<f64> {
        None
    }
}

/// A producer at work on its own thread.
///
/// Its last progress has `end` set, and `error` too if it ended early; `end` then covers what was acknowledged until
/// then. Dropping it gives up on what is not acknowledged and waits for the thread.
#[derive(Debug)]
pub struct SourceTask {
    progress: watch::Receiver<SourceProgress>,
    signal: Arc<Signal>,
    thread: Option<JoinHandle<()>>,
}

impl SourceTask {
    /// How far it is: at most about ten updates a second, the end at once.
    pub fn progress(&self) -> watch::Receiver<SourceProgress> {
        self.progress.clone()
    }

    /// Asks it to send nothing more. What it has sent is still acknowledged, and the progress' end is there.
    pub fn stop(&self) {
        self.signal.raise(Signal::STOP);
    }

    /// Starts a producer of everything that `feed` gives, at `rate` records a second or as fast as it goes.
    ///
    /// # Errors
    /// Whatever can be said before the first record: an impossible rate, a property that librdkafka does not take.
    /// A cluster that does not answer shows in the progress instead.
    pub fn start<F: Feed>(target: Target, feed: F, rate: Option<f64>) -> Result<Self, DemoError> {
        let limiter = rate.map(TokenBucket::new).transpose()?;
        let producer = TopicProducer::new(producer(&target)?, &target.topic)?;
        let initial = SourceProgress { total: feed.total(), bytes_total: feed.bytes_total(), ..Default::default() };
        let (publisher, progress) = watch::channel(initial);
        let signal = Arc::new(Signal::default());
        let worker = Worker::new(target, producer, feed, limiter, publisher.clone(), Arc::clone(&signal));
        let thread = std::thread::Builder::new()
            .name("source".to_owned())
            .spawn(move || {
                // A panic must not leave the pipeline waiting for an end that never comes.
                if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| worker.run())).is_err() {
                    publisher.send_modify(|progress| {
                        progress.error = Some("the producer's thread panicked; please report this".to_owned());
                    });
                }
            })
            .map_err(|error| DemoError::Thread(error.to_string()))?;
        Ok(Self { progress, signal, thread: Some(thread) })
    }
}

impl Drop for SourceTask {
    fn drop(&mut self) {
        self.signal.raise(Signal::ABANDON);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the owner wants of the thread. Only ever rises.
#[derive(Debug, Default)]
struct Signal(AtomicU8);

impl Signal {
    const STOP: u8 = 1;
    const ABANDON: u8 = 2;

    fn raise(&self, to: u8) {
        self.0.fetch_max(to, Ordering::AcqRel);
    }

    fn stops(&self) -> bool {
        self.0.load(Ordering::Acquire) >= Self::STOP
    }

    fn abandons(&self) -> bool {
        self.0.load(Ordering::Acquire) >= Self::ABANDON
    }
}

fn producer(target: &Target) -> Result<BaseProducer<Deliveries>, DemoError> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &target.brokers)
        .set("client.id", "clicktop-source")
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("compression.type", "lz4")
        // Batches of a message or two make the embedded broker work: it looks through all it keeps at every fetch.
        .set("linger.ms", "50")
        // What waits in memory: one 64 MiB queue, however long the lines of a file are.
        .set("queue.buffering.max.kbytes", "65536");
    if target.stored.is_some() {
        // The embedded broker goes away with this process only: a time-out would turn a pause into a loss.
        config.set("message.timeout.ms", "0");
        // Being known to the broker as idempotent takes half a second at the start. What such a broker would append twice, after a
        // lost answer, the window counts and the store knows.
        config.set("enable.idempotence", "false").set("max.in.flight.requests.per.connection", "5");
        // A quarter of what a real broker likes best: what is under way stays in the processor's caches.
        config.set("batch.size", "262144");
    }
    for (name, value) in &target.properties {
        config.set(name, value);
    }
    config.set_log_level(RDKafkaLogLevel::Info);
    config.create_with_context(Deliveries::default()).map_err(|error| match error {
        KafkaError::ClientConfig(_, reason, name, value) => {
            // librdkafka may repeat the value, which may be a secret.
            let reason = if value.is_empty() { reason } else { reason.replace(&value, "…") };
            DemoError::Property { name: printable(&name).into_owned(), reason: printable(&reason).into_owned() }
        }
        KafkaError::ClientCreation(reason) => {
            let mut reason = reason;
            for (_, value) in target.properties.iter().filter(|(name, value)| is_secret(name) && !value.is_empty()) {
                reason = reason.replace(value.as_str(), "…");
            }
            DemoError::Producer(printable(&reason).into_owned())
        }
        other => DemoError::Producer(printable(&other.to_string()).into_owned()),
    })
}

fn is_secret(name: &str) -> bool {
    ["password", "secret", "key", "pem", "jaas", "oauthbearer"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(properties: &[(&str, &str)]) -> Target {
        Target {
            brokers: "127.0.0.1:1".to_owned(),
            topic: "clicks".to_owned(),
            partitions: 1,
            stored: None,
            properties: properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        }
    }

    #[test]
    fn a_wrong_property_is_named_without_its_value() {
        for (name, value) in
            [("security.protocol", "hunter2"), ("no.such.property", "hunter2"), ("linger.ms", "hunter2")]
        {
            let error = producer(&target(&[(name, value)])).map(|_| ()).expect_err("refused").to_string();
            assert!(error.contains(name), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn a_target_prints_no_secrets() {
        let printed = format!("{:?}", target(&[("sasl.password", "hunter2")]));
        assert!(printed.contains("sasl.password") && !printed.contains("hunter2"), "{printed}");
    }
}
