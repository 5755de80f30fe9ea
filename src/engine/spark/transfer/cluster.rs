//! The cluster as a move sees it: one session of its own, and what the tables tell.

use std::time::{Duration, Instant};

use super::error::MoveError;
use crate::engine::spark::connect::{ConnectError, Session, column};
use crate::engine::spark::connection::{Connection, TRANSACTION, may_pass};
use crate::engine::spark::manifest::{Manifest, Mark, PROPERTY};
use crate::engine::spark::options::SparkOptions;
use crate::engine::spark::rounds::{first_row, lost_race};
use crate::engine::spark::sql::Tables;
use crate::engine::spark::stored_offsets::COMMITS;
use crate::engine::spark::tables;

/// So long a move tries again without getting on.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Pauses between tries.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The cluster.
pub(super) struct Cluster {
    pub(super) options: SparkOptions,
    pub(super) tables: Tables,
    connection: Connection,
}

impl Cluster {
    /// `who` names this mover among those of the same root.
    pub(super) fn new(options: SparkOptions, who: &str) -> Self {
        let tables = Tables::new(options.root.clone(), options.slices, options.figures.session_timeout_ms)
            .with_bots(options.agents.bots);
        let seed = format!("{}#move#{who}", options.root);
        let connection = Connection::new(options.url.clone(), options.connect.clone(), seed);
        Self { options, tables, connection }
    }

    /// The session, in which nothing of a former mover is left.
    pub(super) async fn session(&self) -> Result<Session, MoveError> {
        let session = self.connection.session().await?;
        session.interrupt_all().await?;
        Ok(session)
    }

    /// The session that every console shares, in which the streaming query runs.
    pub(super) async fn everybodys(&self) -> Result<Session, MoveError> {
        let seed = self.options.root.to_string();
        Ok(Connection::new(self.options.url.clone(), self.options.connect.clone(), seed).session().await?)
    }

    /// Notes that a call has failed.
    pub(super) fn failed(&self, error: &ConnectError) {
        self.connection.failed(error);
    }

    /// The properties of the table of clicks; `None` if there is no such table.
    pub(super) async fn properties(&self, session: &Session) -> Result<Option<Vec<(String, String)>>, MoveError> {
        Ok(tables::properties(session, &self.options.root, "clicks").await?)
    }

    /// The newest version of the table of clicks.
    pub(super) async fn version(&self, session: &Session) -> Result<i64, MoveError> {
        let [version] = first_row(session, self.tables.newest_version("clicks"), ["version"]).await?;
        Ok(version.unwrap_or(0))
    }

    /// Whether the table of clicks holds anything.
    pub(super) async fn holds_rows(&self, session: &Session) -> Result<bool, MoveError> {
        let [one] = first_row(session, self.tables.any_row(), ["one"]).await?;
        Ok(one.is_some())
    }

    /// Notes the manifest in the table of clicks.
    pub(super) async fn note(&self, session: &Session, manifest: &Manifest) -> Result<(), MoveError> {
        let statement = self.tables.set_property(PROPERTY, &manifest.property()?);
        session.command(statement).await?;
        Ok(())
    }

    /// The newest mark of the move `id`; that of its beginning if it has written nothing.
    pub(super) async fn mark(&self, session: &Session, id: &str) -> Result<Mark, MoveError> {
        let mut newest = Mark { id: id.to_owned(), ..Mark::default() };
        for batch in session.rows(self.tables.commits(COMMITS)).all(COMMITS as usize).await? {
            let marks = column::<arrow_array::StringArray>(&batch, "userMetadata")?;
            let marks = marks.iter().flatten().filter_map(|mark| serde_json::from_str::<Mark>(mark).ok());
            if let Some(found) = marks.filter(|mark| mark.id == id).max_by_key(|mark| mark.batch)
                && found.batch > newest.batch
            {
                newest = found;
            }
        }
        Ok(newest)
    }

    /// Takes back what a move sets in its session.
    pub(super) async fn tidy(&self, session: &Session) -> Result<(), MoveError> {
        session.unset(&[TRANSACTION[0], TRANSACTION[1], USER_METADATA]).await?;
        Ok(())
    }
}

/// The setting whose value goes into a commit.
pub(super) const USER_METADATA: &str = "spark.databricks.delta.commitInfo.userMetadata";

/// Decides whether to try again.
pub(super) struct Retry {
    since: Instant,
    pause: Duration,
}

impl Retry {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), pause: FIRST_PAUSE }
    }

    /// Something has worked.
    pub(super) fn worked(&mut self) {
        *self = Self::new();
    }

    /// The pause before the next try.
    ///
    /// # Errors
    /// `error`, if no further try can help.
    pub(super) fn after(&mut self, error: MoveError, cluster: &Cluster) -> Result<(Duration, String), MoveError> {
        let MoveError::Connect(connect) = &error else { return Err(error) };
        cluster.failed(connect);
        let passes = may_pass(connect) || lost_race(connect);
        if !passes || self.since.elapsed() > PATIENCE {
            return Err(error);
        }
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        Ok((pause, error.to_string()))
    }
}
