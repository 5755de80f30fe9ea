//! A rebuild: pairs, pages and figures anew, from the clicks in the tables.
//!
//! It counts the version that the rounds have counted, after a round has brought them up to date, so whatever differs then was wrong. Three
//! commits replace the three tables. Before them the cursor takes a turn, so Delta leaves out what a round that was begun before still does.
//! After each commit the tables are as good as before or better, and the next round or rebuild goes on from there.

use std::time::Duration;

use arrow_array::{Int64Array, StringArray};
use uuid::Uuid;

use super::connect::{ConnectError, ConnectOptions, ConnectUrl, Progress, Session, column};
use super::connection::{Connection, TRANSACTION};
use super::erase;
use super::home::{HomeError, HomeTarget, bring_home};
use super::lease;
use super::rounds::{Rounds, Standing, first_row, lost_race};
use super::sql::{Application, Cursor, First, Rebuild, Root, Slices, Tables};
use super::tables::{self, SessionTimeout, TablesError};
use crate::storage::figures::AggregateSettings;
use crate::storage::{FiguresSource, Storage, StorageError};
use crate::text::counted;

/// How often a rebuild begins again because a round of an older clicktop, which knows no lease, was faster.
const TRIES: u32 = 5;

/// The transaction of the version that is made for a rebuild.
const BEGIN: &str = "clicktop-rebuild";

/// The setting under which Delta notes in a commit whose it is.
const NOTE: &str = "spark.databricks.delta.commitInfo.userMetadata";

/// Commits of others that may come between a rebuild's own and its look at it.
const MOST_LATER_COMMITS: usize = 50;

/// What a rebuild works with.
pub(crate) struct RebuildOptions {
    /// The Spark Connect server.
    pub(crate) url: ConnectUrl,
    /// How the client connects.
    pub(crate) connect: ConnectOptions,
    /// The folder of the tables.
    pub(crate) root: Root,
    /// How event time is cut into the partitions of the tables.
    pub(crate) slices: Slices,
    /// The session timeout, in milliseconds.
    pub(crate) session_timeout_ms: i64,
    /// Whether to count only the clicks that retention has left.
    pub(crate) kept_clicks: bool,
}

/// What a rebuild has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rebuilt {
    /// Urls × countries now.
    pub(crate) pages: i64,
    /// Clicks that they count.
    pub(crate) clicks: i64,
    /// Figures that were there and wrong.
    pub(crate) wrong: i64,
    /// Figures that were missing.
    pub(crate) missing: i64,
    /// Figures of which there is no click.
    pub(crate) surplus: i64,
}

/// Why there is no rebuild.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RebuildError {
    /// A call failed.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The tables do not fit.
    #[error(transparent)]
    Tables(#[from] TablesError),
    /// There are no tables.
    #[error("there are no tables of clicktop in {0}; check spark.root")]
    NoTables(Root),
    /// Retention has deleted clicks.
    #[error(
        "clicks before {0} were deleted (store.retention), and the figures still count them; --kept-clicks counts only the clicks that \
         are still stored"
    )]
    Deleted(String),
    /// Another rebuild is at work.
    #[error("another rebuild is at work; if it was killed, its lease ends in {} s", .0.as_secs())]
    Busy(Duration),
    /// The figures here cannot be written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Rounds were faster again and again.
    #[error("an older clicktop counts at the same time and does not wait; stop its stage aggregate, then try again")]
    Overtaken,
}

/// Counts everything anew, and brings the figures into `home` if there is one; `doing` hears of each step.
///
/// # Errors
/// See [`RebuildError`]. The tables are as good as before then, or better.
pub(crate) async fn rebuild(
    options: &RebuildOptions,
    home: Option<(&Storage, AggregateSettings)>,
    mut doing: impl FnMut(&str) + Send,
) -> Result<Rebuilt, RebuildError> {
    let owner = Uuid::new_v4();
    doing(&format!("connecting to {}", options.url.target()));
    let connection = Connection::new(options.url.clone(), options.connect.clone(), format!("rebuild {owner}"));
    let session = connection.session().await?;
    let counts = Tables::new(options.root.clone(), options.slices, options.session_timeout_ms);
    let found = tables::properties(&session, &options.root, "clicks").await?;
    let found = found.ok_or_else(|| RebuildError::NoTables(options.root.clone()))?;
    tables::fit(&found, options.slices)?;
    if tables::is_moving(&found) {
        return Err(TablesError::Moving.into());
    }
    tables::upgrade(&session, &counts).await?;
    doing("waiting for the lease");
    // In a session of its own, because the transaction ids of the steps are settings of the session.
    let lease_connection =
        Connection::new(options.url.clone(), options.connect.clone(), format!("lease of rebuild {owner}"));
    let lease_session = lease_connection.session().await?;
    take_lease(&lease_session, &counts, owner).await?;
    // If the counting is cut off, no clicktop takes figures of which some are counted with one timeout and some with the other.
    let is_new = tables::session_timeout(&found) != SessionTimeout::Of(options.session_timeout_ms);
    if is_new {
        session.command(counts.note_session_timeout(None)).await?;
    }
    let work = Work { session: &session, tables: &counts, options, owner };
    let done = tokio::select! {
        done = work.run(&mut doing) => done,
        error = renew(&lease_session, &counts, owner) => Err(error),
    };
    let done = match done {
        Ok(rebuilt) if is_new => session
            .command(counts.note_session_timeout(Some(options.session_timeout_ms)))
            .await
            .map(|_| rebuilt)
            .map_err(RebuildError::from),
        done => done,
    };
    let done = match (done, home) {
        (Ok(rebuilt), Some((storage, rules))) => {
            doing("bringing the figures home");
            let [round] = first_row(&session, counts.figures_cursor(), ["round"]).await?;
            let round = round.unwrap_or(-1);
            let epoch = Rounds { session: &session, tables: &counts }.cursor(None).await?.epoch;
            let source = FiguresSource { tables: tables::identity(&session, &counts).await?, epoch };
            storage.adopt_source(&source)?;
            let target = HomeTarget { storage, rules };
            match bring_home(&session, &counts, target, (-1, round), |_| {}).await {
                Ok(_) => storage.set_computed_round(&source, round).map(|()| rebuilt).map_err(RebuildError::from),
                Err(error) => Err(error.into()),
            }
        }
        (done, _) => done,
    };
    // If this fails, the lease ends by itself, and the sessions by the server's time-out.
    let _ = lease_session.command(counts.end_lease(owner)).await;
    let _ = lease_session.release().await;
    let _ = session.release().await;
    done
}

