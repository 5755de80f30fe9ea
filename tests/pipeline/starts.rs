//! Where reading begins: `kafka.start = "latest"`, partitions and topics that come later, copies of a database.

use std::path::PathBuf;
use std::time::Duration;

use clicktop::engine::local::stages::ingest::StartAt;
use clicktop::protocol::{Command, Snapshot, StageState};
use clicktop::source::EmbeddedBroker;
use clicktop::source::broker::{RDKafkaApiKey, RDKafkaRespErr};
use clicktop::storage::DATABASE_FILE;
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::rig::{Data, Options, Run, TOPIC, embedded, options};
use crate::support::HANG;
use crate::support::clicks::{OwnedClick, made};
use crate::support::figures;

/// Puts `clicks` in one partition of `topic`.
fn put(broker: &EmbeddedBroker, topic: &str, partition: i32, clicks: &[OwnedClick]) {
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", broker.bootstrap_servers()).create().expect("a producer");
    for click in clicks {
        let payload = click.csv();
        let record: BaseRecord<'_, (), Vec<u8>> = BaseRecord::to(topic).partition(partition).payload(&payload);
        producer.send(record).map_err(|(error, _)| error).expect("queued");
    }
    producer.flush(HANG).expect("sent");
}

/// Begins with what comes next; a group that a member has left is free again soon.
fn latest(broker: &EmbeddedBroker) -> Options {
    let mut options = options(broker);
    options.kafka.start = StartAt::Latest;
    options.kafka.properties.push(("session.timeout.ms".to_owned(), "6000".to_owned()));
    options.kafka.properties.push(("topic.metadata.refresh.interval.ms".to_owned(), "1000".to_owned()));
    options
}

fn begun(partitions: usize) -> impl FnMut(&Snapshot) -> bool {
    move |snapshot| {
        let stored = snapshot.partitions.iter().filter(|partition| partition.stored.is_some());
        snapshot.stages["ingest"].state == StageState::Running && stored.count() == partitions
    }
}

fn counted(clicks: usize) -> impl FnMut(&Snapshot) -> bool {
    move |snapshot| snapshot.totals.clicks == clicks as u64
}

