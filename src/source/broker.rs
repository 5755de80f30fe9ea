//! librdkafka's in-process broker. It speaks the real protocol on a loopback port and needs no installation.
//!
//! The broker keeps 5 MiB or 100,000 batches of each partition in memory, and then silently drops the oldest
//! batches. `window.rs` says how the producer prevents that.

use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};
use rdkafka::ClientContext;
use rdkafka::bindings;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaResult;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, DeliveryResult, Producer, ProducerContext};
pub use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use super::error::DemoError;
use crate::text::printable;

/// How long the first member of a group waits for others. The broker's default of 3 s would be the demo's start-up time.
const REBALANCE_DELAY: Duration = Duration::from_millis(50);

/// How often the thread that owns the broker passes its log lines on.
const LOG_INTERVAL: Duration = Duration::from_millis(500);

/// Enough for a demo on any machine; each partition may take 5 MiB.
const MAX_PARTITIONS: i32 = 1024;

/// A broker inside this process, with one topic. Dropping it ends it.
#[derive(Debug)]
pub struct EmbeddedBroker {
    bootstrap: String,
    control: BrokerControl,
    thread: Option<JoinHandle<()>>,
}

impl EmbeddedBroker {
    /// Starts a broker on a free loopback port and creates `topic` with `partitions` partitions in it.
    ///
    /// # Errors
    /// [`DemoError::Topic`] for a name or a count that Kafka does not allow, [`DemoError::BrokerStart`] if librdkafka
    /// cannot listen.
    pub fn start(topic: &str, partitions: i32) -> Result<Self, DemoError> {
        check_topic(topic, partitions)?;
        let (ready, is_ready) = bounded(1);
        let (requests, inbox) = unbounded();
        let topic = topic.to_owned();
        let thread = std::thread::Builder::new()
            .name("embedded-broker".to_owned())
            .spawn(move || host(&topic, partitions, &ready, &inbox))
            .map_err(|error| DemoError::Thread(error.to_string()))?;
        let started = is_ready.recv().unwrap_or_else(|_| Err(DemoError::BrokerStart("its thread ended".to_owned())));
        match started {
            Ok(bootstrap) => Ok(Self { bootstrap, control: BrokerControl { requests }, thread: Some(thread) }),
            Err(error) => {
                // It has said its last word and is about to end.
                let _ = thread.join();
                Err(error)
            }
        }
    }

    /// Where it listens: `127.0.0.1:port`.
    pub fn bootstrap_servers(&self) -> &str {
        &self.bootstrap
    }

    /// A handle that can make it misbehave, for tests of what the pipeline does then.
    pub fn control(&self) -> BrokerControl {
        self.control.clone()
    }
}

