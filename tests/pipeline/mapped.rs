//! Messages of a foreign clickstream, by a mapping.

use clicktop::click::mapping::Mapping;
use clicktop::config::preset_mapping;
use clicktop::source::EmbeddedBroker;
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::rig::{Data, Options, Run, TOPIC, embedded, options};
use crate::support::HANG;
use crate::support::figures;

fn put(broker: &EmbeddedBroker, messages: &[String]) {
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", broker.bootstrap_servers()).create().expect("a producer");
    for message in messages {
        let record: BaseRecord<'_, (), String> = BaseRecord::to(TOPIC).payload(message);
        producer.send(record).map_err(|(error, _)| error).expect("queued");
    }
    producer.flush(HANG).expect("sent");
}

fn mapped(broker: &EmbeddedBroker, mapping: &Mapping) -> Options {
    let mut options = options(broker);
    options.kafka.mapping = Some(mapping.compile().expect("a mapping"));
    options
}

/// Visits of `at` with two page views, an event that is none, and perhaps a page view without a url.
fn visit(at: usize) -> String {
    let action = |number: usize, rest: &str| {
        format!("{{\"type\":\"action\",\"pageId\":\"{at}-{number}\",\"timestamp\":{}{rest}}}", 1_769_851_800 + number)
    };
    let broken = if at.is_multiple_of(10) { format!(",{}", action(3, "")) } else { String::new() };
    format!(
        "{{\"idVisit\":\"{at}\",\"visitorId\":\"v{}\",\"countryCode\":\"fr\",\"actionDetails\":[{},{},{{\"type\":\"event\"}}{broken}]}}",
        at % 7,
        action(1, ",\"url\":\"/\""),
        action(2, ",\"url\":\"/cart\""),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_several_events_gives_its_clicks_and_one_reject() {
    let (data, broker) = (Data::new(), EmbeddedBroker::start(TOPIC, 2).expect("a broker"));
    put(&broker, &(0..100).map(visit).collect::<Vec<_>>());
    let mapping = preset_mapping("matomo").expect("a preset");
    let mut run = Run::start(mapped(&broker, &mapping), &data, embedded(&data));
    let last = run.settled(200).await;
    assert_eq!((last.totals.left_out, last.totals.rejected), (100, 10));
    run.end().await;
    let reasons = "SELECT COUNT(*) FROM rejects WHERE reason LIKE '%`url` is missing or empty: events.url%'";
    assert_eq!(figures::number(data.path(), reasons), 10);
    assert_eq!(figures::number(data.path(), "SELECT COUNT(DISTINCT user_id) FROM click_events"), 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_without_an_id_are_the_same_when_they_come_again() {
    let (data, broker) = (Data::new(), EmbeddedBroker::start(TOPIC, 2).expect("a broker"));
    let line = |at: usize| {
        format!(
            "192.0.2.{} - - [31/Jan/2026:09:30:{:02} +0000] \"GET /p{} HTTP/1.1\" 200 1 \"-\" \"curl/8\"",
            at % 9,
            at % 60,
            at % 5
        )
    };
    put(&broker, &(0..300).map(line).collect::<Vec<_>>());
    let mapping = preset_mapping("combined").expect("a preset");
    let mut run = Run::start(mapped(&broker, &mapping), &data, embedded(&data));
    run.settled(300).await;
    run.end().await;
    // The offsets are lost, and every message comes again.
    let database = rusqlite::Connection::open(crate::rig::database_file(&data)).expect("a database");
    database.execute_batch("DELETE FROM offsets; DELETE FROM known_topics;").expect("deleted");
    drop(database);
    let mut run = Run::start(mapped(&broker, &mapping), &data, embedded(&data));
    let again =
        run.until("all again", |snapshot| snapshot.totals.ingested == 300 && snapshot.totals.duplicates == 300).await;
    assert_eq!((again.totals.clicks, again.totals.rejected), (300, 0));
    run.end().await;
}
