//! A search engine that keeps documents, and fails as it is told: real HTTP, real sockets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::support::figures::Figure;
use crate::wire::{self, Reply};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing.
    None,
    /// Connections are refused, those that are open break.
    Down,
    /// 429 for every request.
    Storm,
    /// 200, of whose documents some are put off (429, 503), some refused for good (400), and some told to be older than
    /// what is there (409) though they have just been written, as after an answer that got lost.
    Mixed,
    /// 401 for every request.
    Unauthorized,
    /// 503 for every request.
    Unavailable,
    /// The work is done, and the connection breaks in the middle of the answer.
    CutAnswer,
    /// The connection breaks in place of an answer; the work may have been done.
    NoAnswer,
    /// No answer and no end.
    Silent,
    /// Every answer takes most of a second.
    Slow,
    /// 400 for every bulk request.
    Refuses,
}

#[derive(Default)]
pub struct Index {
    creation: Option<Value>,
    documents: BTreeMap<String, (u64, Box<RawValue>)>,
    /// `_id` and version of what was refused for good.
    refused: BTreeSet<(String, u64)>,
    bulks: u64,
}

pub struct Shared {
    index: Mutex<Index>,
    fault: watch::Sender<Fault>,
    random: Mutex<Xoshiro256PlusPlus>,
}

/// A running engine.
pub struct Engine {
    shared: Arc<Shared>,
    port: u16,
    _runtime: tokio::runtime::Runtime,
}

impl Engine {
    /// Starts an engine without any index.
    pub fn start(seed: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let shared = Arc::new(Shared {
            index: Mutex::default(),
            fault: watch::Sender::new(Fault::None),
            random: Mutex::new(Xoshiro256PlusPlus::seed_from_u64(seed)),
        });
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        runtime.spawn(wire::serve(listener, Arc::clone(&shared)));
        Self { shared, port, _runtime: runtime }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on.
    pub fn set(&self, fault: Fault) {
        self.shared.fault.send_replace(fault);
    }

    /// Bulk requests met so far.
    pub fn bulks(&self) -> u64 {
        self.shared.index.lock().bulks
    }

    /// Every document's version and figures, by url × country.
    pub fn documents(&self) -> BTreeMap<(String, String), (u64, Figure)> {
        #[derive(Deserialize)]
        struct Source {
            url: String,
            country: String,
            clicks: u64,
            unique_users: u64,
            avg_time_spent: Option<f64>,
        }
        let index = self.shared.index.lock();
        let documents = index.documents.values().map(|(version, source)| {
            let source: Source = serde_json::from_str(source.get()).expect("a document");
            let Source { url, country, clicks, unique_users, avg_time_spent } = source;
            ((url, country), (*version, Figure { clicks, unique_users, avg_time_spent }))
        });
        let documents: BTreeMap<_, _> = documents.collect();
        assert_eq!(documents.len(), index.documents.len(), "one document a page");
        documents
    }

    /// Whether the document of `id` was refused for good in this version.
    pub fn has_refused(&self, id: &str, version: u64) -> bool {
        self.shared.index.lock().refused.contains(&(id.to_owned(), version))
    }
}

impl Shared {
    pub fn fault(&self) -> watch::Receiver<Fault> {
        self.fault.subscribe()
    }

    /// Does what a request asks for, and answers as the fault of the moment has it.
    pub async fn respond(&self, method: &str, path: &str, body: &[u8]) -> Reply {
        let mut fault = self.fault.subscribe();
        let now = *fault.borrow_and_update();
        let bulk = path.ends_with("/_bulk");
        self.index.lock().bulks += u64::from(bulk);
        match now {
            Fault::Storm => return error(429, "es_rejected_execution_exception"),
            Fault::Unauthorized => return error(401, "security_exception"),
            Fault::Unavailable => return error(503, "cluster_block_exception"),
            Fault::Refuses if bulk => return error(400, "illegal_argument_exception"),
            Fault::Silent => {
                // A sender that is gone ends the wait as well.
                let _ = fault.wait_for(|fault| *fault != Fault::Silent).await;
                return Reply::Nothing;
            }
            Fault::Slow => tokio::time::sleep(Duration::from_millis(700)).await,
            Fault::NoAnswer if self.random.lock().random_ratio(1, 2) => return Reply::Nothing,
            _ => {}
        }
        let reply = self.work(method, path, body, now == Fault::Mixed);
        match (now, reply) {
            (Fault::NoAnswer, _) => Reply::Nothing,
            (Fault::CutAnswer, Reply::Whole(status, body)) => Reply::Cut(status, body),
            (_, reply) => reply,
        }
    }

