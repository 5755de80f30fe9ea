//! Elasticsearch 8 and 9, and OpenSearch 2 and 3, through the APIs they share.
//!
//! What the credentials must allow: the cluster privilege `monitor`, and on the index `create_index`, `write`, `read`,
//! `view_index_metadata`, `maintenance` and (for health and size; optional) `monitor`.

mod answer;
mod bulk;
mod check;
mod clear;
mod client;
mod document;
mod error;
mod indices;
mod mapping;
mod options;
mod probe;
mod proxy;
mod query;
mod refusal;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

pub use self::check::{IndexCheck, IndexState, WriteAccess};
use self::client::{Client, Method, Payload, Question};
use self::indices::Indices;
pub use self::options::{Credentials, ElasticsearchOptions, OptionsError};
use self::probe::Attempt;
use super::{
    BulkOutcome, Document, EngineHealth, EngineStatus, ItemFailure, Prepared, SearchError, SearchIndex, SearchQuery,
};

/// An index of Elasticsearch or OpenSearch.
pub struct Elasticsearch {
    client: Client,
    index: String,
    indices: Indices,
    /// How long the engine may wait for a shard to write to. It says what it waits for, while we still listen.
    shard_timeout: Duration,
}

impl fmt::Debug for Elasticsearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elasticsearch").field("target", &self.client.narrator().target()).finish_non_exhaustive()
    }
}

/// What the engine is that does not say otherwise.
const ELASTICSEARCH: &str = "elasticsearch";

/// The answer to `GET /`.
#[derive(Deserialize)]
struct Root {
    version: Version,
}

#[derive(Deserialize)]
struct Version {
    number: String,
    /// Only OpenSearch has it.
    distribution: Option<String>,
}

#[derive(Deserialize)]
struct Count {
    count: u64,
}

impl Elasticsearch {
    /// Checks the options and sets the HTTP client up. Connects to nothing.
    ///
    /// # Errors
    /// [`OptionsError`] says which option cannot work and why.
    pub fn new(options: ElasticsearchOptions) -> Result<Self, OptionsError> {
        options::check_index(&options.index)?;
        let shard_timeout = options.request_timeout / 2;
        Ok(Self { client: Client::new(&options)?, index: options.index, indices: Indices::default(), shard_timeout })
    }

    fn path(&self, rest: &str) -> String {
        format!("/{}{rest}", self.index)
    }

    /// The engine's name and version.
    async fn engine(&self) -> Result<(String, String), SearchError> {
        let answer = self.client.send(Question::new(Method::GET, "/")).await?;
        let narrator = self.client.narrator();
        if answer.is_success() {
            let root: Root = self.client.json(&answer)?;
            let name = root.version.distribution.as_deref().unwrap_or(ELASTICSEARCH);
            return Ok((narrator.line(name), narrator.line(&root.version.number)));
        }
        // In Elasticsearch the greeting is a module of its own, which minimal distributions leave out.
        if !matches!(answer.status, 400 | 404 | 405) {
            return Err(narrator.status(&answer));
        }
        let nodes = Question::new(Method::GET, "/_nodes/_local").parameters(&[("filter_path", "nodes.*.version")]);
        let answer = self.client.ask(nodes).await?;
        let nodes: Value = self.client.json(&answer)?;
        let mut nodes = nodes["nodes"].as_object().into_iter().flatten();
        match nodes.find_map(|(_, node)| node["version"].as_str()) {
            Some(version) => Ok((ELASTICSEARCH.to_owned(), narrator.line(version))),
            None => Err(narrator.senseless(&answer, "the engine does not tell its version")),
        }
    }

    /// The mapping of the index; `None` if there is no index.
    async fn mapping(&self) -> Result<Option<Value>, SearchError> {
        let answer = self.client.send(Question::new(Method::GET, &self.path("/_mapping"))).await?;
        match answer.status {
            404 => Ok(None),
            _ if answer.is_success() => Ok(Some(self.client.json(&answer)?)),
            _ => Err(self.client.narrator().status(&answer)),
        }
    }

