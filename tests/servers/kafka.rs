//! Topics of a real Kafka, and clicks sent to them.

use std::time::{Duration, Instant};

use futures::executor::block_on;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::ToBytes;
use rdkafka::metadata::MetadataPartition;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

use crate::server;
use crate::support::HANG;
use crate::support::clicks::OwnedClick;
use crate::support::program::{Home, stage};

/// How to reach the broker.
#[derive(Clone)]
pub struct Kafka {
    /// librdkafka's properties.
    properties: Vec<(&'static str, String)>,
    /// Settings of clicktop that say the same.
    settings: Vec<(&'static str, String)>,
}

impl Kafka {
    /// Without protection.
    pub fn plain() -> Option<Self> {
        let brokers = server("CLICKTOP_TEST_KAFKA")?;
        Some(Self {
            properties: vec![("bootstrap.servers", brokers.clone())],
            settings: vec![("CLICKTOP_KAFKA__BROKERS", brokers)],
        })
    }

    /// With TLS and SASL/SCRAM.
    pub fn protected() -> Option<Self> {
        let brokers = server("CLICKTOP_TEST_KAFKA_TLS")?;
        let [ca, user, password] =
            ["CA", "USER", "PASSWORD"].map(|name| server(&format!("CLICKTOP_TEST_KAFKA_TLS_{name}")));
        let (ca, user, password) = (ca?, user?, password?);
        let mechanism = "SCRAM-SHA-512".to_owned();
        Some(Self {
            properties: vec![
                ("bootstrap.servers", brokers.clone()),
                ("security.protocol", "sasl_ssl".to_owned()),
                ("ssl.ca.location", ca.clone()),
                ("sasl.mechanism", mechanism.clone()),
                ("sasl.username", user.clone()),
                ("sasl.password", password.clone()),
            ],
            settings: vec![
                ("CLICKTOP_KAFKA__BROKERS", brokers),
                ("CLICKTOP_KAFKA__SECURITY", "sasl_ssl".to_owned()),
                ("CLICKTOP_KAFKA__TLS__CA_FILE", ca),
                ("CLICKTOP_KAFKA__SASL__MECHANISM", mechanism),
                ("CLICKTOP_KAFKA__SASL__USERNAME", user),
                ("CLICKTOP_KAFKA__SASL__PASSWORD", password),
            ],
        })
    }

    /// Where it listens.
    pub fn brokers(&self) -> &str {
        &self.properties[0].1
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        for (name, value) in &self.properties {
            config.set(*name, value);
        }
        config
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.config().create().expect("an admin client")
    }

    /// A topic of its own for a test.
    pub fn topic(&self, partitions: i32) -> Topic {
        let name = format!("clicks-{}", uuid::Uuid::new_v4().simple());
        let topic = Topic { kafka: self.clone(), name };
        topic.create(partitions);
        topic
    }
}

fn limits() -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(HANG)).request_timeout(Some(HANG))
}

/// A topic of a test.
pub struct Topic {
    pub kafka: Kafka,
    pub name: String,
}

impl Topic {
    /// Makes it; also again after it was deleted, which takes the broker a moment.
    pub fn create(&self, partitions: i32) {
        let admin = self.kafka.admin();
        for _ in 0..100 {
            let topic = NewTopic::new(&self.name, partitions, TopicReplication::Fixed(1));
            let made = block_on(admin.create_topics([&topic], &limits())).expect("asked");
            match made.as_slice() {
                [Ok(_)] => return,
                [Err((_, RDKafkaErrorCode::TopicAlreadyExists))] => std::thread::sleep(Duration::from_millis(100)),
                other => panic!("the topic is not made: {other:?}"),
            }
        }
        panic!("{} is still there", self.name);
    }

    pub fn delete(&self) {
        let deleted = block_on(self.kafka.admin().delete_topics(&[&self.name], &limits())).expect("asked");
        assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
    }

    /// Makes it have so many partitions.
    pub fn grow(&self, partitions: usize) {
        let grown = NewPartitions::new(&self.name, partitions);
        let grown = block_on(self.kafka.admin().create_partitions([&grown], &limits())).expect("asked");
        assert!(grown.iter().all(Result::is_ok), "{grown:?}");
    }

