//! What every engine hands out, and all that a front needs of it.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::tables::TableOrder;
use crate::protocol::{Command, Snapshot};

/// A running engine.
#[derive(Debug)]
pub struct EngineHandle {
    /// The newest snapshot; closed once the engine has ended.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Where commands go.
    pub commands: mpsc::Sender<Command>,
    /// Where orders of whole tables go. They hold a channel for the rows, so they are no commands.
    pub tables: mpsc::Sender<TableOrder>,
    /// The engine's task.
    pub ended: tokio::task::JoinHandle<()>,
}

impl EngineHandle {
    /// Waits until the engine has ended, and returns its last snapshot.
    pub async fn ended(self) -> Arc<Snapshot> {
        if let Err(error) = self.ended.await {
            tracing::error!(target: "pipeline", "the engine's task: {error}");
        }
        let last = self.snapshots.borrow();
        Arc::clone(&last)
    }
}
