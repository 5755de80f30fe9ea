//! Sends a request to one of the nodes: round robin, failover and the time limit.

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

use super::answer::{Answer, ORDINARY_BYTES, ReadError};
use super::credentials::Credentials;
use super::error::Errors;
use super::options::{ElasticsearchOptions, NodeAddress, OptionsError, addresses};
use super::proxy;
use crate::http_client::{causes, read_authorities};
use crate::search::SearchError;

/// For this long, a failed node is tried only after the others.
const NODE_PAUSE: Duration = Duration::from_secs(30);

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const LINES: HeaderValue = HeaderValue::from_static("application/x-ndjson");

/// The nodes of one cluster.
pub(super) struct Client {
    nodes: Vec<Node>,
    turn: AtomicUsize,
    timeout: Duration,
    gzip: bool,
    signs_in: bool,
    errors: Errors,
}

/// One node. Each has its own HTTP client, because credentials and proxy may differ.
struct Node {
    /// The url without credentials.
    name: String,
    /// The same, as the base of paths.
    base: Url,
    http: reqwest::Client,
    proxy: Option<Arc<str>>,
    paused_until: Mutex<Option<Instant>>,
}

/// The body of a request.
pub(super) enum Payload {
    /// No body.
    None,
    /// A JSON value.
    Json(Value),
    /// Lines of JSON, for bulk requests.
    Lines(Vec<u8>),
}

/// A request, and the longest answer to it.
pub(super) struct HttpRequest<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) parameters: &'a [(&'a str, &'a str)],
    pub(super) payload: Payload,
    /// The longest successful answer, in bytes.
    pub(super) max_bytes: usize,
}

impl<'a> HttpRequest<'a> {
    pub(super) fn new(method: Method, path: &'a str) -> Self {
        Self { method, path, parameters: &[], payload: Payload::None, max_bytes: ORDINARY_BYTES }
    }

    pub(super) fn with(self, payload: Payload) -> Self {
        Self { payload, ..self }
    }

    pub(super) fn parameters(self, parameters: &'a [(&'a str, &'a str)]) -> Self {
        Self { parameters, ..self }
    }

    pub(super) fn at_most(self, max_bytes: usize) -> Self {
        Self { max_bytes, ..self }
    }
}

impl Client {
    /// A client for the cluster of `options`. Does not connect yet.
    pub(super) fn new(options: &ElasticsearchOptions) -> Result<Self, OptionsError> {
        let addresses = addresses(options)?;
        let authorities = match &options.ca_file {
            Some(path) => read_authorities(path).map_err(|cause| unusable(path, cause))?,
            None => Vec::new(),
        };
        let first = addresses.first().ok_or(OptionsError::NoUrl)?;
        let target = format!("{}/{}", first.url.as_str().trim_end_matches('/'), options.index);
        let proxies =
            addresses.iter().map(|address| proxy::of_environment(&address.url)).collect::<Result<Vec<_>, _>>()?;
        let secrets = proxies.iter().flatten().filter_map(|proxy| proxy.secret.clone());
        let credentials = addresses.iter().map(|address| &address.credentials);
        let signs_in = credentials.clone().any(|credentials| *credentials != Credentials::None);
        let errors = Errors::new(target, credentials, secrets, options.request_timeout);
        let nodes = addresses
            .into_iter()
            .zip(proxies)
            .map(|(address, proxy)| Node::new(address, proxy, options, &authorities, &errors))
            .collect::<Result<_, _>>()?;
        let (timeout, gzip) = (options.request_timeout, options.gzip);
        Ok(Self { nodes, turn: AtomicUsize::new(0), timeout, gzip, signs_in, errors })
    }

    pub(super) fn errors(&self) -> &Errors {
        &self.errors
    }

    /// Whether requests carry a user or a key.
    pub(super) fn signs_in(&self) -> bool {
        self.signs_in
    }

