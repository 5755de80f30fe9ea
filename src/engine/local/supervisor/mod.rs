//! The supervisor owns the stages, carries out commands, publishes snapshots, and drains the stages at the end.

mod drain;
mod reset;
pub(crate) mod worker;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::query::answers::AnswerDesk;
use super::stages::handle::Signal;
use super::stages::ingest::LagWatchGuard;
use super::status::publisher::Publisher;
use crate::engine::local::stage::{PerStage, Stage};
use crate::engine::tables::TableOrder;
use crate::protocol::{Command, Snapshot, StageAction, StageState, View};
use crate::text::excerpt;
use drain::Drain;
use reset::{Reset, ResetProgress};
use worker::{Ended, Worker};

/// While no stage is active, the supervisor publishes every fourth snapshot only. The clock of the console goes on, and an idle
/// console costs next to nothing.
const QUIET_TICKS: u32 = 4;

/// Bounds of the time between two snapshots. Within them, there are two snapshots for each time the figures are written.
const SNAPSHOT_INTERVALS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(250));

/// Time between two checks whether a finite source is finished, once every message of it is stored.
const END_INTERVAL: Duration = Duration::from_millis(25);

/// Maximum number of characters of an unknown stage id in the log.
const SHOWN_ID: usize = 40;

/// Owns the stages.
pub(crate) struct Supervisor {
    workers: PerStage<Worker>,
    ended: mpsc::UnboundedReceiver<Ended>,
    commands: mpsc::Receiver<Command>,
    tables: mpsc::Receiver<TableOrder>,
    view: watch::Sender<View>,
    snapshots: watch::Sender<Arc<Snapshot>>,
    publisher: Publisher,
    desk: AnswerDesk,
    snapshot_interval: Duration,
    shutdown_timeout: Duration,
    reset: Option<Reset>,
    _lag_watch: LagWatchGuard,
}

/// The parts that the supervisor takes over.
pub(crate) struct SupervisorOptions {
    pub workers: PerStage<Worker>,
    pub ended: mpsc::UnboundedReceiver<Ended>,
    pub commands: mpsc::Receiver<Command>,
    pub tables: mpsc::Receiver<TableOrder>,
    pub view: watch::Sender<View>,
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    pub publisher: Publisher,
    pub desk: AnswerDesk,
    /// Time between two writes of the figures.
    pub figures_interval: Duration,
    /// Maximum time of the drain of a shutdown.
    pub shutdown_timeout: Duration,
    pub lag_watch: LagWatchGuard,
}

/// The time between two snapshots if the figures are written every `figures`.
pub(crate) fn snapshot_interval(figures: Duration) -> Duration {
    let (shortest, longest) = SNAPSHOT_INTERVALS;
    (figures / 2).clamp(shortest, longest)
}

impl Supervisor {
    pub(crate) fn new(options: SupervisorOptions) -> Self {
        Self {
            workers: options.workers,
            ended: options.ended,
            commands: options.commands,
            tables: options.tables,
            view: options.view,
            snapshots: options.snapshots,
            publisher: options.publisher,
            desk: options.desk,
            snapshot_interval: snapshot_interval(options.figures_interval),
            shutdown_timeout: options.shutdown_timeout,
            reset: None,
            _lag_watch: options.lag_watch,
        }
    }

    /// Runs until a shutdown has ended. If every sender of commands is gone, that is a shutdown, too.
    pub(crate) async fn run(mut self) {
        let mut tick = tokio::time::interval(self.snapshot_interval);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut drain: Option<Drain> = None;
        let mut steered = true;
        let mut quiet_ticks = 0_u32;
        loop {
            let hurried = self.hurry_the_end();
            tokio::select! {
                Some(Ended(stage)) = self.ended.recv() => self.workers.get_mut(stage).has_ended(),
                command = self.commands.recv(), if steered => {
                    // Without a sender no further command can come.
                    steered = command.is_some();
                    self.obey(command.unwrap_or(Command::Shutdown), &mut drain);
                }
                Some(order) = self.tables.recv() => self.desk.hand_over(order),
                () = self.desk.news() => {}
                () = tokio::time::sleep(END_INTERVAL), if hurried => {}
                _ = tick.tick() => {
                    quiet_ticks = if self.is_quiet(drain.is_some()) { quiet_ticks + 1 } else { 0 };
                    if !quiet_ticks.is_multiple_of(QUIET_TICKS) {
                        continue;
                    }
                }
            }
            let ending = drain.as_ref().is_some_and(|drain| drain.then_end);
            self.advance_reset(ending).await;
            // The drain waits for a reset that is deleting.
            if let Some(current) = drain.as_mut().filter(|_| self.reset.is_none()) {
                let finished = current.advance(&mut self.workers);
                let ends = current.then_end;
                if finished {
                    drain = None;
                }
                if finished && ends {
                    self.desk.end().await;
                    self.publish(Some("nothing more")).await;
                    return;
                }
            }
            let waiting_for = drain.as_ref().filter(|drain| drain.then_end).map(|drain| drain.waits_for(&self.workers));
            self.publish(waiting_for.as_deref()).await;
        }
    }

