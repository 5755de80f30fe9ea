//! The handle that every engine hands out. A front (console, headless, service) needs nothing else of an engine.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::front::Fronts;
use super::link::Link;
use super::tables::TableOrder;
use crate::protocol::{Command, Snapshot};

/// A running engine.
#[derive(Debug)]
pub struct EngineHandle {
    /// The newest snapshot. The channel closes after the engine has ended.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Takes the commands.
    pub commands: mpsc::Sender<Command>,
    /// Takes the orders of whole tables. An order has a channel for its rows, so it is not a command.
    pub tables: mpsc::Sender<TableOrder>,
    /// Takes in further fronts.
    pub fronts: Fronts,
    /// The connection to an engine in another process; `None` for one in this process.
    pub link: Option<watch::Receiver<Link>>,
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
