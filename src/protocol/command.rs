//! Commands: what a front asks of an engine.

use serde::{Deserialize, Serialize};

use super::question::Question;
use super::stage::{StageAction, StageId};
use super::view::View;

/// One command. The next snapshots show whether and when it takes effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// To one stage.
    Stage {
        /// Which one.
        id: StageId,
        /// What it should do.
        action: StageAction,
    },
    /// Start every stage that is not active.
    StartAll,
    /// Stop every stage; each drains before the next stops.
    StopAll,
    /// Stop every stage, delete every click, reject and figure, also those in the search index, and start the stages again
    /// that were active. They resume at the offsets that Kafka has.
    Reset,
    /// The figures that the snapshot's board should show.
    View(View),
    /// A question that the snapshot's answers should answer.
    Ask(Question),
    /// Drain within the configured time, then end.
    Shutdown,
}
