//! Forgetting everything: the stages stop, the store is emptied, and those that were at work begin anew.
//!
//! The store is emptied in one transaction, which also notes that the search targets have to be (`storage/reset.rs`): the
//! index stage does that before it sends anything (`index.rs`). So whatever dies half way, the next start completes it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::Supervisor;
use crate::engine::local::stages::handle::Signal;
use crate::protocol::command::{Command, StageAction};
use crate::protocol::stage::{PerStage, Stage};
use crate::storage::StorageError;

/// A stage that is not gone by then is not waited for, and nothing is forgotten.
const PATIENCE: Duration = Duration::from_secs(30);

/// A reset under way.
pub(crate) struct Reset {
    /// The stages to be started at its end.
    start: PerStage<bool>,
    step: Step,
}

enum Step {
    Stopping { deadline: Instant },
    Forgetting(JoinHandle<Result<(u64, Duration), StorageError>>),
}

impl Supervisor {
    /// Begins a reset, unless there is one.
    pub(crate) fn begin_reset(&mut self, draining: bool) {
        if self.reset.is_some() {
            return;
        }
        // Whoever has just asked to stop all wants them to stay stopped.
        let start = PerStage::from_fn(|stage| !draining && self.workers.get(stage).is_wanted());
        for stage in Stage::ALL {
            self.workers.get_mut(stage).end(Signal::Stop);
        }
        let step = Step::Stopping { deadline: Instant::now() + PATIENCE.min(self.shutdown_timeout) };
        self.reset = Some(Reset { start, step });
    }

    /// Whether `command` waits for the end of a reset: then it is seen to here.
    pub(crate) fn holds_back(&mut self, command: &Command) -> bool {
        let Some(reset) = &mut self.reset else { return false };
        match command {
            Command::Stage(stage, action) => *reset.start.get_mut(*stage) = *action != StageAction::Stop,
            Command::StartAll => reset.start = PerStage::from_fn(|_| true),
            Command::StopAll => reset.start = PerStage::from_fn(|_| false),
            Command::Reset => {}
            Command::View(_) | Command::Ask(_) | Command::Table(_) | Command::Shutdown => return false,
        }
        true
    }

    /// What a reset waits for, in words.
    pub(crate) fn reset_waits_for(&self) -> Option<String> {
        Some(match &self.reset.as_ref()?.step {
            Step::Forgetting(_) => "deleting every click and figure".to_owned(),
            Step::Stopping { .. } => {
                let stage = Stage::ALL.into_iter().find(|stage| self.workers.get(*stage).is_alive());
                format!("waiting for {} to stop", stage.map_or("nothing", Stage::name))
            }
        })
    }

    /// Takes the next step of a reset. With `ending` no stage is started any more, and nothing is begun.
    pub(crate) async fn advance_reset(&mut self, ending: bool) {
        let Some(reset) = &mut self.reset else { return };
        match &mut reset.step {
            Step::Stopping { .. } if ending => self.reset = None,
            Step::Stopping { deadline } => {
                let late = Instant::now() >= *deadline;
                let alive = Stage::ALL.into_iter().find(|stage| self.workers.get(*stage).is_alive());
                match alive {
                    None => {
                        let storage = Arc::clone(self.publisher.storage());
                        let work = move || {
                            let begin = Instant::now();
                            storage.reset().map(|clicks| (clicks, begin.elapsed()))
                        };
                        reset.step = Step::Forgetting(tokio::task::spawn_blocking(work));
                    }
                    Some(stage) if late => {
                        let why = format!("{stage} does not stop");
                        self.end_reset(Err(why), ending);
                    }
                    Some(_) => {}
                }
            }
            Step::Forgetting(work) if work.is_finished() => {
                let end = match work.await {
                    Ok(Ok((clicks, took))) => {
                        tracing::info!(
                            target: "pipeline",
                            "reset: deleted {clicks} clicks, their figures and rejects in {took:.1?}; the index is cleared next"
                        );
                        self.publisher.reset();
                        self.desk.reset();
                        // What was read and waits for the store is still to come, as in the totals.
                        let queued = self.publisher.queued();
                        for stage in Stage::ALL {
                            let but = if stage == Stage::Ingest { queued } else { 0 };
                            self.workers.get(stage).handle.forget_processed(but);
                        }
                        Ok(clicks)
                    }
                    Ok(Err(error)) => Err(error.to_string()),
                    Err(error) => Err(error.to_string()),
                };
                self.end_reset(end, ending);
            }
            Step::Forgetting(_) => {}
        }
    }

    /// Notes how many clicks were deleted or why nothing was, and starts the stages that were at work.
    fn end_reset(&mut self, deleted: Result<u64, String>, ending: bool) {
        let Some(reset) = self.reset.take() else { return };
        if let Err(why) = &deleted {
            tracing::error!(target: "pipeline", "reset: nothing is deleted: {why}");
        }
        self.publisher.reset_ended(deleted);
        for stage in Stage::ALL.into_iter().filter(|stage| *reset.start.get(*stage) && !ending) {
            self.workers.get_mut(stage).start();
        }
    }
}
