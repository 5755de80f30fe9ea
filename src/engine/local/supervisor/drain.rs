//! The drain stops the stages in the order in which clicks pass them, within a deadline.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::worker::Worker;
use crate::engine::local::stage::{PerStage, Stage};
use crate::engine::local::stages::handle::Signal;
use crate::protocol::stage::StageState;

/// After the deadline every stage is told to stop at once. This is the maximum time that the stages may take for it.
const LAST_RESORT: Duration = Duration::from_secs(5);

/// Stops the stages one after the other, so that each stage finishes the items that the stage before it handed over.
pub(super) struct Drain {
    pub(super) left: VecDeque<Stage>,
    pub(super) deadline: Instant,
    /// Whether the deadline has passed and the log has a line about it.
    over: bool,
    /// Whether the pipeline ends after the drain.
    pub(super) then_end: bool,
}

impl Drain {
    /// A drain of every stage within `timeout`. With `then_end` the pipeline ends after it.
    pub(super) fn new(timeout: Duration, then_end: bool) -> Self {
        Self { left: Stage::ALL.into(), deadline: Instant::now() + timeout, over: false, then_end }
    }

    /// Takes the next step and returns whether the drain has ended.
    pub(super) fn advance(&mut self, workers: &mut PerStage<Worker>) -> bool {
        let now = Instant::now();
        if now >= self.deadline {
            if !std::mem::replace(&mut self.over, true) {
                tracing::warn!(target: "pipeline", "the time to drain is over; the next start does the rest of the work");
            }
            for stage in Stage::ALL {
                workers.get_mut(stage).end(Signal::Stop);
            }
            let alive = Stage::ALL.into_iter().any(|stage| workers.get(stage).is_alive());
            return !alive || now >= self.deadline + LAST_RESORT;
        }
        while let Some(&stage) = self.left.front() {
            let worker = workers.get_mut(stage);
            if worker.is_alive() {
                let signal = if stage == Stage::Ingest { Signal::Stop } else { Signal::Drain };
                if worker.handle.signal() == Signal::Run {
                    worker.end(signal);
                }
                return false;
            }
            self.left.pop_front();
        }
        true
    }

    /// What a shutdown waits for, in words.
    pub(super) fn waits_for(&self, workers: &PerStage<Worker>) -> String {
        // After the deadline every stage stops at the same time.
        let alive = Stage::ALL.into_iter().find(|stage| self.over && workers.get(*stage).is_alive());
        let Some(stage) = alive.or(self.left.front().copied()) else {
            return "nothing more".to_owned();
        };
        match workers.get(stage).handle.state() {
            StageState::Draining { waiting_for } => format!("{stage}: {waiting_for}"),
            StageState::BackingOff { cause, .. } => format!("{stage}: {cause}"),
            state => format!("{stage}, which is {}", state.name()),
        }
    }
}
