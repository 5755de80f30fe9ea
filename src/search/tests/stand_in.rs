//! A stand-in for a search engine: the parts that the client uses, in memory, over real HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// A running engine.
pub struct StandIn {
    server: MockServer,
    index: Arc<Mutex<Option<Index>>>,
}

#[derive(Default)]
struct Index {
    creation: Value,
    documents: BTreeMap<String, (u64, Value)>,
    /// The versions of deleted documents: a deletion counts as a version.
    deleted: BTreeMap<String, u64>,
    /// Documents whose next deletion fails with this status.
    spared: BTreeMap<String, u16>,
}

/// The most documents in an answer to a search for all of them; the client must ask again for more.
const MAX_LISTED: usize = 2;

impl StandIn {
    /// Starts an engine without any index.
    pub async fn start() -> Self {
        let index = Arc::new(Mutex::new(None));
        let server = MockServer::start().await;
        let engine = Engine(Arc::clone(&index));
        Mock::given(any()).respond_with(engine).with_priority(200).mount(&server).await;
        Self { server, index }
    }

    /// Its url.
    pub fn url(&self) -> String {
        self.server.uri()
    }

    /// The server, to add failures or to see the received requests.
    pub fn server(&self) -> &MockServer {
        &self.server
    }

    /// Deletes the index without telling the client.
    pub fn delete_index(&self) {
        *self.index.lock().unwrap() = None;
    }

    /// Answers the next deletion of the document `id` with `status`, without deleting it.
    pub fn spare(&self, id: &str, status: u16) {
        self.index.lock().unwrap().as_mut().unwrap().spared.insert(id.to_owned(), status);
    }
}

struct Engine(Arc<Mutex<Option<Index>>>);

impl Respond for Engine {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut index = self.0.lock().unwrap();
        let path = request.url.path().trim_start_matches('/').to_owned();
        let (name, action) = path.split_once('/').unwrap_or((&path, ""));
        let body = || serde_json::from_slice::<Value>(&request.body).unwrap();
        match (request.method.as_str(), name, action) {
            ("GET", "", "") => ok(json!({"version": {"number": "2.19.1", "distribution": "opensearch"}})),
            ("GET", "_cluster", _) => ok(json!({"status": "yellow"})),
            ("PUT", _, "") if index.is_some() => error(400, "resource_already_exists_exception"),
            ("PUT", _, "") => {
                *index = Some(Index { creation: body(), ..Default::default() });
                ok(json!({"acknowledged": true}))
            }
            _ => match index.as_mut() {
                None => error(404, "index_not_found_exception"),
                Some(index) => index.respond(name, action, &request.body),
            },
        }
    }
}

impl Index {
    fn respond(&mut self, name: &str, action: &str, body: &[u8]) -> ResponseTemplate {
        match action {
            "_mapping" => ok(json!({name: {"mappings": self.creation["mappings"]}})),
            "_bulk" => self.bulk(body),
            "_search" => self.search(&serde_json::from_slice(body).unwrap()),
            "_count" => ok(json!({"count": self.documents.len()})),
            "_stats/store" => ok(json!({"_all": {"total": {"store": {"size_in_bytes": 4096}}}})),
            "_refresh" => ok(json!({})),
            get if get.starts_with("_doc/") => match self.documents.get(&get["_doc/".len()..]) {
                Some((version, source)) => ok(json!({"found": true, "_version": version, "_source": source})),
                None => error(404, "document_missing_exception"),
            },
            _ => error(404, "document_missing_exception"),
        }
    }

    fn bulk(&mut self, body: &[u8]) -> ResponseTemplate {
        let lines = body.split(|b| *b == b'\n').filter(|line| !line.is_empty());
        let mut lines = lines.map(|line| serde_json::from_slice::<Value>(line).unwrap());
        let mut items = Vec::new();
        while let Some(action) = lines.next() {
            items.push(match action.get("delete") {
                Some(delete) => self.delete(delete),
                None => self.write(&action["index"], lines.next().unwrap()),
            });
        }
        ok(json!({"items": items}))
    }

