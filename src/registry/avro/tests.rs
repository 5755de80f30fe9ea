use apache_avro::types::Value as Avro;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::registry::error::ReadError;
use crate::registry::frame::Frame;
use crate::registry::schema::Schema;
use crate::registry::schema_text::{Reference, SchemaKind};
use crate::registry::times::TimeStyle;

fn text(schema: &Value, references: &[Value]) -> SchemaText {
    let reference = |schema: &Value| Reference { name: "any".into(), text: schema.to_string().into() };
    SchemaText {
        kind: SchemaKind::Avro,
        text: schema.to_string().into(),
        references: references.iter().map(reference).collect(),
    }
}

fn read(schema: &Value, content: &[u8]) -> Result<Value, ReadError> {
    let schema = Schema::compile(&text(schema, &[])).unwrap();
    let mut made = String::new();
    let read = schema.read(Frame { id: 1, content }, TimeStyle::Text, &mut made)?;
    Ok(serde_json::from_slice(read).unwrap())
}

fn written(schema: &Value, value: Avro) -> Vec<u8> {
    apache_avro::to_avro_datum(&apache_avro::Schema::parse(schema).unwrap(), value).unwrap()
}

fn record(fields: Value) -> Value {
    json!({"type": "record", "name": "Click", "namespace": "shop.web", "fields": fields})
}

#[test]
fn every_type_becomes_what_the_mapping_reads() {
    let schema = record(json!([
        {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "user", "type": ["null", "long"]},
        {"name": "none", "type": ["null", "long"]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "micros", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "nanos", "type": {"type": "long", "logicalType": "timestamp-nanos"}},
        {"name": "local", "type": {"type": "long", "logicalType": "local-timestamp-millis"}},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "clock", "type": {"type": "int", "logicalType": "time-millis"}},
        {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
        {"name": "debt", "type": {"type": {"type": "fixed", "name": "Debt", "size": 3}, "logicalType": "decimal", "precision": 5, "scale": 1}},
        {"name": "device", "type": {"type": "enum", "name": "Device", "symbols": ["phone", "desktop"]}},
        {"name": "page", "type": {"type": "record", "name": "Page", "fields": [{"name": "url", "type": "string"}]}},
        {"name": "before", "type": ["null", "Page"]},
        {"name": "tags", "type": {"type": "map", "values": "boolean"}},
        {"name": "visits", "type": {"type": "array", "items": "Page"}},
        {"name": "raw", "type": "bytes"},
        {"name": "share", "type": "double"},
        {"name": "small", "type": "float"},
    ]));
    let page = |url: &str| Avro::Record(vec![("url".to_owned(), Avro::String(url.to_owned()))]);
    let fields: Vec<(&str, Avro)> = vec![
        ("id", Avro::Uuid("0b4b0ae4-2fbc-4dbd-9e4b-9d2d4f1a7a11".parse().unwrap())),
        ("user", Avro::Union(1, Box::new(Avro::Long(-77)))),
        ("none", Avro::Union(0, Box::new(Avro::Null))),
        ("at", Avro::TimestampMillis(1_769_851_800_125)),
        ("micros", Avro::TimestampMicros(1_769_851_800_125_001)),
        ("nanos", Avro::TimestampNanos(1_769_851_800_125_000_001)),
        ("local", Avro::LocalTimestampMillis(1_769_851_800_125)),
        ("day", Avro::Date(20_484)),
        ("clock", Avro::TimeMillis(34_200_000)),
        ("price", Avro::Decimal(apache_avro::Decimal::from(vec![0x04, 0xd2]))),
        ("debt", Avro::Decimal(apache_avro::Decimal::from(vec![0xff, 0xff, 0xfb]))),
        ("device", Avro::Enum(1, "desktop".to_owned())),
        ("page", page("/a \"b\"\n")),
        ("before", Avro::Union(1, Box::new(page("/")))),
        ("tags", Avro::Map([("new".to_owned(), Avro::Boolean(true))].into())),
        ("visits", Avro::Array(vec![page("/1"), page("/2")])),
        ("raw", Avro::Bytes(b"\xff\x00".to_vec())),
        ("share", Avro::Double(f64::NAN)),
        ("small", Avro::Float(0.1)),
    ];
    let value = Avro::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
    let expected = json!({
        "id": "0b4b0ae4-2fbc-4dbd-9e4b-9d2d4f1a7a11", "user": -77, "none": null,
        "at": "2026-01-31T09:30:00.125Z", "micros": "2026-01-31T09:30:00.125001Z",
        "nanos": "2026-01-31T09:30:00.125000001Z", "local": "2026-01-31T09:30:00.125", "day": "2026-01-31",
        "clock": "09:30:00", "price": "12.34", "debt": "-0.5", "device": "desktop", "page": {"url": "/a \"b\"\n"},
        "before": {"url": "/"}, "tags": {"new": true}, "visits": [{"url": "/1"}, {"url": "/2"}], "raw": "/wA=",
        "share": null, "small": 0.1,
    });
    assert_eq!(read(&schema, &written(&schema, value)).unwrap(), expected);
}

