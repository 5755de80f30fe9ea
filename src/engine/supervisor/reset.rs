//! The reset stops the stages, lets the engine delete everything that it has stored, and starts the stages that were active.
//!
//! The deletion also notes that the search targets must be cleared. The index stage clears them before it sends a document. So
//! if the program dies during a reset, the next start completes the reset.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::supervised::Supervised;
use super::workers::Workers;
use crate::engine::stages::handle::Signal;
use crate::protocol::command::Command;
use crate::protocol::stage::StageAction;

/// Maximum time that the stages may take to stop. If a stage takes longer, the reset deletes nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// A reset under way.
pub(crate) struct Reset {
    /// The stages that start at the end of the reset.
    start: BTreeSet<&'static str>,
    step: ResetStep,
}

enum ResetStep {
    Stopping { deadline: Instant },
    Deleting { work: JoinHandle<Result<u64, String>>, begin: Instant },
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
    pub(crate) fn begin(workers: &mut Workers, stay_stopped: bool, shutdown_timeout: Duration) -> Self {
        let wanted = workers.iter().filter(|worker| !stay_stopped && worker.is_wanted());
        let start = wanted.map(|worker| worker.handle.name()).collect();
        for worker in workers.iter_mut() {
            worker.end(Signal::Stop);
        }
        Self { start, step: ResetStep::Stopping { deadline: Instant::now() + PATIENCE.min(shutdown_timeout) } }
    }

    /// Takes a command that starts or stops stages, so that it has its effect at the end of the reset. Returns `false` for any
    /// other command.
    pub(crate) fn takes(&mut self, command: &Command, workers: &Workers) -> bool {
        match command {
            Command::Stage { id, action } => {
                if let Some(stage) = workers.name_of(id) {
                    match action {
                        StageAction::Stop => self.start.remove(stage),
                        StageAction::Start | StageAction::Restart => self.start.insert(stage),
                    };
                }
            }
            Command::StartAll => self.start = workers.names().collect(),
            Command::StopAll => self.start.clear(),
            Command::Reset => {}
            Command::View(_)
            | Command::Ask(_)
            | Command::Acknowledge(_)
            | Command::AcknowledgeAll
            | Command::Shutdown
            | Command::ShutdownAnd(_) => return false,
        }
        true
    }

    /// What the reset waits for, in words.
    pub(crate) fn waits_for(&self, workers: &Workers) -> String {
        match &self.step {
            ResetStep::Deleting { .. } => "deleting every click and figure".to_owned(),
            ResetStep::Stopping { .. } => {
                format!(
                    "waiting for {} to stop",
                    workers.first_alive().map_or("nothing", |worker| worker.handle.name())
                )
            }
        }
    }

    /// Whether the reset can still be cancelled, because it has not begun to delete.
    pub(crate) fn is_stopping(&self) -> bool {
        matches!(self.step, ResetStep::Stopping { .. })
    }

    /// Takes the next step.
    pub(crate) async fn advance(&mut self, workers: &Workers, engine: &mut impl Supervised) -> ResetProgress {
        match &mut self.step {
            ResetStep::Stopping { deadline } => match workers.first_alive() {
                None => {
                    self.step = ResetStep::Deleting { work: engine.erase(), begin: Instant::now() };
                    ResetProgress::UnderWay
                }
                Some(worker) if Instant::now() >= *deadline => {
                    ResetProgress::Ended(Err(format!("{} does not stop", worker.handle.name())))
                }
                Some(_) => ResetProgress::UnderWay,
            },
            ResetStep::Deleting { work, begin } if work.is_finished() => {
                let deleted = work.await.unwrap_or_else(|error| Err(error.to_string()));
                ResetProgress::Ended(deleted.map(|clicks| Deleted { clicks, took: begin.elapsed() }))
            }
            ResetStep::Deleting { .. } => ResetProgress::UnderWay,
        }
    }

    /// Whether the stage starts at the end.
    pub(crate) fn starts(&self, stage: &str) -> bool {
        self.start.contains(stage)
    }
}
