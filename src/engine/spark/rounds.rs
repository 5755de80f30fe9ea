//! One round of aggregation on the cluster: what the statements of [`Round`] do, in their order, each timed.
//!
//! A step that is repeated changes nothing, so a round may end anywhere: the next one, of whatever console, does the rest. A round that has
//! added its pairs is finished up to the same version. If two consoles count at once, each step is done by one of them; the other one sees
//! a [`lost_race`], and looks again.

use std::time::{Duration, Instant};

use arrow_array::{Array as _, Int32Array, Int64Array, RecordBatch};

use super::connect::{ConnectError, Session, SparkError, column};
use super::connection::TRANSACTION;
use super::round_log::{self, RoundLine, Work};
use super::sql::{Application, Cursor, First, OVERTAKEN, Round, Tables};
use crate::click::Timestamp;

/// The largest number of slices that one round touches: more than a century of hours.
const MOST_SLICES: usize = 1_000_000;

/// What the tables hold, and what is counted of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// The newest version of the clicks.
    pub(super) newest: i64,
    /// What the pages count.
    pub(super) cursor: Cursor,
    /// The round that the figures have come to; `None` before the first.
    pub(super) figures: Option<i64>,
    /// The version of the pages that the figures hold.
    pub(super) figures_pages: i64,
}

/// What a round has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RoundReport {
    /// How long each step took.
    pub(super) steps: Vec<(&'static str, Duration)>,
    /// The version that was counted before; `None` if the round counts every click.
    pub(super) from: Option<i64>,
    /// New clicks, copies included.
    pub(super) clicks: Option<u64>,
    /// New clicks that retention does not let it count, because clicks of their time are deleted.
    pub(super) expired: u64,
    /// Slices that were counted anew.
    pub(super) slices: usize,
    /// The version that it counts up to; `None` if there was nothing to count.
    pub(super) to: Option<i64>,
}

impl RoundReport {
    /// All steps together.
    pub(super) fn took(&self) -> Duration {
        self.steps.iter().map(|(_, took)| *took).sum()
    }
}

/// What the new clicks touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Touched {
    /// The slices to count anew, in ascending order.
    pub(super) slices: Vec<i32>,
    /// New clicks that count, copies included.
    pub(super) clicks: u64,
    /// New clicks of closed slices, which do not count.
    pub(super) expired: u64,
}

/// The rounds of one console.
pub(super) struct Rounds<'a> {
    pub(super) session: &'a Session,
    pub(super) tables: &'a Tables,
}

/// Whether another console has done the same at the same time, and only one of both could.
pub(super) fn lost_race(error: &ConnectError) -> bool {
    let ConnectError::Spark(spark) = error else { return false };
    let races = ["DELTA_CONCURRENT_", "DELTA_METADATA_CHANGED"];
    spark.class.as_deref().is_some_and(|class| races.iter().any(|race| class.starts_with(race)))
        || spark.message.contains(OVERTAKEN)
}

/// The error of a step that another console has done.
pub(super) fn overtaken() -> ConnectError {
    ConnectError::Spark(Box::new(SparkError {
        class: None,
        sql_state: None,
        exception: String::new(),
        message: OVERTAKEN.to_owned(),
        retryable: false,
    }))
}

/// Whether `error` says that files of old versions, or the versions themselves, are gone.
pub(super) fn history_is_gone(error: &ConnectError) -> bool {
    HISTORY_IS_GONE.iter().any(|class| error.is_class(class))
}

/// The classes of Spark's errors about it.
const HISTORY_IS_GONE: [&str; 6] = [
    "DELTA_CHANGE_DATA_FILE_NOT_FOUND",
    "DELTA_LOG_FILE_NOT_FOUND",
    "DELTA_TRUNCATED_TRANSACTION_LOG",
    "DELTA_VERSION_NOT_FOUND",
    "DELTA_VERSION_NOT_CONTIGUOUS",
    "FAILED_READ_FILE.FILE_NOT_EXIST",
];

