//! A connection to an engine's index, with the queries that take one request.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::client::{Client, HttpRequest, Method, Payload};
use super::indices::Indices;
use super::options::{self, ElasticsearchOptions, OptionsError};
use super::{mapping, refusal};
use crate::protocol::snapshot::Health;
use crate::search::SearchError;

/// An index of Elasticsearch or OpenSearch.
pub struct Elasticsearch {
    pub(super) client: Client,
    pub(super) index: String,
    pub(super) indices: Indices,
    /// How long the engine may wait for a shard. It is shorter than the time limit, so that the engine can still report the reason.
    pub(super) shard_timeout: Duration,
}

impl fmt::Debug for Elasticsearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elasticsearch").field("target", &self.client.errors().target()).finish_non_exhaustive()
    }
}

/// The name of an engine that does not report its distribution.
const ELASTICSEARCH: &str = "elasticsearch";

/// The answer to `GET /`.
#[derive(Deserialize)]
struct Root {
    version: Version,
}

#[derive(Deserialize)]
struct Version {
    number: String,
    /// Only OpenSearch reports this.
    distribution: Option<String>,
}

#[derive(Deserialize)]
struct Count {
    count: u64,
}

impl Elasticsearch {
    /// Checks the options and sets up the HTTP client. Does not connect yet.
    ///
    /// # Errors
    /// [`OptionsError`] says which option cannot work and why.
    pub fn new(options: ElasticsearchOptions) -> Result<Self, OptionsError> {
        options::check_index(&options.index)?;
        let shard_timeout = options.request_timeout / 2;
        Ok(Self { client: Client::new(&options)?, index: options.index, indices: Indices::default(), shard_timeout })
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!("/{}{rest}", self.index)
    }

    /// The engine's name and version.
    pub(super) async fn engine(&self) -> Result<(String, String), SearchError> {
        let answer = self.client.send(HttpRequest::new(Method::GET, "/")).await?;
        let errors = self.client.errors();
        if answer.is_success() {
            let root: Root = self.client.json(&answer)?;
            let name = root.version.distribution.as_deref().unwrap_or(ELASTICSEARCH);
            return Ok((errors.line(name), errors.line(&root.version.number)));
        }
        // Minimal distributions of Elasticsearch do not include the module that answers `GET /`.
        if !matches!(answer.status, 400 | 404 | 405) {
            return Err(errors.status(&answer));
        }
        let nodes = HttpRequest::new(Method::GET, "/_nodes/_local").parameters(&[("filter_path", "nodes.*.version")]);
        let answer = self.client.ask(nodes).await?;
        let nodes: Value = self.client.json(&answer)?;
        let mut nodes = nodes["nodes"].as_object().into_iter().flatten();
        match nodes.find_map(|(_, node)| node["version"].as_str()) {
            Some(version) => Ok((ELASTICSEARCH.to_owned(), errors.line(version))),
            None => Err(errors.invalid_answer(&answer, "the engine does not report its version")),
        }
    }

    /// The mapping of the index; `None` if there is no index.
    pub(super) async fn mapping(&self) -> Result<Option<Value>, SearchError> {
        let answer = self.client.send(HttpRequest::new(Method::GET, &self.path("/_mapping"))).await?;
        match answer.status {
            404 => Ok(None),
            _ if answer.is_success() => Ok(Some(self.client.json(&answer)?)),
            _ => Err(self.client.errors().status(&answer)),
        }
    }

    /// The mapping of the index, which fits; `None` if there is no index.
    ///
    /// # Errors
    /// [`SearchError::Refused`] if the mapping does not fit.
    pub(super) async fn fit_mapping(&self) -> Result<Option<Value>, SearchError> {
        match self.mapping().await? {
            None => Ok(None),
            Some(mapping) => match mapping::check(&mapping) {
                Ok(()) => Ok(Some(mapping)),
                Err(why) => Err(self.client.errors().refused(400, &why)),
            },
        }
    }

    /// Creates the index. Succeeds if another program has created it meanwhile.
    pub(super) async fn create(&self) -> Result<(), SearchError> {
        let creation = Payload::Json(mapping::creation());
        let answer = self.client.send(HttpRequest::new(Method::PUT, &self.path("")).with(creation)).await?;
        if answer.is_success() {
            return Ok(());
        }
        let error = serde_json::from_str::<Value>(&answer.body).unwrap_or_default();
        if answer.status == 400 && refusal::is_type(&error["error"], "resource_already_exists_exception") {
            return Ok(());
        }
        Err(self.client.errors().status(&answer))
    }

    pub(super) async fn count(&self) -> Result<u64, SearchError> {
        let answer = self.client.ask(HttpRequest::new(Method::GET, &self.path("/_count"))).await?;
        let count: Count = self.client.json(&answer)?;
        Ok(count.count)
    }

    /// The answer to an optional query; `None` if the engine does not offer it or the credentials do not allow it.
    pub(super) async fn optional(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Option<Value>, SearchError> {
        let answer = self.client.send(HttpRequest::new(Method::GET, path).parameters(parameters)).await?;
        match answer.status {
            _ if answer.is_success() => Ok(Some(self.client.json(&answer)?)),
            // Cluster health answers 408 after its time-out, with an ordinary body.
            408 => Ok(serde_json::from_str(&answer.body).ok()),
            400 | 403..=428 => Ok(None),
            _ => Err(self.client.errors().status(&answer)),
        }
    }

    pub(super) async fn health(&self) -> Result<Health, SearchError> {
        let path = format!("/_cluster/health/{}", self.index);
        let health = self.optional(&path, &[("timeout", "5s")]).await?.unwrap_or_default();
        Ok(match health["status"].as_str() {
            Some("green") => Health::Green,
            Some("yellow") => Health::Yellow,
            Some("red") => Health::Red,
            _ => Health::Unknown,
        })
    }
}