    fn work(&self, method: &str, path: &str, body: &[u8], mixed: bool) -> Reply {
        let mut index = self.index.lock();
        let path = path.trim_start_matches('/');
        let (name, action) = path.split_once('/').unwrap_or((path, ""));
        match (method, name, action) {
            ("GET", "", "") => ok(&json!({"version": {"number": "9.1.0"}})),
            ("GET", "_cluster", _) => ok(&json!({"status": "green"})),
            ("PUT", _, "") if index.creation.is_some() => error(400, "resource_already_exists_exception"),
            ("PUT", _, "") => {
                index.creation = Some(serde_json::from_slice(body).expect("a mapping"));
                ok(&json!({"acknowledged": true}))
            }
            _ if index.creation.is_none() => error(404, "index_not_found_exception"),
            (_, _, "_mapping") => {
                let mappings = index.creation.as_ref().map(|creation| creation["mappings"].clone());
                ok(&json!({name: {"mappings": mappings}}))
            }
            (_, _, "_bulk") => index.bulk(body, mixed, &mut self.random.lock()),
            (_, _, "_count") => ok(&json!({"count": index.documents.len()})),
            (_, _, "_refresh") => ok(&json!({})),
            (_, _, "_stats/store") => ok(&json!({"_all": {"total": {"store": {"size_in_bytes": 4096}}}})),
            (_, _, "_search") => {
                let hits = index.documents.values();
                let hits: Vec<Value> =
                    hits.map(|(version, source)| json!({"_version": version, "_source": source})).collect();
                ok(&json!({"timed_out": false, "hits": {"hits": hits}}))
            }
            _ => error(404, "document_missing_exception"),
        }
    }
}

#[derive(Deserialize)]
struct Action {
    index: Meta,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "_id")]
    id: String,
    /// Claims a state that the document has not.
    if_seq_no: Option<u64>,
    #[serde(default)]
    version: u64,
    #[serde(default)]
    version_type: String,
}

impl Index {
    fn bulk(&mut self, body: &[u8], mixed: bool, random: &mut Xoshiro256PlusPlus) -> Reply {
        let lines: Vec<&[u8]> = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        let items = lines.chunks(2).map(|pair| {
            let Action { index: meta } = serde_json::from_slice(pair[0]).expect("an action");
            let item = |status: u16, kind: &str| json!({"index": {"status": status, "error": {"type": kind}}});
            if meta.if_seq_no.is_some() {
                return item(409, "version_conflict_engine_exception");
            }
            assert_eq!(meta.version_type, "external");
            let source: Box<RawValue> = serde_json::from_slice(pair[1]).expect("a document");
            match mixed.then(|| random.random_range(0..10)) {
                Some(0 | 1) => return item(429, "es_rejected_execution_exception"),
                Some(2) => return item(503, "unavailable_shards_exception"),
                Some(3) => {
                    self.refused.insert((meta.id, meta.version));
                    return item(400, "mapper_parsing_exception");
                }
                Some(4) => {
                    self.put(meta, source);
                    return item(409, "version_conflict_engine_exception");
                }
                _ => {}
            }
            match self.put(meta, source) {
                true => json!({"index": {"status": 201}}),
                false => item(409, "version_conflict_engine_exception"),
            }
        });
        ok(&json!({"items": items.collect::<Vec<Value>>()}))
    }

    /// Writes unless there is a newer version; whether it did.
    fn put(&mut self, meta: Meta, source: Box<RawValue>) -> bool {
        let newer = self.documents.get(&meta.id).is_none_or(|(held, _)| *held < meta.version);
        if newer {
            self.documents.insert(meta.id, (meta.version, source));
        }
        newer
    }
}

fn ok(body: &Value) -> Reply {
    Reply::Whole(200, body.to_string())
}

fn error(status: u16, kind: &str) -> Reply {
    let error = json!({"type": kind, "reason": format!("{kind} it is"), "root_cause": [{"type": kind}]});
    Reply::Whole(status, json!({"status": status, "error": error}).to_string())
}
