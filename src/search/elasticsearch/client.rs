//! One request to one of the nodes: turns, fail-over, the time limit, and nothing of HTTP beyond this file and those beside it.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use flate2::Compression;
use flate2::write::GzEncoder;
use parking_lot::Mutex;
pub(super) use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Certificate, Url, redirect};
use serde_json::Value;

use super::answer::{Answer, ORDINARY_BYTES, Unread};
use super::credentials::Credentials;
use super::error::{Narrator, causes};
use super::options::{ElasticsearchOptions, NodeAddress, OptionsError, addresses};
use super::proxy;
use crate::search::SearchError;

/// A node that failed is asked only after the others for this long.
const REST: Duration = Duration::from_secs(30);

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// The nodes of one cluster.
pub(super) struct Client {
    nodes: Vec<Node>,
    turn: AtomicUsize,
    timeout: Duration,
    gzip: bool,
    narrator: Narrator,
}

/// Each node has an HTTP client of its own: its certificate, its credentials, its proxy.
struct Node {
    /// The url without credentials.
    name: String,
    /// The same, for paths to be joined to.
    base: Url,
    http: reqwest::Client,
    proxy: Option<Arc<str>>,
    rests_until: Mutex<Option<Instant>>,
}

/// What a request carries.
pub(super) enum Payload {
    /// Nothing.
    None,
    /// One JSON value.
    Json(Value),
    /// Lines of JSON, for bulk requests.
    Lines(Vec<u8>),
}

/// What a request asks, and how much may come back.
pub(super) struct Question<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) parameters: &'a [(&'a str, &'a str)],
    pub(super) payload: Payload,
    /// Bytes of a good answer at most.
    pub(super) most: usize,
}

impl<'a> Question<'a> {
    pub(super) fn new(method: Method, path: &'a str) -> Self {
        Self { method, path, parameters: &[], payload: Payload::None, most: ORDINARY_BYTES }
    }

    pub(super) fn with(self, payload: Payload) -> Self {
        Self { payload, ..self }
    }

    pub(super) fn parameters(self, parameters: &'a [(&'a str, &'a str)]) -> Self {
        Self { parameters, ..self }
    }

    pub(super) fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }
}

impl Client {
    /// A client for the cluster; `index` completes the target's name. Connects to nothing.
    pub(super) fn new(options: &ElasticsearchOptions) -> Result<Self, OptionsError> {
        let addresses = addresses(options)?;
        let authorities = options.ca_file.as_deref().map(read_authorities).transpose()?.unwrap_or_default();
        let first = addresses.first().ok_or(OptionsError::NoUrl)?;
        let target = format!("{}/{}", first.url.as_str().trim_end_matches('/'), options.index);
        let proxies =
            addresses.iter().map(|address| proxy::of_environment(&address.url)).collect::<Result<Vec<_>, _>>()?;
        let secrets = proxies.iter().flatten().filter_map(|proxy| proxy.secret.clone());
        let credentials = addresses.iter().map(|address| &address.credentials);
        let narrator = Narrator::new(target, credentials, secrets, options.request_timeout);
        let nodes = addresses
            .into_iter()
            .zip(proxies)
            .map(|(address, proxy)| Node::new(address, proxy, options, &authorities, &narrator))
            .collect::<Result<_, _>>()?;
        let (timeout, gzip) = (options.request_timeout, options.gzip);
        Ok(Self { nodes, turn: AtomicUsize::new(0), timeout, gzip, narrator })
    }

    pub(super) fn narrator(&self) -> &Narrator {
        &self.narrator
    }

