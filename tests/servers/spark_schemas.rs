//! A topic with a schema registry on a real Spark: real Avro, a real registry, and the figures of the same clicks.

use std::time::{Duration, Instant};

use apache_avro::types::Value as Avro;
use clicktop::registry::Frame;
use serde_json::{Value, json};

use crate::kafka::{Kafka, Topic};
use crate::schemas::{Registry, framed, send};
use crate::server;
use crate::spark_world::{Spark, assert_everywhere, drained, is, tell, turn, wait};
use crate::support::clicks::made;
use crate::support::figures;
use crate::support::program::{Home, stage};
use crate::support::registry::{MAPPING, click_schema};

/// How long the registry is away.
const AWAY: Duration = Duration::from_secs(30);

fn home(spark: &Spark, topic: &Topic, registry: &Registry) -> Home {
    let home = spark.home(topic);
    let config = home.file("clicktop.toml", MAPPING.as_bytes()).display().to_string();
    home.with("CLICKTOP_CONFIG", &config)
        .with("CLICKTOP_SCHEMA_REGISTRY__URLS", &registry.url)
        .with("CLICKTOP_SCHEMA_REGISTRY__REQUEST_TIMEOUT", "2 s")
}

/// So many clicks are in the table, and no message waits.
fn stored(clicks: u64) -> impl Fn(&Value) -> bool {
    move |object| object["totals"]["stored"] == clicks && object["lag"] == 0
}

#[test]
fn an_avro_topic_evolves_and_loses_its_registry_and_no_click() {
    let (Some(kafka), Some(registry), Some(spark)) = (Kafka::plain(), Registry::find(), Spark::find()) else { return };
    if server("CLICKTOP_TEST_CONTROL").is_none() {
        return;
    }
    let _turn = turn();
    let topic = kafka.topic(3);
    let subject = format!("{}-value", topic.name);
    let add = |more: &[Value]| registry.add(&subject, "AVRO", &click_schema(more), &json!([]));
    let clicks = made(977, 12_000);
    let parts: Vec<_> = clicks.chunks(4_000).collect();
    let city = json!({"name": "city", "type": "string"});
    let paris = ("city", Avro::String("Paris".to_owned()));

    let one = add(&[]);
    send(&topic, &framed(one, parts[0], &[]));
    let home = home(&spark, &topic, &registry);
    let checked = home.run(&["check"]);
    assert!(checked.stdout.contains("avro     ok     Spark reads Avro"), "{checked:?}");
    assert!(
        checked.stdout.contains(&format!("the newest schema of {subject} is {one} (Avro), version 1")),
        "{checked:?}"
    );
    let mut run = home.start(&["run", "--headless"]);
    wait(&mut run, "the first version", stored(4_000));

    // The schema evolves; there is a message whose schema nobody has, and one that is broken.
    let two = add(std::slice::from_ref(&city));
    let (half, other) = parts[1].split_at(2_000);
    send(&topic, &framed(two, half, std::slice::from_ref(&paris)));
    send(&topic, &[Frame::write(4_000_000, b"stray"), Frame::write(one, b"\xff\xff\xff\xff\x0fbroken")]);
    send(&topic, &framed(two, other, std::slice::from_ref(&paris)));
    wait(&mut run, "two versions", stored(8_000));

    // It evolves again, while the registry is away.
    let three = add(&[city, json!({"name": "age", "type": "int"})]);
    tell("pause registry");
    let away = Instant::now();
    send(&topic, &framed(three, parts[2], &[paris, ("age", Avro::Int(7))]));
    let waits = wait(&mut run, "a stage that waits", |object| {
        stage(object, "stream")["cause"].as_str().is_some_and(|cause| cause.contains("the topic waits for schema"))
    });
    let cause = stage(&waits, "stream")["cause"].as_str().expect("a cause").to_owned();
    let expected =
        format!("schema registry {}: it does not answer in time; the topic waits for schema {three}", registry.url);
    assert_eq!(cause, expected);
    std::thread::sleep(AWAY.saturating_sub(away.elapsed()));
    let still = run.await_object("a stage that waits still", |_| true);
    assert_eq!((&still["totals"]["stored"], &still["lag"]), (&json!(8_000), &json!(4_000)), "{still}");
    tell("resume registry");
    let last = wait(&mut run, "every click", drained(clicks.len()));
    let totals = &last["totals"];
    assert_eq!((&totals["rejected"], &totals["left_out"]), (&json!(2), &json!(0)), "{totals}");

    // What the cluster cannot read stops the stage, and is not lost.
    let proto = "syntax = \"proto3\"; message Click { string id = 1; }";
    let protobuf = registry.add(&format!("{}-proto", topic.name), "PROTOBUF", proto, &json!([]));
    send(&topic, &[Frame::write(protobuf, b"\0\x0a\x01x")]);
    let failed = wait(&mut run, "a stage that has failed", is("stream", "failed"));
    let line = stage(&failed, "stream").to_string();
    assert!(
        line.contains(&format!("schema {protobuf} is Protobuf, which engine = \\\"spark\\\" does not read")),
        "{line}"
    );
    assert_eq!(failed["lag"], 1, "{failed}");
    run.signal("TERM");
    let ran = run.end();
    assert_eq!(ran.status.code(), Some(1), "a stage has failed: {ran:?}");
    assert_everywhere(&home, &spark, &figures::of_clicks(&clicks));
    assert_eq!(spark.stored(), (clicks.len(), 2));
}
