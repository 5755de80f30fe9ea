//! The commands that a front sends to an engine.

use serde::{Deserialize, Serialize};

use super::alarm::AlarmId;
use super::question::Question;
use super::remote::RemoteWork;
use super::stage::{StageAction, StageId};
use super::view::View;

/// One command. Later snapshots show whether and when it took effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Start, stop or restart one stage. The engine answers an id that it does not know with a line in its log.
    Stage {
        /// The id of the stage.
        id: StageId,
        /// The action that the stage should take.
        action: StageAction,
    },
    /// Start every stage that is not active.
    StartAll,
    /// Stop the stages one after the other. Each stage drains before the next one stops.
    StopAll,
    /// Stop every stage, delete every click, reject and figure, delete the documents in the search index, then start the
    /// stages that were active. They resume at the offsets that Kafka has.
    Reset,
    /// Note that somebody knows of this alarm, until it ends. An alarm that is not on stays as it is.
    Acknowledge(AlarmId),
    /// Note the same of every alarm that is on.
    AcknowledgeAll,
    /// Show the rows of this view on the board of the snapshots.
    View(View),
    /// Answer this question in the answers of the snapshots.
    Ask(Question),
    /// Drain within the configured time, then end the engine. A second one ends the drain at once. Work that can go on in the cluster
    /// goes on or stops as the settings say.
    Shutdown,
    /// The same, and says what becomes of the work that can go on in the cluster. Only for an engine whose snapshots name such work
    /// in [`Remote::outlives`](super::Remote::outlives).
    ShutdownAnd(RemoteWork),
}