    fn write(&mut self, action: &Value, source: Value) -> Value {
        if action["if_seq_no"].is_u64() {
            return conflict("index");
        }
        assert_eq!(action["version_type"], "external");
        let (id, version) = (action["_id"].as_str().unwrap(), action["version"].as_u64().unwrap());
        let held = self.documents.get(id).map(|(held, _)| held).or(self.deleted.get(id));
        if held.is_some_and(|held| *held >= version) {
            return conflict("index");
        }
        self.documents.insert(id.to_owned(), (version, source));
        json!({"index": {"status": 201}})
    }

    /// The version of a document also serves as its sequence number, because both change with every write.
    fn delete(&mut self, action: &Value) -> Value {
        assert_eq!(action["if_primary_term"], 1);
        let (id, number) = (action["_id"].as_str().unwrap(), action["if_seq_no"].as_u64().unwrap());
        if let Some(status) = self.spared.remove(id) {
            let reason = json!({"type": "some_exception", "reason": "not now"});
            return json!({"delete": {"status": status, "error": reason}});
        }
        match self.documents.get(id) {
            Some((version, _)) if *version == number => {
                self.deleted.insert(id.to_owned(), number + 1);
                self.documents.remove(id);
                json!({"delete": {"status": 200}})
            }
            _ => conflict("delete"),
        }
    }

    fn list(&self, request: &Value) -> ResponseTemplate {
        assert_eq!((&request["sort"], &request["query"]), (&json!(["_doc"]), &Value::Null));
        let hit =
            |(id, (version, _)): (&String, &(u64, Value))| json!({"_id": id, "_seq_no": version, "_primary_term": 1});
        let hits: Vec<Value> = self.documents.iter().map(hit).take(MAX_LISTED).collect();
        ok(json!({"timed_out": false, "hits": {"total": {"value": self.documents.len()}, "hits": hits}}))
    }

    fn search(&self, request: &Value) -> ResponseTemplate {
        if request["seq_no_primary_term"] == true {
            return self.list(request);
        }
        let filters = request["query"]["bool"]["filter"].as_array().unwrap();
        let mut hits: Vec<_> = self
            .documents
            .values()
            .filter(|(_, source)| filters.iter().all(|filter| matches(filter, source)))
            .collect();
        hits.sort_by_key(|(_, source)| {
            let clicks = std::cmp::Reverse(source["clicks"].as_u64());
            (clicks, source["url"].as_str(), source["country"].as_str())
        });
        let hits: Vec<Value> = hits
            .into_iter()
            .take(usize::try_from(request["size"].as_u64().unwrap()).unwrap())
            .map(|(version, source)| json!({"_version": version, "_source": source}))
            .collect();
        ok(json!({"timed_out": false, "hits": {"hits": hits}}))
    }
}

fn matches(filter: &Value, source: &Value) -> bool {
    if let Some(country) = filter["term"]["country"]["value"].as_str() {
        return source["country"] == country;
    }
    let wildcard = &filter["wildcard"]["url"];
    assert_eq!(wildcard["case_insensitive"], true);
    let pattern = wildcard["value"].as_str().unwrap();
    let inner = pattern.strip_prefix('*').unwrap().strip_suffix('*').unwrap();
    let mut literal = String::new();
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        assert!(!matches!(c, '*' | '?'), "the client sent a wildcard of its own");
        literal.push(if c == '\\' { characters.next().unwrap() } else { c });
    }
    source["url"].as_str().unwrap().to_ascii_lowercase().contains(&literal.to_ascii_lowercase())
}

fn conflict(action: &str) -> Value {
    let reason = json!({"type": "version_conflict_engine_exception", "reason": "newer"});
    json!({action: {"status": 409, "error": reason}})
}

fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn error(status: u16, kind: &str) -> ResponseTemplate {
    let cause = json!({"type": kind, "reason": format!("{kind} it is")});
    ResponseTemplate::new(status).set_body_json(
        json!({"status": status, "error": {"type": kind, "reason": "see root cause", "root_cause": [cause]}}),
    )
}