impl Drop for EmbeddedBroker {
    fn drop(&mut self) {
        let _ = self.control.requests.send(Request::Shutdown);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Faults on request. The broker itself lives on its own thread, because librdkafka's handle must not travel.
#[derive(Clone, Debug)]
pub struct BrokerControl {
    requests: Sender<Request>,
}

impl BrokerControl {
    /// Drops every connection and takes no new ones.
    ///
    /// # Errors
    /// [`DemoError::BrokerGone`] once the broker has been dropped.
    pub fn broker_down(&self) -> Result<(), DemoError> {
        self.ask(Fault::Down)
    }

    /// Takes connections again.
    ///
    /// # Errors
    /// [`DemoError::BrokerGone`] once the broker has been dropped.
    pub fn broker_up(&self) -> Result<(), DemoError> {
        self.ask(Fault::Up)
    }

    /// Answers the next requests of `api` with `errors`, one each, in order.
    /// `RD_KAFKA_RESP_ERR__TRANSPORT` closes the connection instead.
    ///
    /// # Errors
    /// [`DemoError::BrokerGone`] once the broker has been dropped.
    pub fn request_errors(&self, api: RDKafkaApiKey, errors: &[RDKafkaRespErr]) -> Result<(), DemoError> {
        self.ask(Fault::Errors(api, errors.to_vec()))
    }

    /// Forgets the errors of `api` that have not been given out.
    ///
    /// # Errors
    /// [`DemoError::BrokerGone`] once the broker has been dropped.
    pub fn clear_request_errors(&self, api: RDKafkaApiKey) -> Result<(), DemoError> {
        self.ask(Fault::ClearErrors(api))
    }

    /// No longer has the consumer protocol (KIP-848), as an older broker.
    ///
    /// # Errors
    /// [`DemoError::BrokerGone`] once the broker has been dropped.
    pub fn without_consumer_protocol(&self) -> Result<(), DemoError> {
        self.ask(Fault::NoConsumerProtocol)
    }

    /// Has the consumer protocol, and refuses its next requests with `errors`, one each.
    ///
    /// # Errors
    /// [`DemoError::BrokerGone`] once the broker has been dropped.
    pub fn refuse_consumer_protocol(&self, errors: &[RDKafkaRespErr]) -> Result<(), DemoError> {
        self.ask(Fault::ConsumerProtocolErrors(errors.to_vec()))
    }

    /// Delays every answer by `delay`.
    ///
    /// # Errors
    /// [`DemoError::BrokerGone`] once the broker has been dropped.
    pub fn round_trip_time(&self, delay: Duration) -> Result<(), DemoError> {
        self.ask(Fault::RoundTripTime(delay))
    }

    /// Creates another topic.
    ///
    /// # Errors
    /// [`DemoError::Topic`] for a name or a count that Kafka does not allow, [`DemoError::BrokerRefused`] if there is such a
    /// topic, [`DemoError::BrokerGone`] once the broker has been dropped.
    pub fn create_topic(&self, topic: &str, partitions: i32) -> Result<(), DemoError> {
        check_topic(topic, partitions)?;
        self.ask(Fault::Topic(topic.to_owned(), partitions))
    }

    /// Waits until it is done, so that what follows in a test sees it.
    fn ask(&self, fault: Fault) -> Result<(), DemoError> {
        let (done, is_done) = bounded(1);
        self.requests.send(Request::Fault(fault, done)).map_err(|_| DemoError::BrokerGone)?;
        is_done.recv().map_err(|_| DemoError::BrokerGone)?
    }
}

#[derive(Debug)]
enum Request {
    Fault(Fault, Sender<Result<(), DemoError>>),
    Shutdown,
}

#[derive(Debug)]
enum Fault {
    Down,
    Up,
    Errors(RDKafkaApiKey, Vec<RDKafkaRespErr>),
    NoConsumerProtocol,
    ConsumerProtocolErrors(Vec<RDKafkaRespErr>),
    ClearErrors(RDKafkaApiKey),
    RoundTripTime(Duration),
    Topic(String, i32),
}

/// Passes librdkafka's words to the log; by default they would go to stderr, over the console.
struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(target: "librdkafka", ?level, facility, "embedded broker: {}", printable(message));
    }

    fn error(&self, error: rdkafka::error::KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %error, "embedded broker: {}", printable(reason));
    }
}

impl ProducerContext for Quiet {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}

/// The life of the thread that owns the broker.
fn host(topic: &str, partitions: i32, ready: &Sender<Result<String, DemoError>>, inbox: &Receiver<Request>) {
    // A client that is asked for mock brokers makes the cluster and owns it.
    let client: KafkaResult<BaseProducer<Quiet>> = ClientConfig::new()
        .set("test.mock.num.brokers", "1")
        .set_log_level(RDKafkaLogLevel::Warning)
        .create_with_context(Quiet);
    let client = match client {
        Ok(client) => client,
        Err(error) => {
            let _ = ready.send(Err(DemoError::BrokerStart(printable(&error.to_string()).into_owned())));
            return;
        }
    };
    shorten_rebalance_delay(&client);
    let Some(cluster) = client.client().mock_cluster() else {
        let _ = ready.send(Err(DemoError::BrokerStart("librdkafka made no in-process broker".to_owned())));
        return;
    };
    let created = cluster.create_topic(topic, partitions, 1);
    let started = match created {
        Ok(()) => Ok(cluster.bootstrap_servers()),
        Err(error) => Err(DemoError::BrokerStart(error.to_string())),
    };
    let failed = started.is_err();
    if ready.send(started).is_err() || failed {
        return;
    }
    loop {
        match inbox.recv_timeout(LOG_INTERVAL) {
            Ok(Request::Fault(fault, done)) => {
                let _ = done.send(apply(&client, &cluster, fault));
            }
            Ok(Request::Shutdown) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => client.poll(Duration::ZERO),
        }
    }
}

