//! A schema registry that misbehaves on request, and messages with its frame.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apache_avro::types::Value as Avro;
use clicktop::registry::Frame;
use futures::executor::block_on;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::clicks::OwnedClick;

/// A registry on this machine.
pub struct Registry {
    server: MockServer,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    schemas: BTreeMap<u32, Value>,
    delay: Duration,
    /// The status of every answer, if it is none of a registry that works.
    status: Option<u16>,
    asked: Vec<String>,
}

/// An address at which nothing listens yet.
pub fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").to_string()
}

impl Registry {
    pub fn start() -> Self {
        Self::start_at(&free_address())
    }

    pub fn start_at(address: &str) -> Self {
        let listener = TcpListener::bind(address).expect("the port is free");
        let server = block_on(MockServer::builder().listener(listener).start());
        let state = Arc::<Mutex<State>>::default();
        block_on(Mock::given(any()).respond_with(Answers(Arc::clone(&state))).mount(&server));
        Self { server, state }
    }

    pub fn url(&self) -> String {
        self.server.uri()
    }

    /// Adds a schema, and makes it the newest of the subject `clicks-value`.
    pub fn add(&self, id: u32, kind: &str, schema: &str) {
        let answer = json!({"schema": schema, "schemaType": kind});
        self.state.lock().expect("a lock").schemas.insert(id, answer);
    }

    pub fn set_delay(&self, delay: Duration) {
        self.state.lock().expect("a lock").delay = delay;
    }

    /// Answers with this status and nothing else, or again as it should.
    pub fn set_status(&self, status: Option<u16>) {
        self.state.lock().expect("a lock").status = status;
    }

    /// How often it was asked for what is at `path`.
    pub fn asked(&self, path: &str) -> usize {
        self.state.lock().expect("a lock").asked.iter().filter(|asked| *asked == path).count()
    }
}

struct Answers(Arc<Mutex<State>>);

impl Respond for Answers {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.0.lock().expect("a lock");
        let path = request.url.path().to_owned();
        state.asked.push(path.clone());
        let absent = |code: u32| {
            ResponseTemplate::new(404).set_body_json(json!({"error_code": code, "message": "there is none"}))
        };
        let answer = match (state.status, path.strip_prefix("/schemas/ids/")) {
            (Some(status), _) => ResponseTemplate::new(status),
            (None, Some(id)) => match id.parse().ok().and_then(|id: u32| state.schemas.get(&id)) {
                Some(schema) => ResponseTemplate::new(200).set_body_json(schema),
                None => absent(40403),
            },
            (None, None) if path == "/schemas/types" => {
                ResponseTemplate::new(200).set_body_json(json!(["AVRO", "JSON", "PROTOBUF"]))
            }
            (None, None) if path == "/subjects/clicks%2Dvalue/versions/latest" => {
                match state.schemas.last_key_value() {
                    Some((id, schema)) => {
                        let mut answer = schema.clone();
                        answer["id"] = json!(id);
                        answer["version"] = json!(state.schemas.len());
                        ResponseTemplate::new(200).set_body_json(answer)
                    }
                    None => absent(40401),
                }
            }
            (None, None) => absent(40401),
        };
        answer.set_delay(state.delay)
    }
}

/// The Avro schema of a click: nested, with a logical time. `more` are further fields.
pub fn click_schema(more: &[Value]) -> String {
    let text = |name: &str| json!({"name": name, "type": "string"});
    let page = json!({"type": "record", "name": "Page", "fields": [text("url")]});
    let time = json!({"type": "long", "logicalType": "timestamp-millis"});
    let mut fields = vec![
        text("id"),
        json!({"name": "visitor", "type": ["null", "string"]}),
        json!({"name": "at", "type": time}),
        json!({"name": "page", "type": page}),
        text("country"),
    ];
    fields.extend(more.iter().cloned());
    json!({"type": "record", "name": "Click", "namespace": "shop.web", "fields": fields}).to_string()
}

/// A click by [`click_schema`] with `more` fields, framed.
pub fn click_message(id: u32, click: &OwnedClick, more: &[(&str, Avro)]) -> Vec<u8> {
    let text = |text: &str| Avro::String(text.to_owned());
    let mut fields = vec![
        ("id".to_owned(), text(&click.click_id)),
        ("visitor".to_owned(), Avro::Union(1, Box::new(text(&click.user_id)))),
        ("at".to_owned(), Avro::TimestampMillis(click.timestamp.as_millis())),
        ("page".to_owned(), Avro::Record(vec![("url".to_owned(), text(&click.url))])),
        ("country".to_owned(), text(&click.country)),
    ];
    fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let schema = more.iter().map(|(name, value)| match value {
        Avro::Int(_) => json!({"name": name, "type": "int"}),
        _ => json!({"name": name, "type": "string"}),
    });
    let schema = click_schema(&schema.collect::<Vec<_>>());
    let schema = apache_avro::Schema::parse_str(&schema).expect("a schema");
    Frame::write(id, &apache_avro::to_avro_datum(&schema, Avro::Record(fields)).expect("written"))
}

/// The mapping of these messages, as settings.
pub const MAPPING: &str =
    "[events]\nclick_id = 'id'\nuser_id = 'visitor'\ntimestamp = 'at'\nurl = 'page.url'\ncountry = 'country'\n";