/// Waits until a start had the time to read what it must not.
async fn quiet(run: &mut Run) {
    let began = run.last.uptime;
    run.until("quiet", |snapshot| snapshot.lag == Some(0) && snapshot.uptime > began + Duration::from_secs(3)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_quiet_partition_gets_between_two_runs_is_not_passed_over() {
    let (data, broker) = (Data::new(), EmbeddedBroker::start(TOPIC, 2).expect("a broker"));
    let clicks = made(341, 55);
    for (partition, old) in [(0, &clicks[..20]), (1, &clicks[20..40])] {
        put(&broker, TOPIC, partition, old);
    }
    let mut run = Run::start(latest(&broker), &data, embedded(&data));
    run.until("a beginning", begun(2)).await;
    put(&broker, TOPIC, 0, &clicks[40..45]);
    run.until("the first", counted(5)).await;
    run.end().await;
    put(&broker, TOPIC, 0, &clicks[45..50]);
    put(&broker, TOPIC, 1, &clicks[50..]);
    let mut run = Run::start(latest(&broker), &data, embedded(&data));
    let last = run.settled(15).await;
    run.end().await;
    assert_eq!(last.totals.ingested, 10, "nothing of before is read: {:?}", last.totals);
    figures::assert_same("figures", &figures::kept(data.path()), &figures::of_clicks(&clicks[40..]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_ends_before_the_first_click_has_fixed_where_to_begin() {
    let (data, broker) = (Data::new(), EmbeddedBroker::start(TOPIC, 1).expect("a broker"));
    let clicks = made(342, 40);
    put(&broker, TOPIC, 0, &clicks[..20]);
    let mut run = Run::start(latest(&broker), &data, embedded(&data));
    run.until("a beginning", begun(1)).await;
    assert_eq!(figures::number(data.path(), "SELECT next_offset FROM offsets"), 20, "noted before a click comes");
    run.end().await;
    put(&broker, TOPIC, 0, &clicks[20..30]);
    let mut run = Run::start(latest(&broker), &data, embedded(&data));
    run.until("what came meanwhile", counted(10)).await;
    // Forgetting what was counted does not forget where to go on.
    run.stop("ingest").await;
    put(&broker, TOPIC, 0, &clicks[30..]);
    run.command(Command::Reset).await;
    run.until("nothing", counted(0)).await;
    run.start_stage("ingest").await;
    run.until("what came after the reset", counted(10)).await;
    run.end().await;
    figures::assert_same("figures", &figures::kept(data.path()), &figures::of_clicks(&clicks[30..]));
}

/// The broker of the second run stands for the first with more partitions: its own cannot be added to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_that_comes_between_two_runs_is_read_from_its_beginning() {
    let data = Data::new();
    let clicks = made(343, 80);
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    put(&broker, TOPIC, 0, &clicks[..20]);
    let mut run = Run::start(latest(&broker), &data, embedded(&data));
    run.until("a beginning", begun(1)).await;
    run.end().await;
    drop(broker);

    let broker = EmbeddedBroker::start(TOPIC, 3).expect("a broker");
    put(&broker, TOPIC, 0, &clicks[..20]);
    put(&broker, TOPIC, 1, &clicks[20..70]);
    put(&broker, TOPIC, 2, &clicks[70..]);
    let mut run = Run::start(latest(&broker), &data, embedded(&data));
    run.settled(60).await;
    run.end().await;
    figures::assert_same("figures", &figures::kept(data.path()), &figures::of_clicks(&clicks[20..]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_comes_later_is_read_from_its_beginning() {
    let (data, broker) = (Data::new(), EmbeddedBroker::start("another", 1).expect("a broker"));
    let clicks = made(344, 30);
    let mut run = Run::start(latest(&broker), &data, embedded(&data));
    run.until("a missing topic", |snapshot| {
        matches!(&snapshot.stages["ingest"].state, StageState::BackingOff { cause, .. } if cause.contains("does not exist"))
    })
    .await;
    broker.control().create_topic(TOPIC, 2).expect("a topic");
    put(&broker, TOPIC, 0, &clicks[..10]);
    put(&broker, TOPIC, 1, &clicks[10..]);
    run.settled(30).await;
    run.end().await;
    figures::assert_same("figures", &figures::kept(data.path()), &figures::of_clicks(&clicks));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_broker_does_not_tell_where_a_partition_ends_nothing_is_guessed() {
    let (data, broker) = (Data::new(), EmbeddedBroker::start(TOPIC, 1).expect("a broker"));
    let clicks = made(345, 30);
    put(&broker, TOPIC, 0, &clicks[..20]);
    let errors = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN; 1_000];
    broker.control().request_errors(RDKafkaApiKey::ListOffsets, &errors).expect("asked");
    let mut run = Run::start(latest(&broker), &data, embedded(&data));
    run.until("a stage that waits", |snapshot| {
        matches!(&snapshot.stages["ingest"].state, StageState::BackingOff { cause, .. } if cause.contains("offset to begin at"))
    })
    .await;
    assert_eq!(figures::number(data.path(), "SELECT COUNT(*) FROM offsets"), 0);
    broker.control().clear_request_errors(RDKafkaApiKey::ListOffsets).expect("asked");
    run.until("a beginning", begun(1)).await;
    put(&broker, TOPIC, 0, &clicks[20..]);
    run.settled(10).await;
    run.end().await;
    figures::assert_same("figures", &figures::kept(data.path()), &figures::of_clicks(&clicks[20..]));
}

/// The files of the database, its log among them.
fn database_files(data: &Data) -> Vec<PathBuf> {
    let files = std::fs::read_dir(data.path()).expect("a directory").map(|file| file.expect("a file").path());
    let of_database = |file: &PathBuf| {
        file.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(DATABASE_FILE))
    };
    files.filter(of_database).collect()
}

fn copied(data: &Data) -> Data {
    let copy = Data::new();
    for file in database_files(data) {
        std::fs::copy(&file, copy.path().join(file.file_name().expect("a name"))).expect("copied");
    }
    copy
}

fn in_group(broker: &EmbeddedBroker, group: &str) -> Options {
    let mut options = latest(broker);
    options.kafka.start = StartAt::Earliest;
    options.kafka.group = group.to_owned();
    options
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_in_the_same_group_does_not_read_again_what_the_original_has_stored() {
    let (data, broker) = (Data::new(), EmbeddedBroker::start(TOPIC, 1).expect("a broker"));
    let clicks = made(346, 1_600);
    put(&broker, TOPIC, 0, &clicks[..1_000]);
    let mut run = Run::start(in_group(&broker, "copied"), &data, embedded(&data));
    run.settled(1_000).await;
    run.end().await;
    let copy = copied(&data);
    put(&broker, TOPIC, 0, &clicks[1_000..1_500]);
    let mut run = Run::start(in_group(&broker, "copied"), &data, embedded(&data));
    run.settled(1_500).await;
    // An interval of commits.
    quiet(&mut run).await;
    run.end().await;

    let mut run = Run::start(in_group(&broker, "copied"), &copy, embedded(&copy));
    run.until("its partition", begun(1)).await;
    quiet(&mut run).await;
    assert_eq!(run.last.totals.ingested, 0, "what the original has stored is not read again");
    put(&broker, TOPIC, 0, &clicks[1_500..]);
    run.settled(1_100).await;
    run.end().await;
    let own = [&clicks[..1_000], &clicks[1_500..]].concat();
    figures::assert_same("figures", &figures::kept(copy.path()), &figures::of_clicks(&own));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_database_that_is_lost_reads_again_what_that_had_stored_since() {
    let (data, broker) = (Data::new(), EmbeddedBroker::start(TOPIC, 1).expect("a broker"));
    let clicks = made(347, 1_500);
    put(&broker, TOPIC, 0, &clicks[..1_000]);
    let mut run = Run::start(in_group(&broker, "restored"), &data, embedded(&data));
    run.settled(1_000).await;
    run.end().await;
    let backup = copied(&data);
    put(&broker, TOPIC, 0, &clicks[1_000..]);
    let mut run = Run::start(in_group(&broker, "restored"), &data, embedded(&data));
    run.settled(1_500).await;
    quiet(&mut run).await;
    run.end().await;
    for file in database_files(&data) {
        std::fs::remove_file(file).expect("lost");
    }

    let index = embedded(&backup);
    let mut run = Run::start(in_group(&broker, "restored"), &backup, index);
    run.settled(1_500).await;
    run.end().await;
    figures::assert_same("figures", &figures::kept(backup.path()), &figures::of_clicks(&clicks));
}
