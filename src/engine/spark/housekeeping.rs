//! Housekeeping on the cluster: old clicks are deleted, small files are merged, and files that nobody needs any more are deleted.
//!
//! One console at a time does it, beside the rounds and in a session of its own. What it does can be repeated and can stop anywhere, so a
//! console that ends in the middle leaves nothing to repair. If a statement loses against a round, the next run repeats it.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{Array as _, Int64Array, StringArray};
use parking_lot::Mutex;

use super::connect::{ConnectError, Session, column};
use super::connection::{Connection, TRANSACTION};
use super::options::HousekeepingRules;
use super::round_log::{self, RoundLine, Work};
use super::rounds::{Rounds, Standing, first_row, lost_race};
use super::sql::{Application, KEPT_PROPERTY, Tables, Tidied, kept};
use super::tables::{self, TablesError};
use crate::click::Timestamp;

/// A table is optimized when so many files have come.
const MANY_FILES: i64 = 32;

/// Files are deleted so often, unless their versions are kept for less.
const DAILY: Duration = Duration::from_secs(24 * 60 * 60);

/// Times further ahead of the clock do not count as the newest: the clock of the sender is wrong.
const AHEAD: Duration = DAILY;

/// Lines of the log that are kept.
const LOG_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How many hours Delta keeps the files of old versions if nobody says so.
const DELTAS_HOURS: u64 = 7 * 24;

/// What the session of housekeeping is told besides: files of more than 64 MB stay as they are; deleting lists the folders with few tasks
/// (87 s became 5 s), and keeps as many hours as the setting says.
const SETTINGS: [(&str, &str); 4] = [
    ("spark.databricks.delta.optimize.minFileSize", "67108864"),
    ("spark.databricks.delta.optimize.maxFileSize", "268435456"),
    ("spark.sql.sources.parallelPartitionDiscovery.parallelism", "8"),
    ("spark.databricks.delta.retentionDurationCheck.enabled", "false"),
];

/// The application of the transaction id of a claim.
const CLAIM: &str = "clicktop-housekeeping";

/// The housekeeping of one console.
pub(super) struct Housekeeper {
    pub(super) connection: Connection,
    pub(super) tables: Arc<Tables>,
    pub(super) rules: HousekeepingRules,
    /// How many files each table had after it was last optimized.
    pub(super) files: Mutex<HashMap<&'static str, i64>>,
}

/// Ends housekeeping when it is dropped. What runs on the cluster is interrupted.
pub(super) struct HousekeepingGuard(tokio::task::JoinHandle<()>);

