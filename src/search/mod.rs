//! The search index behind one trait: Elasticsearch or OpenSearch over HTTP, or the embedded full-text index.

pub mod elasticsearch;
pub mod embedded;
mod id;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use std::time::Duration;

use crate::click::Timestamp;
use crate::protocol::snapshot::Health;

/// The figures of one url × country as a search document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The url as the events name it.
    pub url: String,
    /// The country.
    pub country: String,
    /// Distinct clicks.
    pub clicks: u64,
    /// Exact distinct users.
    pub unique_users: u64,
    /// Mean seconds spent, over the clicks where it is known.
    pub avg_time_spent: Option<f64>,
    /// Time of the earliest click.
    pub first_seen: Timestamp,
    /// Time of the latest click.
    pub last_seen: Timestamp,
    /// When the figures were computed.
    pub updated_at: Timestamp,
    /// Only grows, also across a deleted database: an older version never replaces a newer one.
    pub version: u64,
}

/// What a search engine must be able to do for the pipeline.
///
/// Every call has a time limit of its own and may be repeated: an upsert is idempotent by (id, version).
#[async_trait]
pub trait SearchIndex: Send + Sync + std::fmt::Debug {
    /// Where documents go, without secrets: `embedded`, `https://search:9200/clicktop`. Identifies the index: progress is
    /// kept for each target.
    fn target(&self) -> String;

    /// How documents are best sent to it, where `configured` is what the operator asks of an engine behind a network.
    fn bulk(&self, configured: Bulk) -> Bulk {
        configured
    }

    /// Connects, and creates the index with its mapping if it is absent.
    async fn prepare(&self) -> Result<Prepared, SearchError>;

    /// Writes documents unless the index holds the same or a newer version of them.
    /// An error is about the request as a whole; what became of each document otherwise is in the outcome.
    async fn upsert(&self, documents: &[Document]) -> Result<BulkOutcome, SearchError>;

    /// Health and size as the engine tells them.
    async fn status(&self) -> Result<EngineStatus, SearchError>;

    /// Documents whose url contains `query.text` (ASCII case ignored), most clicks first.
    async fn search(&self, query: &SearchQuery) -> Result<Vec<Document>, SearchError>;

    /// Deletes every document, and keeps the index and its mapping. All are gone when this returns; an error may leave
    /// some of them, and the same call goes on. Documents written later need versions that are greater by more than one
    /// than those deleted: an engine may count the deletion as a version of its own. Returns how many this call deleted.
    async fn clear(&self) -> Result<u64, SearchError>;

    /// Makes everything written so far visible to `search` and `status`.
    async fn refresh(&self) -> Result<(), SearchError>;
}

/// How documents are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bulk {
    /// Documents a request.
    pub documents: usize,
    /// Requests under way at once.
    pub in_flight: usize,
}

/// An index that is ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Engine and version: `elasticsearch 9.1.0`, `opensearch 2.19.1`, `embedded (SQLite FTS5 3.51.3)`.
    pub engine: String,
    /// The index did not exist: every document must be sent again.
    pub created: bool,
    /// Documents it holds.
    pub documents: u64,
}

/// What became of the documents of one bulk request. Those not named were written, or a newer version was there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BulkOutcome {
    /// How many were not written because the index holds the same or a newer version: they were sent before, or somebody
    /// else writes there.
    pub conflicts: u64,
    /// To be sent again after a pause: position in the request, the engine's reason.
    pub retry: Vec<ItemFailure>,
    /// Refused for good.
    pub rejected: Vec<ItemFailure>,
}

/// One document of a bulk request that was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemFailure {
    /// Position in the request.
    pub position: usize,
    /// HTTP status of the item.
    pub status: u16,
    /// The engine's reason, in one line.
    pub reason: String,
}

/// What the engine says of the index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineStatus {
    /// The health of the index; unknown if the engine does not tell.
    pub health: Health,
    /// Documents visible to search.
    pub documents: u64,
    /// Bytes on disk, where the engine tells.
    pub bytes: Option<u64>,
}

/// What to look for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// A part of a url; every url if empty.
    pub text: String,
    /// Only this country.
    pub country: Option<String>,
    /// At most this many documents.
    pub limit: usize,
}

/// Why a request to the search engine failed as a whole. Messages are one line, name the target and never hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// No connection, or it broke.
    #[error("{target} is unreachable: {cause}")]
    Unreachable {
        /// Where.
        target: String,
        /// Why.
        cause: String,
    },
    /// No answer in time.
    #[error("{target} did not answer within {after:?}")]
    TimedOut {
        /// Where.
        target: String,
        /// The limit.
        after: Duration,
    },
    /// 401, or 403 that is not about a block: waiting does not help until someone mends the credentials or the permissions.
    #[error("{target} refused the credentials ({status}): {reason}")]
    Unauthorized {
        /// Where.
        target: String,
        /// 401 or 403.
        status: u16,
        /// The engine's reason.
        reason: String,
    },
    /// The index as it is takes no documents, whatever is in them: it is closed or blocked, or an alias has no index to
    /// write to. Nothing is wrong with the documents, which wait until somebody mends it.
    #[error("{target} takes no documents ({status}): {reason}; {advice}")]
    Unwritable {
        /// Where.
        target: String,
        /// HTTP status.
        status: u16,
        /// The engine's reason.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// 3xx: something else is at the url. Nothing was sent on to where it points.
    #[error("{target} redirects to {to} ({status}); set index.urls to that")]
    Redirected {
        /// Where.
        target: String,
        /// HTTP status.
        status: u16,
        /// The url that it points to, as index.urls would have it.
        to: String,
    },
    /// 429.
    #[error("{target} is overloaded (429): {reason}")]
    Throttled {
        /// Where.
        target: String,
        /// The engine's reason.
        reason: String,
    },
    /// 5xx, or an answer that makes no sense.
    #[error("{target} answered {status}: {reason}")]
    Server {
        /// Where.
        target: String,
        /// HTTP status.
        status: u16,
        /// The engine's reason.
        reason: String,
    },
    /// Any other 4xx: the request itself is wrong for this engine (mapping conflict, index name).
    #[error("{target} refused the request ({status}): {reason}")]
    Refused {
        /// Where.
        target: String,
        /// HTTP status.
        status: u16,
        /// The engine's reason.
        reason: String,
    },
    /// The embedded index on disk failed.
    #[error("embedded index {path}: {cause}")]
    Disk {
        /// Its file.
        path: String,
        /// Why.
        cause: String,
    },
}

impl SearchError {
    /// Whether the same request may succeed later without a change here: the engine is away, slow, overloaded or out of
    /// order, its index is mended, or the disk is full or busy.
    pub fn is_transient(&self) -> bool {
        match self {
            SearchError::Unreachable { .. }
            | SearchError::Unwritable { .. }
            | SearchError::Redirected { .. }
            | SearchError::TimedOut { .. }
            | SearchError::Throttled { .. }
            | SearchError::Server { .. }
            | SearchError::Disk { .. } => true,
            SearchError::Unauthorized { .. } | SearchError::Refused { .. } => false,
        }
    }

    /// Whether someone must mend the credentials or the permissions first.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, SearchError::Unauthorized { .. })
    }
}
