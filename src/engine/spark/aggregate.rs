//! The aggregate stage: rounds on the cluster while there are new clicks, and the figures that they change brought home.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use uuid::Uuid;

use super::agents::{ResolveError, Resolver};
use super::connect::{ConnectError, Session};
use super::connection::{Connection, may_pass};
use super::erase;
use super::home::{HomeError, HomeTarget, bring_home};
use super::lease;
use super::metrics::SparkMetrics;
use super::options::SparkOptions;
use super::rounds::{Rounds, Standing, lost_race};
use super::sql::Tables;
use super::tables::{self, TablesError};
use crate::click::Timestamp;
use crate::engine::stages::database_check::wait_until_sound;
use crate::engine::stages::handle::{Backoff, Signal, StageHandle};
use crate::protocol::stage::StageState;
use crate::storage::{FiguresSource, Reader, Storage, StorageError};
use crate::text::counted;

/// Another console's query may store clicks, too: how often the stage looks at the tables while its own progress shows nothing new.
const LOOK_INTERVAL: Duration = Duration::from_secs(20);

/// The stage rests as many times as long as a round took.
const REST: u32 = 1;

/// How long a stage that is asked to stop waits for the server to interrupt its statement.
const INTERRUPT_TIMEOUT: Duration = Duration::from_secs(2);

/// The aggregate stage.
pub(super) struct AggregateStage {
    pub(super) options: Arc<SparkOptions>,
    pub(super) connection: Arc<Connection>,
    pub(super) tables: Arc<Tables>,
    pub(super) metrics: Arc<SparkMetrics>,
    pub(super) storage: Arc<Storage>,
    pub(super) runtime: tokio::runtime::Handle,
}

/// Why the stage cannot go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum AggregateError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Tables(#[from] TablesError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("a rebuild counts everything anew, and rounds wait for it")]
    Rebuilding,
    #[error(transparent)]
    Agents(ResolveError),
}

impl From<ResolveError> for AggregateError {
    fn from(error: ResolveError) -> Self {
        match error {
            ResolveError::Connect(error) => Self::Connect(error),
            error => Self::Agents(error),
        }
    }
}

impl From<HomeError> for AggregateError {
    fn from(error: HomeError) -> Self {
        match error {
            HomeError::Connect(error) => Self::Connect(error),
            HomeError::Storage(error) => Self::Storage(error),
        }
    }
}

impl AggregateError {
    fn may_pass(&self) -> bool {
        match self {
            // A statement may fail because an executor is gone. The stage tries it again, and shows the cause meanwhile.
            Self::Connect(error) => may_pass(error) || matches!(error, ConnectError::Spark(_)),
            Self::Tables(error) => error.may_pass(),
            Self::Storage(error) => error.is_transient(),
            Self::Rebuilding => true,
            Self::Agents(_) => false,
        }
    }
}

/// What the stage keeps while it is connected.
struct Home {
    session: Session,
    reader: Reader,
    /// The id of the tables.
    tables: String,
    /// The tables and their epoch, once the figures here are known to come from them.
    source: Option<FiguresSource>,
    /// The round whose figures are here; -1 before any.
    round: i64,
    /// What the last look has found, if nothing was left to do then.
    done: Option<Standing>,
    looked: Option<Instant>,
    /// `None` if clicks have no user agents that tell anything.
    agents: Option<Resolver>,
}

/// What became of the user agents of new clicks.
struct AgentStep {
    /// How long it took; `None` if nothing was to do.
    took: Option<Duration>,
    is_done: bool,
}

impl AggregateStage {
    /// Works until asked to stop. Trouble that may pass is waited out, and shown.
    ///
    /// # Errors
    /// The server lacks something, the tables do not fit, or the database here is damaged.
    pub(super) fn run(&self, handle: &StageHandle) -> Result<(), AggregateError> {
        if !wait_until_sound(&self.storage, handle)? {
            return Ok(());
        }
        self.runtime.block_on(self.work(handle))
    }