async fn take_lease(session: &Session, tables: &Tables, owner: Uuid) -> Result<(), RebuildError> {
    session.command(tables.make_lease()).await?;
    let taken = match lease::take(session, tables, owner).await {
        Err(error) if lost_race(&error) => false,
        taken => taken?,
    };
    if taken {
        return Ok(());
    }
    let left = lease::held_by_others(session, tables, owner).await?;
    Err(RebuildError::Busy(left.unwrap_or(lease::HELD)))
}

/// Renews the lease until it is lost.
async fn renew(session: &Session, tables: &Tables, owner: Uuid) -> RebuildError {
    loop {
        tokio::time::sleep(lease::RENEWED).await;
        match lease::take(session, tables, owner).await {
            Ok(true) => {}
            Ok(false) => return RebuildError::Busy(lease::HELD),
            // It holds for a while, and only spares work.
            Err(error) => tracing::debug!(target: "rebuild", "the lease is not renewed: {error}"),
        }
    }
}

/// One of the three commits.
#[derive(Clone, Copy)]
struct Step {
    table: &'static str,
    /// The application of its transaction id: that of the same step of a round.
    application: Application,
    what: &'static str,
}

/// Pairs first, figures last: after each of them, a round goes on rightly.
const STEPS: [Step; 3] = {
    [
        Step { table: "pairs", application: Application::Pairs, what: "counting users" },
        Step { table: "pages", application: Application::Pages, what: "counting pages" },
        Step { table: "figures", application: Application::Figures, what: "counting figures" },
    ]
};

impl From<HomeError> for RebuildError {
    fn from(error: HomeError) -> Self {
        match error {
            HomeError::Connect(error) => Self::Connect(error),
            HomeError::Storage(error) => Self::Storage(error),
        }
    }
}

/// What a rebuild does on the cluster.
pub(super) struct Work<'a> {
    pub(super) session: &'a Session,
    pub(super) tables: &'a Tables,
    pub(super) options: &'a RebuildOptions,
    pub(super) owner: Uuid,
}

