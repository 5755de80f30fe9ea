//! What Avro costs on a real Spark beside the same clicks as JSON, and what many schemas do. It measures, and tests nothing.

use std::collections::BTreeMap;
use std::time::Instant;

use arrow_array::Int64Array;
use serde_json::json;

use super::mapped_vectors::mapping;
use super::{nowhere, session, view_messages};
use crate::click::FieldLimits;
use crate::click::mapping::CompiledMapping;
use crate::engine::spark::connect::{Session, column};
use crate::engine::spark::sql::{Input, Opening, Slices, mapped_decoder, opened_view, opening};
use crate::registry::{Frame, Schema, SchemaKind, SchemaText};

const MESSAGES: usize = 20_000;

/// The clicks that the decoder finds in the messages of a table, and the seconds that it takes for them.
async fn decoded(
    session: &Session,
    mapping: &CompiledMapping,
    openings: Option<&BTreeMap<u32, Opening>>,
) -> (i64, [f64; 2]) {
    let input = if openings.is_some() { Input::Opened } else { Input::Plain };
    let decoder = mapped_decoder(mapping, FieldLimits::default(), Slices::of_minutes(60), input, &nowhere()).unwrap();
    let mut seconds = [0.0; 2];
    let mut clicks = 0;
    // The second time, Java has compiled what is slow.
    for seconds in &mut seconds {
        let begin = Instant::now();
        for view in openings.map(opened_view).iter().chain(&decoder.views) {
            session.sql_view(&view.name, view.query.as_str().into()).await.unwrap();
        }
        let query = format!(
            "SELECT sum(IF(length(concat(click_id, user_id, url, country)) > 0, 1, 0)) AS clicks FROM ({})",
            decoder.query
        );
        let rows = session.rows(query).all(1).await.unwrap();
        clicks = column::<Int64Array>(&rows[0], "clicks").unwrap().value(0);
        *seconds = begin.elapsed().as_secs_f64();
    }
    (clicks, seconds)
}

#[tokio::test]
#[ignore = "a measurement of some minutes"]
async fn avro_beside_json() {
    let Some(session) = session().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let mapping = mapping(
        "[events]\nform = \"json\"\nclick_id = \"id\"\nuser_id = \"visitor\"\ntimestamp = \"at\"\nurl = \"page.url\"\ncountry = \"country\"\n",
    );
    let mapping = mapping.compile().unwrap();
    let schema = json!({"type": "record", "name": "Click", "fields": [
        {"name": "id", "type": "string"}, {"name": "visitor", "type": "string"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "page", "type": {"type": "record", "name": "Page", "fields": [{"name": "url", "type": "string"}, {"name": "title", "type": ["null", "string"]}]}},
        {"name": "country", "type": "string"}, {"name": "session", "type": "string"}, {"name": "width", "type": "int"}]});
    let text = SchemaText { kind: SchemaKind::Avro, text: schema.to_string().into(), references: Vec::new() };
    let schema = Schema::compile(&text).unwrap();
    let (mut avro, mut plain) = (Vec::new(), Vec::new());
    for at in 0..MESSAGES {
        let (id, user, url) = (format!("{at:032x}"), format!("user-{}", at % 5_000), format!("/products/{}", at % 900));
        let ms = 1_769_851_800_000 + i64::try_from(at).unwrap() * 37;
        let time = jiff::Timestamp::from_millisecond(ms).unwrap();
        plain.push(
            json!({"id": id, "visitor": user, "at": time.to_string(), "page": {"url": url, "title": "A product"}, "country": "IN",
                "session": "0123456789abcdef", "width": 1280})
            .to_string()
            .into_bytes(),
        );
        let mut content = Vec::new();
        let text = |text: &str, content: &mut Vec<u8>| {
            super::framed_vectors::long(i64::try_from(text.len()).unwrap(), content);
            content.extend(text.as_bytes());
        };
        text(&id, &mut content);
        text(&user, &mut content);
        super::framed_vectors::long(ms, &mut content);
        text(&url, &mut content);
        content.push(2);
        text("A product", &mut content);
        text("IN", &mut content);
        text("0123456789abcdef", &mut content);
        super::framed_vectors::long(1280, &mut content);
        avro.push(Frame::write(200, &content));
    }
    let openings = |first: u32| -> BTreeMap<u32, Opening> {
        (first..=200).map(|id| (id, opening(id, &schema, Some(&mapping)).unwrap())).collect()
    };
    let (one, many) = (openings(200), openings(1));
    for (name, messages, openings) in [
        ("JSON", &plain, None),
        ("Avro", &avro, Some(&one)),
        ("Avro, 200 schemas", &avro, Some(&many)),
        ("JSON behind frames", &plain, Some(&one)),
    ] {
        view_messages(&session, &folder.path().join("messages.jsonl"), ("t", 0), messages).await;
        let table = format!("delta.`{}/{}`", folder.path().display(), uuid::Uuid::new_v4().simple());
        session
            .command(format!("CREATE TABLE {table} USING delta AS SELECT /*+ REPARTITION(2) */ * FROM kafka_messages"))
            .await
            .unwrap();
        session
            .command(format!("CREATE OR REPLACE TEMPORARY VIEW kafka_messages AS SELECT * FROM {table}"))
            .await
            .unwrap();
        let (clicks, [cold, warm]) = decoded(&session, &mapping, openings).await;
        eprintln!("{name}: {clicks} clicks, {cold:.1} s, then {warm:.1} s, {:.0} clicks/s", clicks as f64 / warm);
        assert_eq!(clicks, i64::try_from(MESSAGES).unwrap());
    }
    session.release().await.unwrap();
}
