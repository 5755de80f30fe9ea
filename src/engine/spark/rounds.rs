//! One round of aggregation on the cluster: what the statements of [`Round`] do, in their order, each timed.
//!
//! A step that is repeated changes nothing, so a round may end anywhere: the next one, of whatever console, does the rest.

use std::time::{Duration, Instant};

use arrow_array::{Array as _, Int32Array, Int64Array, RecordBatch};

use super::connect::{ConnectError, Done, Session, column};
use super::connection::TRANSACTION;
use super::round_log::{self, RoundLine, Work};
use super::sql::{First, Round, Tables};
use crate::click::Timestamp;

/// The largest number of slices that one round touches: more than a century of hours.
const MOST_SLICES: usize = 1_000_000;

/// Before retention has deleted anything, every slice is kept.
pub(super) const EVERY_SLICE: First = i32::MIN;

/// A round that has taken so long asks again which slices are kept.
const LONG: Duration = Duration::from_secs(60);

/// How far the tables are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// The newest version of the clicks.
    pub(super) newest: i64,
    /// The version up to which the pages are counted; `None` before the first round.
    pub(super) counted: Option<i64>,
    /// The first slice whose clicks are kept.
    pub(super) first: First,
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
    /// Slices that were counted anew.
    pub(super) slices: usize,
    /// Pairs that no earlier round had seen.
    pub(super) pairs: Option<u64>,
    /// How far the tables are afterwards: at least so far, if another console has done a step.
    pub(super) after: Option<Standing>,
}

impl RoundReport {
    /// All steps together.
    pub(super) fn took(&self) -> Duration {
        self.steps.iter().map(|(_, took)| *took).sum()
    }
}

/// What the new clicks touch.
#[derive(Debug, Default)]
struct Touched {
    /// The slices to count anew, in ascending order.
    slices: Vec<i32>,
    /// New clicks in slices that are kept.
    clicks: u64,
    /// New clicks in slices that are no longer kept.
    expired: u64,
}

/// The rounds of one console.
pub(super) struct Rounds<'a> {
    pub(super) session: &'a Session,
    pub(super) tables: &'a Tables,
}

/// Whether another console has done the same at the same time, and Delta let only one of both.
pub(super) fn lost_race(error: &ConnectError) -> bool {
    error.class().is_some_and(|class| class.starts_with("DELTA_CONCURRENT_"))
}

