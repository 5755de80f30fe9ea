//! Elasticsearch 8 and 9, and OpenSearch 2 and 3, through the APIs they share.
//!
//! What the credentials must allow: the cluster privilege `monitor`, and on the index `create_index`, `write`, `read`,
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
use self::client::{Method, Payload, Question};
pub use self::connection::Elasticsearch;
pub use self::credentials::Credentials;
pub use self::options::{ElasticsearchOptions, OptionsError};
use self::probe::Attempt;
use super::{BulkOutcome, Document, EngineStatus, ItemFailure, Prepared, SearchError, SearchIndex, SearchQuery};

impl Elasticsearch {
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