    /// Sends a request to the node whose turn it is, and to the others if the connection fails. Every request may arrive twice without
    /// harm. The time limit is for all attempts together.
    pub(super) async fn send(&self, request: HttpRequest<'_>) -> Result<Answer, SearchError> {
        let started = Instant::now();
        let HttpRequest { method, path, parameters, payload, max_bytes } = request;
        let (body, kind) = match payload {
            Payload::None => (None, JSON),
            Payload::Json(value) => (Some(value.to_string().into_bytes()), JSON),
            Payload::Lines(lines) => (Some(lines), LINES),
        };
        let body = match body {
            Some(bytes) if self.gzip => {
                Some(compressed(&bytes).map_err(|error| self.errors.refused(400, &error.to_string()))?)
            }
            body => body,
        };
        let mut failure = self.errors.timed_out(None);
        for node in self.in_turn(started) {
            let left = self.timeout.saturating_sub(started.elapsed());
            if left.is_zero() {
                break;
            }
            let url = node.base.join(path.trim_start_matches('/'));
            let url = url.map_err(|error| self.errors.refused(400, &error.to_string()))?;
            let mut http_request = node.http.request(method.clone(), url).timeout(left).query(parameters);
            if let Some(body) = &body {
                http_request = http_request.header(CONTENT_TYPE, kind.clone()).body(body.clone());
                if self.gzip {
                    http_request = http_request.header(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                }
            }
            let answer = match http_request.send().await {
                Ok(response) => Answer::read(response, max_bytes, node.proxy.clone()).await,
                Err(error) => Err(ReadError::Http(error)),
            };
            match answer {
                Ok(answer) => {
                    *node.paused_until.lock() = None;
                    return Ok(answer);
                }
                Err(ReadError::TooLong(bytes)) => {
                    let why = format!("it is longer than {} KiB", bytes >> 10);
                    return Err(self.errors.invalid(200, &why, node.proxy.as_deref()));
                }
                Err(ReadError::Http(error)) => {
                    *node.paused_until.lock() = started.checked_add(NODE_PAUSE);
                    let name = (self.nodes.len() > 1).then_some(node.name.as_str());
                    failure = self.errors.no_answer(name, node.proxy.as_deref(), &error);
                    if !matches!(failure, SearchError::Unreachable { .. }) {
                        break;
                    }
                }
            }
        }
        Err(failure)
    }

    /// Like [`Client::send`], but any status other than success is an error.
    pub(super) async fn ask(&self, request: HttpRequest<'_>) -> Result<Answer, SearchError> {
        let answer = self.send(request).await?;
        if answer.is_success() { Ok(answer) } else { Err(self.errors.status(&answer)) }
    }

    /// Parses the body of the answer as JSON.
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self, answer: &Answer) -> Result<T, SearchError> {
        serde_json::from_str(&answer.body).map_err(|error| self.errors.invalid_answer(answer, &error.to_string()))
    }

    /// Every node, in round robin order; paused nodes come last.
    fn in_turn(&self, now: Instant) -> impl Iterator<Item = &Node> {
        let count = self.nodes.len().max(1);
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % count;
        let (before, after) = self.nodes.split_at_checked(first).unwrap_or((&[], &self.nodes));
        let (paused, ready): (Vec<&Node>, Vec<&Node>) =
            after.iter().chain(before).partition(|node| node.paused_until.lock().is_some_and(|until| until > now));
        ready.into_iter().chain(paused)
    }
}

impl Node {
    fn new(
        address: NodeAddress,
        proxy: Option<proxy::Proxy>,
        options: &ElasticsearchOptions,
        authorities: &[Certificate],
        errors: &Errors,
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
        // Redirects are not followed: documents and credentials only go to the configured urls.
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
            let cause = errors.line(&causes(&error));
            match &options.ca_file {
                Some(path) if options.verify => unusable(path, cause),
                _ => OptionsError::Client { cause },
            }
        })?;
        Ok(Self { name, base, http, proxy: through, paused_until: Mutex::new(None) })
    }
}

/// The `Authorization` header of the credentials. Options that were checked can always be written as a header.
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

fn unusable(path: &Path, cause: String) -> OptionsError {
    OptionsError::CaFile { path: path.display().to_string(), cause }
}
