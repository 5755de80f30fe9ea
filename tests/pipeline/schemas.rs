//! Topics with a schema registry: nothing is lost while it is away, and nothing comes twice.

use std::time::Duration;

use apache_avro::types::Value as Avro;
use clicktop::click::mapping::{Fields, Mapping, Source};
use clicktop::engine::local::stages::ingest::GroupProtocol;
use clicktop::protocol::{Snapshot, StageAction, StageState};
use clicktop::registry::{Frame, RegistryClient, RegistryOptions, Schemas};
use clicktop::secret::Secret;
use clicktop::source::EmbeddedBroker;
use serde_json::json;

use crate::rig::{Data, Options, Run, assert_all_there, broker, embedded, options, put};
use crate::support::clicks::{OwnedClick, made};
use crate::support::figures;
use crate::support::registry::{Registry, click_message, click_schema, free_address};

fn mapping() -> Mapping {
    let field = |name: &str| Some(Source::Field(name.to_owned()));
    Mapping {
        fields: Fields {
            click_id: field("id"),
            user_id: field("visitor"),
            timestamp: field("at"),
            url: field("page.url"),
            country: field("country"),
            ..Fields::default()
        },
        ..Mapping::default()
    }
}

/// A pipeline on `broker` that asks the registry at these urls.
fn with_registry(broker: &EmbeddedBroker, urls: &[&str]) -> Options {
    let mut options = options(broker);
    options.kafka.mapping = Some(mapping().compile().expect("a mapping"));
    // The broker in this process makes members of the other protocol wait for those that left.
    options.kafka.group_protocol = GroupProtocol::Consumer;
    let client = RegistryClient::new(&RegistryOptions {
        urls: urls.iter().map(|url| Secret::new(*url)).collect(),
        login: None,
        ca_file: None,
        certificate: None,
        verify: true,
        request_timeout: Duration::from_secs(5),
    });
    options.kafka.schemas = Some(Schemas::of_registry(client.expect("options")).expect("a thread"));
    options
}

fn framed(id: u32, clicks: &[OwnedClick]) -> Vec<Vec<u8>> {
    clicks.iter().map(|click| click_message(id, click, &[])).collect()
}

