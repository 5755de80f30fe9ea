//! The supervisor: owns the stages, obeys commands, publishes snapshots, drains at the end.

mod reset;
pub(crate) mod worker;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use super::query::answers::AnswerDesk;
use super::stages::handle::Signal;
use super::stages::ingest::LagWatchGuard;
use super::status::publisher::Publisher;
use crate::protocol::command::{Command, StageAction, View};
use crate::protocol::snapshot::Snapshot;
use crate::protocol::stage::{PerStage, Stage, StageState};
use reset::Reset;
use worker::{Ended, Worker};

/// Of so many snapshots one is made while nothing moves: the clock goes on, and an idle console costs next to nothing.
const QUIET_TICKS: u32 = 4;

/// How often a snapshot is made: twice as often as figures are written, within these bounds.
const SNAPSHOT_INTERVALS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(250));

/// How often it is looked whether a finite source is finished once everything is stored.
const END_INTERVAL: Duration = Duration::from_millis(25);

/// After the bound of a shutdown every stage is told to stop at once; this is how long that may take.
const LAST_RESORT: Duration = Duration::from_secs(5);

/// Owns the stages.
pub(crate) struct Supervisor {
    workers: PerStage<Worker>,
    ended: mpsc::UnboundedReceiver<Ended>,
    commands: mpsc::Receiver<Command>,
    view: watch::Sender<View>,
    snapshots: watch::Sender<Arc<Snapshot>>,
    publisher: Publisher,
    desk: AnswerDesk,
    snapshot_interval: Duration,
    shutdown_timeout: Duration,
    reset: Option<Reset>,
    _lag_watch: LagWatchGuard,
}

/// What the supervisor takes over.
pub(crate) struct SupervisorOptions {
    pub workers: PerStage<Worker>,
    pub ended: mpsc::UnboundedReceiver<Ended>,
    pub commands: mpsc::Receiver<Command>,
    pub view: watch::Sender<View>,
    pub snapshots: watch::Sender<Arc<Snapshot>>,
    pub publisher: Publisher,
    pub desk: AnswerDesk,
    /// How often the aggregation writes figures.
    pub figures_interval: Duration,
    /// How long a shutdown may drain.
    pub shutdown_timeout: Duration,
    pub lag_watch: LagWatchGuard,
}

/// Stages being stopped one after the other, so that each finishes what the one before handed over.
struct Drain {
    left: VecDeque<Stage>,
    deadline: Instant,
    /// The deadline has passed, and that was said.
    over: bool,
    then_end: bool,
}

/// How often snapshots are made where figures are written every `figures`.
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

    /// Works until it is told to shut down and has done so, or nobody can tell it anything any more.
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
                    // Nobody can tell it anything any more: that is the end, too.
                    steered = command.is_some();
                    self.obey(command.unwrap_or(Command::Shutdown), &mut drain);
                }
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
            // What is being forgotten is not cut short, nor left half to the drain.
            if let Some(current) = drain.as_mut().filter(|_| self.reset.is_none()) {
                let finished = self.advance(current);
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
            let waiting_for = drain.as_ref().filter(|drain| drain.then_end).map(|drain| self.waiting_for(drain));
            self.publish(waiting_for.as_deref()).await;
        }
    }

    /// Tells the stages behind the store, once everything of a finite source is stored, that they need not wait for more to
    /// gather. Whether one of them is at that; one that is in trouble takes the time it takes.
    fn hurry_the_end(&self) -> bool {
        let Some(handle) = self.publisher.left_at_the_end().map(|stage| &self.workers.get(stage).handle) else {
            return false;
        };
        handle.hurry();
        handle.state() == StageState::Running
    }

    /// Whether nothing moves: no stage is at work, and nothing is about to change that.
    fn is_quiet(&self, draining: bool) -> bool {
        let active = |stage| self.workers.get(stage).handle.state().is_active();
        !draining && self.reset.is_none() && !Stage::ALL.into_iter().any(active)
    }

    fn obey(&mut self, command: Command, drain: &mut Option<Drain>) {
        if self.holds_back(&command) {
            return;
        }
        let ending = drain.as_ref().is_some_and(|drain| drain.then_end);
        match command {
            Command::View(view) => {
                self.view.send_replace(view);
                self.desk.view_changed();
            }
            Command::Ask(question) => self.desk.ask(question),
            Command::Table(order) => self.desk.hand_over(order),
            Command::Shutdown if ending => {
                // Asked twice: whoever asks has no patience left.
                if let Some(drain) = drain {
                    drain.deadline = drain.deadline.min(Instant::now());
                }
            }
            Command::Shutdown => *drain = Some(self.drain(true)),
            // The end has been asked for; nothing is started any more.
            _ if ending => {}
            Command::Reset => self.begin_reset(drain.take().is_some()),
            Command::StopAll => *drain = Some(self.drain(false)),
            Command::StartAll => {
                *drain = None;
                for stage in Stage::ALL {
                    self.workers.get_mut(stage).start();
                }
            }
            Command::Stage(stage, action) => {
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

    fn drain(&self, then_end: bool) -> Drain {
        Drain { left: Stage::ALL.into(), deadline: Instant::now() + self.shutdown_timeout, over: false, then_end }
    }

    /// Takes the next step of a drain; whether it is done.
    fn advance(&mut self, drain: &mut Drain) -> bool {
        let now = Instant::now();
        if now >= drain.deadline {
            if !std::mem::replace(&mut drain.over, true) {
                tracing::warn!(target: "pipeline", "no more time to drain; what is left is done at the next start");
            }
            for stage in Stage::ALL {
                self.workers.get_mut(stage).end(Signal::Stop);
            }
            let alive = Stage::ALL.into_iter().any(|stage| self.workers.get(stage).is_alive());
            return !alive || now >= drain.deadline + LAST_RESORT;
        }
        while let Some(&stage) = drain.left.front() {
            let worker = self.workers.get_mut(stage);
            if worker.is_alive() {
                let signal = if stage == Stage::Ingest { Signal::Stop } else { Signal::Drain };
                if worker.handle.signal() == Signal::Run {
                    worker.end(signal);
                }
                return false;
            }
            drain.left.pop_front();
        }
        true
    }

    /// What a shutdown waits for, in words.
    fn waiting_for(&self, drain: &Drain) -> String {
        // What ends at once ends all at the same time.
        let alive = Stage::ALL.into_iter().find(|stage| drain.over && self.workers.get(*stage).is_alive());
        let Some(stage) = alive.or(drain.left.front().copied()) else {
            return "nothing more".to_owned();
        };
        match self.workers.get(stage).handle.state() {
            StageState::Draining { waiting_for } => format!("{stage}: {waiting_for}"),
            StageState::BackingOff { cause, .. } => format!("{stage}: {cause}"),
            state => format!("{stage}, which is {}", state.name()),
        }
    }

    async fn publish(&mut self, shutting_down: Option<&str>) {
        let stages = PerStage::from_fn(|stage| self.workers.get(stage).handle.clone());
        let resetting = self.reset_waits_for();
        let snapshot = self.publisher.snapshot(&stages, self.desk.answers(), shutting_down, resetting).await;
        self.snapshots.send_replace(Arc::new(snapshot));
    }
}
