//! What every route may use.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::streams::Streams;
use crate::engine::EngineHandle;
use crate::engine::front::Fronts;
use crate::engine::tables::TableOrder;
use crate::protocol::{Command, Snapshot};

/// What every route may use.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) snapshots: watch::Receiver<Arc<Snapshot>>,
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) tables: mpsc::Sender<TableOrder>,
    pub(super) fronts: Fronts,
    pub(super) streams: Streams,
}

impl Shared {
    pub(super) fn of(engine: &EngineHandle) -> Self {
        Self {
            snapshots: engine.snapshots.clone(),
            commands: engine.commands.clone(),
            tables: engine.tables.clone(),
            fronts: engine.fronts.clone(),
            streams: Streams::default(),
        }
    }
}