    /// The mapping of the index; `None` if there is no index.
    ///
    /// # Errors
    /// [`SearchError::Refused`] if it does not fit.
    async fn fit_mapping(&self) -> Result<Option<Value>, SearchError> {
        match self.mapping().await? {
            None => Ok(None),
            Some(mapping) => match mapping::check(&mapping) {
                Ok(()) => Ok(Some(mapping)),
                Err(why) => Err(self.client.narrator().refused(400, &why)),
            },
        }
    }

    /// Creates the index. That someone else was faster is fine.
    async fn create(&self) -> Result<(), SearchError> {
        let creation = Payload::Json(mapping::creation());
        let answer = self.client.send(Question::new(Method::PUT, &self.path("")).with(creation)).await?;
        if answer.is_success() {
            return Ok(());
        }
        let error = serde_json::from_str::<Value>(&answer.body).unwrap_or_default();
        if answer.status == 400 && error::is_type(&error["error"], "resource_already_exists_exception") {
            return Ok(());
        }
        Err(self.client.narrator().status(&answer))
    }

    async fn count(&self) -> Result<u64, SearchError> {
        let answer = self.client.ask(Question::new(Method::GET, &self.path("/_count"))).await?;
        let count: Count = self.client.json(&answer)?;
        Ok(count.count)
    }

    /// What an optional question is answered; `None` where the engine does not offer it or the credentials do not
    /// allow it.
    async fn optional(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Option<Value>, SearchError> {
        let answer = self.client.send(Question::new(Method::GET, path).parameters(parameters)).await?;
        match answer.status {
            _ if answer.is_success() => Ok(Some(self.client.json(&answer)?)),
            // 408 is how cluster health says that it waited in vain; its body is the ordinary one.
            408 => Ok(serde_json::from_str(&answer.body).ok()),
            400 | 403..=428 => Ok(None),
            _ => Err(self.client.narrator().status(&answer)),
        }
    }

    async fn health(&self) -> Result<Option<EngineHealth>, SearchError> {
        let path = format!("/_cluster/health/{}", self.index);
        let health = self.optional(&path, &[("timeout", "5s")]).await?.unwrap_or_default();
        Ok(match health["status"].as_str() {
            Some("green") => Some(EngineHealth::Green),
            Some("yellow") => Some(EngineHealth::Yellow),
            Some("red") => Some(EngineHealth::Red),
            _ => None,
        })
    }

    /// Sends one bulk request; halves it while the engine (or a proxy before it) finds it too large.
    async fn bulk(&self, request: bulk::Request, outcome: &mut BulkOutcome) -> Result<(), SearchError> {
        let path = self.path("/_bulk");
        let shard_timeout = format!("{}ms", self.shard_timeout.as_millis());
        let parameters = bulk::parameters(&shard_timeout);
        let mut waiting = vec![request];
        while let Some(request) = waiting.pop() {
            let bytes = request.lines().len();
            let question = Question::new(Method::POST, &path)
                .parameters(&parameters)
                .with(Payload::Lines(request.lines().to_vec()))
                .at_most(bulk::answer_bytes(request.range.len(), bytes));
            let answer = self.client.send(question).await?;
            let narrator = self.client.narrator();
            if answer.status == 413 {
                let position = request.range.start;
                match request.halves() {
                    Some((first, second)) => waiting.extend([second, first]),
                    None => {
                        self.require_writable(answer.proxy.as_deref()).await?;
                        outcome.rejected.push(ItemFailure {
                            position,
                            status: 413,
                            reason: format!("the document ({bytes} bytes) is larger than the engine accepts"),
                        });
                    }
                }
            } else if answer.is_success() {
                let count = request.range.len();
                let told = bulk::read(narrator, &answer, request.range)?;
                // That not one was taken may be the fault of each of them, or of the index.
                if !told.rejected.is_empty() && told.rejected.len().saturating_add(told.retry.len()) == count {
                    self.require_writable(answer.proxy.as_deref()).await?;
                }
                outcome.conflicts = outcome.conflicts.saturating_add(told.conflicts);
                outcome.retry.extend(told.retry);
                outcome.rejected.extend(told.rejected);
            } else {
                return Err(narrator.status(&answer));
            }
        }
        Ok(())
    }

    /// # Errors
    /// The index would refuse any document.
    async fn require_writable(&self, proxy: Option<&str>) -> Result<(), SearchError> {
        let narrator = self.client.narrator();
        match self.attempt().await? {
            Attempt::Taken => Ok(()),
            Attempt::Refused { status, reason, advice } => Err(narrator.unwritable(status, &reason, advice, proxy)),
            Attempt::Denied(reason) => Err(narrator.status_because(403, &reason, proxy)),
        }
    }
}

#[async_trait]
impl SearchIndex for Elasticsearch {
    fn target(&self) -> String {
        self.client.narrator().target().to_owned()
    }

