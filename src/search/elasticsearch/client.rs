//! One request to one of the nodes: turns, fail-over, the time limit, and nothing of HTTP beyond this file.

use std::error::Error as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use elasticsearch::auth::Credentials as HttpCredentials;
use elasticsearch::cert::{Certificate, CertificateValidation};
use elasticsearch::http::Method;
use elasticsearch::http::headers::{CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use elasticsearch::http::transport::{BuildError, SingleNodeConnectionPool, Transport, TransportBuilder};
use parking_lot::Mutex;
use serde_json::Value;

use super::error::Narrator;
use super::options::{Credentials, ElasticsearchOptions, NodeAddress, OptionsError, addresses};
use crate::search::SearchError;

/// A node that failed is asked only after the others for this long.
const REST: Duration = Duration::from_secs(30);

/// The nodes of one cluster.
pub(super) struct Client {
    nodes: Vec<Node>,
    turn: AtomicUsize,
    timeout: Duration,
    narrator: Narrator,
}

/// Each node has a transport of its own, so that a request can be sent to another one on purpose.
struct Node {
    /// The url without credentials.
    name: String,
    transport: Transport,
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

/// What came back, whatever its status.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Client {
    /// A client for the cluster; `index` completes the target's name. Connects to nothing.
    pub(super) fn new(options: &ElasticsearchOptions) -> Result<Self, OptionsError> {
        let addresses = addresses(options)?;
        let authorities = options.ca_file.as_deref().map(read_authorities).transpose()?;
        let first = addresses.first().ok_or(OptionsError::NoUrl)?;
        let target = format!("{}/{}", first.url.as_str().trim_end_matches('/'), options.index);
        let credentials = addresses.iter().map(|address| &address.credentials);
        let narrator = Narrator::new(target, credentials, options.request_timeout);
        let nodes = addresses
            .into_iter()
            .map(|address| Node::new(address, options, authorities.as_deref(), &narrator))
            .collect::<Result<_, _>>()?;
        Ok(Self { nodes, turn: AtomicUsize::new(0), timeout: options.request_timeout, narrator })
    }

    pub(super) fn narrator(&self) -> &Narrator {
        &self.narrator
    }

    /// Sends a request to the node whose turn it is, and to the others while no connection comes about. Every request
    /// we make may arrive twice without harm. All tries together keep the time limit.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        parameters: &[(&str, &str)],
        payload: Payload,
    ) -> Result<Answer, SearchError> {
        let started = Instant::now();
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("clicktop/", env!("CARGO_PKG_VERSION"))));
        let body = match payload {
            Payload::None => None,
            Payload::Json(value) => Some(value.to_string().into_bytes()),
            Payload::Lines(lines) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
                Some(lines)
            }
        };
        let mut failure = self.narrator.timed_out();
        for node in self.in_turn(started) {
            let left = self.timeout.saturating_sub(started.elapsed());
            if left.is_zero() {
                break;
            }
            match node.send(method, path, headers.clone(), parameters, body.as_deref(), left).await {
                Ok(answer) => {
                    *node.rests_until.lock() = None;
                    return Ok(answer);
                }
                Err(error) => {
                    *node.rests_until.lock() = started.checked_add(REST);
                    let name = (self.nodes.len() > 1).then_some(node.name.as_str());
                    failure = self.narrator.no_answer(name, &error);
                    if !matches!(failure, SearchError::Unreachable { .. }) {
                        break;
                    }
                }
            }
        }
        Err(failure)
    }

    /// The same, where every status but success is an error.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        parameters: &[(&str, &str)],
        payload: Payload,
    ) -> Result<Answer, SearchError> {
        let answer = self.send(method, path, parameters, payload).await?;
        if answer.is_success() { Ok(answer) } else { Err(self.narrator.status(answer.status, &answer.body)) }
    }

    /// The answer's body as JSON.
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self, answer: &Answer) -> Result<T, SearchError> {
        serde_json::from_str(&answer.body).map_err(|error| self.narrator.nonsense(answer.status, &error.to_string()))
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
        options: &ElasticsearchOptions,
        authorities: Option<&[u8]>,
        narrator: &Narrator,
    ) -> Result<Self, OptionsError> {
        let name = address.url.as_str().trim_end_matches('/').to_owned();
        let validation = match (options.verify, authorities) {
            (false, _) => CertificateValidation::None,
            (true, None) => CertificateValidation::Default,
            (true, Some(pem)) => CertificateValidation::Full(
                Certificate::from_pem(pem)
                    .map_err(|error| OptionsError::Client { cause: narrator.line(&error.to_string()) })?,
            ),
        };
        // The meta header is for Elastic's own telemetry and means nothing to OpenSearch.
        let mut builder = TransportBuilder::new(SingleNodeConnectionPool::new(address.url))
            .cert_validation(validation)
            .timeout(options.request_timeout)
            .request_body_compression(options.gzip)
            .enable_meta_header(false);
        builder = match address.credentials {
            Credentials::None => builder,
            Credentials::Basic { username, password } => builder.auth(HttpCredentials::Basic(username, password)),
            Credentials::ApiKey(key) => builder.auth(HttpCredentials::EncodedApiKey(key)),
        };
        let transport = builder.build().map_err(|error| {
            let cause = match &error {
                BuildError::Cert(http) => http.source().map_or_else(|| http.to_string(), |cause| cause.to_string()),
                other => other.to_string(),
            };
            match &options.ca_file {
                Some(path) if options.verify => unusable(path, narrator.line(&cause)),
                _ => OptionsError::Client { cause: narrator.line(&cause) },
            }
        })?;
        Ok(Self { name, transport, rests_until: Mutex::new(None) })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        parameters: &[(&str, &str)],
        body: Option<&[u8]>,
        limit: Duration,
    ) -> Result<Answer, elasticsearch::Error> {
        let response = self.transport.send(method, path, headers, Some(parameters), body, Some(limit)).await?;
        let status = response.status_code().as_u16();
        Ok(Answer { status, body: response.text().await? })
    }
}

fn read_authorities(path: &Path) -> Result<Vec<u8>, OptionsError> {
    let pem = std::fs::read(path).map_err(|error| unusable(path, error.to_string()))?;
    match Certificate::from_pem(&pem) {
        Ok(_) => Ok(pem),
        Err(error) => Err(unusable(path, error.to_string())),
    }
}

fn unusable(path: &Path, cause: String) -> OptionsError {
    OptionsError::CaFile { path: path.display().to_string(), cause }
}
