//! Checks the engine without changing anything, for `clicktop check`.

use super::probe::Attempt;
use super::{Elasticsearch, mapping};
use crate::protocol::snapshot::Health;
use crate::search::SearchError;

/// The findings of the check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexCheck {
    /// `elasticsearch` or `opensearch`.
    pub engine: String,
    /// Its version.
    pub version: String,
    /// The state of the index.
    pub index: IndexState,
    /// The health of the index; unknown if it does not exist or the engine does not report it.
    pub health: Health,
    /// Whether documents may be written.
    pub write: WriteAccess,
}

/// The state of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexState {
    /// The index does not exist. The first run of the pipeline creates it.
    Absent,
    /// The index exists and its mapping fits.
    Ready,
    /// The index exists but cannot be used: which field is wrong and what to do.
    Unfit(String),
}

/// Whether documents may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteAccess {
    /// Documents may be written.
    Allowed,
    /// These credentials may not write; the engine's reason.
    Denied(String),
    /// Nobody can write: the index is closed or blocked, or an alias has no write index.
    Refused {
        /// The engine's reason.
        reason: String,
        /// What the user can do.
        advice: &'static str,
    },
    /// The check cannot find out without writing; the reason.
    Unknown(String),
}

impl Elasticsearch {
    /// Connects and reports the state of the index, without changing anything.
    ///
    /// # Errors
    /// Those of [`SearchIndex::prepare`](crate::search::SearchIndex::prepare), except that an unfit index is a finding.
    pub async fn check(&self) -> Result<IndexCheck, SearchError> {
        let (engine, version) = self.engine().await?;
        let Some(mapping) = self.mapping().await? else {
            let why = "the first run of the pipeline shows whether that is allowed".to_owned();
            let (index, write) = (IndexState::Absent, WriteAccess::Unknown(why));
            return Ok(IndexCheck { engine, version, index, health: Health::Unknown, write });
        };
        if let Err(why) = mapping::check(&mapping) {
            let index = IndexState::Unfit(self.client.errors().line(&why));
            let write = WriteAccess::Unknown("the index does not fit".to_owned());
            return Ok(IndexCheck { engine, version, index, health: self.health().await?, write });
        }
        let write = match self.try_write().await? {
            // The pipeline also counts documents, and some blocks only concern reading.
            Attempt::Accepted => match self.count().await {
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
