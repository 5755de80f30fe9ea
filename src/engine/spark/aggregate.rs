//! The aggregate stage: rounds on the cluster while there are new clicks, and the figures that they change brought home.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{Array as _, Int64Array, RecordBatch, StringArray};

use super::connect::{ConnectError, Session, column};
use super::connection::{Connection, may_pass};
use super::metrics::SparkMetrics;
use super::options::SparkOptions;
use super::rounds::{Rounds, Standing, lost_race};
use super::sql::Tables;
use super::tables::{self, TablesError};
use crate::click::Timestamp;
use crate::engine::stages::database_check::wait_until_sound;
use crate::engine::stages::handle::{Backoff, Signal, StageHandle};
use crate::protocol::stage::StageState;
use crate::storage::{ComputedFigures, Reader, Storage, StorageError};

/// Without a micro-batch of ours, others may have written. How often that is looked for.
const LOOK_INTERVAL: Duration = Duration::from_secs(20);

/// A round takes at most one part in this many of the time.
const REST: u32 = 1;

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
}

impl AggregateError {
    fn may_pass(&self) -> bool {
        match self {
            // What a statement fails of may be an executor that is gone. It is tried again, and shown meanwhile.
            Self::Connect(error) => may_pass(error) || matches!(error, ConnectError::Spark(_)),
            Self::Tables(error) => error.may_pass(),
            Self::Storage(error) => error.is_transient(),
        }
    }
}