    /// Once every message of a finite source is stored, tells the stage that still has work not to wait for larger batches.
    /// Returns whether that stage is running; nothing hurries a stage that backs off.
    fn hurry_the_end(&self) -> bool {
        let Some(handle) = self.publisher.left_at_the_end().map(|stage| &self.workers.get(stage).handle) else {
            return false;
        };
        handle.hurry();
        handle.state() == StageState::Running
    }

    /// Whether no stage is active and neither a drain nor a reset is under way.
    fn is_quiet(&self, draining: bool) -> bool {
        let active = |stage| self.workers.get(stage).handle.state().is_active();
        !draining && self.reset.is_none() && !Stage::ALL.into_iter().any(active)
    }

    fn obey(&mut self, command: Command, drain: &mut Option<Drain>) {
        if let Command::Stage { id, .. } = &command
            && Stage::of(id).is_none()
        {
            tracing::warn!(target: "pipeline", "no stage is named {}", excerpt(id.as_str(), SHOWN_ID));
            return;
        }
        if self.reset.as_mut().is_some_and(|reset| reset.takes(&command)) {
            return;
        }
        let ending = drain.as_ref().is_some_and(|drain| drain.then_end);
        match command {
            Command::View(view) => {
                self.view.send_replace(view);
                self.desk.view_changed();
            }
            Command::Ask(question) => self.desk.ask(question),
            Command::Shutdown if ending => {
                // A second shutdown ends the drain now.
                if let Some(drain) = drain {
                    drain.deadline = drain.deadline.min(Instant::now());
                }
            }
            Command::Shutdown => *drain = Some(Drain::new(self.shutdown_timeout, true)),
            // During a shutdown no stage starts any more.
            _ if ending => {}
            Command::Reset => {
                // If the stages were about to stop, they stay stopped after the reset.
                let stay_stopped = drain.take().is_some();
                self.reset = Some(Reset::begin(&mut self.workers, stay_stopped, self.shutdown_timeout));
            }
            Command::StopAll => *drain = Some(Drain::new(self.shutdown_timeout, false)),
            Command::StartAll => {
                *drain = None;
                for stage in Stage::ALL {
                    self.workers.get_mut(stage).start();
                }
            }
            Command::Stage { id, action } => {
                let Some(stage) = Stage::of(&id) else { return };
                if let Some(drain) = drain {
                    drain.left.retain(|&left| left != stage);
                }
                let worker = self.workers.get_mut(stage);
                match action {
                    StageAction::Start => worker.start(),
                    StageAction::Stop => worker.end(Signal::Stop),
                    StageAction::Restart => worker.restart(),
                }
            }
        }
    }

    /// Takes the next step of a reset. With `ending`, a reset that has not begun to delete is dropped, and no stage starts.
    async fn advance_reset(&mut self, ending: bool) {
        let Some(mut reset) = self.reset.take_if(|reset| !(ending && reset.is_stopping())) else {
            self.reset = None;
            return;
        };
        let deleted = match reset.advance(&self.workers, self.publisher.storage()).await {
            ResetProgress::UnderWay => {
                self.reset = Some(reset);
                return;
            }
            ResetProgress::Ended(deleted) => deleted,
        };
        match &deleted {
            Ok(deleted) => {
                let (clicks, took) = (deleted.clicks, deleted.took);
                tracing::info!(
                    target: "pipeline",
                    "reset: deleted {clicks} clicks, their figures and rejects in {took:.1?}; the index is cleared next"
                );
                self.publisher.reset();
                self.desk.reset();
                // The store still has to take the messages in its queue, so ingest goes on counting them, as the totals do.
                let queued = self.publisher.queued();
                for stage in Stage::ALL {
                    let kept = if stage == Stage::Ingest { queued } else { 0 };
                    self.workers.get(stage).handle.forget_processed(kept);
                }
            }
            Err(why) => tracing::error!(target: "pipeline", "reset: nothing is deleted: {why}"),
        }
        self.publisher.reset_ended(deleted.map(|deleted| deleted.clicks));
        if !ending {
            for stage in reset.to_start() {
                self.workers.get_mut(stage).start();
            }
        }
    }

    async fn publish(&mut self, shutting_down: Option<&str>) {
        let stages = PerStage::from_fn(|stage| self.workers.get(stage).handle.clone());
        let resetting = self.reset.as_ref().map(|reset| reset.waits_for(&self.workers));
        let snapshot = self.publisher.snapshot(&stages, self.desk.answers(), shutting_down, resetting).await;
        self.snapshots.send_replace(Arc::new(snapshot));
    }
}
