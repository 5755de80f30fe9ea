//! Tests with the whole broker: a consumer gets what the producer sends.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Message as _, TopicPartitionList};
use tokio::sync::watch;

use super::broker::{RDKafkaApiKey, RDKafkaRespErr};
use super::files::RecordForm;
use super::producer::{Feed, Next, Record};
use super::window::{RECORD_OVERHEAD, WINDOW_BYTES, WINDOW_RECORDS};
use super::*;
use crate::click::{Format, Timestamp};
use crate::protocol::source::SourceProgress;
use crate::source::StoredOffsets;

const TOPIC: &str = "clicks";
/// Far beyond what any step takes; only a hang meets it.
const HANG: Duration = Duration::from_secs(120);

fn target(broker: &EmbeddedBroker, partitions: i32, stored: Option<&StoredOffsets>) -> Target {
    Target {
        brokers: broker.bootstrap_servers().to_owned(),
        topic: TOPIC.to_owned(),
        partitions,
        stored: stored.cloned(),
        properties: Vec::new(),
    }
}

/// Waits until the progress is as wanted.
fn wait(progress: &mut watch::Receiver<SourceProgress>, wanted: impl FnMut(&SourceProgress) -> bool) -> SourceProgress {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let progress = tokio::time::timeout(HANG, progress.wait_for(wanted)).await.expect("no hang");
        progress.expect("the producer lives").clone()
    })
}

fn options(events: u64) -> GeneratorOptions {
    GeneratorOptions {
        events: Some(events),
        start: Some(Timestamp::from_millis(1_700_000_000_000)),
        ..Default::default()
    }
}

/// A consumer in a group, as the pipeline is.
struct Reader {
    consumer: BaseConsumer,
    next: Vec<i64>,
    bytes: Vec<usize>,
    records: u64,
}

impl Reader {
    fn new(broker: &EmbeddedBroker, partitions: usize) -> Self {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", broker.bootstrap_servers())
            .set("group.id", "test")
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "false")
            .set("fetch.wait.max.ms", "5")
            .create()
            .expect("a consumer");
        consumer.subscribe(&[TOPIC]).expect("subscribed");
        Self { consumer, next: vec![0; partitions], bytes: vec![0; partitions], records: 0 }
    }

    /// Takes one record, checking that it is the one after the last of its partition. `None` if there is none yet.
    fn read(&mut self) -> Option<(i32, i64)> {
        let message = self.consumer.poll(Duration::from_millis(50))?.expect("a message");
        let partition = message.partition();
        let at = usize::try_from(partition).expect("a partition");
        assert_eq!(message.offset(), self.next[at], "a gap in partition {partition}");
        self.next[at] += 1;
        self.records += 1;
        self.bytes[at] +=
            message.payload().map_or(0, <[u8]>::len) + message.key().map_or(0, <[u8]>::len) + RECORD_OVERHEAD;
        Some((partition, message.offset()))
    }
}

#[test]
fn nothing_is_lost_however_late_the_store_is() {
    const EVENTS: u64 = 150_000;
    const PARTITIONS: usize = 2;
    let broker = EmbeddedBroker::start(TOPIC, PARTITIONS as i32).expect("a broker");
    let stored = StoredOffsets::new(PARTITIONS);
    let mut reader = Reader::new(&broker, PARTITIONS);
    let task = start_generator(target(&broker, PARTITIONS as i32, Some(&stored)), options(EVENTS)).expect("a task");
    let mut progress = task.progress();

    // Nothing stored at all: the producer stops by itself, far from the end.
    let held = wait(&mut progress, |progress| progress.held_back);
    assert!(held.sent < EVENTS && held.end.is_none(), "{held:?}");

    // What it sent until then is all there, from offset 0, and within the window.
    while !reader.bytes.iter().any(|bytes| *bytes > WINDOW_BYTES * 9 / 10) {
        reader.read();
    }
    while reader.read().is_some() {}
    for at in 0..PARTITIONS {
        assert!(reader.bytes[at] <= WINDOW_BYTES, "{} bytes in partition {at}", reader.bytes[at]);
        assert!(reader.next[at] <= WINDOW_RECORDS as i64);
    }
    assert!(progress.borrow().held_back);

    // From here on the store follows the consumer at a distance of up to 5,000 records, with a pause in the middle.
    let mut paused = false;
    while reader.records < EVENTS {
        let before = reader.records;
        while reader.records < before + 5_000 && reader.read().is_some() {}
        for (partition, next) in (0..).zip(&reader.next) {
            stored.advance(partition, *next);
        }
        if !paused && reader.records > EVENTS / 2 {
            paused = true;
            let partitions = reader.consumer.assignment().expect("an assignment");
            reader.consumer.pause(&partitions).expect("paused");
            wait(&mut progress, |progress| progress.held_back || progress.end.is_some());
            assert!(reader.consumer.poll(Duration::ZERO).is_none());
            reader.consumer.resume(&partitions).expect("resumed");
        }
    }
    let last = wait(&mut progress, |progress| progress.end.is_some());
    assert_eq!((last.sent, last.total, last.error, last.held_back), (EVENTS, Some(EVENTS), None, false));
    let ends: Vec<i64> = last.end.expect("an end").offsets.into_values().collect();
    assert_eq!(ends, reader.next);
    assert_eq!(reader.records, EVENTS);
}

