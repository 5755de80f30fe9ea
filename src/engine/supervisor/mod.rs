//! The supervisor owns the stages of an engine, carries out commands, publishes snapshots with the alarms in them, and drains the stages at the end.

mod drain;
mod fronts;
mod reset;
pub(crate) mod supervised;
pub(crate) mod worker;
pub(crate) mod workers;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::engine::alarms::{AlarmDesk, AlarmOptions};
use crate::engine::forecast::Forecast;
use crate::engine::front::{FrontId, FrontRequest};
use crate::engine::stages::handle::Signal;
use crate::engine::tables::TableOrder;
use crate::protocol::{Command, Snapshot, StageAction, StageState};
use crate::text::counted;
use crate::text::excerpt;
use drain::Drain;
use fronts::JoinedFronts;
use reset::{Reset, ResetProgress};
use supervised::{Phase, Supervised};
use worker::{Ended, Worker};
use workers::Workers;

/// While no stage is active, the supervisor publishes every fourth snapshot only. The clock of the console goes on, and an idle
/// console costs next to nothing.
const QUIET_TICKS: u32 = 4;

/// Bounds of the time between two snapshots. Within them, there are two snapshots for each time the figures are written.
const SNAPSHOT_INTERVALS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(250));

/// Time between two checks how far the stages are, once a source has nothing more.
const END_INTERVAL: Duration = Duration::from_millis(25);

/// Maximum number of characters of an unknown stage id in the log.
const SHOWN_ID: usize = 40;

/// Owns the stages.
pub(crate) struct Supervisor<E> {
    workers: Workers,
    ended: mpsc::UnboundedReceiver<Ended>,
    commands: mpsc::Receiver<Command>,
    tables: mpsc::Receiver<TableOrder>,
    fronts: JoinedFronts,
    snapshots: watch::Sender<Arc<Snapshot>>,
    engine: E,
    forecast: Forecast,
    alarms: AlarmDesk,
    snapshot_interval: Duration,
    shutdown_timeout: Duration,
    reset: Option<Reset>,
}

/// The parts that the supervisor takes over.
pub(crate) struct SupervisorOptions<E> {
    pub workers: Workers,
    pub ended: mpsc::UnboundedReceiver<Ended>,
    pub commands: mpsc::Receiver<Command>,
    pub tables: mpsc::Receiver<TableOrder>,
    /// What the fronts ask that join.
    pub fronts: mpsc::UnboundedReceiver<FrontRequest>,
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    pub engine: E,
    pub alarms: AlarmOptions,
    /// Time between two writes of the figures.
    pub figures_interval: Duration,
    /// Maximum time of the drain of a shutdown.
    pub shutdown_timeout: Duration,
}

/// The time between two snapshots if the figures are written every `figures`.
pub(crate) fn snapshot_interval(figures: Duration) -> Duration {
    let (shortest, longest) = SNAPSHOT_INTERVALS;
    (figures / 2).clamp(shortest, longest)
}

