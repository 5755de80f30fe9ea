//! The drain stops the stages in the order in which clicks pass them, within a deadline.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::workers::Workers;
use crate::engine::stages::handle::Signal;
use crate::protocol::stage::StageState;

/// After the deadline every stage is told to stop at once. This is the maximum time that the stages may take for it.
const LAST_RESORT: Duration = Duration::from_secs(5);

/// Stops the stages one after the other, so that each stage finishes the items that the stage before it handed over.
pub(super) struct Drain {
    pub(super) left: VecDeque<&'static str>,
    pub(super) deadline: Instant,
    /// Whether the deadline has passed and the log has a line about it.
    over: bool,
    /// Whether the pipeline ends after the drain.
    pub(super) then_end: bool,
}

impl Drain {
    /// A drain of every stage within `timeout`. With `then_end` the pipeline ends after it.
    pub(super) fn new(workers: &Workers, timeout: Duration, then_end: bool) -> Self {
        Self { left: workers.names().collect(), deadline: Instant::now() + timeout, over: false, then_end }
    }

    /// Takes the next step and returns whether the drain has ended.
    pub(super) fn advance(&mut self, workers: &mut Workers) -> bool {
        let now = Instant::now();
        if now >= self.deadline {
            if !std::mem::replace(&mut self.over, true) {
                tracing::warn!(target: "pipeline", event = "failure", "the time to drain is over; the next start does the rest of the work");
            }
            for worker in workers.iter_mut() {
                worker.end(Signal::Stop);
            }
            return workers.first_alive().is_none() || now >= self.deadline + LAST_RESORT;
        }
        while let Some(&stage) = self.left.front() {
            if let Some(worker) = workers.get_mut(stage).filter(|worker| worker.is_alive()) {
                if worker.handle.signal() == Signal::Run {
                    worker.drain();
                }
                return false;
            }
            self.left.pop_front();
        }
        true
    }

    /// What a shutdown waits for, in words.
    pub(super) fn waits_for(&self, workers: &Workers) -> String {
        // After the deadline every stage stops at the same time.
        let alive = workers.first_alive().filter(|_| self.over);
        let next = || self.left.front().and_then(|&stage| workers.get(stage));
        let Some(worker) = alive.or_else(next) else {
            return "nothing more".to_owned();
        };
        let stage = worker.handle.name();
        match worker.handle.state() {
            StageState::Draining { waiting_for } => format!("{stage}: {waiting_for}"),
            StageState::BackingOff { cause, .. } => format!("{stage}: {cause}"),
            state => format!("{stage}, which is {}", state.name()),
        }
    }
}
