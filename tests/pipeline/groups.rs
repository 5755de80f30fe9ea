//! How a group is joined: the consumer protocol of Kafka 4 where the broker has it, else the classic one.

use clicktop::engine::local::stages::ingest::GroupProtocol;
use clicktop::protocol::StageState;
use clicktop::source::EmbeddedBroker;
use clicktop::source::broker::{RDKafkaApiKey, RDKafkaRespErr};

use crate::rig::{Data, Options, Run, broker, embedded, options, send};
use crate::support::HANG;
use crate::support::clicks::{OwnedClick, made};
use crate::support::figures;

/// More than a client asks in a test.
const MANY: usize = 10_000;

fn by(broker: &EmbeddedBroker, group_protocol: GroupProtocol) -> Options {
    let mut options = options(broker);
    options.kafka.group_protocol = group_protocol;
    options
}

async fn filled(broker: &EmbeddedBroker, clicks: &[OwnedClick]) {
    let task = send(broker, clicks, None, None);
    let mut progress = task.progress();
    let ended = tokio::time::timeout(HANG, progress.wait_for(|progress| progress.end.is_some())).await;
    assert_eq!(ended.expect("no hang").expect("a producer").error, None);
}

/// Every click is read and counted, twice: the second run goes on where the first was.
async fn reads_all(broker: &EmbeddedBroker, group_protocol: GroupProtocol, seed: u64) {
    let (data, clicks) = (Data::new(), made(seed, 900));
    let (first, second) = clicks.split_at(600);
    for (part, all) in [(first, first.len()), (second, clicks.len())] {
        filled(broker, part).await;
        let mut run = Run::start(by(broker, group_protocol), &data, embedded(&data));
        let last = run.settled(all).await;
        run.end().await;
        assert_eq!(last.totals.ingested, part.len() as u64, "nothing is read twice");
    }
    figures::assert_same("figures", &figures::kept(data.path()), &figures::of_clicks(&clicks));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_has_the_consumer_protocol_is_joined_by_it() {
    let broker = broker();
    // Whoever joins by the classic protocol gets nothing.
    let refused = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN; MANY];
    broker.control().request_errors(RDKafkaApiKey::JoinGroup, &refused).expect("asked");
    reads_all(&broker, GroupProtocol::Auto, 371).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_broker_is_joined_by_the_classic_protocol() {
    let broker = broker();
    broker.control().without_consumer_protocol().expect("asked");
    reads_all(&broker, GroupProtocol::Auto, 372).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_has_switched_the_consumer_protocol_off_is_joined_by_the_classic_one() {
    let broker = broker();
    let refused = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION; MANY];
    broker.control().refuse_consumer_protocol(&refused).expect("asked");
    reads_all(&broker, GroupProtocol::Auto, 373).await;
}

/// Kafka answers so if `group.consumer.migration.policy` keeps a group of classic members as it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_stays_with_the_classic_protocol_is_joined_by_it() {
    let broker = broker();
    let refused = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND; MANY];
    broker.control().refuse_consumer_protocol(&refused).expect("asked");
    reads_all(&broker, GroupProtocol::Auto, 374).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_consumer_protocol_that_the_settings_ask_for_is_missed_in_words() {
    let (broker, data) = (broker(), Data::new());
    broker.control().without_consumer_protocol().expect("asked");
    let mut run = Run::start(by(&broker, GroupProtocol::Consumer), &data, embedded(&data));
    let failed =
        run.until("a failed ingest", |snapshot| matches!(snapshot.stages["ingest"].state, StageState::Failed { .. }));
    let StageState::Failed { cause } = failed.await.stages["ingest"].state.clone() else { unreachable!("just seen") };
    assert!(cause.contains("consumer protocol") && cause.contains("kafka.group_protocol"), "{cause}");
    run.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_comes_back_still_has_the_consumer_protocol() {
    let (broker, data, clicks) = (broker(), Data::new(), made(375, 600));
    let (first, second) = clicks.split_at(300);
    filled(&broker, first).await;
    let mut run = Run::start(by(&broker, GroupProtocol::Auto), &data, embedded(&data));
    run.settled(first.len()).await;
    broker.control().broker_down().expect("asked");
    run.until("trouble", |snapshot| matches!(snapshot.stages["ingest"].state, StageState::BackingOff { .. })).await;
    broker.control().broker_up().expect("asked");
    filled(&broker, second).await;
    run.settled(clicks.len()).await;
    run.end().await;
    figures::assert_same("figures", &figures::kept(data.path()), &figures::of_clicks(&clicks));
}

/// Kafka tells a member of the consumer protocol nothing of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_does_not_exist_is_missed_in_words() {
    let (data, broker) = (Data::new(), EmbeddedBroker::start("other", 1).expect("a broker"));
    let mut run = Run::start(by(&broker, GroupProtocol::Consumer), &data, embedded(&data));
    run.until("a stage that misses the topic", |snapshot| {
        matches!(&snapshot.stages["ingest"].state, StageState::BackingOff { cause, .. } if cause.contains("does not exist"))
    })
    .await;
    run.end().await;
}
