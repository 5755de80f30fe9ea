//! Messages with Avro schemas: what SQL makes of them on a real Spark, and what the local engine makes of them.

use std::collections::BTreeMap;

use arrow_array::{Array, BinaryArray, Int64Array, StringArray};
use serde_json::{Value, json};

use super::framed_vectors::{Random, any_schema, encoded};
use super::mapped::is_same;
use super::mapped_vectors::mapping;
use super::{TEXTS, nowhere, session, view_messages};
use crate::click::mapping::{CompiledMapping, EventDecoder, Place, StreamId};
use crate::click::{FieldLimits, ForeignFormat, Format};
use crate::engine::spark::connect::{Session, column};
use crate::engine::spark::sql::{
    Decoder, Input, Opening, Slices, UNKNOWN_SCHEMA, decoder, mapped_decoder, opened_view, opening,
};
use crate::registry::{Frame, FrameReader, Opened, Schema, SchemaKind, SchemaText};

const TOPIC: &str = "framed";
const PARTITION: i32 = 1;

fn schema(kind: SchemaKind, text: &str) -> Schema {
    Schema::compile(&SchemaText { kind, text: text.into(), references: Vec::new() })
        .unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Schemas by their ids, and messages.
#[derive(Default)]
struct Topic {
    schemas: BTreeMap<u32, (SchemaKind, String)>,
    messages: Vec<Vec<u8>>,
}

impl Topic {
    fn avro(&mut self, id: u32, schema: &Value) {
        self.schemas.insert(id, (SchemaKind::Avro, schema.to_string()));
    }

    fn push(&mut self, id: u32, content: &[u8]) {
        self.messages.push(Frame::write(id, content));
    }

    fn reader(&self, mapping: Option<&CompiledMapping>) -> FrameReader {
        let schemas = self.schemas.iter().map(|(id, (kind, text))| (*id, schema(*kind, text)));
        let schemas = crate::registry::Schemas::fixed(schemas);
        FrameReader::new(schemas, mapping)
    }

    fn openings(&self, mapping: Option<&CompiledMapping>) -> BTreeMap<u32, Opening> {
        let of = |(id, (kind, text)): (&u32, &(SchemaKind, String))| {
            (*id, opening(*id, &schema(*kind, text), mapping).unwrap_or_else(|line| panic!("{line}")))
        };
        self.schemas.iter().map(of).collect()
    }

    async fn on(&self, session: &Session, folder: &tempfile::TempDir, mapping: Option<&CompiledMapping>) {
        view_messages(session, &folder.path().join("messages.jsonl"), (TOPIC, PARTITION), &self.messages).await;
        let view = opened_view(&self.openings(mapping));
        session.sql_view(&view.name, view.query.into()).await.unwrap();
    }
}

/// What is kept of the message of a reject.
fn kept(message: &[u8]) -> Option<Vec<u8>> {
    Some(message.iter().take(64 << 10).copied().collect())
}

/// What becomes of one message.
#[derive(Clone, Debug, Default, PartialEq)]
struct Made {
    clicks: Vec<(i64, [String; 8])>,
    reject: Option<String>,
    payload: Option<Vec<u8>>,
    left_out: i64,
}

fn by_rust(topic: &Topic, mapping: Option<&CompiledMapping>) -> Vec<Made> {
    let (mut reader, stream) = (topic.reader(mapping), StreamId::of_partition(TOPIC, PARTITION));
    let mut decoder = EventDecoder::new(mapping, Format::Auto, FieldLimits::default());
    let each = topic.messages.iter().zip(0..).map(|(message, number)| {
        let mut made = Made::default();
        let text = match reader.open(message) {
            Opened::Plain => message.clone(),
            Opened::Text(text) => text.to_vec(),
            Opened::Refused(reason) => {
                (made.reject, made.payload) = (Some(reason), kept(message));
                return made;
            }
            Opened::LeftOut(_) => {
                made.left_out = 1;
                return made;
            }
            Opened::Wait(id) => panic!("schema {id} is not known"),
        };
        let place = Place { stream, number };
        let left_out = decoder.decode_each_made(&text, message, place, &mut |decoded| match decoded {
            Ok(click) => {
                let texts = [
                    click.click_id,
                    click.user_id,
                    click.url,
                    click.country,
                    click.city,
                    click.browser,
                    click.os,
                    click.device,
                ];
                made.clicks.push((click.timestamp.as_millis(), texts.map(str::to_owned)));
            }
            Err(error) => {
                // What else a text looks like is only asked of one without a frame.
                let looks = match (Frame::read(message), mapping) {
                    (Some(_), _) => None,
                    (None, Some(_)) => ForeignFormat::detect_beside_mapping(message),
                    (None, None) => ForeignFormat::detect(message),
                };
                let reason = || looks.map_or_else(|| error.to_string(), |looks| looks.to_string());
                made.reject.get_or_insert_with(reason);
                made.payload = kept(message);
            }
        });
        made.left_out = left_out.into();
        made
    });
    each.collect()
}

async fn by_sql(session: &Session, topic: &Topic, mapping: Option<&CompiledMapping>) -> Vec<Made> {
    let (limits, slices) = (FieldLimits::default(), Slices::of_minutes(60));
    let Decoder { views, query, .. } = match mapping {
        Some(mapping) => mapped_decoder(mapping, limits, slices, Input::Opened, &nowhere()).unwrap(),
        None => decoder(Format::Auto, limits, slices, Input::Opened),
    };
    for view in views {
        session.sql_view(&view.name, view.query.into()).await.unwrap();
    }
    let mut made = vec![Made::default(); topic.messages.len()];
    let mut rows =
        session.rows(format!("SELECT offset, slice, ts, {}, reason, payload FROM ({query})", TEXTS.join(", ")));
    while let Some(batch) = rows.next().await.unwrap() {
        let text = |name: &str| column::<StringArray>(&batch, name).unwrap();
        let (offsets, times) =
            (column::<Int64Array>(&batch, "offset").unwrap(), column::<Int64Array>(&batch, "ts").unwrap());
        let payloads = column::<BinaryArray>(&batch, "payload").unwrap();
        for row in 0..batch.num_rows() {
            let made = &mut made[usize::try_from(offsets.value(row)).unwrap()];
            if text("reason").is_valid(row) {
                made.reject = Some(text("reason").value(row).to_owned());
                made.payload = Some(payloads.value(row).to_vec());
            } else if text("click_id").is_valid(row) {
                made.clicks.push((times.value(row), TEXTS.map(|name| text(name).value(row).to_owned())));
            } else {
                made.left_out += times.value(row);
            }
        }
    }
    made
}

/// A reason without what only the local engine tells about broken content.
fn told(reason: &str) -> &str {
    match reason.split_once("): ") {
        Some((schema, _)) if schema.starts_with("schema ") => schema,
        _ => reason,
    }
}

async fn compare(topic: &Topic, mapping: Option<&CompiledMapping>) -> Option<Vec<Made>> {
    let session = session().await?;
    let folder = tempfile::tempdir().unwrap();
    topic.on(&session, &folder, mapping).await;
    let (mut expected, mut found) = (by_rust(topic, mapping), by_sql(&session, topic, mapping).await);
    let rust = expected.clone();
    for (at, (expected, found)) in expected.iter_mut().zip(&mut found).enumerate() {
        if let (Some(expected), Some(found)) = (&mut expected.reject, &found.reject)
            && is_same(told(expected), told(found))
        {
            expected.clone_from(found);
        }
        assert!(expected == found, "message {at}\nrust {expected:?}\nsql  {found:?}");
    }
    session.release().await.unwrap();
    Some(rust)
}

/// The texts that the view makes are those of the local engine, byte by byte.
#[tokio::test]
async fn any_content_becomes_the_same_text() {
    let Some(session) = session().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let rounds =
        std::env::var("CLICKTOP_TEST_MAPPED_MESSAGES").ok().and_then(|number| number.parse().ok()).unwrap_or(2_u64);
    let (mut texts, mut rejects) = (0, 0);
    for seed in 0..rounds {
        let mut random = Random::new(seed);
        let mut topic = Topic::default();
        for id in 1..=12 {
            // What the nine fields need, so that the schema is not left out.
            let text = |name: &str| json!({"name": name, "type": "string"});
            let any = any_schema(&mut random, 3, &format!("T{id}"));
            let schema = json!({"type": "record", "name": "Click", "fields": [
                text("click_id"), text("user_id"), text("timestamp"), text("url"), {"name": "any", "type": any}]});
            topic.avro(id, &schema);
            for _ in 0..20 {
                let mut content = Vec::new();
                encoded(&schema, &mut random, &mut content);
                topic.push(id, &content);
                match random.below(5) {
                    0 => content.truncate(random.below(content.len())),
                    1 => content.push(0),
                    2 => {
                        let at = random.below(content.len());
                        content[at] = content[at].wrapping_add(1 + random.below(255) as u8);
                    }
                    _ => continue,
                }
                topic.push(id, &content);
            }
        }
        topic.on(&session, &folder, None).await;
        let mut reader = topic.reader(None);
        let batches = session.rows("SELECT offset, value, outcome FROM clicktop_opened").all(100_000).await.unwrap();
        for batch in &batches {
            let (offsets, values, outcomes) = (
                column::<Int64Array>(batch, "offset").unwrap(),
                column::<BinaryArray>(batch, "value").unwrap(),
                column::<StringArray>(batch, "outcome").unwrap(),
            );
            for row in 0..batch.num_rows() {
                let message = &topic.messages[usize::try_from(offsets.value(row)).unwrap()];
                let id = Frame::read(message).unwrap().id;
                let expected = match reader.open(message) {
                    Opened::Text(text) => Ok(String::from_utf8_lossy(text).into_owned()),
                    Opened::Refused(reason) => Err(format!("R{}", told(&reason))),
                    other => panic!("{other:?}"),
                };
                let found = match outcomes.is_valid(row) {
                    true => Err(told_of(outcomes.value(row))),
                    false => Ok(String::from_utf8_lossy(values.value(row)).into_owned()),
                };
                texts += usize::from(expected.is_ok());
                rejects += usize::from(expected.is_err());
                let same = expected == found || same_json(&expected, &found);
                assert!(same, "seed {seed}, {}\n{message:?}\nrust {expected:?}\nsql  {found:?}", topic.schemas[&id].1);
            }
        }
    }
    eprintln!("{texts} texts, {rejects} rejects");
    session.release().await.unwrap();
}

/// A mapping of nested values, of each type that a click can come from.
fn nested() -> CompiledMapping {
    mapping(
        "[events]\nform = \"json\"\nuser_id = \"visitor.id\"\ntimestamp = \"at\"\nurl = [\"page.url\", \"page.path\"]\n\
         country = \"tags.country\"\ncity = \"params[key=city].value.text\"\nbrowser = \"kind\"\nos = \"sizes[1]\"\ndevice = \"price\"\n",
    )
    .compile()
    .unwrap()
}

fn nested_schema(at: &Value, more: &[Value]) -> Value {
    let page = json!({"type": "record", "name": "Page", "fields": [{"name": "url", "type": ["null", "string"]}, {"name": "path", "type": ["null", "string"]}]});
    let value =
        json!({"type": "record", "name": "Text", "fields": [{"name": "text", "type": ["null", "string", "long"]}]});
    let param = json!({"type": "record", "name": "Param", "fields": [{"name": "key", "type": "string"}, {"name": "value", "type": value}]});
    let mut fields = vec![
        json!({"name": "at", "type": at}),
        json!({"name": "visitor", "type": {"type": "record", "name": "Visitor", "fields": [{"name": "id", "type": ["string", "null", "long"]}]}}),
        json!({"name": "page", "type": page}),
        json!({"name": "tags", "type": {"type": "map", "values": "string"}}),
        json!({"name": "params", "type": {"type": "array", "items": param}}),
        json!({"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["VIEW", "CLICK"]}}),
        json!({"name": "sizes", "type": {"type": "array", "items": ["null", "double", "boolean"]}}),
        json!({"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}}),
    ];
    fields.extend_from_slice(more);
    json!({"type": "record", "name": "Event", "fields": fields})
}

/// Clicks by a mapping of nested values: under several versions of the schema in one topic, with JSON in between, with content that is
/// broken or of another schema, and with schemas that are not there or hold no clicks.
#[tokio::test]
async fn a_topic_of_several_schemas_gives_the_clicks_and_rejects_of_the_local_engine() {
    let mut random = Random::new(7);
    let mut topic = Topic::default();
    let time = |of: &str| json!({"type": "long", "logicalType": of});
    let recursive = json!({"name": "tree", "type": ["null", {"type": "record", "name": "Tree", "fields": [
        {"name": "name", "type": "string"}, {"name": "children", "type": {"type": "array", "items": "Tree"}}]}]});
    let versions = [
        nested_schema(&time("timestamp-millis"), &[]),
        nested_schema(
            &time("timestamp-micros"),
            &[json!({"name": "note", "type": ["null", "string"], "default": null})],
        ),
        nested_schema(
            &time("timestamp-nanos"),
            &[json!({"name": "flags", "type": {"type": "map", "values": ["boolean", "int"]}})],
        ),
        nested_schema(&json!("string"), &[]),
        nested_schema(&json!(["null", time("timestamp-millis"), "double"]), &[]),
        nested_schema(
            &time("timestamp-millis"),
            &[json!({"name": "big", "type": {"type": "bytes", "logicalType": "big-decimal"}})],
        ),
    ];
    for (id, schema) in (1..).zip(&versions) {
        topic.avro(id, schema);
        for at in 0..40 {
            let mut content = Vec::new();
            if id == 6 {
                // The random content of the other fields, and a number with its scale inside.
                encoded(&versions[0], &mut random, &mut content);
                content.extend([6, 2, 5, 4]);
            } else {
                encoded(schema, &mut random, &mut content);
            }
            match at % 8 {
                5 => content.truncate(random.below(content.len())),
                6 => content.extend(b"ab"),
                7 => content[0] ^= 0x55,
                _ => {}
            }
            topic.push(id, &content);
        }
    }
    // A field that leads to its own type is skipped, whatever is in it.
    topic.avro(10, &nested_schema(&time("timestamp-millis"), &[recursive]));
    let mut content = Vec::new();
    encoded(&versions[0], &mut random, &mut content);
    for tree in [&[0][..], b"\x02\x02a\0", b"\x02\x02a\x02\x02b\x02\x02c\0\0\0"] {
        topic.push(10, &[&content, tree].concat());
    }
    topic.avro(11, &json!({"type": "record", "name": "Order", "fields": [{"name": "number", "type": "long"}]}));
    topic.push(11, &[2]);
    topic.schemas.insert(12, (SchemaKind::Json, "{}".to_owned()));
    let json = br#"{"at": "2026-01-31T09:30:00Z", "visitor": {"id": 7}, "page": {"path": "/j"}, "sizes": [1, 2.50]}"#;
    topic.push(12, json);
    topic.push(12, b"{broken");
    topic.push(12, &vec![b' '; 600 << 10]);
    topic.push(1, &vec![b' '; 600 << 10]);
    topic.messages.extend([json.to_vec(), b"not json".to_vec(), Vec::new(), b"\0\0\0".to_vec(), b"{\"at\":1".to_vec()]);
    for mapping in [Some(nested()), None] {
        let Some(made) = compare(&topic, mapping.as_ref()).await else { return };
        let clicks: usize = made.iter().map(|made| made.clicks.len()).sum();
        let rejects = made.iter().filter(|made| made.reject.is_some()).count();
        let left_out: i64 = made.iter().map(|made| made.left_out).sum();
        eprintln!("{clicks} clicks, {rejects} rejects, {left_out} left out of {}", made.len());
        assert!(mapping.is_none() || (clicks > 25 && rejects > 60 && left_out == 1));
    }
}

/// Times become what the mapping reads, in each unit.
#[tokio::test]
async fn times_of_each_type_are_read_in_each_unit() {
    let mut random = Random::new(3);
    for form in ["auto", "s", "ms", "us", "ns"] {
        let mapping = mapping(&format!(
            "[events]\nform = \"json\"\nuser_id = \"user\"\ntimestamp = \"at\"\nurl = \"user\"\ncity = \"at\"\ntime_form = \"{form}\"\ntime_zone = \"Asia/Kolkata\"\n"
        ));
        let mapping = mapping.compile().unwrap();
        let mut topic = Topic::default();
        for (id, logical) in (1..).zip([
            "timestamp-millis",
            "timestamp-micros",
            "timestamp-nanos",
            "local-timestamp-millis",
            "local-timestamp-micros",
            "local-timestamp-nanos",
        ]) {
            let schema = json!({"type": "record", "name": "E", "fields": [
                {"name": "user", "type": "string"}, {"name": "at", "type": {"type": "long", "logicalType": logical}}]});
            topic.avro(id, &schema);
            let digits = [3, 6, 9][(id as usize - 1) % 3];
            for number in [0, 1, -1, 1_769_851_800, 1_769_851_800_125, 253_402_300_799_999, i64::MAX, i64::MIN] {
                let scaled = number * i64::from(number == 1_769_851_800) * 10_i64.pow(digits)
                    + number * i64::from(number != 1_769_851_800);
                let mut content = b"\x02u".to_vec();
                super::framed_vectors::long(scaled, &mut content);
                topic.push(id, &content);
                content.truncate(2);
                super::framed_vectors::long(
                    1_769_851_800 * 10_i64.pow(digits) + random.below(1_000_000) as i64,
                    &mut content,
                );
                topic.push(id, &content);
            }
        }
        if compare(&topic, Some(&mapping)).await.is_none() {
            return;
        }
    }
}

/// A query that meets a schema which it does not know fails with its id.
#[tokio::test]
async fn an_unknown_schema_ends_the_query_with_its_id() {
    let Some(session) = session().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut topic = Topic::default();
    topic.push(4_000_000_007, b"x");
    topic.on(&session, &folder, None).await;
    let error = session.rows("SELECT value FROM clicktop_opened").all(10).await.unwrap_err().to_string();
    assert!(error.contains(&format!("{UNKNOWN_SCHEMA}4000000007")), "{error}");
    session.release().await.unwrap();
}

#[test]
fn what_sql_cannot_read_is_refused_with_schema_and_field() {
    let refused = |field: Value, path: &str| {
        let schema_text = json!({"type": "record", "name": "E", "fields": [
            {"name": "user", "type": "string"}, {"name": "at", "type": "long"}, field]});
        let text = format!("[events]\nform = \"json\"\nuser_id = \"user\"\ntimestamp = \"at\"\nurl = \"{path}\"\n");
        let mapping = mapping(&text).compile().unwrap();
        opening(7, &schema(SchemaKind::Avro, &schema_text.to_string()), Some(&mapping)).unwrap_err()
    };
    let tree = json!({"name": "tree", "type": {"type": "record", "name": "Tree", "fields": [
        {"name": "url", "type": "string"}, {"name": "next", "type": ["null", "Tree"]}]}});
    assert_eq!(
        refused(tree, "tree.next.url"),
        "schema 7 (Avro): engine = \"spark\" does not read `tree.next`, because it belongs to a type that holds itself"
    );
    let number = json!({"name": "n", "type": {"type": "bytes", "logicalType": "big-decimal"}});
    assert!(refused(number, "n").contains("does not read `n`, because it is a decimal number without a scale"));
    let protobuf = schema(SchemaKind::Protobuf, "syntax = \"proto3\"; message E { string a = 1; }");
    assert_eq!(
        opening(8, &protobuf, None).unwrap_err(),
        "schema 8 is Protobuf, which engine = \"spark\" does not read"
    );
    // Each record holds the next one twice.
    let twice = |next: Value, at: usize| json!({"type": "record", "name": format!("R{at}"), "fields": [{"name": "a", "type": next}, {"name": "b", "type": format!("R{}", at - 1)}]});
    let first = json!({"type": "record", "name": "R0", "fields": [{"name": "url", "type": "string"}]});
    let field = json!({"name": "f", "type": (1..30).fold(first, twice)});
    assert!(refused(field, "user").contains("its types are too many"));
}

fn told_of(outcome: &str) -> String {
    format!("R{}", told(outcome.strip_prefix('R').unwrap_or(outcome)))
}

/// Escapes may be written in several ways, and a map has no order.
fn same_json(one: &Result<String, String>, other: &Result<String, String>) -> bool {
    let parsed =
        |text: &Result<String, String>| text.as_ref().ok().and_then(|text| serde_json::from_str::<Value>(text).ok());
    parsed(one).is_some() && parsed(one) == parsed(other)
}