/// Whether `error` says that versions, or files of versions, are no longer there: somebody has deleted them.
fn history_is_gone(error: &ConnectError) -> bool {
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

/// The rows that an INSERT has written, as it answers.
fn written(done: &Done) -> u64 {
    let first = done.rows.iter().find(|batch| batch.num_rows() > 0);
    let number = first.and_then(|batch| column::<Int64Array>(batch, "num_inserted_rows").ok()).map(|column| column.value(0));
    number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
}

impl Rounds<'_> {
    /// How far the tables are.
    ///
    /// # Errors
    /// As any statement.
    pub(super) async fn standing(&self) -> Result<Standing, ConnectError> {
        let newest = self.newest("clicks").await?;
        let cursor = first_row(self.session, self.tables.cursor(), ["clicks", "known"]).await?;
        let figures = first_row(self.session, self.tables.figures_cursor(), ["round", "clicks"]).await?;
        let [counted, first] = cursor;
        let [figures, figures_pages] = figures;
        Ok(Standing {
            newest,
            counted,
            first: first.and_then(|first| First::try_from(first).ok()).unwrap_or(EVERY_SLICE),
            figures,
            figures_pages: figures_pages.unwrap_or(0),
        })
    }

    /// Whether a round has something to do.
    pub(super) fn is_due(standing: Standing) -> bool {
        standing.counted.is_none_or(|counted| counted < standing.newest)
            || standing.figures.is_none_or(|figures| Some(figures) < standing.counted)
    }

    /// One round over everything that `standing` tells; `doing` hears of each step before it begins.
    ///
    /// The history of the clicks or of the pages may be gone, because someone has deleted the files of old versions. Then the round counts
    /// every click that is kept.
    ///
    /// # Errors
    /// A step fails. See [`lost_race`].
    pub(super) async fn run(
        &self,
        standing: Standing,
        mut doing: impl FnMut(&'static str) + Send,
    ) -> Result<RoundReport, ConnectError> {
        match self.attempt(standing, &mut doing).await {
            Err(error) if standing.counted.is_some() && history_is_gone(&error) => {
                tracing::warn!(target: "aggregate", "the history of the tables is gone, so this round counts every click: {error}");
                self.attempt(Standing { counted: None, figures: None, ..standing }, &mut doing).await
            }
            done => done,
        }
    }

    async fn attempt(
        &self,
        standing: Standing,
        doing: &mut (impl FnMut(&'static str) + Send),
    ) -> Result<RoundReport, ConnectError> {
        let Standing { newest, counted, first, .. } = standing;
        let mut report = RoundReport { from: counted, ..RoundReport::default() };
        let started = Instant::now();
        let mut begin = started;
        let mut lap = |report: &mut RoundReport, step| {
            report.steps.push((step, begin.elapsed()));
            begin = Instant::now();
        };
        let mut to = counted;
        let mut round = self.tables.round(counted, newest, first);
        if counted.is_none_or(|counted| counted < newest) {
            doing("looking for new clicks");
            self.session.command(round.new_clicks()).await?;
            let found = self.touched(&round, first).await?;
            if counted.is_some() {
                round = round.of(found.clicks);
            }
            lap(&mut report, "touched");
            report.slices = found.slices.len();
            report.clicks = Some(found.clicks);
            if found.expired > 0 {
                tracing::warn!(
                    target: "aggregate",
                    "{} new clicks are older than store.retention, and are not counted", found.expired
                );
            }
            if !found.slices.is_empty() {
                doing("adding pairs");
                let added = self.once(Round::TRANSACTIONS[0], newest, round.pairs(&found.slices)).await?;
                report.pairs = Some(added);
                lap(&mut report, "pairs");
                doing("counting pages");
                if !self.is_still_kept(standing, started).await? {
                    // The next round refuses what is no longer kept.
                    return Ok(RoundReport { from: counted, ..RoundReport::default() });
                }
                self.once(Round::TRANSACTIONS[1], newest, round.pages(&found.slices)).await?;
                lap(&mut report, "pages");
                to = Some(newest);
            }
        }
        // Before the first click there is nothing to bring to the figures.
        let Some(to) = to.filter(|to| standing.figures.is_none_or(|figures| figures < *to)) else {
            return Ok(report);
        };
        doing("adding to the figures");
        let pages_to = self.newest("pages").await?;
        let round = round.up_to(to);
        let figures = match standing.figures {
            Some(figures) => round.figures(figures, standing.figures_pages, pages_to),
            None => round.all_figures(pages_to),
        };
        self.once(Round::TRANSACTIONS[2], to, figures).await?;
        lap(&mut report, "figures");
        report.after =
            Some(Standing { counted: Some(to), figures: Some(to), figures_pages: pages_to, ..standing });
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
            to,
            began: Timestamp::from_millis(ended.as_millis().saturating_sub(took)),
            ended,
            steps: report.steps.iter().map(|(step, took)| ((*step).to_owned(), *took)).collect(),
            clicks: report.clicks,
            slices: u64::try_from(report.slices).ok(),
            pairs: report.pairs,
            figures: Some(figures),
        };
        round_log::add(self.session, self.tables, &line).await
    }

    /// Whether the same slices are kept as at the start. Housekeeping folds slices that are not, but minutes later, so a quick round need
    /// not ask.
    async fn is_still_kept(&self, standing: Standing, started: Instant) -> Result<bool, ConnectError> {
        if started.elapsed() < LONG {
            return Ok(true);
        }
        let [_, first] = first_row(self.session, self.tables.cursor(), ["clicks", "known"]).await?;
        Ok(first.is_none_or(|first| first == i64::from(standing.first)))
    }

    /// Runs an INSERT under a transaction id, so that it counts once whoever repeats it. Returns how many rows it has written.
    async fn once(&self, application: &str, version: i64, statement: String) -> Result<u64, ConnectError> {
        let [name, number] = TRANSACTION;
        self.session.set(&[(name, application), (number, &version.to_string())]).await?;
        let done = self.session.command(statement).await;
        self.session.unset(&TRANSACTION).await?;
        Ok(written(&done?))
    }

    async fn touched(&self, round: &Round<'_>, first: First) -> Result<Touched, ConnectError> {
        let mut touched = Touched::default();
        for batch in self.session.rows(round.touched()).all(MOST_SLICES).await? {
            let (slices, clicks) = (column::<Int32Array>(&batch, "slice")?, column::<Int64Array>(&batch, "clicks")?);
            for (slice, clicks) in slices.iter().flatten().zip(clicks.values()) {
                let clicks = u64::try_from(*clicks).unwrap_or(0);
                if slice < first {
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

    async fn newest(&self, table: &str) -> Result<i64, ConnectError> {
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
