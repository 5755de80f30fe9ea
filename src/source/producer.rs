//! The producer behind generator and replay. It runs on a thread of its own and waits for acknowledgements; to a
//! real cluster it is idempotent.
//!
//! It drops no record. If librdkafka's queue or the window (for the embedded broker only) is full, it waits.

mod deliveries;
mod feed;
mod outbox;
mod worker;

use std::sync::Arc;
use std::thread::JoinHandle;

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::producer::BaseProducer;
use tokio::sync::watch;

use self::deliveries::Deliveries;
use self::feed::StopSignal;
pub use self::feed::{Feed, Next, Record, Target};
use self::outbox::TopicProducer;
use self::worker::Worker;
use super::error::DemoError;
use super::rate::TokenBucket;
use crate::protocol::source::SourceProgress;
use crate::text::printable;

/// A producer at work on its own thread.
///
/// Its last progress has `end` set, and `error` too if it ended early; `end` then covers what was acknowledged until
/// then. Dropping it gives up on what is not acknowledged and waits for the thread.
#[derive(Debug)]
pub struct SourceTask {
    progress: watch::Receiver<SourceProgress>,
    signal: Arc<StopSignal>,
    thread: Option<JoinHandle<()>>,
}

impl SourceTask {
    /// How far it is: at most about ten updates a second, the end at once.
    pub fn progress(&self) -> watch::Receiver<SourceProgress> {
        self.progress.clone()
    }

    /// Asks it to send nothing more. What it has sent is still acknowledged, and the progress' end is there.
    pub fn stop(&self) {
        self.signal.raise(StopSignal::STOP);
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
        let signal = Arc::new(StopSignal::default());
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
        self.signal.raise(StopSignal::ABANDON);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
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
