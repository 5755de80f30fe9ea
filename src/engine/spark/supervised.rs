//! The engine on Spark as the supervisor sees it: its snapshots, its answers, and its data.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};

use tokio::task::JoinHandle;

use super::answers::ClusterDesk;
use super::cluster::ClusterWatch;
use super::erase::Eraser;
use super::housekeeping::HousekeepingGuard;
use super::metrics::SparkMetrics;
use super::options::SparkOptions;
use super::rounds_watch::RoundsWatch;
use super::stage::{PerStage, SparkStage, declared};
use crate::engine::front::FrontId;
use crate::engine::local::query::answers::AnswerDesk;
use crate::engine::local::shared::SharedParts;
use crate::engine::local::stages::ingest::LagWatchGuard;
use crate::engine::stages::handle::StageHandle;
use crate::engine::status::log::LogBuffer;
use crate::engine::status::rates::Rate;
use crate::engine::status::stage_status::stage_status;
use crate::engine::supervisor::supervised::{Phase, Supervised};
use crate::engine::tables::TableOrder;
use crate::protocol::answer::Answers;
use crate::protocol::board::Board;
use crate::protocol::remote::{Outlives, QueryStatus, Remote};
use crate::protocol::snapshot::{ResetEnd, Snapshot, StoreStatus, Totals};
use crate::protocol::table::Table;
use crate::protocol::timings::Timings;
use crate::protocol::view::Window;
use crate::protocol::{ProtocolVersion, Question, RemoteWork, StageInfo, View, to_micros, to_millis};
use crate::storage::{Reader, StorageError};

/// Time between two counts of the rows that wait for the index.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// The parts of the engine that are no stage.
pub(super) struct SparkEngine {
    pub(super) options: Arc<SparkOptions>,
    pub(super) shared: SharedParts,
    pub(super) metrics: Arc<SparkMetrics>,
    pub(super) handles: PerStage<StageHandle>,
    pub(super) status: Status,
    /// Answers from what is here: boards of all time, and searches.
    pub(super) desk: AnswerDesk,
    /// Answers from the cluster: windows, urls and rejects.
    pub(super) cluster: ClusterDesk,
    /// Executors, tasks, and the application.
    pub(super) watch: ClusterWatch,
    /// The log of rounds.
    pub(super) rounds: RoundsWatch,
    pub(super) leaving: Arc<AtomicBool>,
    pub(super) eraser: Eraser,
    /// Ends the watch of the lag when the engine is dropped.
    pub(super) _lag_watch: LagWatchGuard,
    pub(super) _housekeeping: HousekeepingGuard,
}

/// What the snapshots are made with.
pub(super) struct Status {
    started: Instant,
    declared: PerStage<Arc<StageInfo>>,
    rates: PerStage<Rate>,
    index_target: String,
    log: Arc<LogBuffer>,
    reader: Option<Reader>,
    /// When the rows that wait for the index were counted last, and their number.
    pending: Option<(Instant, u64)>,
    /// The end of the newest reset, without the index.
    last_reset: Option<ResetEnd>,
}

impl Status {
    pub(super) fn new(index_target: String, log: Arc<LogBuffer>) -> Self {
        Self {
            started: Instant::now(),
            declared: declared(),
            rates: PerStage::default(),
            index_target,
            log,
            reader: None,
            pending: None,
            last_reset: None,
        }
    }
}

impl SparkEngine {
    /// Counts the rows that wait for the index, if it is time, on a thread that may block.
    async fn look(&mut self, ending: bool) {
        let due = self.status.pending.is_none_or(|(at, _)| at.elapsed() >= LOOK_INTERVAL);
        if !(due || ending) {
            return;
        }
        let (storage, target) = (Arc::clone(&self.shared.storage), self.status.index_target.clone());
        let reader = self.status.reader.take();
        let looked = tokio::task::spawn_blocking(move || {
            let reader = reader.map_or_else(|| storage.reader(), Ok)?;
            let pending = reader.pages_pending(reader.index_cursor(&target)?)?;
            Ok::<_, StorageError>((reader, pending))
        });
        match looked.await {
            Ok(Ok((reader, pending))) => {
                self.status.reader = Some(reader);
                self.status.pending = Some((Instant::now(), pending));
            }
            Ok(Err(error)) => tracing::debug!(target: "pipeline", "no look at the database: {error}"),
            Err(error) => tracing::debug!(target: "pipeline", "no look at the database: {error}"),
        }
    }