impl Drop for HousekeepingGuard {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Why a run has ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum HousekeepingError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Tables(#[from] TablesError),
}

/// What the log tells of earlier runs, in milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
struct Past {
    /// When somebody last began or ended a run.
    seen: Option<i64>,
    vacuumed: Option<i64>,
    /// When a round last ended.
    counted: Option<i64>,
    /// The round of the figures at the run before.
    round: Option<i64>,
}

impl Past {
    /// Whether `since` is longer ago than `length`, or has never been.
    fn is_over(since: Option<i64>, length: Duration, now: Timestamp) -> bool {
        since.is_none_or(|since| now.as_millis().saturating_sub(since) >= millis(length))
    }
}

/// The steps of a run, as the log has them.
struct Steps(Vec<(String, Duration)>);

impl Steps {
    /// Runs a statement as the step `name`. A statement that loses to another writer is left to the next run.
    async fn run(&mut self, session: &Session, name: String, statement: String) -> Result<bool, ConnectError> {
        let begin = Instant::now();
        match session.command(statement).await {
            Ok(_) => {
                self.0.push((name, begin.elapsed()));
                Ok(true)
            }
            Err(error) if lost_race(&error) => {
                tracing::info!(target: "housekeeping", "{name} waits for the next time, because others have written: {error}");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

impl Housekeeper {
    /// Starts it as a task of its own. Must be called in a tokio runtime.
    pub(super) fn start(self) -> HousekeepingGuard {
        HousekeepingGuard(tokio::spawn(async move { self.work().await }))
    }

    async fn work(self) {
        let pause = (self.rules.interval / 4).clamp(Duration::from_secs(5), Duration::from_secs(300));
        loop {
            tokio::time::sleep(pause).await;
            match self.turn(Timestamp::now()).await {
                Ok(Some(line)) => {
                    let steps: Vec<String> =
                        line.steps.iter().map(|(step, took)| format!("{step} {:.1} s", took.as_secs_f64())).collect();
                    let steps = if steps.is_empty() { "nothing to do".to_owned() } else { steps.join(", ") };
                    tracing::info!(target: "housekeeping", "{steps}");
                }
                Ok(None) => {}
                Err(HousekeepingError::Connect(error)) => {
                    self.connection.failed(&error);
                    // Before the first click there are no tables. The stages tell of a server that is away.
                    tracing::debug!(target: "housekeeping", "later: {error}");
                    if !error.is_transient() && !tables::is_missing(&error) && !lost_race(&error) {
                        unfinished(&error);
                    }
                }
                Err(error) => unfinished(&error),
            }
        }
    }

    /// One run, if it is due and no other console does it. Returns the line of the log.
    ///
    /// # Errors
    /// A statement fails for another reason than a race, or the database here cannot be read.
    pub(super) async fn turn(&self, now: Timestamp) -> Result<Option<RoundLine>, HousekeepingError> {
        let session = self.connection.session().await?;
        match tables::still_usable(&session, &self.tables).await {
            Ok(()) => {}
            Err(TablesError::Connect(error)) => return Err(error.into()),
            // The stages are refused, too, and say why. Before the first click there are no tables.
            Err(error) => {
                tracing::debug!(target: "housekeeping", "leaves the tables alone: {error}");
                return Ok(None);
            }
        }
        let past = self.past(&session).await?;
        if !Past::is_over(past.seen, self.rules.interval, now) || !self.claim(&session, now).await? {
            return Ok(None);
        }
        session.set(&SETTINGS).await?;
        let rounds = Rounds { session: &session, tables: &self.tables };
        let standing = rounds.standing().await?;
        let begin = Instant::now();
        let mut steps = Steps(Vec::new());
        let is_daily = Past::is_over(past.vacuumed, DAILY.min(self.rules.keep_versions), now);
        self.retain(&rounds, &mut steps, standing, now, is_daily).await?;
        self.merge(&session, &mut steps, past).await?;
        if is_daily {
            self.delete_files(&session, &mut steps, standing, past, now).await?;
        }
        let line = RoundLine {
            work: Work::Housekeeping,
            who: round_log::this_console(),
            from: None,
            to: standing.figures.unwrap_or(-1),
            began: now,
            ended: Timestamp::from_millis(now.as_millis().saturating_add(millis(begin.elapsed()))),
            steps: steps.0,
            clicks: None,
            slices: None,
            pairs: None,
            figures: None,
        };
        round_log::add(&session, &self.tables, &line).await?;
        Ok(Some(line))
    }

    async fn past(&self, session: &Session) -> Result<Past, ConnectError> {
        let names = ["seen_ms", "vacuumed_ms", "counted_ms", "round"];
        let [seen, vacuumed, counted, round] = first_row(session, self.tables.last_housekeeping(), names).await?;
        Ok(Past { seen, vacuumed, counted, round })
    }

    /// Whether this console does the run that begins `now`. Of several that want it, Delta lets one write its claim; a claim is worth one
    /// interval, so that a console that has died holds up nobody for longer.
    async fn claim(&self, session: &Session, now: Timestamp) -> Result<bool, ConnectError> {
        let [name, number] = TRANSACTION;
        let who = round_log::this_console();
        let line = RoundLine {
            work: Work::Claim,
            who: who.clone(),
            from: None,
            to: 0,
            began: now,
            ended: now,
            steps: Vec::new(),
            clicks: None,
            slices: None,
            pairs: None,
            figures: None,
        };
        session.set(&[(name, CLAIM), (number, &now.as_millis().to_string())]).await?;
        let claimed = round_log::add(session, &self.tables, &line).await;
        session.unset(&TRANSACTION).await?;
        match claimed {
            Err(error) if lost_race(&error) => return Ok(false),
            claimed => claimed?,
        }
        let since = now.as_millis().saturating_sub(millis(self.rules.interval));
        let mut first = None;
        for batch in session.rows(self.tables.first_claim(since)).all(1).await? {
            let (names, times) = (column::<StringArray>(&batch, "who")?, column::<Int64Array>(&batch, "began_ms")?);
            first = (!names.is_empty()).then(|| (names.value(0).to_owned(), times.value(0))).or(first);
        }
        Ok(first == Some((who, now.as_millis())))
    }

    /// Deletes clicks that are too old. Their figures stay: the first commit takes their sums out of the pages, in the turn after that in
    /// which the figures have come to the cursor. If a round was faster, retention waits for the next time.
    async fn retain(
        &self,
        rounds: &Rounds<'_>,
        steps: &mut Steps,
        standing: Standing,
        now: Timestamp,
        is_daily: bool,
    ) -> Result<(), HousekeepingError> {
        let Some(keep) = self.rules.retention else { return Ok(()) };
        let keep_ms = millis(keep);
        if is_daily {
            let before = now.as_millis().saturating_sub(keep_ms);
            steps.run(rounds.session, "delete rejects".to_owned(), self.tables.delete_rejects(before)).await?;
        }
        let cursor = standing.cursor;
        if cursor.erasing || standing.figures != cursor.counted {
            tracing::info!(target: "housekeeping", "old clicks stay until the figures have come to the newest round");
            return Ok(());
        }
        // Clicks far ahead of the clock move no limit, as with the local engine.
        let latest = now.as_millis().saturating_add(millis(AHEAD));
        let [newest] = first_row(rounds.session, self.tables.newest_counted(latest), ["newest"]).await?;
        let Some(newest) = newest else { return Ok(()) };
        let first = self.tables.slices().of_time(newest.saturating_sub(keep_ms)).max(cursor.first);
        if first > cursor.first {
            let begin = Instant::now();
            let closed = self.tables.close_slices_before(first, cursor);
            match rounds.once(Application::Pages, cursor.next().transaction(), closed).await {
                Err(error) if lost_race(&error) => return Ok(()),
                done => done?,
            }
            // Delta says nothing if it has skipped the statement, because a round was faster.
            let after = rounds.cursor(None).await?;
            if after.turn != cursor.next().turn || after.first != first {
                return Ok(());
            }
            steps.0.push(("close old slices".to_owned(), begin.elapsed()));
        }
        let [clicks] = first_row(rounds.session, self.tables.expired(first), ["clicks"]).await?;
        if clicks.unwrap_or(0) > 0 {
            steps.run(rounds.session, "delete clicks".to_owned(), self.tables.delete_clicks_before(first)).await?;
        }
        Ok(())
    }

    async fn merge(&self, session: &Session, steps: &mut Steps, past: Past) -> Result<(), ConnectError> {
        for table in [Tidied::Clicks, Tidied::Pairs, Tidied::Figures, Tidied::Rounds, Tidied::Agents] {
            let before = self.files.lock().get(table.name()).copied().unwrap_or(0);
            if self.count_files(session, table).await? < before.saturating_add(MANY_FILES) {
                continue;
            }
            let name = format!("optimize {}", table.name());
            let statement = match (table, past.round) {
                // A round that is under way reads rows since the run before, at most.
                (Tidied::Figures, Some(round)) => self.tables.compact_figures(round),
                (Tidied::Figures, None) => continue,
                _ => self.tables.optimize(table),
            };
            if steps.run(session, name, statement).await? {
                let after = self.count_files(session, table).await?;
                self.files.lock().insert(table.name(), after);
            }
        }
        Ok(())
    }

    async fn count_files(&self, session: &Session, table: Tidied) -> Result<i64, ConnectError> {
        let [files] = first_row(session, self.tables.files(table), ["numFiles"]).await?;
        Ok(files.unwrap_or(0))
    }

    async fn delete_files(
        &self,
        session: &Session,
        steps: &mut Steps,
        standing: Standing,
        past: Past,
        now: Timestamp,
    ) -> Result<(), HousekeepingError> {
        let forgotten = now.as_millis().saturating_sub(millis(LOG_KEPT));
        steps.run(session, "delete old lines of the log".to_owned(), self.tables.forget_rounds(forgotten)).await?;
        let is_behind = (standing.cursor.counted.is_none_or(|counted| counted < standing.newest)
            || standing.figures < standing.cursor.counted)
            && Past::is_over(past.counted, self.rules.keep_versions / 2, now);
        for table in Tidied::ALL {
            if is_behind && matches!(table, Tidied::Clicks | Tidied::Pages) {
                tracing::info!(
                    target: "housekeeping",
                    "the old files of {} stay until the rounds have counted what is new", table.name()
                );
                continue;
            }
            self.keep_versions(session, steps, table).await?;
            steps.run(session, format!("vacuum {}", table.name()), self.tables.vacuum(table)).await?;
        }
        Ok(())
    }
}

fn unfinished(error: &dyn std::fmt::Display) {
    tracing::warn!(target: "housekeeping", "housekeeping was not finished, and clicktop tries again later: {error}");
}

impl Housekeeper {
    /// Tells Delta how long the files of old versions are kept, unless it knows.
    async fn keep_versions(
        &self,
        session: &Session,
        steps: &mut Steps,
        table: Tidied,
    ) -> Result<(), HousekeepingError> {
        let hours = (self.rules.keep_versions.as_secs() / 3600).max(1);
        let properties = tables::properties(session, self.tables.root(), table.name()).await?.unwrap_or_default();
        let found = properties.iter().find(|(name, _)| name == KEPT_PROPERTY).map(|(_, value)| value.as_str());
        let is_known = found.map_or(hours == DELTAS_HOURS, |found| found == kept(hours));
        if !is_known {
            let name = format!("keep versions of {}", table.name());
            steps.run(session, name, self.tables.keep_versions(table, hours)).await?;
        }
        Ok(())
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
