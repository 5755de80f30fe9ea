//! A real search engine, asked by a plain HTTP client.

use reqwest::{Certificate, Client, ClientBuilder, Method};
use serde_json::{Value, json};

use crate::server;
use crate::support::HANG;
use crate::support::figures::{Figure, Figures};
use crate::support::program::Home;

/// The setting with the index's name.
const INDEX_NAME: &str = "CLICKTOP_INDEX__NAME";

/// How the names of indices begin that no bulk request may create.
const DELETABLE: &str = "clicktop-deletable-";

/// An index of a test's own. Deleted in the end.
pub struct Engine {
    runtime: tokio::runtime::Runtime,
    client: Client,
    url: String,
    login: Option<(String, String)>,
    pub index: String,
    settings: Vec<(&'static str, String)>,
}

impl Engine {
    /// Elasticsearch, with TLS and a password.
    pub fn elasticsearch() -> Option<Self> {
        let url = server("CLICKTOP_TEST_ELASTICSEARCH")?;
        let [ca, user, password] =
            ["CA", "USER", "PASSWORD"].map(|name| server(&format!("CLICKTOP_TEST_ELASTICSEARCH_{name}")));
        let (ca, user, password) = (ca?, user?, password?);
        let pem = std::fs::read(&ca).expect("certificates");
        let settings = vec![
            ("CLICKTOP_INDEX__CA_FILE", ca),
            ("CLICKTOP_INDEX__USERNAME", user.clone()),
            ("CLICKTOP_INDEX__PASSWORD", password.clone()),
        ];
        let protect =
            |builder: ClientBuilder| builder.add_root_certificate(Certificate::from_pem(&pem).expect("a certificate"));
        Some(Self::new(url, protect, Some((user, password)), settings))
    }

    /// OpenSearch, without protection.
    pub fn opensearch() -> Option<Self> {
        let url = server("CLICKTOP_TEST_OPENSEARCH")?;
        Some(Self::new(url, |builder| builder, None, Vec::new()))
    }

    /// Each that is there.
    pub fn all() -> Vec<Self> {
        [Self::elasticsearch(), Self::opensearch()].into_iter().flatten().collect()
    }

    /// The same, with an index that only a request to create it creates. After a deletion, a bulk request that is on its way would
    /// otherwise create it again, with a mapping that the engine guesses.
    pub fn deletable(mut self) -> Self {
        let automatic = json!({"persistent": {"action.auto_create_index": format!("-{DELETABLE}*,+*")}});
        self.tell(Method::PUT, "/_cluster/settings", automatic);
        self.name(format!("{DELETABLE}{}", uuid::Uuid::new_v4().simple()));
        self
    }

    fn new(
        url: String,
        protect: impl FnOnce(ClientBuilder) -> ClientBuilder,
        login: Option<(String, String)>,
        mut settings: Vec<(&'static str, String)>,
    ) -> Self {
        let client = protect(Client::builder().no_proxy().timeout(HANG)).build().expect("a client");
        settings.push(("CLICKTOP_INDEX__KIND", "elasticsearch".to_owned()));
        settings.push(("CLICKTOP_INDEX__URLS", url.clone()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut engine = Self { runtime, client, url, login, index: String::new(), settings };
        engine.name(format!("clicktop-{}", uuid::Uuid::new_v4().simple()));
        engine
    }

    fn name(&mut self, index: String) {
        self.settings.retain(|(name, _)| *name != INDEX_NAME);
        self.settings.push((INDEX_NAME, index.clone()));
        self.index = index;
    }

    /// `home` with this index.
    pub fn in_home(&self, home: Home) -> Home {
        self.settings.iter().fold(home, |home, (name, value)| home.with(name, value))
    }

    /// The answer to a request.
    pub fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some((user, password)) = &self.login {
            request = request.basic_auth(user, Some(password));
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let told =
            self.runtime.block_on(async { request.send().await.expect("an answer").text().await.expect("text") });
        serde_json::from_str(&told).unwrap_or_else(|_| panic!("no JSON: {told}"))
    }

    /// The same, where the answer must be a good one. Engines take no empty body where they want none.
    #[track_caller]
    pub fn tell(&self, method: Method, path: &str, body: Value) {
        let told = self.ask(method, path, (!body.is_null()).then_some(body));
        assert!(told["error"].is_null(), "{path}: {told}");
    }

    /// The password of its user.
    pub fn password(&self) -> Option<&str> {
        self.login.as_ref().map(|(_, password)| password.as_str())
    }

    /// The figures out of the documents that are there; none if the index is not there yet.
    pub fn figures_so_far(&self) -> Figures {
        let found = self.ask(Method::GET, &format!("/{}", self.index), None);
        if found["error"].is_null() { self.figures() } else { Figures::new() }
    }

    /// The figures out of every document.
    pub fn figures(&self) -> Figures {
        let index = &self.index;
        self.ask(Method::POST, &format!("/{index}/_refresh"), None);
        let found = self.ask(Method::POST, &format!("/{index}/_search"), Some(json!({"size": 10_000})));
        let hits = found["hits"]["hits"].as_array().unwrap_or_else(|| panic!("no hits: {found}"));
        let figures: Figures = hits
            .iter()
            .map(|hit| {
                let document = &hit["_source"];
                let text = |name: &str| document[name].as_str().expect("a text").to_owned();
                let figure = Figure {
                    clicks: document["clicks"].as_u64().expect("a count"),
                    unique_users: document["unique_users"].as_u64().expect("a count"),
                    avg_time_spent: document["avg_time_spent"].as_f64(),
                };
                for name in ["first_seen", "last_seen", "updated_at"] {
                    assert!(!document[name].is_null(), "{name} is missing: {document}");
                }
                ((text("url"), text("country")), figure)
            })
            .collect();
        assert_eq!(figures.len(), hits.len(), "no url × country comes twice");
        figures
    }

    /// The type of each field in the index's mapping.
    pub fn mapping(&self) -> Vec<(String, String)> {
        let index = &self.index;
        let answer = self.ask(Method::GET, &format!("/{index}/_mapping"), None);
        let fields = answer[index]["mappings"]["properties"].as_object().expect("fields");
        fields.iter().map(|(name, field)| (name.clone(), field["type"].as_str().unwrap_or("none").to_owned())).collect()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let index = self.index.clone();
            self.ask(Method::DELETE, &format!("/{index}"), None);
        }
    }
}
