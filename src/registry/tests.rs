//! The client and the cache, against a stand-in for a registry.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::client::Asked;
use super::*;
use crate::click::mapping::{Fields, Form, Mapping, Source, TimeForm};
use crate::secret::Secret;

fn options(url: &str) -> RegistryOptions {
    RegistryOptions {
        urls: vec![Secret::new(url)],
        login: None,
        ca_file: None,
        certificate: None,
        verify: true,
        request_timeout: Duration::from_secs(5),
    }
}

fn client(url: &str) -> RegistryClient {
    RegistryClient::new(&options(url)).unwrap()
}

async fn answers(server: &MockServer, at: &str, status: u16, body: Value) {
    let answer = ResponseTemplate::new(status).set_body_json(body);
    Mock::given(method("GET")).and(path(at)).respond_with(answer).mount(server).await;
}

fn click() -> Value {
    let text = |name: &str| json!({"name": name, "type": "string"});
    let time = json!({"name": "timestamp", "type": {"type": "long", "logicalType": "timestamp-millis"}});
    json!({"type": "record", "name": "Click", "fields": [text("click_id"), text("user_id"), time, text("url")]})
}

#[tokio::test]
async fn a_schema_comes_with_all_that_it_refers_to() {
    let server = MockServer::start().await;
    let refers = |name: &str, subject: &str| json!([{"name": name, "subject": subject, "version": 3}]);
    let root = json!({"schema": "r", "schemaType": "PROTOBUF", "references": refers("a.proto", "a/b c")});
    answers(&server, "/base/schemas/ids/7", 200, root).await;
    let inner = json!({"schema": "a", "id": 1, "version": 3, "references": refers("b.proto", "b")});
    answers(&server, "/base/subjects/a%2Fb%20c/versions/3", 200, inner).await;
    // It refers to what refers to it: that is asked for once.
    let last = json!({"schema": "b", "id": 2, "version": 3, "references": refers("a.proto", "a/b c")});
    answers(&server, "/base/subjects/b/versions/3", 200, last).await;
    let Asked::Schema(text) = client(&format!("{}/base/", server.uri())).schema(7).await.unwrap() else {
        panic!("a schema")
    };
    let names: Vec<_> = text.references.iter().map(|reference| (&*reference.name, &*reference.text)).collect();
    assert_eq!((text.kind, &*text.text, names), (SchemaKind::Protobuf, "r", vec![("a.proto", "a"), ("b.proto", "b")]));
}

#[tokio::test]
async fn what_the_registry_does_not_have_is_told_from_trouble() {
    let server = MockServer::start().await;
    answers(&server, "/schemas/ids/1", 404, json!({"error_code": 40403, "message": "Schema not found"})).await;
    answers(&server, "/schemas/ids/2", 404, json!({"message": "no such page"})).await;
    answers(&server, "/schemas/ids/3", 401, json!({"error_code": 401, "message": "who are you\u{1b}[31m"})).await;
    answers(&server, "/schemas/ids/4", 200, json!({"page": "hello"})).await;
    answers(&server, "/schemas/ids/5", 200, json!({"schema": "x", "schemaType": "THRIFT"})).await;
    answers(&server, "/schemas/ids/6", 200, json!({"schema": "x".repeat(5 << 20)})).await;
    answers(&server, "/schemas/ids/7", 200, json!({"schema": "x".repeat(2 << 20)})).await;
    answers(&server, "/schemas/ids/8", 302, json!({})).await;
    let references = json!([{"name": "a", "subject": "s", "version": 1}]);
    answers(&server, "/schemas/ids/9", 200, json!({"schema": "x", "references": references})).await;
    answers(&server, "/subjects/s/versions/1", 404, json!({"error_code": 40401})).await;
    let client = client(&server.uri());
    assert_eq!(client.schema(1).await, Ok(Asked::Absent));
    for (id, told) in [
        (2, "it answers 404: no such page; check the path"),
        (3, "it refuses us (401: who are you\\u{1b}[31m); check schema_registry.username"),
        (4, "its answer is not that of a schema registry"),
        (6, "its answer is longer than 4 MiB"),
        (8, "it answers 302 to send us elsewhere"),
    ] {
        let trouble = client.schema(id).await.unwrap_err().to_string();
        assert!(trouble.contains(told) && trouble.contains(&server.uri()), "{id}: {trouble}");
    }
    for (id, told) in [
        (5, "its type is THRIFT"),
        (7, "longer than 1024 KiB"),
        (9, "it refers to version 1 of s, which the registry does not have"),
    ] {
        let Asked::Unusable(error) = client.schema(id).await.unwrap() else { panic!("{id} cannot be used") };
        assert!(error.to_string().contains(told), "{id}: {error}");
    }
    let dead = super::RegistryClient::new(&options("http://127.0.0.1:1")).unwrap();
    let trouble = dead.schema(1).await.unwrap_err().to_string();
    assert!(trouble.contains("http://127.0.0.1:1: ") && trouble.contains("refused"), "{trouble}");
}