    /// `created` also holds for an index without documents: a crash between creating it and noting that everything
    /// must be sent again would otherwise leave documents out.
    async fn prepare(&self) -> Result<Prepared, SearchError> {
        let (name, version) = self.engine().await?;
        let engine = format!("{name} {version}");
        if self.fit_mapping().await?.is_some() {
            let documents = self.count().await?;
            return Ok(Prepared { engine, created: self.indices.take_lost() || documents == 0, documents });
        }
        self.create().await?;
        // Another one may have created it a moment ago, or a template may have changed what we asked for.
        if self.fit_mapping().await?.is_none() {
            return Err(self.client.narrator().nonsense(404, "the index was created but does not exist", None));
        }
        Ok(Prepared { engine, created: true, documents: 0 })
    }

    /// An error half way leaves the documents of earlier requests written; sending all of them again does no harm.
    async fn upsert(&self, documents: &[Document]) -> Result<BulkOutcome, SearchError> {
        let mut outcome = BulkOutcome::default();
        let requests =
            bulk::Request::cut(documents).map_err(|error| self.client.narrator().refused(400, &error.to_string()))?;
        for request in requests {
            self.bulk(request, &mut outcome).await?;
        }
        Ok(outcome)
    }

    /// An index that was deleted while the pipeline runs comes back by the next bulk request with a mapping the engine
    /// guesses, or that a template gives it; this is where that shows.
    async fn status(&self) -> Result<EngineStatus, SearchError> {
        let Some(mapping) = self.fit_mapping().await? else {
            let advice = "clicktop creates the index and fills it again at the next try";
            return Err(self.client.narrator().unwritable(404, "the index does not exist any more", advice, None));
        };
        let documents = self.count().await?;
        let health = self.health().await?;
        let sizes = self.optional(&self.path("/_stats/store"), &[]).await?.unwrap_or_default();
        if let Some(lost) = self.indices.see(&mapping, &sizes) {
            let why = format!("index {lost} was deleted, and what was sent to it is gone");
            let advice = "clicktop fills the index again at the next try";
            return Err(self.client.narrator().unwritable(404, &why, advice, None));
        }
        let bytes = sizes["_all"]["total"]["store"]["size_in_bytes"].as_u64();
        Ok(EngineStatus { health, documents, bytes })
    }

    /// Returns at most 10,000 documents. A url longer than 8,191 characters is not found by a part of it.
    async fn search(&self, query: &SearchQuery) -> Result<Vec<Document>, SearchError> {
        if query.limit == 0 {
            return Ok(Vec::new());
        }
        let path = self.path("/_search");
        let question = Question::new(Method::POST, &path).with(Payload::Json(query::request(query)));
        let answer = self.client.ask(question.at_most(query::answer_bytes(query.limit))).await?;
        let found: query::Answer = self.client.json(&answer)?;
        query::documents(query, found).map_err(|why| self.client.narrator().senseless(&answer, &why))
    }

    /// In rounds that each delete a bounded number of documents, until none is left.
    async fn clear(&self) -> Result<u64, SearchError> {
        clear::clear(self).await
    }

    async fn refresh(&self) -> Result<(), SearchError> {
        self.client.ask(Question::new(Method::POST, &self.path("/_refresh"))).await.map(drop)
    }
}
