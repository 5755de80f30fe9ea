//! A broker that goes away, breaks connections, or holds another topic than before.

use std::time::Duration;

use clicktop::engine::local::stages::ingest::OnLostOffset;
use clicktop::protocol::{Snapshot, StageAction, StageState};
use clicktop::source::EmbeddedBroker;
use clicktop::source::broker::{RDKafkaApiKey, RDKafkaRespErr};

use crate::rig::{Data, Options, Run, TOPIC, assert_all_there, broker, embedded, options, send};
use crate::support::HANG;
use crate::support::clicks::{OwnedClick, made};
use crate::support::figures;
use crate::support::kafka::{self, Refusals};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_goes_and_comes_back() {
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(301, 16_000);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 4_000.0);
    run.until("stored clicks", |snapshot| snapshot.totals.stored > 1_000).await;

    broker.control().broker_down().expect("down");
    let seen =
        run.until("trouble", |snapshot| matches!(snapshot.stages["ingest"].state, StageState::BackingOff { .. })).await;
    let StageState::BackingOff { cause, .. } = &seen.stages["ingest"].state else { unreachable!("just seen") };
    assert!(cause.starts_with("Kafka ") && !cause.contains('\n'), "{cause}");
    for stage in ["store", "aggregate", "index"] {
        assert_eq!(seen.stages[stage].state, StageState::Running, "{stage}");
    }

    broker.control().broker_up().expect("up");
    let last = run.finished().await;
    assert_eq!(last.stages["ingest"].state, StageState::Running);
    run.end().await;
    assert_all_there(&data, &*index, &last, &clicks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_break_while_fetching() {
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(302, 12_000);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 4_000.0);
    for round in 1..=5 {
        run.until("more clicks", |snapshot| snapshot.totals.stored > round * 1_500).await;
        let errors = [RDKafkaRespErr::RD_KAFKA_RESP_ERR__TRANSPORT; 3];
        broker.control().request_errors(RDKafkaApiKey::Fetch, &errors).expect("asked");
    }
    let last = run.finished().await;
    run.end().await;
    assert_all_there(&data, &*index, &last, &clicks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offsets_that_kafka_does_not_take_are_ours_all_the_same() {
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(303, 6_000);
    let errors = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED; 200];
    broker.control().request_errors(RDKafkaApiKey::OffsetCommit, &errors).expect("asked");
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 4_000.0);
    run.until("stored clicks", |snapshot| snapshot.totals.stored > 1_000).await;
    run.tell("ingest", StageAction::Restart).await;
    let last = run.finished().await;
    run.end().await;
    assert_all_there(&data, &*index, &last, &clicks).await;
}

/// Puts `clicks` in the broker's topic.
async fn filled(broker: &EmbeddedBroker, clicks: &[OwnedClick]) {
    let task = send(broker, clicks, None, None);
    let mut progress = task.progress();
    let ended = tokio::time::timeout(HANG, progress.wait_for(|progress| progress.end.is_some())).await;
    assert_eq!(ended.expect("no hang").expect("a producer").error, None);
}

/// A data directory that holds 2,000 clicks of a topic of one partition.
async fn after_a_first_run(clicks: &[OwnedClick]) -> Data {
    let data = Data::new();
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    filled(&broker, clicks).await;
    let mut run = Run::start(options(&broker), &data, embedded(&data));
    run.settled(clicks.len()).await;
    run.end().await;
    assert_eq!(figures::number(data.path(), "SELECT next_offset FROM offsets"), clicks.len() as i64);
    data
}