#[test]
fn a_users_clicks_share_a_partition() {
    let broker = EmbeddedBroker::start(TOPIC, 4).expect("a broker");
    let stored = StoredOffsets::new(4);
    let task = start_generator(target(&broker, 0, Some(&stored)), options(5_000)).expect("a task");
    let end = wait(&mut task.progress(), |progress| progress.end.is_some()).end.expect("an end");
    assert_eq!(end.offsets.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3], "partitions asked of the cluster");
    let mut homes = std::collections::HashMap::new();
    let reader = Reader::new(&broker, 4);
    let mut seen = 0;
    while seen < 5_000 {
        let Some(message) = reader.consumer.poll(Duration::from_millis(50)) else { continue };
        let message = message.expect("a message");
        let key = message.key().expect("a key").to_vec();
        let payload = String::from_utf8(message.payload().expect("a payload").to_vec()).expect("UTF-8");
        assert_eq!(payload.split(',').nth(1).map(str::as_bytes), Some(key.as_slice()));
        assert_eq!(*homes.entry(key).or_insert(message.partition()), message.partition());
        seen += 1;
    }
}

#[test]
fn a_broker_that_fails_for_a_while_loses_nothing() {
    const EVENTS: u64 = 20_000;
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    let stored = StoredOffsets::new(1);
    broker
        .control()
        .request_errors(
            RDKafkaApiKey::Produce,
            &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RDKafkaRespErr::RD_KAFKA_RESP_ERR__TRANSPORT],
        )
        .expect("told");
    let task = start_generator(target(&broker, 1, Some(&stored)), options(EVENTS)).expect("a task");
    let mut reader = Reader::new(&broker, 1);
    let mut seen = std::collections::HashSet::new();
    let mut down = false;
    while seen.len() < EVENTS as usize {
        if !down && seen.len() > 5_000 {
            down = true;
            broker.control().broker_down().expect("down");
            broker.control().broker_up().expect("up");
        }
        let message = match reader.consumer.poll(Duration::from_millis(50)) {
            Some(Ok(message)) => message,
            // The connection that was dropped.
            Some(Err(_)) | None => continue,
        };
        assert_eq!(message.offset(), reader.next[0], "a gap");
        reader.next[0] += 1;
        let payload = message.payload().expect("a payload");
        seen.insert(payload.get(..36).expect("a click id").to_vec());
        stored.advance(0, reader.next[0]);
    }
    let last = wait(&mut task.progress(), |progress| progress.end.is_some());
    assert_eq!((last.sent, last.error), (EVENTS, None));
}

#[test]
fn stopping_ends_at_what_was_sent() {
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    let stored = StoredOffsets::new(1);
    let endless = GeneratorOptions { events: None, ..options(0) };
    let task = start_generator(target(&broker, 1, Some(&stored)), endless).expect("a task");
    let mut progress = task.progress();
    wait(&mut progress, |progress| progress.held_back);
    task.stop();
    let last = wait(&mut progress, |progress| progress.end.is_some());
    assert_eq!((last.error, last.total), (None, None));
    assert_eq!(last.end.expect("an end").offsets.get(&0).copied(), Some(last.sent as i64));
    assert!(last.sent > 1_000);
}

#[test]
fn dropping_a_task_ends_it_even_while_the_broker_is_away() {
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    let stored = StoredOffsets::new(1);
    let endless = GeneratorOptions { events: None, ..options(0) };
    let task = start_generator(target(&broker, 1, Some(&stored)), endless).expect("a task");
    let mut progress = task.progress();
    wait(&mut progress, |progress| progress.sent > 0);
    broker.control().broker_down().expect("down");
    drop(task);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    assert!(runtime.block_on(progress.wait_for(|progress| progress.end.is_some())).is_err(), "the thread has ended");
}

#[test]
fn a_permanent_refusal_is_told_in_one_line() {
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    broker
        .control()
        .request_errors(RDKafkaApiKey::Produce, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 50])
        .expect("told");
    let task = start_generator(target(&broker, 1, None), options(100)).expect("a task");
    let last = wait(&mut task.progress(), |progress| progress.end.is_some());
    let error = last.error.expect("an error");
    assert!(error.contains("authoriz") && error.lines().count() == 1, "{error}");
}

#[test]
fn a_stored_offset_of_another_topic_is_told_instead_of_trusted() {
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    let stored = StoredOffsets::new(1);
    stored.advance(0, 1_000_000);
    let task = start_generator(target(&broker, 1, Some(&stored)), options(100)).expect("a task");
    let last = wait(&mut task.progress(), |progress| progress.end.is_some());
    assert!(last.error.expect("an error").contains("another topic"));
    assert_eq!(last.sent, 0);
}

