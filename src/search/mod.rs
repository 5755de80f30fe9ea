//! The search index, with one trait for two implementations: Elasticsearch or OpenSearch over HTTP, and the embedded full-text index.

mod advice;
pub mod elasticsearch;
pub mod embedded;
mod id;
pub mod renewable;
#[cfg(test)]
mod tests;
mod unreachable;

use async_trait::async_trait;
use std::time::Duration;

pub use self::advice::PRIVILEGES;
use crate::click::Timestamp;
use crate::protocol::snapshot::Health;

/// The figures of one url × country as a search document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The url, as in the events.
    pub url: String,
    /// The country.
    pub country: String,
    /// Distinct clicks.
    pub clicks: u64,
    /// Exact number of distinct users.
    pub unique_users: u64,
    /// Mean time spent in seconds, over the clicks whose time spent is known.
    pub avg_time_spent: Option<f64>,
    /// Time of the earliest click.
    pub first_seen: Timestamp,
    /// Time of the latest click.
    pub last_seen: Timestamp,
    /// When the figures were computed.
    pub updated_at: Timestamp,
    /// The version only grows, even after the database was deleted. An older version never replaces a newer one.
    pub version: u64,
}

/// A search engine, as the pipeline uses it.
///
/// Every call has its own time limit and may be repeated: an upsert is idempotent by (id, version).
#[async_trait]
pub trait SearchIndex: Send + Sync + std::fmt::Debug {
    /// The target of the documents, without secrets: `embedded`, `https://search:9200/clicktop`. It identifies the index; the store keeps
    /// the progress of each target.
    fn target(&self) -> String;

    /// Whether requests carry a user or a key, which decides what to do if they are refused.
    fn has_credentials(&self) -> bool {
        false
    }

    /// How documents are best sent. `configured` holds the settings, which are meant for an engine behind a network.
    fn bulk(&self, configured: Bulk) -> Bulk {
        configured
    }

    /// Connects, and creates the index with its mapping if it does not exist.
    async fn prepare(&self) -> Result<Prepared, SearchError>;

    /// Writes documents, unless the index holds the same or a newer version of them. An error means that the whole request failed;
    /// otherwise the outcome tells what happened to each document.
    async fn upsert(&self, documents: &[Document]) -> Result<BulkOutcome, SearchError>;

    /// Health and size, as the engine reports them.
    async fn status(&self) -> Result<EngineStatus, SearchError>;

    /// Documents whose url contains `query.text` (ASCII case ignored), most clicks first.
    async fn search(&self, query: &SearchQuery) -> Result<Vec<Document>, SearchError>;

    /// The document of `url` and `country` as the engine has it now; `None` if it has none.
    async fn get(&self, url: &str, country: &str) -> Result<Option<Document>, SearchError>;

    /// Deletes every document, and keeps the index and its mapping. After an error, some documents may be left, and another call
    /// continues. Returns how many documents this call has deleted.
    ///
    /// The engine may count a deletion as a version. So later documents need versions that are greater by more than one than those of
    /// the deleted documents.
    async fn clear(&self) -> Result<u64, SearchError>;

    /// Makes all written documents visible to `search` and `status`.
    async fn refresh(&self) -> Result<(), SearchError>;
}

/// How documents are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bulk {
    /// Documents in one request.
    pub documents: usize,
    /// How many requests are sent at the same time.
    pub in_flight: usize,
}

/// An index that is ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Engine and version: `elasticsearch 9.1.0`, `opensearch 2.19.1`, `embedded (SQLite FTS5 3.51.3)`.
    pub engine: String,
    /// The index is new: every document must be sent.
    pub created: bool,
    /// How many documents it holds.
    pub documents: u64,
}

/// The outcome of one bulk request. Documents that are not listed were written, or the index holds a newer version of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BulkOutcome {
    /// How many documents were not written because the index holds the same or a newer version: they were sent before, or another
    /// program writes to the index.
    pub conflicts: u64,
    /// Documents to send again after a pause.
    pub retry: Vec<ItemFailure>,
    /// Documents that the engine refuses for good.
    pub rejected: Vec<ItemFailure>,
}

/// One document of a bulk request that was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemFailure {
    /// Position in the request.
    pub position: usize,
    /// The HTTP status of the item.
    pub status: u16,
    /// The engine's reason, in one line.
    pub reason: String,
}

/// The state of the index, as the engine reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineStatus {
    /// The health of the index; unknown if the engine does not report it.
    pub health: Health,
    /// Documents visible to search.
    pub documents: u64,
    /// Bytes on disk; `None` if the engine does not report them.
    pub bytes: Option<u64>,
}

/// A search for documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// A part of a url; every url if empty.
    pub text: String,
    /// Only documents of this country.
    pub country: Option<String>,
    /// At most this many documents.
    pub limit: usize,
}

/// Why a whole request to the search engine failed. Messages are one line, name the target and never contain secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// The connection failed or broke.
    #[error("{target} {}", unreachable::words(cause))]
    Unreachable {
        /// The target.
        target: String,
        /// The cause.
        cause: String,
    },
    /// The engine did not answer in time.
    #[error("{target} did not answer within {after:?}")]
    TimedOut {
        /// The target.
        target: String,
        /// The time limit.
        after: Duration,
    },
    /// 401, or 403 that is not about a block: somebody must correct the credentials or the permissions.
    #[error("{target} refused the credentials ({status}): {reason}")]
    Unauthorized {
        /// The target.
        target: String,
        /// 401 or 403.
        status: u16,
        /// The engine's reason.
        reason: String,
    },
    /// The index accepts no document at all: it is closed or blocked, or an alias has no write index. The documents are fine and wait until
    /// somebody repairs the index.
    #[error("{target} takes no documents ({status}): {reason}; {advice}")]
    Unwritable {
        /// The target.
        target: String,
        /// The HTTP status.
        status: u16,
        /// The engine's reason.
        reason: String,
        /// What the user can do.
        advice: &'static str,
    },
    /// 3xx: another server is at the url. The redirect was not followed.
    #[error("{target} redirects to {to} ({status}); set index.urls to that")]
    Redirected {
        /// The target.
        target: String,
        /// The HTTP status.
        status: u16,
        /// The new value for index.urls.
        to: String,
    },
    /// 429: the engine is overloaded.
    #[error("{target} is overloaded (429): {reason}")]
    Throttled {
        /// The target.
        target: String,
        /// The engine's reason.
        reason: String,
    },
    /// 5xx, or an invalid answer.
    #[error("{target} answered {status}: {reason}")]
    Server {
        /// The target.
        target: String,
        /// The HTTP status.
        status: u16,
        /// The engine's reason.
        reason: String,
    },
    /// Any other 4xx: the engine does not accept this request (mapping conflict, index name).
    #[error("{target} refused the request ({status}): {reason}")]
    Refused {
        /// The target.
        target: String,
        /// The HTTP status.
        status: u16,
        /// The engine's reason.
        reason: String,
    },
    /// The file of the embedded index failed.
    #[error("embedded index {path}: {cause}")]
    Disk {
        /// The file.
        path: String,
        /// The cause.
        cause: String,
    },
}

impl SearchError {
    /// Whether the same request may succeed later: once the engine is available, faster or less loaded, its index is repaired, or the disk
    /// has free space.
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

    /// Whether somebody must correct the credentials or the permissions first.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, SearchError::Unauthorized { .. })
    }
}