impl Rounds<'_> {
    /// What the tables hold, and what is counted of it.
    ///
    /// # Errors
    /// As any statement.
    pub(super) async fn standing(&self) -> Result<Standing, ConnectError> {
        let newest = self.newest("clicks").await?;
        let cursor = self.cursor(None).await?;
        let [figures, figures_pages] =
            first_row(self.session, self.tables.figures_cursor(), ["round", "clicks"]).await?;
        Ok(Standing { newest, cursor, figures, figures_pages: figures_pages.unwrap_or(0) })
    }

    /// The cursor, at a version of the pages or the newest.
    ///
    /// # Errors
    /// As any statement.
    pub(super) async fn cursor(&self, version: Option<i64>) -> Result<Cursor, ConnectError> {
        let names = ["counted", "first", "turn", "epoch", "erasing"];
        let [counted, first, turn, epoch, erasing] =
            first_row(self.session, self.tables.cursor(version), names).await?;
        Ok(Cursor {
            counted,
            // Before retention has deleted anything, every slice is kept.
            first: first.and_then(|first| First::try_from(first).ok()).unwrap_or(First::MIN),
            turn: turn.unwrap_or(0),
            epoch: epoch.unwrap_or(0),
            erasing: erasing.unwrap_or(0) != 0,
        })
    }

    /// Whether a round has something to do.
    pub(super) fn is_due(standing: Standing) -> bool {
        let counted = standing.cursor.counted;
        counted.is_none_or(|counted| counted < standing.newest)
            || standing.figures.is_none_or(|figures| Some(figures) < counted)
    }

    /// One round over everything that `standing` tells; `doing` hears of each step before it begins.
    ///
    /// The history of the clicks since the cursor may be gone, because somebody has deleted the files of old versions. Then the round counts
    /// every click that is kept.
    ///
    /// # Errors
    /// A step fails. See [`lost_race`].
    pub(super) async fn run(
        &self,
        standing: Standing,
        mut doing: impl FnMut(&'static str) + Send,
    ) -> Result<RoundReport, ConnectError> {
        match self.count(standing, standing.cursor, &mut doing).await {
            Err(error) if standing.cursor.counted.is_some() && history_is_gone(&error) => {
                tracing::warn!(
                    target: "aggregate",
                    "the history of the new clicks is gone, so this round counts every click: {error}"
                );
                self.count(standing, Cursor { counted: None, ..standing.cursor }, &mut doing).await
            }
            done => done,
        }
    }

    /// The round of [`run`](Self::run), from `cursor` on.
    async fn count(
        &self,
        standing: Standing,
        cursor: Cursor,
        doing: &mut (impl FnMut(&'static str) + Send),
    ) -> Result<RoundReport, ConnectError> {
        let newest = standing.newest;
        let mut report = RoundReport { from: cursor.counted, ..RoundReport::default() };
        let mut begin = Instant::now();
        let mut lap = |report: &mut RoundReport, step| {
            report.steps.push((step, begin.elapsed()));
            begin = Instant::now();
        };
        if cursor.counted.is_none_or(|counted| counted < newest) {
            let unfinished = self.unfinished(standing.cursor).await?;
            let to = unfinished.unwrap_or(newest);
            let round = self.tables.round(cursor, to);
            doing("looking for new clicks");
            self.session.command(round.new_clicks()).await?;
            let Touched { slices: touched, clicks, expired } = self.touched(&round).await?;
            report.clicks = Some(clicks);
            report.expired = expired;
            lap(&mut report, "touched");
            report.slices = touched.len();
            report.to = Some(to);
            // Also if all of them have expired: the cursor moves, so that the next round does not see them again.
            if !touched.is_empty() || expired > 0 {
                let transaction = cursor.next().transaction();
                if unfinished.is_none() {
                    doing("adding pairs");
                    self.once(Application::Pairs, transaction, round.pairs(&touched, clicks)).await?;
                    lap(&mut report, "pairs");
                }
                doing("counting pages");
                self.once(Application::Pages, transaction, round.pages(&touched)).await?;
                lap(&mut report, "pages");
            }
        }
        doing("adding to the figures");
        // The cursor of exactly this version: what the figures take from the pages depends on both.
        let pages_to = self.newest("pages").await?;
        let cursor = self.cursor(Some(pages_to)).await?;
        if cursor.erasing || cursor.epoch != standing.cursor.epoch {
            return Err(overtaken());
        }
        // Before the first click there is nothing to bring to the figures.
        let Some(to) = cursor.counted.filter(|to| standing.figures.is_none_or(|figures| figures < *to)) else {
            return Ok(report);
        };
        let round = self.tables.round(cursor, to);
        let figures = round.figures(standing.figures.unwrap_or(-1), standing.figures_pages, pages_to);
        self.once(Application::Figures, cursor.transaction(), figures).await?;
        lap(&mut report, "figures");
        Ok(report)
    }

    /// Writes a line into the log of rounds.
    ///
    /// # Errors
    /// As any statement.
    pub(super) async fn note(&self, to: i64, report: &RoundReport, figures: u64) -> Result<(), ConnectError> {
        let ended = Timestamp::now();
        let took = i64::try_from(report.took().as_millis()).unwrap_or(i64::MAX);
        let line = RoundLine {
            work: Work::Round,
            who: round_log::this_console(),
            from: report.from,
            to: report.to.unwrap_or(to),
            began: Timestamp::from_millis(ended.as_millis().saturating_sub(took)),
            ended,
            steps: report.steps.iter().map(|(step, took)| ((*step).to_owned(), *took)).collect(),
            clicks: report.clicks,
            slices: u64::try_from(report.slices).ok(),
            // The log counts them itself.
            pairs: None,
            figures: Some(figures),
        };
        round_log::add(self.session, self.tables, &line).await
    }

    /// Runs a statement under a transaction id. Delta skips it if the application has come to this number already.
    ///
    /// # Errors
    /// As any statement. See [`lost_race`].
    pub(super) async fn once(
        &self,
        application: Application,
        number: i64,
        statement: String,
    ) -> Result<(), ConnectError> {
        let [name, version] = TRANSACTION;
        self.session.set(&[(name, application.name()), (version, &number.to_string())]).await?;
        let done = self.session.command(statement).await;
        self.session.unset(&TRANSACTION).await?;
        done.map(drop)
    }

    /// What a round is to count.
    pub(super) async fn touched(&self, round: &Round<'_>) -> Result<Touched, ConnectError> {
        let mut touched = Touched::default();
        for batch in self.session.rows(round.touched()).all(MOST_SLICES).await? {
            let slices = column::<Int32Array>(&batch, "slice")?;
            let clicks = column::<Int64Array>(&batch, "clicks")?;
            for (slice, clicks) in slices.iter().flatten().zip(clicks.iter().flatten()) {
                let clicks = u64::try_from(clicks).unwrap_or(0);
                if round.is_closed(slice) {
                    touched.expired = touched.expired.saturating_add(clicks);
                } else {
                    touched.slices.push(slice);
                    touched.clicks = touched.clicks.saturating_add(clicks);
                }
            }
        }
        touched.slices.sort_unstable();
        Ok(touched)
    }

    /// The version that a round counts which has not moved the cursor yet.
    pub(super) async fn unfinished(&self, cursor: Cursor) -> Result<Option<i64>, ConnectError> {
        let [round] = first_row(self.session, self.tables.unfinished(cursor.counted), ["round"]).await?;
        Ok(round)
    }

    /// The newest version of a table.
    ///
    /// # Errors
    /// As any statement.
    pub(super) async fn newest(&self, table: &str) -> Result<i64, ConnectError> {
        let [version] = first_row(self.session, self.tables.newest_version(table), ["version"]).await?;
        Ok(version.unwrap_or(0))
    }
}

/// Numbers of the first row of a query; `None` for those that are null, and for all if there is no row.
///
/// # Errors
/// As any query, and if a column is missing or of another type.
pub(super) async fn first_row<const N: usize>(
    session: &Session,
    statement: String,
    names: [&str; N],
) -> Result<[Option<i64>; N], ConnectError> {
    let batches = session.rows(statement).all(1).await?;
    let mut found = [None; N];
    if let Some(batch) = batches.iter().find(|batch| batch.num_rows() > 0) {
        for (found, name) in found.iter_mut().zip(names) {
            *found = number(batch, name)?;
        }
    }
    Ok(found)
}

fn number(batch: &RecordBatch, name: &str) -> Result<Option<i64>, ConnectError> {
    let column = column::<Int64Array>(batch, name)?;
    Ok((!column.is_null(0)).then(|| column.value(0)))
}
