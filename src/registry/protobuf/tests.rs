use proptest::prelude::*;
use prost_reflect::prost::Message as _;
use prost_reflect::{MapKey, Value as Proto};
use serde_json::{Value, json};

use super::*;
use crate::registry::error::ReadError;
use crate::registry::frame::Frame;
use crate::registry::schema::Schema;
use crate::registry::schema_text::{Reference, SchemaKind};

const CLICK: &str = r#"
syntax = "proto3";
package shop.web;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "shop/page.proto";

message Other { string name = 1; }

message Click {
  enum Device { UNKNOWN = 0; PHONE = 1; }
  message Inner { message Deep { int64 n = 1; } string text = 1; }
  string click_id = 1;
  uint64 user_id = 2;
  google.protobuf.Timestamp at = 3;
  shop.Page page = 4;
  Device device = 5;
  bool is_bot = 6;
  repeated string tags = 7;
  map<string, int32> counts = 8;
  optional int32 age = 9;
  oneof from { string mail = 10; Inner inner = 11; }
  google.protobuf.StringValue city = 12;
  double share = 13;
  bytes raw = 14;
}
"#;

const PAGE: &str = "syntax = \"proto3\"; package shop; message Page { string url = 1; }";

fn schema_text() -> SchemaText {
    SchemaText {
        kind: SchemaKind::Protobuf,
        text: CLICK.into(),
        references: vec![Reference { name: "shop/page.proto".into(), text: PAGE.into() }],
    }
}

fn schema() -> ProtobufSchema {
    ProtobufSchema::compile(&schema_text()).unwrap()
}

/// The bytes of a `Click` behind its indexes, and what it becomes.
fn read(content: &[u8], style: TimeStyle) -> Result<Value, ReadError> {
    let schema = Schema::compile(&schema_text()).unwrap();
    let mut made = String::new();
    let read = schema.read(Frame { id: 1, content }, style, &mut made)?;
    Ok(serde_json::from_slice(read).unwrap())
}

fn click() -> DynamicMessage {
    DynamicMessage::new(schema().message_type(&[1]).unwrap())
}

fn framed(message: &DynamicMessage) -> Vec<u8> {
    [&[2, 2], message.encode_to_vec().as_slice()].concat()
}

fn part(of: &str, fields: &[(&str, Proto)]) -> Proto {
    let mut message = DynamicMessage::new(schema().pool.get_message_by_name(of).unwrap());
    for (name, value) in fields {
        message.set_field_by_name(name, value.clone());
    }
    Proto::Message(message)
}

#[test]
fn every_type_becomes_what_the_mapping_reads() {
    let mut message = click();
    let time = [("seconds", Proto::I64(1_769_851_800)), ("nanos", Proto::I32(125_000_000))];
    for (name, value) in [
        ("click_id", Proto::String("c1".to_owned())),
        ("user_id", Proto::U64(u64::MAX)),
        ("at", part("google.protobuf.Timestamp", &time)),
        ("page", part("shop.Page", &[("url", Proto::String("/a \"b\"".to_owned()))])),
        ("device", Proto::EnumNumber(1)),
        ("is_bot", Proto::Bool(false)),
        ("tags", Proto::List(vec![Proto::String("new".to_owned())])),
        (
            "counts",
            Proto::Map(
                [(MapKey::String("b".to_owned()), Proto::I32(2)), (MapKey::String("a".to_owned()), Proto::I32(1))]
                    .into(),
            ),
        ),
        ("age", Proto::I32(0)),
        ("mail", Proto::String(String::new())),
        ("city", part("google.protobuf.StringValue", &[("value", Proto::String("Paris".to_owned()))])),
        ("share", Proto::F64(0.5)),
        ("raw", Proto::Bytes(b"\xff\x00"[..].to_vec().into())),
    ] {
        message.set_field_by_name(name, value);
    }
    let expected = json!({
        "click_id": "c1", "user_id": u64::MAX, "at": "2026-01-31T09:30:00.125Z", "page": {"url": "/a \"b\""},
        "device": "PHONE", "is_bot": false, "tags": ["new"], "counts": {"a": 1, "b": 2}, "age": 0, "mail": "",
        "city": "Paris", "share": 0.5, "raw": "/wA=",
    });
    assert_eq!(read(&framed(&message), TimeStyle::Text).unwrap(), expected);
    assert_eq!(read(&framed(&message), TimeStyle::Unix(3)).unwrap()["at"], json!(1_769_851_800_125_i64));
}

#[test]
fn what_protobuf_cannot_tell_from_nothing_is_left_out() {
    assert_eq!(read(&framed(&click()), TimeStyle::Text).unwrap(), json!({"device": "UNKNOWN", "is_bot": false}));
}

