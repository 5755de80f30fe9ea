//! A look at the engine that changes nothing, for `clicktop check`.

use elasticsearch::http::Method;
use serde_json::json;

use super::client::Payload;
use super::error::reason_in;
use super::{Elasticsearch, mapping};
use crate::search::{EngineHealth, SearchError};

/// What `check` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexCheck {
    /// `elasticsearch` or `opensearch`.
    pub engine: String,
    /// Its version.
    pub version: String,
    /// The index, as it stands.
    pub index: IndexState,
    /// Health of the index; `None` if it is absent or the engine does not tell.
    pub health: Option<EngineHealth>,
    /// Whether documents may be written.
    pub write: WriteAccess,
}

/// Whether there is an index to write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexState {
    /// It will be created with its mapping when the pipeline first runs.
    Absent,
    /// It is there and its mapping fits.
    Ready,
    /// It is there but cannot be used: which field is wrong and what to do.
    Unfit(String),
}

/// Whether documents may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteAccess {
    /// Yes.
    Allowed,
    /// No; the engine's reason.
    Denied(String),
    /// Not by anybody: an index that is read-only, as engines make it when their disk is nearly full. The engine's reason.
    Blocked(String),
    /// It cannot be told without writing; why.
    Unknown(String),
}

/// An `_id` that no document has: ids are UUIDs.
const NO_DOCUMENT: &str = "clicktop-check";

impl Elasticsearch {
    /// Connects and reports what is there, changing nothing.
    ///
    /// # Errors
    /// As [`SearchIndex::prepare`](crate::search::SearchIndex::prepare), except that an unfit index is a finding, not an error.
    pub async fn check(&self) -> Result<IndexCheck, SearchError> {
        let (engine, version) = self.engine().await?;
        let Some(mapping) = self.mapping().await? else {
            let why = "whether that is allowed shows when the pipeline first runs".to_owned();
            let (index, write) = (IndexState::Absent, WriteAccess::Unknown(why));
            return Ok(IndexCheck { engine, version, index, health: None, write });
        };
        let index = match mapping::check(&mapping) {
            Ok(()) => IndexState::Ready,
            Err(why) => IndexState::Unfit(self.client.narrator().line(&why)),
        };
        Ok(IndexCheck { engine, version, index, health: self.health().await?, write: self.write_access().await? })
    }

    /// Updates a document that does not exist: the engine answers 404 to who may write, 403 to who may not, and
    /// writes nothing either way.
    async fn write_access(&self) -> Result<WriteAccess, SearchError> {
        let path = format!("/{}/_update/{NO_DOCUMENT}", self.index);
        let answer = self.client.send(Method::Post, &path, &[], Payload::Json(json!({"doc": {}}))).await?;
        let reason = self.client.narrator().line(&reason_in(&answer.body));
        match answer.status {
            403 | 429 if reason.contains("cluster_block_exception") => Ok(WriteAccess::Blocked(reason)),
            404 => Ok(WriteAccess::Allowed),
            401 | 403 => Ok(WriteAccess::Denied(reason)),
            status => Ok(WriteAccess::Unknown(format!("{status}: {reason}"))),
        }
    }
}
