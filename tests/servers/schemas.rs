//! Topics with a schema registry, on a real Kafka and a real registry.

use std::time::{Duration, Instant};

use apache_avro::types::Value as Avro;
use clicktop::registry::Frame;
use serde_json::{Value, json};

use crate::control::tell;
use crate::kafka::{Kafka, Topic, through};
use crate::server;
use crate::support::HANG;
use crate::support::clicks::{OwnedClick, made};
use crate::support::figures;
use crate::support::program::{Home, Running, stage};
use crate::support::registry::{MAPPING, click_message, click_schema};

/// How long the registry is away.
const AWAY: Duration = Duration::from_secs(60);

/// A real registry.
pub struct Registry {
    pub url: String,
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

impl Registry {
    pub fn find() -> Option<Self> {
        let url = server("CLICKTOP_TEST_REGISTRY")?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Some(Self { url, runtime, client })
    }

    /// Registers a schema under `subject`; its id.
    pub fn add(&self, subject: &str, kind: &str, schema: &str, references: &Value) -> u32 {
        let body = json!({"schema": schema, "schemaType": kind, "references": references}).to_string();
        let url = format!("{}/subjects/{subject}/versions", self.url);
        let request = self.client.post(url).header("Content-Type", "application/vnd.schemaregistry.v1+json").body(body);
        let text = self.runtime.block_on(async { request.send().await?.text().await }).expect("an answer");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        answer["id"].as_u64().and_then(|id| u32::try_from(id).ok()).unwrap_or_else(|| panic!("no id: {text}"))
    }
}

/// A clicktop on `topic` and `registry`, with the mapping of these clicks.
fn home(topic: &Topic, registry: &Registry) -> Home {
    let home = topic.home();
    let config = home.file("clicktop.toml", MAPPING.as_bytes()).display().to_string();
    home.with("CLICKTOP_CONFIG", &config)
        .with("CLICKTOP_SCHEMA_REGISTRY__URLS", &registry.url)
        .with("CLICKTOP_SCHEMA_REGISTRY__REQUEST_TIMEOUT", "2 s")
}

pub fn send(topic: &Topic, messages: &[Vec<u8>]) {
    topic.send_payloads(messages.iter().map(Vec::as_slice));
}

fn end(run: Running) {
    run.signal("TERM");
    let ran = run.end();
    assert!(ran.status.success(), "{ran:?}");
}

pub fn framed(id: u32, clicks: &[OwnedClick], more: &[(&str, Avro)]) -> Vec<Vec<u8>> {
    clicks.iter().map(|click| click_message(id, click, more)).collect()
}

#[test]
fn an_avro_topic_evolves_and_loses_its_registry_and_no_click() {
    let (Some(kafka), Some(registry)) = (Kafka::plain(), Registry::find()) else { return };
    if server("CLICKTOP_TEST_CONTROL").is_none() {
        return;
    }
    let topic = kafka.topic(3);
    let subject = format!("{}-value", topic.name);
    let add = |more: &[Value]| registry.add(&subject, "AVRO", &click_schema(more), &json!([]));
    let clicks = made(971, 60_000);
    let (first, rest) = clicks.split_at(20_000);
    let (second, third) = rest.split_at(20_000);
    let city = json!({"name": "city", "type": "string"});

    let one = add(&[]);
    send(&topic, &framed(one, first, &[]));
    let home = home(&topic, &registry);
    let mut run = home.start(&["run", "--headless"]);

    // The schema evolves while the first clicks are read, and a message comes whose schema nobody has.
    let two = add(std::slice::from_ref(&city));
    let paris = ("city", Avro::String("Paris".to_owned()));
    let (half, other) = second.split_at(10_000);
    send(&topic, &framed(two, half, std::slice::from_ref(&paris)));
    send(&topic, &[Frame::write(4_000_000, b"stray")]);
    send(&topic, &framed(two, other, std::slice::from_ref(&paris)));
    run.await_object("two versions", through(40_000));

    // It evolves again, and the registry is away before ingest has seen the new one.
    let three = add(&[city, json!({"name": "age", "type": "int"})]);
    tell("pause registry", HANG);
    let away = Instant::now();
    // What is known is read all the same.
    send(&topic, &framed(two, &third[..5_000], std::slice::from_ref(&paris)));
    run.await_object("what needs no registry", through(45_000));
    send(&topic, &framed(three, &third[5_000..], &[paris, ("age", Avro::Int(7))]));
    let waits = run.await_object("a stage that waits", |object| stage(object, "ingest")["state"] == "backing_off");
    let cause = stage(&waits, "ingest")["cause"].as_str().expect("a cause").to_owned();
    let expected =
        format!("schema registry {}: it does not answer in time; the topic waits for schema {three}", registry.url);
    assert_eq!(cause, expected);
    std::thread::sleep(AWAY.saturating_sub(away.elapsed()));
    let still = run.await_object("a stage that waits still", |_| true);
    assert_eq!(still["totals"]["clicks"], 45_000, "{still}");
    assert_eq!(still["lag"], 15_000, "{still}");
    tell("resume registry", HANG);

    let last = run.await_object("every click", through(clicks.len()));
    println!(
        "the registry was away for {:.0} s; every click is through {:.0} s after",
        AWAY.as_secs_f64(),
        (away.elapsed() - AWAY).as_secs_f64()
    );
    let totals = &last["totals"];
    assert_eq!((&totals["duplicates"], &totals["skipped"], &totals["left_out"]), (&json!(0), &json!(0), &json!(0)));
    assert_eq!(totals["rejected"], 1, "{totals}");
    topic.await_commits();
    end(run);
    figures::assert_same("figures", &home.top(), &figures::of_clicks(&clicks));
    figures::assert_exact(&home.data());
    let stray = "SELECT COUNT(*) FROM rejects WHERE reason = 'the schema registry has no schema 4000000' \
                 AND hex(payload) = '00003D09007374726179'";
    assert_eq!(figures::number(&home.data(), stray), 1);
    let cities = "SELECT COUNT(*) FROM click_events WHERE city = 'Paris'";
    assert_eq!(figures::number(&home.data(), cities), 0, "the mapping takes no city");
}

#[test]
fn json_schema_and_protobuf_with_references_are_read_and_inspected() {
    let (Some(kafka), Some(registry)) = (Kafka::plain(), Registry::find()) else { return };
    let clicks = made(972, 3_000);
    let topic = kafka.topic(2);
    let name = |what: &str| format!("{}-{what}", topic.name);
    let refers = |import: &str, subject: &str| json!([{"name": import, "subject": subject, "version": 1}]);

    let page = "syntax = \"proto3\";\npackage shop;\nmessage Page {\n  string url = 1;\n}\n";
    registry.add(&name("page"), "PROTOBUF", page, &json!([]));
    let proto = "syntax = \"proto3\";\npackage shop.web;\nimport \"shop/page.proto\";\nimport \"google/protobuf/timestamp.proto\";\n\
                 message Other {\n  string name = 1;\n}\nmessage Click {\n  string id = 1;\n  string visitor = 2;\n  \
                 google.protobuf.Timestamp at = 3;\n  shop.Page page = 4;\n  string country = 5;\n}\n";
    let protobuf = registry.add(&name("proto"), "PROTOBUF", proto, &refers("shop/page.proto", &name("page")));

    let page =
        json!({"type": "record", "name": "Page", "namespace": "shop", "fields": [{"name": "url", "type": "string"}]});
    registry.add(&name("avro-page"), "AVRO", &page.to_string(), &json!([]));
    let mut avro: Value = serde_json::from_str(&click_schema(&[])).expect("a schema");
    avro["fields"][3]["type"] = json!("shop.Page");
    let avro = registry.add(&name("value"), "AVRO", &avro.to_string(), &refers("shop.Page", &name("avro-page")));

    let schema = json!({"type": "object", "properties": {"id": {"type": "string"}, "visitor": {"type": "string"}, "at": {},
        "page": {"type": "object", "properties": {"url": {"type": "string"}}}, "country": {"type": "string"}},
        "additionalProperties": false});
    let json_schema = registry.add(&name("json"), "JSON", &schema.to_string(), &json!([]));

    let message = |(at, click): (usize, &OwnedClick)| match at % 3 {
        0 => click_message(avro, click, &[]),
        1 => Frame::write(
            json_schema,
            json!({"id": click.click_id, "visitor": click.user_id, "at": click.timestamp.to_string(),
            "page": {"url": click.url}, "country": click.country})
            .to_string()
            .as_bytes(),
        ),
        // The second type of the file.
        _ => Frame::write(protobuf, &[&[2, 2], proto_click(click).as_slice()].concat()),
    };
    send(&topic, &clicks.iter().enumerate().map(message).collect::<Vec<_>>());
    // The first type of the file lacks what the mapping needs.
    send(&topic, &[Frame::write(protobuf, b"\0\x0a\x01x")]);

    let home = home(&topic, &registry);
    let ran = home.succeed(&["inspect", "--topic", &topic.name]);
    assert!(ran.stdout.contains("page.url") && ran.stdout.contains("visitor"), "{ran:?}");
    let checked = home.succeed(&["check"]);
    assert!(
        checked.stdout.contains(&format!("the newest schema of {} is {avro} (Avro), version 1", name("value"))),
        "{checked:?}"
    );

    let mut run = home.start(&["run", "--headless"]);
    let last = run.await_object("every click", through(clicks.len()));
    let totals = &last["totals"];
    assert_eq!(
        (&totals["rejected"], &totals["left_out"], &totals["duplicates"]),
        (&json!(0), &json!(1), &json!(0)),
        "{last}"
    );
    let notice = last["notices"].to_string();
    assert!(
        notice.contains(&format!("schema {protobuf} (Protobuf) has no `id`, which events.click_id needs")),
        "{notice}"
    );
    end(run);
    figures::assert_same("figures", &home.top(), &figures::of_clicks(&clicks));
    figures::assert_exact(&home.data());
}

/// A click as Protobuf.
fn proto_click(click: &OwnedClick) -> Vec<u8> {
    let varint = |mut number: u64| {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    };
    let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2][..], &varint(bytes.len() as u64), bytes].concat();
    let millis = click.timestamp.as_millis().unsigned_abs();
    let time = [&[8][..], &varint(millis / 1_000), &[16], &varint(millis % 1_000 * 1_000_000)].concat();
    [
        field(1, click.click_id.as_bytes()),
        field(2, click.user_id.as_bytes()),
        field(3, &time),
        field(4, &field(1, click.url.as_bytes())),
        field(5, click.country.as_bytes()),
    ]
    .concat()
}