impl<E: Supervised> Supervisor<E> {
    pub(crate) fn new(options: SupervisorOptions<E>) -> Self {
        Self {
            workers: options.workers,
            ended: options.ended,
            commands: options.commands,
            tables: options.tables,
            fronts: JoinedFronts::new(options.fronts),
            snapshots: options.snapshots,
            engine: options.engine,
            forecast: Forecast::default(),
            alarms: AlarmDesk::new(options.alarms),
            snapshot_interval: snapshot_interval(options.figures_interval),
            shutdown_timeout: options.shutdown_timeout,
            reset: None,
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
                Some(Ended(stage)) = self.ended.recv() => {
                    if let Some(worker) = self.workers.get_mut(stage) {
                        worker.has_ended();
                    }
                }
                command = self.commands.recv(), if steered => {
                    // Without a sender no further command can come.
                    steered = command.is_some();
                    self.obey(command.unwrap_or(Command::Shutdown), &mut drain);
                }
                Some(order) = self.tables.recv() => self.engine.hand_over(order),
                request = self.fronts.next() => self.fronts.take(request, &mut self.engine),
                () = self.engine.news() => {}
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
                    self.engine.end().await;
                    self.alarms.end().await;
                    self.publish(Some("nothing more")).await;
                    return;
                }
            }
            let waiting_for = drain.as_ref().filter(|drain| drain.then_end).map(|drain| drain.waits_for(&self.workers));
            self.publish(waiting_for.as_deref()).await;
        }
    }

    /// Once a source has nothing more, tells the stage that still has work with it not to wait for larger batches.
    /// Returns whether that stage is running; nothing hurries a stage that backs off.
    fn hurry_the_end(&self) -> bool {
        let left = self.engine.left_at_the_end().and_then(|stage| self.workers.get(stage));
        let Some(handle) = left.map(|worker| &worker.handle) else {
            return false;
        };
        handle.hurry();
        handle.state() == StageState::Running
    }

    /// Whether no stage is active and neither a drain nor a reset is under way.
    fn is_quiet(&self, draining: bool) -> bool {
        let active = |worker: &Worker| worker.handle.state().is_active();
        !draining && self.reset.is_none() && !self.workers.iter().any(active)
    }

    fn obey(&mut self, command: Command, drain: &mut Option<Drain>) {
        if let Command::Stage { id, .. } = &command
            && self.workers.name_of(id).is_none()
        {
            tracing::warn!(target: "pipeline", "no stage is named {}", excerpt(id.as_str(), SHOWN_ID));
            return;
        }
        if self.reset.as_mut().is_some_and(|reset| reset.takes(&command, &self.workers)) {
            return;
        }
        let ending = drain.as_ref().is_some_and(|drain| drain.then_end);
        match command {
            Command::View(view) => self.engine.set_view(FrontId::OWN, view),
            Command::Ask(question) => self.engine.ask(FrontId::OWN, question),
            Command::Acknowledge(alarm) => self.alarms.acknowledge(Some(&alarm)),
            Command::AcknowledgeAll => self.alarms.acknowledge(None),
            Command::Shutdown | Command::ShutdownAnd(_) if ending => {
                // A second shutdown ends the drain now.
                if let Some(drain) = drain {
                    drain.deadline = drain.deadline.min(Instant::now());
                }
            }
            Command::Shutdown | Command::ShutdownAnd(_) => {
                let work = if let Command::ShutdownAnd(work) = command { Some(work) } else { None };
                self.engine.ending(work);
                *drain = Some(Drain::new(&self.workers, self.shutdown_timeout, true));
            }
            // During a shutdown no stage starts any more.
            _ if ending => {}
            Command::Reset => {
                // If the stages were about to stop, they stay stopped after the reset.
                let stay_stopped = drain.take().is_some();
                self.reset = Some(Reset::begin(&mut self.workers, stay_stopped, self.shutdown_timeout));
            }
            Command::StopAll => *drain = Some(Drain::new(&self.workers, self.shutdown_timeout, false)),
            Command::StartAll => {
                *drain = None;
                self.workers.iter_mut().for_each(Worker::start);
            }
            Command::Stage { id, action } => {
                let Some(worker) = self.workers.get_mut(id.as_str()) else { return };
                if let Some(drain) = drain {
                    drain.left.retain(|left| *left != worker.handle.name());
                }
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
        let deleted = match reset.advance(&self.workers, &mut self.engine).await {
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
                    event = "reset",
                    "reset: deleted {}, all figures and rejects in {took:.1?}; the index is cleared next",
                    counted(clicks, "click", "clicks")
                );
                for worker in self.workers.iter() {
                    worker.handle.forget_processed(0);
                }
                self.engine.erased();
            }
            Err(why) => {
                tracing::error!(target: "pipeline", event = "failure", "reset: nothing is deleted: {why}");
            }
        }
        self.engine.reset_ended(deleted.map(|deleted| deleted.clicks));
        if !ending {
            let starts = |worker: &&mut Worker| reset.starts(worker.handle.name());
            self.workers.iter_mut().filter(starts).for_each(Worker::start);
        }
    }

    async fn publish(&mut self, shutting_down: Option<&str>) {
        let resetting = self.reset.as_ref().map(|reset| reset.waits_for(&self.workers));
        let mut snapshot = self.engine.snapshot(Phase { shutting_down, resetting: resetting.as_deref() }).await;
        self.forecast.look(&mut snapshot);
        self.alarms.look(&mut snapshot);
        self.fronts.publish(&snapshot, &self.engine);
        self.snapshots.send_replace(Arc::new(snapshot));
    }
}
