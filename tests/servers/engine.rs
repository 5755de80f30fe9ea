//! A real search engine, asked by a plain HTTP client.

use elasticsearch::auth::Credentials;
use elasticsearch::cert::{Certificate, CertificateValidation};
use elasticsearch::http::headers::HeaderMap;
use elasticsearch::http::transport::{SingleNodeConnectionPool, Transport, TransportBuilder};
use elasticsearch::http::{Method, Url};
use serde_json::{Value, json};

use crate::server;
use crate::support::HANG;
use crate::support::figures::{Figure, Figures};
use crate::support::program::Home;

/// An index of a test's own. Deleted in the end.
pub struct Engine {
    runtime: tokio::runtime::Runtime,
    transport: Transport,
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
        let builder = |builder: TransportBuilder| {
            let trusted = CertificateValidation::Full(Certificate::from_pem(&pem).expect("certificates"));
            builder.auth(Credentials::Basic(user, password)).cert_validation(trusted)
        };
        Some(Self::new(url, builder, settings))
    }

    /// OpenSearch, without protection.
    pub fn opensearch() -> Option<Self> {
        let url = server("CLICKTOP_TEST_OPENSEARCH")?;
        Some(Self::new(url, |builder| builder, Vec::new()))
    }

    fn new(
        url: String,
        protect: impl FnOnce(TransportBuilder) -> TransportBuilder,
        mut settings: Vec<(&'static str, String)>,
    ) -> Self {
        let index = format!("clicktop-{}", uuid::Uuid::new_v4().simple());
        let pool = SingleNodeConnectionPool::new(Url::parse(&url).expect("a url"));
        let transport = protect(TransportBuilder::new(pool).disable_proxy()).build().expect("a client");
        settings.push(("CLICKTOP_INDEX__KIND", "elasticsearch".to_owned()));
        settings.push(("CLICKTOP_INDEX__URLS", url));
        settings.push(("CLICKTOP_INDEX__NAME", index.clone()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { runtime, transport, index, settings }
    }

    /// `home` with this index.
    pub fn in_home(&self, home: Home) -> Home {
        self.settings.iter().fold(home, |home, (name, value)| home.with(name, value))
    }

    /// The answer to a request.
    pub fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let body = body.map(|body| body.to_string());
        let sent = self.transport.send(method, path, HeaderMap::new(), None::<&()>, body, Some(HANG));
        self.runtime.block_on(async { sent.await.expect("an answer").json().await.expect("JSON") })
    }

    /// The figures out of every document.
    pub fn figures(&self) -> Figures {
        let index = &self.index;
        self.ask(Method::Post, &format!("/{index}/_refresh"), None);
        let found = self.ask(Method::Post, &format!("/{index}/_search"), Some(json!({"size": 10_000})));
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
        let answer = self.ask(Method::Get, &format!("/{index}/_mapping"), None);
        let fields = answer[index]["mappings"]["properties"].as_object().expect("fields");
        fields.iter().map(|(name, field)| (name.clone(), field["type"].as_str().unwrap_or("none").to_owned())).collect()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let index = self.index.clone();
            self.ask(Method::Delete, &format!("/{index}"), None);
        }
    }
}