    /// Sends a request to the node whose turn it is, and to the others while no connection comes about. Every request
    /// we make may arrive twice without harm. All tries together keep the time limit.
    pub(super) async fn send(&self, question: Question<'_>) -> Result<Answer, SearchError> {
        let started = Instant::now();
        let Question { method, path, parameters, payload, most } = question;
        let (body, kind) = match payload {
            Payload::None => (None, JSON),
            Payload::Json(value) => (Some(value.to_string().into_bytes()), JSON),
            Payload::Lines(lines) => (Some(lines), LINES),
        };
        let body = match body {
            Some(bytes) if self.gzip => {
                Some(compressed(&bytes).map_err(|error| self.narrator.refused(400, &error.to_string()))?)
            }
            body => body,
        };
        let mut failure = self.narrator.timed_out(None);
        for node in self.in_turn(started) {
            let left = self.timeout.saturating_sub(started.elapsed());
            if left.is_zero() {
                break;
            }
            let url = node.base.join(path.trim_start_matches('/'));
            let url = url.map_err(|error| self.narrator.refused(400, &error.to_string()))?;
            let mut request = node.http.request(method.clone(), url).timeout(left).query(parameters);
            if let Some(body) = &body {
                request = request.header(CONTENT_TYPE, kind.clone()).body(body.clone());
                if self.gzip {
                    request = request.header(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                }
            }
            let answer = match request.send().await {
                Ok(response) => Answer::read(response, most, node.proxy.clone()).await,
                Err(error) => Err(Unread::Http(error)),
            };
            match answer {
                Ok(answer) => {
                    *node.rests_until.lock() = None;
                    return Ok(answer);
                }
                Err(Unread::TooLong(bytes)) => {
                    let why = format!("it has more than {} KiB", bytes >> 10);
                    return Err(self.narrator.nonsense(200, &why, node.proxy.as_deref()));
                }
                Err(Unread::Http(error)) => {
                    *node.rests_until.lock() = started.checked_add(REST);
                    let name = (self.nodes.len() > 1).then_some(node.name.as_str());
                    failure = self.narrator.no_answer(name, node.proxy.as_deref(), &error);
                    if !matches!(failure, SearchError::Unreachable { .. }) {
                        break;
                    }
                }
            }
        }
        Err(failure)
    }

    /// The same, where every status but success is an error.
    pub(super) async fn ask(&self, question: Question<'_>) -> Result<Answer, SearchError> {
        let answer = self.send(question).await?;
        if answer.is_success() { Ok(answer) } else { Err(self.narrator.status(&answer)) }
    }

    /// The answer's body as JSON.
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self, answer: &Answer) -> Result<T, SearchError> {
        serde_json::from_str(&answer.body).map_err(|error| self.narrator.senseless(answer, &error.to_string()))
    }

    /// Every node, beginning with another one each time; those that rest come last.
    fn in_turn(&self, now: Instant) -> impl Iterator<Item = &Node> {
        let count = self.nodes.len().max(1);
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % count;
        let (before, after) = self.nodes.split_at_checked(first).unwrap_or((&[], &self.nodes));
        let (resting, ready): (Vec<&Node>, Vec<&Node>) =
            after.iter().chain(before).partition(|node| node.rests_until.lock().is_some_and(|until| until > now));
        ready.into_iter().chain(resting)
    }
}

impl Node {
    fn new(
        address: NodeAddress,
        proxy: Option<proxy::Proxy>,
        options: &ElasticsearchOptions,
        authorities: &[Certificate],
        narrator: &Narrator,
    ) -> Result<Self, OptionsError> {
        let name = address.url.as_str().trim_end_matches('/').to_owned();
        let mut base = address.url;
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, JSON);
        if let Some(mut value) = authorization(&address.credentials) {
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        // Documents and credentials go where the settings say, not where somebody sends them on to.
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("clicktop/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .timeout(options.request_timeout)
            .redirect(redirect::Policy::none())
            .danger_accept_invalid_certs(!options.verify)
            .no_proxy();
        let through = proxy.as_ref().map(|proxy| Arc::clone(&proxy.name));
        if let Some(proxy) = proxy {
            builder = builder.proxy(proxy.through);
        }
        for authority in authorities {
            builder = builder.add_root_certificate(authority.clone());
        }
        let http = builder.build().map_err(|error| {
            let cause = narrator.line(&causes(&error));
            match &options.ca_file {
                Some(path) if options.verify => unusable(path, cause),
                _ => OptionsError::Client { cause },
            }
        })?;
        Ok(Self { name, base, http, proxy: through, rests_until: Mutex::new(None) })
    }
}

/// How the credentials travel. Options that were checked hold none that cannot.
fn authorization(credentials: &Credentials) -> Option<HeaderValue> {
    let text = match credentials {
        Credentials::None => return None,
        Credentials::Basic { username, password } => {
            let pair = format!("{username}:{}", password.expose());
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
        }
        Credentials::ApiKey(key) => format!("ApiKey {}", key.expose()),
    };
    HeaderValue::try_from(text).ok()
}

fn compressed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn read_authorities(path: &Path) -> Result<Vec<Certificate>, OptionsError> {
    let pem = std::fs::read(path).map_err(|error| unusable(path, error.to_string()))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(authorities) if authorities.is_empty() => Err(unusable(path, "no certificate is in it".to_owned())),
        Ok(authorities) => Ok(authorities),
        Err(error) => Err(unusable(path, causes(&error))),
    }
}

fn unusable(path: &Path, cause: String) -> OptionsError {
    OptionsError::CaFile { path: path.display().to_string(), cause }
}
