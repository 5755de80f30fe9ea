//! A look at the engine that changes nothing, for `clicktop check`.

use super::probe::Attempt;
use super::{Elasticsearch, mapping};
use crate::protocol::snapshot::Health;
use crate::search::SearchError;

/// What `check` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexCheck {
    /// `elasticsearch` or `opensearch`.
    pub engine: String,
    /// Its version.
    pub version: String,
    /// The index, as it stands.
    pub index: IndexState,
    /// Health of the index; unknown if it is absent or the engine does not tell.
    pub health: Health,
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
    /// Not by us; the engine's reason.
    Denied(String),
    /// Not by anybody: the index is closed or blocked, or an alias has no index to write to.
    Refused {
        /// The engine's reason.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// It cannot be told without writing; why.
    Unknown(String),
}

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
            return Ok(IndexCheck { engine, version, index, health: Health::Unknown, write });
        };
        if let Err(why) = mapping::check(&mapping) {
            let index = IndexState::Unfit(self.client.narrator().line(&why));
            let write = WriteAccess::Unknown("the index does not fit".to_owned());
            return Ok(IndexCheck { engine, version, index, health: self.health().await?, write });
        }
        let write = match self.attempt().await? {
            // The pipeline counts documents, too; some blocks are against reading alone.
            Attempt::Taken => match self.count().await {
                Ok(_) => WriteAccess::Allowed,
                Err(SearchError::Unwritable { reason, advice, .. }) => WriteAccess::Refused { reason, advice },
                Err(error) => return Err(error),
            },
            Attempt::Denied(reason) => WriteAccess::Denied(reason),
            Attempt::Refused { reason, advice, .. } => WriteAccess::Refused { reason, advice },
        };
        Ok(IndexCheck { engine, version, index: IndexState::Ready, health: self.health().await?, write })
    }
}