fn waits_for(snapshot: &Snapshot, what: &str) -> bool {
    matches!(&snapshot.stages["ingest"].state, StageState::BackingOff { cause, .. } if cause.contains(what))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_that_is_down_at_first_is_waited_for() {
    let (data, broker, clicks) = (Data::new(), broker(), made(911, 900));
    let address = free_address();
    put(&broker, &framed(1, &clicks[..600]));
    let mut run = Run::start(with_registry(&broker, &[&format!("http://{address}")]), &data, embedded(&data));
    let waiting = run.until("a stage that waits", |snapshot| waits_for(snapshot, "waits for schema 1")).await;
    let told = format!("{:?}", waiting.stages["ingest"].state);
    assert!(told.contains(&address) && told.contains("refused"), "{told}");
    assert!(!waiting.partitions.iter().any(|partition| partition.paused), "the store has room");
    let errors = waiting.stages["ingest"].errors;
    // More comes meanwhile, and the lag shows it.
    put(&broker, &framed(1, &clicks[600..]));
    run.until("the lag of what waits", |snapshot| {
        snapshot.partitions.iter().filter_map(|partition| partition.lag).sum::<u64>() == 900
    })
    .await;
    // Ingest polls on for some seconds, and must not count the same trouble again. Nothing tells of a poll.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let registry = Registry::start_at(&address);
    registry.add(1, "AVRO", &click_schema(&[]));
    let last = run.settled(clicks.len()).await;
    assert!(
        last.stages["ingest"].errors <= errors + 2,
        "the same trouble counts once: {}",
        last.stages["ingest"].errors
    );
    assert_eq!(last.stages["ingest"].state, StageState::Running);
    assert_eq!(registry.asked("/schemas/ids/1"), 1, "a schema is asked for once");
    run.end().await;
    assert_all_there(&data, &*embedded(&data), &last, &clicks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemas_change_while_the_topic_is_read_and_a_slow_registry_loses_nothing() {
    let (data, broker, clicks) = (Data::new(), broker(), made(912, 900));
    let registry = Registry::start();
    registry.set_delay(Duration::from_millis(700));
    let city = json!({"name": "city", "type": "string"});
    registry.add(1, "AVRO", &click_schema(&[]));
    registry.add(2, "AVRO", &click_schema(std::slice::from_ref(&city)));
    registry.add(3, "AVRO", &click_schema(&[city, json!({"name": "age", "type": "int"})]));
    let (first, rest) = clicks.split_at(300);
    let (second, third) = rest.split_at(300);
    let evolved = |id, clicks: &[OwnedClick], more: &[(&str, Avro)]| -> Vec<Vec<u8>> {
        clicks.iter().map(|click| click_message(id, click, more)).collect()
    };
    put(&broker, &evolved(1, first, &[]));
    let mut run = Run::start(with_registry(&broker, &[&registry.url()]), &data, embedded(&data));
    let paris = ("city", Avro::String("Paris".to_owned()));
    put(&broker, &evolved(2, second, std::slice::from_ref(&paris)));
    run.settled(600).await;
    put(&broker, &evolved(3, third, &[paris, ("age", Avro::Int(7))]));
    let last = run.settled(clicks.len()).await;
    run.end().await;
    assert_all_there(&data, &*embedded(&data), &last, &clicks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_id_is_a_reject_with_the_frame_and_hardly_asked_for() {
    let (data, broker, clicks) = (Data::new(), broker(), made(913, 300));
    let registry = Registry::start();
    registry.add(1, "AVRO", &click_schema(&[]));
    let stray: Vec<Vec<u8>> = (0..200).map(|number: u32| Frame::write(99, &number.to_be_bytes())).collect();
    let mut messages = framed(1, &clicks[..150]);
    messages.extend(stray);
    messages.push(Frame::write(1, b"\x02"));
    // Without a frame, and without a registry.
    messages.push(br#"{"id": "plain", "visitor": "u", "at": 1769851800125, "page": {"url": "/"}}"#.to_vec());
    messages.extend(framed(1, &clicks[150..]));
    put(&broker, &messages);
    let mut run = Run::start(with_registry(&broker, &[&registry.url()]), &data, embedded(&data));
    let last = run.settled(301).await;
    assert_eq!((last.totals.rejected, last.totals.left_out), (201, 0));
    run.end().await;
    assert!(registry.asked("/schemas/ids/99") <= 2, "{}", registry.asked("/schemas/ids/99"));
    let unknown = "SELECT COUNT(*) FROM rejects WHERE reason = 'the schema registry has no schema 99' \
                   AND hex(payload) LIKE '0000000063000000%'";
    assert_eq!(figures::number(data.path(), unknown), 200);
    let cut = "SELECT COUNT(*) FROM rejects WHERE reason LIKE 'schema 1 (Avro): %' AND hex(payload) = '000000000102'";
    assert_eq!(figures::number(data.path(), cut), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schema_without_a_mapped_field_is_one_line_and_no_reject() {
    let (data, broker, clicks) = (Data::new(), broker(), made(914, 100));
    let registry = Registry::start();
    registry.add(1, "AVRO", &click_schema(&[]));
    let order = json!({"type": "record", "name": "Order", "fields": [{"name": "id", "type": "string"}]});
    registry.add(2, "AVRO", &order.to_string());
    let mut messages = framed(1, &clicks);
    messages.extend((0..50).map(|_| Frame::write(2, b"\x02x")));
    put(&broker, &messages);
    let mut run = Run::start(with_registry(&broker, &[&registry.url()]), &data, embedded(&data));
    run.until("all read", |snapshot| snapshot.totals.left_out == 50).await;
    let last = run.settled(clicks.len()).await;
    assert_eq!((last.totals.rejected, last.totals.left_out), (0, 50));
    let lines: Vec<&str> =
        last.notices.iter().map(|notice| &*notice.text).filter(|text| text.contains("schema 2")).collect();
    assert_eq!(
        lines,
        ["clicks: schema 2 (Avro) has no `visitor`, which events.user_id needs: its messages are left out"]
    );
    run.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_in_trouble_is_told_and_another_server_of_it_is_asked() {
    let (data, broker, clicks) = (Data::new(), broker(), made(915, 300));
    let (registry, other) = (Registry::start(), Registry::start());
    for one in [&registry, &other] {
        one.add(1, "AVRO", &click_schema(&[]));
        one.set_status(Some(503));
    }
    put(&broker, &framed(1, &clicks));
    let urls = [registry.url(), other.url()];
    let mut run = Run::start(with_registry(&broker, &urls.each_ref().map(String::as_str)), &data, embedded(&data));
    run.until("a stage that waits", |snapshot| waits_for(snapshot, "it answers 503")).await;
    registry.set_status(Some(404));
    run.until("a stage that doubts the path", |snapshot| waits_for(snapshot, "check the path in schema_registry.urls"))
        .await;
    other.set_status(None);
    let last = run.settled(clicks.len()).await;
    run.end().await;
    assert_all_there(&data, &*embedded(&data), &last, &clicks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stage_that_is_stopped_while_it_waits_reads_the_messages_again() {
    let (data, broker, clicks) = (Data::new(), broker(), made(916, 300));
    let registry = Registry::start();
    registry.set_status(Some(503));
    registry.add(1, "AVRO", &click_schema(&[]));
    put(&broker, &framed(1, &clicks));
    let mut run = Run::start(with_registry(&broker, &[&registry.url()]), &data, embedded(&data));
    run.until("a stage that waits", |snapshot| waits_for(snapshot, "waits for schema 1")).await;
    run.stop("ingest").await;
    run.tell("ingest", StageAction::Start).await;
    run.until("a stage that waits again", |snapshot| waits_for(snapshot, "waits for schema 1")).await;
    registry.set_status(None);
    let last = run.settled(clicks.len()).await;
    run.end().await;
    assert_all_there(&data, &*embedded(&data), &last, &clicks).await;
}

/// A second clicktop joins while the first holds messages: partitions change hands, and with them what waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_that_changes_hands_takes_its_waiting_messages_along() {
    let (first, second, broker, clicks) = (Data::new(), Data::new(), broker(), made(917, 900));
    let registry = Registry::start();
    registry.set_status(Some(503));
    registry.add(1, "AVRO", &click_schema(&[]));
    crate::rig::put_everywhere(&broker, &framed(1, &clicks));
    let group = with_registry(&broker, &[&registry.url()]).kafka.group;
    let member = || {
        let mut options = with_registry(&broker, &[&registry.url()]);
        options.kafka.group.clone_from(&group);
        options
    };
    let mut one = Run::start(member(), &first, embedded(&first));
    one.until("a stage that waits", |snapshot| waits_for(snapshot, "waits for schema 1")).await;
    let mut other = Run::start(member(), &second, embedded(&second));
    other.until("another that waits", |snapshot| waits_for(snapshot, "waits for schema 1")).await;
    registry.set_status(None);
    let (mut of_one, mut of_other) = (0, 0);
    while of_one + of_other < clicks.len() as u64 {
        of_one = one.until("a snapshot", |_| true).await.totals.clicks;
        of_other = other.until("a snapshot", |_| true).await.totals.clicks;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (one, other) = (one.end().await.totals, other.end().await.totals);
    assert!(one.clicks > 0 && other.clicks > 0, "{one:?} {other:?}");
    assert_eq!(one.clicks + other.clicks, clicks.len() as u64);
    assert_eq!((one.duplicates, other.duplicates, one.skipped, other.skipped), (0, 0, 0, 0));
    assert_eq!((one.rejected, other.rejected), (0, 0));
}
