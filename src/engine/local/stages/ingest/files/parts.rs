//! What a reading of files works with, and why it ends.

use std::sync::Arc;

use tokio::sync::watch;

use super::options::FileOptions;
use crate::engine::local::stages::ingest::handover::{Handover, NoStore};
use crate::protocol::source::SourceProgress;
use crate::source::DemoError;
use crate::storage::{Storage, StorageError};

/// What a reading works with, however often its stage starts.
pub(super) struct Parts {
    pub(super) options: FileOptions,
    /// What is read, for people.
    pub(super) name: String,
    pub(super) handover: Handover,
    pub(super) storage: Arc<Storage>,
    pub(super) progress: watch::Sender<SourceProgress>,
}

/// Why ingest from files ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FilesError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    NoStore(#[from] NoStore),
    #[error("{0} cannot be read twice; start clicktop again")]
    NotTwice(String),
    #[error(transparent)]
    Source(#[from] DemoError),
}