    /// What fronts show of the cluster.
    fn remote(&self) -> Remote {
        let query = self.metrics.query.shown();
        let trigger = Some(to_micros(self.options.trigger));
        // A stage that is stopped has no query that could go on.
        let works = self.handles.stream.state().is_active();
        let outlives = Outlives { work: "the streaming query".to_owned(), by_default: self.options.leave_running };
        Remote {
            outlives: works.then_some(outlives),
            query: Some(Arc::new(QueryStatus { trigger, ..QueryStatus::clone(&query) })),
            rounds: self.rounds.shown(),
            ..self.watch.shown()
        }
    }

    fn store_status(&self) -> StoreStatus {
        let (rounds, round) = self.metrics.rounds();
        let quantiles = self.metrics.round_quantiles();
        StoreStatus {
            path: self.options.root.to_string(),
            transaction: round.map(to_micros),
            transaction_p50: quantiles.map(|(p50, _)| to_micros(p50)),
            transaction_p99: quantiles.map(|(_, p99)| to_micros(p99)),
            transactions: Some(rounds),
            rejects: self.metrics.rejects(),
            expired_before: self.metrics.kept_since(),
            ..StoreStatus::default()
        }
    }
}

impl Supervised for SparkEngine {
    fn left_at_the_end(&self) -> Option<&'static str> {
        // A topic has no end.
        None
    }

    async fn snapshot(&mut self, phase: Phase<'_>) -> Snapshot {
        self.look(phase.shutting_down.is_some()).await;
        let pending = self.status.pending.map(|(_, pending)| pending);
        let (metrics, index) = (&self.metrics, &self.shared.metrics.index);
        let partitions = self.shared.partitions.status(&self.shared.ledger.stored());
        let lag =
            partitions.iter().map(|partition| partition.lag).sum::<Option<u64>>().filter(|_| !partitions.is_empty());
        let backlog = PerStage { stream: lag, aggregate: metrics.uncounted(), index: pending };
        let now = Instant::now();
        let Status { declared, rates, .. } = &mut self.status;
        let stages = SparkStage::ALL
            .into_iter()
            .map(|stage| {
                let info = Arc::clone(declared.get(stage));
                stage_status(info, self.handles.get(stage), rates.get_mut(stage), *backlog.get(stage), now)
            })
            .collect();
        let (pages, clicks) = metrics.figure_totals();
        let documents = *index.documents.lock();
        let (rounds, delays) = metrics.times();
        let refused = index.rejected.load(Relaxed);
        let (board, answers) = self.shown(FrontId::OWN);
        Snapshot {
            protocol: ProtocolVersion,
            at: Some(to_millis(SystemTime::now())),
            uptime: to_micros(self.status.started.elapsed()),
            source: self.options.source.clone(),
            stages,
            totals: Totals {
                ingested: metrics.messages(),
                stored: metrics.clicks(),
                expired: metrics.expired(),
                rejected: metrics.rejects() + refused,
                left_out: metrics.left_out(),
                // The cluster reads no user agents.
                bots: 0,
                clicks,
                pages,
                documents: documents.unwrap_or_else(|| pages.saturating_sub(pending.unwrap_or(0))),
                ..Totals::default()
            },
            delay: metrics.delay().map(to_micros),
            lag,
            partitions,
            store: self.store_status(),
            remote: Some(Arc::new(self.remote())),
            timings: Arc::new(Timings {
                delay: Some(delays),
                transaction: Some(rounds),
                bulk: Some(index.bulk_times()),
            }),
            index: index.status(&self.status.index_target, pending),
            board,
            answers,
            notices: self.shared.notices.shown(),
            log: self.status.log.lines(),
            events: self.status.log.events(),
            shutting_down: phase.shutting_down.map(str::to_owned),
            resetting: phase.resetting.map(str::to_owned),
            last_reset: self.status.last_reset.clone().map(|end| ResetEnd { cleared: *index.cleared.lock(), ..end }),
            ..Snapshot::default()
        }
    }

    fn set_view(&mut self, front: FrontId, view: View) {
        self.cluster.set_view(front, view.clone());
        // A window is none of the desk's, so it goes on with all time.
        self.shared.boards.set_view(front, View { window: Window::AllTime, ..view });
        self.desk.view_changed();
    }

    fn leave(&mut self, front: FrontId) {
        self.cluster.leave(front);
        self.shared.boards.leave(front);
        self.desk.leave(front);
    }

    fn shown(&self, front: FrontId) -> (Arc<Board>, Answers) {
        let board = self.cluster.board(front).unwrap_or_else(|| self.shared.boards.shown(front));
        let Answers { search, click, .. } = self.desk.answers(front);
        (board, Answers { search, click, ..self.cluster.answers(front) })
    }

    fn ask(&mut self, front: FrontId, question: Question) {
        match question {
            Question::Rejects(question) => self.cluster.ask_rejects(front, question),
            Question::Page(question) => self.cluster.ask_page(front, question),
            Question::Breakdown(question) => self.cluster.ask_breakdown(front, question),
            // The last minute comes with the figures of a window. For all time, a query every few seconds would cost the cluster more
            // than it tells, so fronts show a dash.
            Question::LastMinute => self.cluster.look(front),
            // The clicks lie in the cluster, where a trend would cost a query every few seconds, too.
            Question::Trends => {}
            Question::Cluster => self.watch.looked_at(),
            Question::Rounds => self.rounds.looked_at(),
            question => self.desk.ask(front, question),
        }
    }

    fn hand_over(&mut self, order: TableOrder) {
        match &order.table {
            Table::View(view) if view.window != Window::AllTime => {
                let view = view.clone();
                self.cluster.hand_over_window(order, view);
            }
            Table::Rejects { filter } => {
                let filter = filter.clone();
                self.cluster.hand_over_rejects(order, filter);
            }
            _ => self.desk.hand_over(order),
        }
    }

    fn news(&self) -> impl Future<Output = ()> + Send + use<> {
        let (here, cluster) = (self.desk.news(), self.cluster.news());
        let (watch, rounds) = (self.watch.news(), self.rounds.news());
        async move {
            tokio::select! {
                () = here => {}
                () = cluster => {}
                () = watch => {}
                () = rounds => {}
            }
        }
    }

    fn erase(&mut self) -> JoinHandle<Result<u64, String>> {
        self.eraser.erase()
    }

    fn erased(&mut self) {
        self.metrics.reset();
        self.shared.metrics.reset();
        self.shared.notices.clear();
        self.shared.boards.clear();
        self.status.pending = None;
        self.desk.reset();
        self.cluster.reset();
        self.rounds.reset();
    }

    fn reset_ended(&mut self, deleted: Result<u64, String>) {
        let number = self.status.last_reset.as_ref().map_or(0, |end| end.number) + 1;
        if deleted.is_ok() {
            *self.shared.metrics.index.cleared.lock() = None;
        }
        self.status.last_reset = Some(ResetEnd { number, deleted, cleared: None });
    }

    fn ending(&mut self, work: Option<RemoteWork>) {
        let leaves = work.map_or(self.options.leave_running, |work| work == RemoteWork::Leave);
        self.leaving.store(leaves, Relaxed);
    }

    async fn end(&mut self) {
        self.desk.end().await;
    }
}