#[test]
fn a_second_source_waits_until_the_first_ones_records_are_stored() {
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    let stored = StoredOffsets::new(1);
    let first = start_generator(target(&broker, 1, Some(&stored)), options(100)).expect("a task");
    wait(&mut first.progress(), |progress| progress.end.is_some());
    let second = start_generator(target(&broker, 1, Some(&stored)), options(50)).expect("a task");
    let mut progress = second.progress();
    assert_eq!(wait(&mut progress, |progress| progress.held_back).sent, 0);
    stored.advance(0, 100);
    let end = wait(&mut progress, |progress| progress.end.is_some()).end.expect("an end");
    assert_eq!(end.offsets.get(&0), Some(&150));
}

#[test]
fn a_replayed_file_arrives_line_by_line() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("clicks.csv");
    std::fs::write(&path, "click_id,user_id,timestamp,url,country,city,browser,os,device\r\n1,a\r\n\r\nbroken \"\n3")
        .expect("a file");
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    let options = ReplayOptions {
        inputs: vec![ReplayInput::File(path.clone())],
        form: RecordForm::clicks(Format::Auto),
        rate: Some(1000.0),
    };
    let task = start_replay(target(&broker, 0, None), options).expect("a task");
    let last = wait(&mut task.progress(), |progress| progress.end.is_some());
    let size = std::fs::metadata(&path).expect("metadata").len();
    assert_eq!((last.sent, last.bytes_read, last.bytes_total, last.error), (3, size, Some(size), None));
    let reader = Reader::new(&broker, 1);
    let mut payloads = Vec::new();
    while payloads.len() < 3 {
        if let Some(message) = reader.consumer.poll(Duration::from_millis(50)) {
            payloads.push(message.expect("a message").payload().expect("a payload").to_vec());
        }
    }
    assert_eq!(payloads, [b"1,a".to_vec(), b"broken \"".to_vec(), b"3".to_vec()]);
}

#[test]
fn a_full_librdkafka_queue_waits_and_drops_nothing() {
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    let mut target = target(&broker, 1, None);
    target.properties.push(("queue.buffering.max.messages".to_owned(), "10".to_owned()));
    let task = start_generator(target, options(2_000)).expect("a task");
    let last = wait(&mut task.progress(), |progress| progress.end.is_some());
    assert_eq!((last.sent, last.error), (2_000, None));
}

/// Three records, the second of which is large.
struct OneLarge(u8);

impl Feed for OneLarge {
    fn next(&mut self, record: &mut Record) -> Result<Next, DemoError> {
        self.0 += 1;
        record.payload = vec![b'x'; if self.0 == 2 { 5_000 } else { 10 }];
        Ok(if self.0 > 3 { Next::End } else { Next::Ready })
    }
}

#[test]
fn a_record_that_is_too_large_costs_no_other() {
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    let mut target = target(&broker, 1, None);
    target.properties.push(("message.max.bytes".to_owned(), "2000".to_owned()));
    let task = SourceTask::start(target, OneLarge(0), None).expect("a task");
    let last = wait(&mut task.progress(), |progress| progress.end.is_some());
    let error = last.error.expect("an error");
    assert!(last.sent == 2 && error.starts_with("1 record is larger"), "{} sent: {error}", last.sent);
}

/// Panics at once.
struct Panics;

impl Feed for Panics {
    fn next(&mut self, _: &mut Record) -> Result<Next, DemoError> {
        panic!("a test of what happens then");
    }
}

#[test]
fn a_panic_of_the_producer_is_told() {
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    let task = SourceTask::start(target(&broker, 1, None), Panics, None).expect("a task");
    let last = wait(&mut task.progress(), |progress| progress.error.is_some());
    assert!(last.error.expect("an error").contains("panicked"));
}

#[test]
fn an_unreachable_cluster_does_not_keep_a_task_from_ending() {
    let target = Target {
        brokers: "127.0.0.1:1".to_owned(),
        topic: TOPIC.to_owned(),
        partitions: 0,
        stored: None,
        properties: Vec::new(),
    };
    let task = start_generator(target, options(10)).expect("a task");
    task.stop();
    let last = wait(&mut task.progress(), |progress| progress.end.is_some());
    assert_eq!((last.sent, last.end.expect("an end").offsets.len()), (0, 0));
}

#[test]
fn a_reader_may_also_assign_by_itself() {
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    let task = start_generator(target(&broker, 1, None), options(10)).expect("a task");
    wait(&mut task.progress(), |progress| progress.end.is_some());
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", broker.bootstrap_servers())
        .set("group.id", "other")
        .create()
        .expect("a consumer");
    let mut from = TopicPartitionList::new();
    from.add_partition_offset(TOPIC, 0, rdkafka::Offset::Offset(7)).expect("an offset");
    consumer.assign(&from).expect("assigned");
    let message = loop {
        if let Some(message) = consumer.poll(Duration::from_millis(50)) {
            break message.expect("a message");
        }
    };
    assert_eq!(message.offset(), 7);
}