#[test]
fn indexes_name_the_message_type() {
    let schema = schema();
    let name = |indexes: &[usize]| schema.message_type(indexes).map(|of| of.full_name().to_owned());
    assert_eq!(name(&[0]).as_deref(), Some("shop.web.Other"));
    assert_eq!(name(&[1]).as_deref(), Some("shop.web.Click"));
    assert_eq!(name(&[1, 0]).as_deref(), Some("shop.web.Click.Inner"), "the type of the map's entries does not count");
    assert_eq!(name(&[1, 0, 0]).as_deref(), Some("shop.web.Click.Inner.Deep"));
    assert_eq!((name(&[2]), name(&[1, 1]), name(&[])), (None, None, None));
    assert_eq!(read(&[2, 4], TimeStyle::Text), Err(ReadError::NoType(vec![2])));
    assert_eq!(schema.first().unwrap().name(), "Other");
}

#[test]
fn a_mapping_finds_members_through_messages_maps_and_lists() {
    let schema = schema();
    let root = schema.offered(&[2, 2]).unwrap();
    assert!(root.member("page").unwrap().member("url").is_some() && root.member("at").is_some());
    assert!(root.member("counts").unwrap().member("a").is_some() && root.member("tags").unwrap().element().is_some());
    assert!(root.member("url").is_none() && root.member("page").unwrap().member("path").is_none());
    assert!(schema.offered(&[0]).unwrap().member("page").is_none(), "another type of the same file");
}

#[test]
fn a_schema_that_cannot_be_compiled_is_told() {
    let error = |text: &str| {
        let text = SchemaText { text: text.into(), ..schema_text() };
        ProtobufSchema::compile(&text).unwrap_err().to_string()
    };
    assert!(error("syntax = \"proto3\"; import \"no/such.proto\";").contains("no/such.proto"));
    assert!(error("message {").contains("expected"), "{}", error("message {"));
    let deep = format!("{}{}", "message A { ".repeat(100_000), "}".repeat(100_000));
    assert!(error(&deep).contains("nests deeper"));
}

#[test]
fn a_recursive_message_is_followed_only_so_deep() {
    let text = SchemaText { text: "syntax = \"proto3\"; message Node { Node next = 1; }".into(), ..schema_text() };
    let schema = ProtobufSchema::compile(&text).unwrap();
    let mut content = Vec::new();
    for _ in 0..2_000 {
        let mut length = content.len();
        let mut outer = vec![0x0a];
        while length >= 0x80 {
            outer.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        outer.push(length as u8);
        outer.extend_from_slice(&content);
        content = outer;
    }
    let framed = [&[0], content.as_slice()].concat();
    let mut made = String::new();
    let error = schema.read(&framed, TimeStyle::Text, &mut Out::new(&mut made)).unwrap_err();
    assert!(error.to_string().contains("recursion"), "{error}");
}

proptest! {
    #[test]
    fn what_is_written_comes_back(
        id: String, user in 1..u64::MAX, seconds in 0..4_000_000_000_i64, url: String, tags: Vec<String>, age: Option<i32>,
    ) {
        let mut message = click();
        message.set_field_by_name("click_id", Proto::String(id.clone()));
        message.set_field_by_name("user_id", Proto::U64(user));
        message.set_field_by_name("at", part("google.protobuf.Timestamp", &[("seconds", Proto::I64(seconds))]));
        message.set_field_by_name("page", part("shop.Page", &[("url", Proto::String(url.clone()))]));
        message.set_field_by_name("tags", Proto::List(tags.iter().cloned().map(Proto::String).collect()));
        if let Some(age) = age {
            message.set_field_by_name("age", Proto::I32(age));
        }
        let content = framed(&message);
        let found = read(&content, TimeStyle::Unix(0)).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        prop_assert_eq!(text(&found["click_id"]), id);
        prop_assert_eq!(&found["user_id"], &json!(user));
        prop_assert_eq!(&found["at"], &json!(seconds));
        prop_assert_eq!(text(&found["page"]["url"]), url);
        prop_assert_eq!(found["tags"].as_array().cloned().unwrap_or_default(), tags.into_iter().map(Value::from).collect::<Vec<_>>());
        prop_assert_eq!(found.get("age").cloned(), age.map(Value::from));
    }

    #[test]
    fn any_bytes_are_read_or_refused(content: Vec<u8>) {
        let _ = read(&content, TimeStyle::Text);
        let _ = read(&[&[2, 2], content.as_slice()].concat(), TimeStyle::Text);
    }
}