fn apply(client: &BaseProducer<Quiet>, cluster: &MockCluster<'_, Quiet>, fault: Fault) -> Result<(), DemoError> {
    const EVERY_BROKER: i32 = -1;
    let done = match fault {
        Fault::Down => cluster.broker_down(EVERY_BROKER),
        Fault::Up => cluster.broker_up(EVERY_BROKER),
        Fault::Topic(topic, partitions) => cluster.create_topic(&topic, partitions, 1),
        Fault::NoConsumerProtocol => {
            refuse_heartbeats(client, None);
            Ok(())
        }
        Fault::ConsumerProtocolErrors(errors) => {
            refuse_heartbeats(client, Some(&errors));
            Ok(())
        }
        Fault::RoundTripTime(delay) => cluster.broker_round_trip_time(EVERY_BROKER, delay),
        Fault::Errors(api, errors) => {
            cluster.request_errors(api, &errors);
            Ok(())
        }
        Fault::ClearErrors(api) => {
            cluster.clear_request_errors(api);
            Ok(())
        }
    };
    done.map_err(|error| DemoError::BrokerRefused(error.to_string()))
}

/// rdkafka has no safe call for this setting.
fn shorten_rebalance_delay(client: &BaseProducer<Quiet>) {
    let delay = i32::try_from(REBALANCE_DELAY.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: `native_ptr` is a live client for as long as `client` is borrowed, and asking it for its mock cluster
    // neither moves nor frees anything; the cluster belongs to the client. A null answer means that there is none and is
    // not passed on. The setter stores one integer under the cluster's own lock.
    unsafe {
        let cluster = bindings::rd_kafka_handle_mock_cluster(client.client().native_ptr());
        if !cluster.is_null() {
            bindings::rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, delay);
        }
    }
}

/// Answers the next heartbeats of the consumer protocol with `errors`; with `None`, takes none. rdkafka has no name for these requests.
fn refuse_heartbeats(client: &BaseProducer<Quiet>, errors: Option<&[RDKafkaRespErr]>) {
    const CONSUMER_GROUP_HEARTBEAT: i16 = 68;
    // SAFETY: as in `shorten_rebalance_delay`. Both calls change the cluster under its own lock; the errors are copied.
    unsafe {
        let cluster = bindings::rd_kafka_handle_mock_cluster(client.client().native_ptr());
        if cluster.is_null() {
            return;
        }
        match errors {
            Some(errors) => {
                let (count, first) = (errors.len(), errors.as_ptr());
                bindings::rd_kafka_mock_push_request_errors_array(cluster, CONSUMER_GROUP_HEARTBEAT, count, first);
            }
            // No other answer than success is possible for a request that it knows.
            None => {
                bindings::rd_kafka_mock_set_apiversion(cluster, CONSUMER_GROUP_HEARTBEAT, -1, -1);
            }
        }
    }
}

fn check_topic(topic: &str, partitions: i32) -> Result<(), DemoError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if topic.is_empty() || topic.len() > 249 || topic == "." || topic == ".." || !topic.chars().all(allowed) {
        return Err(DemoError::Topic(format!(
            "topic name {:?} is not allowed: use 1 to 249 letters, digits, '.', '_' and '-'",
            printable(topic)
        )));
    }
    if !(1..=MAX_PARTITIONS).contains(&partitions) {
        return Err(DemoError::Topic(format!(
            "a topic of {partitions} partitions is not possible: give 1 to {MAX_PARTITIONS}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topic_is_there_with_its_partitions() {
        let broker = EmbeddedBroker::start("clicks", 3).expect("a broker");
        let client: BaseProducer =
            ClientConfig::new().set("bootstrap.servers", broker.bootstrap_servers()).create().expect("a client");
        let metadata = client.client().fetch_metadata(Some("clicks"), Duration::from_secs(10)).expect("metadata");
        assert_eq!(metadata.topics()[0].partitions().len(), 3);
    }

    #[test]
    fn two_brokers_do_not_see_each_other() {
        let (one, two) = (EmbeddedBroker::start("a", 1).expect("one"), EmbeddedBroker::start("a", 1).expect("two"));
        assert_ne!(one.bootstrap_servers(), two.bootstrap_servers());
    }

    #[test]
    fn a_control_outlives_its_broker_with_an_error() {
        let broker = EmbeddedBroker::start("clicks", 1).expect("a broker");
        let control = broker.control();
        assert_eq!(control.broker_down(), Ok(()));
        assert_eq!(control.broker_up(), Ok(()));
        drop(broker);
        assert_eq!(control.broker_down(), Err(DemoError::BrokerGone));
    }

    #[test]
    fn impossible_topics_are_refused_in_words() {
        for (topic, partitions) in [("", 1), ("a b", 1), ("..", 1), ("clicks", 0), ("clicks", -4), ("clicks", 9999)] {
            let error = EmbeddedBroker::start(topic, partitions).expect_err("refused");
            assert!(matches!(error, DemoError::Topic(_)), "{error}");
        }
    }
}
