//! Reads the log of rounds from its table while somebody looks at it.

use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::connect::ConnectError;
use super::connection::Connection;
use super::looks::Looks;
use super::metrics::SparkMetrics;
use super::round_log::{RoundLine, Work, newest};
use super::sql::Tables;
use crate::protocol::remote::{Phase, Round, RoundWork};
use crate::protocol::to_micros;
use crate::text::excerpt;

/// Rounds that are read.
const ROUNDS: u32 = 50;

/// Time between two readings. A round that ends here is read sooner.
const INTERVAL: Duration = Duration::from_secs(15);
const SOON: Duration = Duration::from_secs(1);

/// Time for a reading.
const LIMIT: Duration = Duration::from_secs(60);

/// Characters of a name.
const NAME: usize = 200;

/// Where the log is.
pub(super) struct RoundsLog {
    /// A session of its own, so that nobody interrupts it.
    pub(super) connection: Connection,
    pub(super) tables: Arc<Tables>,
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
    looks: Looks,
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
        if self.shared.state.lock().looks.note() {
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
        let is_looked_at = shared.state.lock().looks.is_looked_at();
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
        match tokio::time::timeout(LIMIT, self.lines()).await {
            Ok(Ok(lines)) => Ok(lines.into_iter().map(round).collect()),
            Ok(Err(error)) => {
                self.connection.failed(&error);
                Err(error.to_string())
            }
            Err(_) => Err(format!("Spark took longer than {} s", LIMIT.as_secs())),
        }
    }

    async fn lines(&self) -> Result<Vec<RoundLine>, ConnectError> {
        let session = self.connection.session().await?;
        newest(&session, &self.tables, ROUNDS).await
    }
}

/// A line of the log as fronts show it. Its texts may come from another machine.
fn round(line: RoundLine) -> Round {
    let (began, ended) = (line.began.as_millis(), line.ended.as_millis());
    let since_1970 = |millis: i64| u64::try_from(millis).ok().map(Duration::from_millis);
    Round {
        number: line.to,
        work: if line.work == Work::Round { RoundWork::Counting } else { RoundWork::Housekeeping },
        ended: since_1970(ended).and_then(|time| UNIX_EPOCH.checked_add(time)),
        took: since_1970(ended.saturating_sub(began)),
        steps: line
            .steps
            .into_iter()
            .map(|(name, took)| Phase { name: excerpt(&name, NAME).into_owned(), took: to_micros(took) })
            .collect(),
        clicks: line.clicks,
        slices: line.slices,
        pairs: line.pairs,
        figures: line.figures,
        who: Some(excerpt(&line.who, NAME).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::click::Timestamp;

    #[test]
    fn a_line_becomes_a_round_and_what_its_writer_did_not_know_stays_unknown() {
        let line = RoundLine {
            work: Work::Housekeeping,
            who: "host (pid 7)".to_owned(),
            from: None,
            to: 17,
            began: Timestamp::from_millis(1_000),
            ended: Timestamp::from_millis(10_400),
            steps: vec![("vacuum".to_owned(), Duration::from_millis(9_000))],
            clicks: None,
            slices: Some(3),
            pairs: None,
            figures: None,
        };
        let wanted = Round {
            number: 17,
            work: RoundWork::Housekeeping,
            ended: Some(UNIX_EPOCH + Duration::from_millis(10_400)),
            took: Some(Duration::from_millis(9_400)),
            steps: vec![Phase { name: "vacuum".to_owned(), took: Duration::from_secs(9) }],
            slices: Some(3),
            who: Some("host (pid 7)".to_owned()),
            ..Round::default()
        };
        assert_eq!(round(line.clone()), wanted);
        let odd = RoundLine { began: Timestamp::from_millis(20_000), ..line };
        assert_eq!(round(odd).took, None, "clocks of two machines may differ");
    }
}
