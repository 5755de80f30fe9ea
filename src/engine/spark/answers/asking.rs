//! One question on its way to the cluster and back: the session, the limit of time, and how far it is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{Array as _, Int64Array, RecordBatch};
use tokio::sync::OnceCell;

use crate::engine::spark::connect::{ConnectError, Progress, Rows, Session, Sql, Tag, column};
use crate::engine::spark::connection::Connection;
use crate::engine::spark::sql::Tables;
use crate::engine::spark::tables::is_missing;
use crate::protocol::pattern::PatternError;
use crate::storage::{Storage, StorageError};
use crate::text::counted;

/// How long an answer may take.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// How often an answer is made anew while somebody looks.
const REFRESH: Duration = Duration::from_secs(15);

/// Answering takes at most one part in so many of the time, so that the rounds have the cluster for the rest.
const SHARE: u32 = 4;

/// How often a front hears how far a question is.
const TELL_INTERVAL: Duration = Duration::from_millis(500);

/// What questions are answered with.
pub(in crate::engine::spark) struct Cluster {
    pub(in crate::engine::spark) connection: Connection,
    pub(in crate::engine::spark) tables: Arc<Tables>,
    pub(in crate::engine::spark) storage: Arc<Storage>,
    /// Whether this process has interrupted what a killed one left at work in the session.
    pub(in crate::engine::spark) swept: OnceCell<()>,
}

/// Why there is no answer, in one line.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("Spark has not answered within {} s, so clicktop has cancelled the question and asks again", LIMIT.as_secs())]
    TooSlow,
    #[error(
        "the last {window} has more than {most} pages, too many for an expression: filter by a plain text, or choose a shorter time"
    )]
    TooLarge { window: &'static str, most: usize },
    #[error("the filter cannot be read: {0}")]
    Filter(#[from] PatternError),
    #[error("the thread that reads the database has failed")]
    Thread,
}

/// Hears how far a question is, in one line.
#[derive(Clone)]
pub(super) struct Tell(Arc<dyn Fn(String) + Send + Sync>);

impl Tell {
    pub(super) fn new(tell: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// Says how far the question is.
    pub(super) fn say(&self, text: String) {
        (self.0)(text);
    }
}

/// A question that is being asked.
pub(super) struct Asked {
    session: Session,
    tell: Tell,
    begin: Instant,
}

impl Cluster {
    /// What `ask` finds within the limit of time. `kind` names the question in the tags of its operations on the server.
    pub(super) async fn ask<T>(
        &self,
        kind: &str,
        tell: Tell,
        ask: impl AsyncFnOnce(&Asked) -> Result<T, NoAnswer>,
    ) -> Result<T, NoAnswer> {
        let answer = async { ask(&self.session(kind, tell).await?).await };
        let answer = tokio::time::timeout(LIMIT, answer).await.unwrap_or(Err(NoAnswer::TooSlow));
        if let Err(NoAnswer::Connect(error)) = &answer {
            self.connection.failed(error);
        }
        answer
    }

    /// A session whose operations have the tag of `kind`, for a question that begins now.
    pub(super) async fn session(&self, kind: &str, tell: Tell) -> Result<Asked, ConnectError> {
        let begin = Instant::now();
        tell.say(words(begin, None));
        let session = self.connection.session().await?;
        // Everybody waits for it, or it would hit one of ours.
        self.swept.get_or_try_init(async || session.interrupt_all().await.map(drop)).await?;
        let session = match Tag::new(format!("clicktop {kind}")) {
            Some(tag) => session.tagged(tag),
            None => session,
        };
        Ok(Asked { session, tell, begin })
    }

    /// Reads the database here, off the async threads.
    pub(super) async fn here<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut crate::storage::Reader) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, NoAnswer> {
        let storage = Arc::clone(&self.storage);
        let work = tokio::task::spawn_blocking(move || read(&mut storage.reader()?));
        Ok(work.await.map_err(|_| NoAnswer::Thread)??)
    }
}

impl Asked {
    /// Begins a query.
    pub(super) fn rows(&self, sql: impl Into<Sql>) -> Rows {
        self.session.rows(sql)
    }

    /// The next batch of `rows`. The front hears how far it is meanwhile.
    pub(super) async fn next(&self, rows: &mut Rows) -> Result<Option<RecordBatch>, ConnectError> {
        loop {
            match tokio::time::timeout(TELL_INTERVAL, rows.next()).await {
                Ok(next) => return next,
                Err(_) => self.tell.say(words(self.begin, rows.told().progress)),
            }
        }
    }

    /// Every batch with rows of a query that limits them itself.
    pub(super) async fn all(&self, sql: impl Into<Sql>) -> Result<Vec<RecordBatch>, ConnectError> {
        let mut rows = self.rows(sql);
        let mut batches = Vec::new();
        while let Some(batch) = self.next(&mut rows).await? {
            if batch.num_rows() > 0 {
                batches.push(batch);
            }
        }
        Ok(batches)
    }

    /// The numbers in the columns `names` of the first row. A number is `None` if it is null, or if there is no row.
    pub(super) async fn numbers<const N: usize>(
        &self,
        sql: impl Into<Sql>,
        names: [&str; N],
    ) -> Result<[Option<i64>; N], ConnectError> {
        let mut found = [None; N];
        if let Some(batch) = self.all(sql).await?.first() {
            for (found, name) in found.iter_mut().zip(names) {
                let column = column::<Int64Array>(batch, name)?;
                *found = (!column.is_null(0)).then(|| column.value(0));
            }
        }
        Ok(found)
    }

    /// The newest version of the clicks; `None` while there is no table.
    pub(super) async fn version(&self, tables: &Tables) -> Result<Option<i64>, ConnectError> {
        match self.numbers(tables.newest_version("clicks"), ["version"]).await {
            Ok([version]) => Ok(version),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// How long to wait after an answer that took `took` before the next one. A failure is not worth a long wait.
pub(super) fn pause_after(took: Duration, is_answered: bool) -> Duration {
    let share = if is_answered { SHARE - 1 } else { 1 };
    REFRESH.max(took.saturating_mul(share))
}

/// `asked Spark 4 s ago: 12 of 40 tasks are done`.
fn words(begin: Instant, progress: Option<Progress>) -> String {
    let seconds = begin.elapsed().as_secs();
    let asked = if seconds == 0 { "asking Spark".to_owned() } else { format!("asked Spark {seconds} s ago") };
    match progress {
        Some(progress) if progress.tasks > 0 => {
            format!("{asked}: {} of {} done", progress.completed, counted(progress.tasks, "task", "tasks"))
        }
        _ if seconds == 0 => format!("{asked} …"),
        _ => format!("{asked}, waiting"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_front_hears_how_long_and_how_far() {
        let progress = Progress { tasks: 40, completed: 12, ..Progress::default() };
        let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
        assert_eq!(words(Instant::now(), None), "asking Spark …");
        assert_eq!(words(ago(4), None), "asked Spark 4 s ago, waiting");
        assert_eq!(words(ago(4), Some(progress)), "asked Spark 4 s ago: 12 of 40 tasks are done");
        assert_eq!(words(ago(4), Some(Progress::default())), "asked Spark 4 s ago, waiting");
    }
}