/// What the stage keeps while it is connected.
struct Home {
    session: Session,
    reader: Reader,
    /// The round whose figures are here; -1 before any.
    round: i64,
    /// The standing of the last look, if nothing was left to do then.
    done: Option<Standing>,
    looked: Option<Instant>,
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
        loop {
            let signal = handle.signal();
            // To drop a round interrupts it on the cluster. The next one repeats what was not done.
            let result = tokio::select! {
                biased;
                () = handle.stopped() => return Ok(()),
                result = self.connected(handle, &mut backoff) => result,
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

    async fn connected(&self, handle: &StageHandle, backoff: &mut Backoff) -> Result<(), AggregateError> {
        show(handle, &format!("connecting to {}", self.connection.target()));
        let session = self.connection.session().await?;
        // Of this data directory in a former life: a query of a client that is dead goes on for a while.
        session.interrupt_all().await?;
        show(handle, "looking at the tables");
        tables::ensure(&session, &self.options, &self.tables).await?;
        let mut home = Home { session, reader: self.storage.reader()?, round: -1, done: None, looked: None };
        self.show_totals(&home)?;
        loop {
            let signal = handle.signal();
            let begin = Instant::now();
            match self.look(handle, &mut home).await {
                Ok(()) => backoff.reset(),
                Err(AggregateError::Connect(error)) if lost_race(&error) => {
                    tracing::info!(target: "aggregate", "another console has done this round: {error}");
                }
                Err(error) => return Err(error),
            }
            if signal == Signal::Drain {
                return Ok(());
            }
            handle.running();
            let pause = self.options.round_interval.max(begin.elapsed() * REST);
            if handle.rest_async(signal, pause).await == Signal::Stop {
                return Ok(());
            }
        }
    }

    /// Looks for new clicks; then a round, and the figures.
    async fn look(&self, handle: &StageHandle, home: &mut Home) -> Result<(), AggregateError> {
        // Before the look: what was in the table then is in its newest version.
        let (seen, arrived) = (self.metrics.clicks(), self.metrics.arrived());
        let idle = self.metrics.uncounted() == Some(0) && home.done.is_some();
        if idle && home.looked.is_some_and(|at| at.elapsed() < LOOK_INTERVAL) && handle.signal() == Signal::Run {
            return Ok(());
        }
        home.looked = Some(Instant::now());
        let session = home.session.clone();
        let rounds = Rounds { session: &session, tables: &self.tables };
        let mut standing = rounds.standing().await?;
        // A version without clicks, such as one of rejects, leaves the cursor where it is.
        let known = home.done.is_some_and(|done| done == standing);
        let mut report = None;
        if !known && Rounds::is_due(standing) {
            let done = rounds.run(standing, |step| tracing::debug!(target: "aggregate", "round: {step}")).await?;
            let newest = standing.newest;
            standing = match done.after {
                Some(after) => after,
                None => Standing { newest, ..rounds.standing().await? },
            };
            report = Some(done);
        }
        let mut changed = 0;
        if let Some(figures) = standing.figures
            && figures > home.round
        {
            changed = self.bring_home(handle, home, figures).await?;
            home.round = figures;
            let before = self.metrics.figure_totals().1;
            self.show_totals(home)?;
            handle.count_processed(self.metrics.figure_totals().1.saturating_sub(before));
        }
        home.done = Some(standing);
        self.metrics.counted(seen);
        if let Some(report) = report.filter(|report| report.slices > 0) {
            let steps: Vec<String> =
                report.steps.iter().map(|(step, took)| format!("{step} {:.1} s", took.as_secs_f64())).collect();
            tracing::info!(
                target: "aggregate",
                "round up to version {}: {} slices, {changed} figures; {}",
                standing.newest, report.slices, steps.join(", ")
            );
            self.metrics.round(report.took());
            let now = Timestamp::now().as_millis();
            if arrived > 0 {
                self.metrics.visible_after(Duration::from_millis(u64::try_from(now - arrived).unwrap_or(0)));
            }
            rounds.note(standing.newest, &report, changed).await?;
        }
        Ok(())
    }

    /// Writes what has changed since the round that is here. Returns how many rows differ.
    async fn bring_home(&self, handle: &StageHandle, home: &Home, to: i64) -> Result<u64, AggregateError> {
        let mut rows = home.session.rows(self.tables.changed_figures(home.round, to));
        let mut changed = 0;
        while let Some(batch) = rows.next().await? {
            let figures = figures(&batch)?;
            changed += self.storage.write_computed_figures(figures, self.options.figures)?;
            if let StageState::Starting { .. } = handle.state() {
                show(handle, &format!("bringing the figures home, {changed} so far"));
            }
        }
        Ok(changed)
    }

    /// Notes how many pages and clicks the figures here are of.
    fn show_totals(&self, home: &Home) -> Result<(), StorageError> {
        self.metrics.figures(home.reader.page_count()?, home.reader.counted_clicks()?);
        Ok(())
    }
}

/// The rows of a batch. Rows of a table of ours have no nulls.
fn figures(batch: &RecordBatch) -> Result<impl Iterator<Item = ComputedFigures<'_>>, ConnectError> {
    let text = |name| column::<StringArray>(batch, name);
    let number = |name| column::<Int64Array>(batch, name);
    let (urls, countries) = (text("url")?, text("country")?);
    let (clicks, users, sums) = (number("clicks")?, number("users")?, number("sum_ms")?);
    let (known, first, last) = (number("known")?, number("first_ms")?, number("last_ms")?);
    let count = |column: &Int64Array, row| u64::try_from(column.value(row)).unwrap_or(0);
    let rows = (0..batch.num_rows()).filter(|row| !urls.is_null(*row) && !countries.is_null(*row));
    Ok(rows.map(move |row| ComputedFigures {
        url: urls.value(row),
        country: countries.value(row),
        clicks: count(clicks, row),
        unique_users: count(users, row),
        spent_ms: sums.value(row),
        spent_count: count(known, row),
        first_seen: Timestamp::from_millis(first.value(row)),
        last_seen: Timestamp::from_millis(last.value(row)),
    }))
}

/// Shows what the stage does, unless it shows trouble.
fn show(handle: &StageHandle, doing: &str) {
    if !matches!(handle.state(), StageState::BackingOff { .. }) {
        handle.starting(doing);
    }
}