#[tokio::test]
async fn the_password_is_sent_and_never_shown() {
    let server = MockServer::start().await;
    let echo = ResponseTemplate::new(500).set_body_json(json!({"message": "you said hush"}));
    Mock::given(header("authorization", "Basic YW5uOmh1c2g=")).respond_with(echo).mount(&server).await;
    let login = Some(Login { username: "ann".to_owned(), password: Secret::new("hush") });
    let with_login = RegistryClient::new(&RegistryOptions { login, ..options(&server.uri()) }).unwrap();
    let in_url = client(&server.uri().replace("http://", "http://ann:hush@"));
    for client in [with_login, in_url] {
        let trouble = client.schema(1).await.unwrap_err().to_string();
        assert!(trouble.ends_with("it answers 500: you said ***"), "{trouble}");
        assert!(!format!("{client:?} {}", client.name()).contains("hush"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_is_taken_without_a_restart() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_json(json!({"schema": click().to_string()}));
    Mock::given(header("authorization", "Basic YW5uOm5ldw==")).respond_with(answer).mount(&server).await;
    let with = |password: &str| {
        let login = Some(Login { username: "ann".to_owned(), password: Secret::new(password) });
        RegistryClient::new(&RegistryOptions { login, ..options(&server.uri()) }).unwrap()
    };
    let schemas = Schemas::of_registry(with("old")).unwrap();
    let mut reader = FrameReader::new(schemas.clone(), None);
    let message = Frame::write(1, b"\x02c\x02u\x02\x02/");
    while schemas.trouble().is_none() {
        assert_eq!(reader.open(&message), Opened::Wait(1));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    schemas.renew(with("new"));
    assert!(opened(&mut reader, &message).unwrap().contains("\"click_id\":\"c\""));
    assert_eq!(schemas.trouble(), None);
}

fn opened<'a>(reader: &'a mut FrameReader, message: &'a [u8]) -> Result<String, String> {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        match reader.open(message) {
            Opened::Wait(_) if Instant::now() < until => std::thread::sleep(Duration::from_millis(5)),
            Opened::Text(text) => return Ok(String::from_utf8_lossy(text).into_owned()),
            Opened::Plain => return Ok("plain".to_owned()),
            other => return Err(format!("{other:?}")),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_schema_is_asked_for_once_and_its_language_found_out() {
    let server = MockServer::start().await;
    answers(&server, "/schemas/ids/1", 200, json!({"schema": click().to_string()})).await;
    let proto = "syntax = \"proto3\"; message Click { string click_id = 1; string user_id = 2; int64 timestamp = 3; string url = 4; } \
                 message Order { string id = 1; }";
    answers(&server, "/schemas/ids/2", 200, json!({"schema": proto, "schemaType": "PROTOBUF"})).await;
    answers(&server, "/schemas/ids/3", 200, json!({"schema": "{}", "schemaType": "JSON"})).await;
    answers(&server, "/schemas/ids/4", 200, json!({"schema": "not a schema"})).await;
    let mut reader = FrameReader::new(Schemas::of_registry(client(&server.uri())).unwrap(), None);
    for _ in 0..3 {
        let avro = Frame::write(1, b"\x02c\x02u\x02\x02/");
        let text = opened(&mut reader, &avro).unwrap();
        assert_eq!(text, r#"{"click_id":"c","user_id":"u","timestamp":"1970-01-01T00:00:00.001Z","url":"/"}"#);
        let proto = Frame::write(2, b"\0\x0a\x01c\x18\x07");
        assert_eq!(opened(&mut reader, &proto).unwrap(), r#"{"click_id":"c","timestamp":7}"#);
        assert_eq!(opened(&mut reader, &Frame::write(3, b"{\"a\":1}")).unwrap(), "{\"a\":1}");
        assert_eq!(opened(&mut reader, b"{\"a\":1}").unwrap(), "plain");
        let broken = opened(&mut reader, &Frame::write(4, b"")).unwrap_err();
        assert!(broken.contains("schema 4 cannot be used"), "{broken}");
    }
    let first = opened(&mut reader, &Frame::write(2, b"\x02\x02\x0a\x01x")).unwrap_err();
    assert!(first.contains("schema 2 (Protobuf) has no `click_id`"), "of another type of the same schema: {first}");
    assert_eq!(opened(&mut reader, &Frame::write(2, b"\x02\x02\x0a\x01x")).unwrap_err(), "LeftOut(None)");
    let asked = server.received_requests().await.unwrap_or_default();
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert_eq!(reader.schemas().trouble(), None);
}

/// The deepest schemas that the client lets through do not overflow the stack of the thread that compiles them.
#[test]
fn schemas_that_refer_and_nest_as_deep_as_they_may_are_compiled() {
    // Each level of arrays is one of JSON, and serde_json reads 128.
    let nested = |next: String| (0..110).fold(json!(next), |items, _| json!({"type": "array", "items": items}));
    let record = |at: usize| {
        let of = if at < 64 { nested(format!("R{}", at + 1)) } else { json!("string") };
        json!({"type": "record", "name": format!("R{at}"), "fields": [{"name": "next", "type": of}]}).to_string()
    };
    let reference = |at: usize| Reference { name: format!("R{at}").into(), text: record(at).into() };
    let references = (1..=64).map(reference).collect();
    let text = SchemaText { kind: SchemaKind::Avro, text: record(0).into(), references };
    let thread = std::thread::Builder::new().stack_size(super::schemas::STACK_BYTES);
    let compiled = thread.spawn(move || Schema::compile(&text).map(|schema| schema.kind())).unwrap().join().unwrap();
    assert_eq!(compiled, Ok(SchemaKind::Avro));
}

#[test]
fn times_are_written_as_the_mapping_reads_them() {
    let text = SchemaText { kind: SchemaKind::Avro, text: click().to_string().into(), references: Vec::new() };
    let field = |name: &str| Some(Source::Field(name.to_owned()));
    let fields =
        Fields { user_id: field("user_id"), timestamp: field("timestamp"), url: field("url"), ..Fields::default() };
    for (time, shown) in
        [(TimeForm::Auto, "\"1970-01-01T00:00:00.001Z\""), (TimeForm::Seconds, "0.001"), (TimeForm::Micros, "1000")]
    {
        let mapping =
            Mapping { form: Form::Json, fields: fields.clone(), time, ..Mapping::default() }.compile().unwrap();
        let schemas = Schemas::fixed([(1, Schema::compile(&text).unwrap())]);
        let message = Frame::write(1, b"\x02c\x02u\x02\x02/");
        let found = opened(&mut FrameReader::new(schemas, Some(&mapping)), &message).unwrap();
        assert!(found.contains(&format!("\"timestamp\":{shown},")), "{found}");
    }
}