    /// Deletes the records of `partition` before `offset`, as retention would.
    pub fn expire(&self, partition: i32, offset: i64) {
        let mut before = TopicPartitionList::new();
        before.add_partition_offset(&self.name, partition, Offset::Offset(offset)).expect("an offset");
        block_on(self.kafka.admin().delete_records(&before, &limits())).expect("deleted");
    }

    /// Oldest offset and one past the newest.
    pub fn watermarks(&self, partition: i32) -> (i64, i64) {
        let consumer: BaseConsumer = self.kafka.config().create().expect("a consumer");
        consumer.fetch_watermarks(&self.name, partition, HANG).expect("watermarks")
    }

    /// Waits until the group of [`home`](Self::home) has committed every message.
    pub fn await_commits(&self) {
        let mut config = self.kafka.config();
        let consumer: BaseConsumer = config.set("group.id", &self.name).create().expect("a consumer");
        let metadata = consumer.fetch_metadata(Some(&self.name), HANG).expect("metadata");
        let partitions: Vec<i32> = metadata.topics()[0].partitions().iter().map(MetadataPartition::id).collect();
        let mut wanted = TopicPartitionList::new();
        for partition in partitions {
            wanted.add_partition(&self.name, partition);
        }
        let deadline = Instant::now() + HANG;
        loop {
            let committed = consumer.committed_offsets(wanted.clone(), HANG).expect("committed offsets");
            let is_all = committed.elements().iter().all(|one| {
                let (_, end) = consumer.fetch_watermarks(&self.name, one.partition(), HANG).expect("watermarks");
                one.offset() == Offset::Offset(end)
            });
            if is_all {
                return;
            }
            assert!(Instant::now() < deadline, "not committed: {committed:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A producer with more properties than those of the connection.
    pub fn producer(&self, more: &[(&str, &str)]) -> BaseProducer {
        let mut config = self.kafka.config();
        config.set("enable.idempotence", "true").set("linger.ms", "5");
        for (name, value) in more {
            config.set(*name, *value);
        }
        config.create().expect("a producer")
    }

    /// Sends each click to its user's partition, in one of the three forms, and waits for the broker's word.
    pub fn send(&self, clicks: &[OwnedClick], compression: &str) {
        let producer = self.producer(&[("compression.type", compression)]);
        self.enqueue(&producer, clicks);
        producer.flush(HANG).expect("sent");
    }

    /// Hands the clicks to `producer`.
    pub fn enqueue(&self, producer: &BaseProducer, clicks: &[OwnedClick]) {
        for (at, click) in clicks.iter().enumerate() {
            let payload = match at % 3 {
                0 => click.csv(),
                1 => click.json(),
                _ => click.nested_json(),
            };
            enqueue(producer, BaseRecord::to(&self.name).key(click.user_id.as_bytes()).payload(&payload));
        }
    }

    /// Sends these payloads as they are, spread over the partitions, and waits for the broker's word.
    pub fn send_payloads<'a>(&self, payloads: impl IntoIterator<Item = &'a [u8]>) {
        let producer = self.producer(&[("compression.type", "lz4")]);
        for payload in payloads {
            enqueue(&producer, BaseRecord::<[u8], [u8]>::to(&self.name).payload(payload));
        }
        producer.flush(HANG).expect("sent");
    }

    /// A home whose clicktop reads this topic, with an embedded index.
    pub fn home(&self) -> Home {
        self.kafka
            .settings
            .iter()
            .fold(Home::new().with("CLICKTOP_KAFKA__TOPIC", &self.name), |home, (name, value)| home.with(name, value))
            .with("CLICKTOP_KAFKA__GROUP", &self.name)
    }
}

/// Hands a record to `producer`, which may be full for a while.
fn enqueue<P: ToBytes + ?Sized>(producer: &BaseProducer, mut record: BaseRecord<'_, [u8], P>) {
    while let Err((error, back)) = producer.send(record) {
        assert_eq!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
        producer.poll(Duration::from_millis(20));
        record = back;
    }
}

/// What a headless clicktop has to say when `clicks` clicks are all through it and nothing waits.
pub fn through(clicks: usize) -> impl Fn(&serde_json::Value) -> bool {
    move |object| {
        let pages = object["totals"]["pages"].as_u64();
        object["totals"]["clicks"].as_u64() == Some(clicks as u64)
            && object["lag"] == 0
            && ["ingest", "store", "aggregate", "index"].iter().all(|id| stage(object, id)["backlog"] == 0)
            && pages > Some(0)
            && object["totals"]["documents"].as_u64() == pages
    }
}
