//! The reset stops the stages, deletes everything in the store, and starts the stages that were active.
//!
//! The store deletes everything in one transaction, which also notes that the search targets must be cleared. The index stage
//! clears them before it sends a document. So if the program dies during a reset, the next start completes the reset.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::worker::Worker;
use crate::engine::local::stage::{PerStage, Stage};
use crate::engine::local::stages::handle::Signal;
use crate::protocol::command::Command;
use crate::protocol::stage::StageAction;
use crate::storage::{Storage, StorageError};

/// Maximum time that the stages may take to stop. If a stage takes longer, the reset deletes nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// A reset under way.
pub(crate) struct Reset {
    /// Whether each stage starts at the end of the reset.
    start: PerStage<bool>,
    step: ResetStep,
}

enum ResetStep {
    Stopping { deadline: Instant },
    Deleting(JoinHandle<Result<Deleted, StorageError>>),
}

/// What a reset deleted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deleted {
    pub clicks: u64,
    pub took: Duration,
}

/// The progress of a reset.
pub(crate) enum ResetProgress {
    UnderWay,
    /// The reset has ended. An error is one line that says why it deleted nothing.
    Ended(Result<Deleted, String>),
}

impl Reset {
    /// Stops every stage. The stages that are active start again at the end of the reset, unless `stay_stopped`. The stages may
    /// take `shutdown_timeout` to stop.
    pub(crate) fn begin(workers: &mut PerStage<Worker>, stay_stopped: bool, shutdown_timeout: Duration) -> Self {
        let start = PerStage::from_fn(|stage| !stay_stopped && workers.get(stage).is_wanted());
        for stage in Stage::ALL {
            workers.get_mut(stage).end(Signal::Stop);
        }
        Self { start, step: ResetStep::Stopping { deadline: Instant::now() + PATIENCE.min(shutdown_timeout) } }
    }

    /// Takes a command that starts or stops stages, so that it has its effect at the end of the reset. Returns `false` for any
    /// other command.
    pub(crate) fn takes(&mut self, command: &Command) -> bool {
        match command {
            Command::Stage { id, action } => {
                if let Some(stage) = Stage::of(id) {
                    *self.start.get_mut(stage) = *action != StageAction::Stop;
                }
            }
            Command::StartAll => self.start = PerStage::from_fn(|_| true),
            Command::StopAll => self.start = PerStage::from_fn(|_| false),
            Command::Reset => {}
            Command::View(_) | Command::Ask(_) | Command::Shutdown => return false,
        }
        true
    }

    /// What the reset waits for, in words.
    pub(crate) fn waits_for(&self, workers: &PerStage<Worker>) -> String {
        match &self.step {
            ResetStep::Deleting(_) => "deleting every click and figure".to_owned(),
            ResetStep::Stopping { .. } => {
                format!("waiting for {} to stop", alive(workers).map_or("nothing", Stage::name))
            }
        }
    }

    /// Whether the reset can still be cancelled, because it has not begun to delete.
    pub(crate) fn is_stopping(&self) -> bool {
        matches!(self.step, ResetStep::Stopping { .. })
    }

    /// Takes the next step.
    pub(crate) async fn advance(&mut self, workers: &PerStage<Worker>, storage: &Arc<Storage>) -> ResetProgress {
        match &mut self.step {
            ResetStep::Stopping { deadline } => match alive(workers) {
                None => {
                    let storage = Arc::clone(storage);
                    self.step = ResetStep::Deleting(tokio::task::spawn_blocking(move || {
                        let begin = Instant::now();
                        storage.erase_events().map(|clicks| Deleted { clicks, took: begin.elapsed() })
                    }));
                    ResetProgress::UnderWay
                }
                Some(stage) if Instant::now() >= *deadline => {
                    ResetProgress::Ended(Err(format!("{stage} does not stop")))
                }
                Some(_) => ResetProgress::UnderWay,
            },
            ResetStep::Deleting(work) if work.is_finished() => ResetProgress::Ended(match work.await {
                Ok(deleted) => deleted.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            }),
            ResetStep::Deleting(_) => ResetProgress::UnderWay,
        }
    }

    /// The stages to start at the end.
    pub(crate) fn to_start(&self) -> impl Iterator<Item = Stage> + '_ {
        Stage::ALL.into_iter().filter(|stage| *self.start.get(*stage))
    }
}

/// The first stage whose thread is alive.
fn alive(workers: &PerStage<Worker>) -> Option<Stage> {
    Stage::ALL.into_iter().find(|stage| workers.get(*stage).is_alive())
}