fn with(broker: &EmbeddedBroker, on_lost_offset: OnLostOffset) -> Options {
    let mut options = options(broker);
    options.kafka.on_lost_offset = on_lost_offset;
    // Going on elsewhere means joining the group anew, and this broker keeps a group waiting for a member that has left
    // until its session is over.
    options.kafka.properties.push(("session.timeout.ms".to_owned(), "6000".to_owned()));
    options
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stored_offset_is_where_the_next_run_begins() {
    let clicks = made(304, 3_000);
    let (first, second) = clicks.split_at(2_000);
    let data = Data::new();
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    filled(&broker, first).await;
    let mut run = Run::start(options(&broker), &data, embedded(&data));
    run.settled(first.len()).await;
    run.end().await;
    filled(&broker, second).await;
    let index = embedded(&data);
    let mut run = Run::start(options(&broker), &data, index.clone());
    let last = run.settled(clicks.len()).await;
    run.end().await;
    assert_eq!(last.totals.ingested, second.len() as u64, "nothing is read twice");
    assert_all_there(&data, &*index, &last, &clicks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_offset_stops_ingest_and_says_what_to_set() {
    let clicks = made(305, 2_100);
    let (first, second) = clicks.split_at(2_000);
    let data = after_a_first_run(first).await;
    // The same topic, made anew, holds less than what is stored.
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    filled(&broker, second).await;
    let mut run = Run::start(with(&broker, OnLostOffset::Stop), &data, embedded(&data));
    let failed =
        run.until("a failed ingest", |snapshot| matches!(snapshot.stages["ingest"].state, StageState::Failed { .. }));
    let StageState::Failed { cause } = failed.await.stages["ingest"].state.clone() else { unreachable!("just seen") };
    for words in ["offset 2000", "kafka.on_lost_offset", "earliest", "holds 0 to 100"] {
        assert!(cause.contains(words), "{words:?}: {cause}");
    }
    assert_eq!(run.last.totals.stored, 0, "nothing was taken without the operator's word");
    run.end().await;

    // With that word it goes on.
    let index = embedded(&data);
    let mut run = Run::start(with(&broker, OnLostOffset::Earliest), &data, index.clone());
    let last = run.settled(clicks.len()).await;
    run.end().await;
    assert_eq!((last.totals.stored, last.totals.duplicates), (100, 0));
    figures::assert_same("figures", &figures::kept(data.path()), &figures::of_clicks(&clicks));
    assert_eq!(figures::number(data.path(), "SELECT next_offset FROM offsets"), 100);
}

/// The limit that ARCHITECTURE.md describes, and the way out that docs/messages.md describes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_made_anew_that_holds_more_than_is_stored_is_read_whole_once_the_offsets_are_deleted() {
    let clicks = made(308, 4_500);
    let (first, second) = clicks.split_at(2_000);
    let data = after_a_first_run(first).await;
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    filled(&broker, second).await;
    let mut run = Run::start(with(&broker, OnLostOffset::Stop), &data, embedded(&data));
    run.settled(2_500).await;
    run.end().await;
    assert_eq!(figures::number(data.path(), "SELECT next_offset FROM offsets"), 2_500, "it went on at 2,000");

    let database = rusqlite::Connection::open(data.path().join("clicktop.db")).expect("a database");
    database.execute_batch("DELETE FROM offsets").expect("deleted");
    drop(database);
    let mut run = Run::start(with(&broker, OnLostOffset::Stop), &data, embedded(&data));
    let last = run.settled(clicks.len()).await;
    run.end().await;
    assert_eq!((last.totals.stored, last.totals.duplicates), (2_000, 500));
    figures::assert_same("both topics", &figures::kept(data.path()), &figures::of_clicks(&clicks));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_offset_can_be_left_for_what_comes_next() {
    let clicks = made(306, 2_100);
    let (first, rest) = clicks.split_at(2_000);
    let (passed, second) = rest.split_at(50);
    let data = after_a_first_run(first).await;
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    filled(&broker, passed).await;
    let mut run = Run::start(with(&broker, OnLostOffset::Latest), &data, embedded(&data));
    // What comes before ingest has found the end of the topic is passed over too: so one click at a time, until one is
    // taken.
    let mut sent = Vec::new();
    for click in second {
        filled(&broker, std::slice::from_ref(click)).await;
        sent.push(click.clone());
        let before = run.last.uptime;
        run.until("another look", |snapshot| snapshot.uptime > before).await;
        if run.last.totals.stored > 0 {
            break;
        }
    }
    run.until("the next clicks", |snapshot| snapshot.totals.stored > 0).await;
    let last = run.end().await;
    let stored = figures::number(data.path(), "SELECT COUNT(*) FROM clicks") as usize;
    assert!(stored > first.len() && stored <= first.len() + sent.len(), "{stored}: {:?}", last.totals);
    for click in passed {
        let query = format!("SELECT COUNT(*) FROM click_events WHERE click_id = '{}'", click.click_id);
        assert_eq!(figures::number(data.path(), &query), 0, "what was there before is passed over");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cause_leads_with_the_fact() {
    let caused = async |at: &str, words: &str| {
        let data = Data::new();
        let mut options = options(&broker());
        options.kafka.properties[0].1 = at.to_owned();
        let mut run = Run::start(options, &data, embedded(&data));
        let is_caused = |snapshot: &Snapshot| matches!(&snapshot.stages["ingest"].state, StageState::BackingOff { cause, .. } if cause.starts_with(words));
        run.until(words, is_caused).await;
        // It stays so while nothing changes.
        let began = run.last.uptime;
        run.until(words, |snapshot| snapshot.uptime > began + Duration::from_secs(3) && is_caused(snapshot)).await;
        run.end().await;
    };
    caused("127.0.0.1:1", "Kafka 127.0.0.1:1 refuses connections").await;
    caused("no-such-host.invalid:9092", "Kafka no-such-host.invalid:9092 does not resolve").await;
    let advertises = Some(("kafka.docker.invalid", 9092));
    let at = format!("127.0.0.1:{}", kafka::broker(Refusals { advertises, ..Refusals::default() }).port);
    let words = format!(
        "{at} answers, but advertises kafka.docker.invalid:9092 (advertised.listeners), which does not resolve from here"
    );
    caused(&at, &words).await;
}
