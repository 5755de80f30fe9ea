//! Elasticsearch 8 and 9, and OpenSearch 2 and 3, through the APIs they share.
//!
//! The credentials need the cluster privilege `monitor`, and on the index `create_index`, `write`, `read`,
//! `view_index_metadata`, `maintenance` and (for health and size; optional) `monitor`.

mod answer;
mod bulk;
mod check;
mod clear;
mod client;
mod connection;
mod credentials;
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

use async_trait::async_trait;

pub use self::check::{IndexCheck, IndexState, WriteAccess};
use self::client::{HttpRequest, Method, Payload};
pub use self::connection::Elasticsearch;
pub use self::credentials::Credentials;
pub use self::options::{ElasticsearchOptions, OptionsError};
use self::probe::Attempt;
use super::id::id_of;
use super::{BulkOutcome, Document, EngineStatus, ItemFailure, Prepared, SearchError, SearchIndex, SearchQuery};

impl Elasticsearch {
    /// Sends one bulk request, and halves it while the engine (or a proxy in front of it) refuses it as too large.
    async fn bulk(&self, request: bulk::Request, outcome: &mut BulkOutcome) -> Result<(), SearchError> {
        let path = self.path("/_bulk");
        let shard_timeout = format!("{}ms", self.shard_timeout.as_millis());
        let parameters = bulk::parameters(&shard_timeout);
        let mut waiting = vec![Turn { request, writable: false }];
        while let Some(Turn { request, writable }) = waiting.pop() {
            let bytes = request.lines().len();
            let http_request = HttpRequest::new(Method::POST, &path)
                .parameters(&parameters)
                .with(Payload::Lines(request.lines().to_vec()))
                .at_most(bulk::answer_bytes(request.range.len(), bytes));
            let answer = self.client.send(http_request).await?;
            let errors = self.client.errors();
            let result = if answer.status == 413 {
                if request.range.len() > 1 {
                    let halves = request.halves().into_iter().flat_map(|(first, second)| [second, first]);
                    waiting.extend(halves.map(|request| Turn { request, writable }));
                    continue;
                }
                let reason = format!("the document ({bytes} bytes) is larger than the engine accepts");
                let rejected = vec![ItemFailure { position: request.range.start, status: 413, reason }];
                BulkOutcome { rejected, ..BulkOutcome::default() }
            } else if answer.is_success() {
                bulk::read(errors, &answer, request.range.clone())?
            } else {
                return Err(errors.status(&answer));
            };
            // If the engine accepted no document, the index may be at fault. If it accepts one now, somebody may have repaired it
            // since, so only a second refusal counts.
            let refused = result.rejected.len().saturating_add(result.retry.len());
            if !writable && !result.rejected.is_empty() && refused == request.range.len() {
                self.require_writable(answer.proxy.as_deref()).await?;
                waiting.push(Turn { request, writable: true });
                continue;
            }
            outcome.conflicts = outcome.conflicts.saturating_add(result.conflicts);
            outcome.retry.extend(result.retry);
            outcome.rejected.extend(result.rejected);
        }
        Ok(())
    }

    /// # Errors
    /// The index refuses every document.
    async fn require_writable(&self, proxy: Option<&str>) -> Result<(), SearchError> {
        let errors = self.client.errors();
        match self.try_write().await? {
            Attempt::Accepted => Ok(()),
            Attempt::Refused { status, reason, advice } => Err(errors.unwritable(status, &reason, advice, proxy)),
            Attempt::Denied(reason) => Err(errors.status_because(403, &reason, proxy)),
        }
    }
}

/// A bulk request whose turn comes.
struct Turn {
    request: bulk::Request,
    /// The index accepted a simple document after it had refused each of these.
    writable: bool,
}

#[async_trait]
impl SearchIndex for Elasticsearch {
    fn target(&self) -> String {
        self.client.errors().target().to_owned()
    }

