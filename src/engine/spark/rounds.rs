//! One round of aggregation on the cluster: what the statements of [`Round`] do, in their order, each timed.
//!
//! A step that is repeated changes nothing, so a round may end anywhere: the next one, of whatever console, does the rest.

use std::time::{Duration, Instant};

use arrow_array::{Array as _, Int32Array, Int64Array, RecordBatch};

use super::connect::{ConnectError, Session, column};
use super::connection::TRANSACTION;
use super::round_log::{self, RoundLine, Work};
use super::sql::{First, Root, Round, Tables};
use crate::click::Timestamp;

/// The largest number of slices that one round touches: more than a century of hours.
const MOST_SLICES: usize = 1_000_000;

/// Before retention has deleted anything, every slice is kept.
const EVERY_SLICE: First = i32::MIN;

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
}

impl RoundReport {
    /// All steps together.
    pub(super) fn took(&self) -> Duration {
        self.steps.iter().map(|(_, took)| *took).sum()
    }
}

/// The rounds of one console.
pub(super) struct Rounds<'a> {
    pub(super) session: &'a Session,
    pub(super) tables: &'a Tables,
    pub(super) root: &'a Root,
}

/// Whether another console has done the same at the same time, and Delta let only one of both.
pub(super) fn lost_race(error: &ConnectError) -> bool {
    error.class().is_some_and(|class| class.starts_with("DELTA_CONCURRENT_"))
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
    /// # Errors
    /// A step fails. See [`lost_race`].
    pub(super) async fn run(
        &self,
        standing: Standing,
        mut doing: impl FnMut(&'static str) + Send,
    ) -> Result<RoundReport, ConnectError> {
        let Standing { newest, counted, first, .. } = standing;
        let mut report = RoundReport { from: counted, ..RoundReport::default() };
        let mut begin = Instant::now();
        let mut lap = |report: &mut RoundReport, step| {
            report.steps.push((step, begin.elapsed()));
            begin = Instant::now();
        };
        let mut to = counted;
        if counted.is_none_or(|counted| counted < newest) {
            let round = self.tables.round(counted, newest, first);
            doing("looking for new clicks");
            self.session.command(round.new_clicks()).await?;
            let touched = self.touched(&round).await?;
            lap(&mut report, "touched");
            report.slices = touched.len();
            if !touched.is_empty() {
                doing("adding pairs");
                self.once(Round::TRANSACTIONS[0], newest, round.pairs(&touched)).await?;
                lap(&mut report, "pairs");
                doing("counting pages");
                self.once(Round::TRANSACTIONS[1], newest, round.pages(&touched)).await?;
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
        let round = self.tables.round(counted, to, first);
        let figures = round.figures(standing.figures.unwrap_or(-1), standing.figures_pages, pages_to);
        self.once(Round::TRANSACTIONS[2], to, figures).await?;
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

    /// Runs a statement under a transaction id, so that it counts once whoever repeats it.
    async fn once(&self, application: &str, version: i64, statement: String) -> Result<(), ConnectError> {
        let [name, number] = TRANSACTION;
        self.session.set(&[(name, application), (number, &version.to_string())]).await?;
        let done = self.session.command(statement).await;
        self.session.unset(&TRANSACTION).await?;
        done.map(drop)
    }

    async fn touched(&self, round: &Round<'_>) -> Result<Vec<i32>, ConnectError> {
        let mut touched = Vec::new();
        for batch in self.session.rows(round.touched()).all(MOST_SLICES).await? {
            touched.extend(column::<Int32Array>(&batch, "slice")?.iter().flatten());
        }
        touched.sort_unstable();
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
