//! The worker starts and stops the thread of one stage, and turns a panic into a failed state.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::engine::stages::handle::{Signal, StageHandle};
use crate::protocol::stage::StageState;

/// The work of a stage. It runs until the signal of the handle asks it to end. An error is one line for people.
pub(crate) type Work = Arc<dyn Fn(&StageHandle) -> Result<(), String> + Send + Sync>;

/// A stage's `run` as the work of its worker.
pub(crate) fn work<S, E>(stage: S, run: impl Fn(&S, &StageHandle) -> Result<(), E> + Send + Sync + 'static) -> Work
where
    S: Send + Sync + 'static,
    E: std::fmt::Display,
{
    Arc::new(move |handle| run(&stage, handle).map_err(|error| error.to_string()))
}

/// The message that the thread of the stage with this id has ended.
pub(crate) struct Ended(pub &'static str);

/// Runs one stage.
pub(crate) struct Worker {
    pub handle: StageHandle,
    work: Work,
    ended: mpsc::UnboundedSender<Ended>,
    /// The signal that ends the stage in a drain.
    at_drain: Signal,
    alive: bool,
    again: bool,
}

impl Worker {
    /// A worker that has not started. `name` is the id of its stage; `ended` hears when its thread ends.
    pub(crate) fn new(name: &'static str, work: Work, ended: mpsc::UnboundedSender<Ended>) -> Self {
        Self { handle: StageHandle::new(name), work, ended, at_drain: Signal::Drain, alive: false, again: false }
    }

    /// The same, for a stage at the head of the pipeline: a drain stops it, so that it takes no further items.
    pub(crate) fn of_the_source(name: &'static str, work: Work, ended: mpsc::UnboundedSender<Ended>) -> Self {
        Self { at_drain: Signal::Stop, ..Self::new(name, work, ended) }
    }

    /// Asks the stage to finish what the stages before it have handed over, and to end.
    pub(crate) fn drain(&mut self) {
        self.end(self.at_drain);
    }

    /// Whether the thread of the stage is alive.
    pub(crate) fn is_alive(&self) -> bool {
        self.alive
    }

    /// Whether the stage is active, or starts again after its thread has ended.
    pub(crate) fn is_wanted(&self) -> bool {
        self.again || self.alive && self.handle.signal() == Signal::Run
    }

    /// Starts the stage. A stage that is about to stop starts again after it has stopped.
    pub(crate) fn start(&mut self) {
        if self.alive {
            self.again = self.handle.signal() != Signal::Run;
            return;
        }
        self.handle.send(Signal::Run);
        self.handle.begin();
        self.handle.starting("starting");
        let (handle, work, ended) = (self.handle.clone(), Arc::clone(&self.work), self.ended.clone());
        let name = handle.name();
        let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let result = catch_unwind(AssertUnwindSafe(|| work(&handle)));
            // The receiver of `Ended` relies on the data directory, which the stage held, being free.
            drop(work);
            handle.set_state(match result {
                Ok(Ok(())) => {
                    if handle.signal() == Signal::Run {
                        tracing::info!(target: "pipeline", event = "stop", stage = name, by = "itself", "{name} stopped by itself");
                    }
                    StageState::Stopped
                }
                Ok(Err(cause)) => failed(&handle, cause),
                Err(panic) => failed(&handle, format!("panicked: {}", message(&*panic))),
            });
            // At the end of the program there is no receiver any more.
            let _ = ended.send(Ended(name));
        });
        match spawned {
            Ok(_) => self.alive = true,
            Err(error) => {
                let state = failed(&self.handle, format!("the system gives no thread: {error}"));
                self.handle.set_state(state);
            }
        }
    }

    /// Asks the stage to end.
    pub(crate) fn end(&mut self, signal: Signal) {
        self.again = false;
        if self.alive && self.handle.signal() != Signal::Stop {
            self.handle.send(signal);
        }
    }

    /// Ends the stage, and starts it again after its thread has ended.
    pub(crate) fn restart(&mut self) {
        self.end(Signal::Stop);
        if self.alive {
            self.again = true;
        } else {
            self.start();
        }
    }

    /// Notes that the thread has ended, and starts the stage again if a restart was asked for.
    pub(crate) fn has_ended(&mut self) {
        self.alive = false;
        if std::mem::take(&mut self.again) {
            self.start();
        }
    }
}

fn failed(handle: &StageHandle, cause: String) -> StageState {
    handle.error(&cause);
    StageState::Failed { cause }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run_to_end(work: Work) -> StageState {
        let (ended, mut ends) = mpsc::unbounded_channel();
        let mut worker = Worker::new("index", work, ended);
        worker.start();
        ends.recv().await.unwrap();
        worker.has_ended();
        worker.handle.state()
    }

    #[tokio::test]
    async fn a_panic_and_an_error_become_the_failed_state() {
        let state = run_to_end(Arc::new(|_| panic!("out of {}", "luck"))).await;
        assert_eq!(state, StageState::Failed { cause: "panicked: out of luck".into() });
        let state = run_to_end(Arc::new(|_| Err("no such index".into()))).await;
        assert_eq!(state, StageState::Failed { cause: "no such index".into() });
        assert_eq!(run_to_end(Arc::new(|_| Ok(()))).await, StageState::Stopped);
    }

    #[tokio::test]
    async fn a_restart_starts_once_the_old_thread_has_ended() {
        let (ended, mut ends) = mpsc::unbounded_channel();
        let work: Work = Arc::new(|handle| {
            while handle.sleep(Signal::Run, std::time::Duration::from_secs(3600)) == Signal::Run {}
            Ok(())
        });
        let mut worker = Worker::new("store", work, ended);
        worker.start();
        worker.restart();
        ends.recv().await.unwrap();
        worker.has_ended();
        assert!(worker.is_alive());
        worker.end(Signal::Stop);
        ends.recv().await.unwrap();
        worker.has_ended();
        assert!(!worker.is_alive());
        assert_eq!(worker.handle.state(), StageState::Stopped);
    }
}
