//! Reads the log of rounds from its table while somebody looks at it.

use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use arrow_array::{Array as _, Int32Array, Int64Array, MapArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::connect::{ConnectError, column};
use super::connection::Connection;
use super::metrics::SparkMetrics;
use super::sql::Root;
use crate::protocol::remote::{Phase, Round};
use crate::text::excerpt;

/// Rounds that are read.
const ROUNDS: usize = 50;

/// Time between two readings. A round that ends here is read sooner.
const INTERVAL: Duration = Duration::from_secs(15);
const SOON: Duration = Duration::from_secs(1);

/// A front that looks at the rounds asks every second. Nobody looks any more if no question came for this long.
const LOOK: Duration = Duration::from_secs(5);

/// Time for a reading.
const LIMIT: Duration = Duration::from_secs(60);

/// Characters of a name.
const NAME: usize = 200;

/// Where the log is.
pub(super) struct RoundsLog {
    /// A session of its own, so that nobody interrupts it.
    pub(super) connection: Connection,
    pub(super) root: Root,
    pub(super) metrics: Arc<SparkMetrics>,
}

/// Holds the newest rounds. Reading ends when it is dropped.
pub(super) struct RoundsWatch {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

type Newest = Arc<Result<Vec<Round>, String>>;

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wanted: Notify,
    news: Notify,
}

#[derive(Default)]
struct State {
    looked: Option<Instant>,
    newest: Option<Newest>,
}

impl RoundsWatch {
    /// Must be called in a tokio runtime.
    pub(super) fn start(log: RoundsLog) -> Self {
        let shared = Arc::new(Shared::default());
        let task = tokio::spawn(work(log, Arc::clone(&shared)));
        Self { shared, task }
    }

    /// Somebody looks at the rounds.
    pub(super) fn looked_at(&self) {
        let mut state = self.shared.state.lock();
        let was_quiet = state.looked.is_none_or(|at| at.elapsed() > LOOK);
        state.looked = Some(Instant::now());
        if was_quiet {
            self.shared.wanted.notify_one();
        }
    }

    /// The rounds that were read last.
    pub(super) fn shown(&self) -> Option<Newest> {
        self.shared.state.lock().newest.clone()
    }

    /// Everything was deleted, the log too.
    pub(super) fn reset(&self) {
        self.shared.state.lock().newest = None;
        self.shared.wanted.notify_one();
    }

    /// Resolves once other rounds were read.
    pub(super) fn news(&self) -> impl Future<Output = ()> + Send + use<> {
        let shared = Arc::clone(&self.shared);
        async move { shared.news.notified().await }
    }
}

impl Drop for RoundsWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads until it is aborted.
async fn work(log: RoundsLog, shared: Arc<Shared>) {
    let mut read: Option<(Instant, u64)> = None;
    loop {
        let is_looked_at = shared.state.lock().looked.is_some_and(|at| at.elapsed() <= LOOK);
        if !is_looked_at {
            shared.wanted.notified().await;
            read = None;
            continue;
        }
        let (rounds, _) = log.metrics.rounds();
        let due = read.is_none_or(|(at, seen)| at.elapsed() >= INTERVAL || seen != rounds);
        if due {
            let newest = log.read().await;
            read = Some((Instant::now(), rounds));
            shared.state.lock().newest = Some(Arc::new(newest));
            shared.news.notify_one();
        }
        // An elapsed pause is the ordinary end.
        if tokio::time::timeout(SOON, shared.wanted.notified()).await.is_ok() {
            read = None;
        }
    }
}

impl RoundsLog {
    async fn read(&self) -> Result<Vec<Round>, String> {
        match tokio::time::timeout(LIMIT, self.rows()).await {
            Ok(Ok(rounds)) => Ok(rounds),
            Ok(Err(error)) => {
                self.connection.failed(&error);
                Err(error.to_string())
            }
            Err(_) => Err(format!("Spark took longer than {} s", LIMIT.as_secs())),
        }
    }

    async fn rows(&self) -> Result<Vec<Round>, ConnectError> {
        let session = self.connection.session().await?;
        // Of every column, as other versions of clicktop may write others.
        let newest =
            format!("SELECT * FROM delta.`{}/rounds` ORDER BY ended DESC, round DESC LIMIT {ROUNDS}", self.root);
        let mut found = Vec::new();
        for batch in session.rows(newest).all(ROUNDS).await? {
            rounds(&batch, &mut found)?;
        }
        Ok(found)
    }
}

/// The rounds of a batch. A column that is missing is not known.
fn rounds(batch: &RecordBatch, found: &mut Vec<Round>) -> Result<(), ConnectError> {
    let numbers = column::<Int64Array>(batch, "round")?;
    let counts = |name| column::<Int64Array>(batch, name).ok();
    let (clicks, pairs, figures) = (counts("clicks"), counts("pairs"), counts("figures"));
    let times = |name| column::<TimestampMicrosecondArray>(batch, name).ok();
    let (began, ended) = (times("began"), times("ended"));
    let slices = column::<Int32Array>(batch, "slices").ok();
    let steps = column::<MapArray>(batch, "steps").ok();
    let who = column::<StringArray>(batch, "who").ok();
    for row in 0..batch.num_rows() {
        let count = |column: Option<&Int64Array>| {
            column.filter(|column| !column.is_null(row)).and_then(|column| u64::try_from(column.value(row)).ok())
        };
        let micros = |column: Option<&TimestampMicrosecondArray>| {
            column.filter(|column| !column.is_null(row)).and_then(|column| u64::try_from(column.value(row)).ok())
        };
        let (began, ended) = (micros(began), micros(ended));
        found.push(Round {
            number: if numbers.is_null(row) { -1 } else { numbers.value(row) },
            // To the millisecond, as the protocol has it.
            ended: ended.and_then(|micros| UNIX_EPOCH.checked_add(Duration::from_millis(micros / 1000))),
            took: ended.zip(began).map(|(ended, began)| Duration::from_micros(ended.saturating_sub(began))),
            steps: steps.filter(|steps| !steps.is_null(row)).map_or_else(Vec::new, |steps| phases(steps, row)),
            clicks: count(clicks),
            slices: slices
                .filter(|slices| !slices.is_null(row))
                .and_then(|slices| u64::try_from(slices.value(row)).ok()),
            pairs: count(pairs),
            figures: count(figures),
            who: who.filter(|who| !who.is_null(row)).map(|who| excerpt(who.value(row), NAME).into_owned()),
        });
    }
    Ok(())
}

/// The steps of a round: a map of their names to milliseconds.
fn phases(steps: &MapArray, row: usize) -> Vec<Phase> {
    let entries = steps.value(row);
    let (Some(names), Some(millis)) = (
        entries.columns().first().and_then(|names| names.as_any().downcast_ref::<StringArray>()),
        entries.columns().get(1).and_then(|millis| millis.as_any().downcast_ref::<Int64Array>()),
    ) else {
        return Vec::new();
    };
    names
        .iter()
        .zip(millis.iter())
        .filter_map(|(name, millis)| {
            let took = Duration::from_millis(u64::try_from(millis?).ok()?);
            Some(Phase { name: excerpt(name?, NAME).into_owned(), took })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use arrow_array::ArrayRef;
    use arrow_array::builder::{Int64Builder, MapBuilder, StringBuilder};

    #[test]
    fn a_round_is_read_by_the_names_of_the_columns_and_what_is_missing_is_unknown() {
        let mut steps = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
        for (name, millis) in [("touched", 400), ("pages", 9_000)] {
            steps.keys().append_value(name);
            steps.values().append_value(millis);
        }
        steps.append(true).unwrap();
        steps.append(false).unwrap();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("round", Arc::new(Int64Array::from(vec![17, 16]))),
            ("began", Arc::new(TimestampMicrosecondArray::from(vec![Some(1_000_000), None]))),
            ("ended", Arc::new(TimestampMicrosecondArray::from(vec![Some(10_400_500), None]))),
            ("steps", Arc::new(steps.finish())),
            ("slices", Arc::new(Int32Array::from(vec![Some(3), None]))),
            ("clicks", Arc::new(Int64Array::from(vec![None, Some(5)]))),
        ];
        let mut found = Vec::new();
        rounds(
            &RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
                .unwrap(),
            &mut found,
        )
        .unwrap();
        let phase = |name: &str, millis| Phase { name: name.into(), took: Duration::from_millis(millis) };
        let wanted = Round {
            number: 17,
            ended: Some(UNIX_EPOCH + Duration::from_millis(10_400)),
            took: Some(Duration::from_micros(9_400_500)),
            steps: vec![phase("touched", 400), phase("pages", 9_000)],
            slices: Some(3),
            ..Round::default()
        };
        assert_eq!(found, [wanted, Round { number: 16, clicks: Some(5), ..Round::default() }]);
    }
}