    async fn work(&self, handle: &StageHandle) -> Result<(), AggregateError> {
        let mut backoff = Backoff::new();
        let session = Mutex::new(None);
        loop {
            let signal = handle.signal();
            let result = tokio::select! {
                biased;
                () = handle.stopped() => {
                    let session = session.lock().take();
                    interrupt(session).await;
                    return Ok(());
                }
                result = self.connected(handle, &mut backoff, &session) => result,
            };
            let error = match result {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if let AggregateError::Connect(error) | AggregateError::Tables(TablesError::Connect(error)) = &error {
                self.connection.failed(error);
            }
            if !error.may_pass() {
                return Err(error);
            }
            let pause = backoff.next();
            handle.backing_off(&error.to_string(), pause);
            if handle.sleep_async(signal, pause).await == Signal::Stop {
                return Ok(());
            }
        }
    }

    async fn connected(
        &self,
        handle: &StageHandle,
        backoff: &mut Backoff,
        at_work: &Mutex<Option<Session>>,
    ) -> Result<(), AggregateError> {
        show(handle, &format!("connecting to {}", self.connection.target()));
        let session = self.connection.session().await?;
        *at_work.lock() = Some(session.clone());
        // A statement of this data directory's last clicktop goes on if that one was killed.
        session.interrupt_all().await?;
        show(handle, "looking at the tables");
        tables::ensure(&session, &self.options, &self.tables).await?;
        let tables = tables::identity(&session, &self.tables).await?;
        let reader = self.storage.reader()?;
        let agents = self.options.decoder.reads_agents.then(|| Resolver::new(self.options.agents.longest));
        let mut home = Home { session, reader, tables, source: None, round: -1, done: None, looked: None, agents };
        self.show_totals(&home)?;
        loop {
            let signal = handle.signal();
            let begin = Instant::now();
            let is_done = match self.look(handle, &mut home).await {
                Ok(is_done) => {
                    backoff.reset();
                    is_done
                }
                Err(AggregateError::Connect(error)) if lost_race(&error) => {
                    tracing::info!(target: "aggregate", "another clicktop has done this round: {error}");
                    false
                }
                Err(error) => return Err(error),
            };
            let pause = self.options.round_interval.max(begin.elapsed() * REST);
            if signal == Signal::Drain {
                if is_done {
                    return Ok(());
                }
                handle.draining("the clicks of the newest micro-batches");
            } else {
                handle.running();
            }
            if handle.rest_async(signal, pause).await == Signal::Stop {
                return Ok(());
            }
        }
    }

    /// Looks for new clicks; then a round, and the figures. Returns whether nothing is left to count of what was in the table.
    async fn look(&self, handle: &StageHandle, home: &mut Home) -> Result<bool, AggregateError> {
        // Before the look: what was in the table then is in its newest version.
        let (seen, arrived) = (self.metrics.clicks(), self.metrics.arrived());
        let idle = self.metrics.uncounted() == Some(0) && home.done.is_some();
        if idle && home.looked.is_some_and(|at| at.elapsed() < LOOK_INTERVAL) && handle.signal() == Signal::Run {
            return Ok(true);
        }
        home.looked = Some(Instant::now());
        let session = home.session.clone();
        let rounds = Rounds { session: &session, tables: &self.tables };
        let mut standing = rounds.standing().await?;
        if standing.cursor.erasing {
            tracing::info!(
                target: "aggregate",
                "finishing a reset that was interrupted, or that another clicktop is doing"
            );
            show(handle, "finishing a reset");
            erase::finish(&rounds).await?;
            standing = rounds.standing().await?;
        }
        self.metrics.set_kept_since(self.tables.begin_of(standing.cursor.first));
        // Before anything is counted: the figures here may be those of clicks that are gone.
        self.adopt(home, standing.cursor.epoch)?;
        // A version without clicks, such as one of rejects, leaves the cursor where it is.
        let known = home.done.is_some_and(|done| done == standing);
        let mut is_done = true;
        let mut report = None;
        if !known && Rounds::is_due(standing) {
            if lease::held_by_others(&session, &self.tables, Uuid::nil()).await?.is_some() {
                return Err(AggregateError::Rebuilding);
            }
            // A rebuild may have changed the session timeout since the stage began.
            tables::still_usable(&session, &self.tables).await?;
            let done = rounds.run(standing, |step| tracing::debug!(target: "aggregate", "round: {step}")).await?;
            let newest = standing.newest;
            standing = Standing { newest, ..rounds.standing().await? };
            // A round that another one had begun counts no further than that one.
            is_done = done.to.is_none_or(|to| to >= newest);
            report = Some(done);
            self.adopt(home, standing.cursor.epoch)?;
        }
        let mut changed = 0;
        if let Some(figures) = standing.figures
            && figures > home.round
            && let Some(source) = home.source.clone()
        {
            changed = self.bring_home(handle, home, figures).await?;
            self.storage.set_computed_round(&source, figures)?;
            home.round = figures;
            let before = self.metrics.figure_totals().1;
            self.show_totals(home)?;
            handle.count_processed(self.metrics.figure_totals().1.saturating_sub(before));
        }
        let now = Timestamp::now().as_millis();
        if is_done {
            self.metrics.counted(seen);
        }
        let agents = self.resolve_agents(home, standing).await?;
        // Else the next look would see nothing to do.
        home.done = (is_done && agents.is_done).then_some(standing);
        if let (Some(took), Some(report)) = (agents.took, &mut report) {
            report.steps.push(("agents", took));
        }
        if let Some(report) = report.filter(|report| report.slices > 0 || report.expired > 0) {
            if report.expired > 0 {
                tracing::warn!(
                    target: "aggregate",
                    "{} expired: what comes after the clicks of its time were deleted (store.retention) is in no figure",
                    counted(report.expired, "click has", "clicks have")
                );
                self.metrics.expire(report.expired);
            }
            let steps: Vec<String> =
                report.steps.iter().map(|(step, took)| format!("{step} {:.1} s", took.as_secs_f64())).collect();
            tracing::info!(
                target: "aggregate",
                "round up to version {}: {}, {}; {}",
                report.to.unwrap_or(standing.newest),
                counted(report.slices, "slice", "slices"),
                counted(changed, "figure", "figures"),
                steps.join(", ")
            );
            self.metrics.round(report.took());
            if arrived > 0 {
                self.metrics.visible_after(Duration::from_millis(u64::try_from(now - arrived).unwrap_or(0)));
            }
            rounds.note(standing.newest, &report, changed).await?;
        }
        Ok(is_done)
    }

    /// Adds what the user agents of new clicks tell. Until then, a click of a new one has an unknown browser.
    async fn resolve_agents(&self, home: &mut Home, standing: Standing) -> Result<AgentStep, AggregateError> {
        let begin = Instant::now();
        let Some(agents) = home.agents.as_mut().filter(|agents| agents.is_due(standing.newest)) else {
            return Ok(AgentStep { took: None, is_done: true });
        };
        let resolved = agents.resolve(&home.session, &self.tables, standing.newest).await?;
        let took = begin.elapsed();
        if resolved.agents > 0 {
            tracing::info!(target: "aggregate", "{} new user agents; {:.1} s", resolved.agents, took.as_secs_f64());
        }
        Ok(AgentStep { took: Some(took), is_done: resolved.is_done })
    }

    /// Makes sure that the figures here come from these tables and this epoch: others are erased.
    fn adopt(&self, home: &mut Home, epoch: i64) -> Result<(), StorageError> {
        if home.source.as_ref().is_some_and(|source| source.epoch == epoch) {
            return Ok(());
        }
        let source = FiguresSource { tables: home.tables.clone(), epoch };
        let adopted = self.storage.adopt_source(&source)?;
        if adopted.erased {
            tracing::info!(
                target: "aggregate",
                "the figures in the data directory are of other tables, or from before a reset of spark.root: they are erased, and those of \
                 spark.root are fetched; the index is cleared next"
            );
            self.show_totals(home)?;
        }
        home.round = adopted.round;
        home.source = Some(source);
        // A reset empties the table of user agents, too.
        if let Some(agents) = &mut home.agents {
            agents.forget();
        }
        Ok(())
    }

    /// Writes what has changed since the round that is here. Returns how many rows differ.
    async fn bring_home(&self, handle: &StageHandle, home: &Home, to: i64) -> Result<u64, AggregateError> {
        let target = HomeTarget { storage: &self.storage, rules: self.options.figures };
        let show = |changed| {
            if let StageState::Starting { .. } = handle.state() {
                show(handle, &format!("bringing the figures home, {changed} so far"));
            }
        };
        Ok(bring_home(&home.session, &self.tables, target, (home.round, to), show).await?)
    }

    /// Notes how many pages and clicks the figures here are of.
    fn show_totals(&self, home: &Home) -> Result<(), StorageError> {
        self.metrics.figures(home.reader.page_count()?, home.reader.counted_clicks()?);
        Ok(())
    }
}

/// Interrupts what runs in the session. To drop a statement interrupts it, too, but a process that ends may not get to that.
async fn interrupt(session: Option<Session>) {
    let Some(session) = session else { return };
    match tokio::time::timeout(INTERRUPT_TIMEOUT, session.interrupt_all()).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::debug!(target: "aggregate", "the round goes on: {error}"),
        Err(_) => tracing::debug!(target: "aggregate", "the round goes on: the server does not answer"),
    }
}

/// Shows what the stage does, unless it shows trouble.
fn show(handle: &StageHandle, doing: &str) {
    if !matches!(handle.state(), StageState::BackingOff { .. }) {
        handle.starting(doing);
    }
}