    fn has_credentials(&self) -> bool {
        self.client.signs_in()
    }

    /// `created` is also true for an index without documents. Otherwise documents would be missing after a crash between creating the
    /// index and noting that everything must be sent.
    async fn prepare(&self) -> Result<Prepared, SearchError> {
        let (name, version) = self.engine().await?;
        let engine = format!("{name} {version}");
        if self.fit_mapping().await?.is_some() {
            let documents = self.count().await?;
            return Ok(Prepared { engine, created: self.indices.take_lost() || documents == 0, documents });
        }
        self.create().await?;
        // Another program may have created it meanwhile, or a template may have changed the mapping.
        if self.fit_mapping().await?.is_none() {
            return Err(self.client.errors().invalid(404, "the index was created but does not exist", None));
        }
        Ok(Prepared { engine, created: true, documents: 0 })
    }

    /// After an error, the documents of earlier requests are written. Sending all of them again does no harm.
    async fn upsert(&self, documents: &[Document]) -> Result<BulkOutcome, SearchError> {
        let mut outcome = BulkOutcome::default();
        let requests =
            bulk::Request::divide(documents).map_err(|error| self.client.errors().refused(400, &error.to_string()))?;
        for request in requests {
            self.bulk(request, &mut outcome).await?;
        }
        Ok(outcome)
    }

    /// If the index is deleted while the pipeline runs, the next bulk request creates it with a mapping that the engine guesses or a
    /// template defines. This finds out.
    async fn status(&self) -> Result<EngineStatus, SearchError> {
        let Some(mapping) = self.fit_mapping().await? else {
            let advice = "clicktop creates the index and fills it again at the next try";
            return Err(self.client.errors().unwritable(404, "the index does not exist any more", advice, None));
        };
        let documents = self.count().await?;
        let health = self.health().await?;
        let sizes = self.optional(&self.path("/_stats/store"), &[]).await?.unwrap_or_default();
        if let Some(lost) = self.indices.update(&mapping, &sizes) {
            let why = format!("index {lost} was deleted with the documents in it");
            let advice = "clicktop fills the index again at the next try";
            return Err(self.client.errors().unwritable(404, &why, advice, None));
        }
        let bytes = sizes["_all"]["total"]["store"]["size_in_bytes"].as_u64();
        Ok(EngineStatus { health, documents, bytes })
    }

    /// Returns at most 10,000 documents. A search for a part of a url does not find urls longer than 8,191 characters.
    async fn search(&self, query: &SearchQuery) -> Result<Vec<Document>, SearchError> {
        if query.limit == 0 {
            return Ok(Vec::new());
        }
        let path = self.path("/_search");
        let request = HttpRequest::new(Method::POST, &path).with(Payload::Json(query::request(query)));
        let answer = self.client.ask(request.at_most(query::answer_bytes(query.limit))).await?;
        let found: query::Answer = self.client.json(&answer)?;
        query::documents(query, found).map_err(|why| self.client.errors().invalid_answer(&answer, &why))
    }

    /// Sees what was written a moment ago, before a refresh.
    async fn get(&self, url: &str, country: &str) -> Result<Option<Document>, SearchError> {
        let path = self.path(&format!("/_doc/{}", id_of(url, country)));
        let answer = self.client.send(HttpRequest::new(Method::GET, &path).at_most(query::answer_bytes(1))).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(self.client.errors().status(&answer));
        }
        let found: query::Hit = self.client.json(&answer)?;
        found.document().map(Some).map_err(|why| self.client.errors().invalid_answer(&answer, &why))
    }

    /// Works in rounds that each delete a bounded number of documents, until none is left.
    async fn clear(&self) -> Result<u64, SearchError> {
        clear::clear(self).await
    }

    async fn refresh(&self) -> Result<(), SearchError> {
        self.client.ask(HttpRequest::new(Method::POST, &self.path("/_refresh"))).await.map(drop)
    }
}