impl Work<'_> {
    async fn run(&self, doing: &mut (impl FnMut(&str) + Send)) -> Result<Rebuilt, RebuildError> {
        for _ in 0..TRIES {
            match self.once(doing).await {
                Ok(Some(rebuilt)) => return Ok(rebuilt),
                Ok(None) => tracing::info!(target: "rebuild", "a round was faster; counting again"),
                Err(RebuildError::Connect(error)) if lost_race(&error) => {
                    tracing::info!(target: "rebuild", "a round was faster; counting again: {error}");
                }
                Err(error) => return Err(error),
            }
        }
        Err(RebuildError::Overtaken)
    }

    /// One try, after a round over what is not counted yet; `None` if a round came in between.
    async fn once(&self, doing: &mut (impl FnMut(&str) + Send)) -> Result<Option<Rebuilt>, RebuildError> {
        let rounds = Rounds { session: self.session, tables: self.tables };
        erase::finish(&rounds).await?;
        let standing = rounds.standing().await?;
        self.refuse_deleted(standing.cursor.first)?;
        if Rounds::is_due(standing) {
            // Counts that are damaged may stop a round, and not the rebuild.
            match rounds.run(standing, |step| doing(&format!("a round before: {step}"))).await {
                Err(error) if error.is_transient() || lost_race(&error) => return Err(error.into()),
                Err(error) => tracing::warn!(target: "rebuild", "the round before the rebuild has failed: {error}"),
                Ok(_) => {}
            }
        }
        self.count(doing).await
    }

    /// Counts the version that the rounds have come to. Clicks that have come since are left to the next round.
    pub(super) async fn count(&self, doing: &mut (impl FnMut(&str) + Send)) -> Result<Option<Rebuilt>, RebuildError> {
        let rounds = Rounds { session: self.session, tables: self.tables };
        let standing = rounds.standing().await?;
        let content = content_of(standing);
        let before = self.newest("figures").await?;
        let to = self.begin(standing.newest).await?;
        let turn = standing.cursor.next();
        rounds.once(Application::Pages, turn.transaction(), self.tables.write_cursor(turn)).await?;
        if rounds.cursor(None).await? != turn {
            return Ok(None);
        }
        let counted = Cursor { counted: Some(content), ..turn.next() };
        let rebuild = Rebuild::new(self.tables, content, to, counted);
        // The next round adds its pairs under a greater number, wherever this ends.
        if self.step(STEPS[0], turn.overwriting_transaction(), rebuild.pairs(), doing).await?.is_none() {
            return Ok(None);
        }
        let number = counted.transaction();
        let Some(pages_version) = self.step(STEPS[1], number, rebuild.pages(), doing).await? else { return Ok(None) };
        let Some(after) = self.step(STEPS[2], number, rebuild.figures(pages_version), doing).await? else {
            return Ok(None);
        };
        doing("comparing");
        let names = ["pages", "clicks", "wrong", "missing", "surplus"];
        let counts = first_row(self.session, self.tables.differences(before, after), names).await?;
        let [pages, clicks, wrong, missing, surplus] = counts.map(|count| count.unwrap_or(0));
        Ok(Some(Rebuilt { pages, clicks, wrong, missing, surplus }))
    }

    fn refuse_deleted(&self, first: First) -> Result<(), RebuildError> {
        if first == First::MIN || self.options.kept_clicks {
            return Ok(());
        }
        let begin = i64::from(first).saturating_mul(self.options.slices.millis());
        Err(RebuildError::Deleted(crate::click::Timestamp::from_millis(begin).to_string()))
    }

    /// Makes two versions of the clicks that no round has counted, and returns the first. The rebuild counts as the round of that version. The
    /// next round counts up to the second one at least, so it adds what the rebuild leaves to it to the figures.
    async fn begin(&self, newest: i64) -> Result<i64, RebuildError> {
        // With a transaction id the commit is kept, although it adds nothing. Nobody has used this one.
        let application = format!("{BEGIN}-{}-{newest}", self.owner.simple());
        self.empty_version(&application, 1).await?;
        let to = self.newest("clicks").await?;
        self.empty_version(&application, 2).await?;
        Ok(to)
    }

    async fn empty_version(&self, application: &str, number: i64) -> Result<(), ConnectError> {
        let [name, version] = TRANSACTION;
        self.session.set(&[(name, application), (version, &number.to_string())]).await?;
        let made = self.session.command(self.tables.empty_version()).await;
        self.session.unset(&TRANSACTION).await?;
        made.map(drop)
    }

    /// Runs `statement` under a transaction id. Returns the version of the table that it has made; `None` if a round was there before, and
    /// Delta has left the statement out.
    async fn step(
        &self,
        Step { table, application, what }: Step,
        turn: i64,
        statement: String,
        doing: &mut (impl FnMut(&str) + Send),
    ) -> Result<Option<i64>, RebuildError> {
        doing(what);
        let [name, number] = TRANSACTION;
        let note = format!("clicktop rebuild {} {turn}", self.owner.simple());
        self.session.set(&[(name, application.name()), (number, &turn.to_string()), (NOTE, &note)]).await?;
        let show = |progress: Progress| {
            doing(&format!("{what}, {} of {}", progress.completed, counted(progress.tasks, "task", "tasks")))
        };
        let done = self.session.command_watched(statement, show).await;
        self.session.unset(&[name, number, NOTE]).await?;
        done?;
        self.version_noted(table, &note).await
    }

    /// The version of `table` whose commit has this note.
    async fn version_noted(&self, table: &str, note: &str) -> Result<Option<i64>, RebuildError> {
        let history = format!("DESCRIBE HISTORY delta.`{}/{table}` LIMIT {MOST_LATER_COMMITS}", self.options.root);
        for batch in self.session.rows(history).all(MOST_LATER_COMMITS).await? {
            let versions = column::<Int64Array>(&batch, "version")?;
            let notes = column::<StringArray>(&batch, "userMetadata")?;
            if let Some((version, _)) = versions.iter().zip(notes).find(|(_, found)| *found == Some(note)) {
                return Ok(version);
            }
        }
        Ok(None)
    }

    async fn newest(&self, table: &str) -> Result<i64, ConnectError> {
        let [version] = first_row(self.session, self.tables.newest_version(table), ["version"]).await?;
        Ok(version.unwrap_or(0))
    }
}

/// The version of the clicks that is counted: what the rounds have come to, so that whatever differs was wrong.
fn content_of(standing: Standing) -> i64 {
    standing.cursor.counted.filter(|counted| (0..=standing.newest).contains(counted)).unwrap_or(standing.newest)
}