#[test]
fn named_types_come_from_references() {
    let page = json!({"type": "record", "name": "Page", "namespace": "shop.common", "fields": [
        {"name": "url", "type": "string"}, {"name": "site", "type": "Site"}]});
    let site = json!({"type": "enum", "name": "shop.common.Site", "symbols": ["eu", "us"]});
    let click = record(
        json!([{"name": "page", "type": "shop.common.Page"}, {"name": "site", "type": ["null", "shop.common.Site"]}]),
    );
    let schema = Schema::compile(&text(&click, &[page, site])).unwrap();
    let mut made = String::new();
    let content = b"\x04/a\x02\x02\x00";
    let read = schema.read(Frame { id: 1, content }, TimeStyle::Text, &mut made).unwrap();
    assert_eq!(read, br#"{"page":{"url":"/a","site":"us"},"site":"eu"}"#);
    let lost = Schema::compile(&text(&click, &[])).unwrap_err().to_string();
    assert!(lost.contains("Page"), "{lost}");
}

#[test]
fn a_recursive_schema_is_followed_only_so_deep() {
    let schema = json!({"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]});
    assert_eq!(read(&schema, &[2, 2, 0]).unwrap(), json!({"next": {"next": {"next": null}}}));
    assert_eq!(read(&schema, &vec![2; 400_000]), Err(ReadError::TooDeep(100)));
}

#[test]
fn lengths_and_counts_of_strangers_take_no_memory() {
    let nulls = record(json!([{"name": "all", "type": {"type": "array", "items": "null"}}]));
    let huge = [&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f][..], &[0]].concat();
    assert_eq!(read(&nulls, &huge), Err(ReadError::Expanded));
    let text = record(json!([{"name": "text", "type": "string"}]));
    assert_eq!(read(&text, &huge), Err(ReadError::Length));
    assert_eq!(read(&text, &[1]), Err(ReadError::Length), "negative");
    assert_eq!(read(&text, &[]), Err(ReadError::Truncated));
    assert_eq!(read(&text, &[2, b'a', 7]), Err(ReadError::Trailing(1)));
    assert_eq!(read(&text, &[2, 0xff]), Err(ReadError::Utf8));
    let choice = record(json!([{"name": "one", "type": ["null", "long"]}]));
    assert_eq!(read(&choice, &[4]), Err(ReadError::Choice { what: "union", number: 2 }));
}

#[test]
fn a_mapping_finds_members_through_unions_maps_and_arrays() {
    let schema = record(json!([
        {"name": "page", "type": ["null", {"type": "record", "name": "Page", "fields": [{"name": "url", "type": "string"}]}]},
        {"name": "tags", "type": {"type": "map", "values": "string"}},
        {"name": "visits", "type": {"type": "array", "items": ["null", "Page"]}},
    ]));
    let schema = AvroSchema::compile(&text(&schema, &[])).unwrap();
    let root = schema.offered();
    assert!(root.member("page").unwrap().member("url").is_some());
    assert!(root.member("tags").unwrap().member("anything").is_some());
    assert!(root.member("visits").unwrap().element().unwrap().member("url").is_some());
    assert!(root.member("page").unwrap().member("path").is_none() && root.member("url").is_none());
    assert!(root.element().is_none() && root.member("page").unwrap().member("url").unwrap().member("x").is_none());
}

/// A schema, a value of it, and the JSON that it becomes. `name` makes the names of its types unique.
fn any_value(name: String, depth: u32) -> BoxedStrategy<(Value, Avro, Value)> {
    let leaf = prop_oneof![
        Just((json!("null"), Avro::Null, Value::Null)),
        any::<bool>().prop_map(|value| (json!("boolean"), Avro::Boolean(value), json!(value))),
        any::<i32>().prop_map(|value| (json!("int"), Avro::Int(value), json!(value))),
        any::<i64>().prop_map(|value| (json!("long"), Avro::Long(value), json!(value))),
        any::<f64>().prop_map(|value| (json!("double"), Avro::Double(value), json!(value))),
        any::<String>().prop_map(|value| (json!("string"), Avro::String(value.clone()), json!(value))),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let fields = (0..4_usize).prop_flat_map({
        let name = name.clone();
        move |count| (0..count).map(|at| any_value(format!("{name}_{at}"), depth - 1)).collect::<Vec<_>>()
    });
    let record_name = name.clone();
    let records = fields.prop_map(move |fields| {
        let named = |at: usize| format!("f{at}");
        let (mut types, mut values, mut shown) = (Vec::new(), Vec::new(), serde_json::Map::new());
        for (at, (of, value, json)) in fields.into_iter().enumerate() {
            types.push(json!({"name": named(at), "type": of}));
            values.push((named(at), value));
            shown.insert(named(at), json);
        }
        let of = json!({"type": "record", "name": record_name, "fields": types});
        (of, Avro::Record(values), Value::Object(shown))
    });
    let arrays = (any_value(format!("{name}_i"), depth - 1), 0..5_usize).prop_map(|((of, value, json), count)| {
        (json!({"type": "array", "items": of}), Avro::Array(vec![value; count]), json!(vec![json; count]))
    });
    let unions = any_value(format!("{name}_u"), depth - 1).prop_map(|(of, value, json)| match &of {
        Value::String(null) if null == "null" => (of, value, json),
        Value::Array(_) => (of, value, json),
        _ => (json!(["null", of]), Avro::Union(1, Box::new(value)), json),
    });
    prop_oneof![leaf, records, arrays, unions].boxed()
}

proptest! {
    #[test]
    fn what_is_written_comes_back((of, value, shown) in any_value("T".to_owned(), 3)) {
        let schema = record(json!([{"name": "it", "type": of}]));
        let content = written(&schema, Avro::Record(vec![("it".to_owned(), value)]));
        prop_assert_eq!(read(&schema, &content).unwrap(), json!({"it": shown}));
        for end in 0..content.len() {
            prop_assert!(read(&schema, &content[..end]).is_err(), "{} of {} bytes", end, content.len());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused((of, _, _) in any_value("T".to_owned(), 3), content: Vec<u8>) {
        let _ = read(&record(json!([{"name": "it", "type": of}])), &content);
    }
}
