//! The pipeline: four stages under a supervisor, seen from outside as a [`Snapshot`] and steered by [`Command`]s.
//!
//! Every handover is durable or can be repeated, so each stage can stop, fail, restart or be killed alone:
//!
//! ```text
//! Kafka ─ingest─▶ queue ─store─▶ SQLite clicks ─aggregate─▶ SQLite page_stats ─index─▶ documents
//!   ▲ offsets read at assignment ◀─┘ written with the clicks
//! ```

#[doc(hidden)]
pub mod alone;
pub mod query;
pub mod stages;
pub mod status;
mod supervisor;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

use crate::protocol::snapshot::SourceStatus;
use crate::protocol::source::{SourceProgress, StoredOffsets};
use crate::protocol::stage::PerStage;
use crate::protocol::{Command, Snapshot, Stage, View};
use crate::search::SearchIndex;
use crate::storage::{Storage, StorageError};
use query::answers::{AnswerDesk, AnswerOptions};
use query::board::{BoardSlot, Limits};
use stages::aggregate::{AggregateOptions, AggregateStage};
use stages::handle::StageHandle;
use stages::index::{IndexOptions, IndexStage};
use stages::ingest::{FedIngest, IngestStage, KafkaOptions, LagWatch, Messages};
use stages::offsets::OffsetLedger;
use stages::store::StoreStage;
use status::log::LogBuffer;
use status::metrics::Metrics;
use status::notices::Notices;
use status::partitions::PartitionBoard;
use status::publisher::Publisher;
use supervisor::Supervisor;
use supervisor::worker::{Work, Worker};

/// How the pipeline works.
#[derive(Clone, Debug)]
pub struct PipelineOptions {
    /// What is shown of the source.
    pub source: SourceStatus,
    /// The consumer.
    pub kafka: KafkaOptions,
    /// Batches that may wait for the store.
    pub queue_batches: usize,
    /// How long clicks are kept, by their own clock; `None` for ever.
    pub retention: Option<Duration>,
    /// The aggregation.
    pub aggregate: AggregateOptions,
    /// The documents.
    pub index: IndexOptions,
    /// How long a shutdown may drain.
    pub shutdown_timeout: Duration,
}

/// A producer inside this process.
#[derive(Clone, Debug)]
pub struct InProcessSource {
    /// Its progress.
    pub progress: watch::Receiver<SourceProgress>,
    /// Where to tell it what is stored, so that it does not overrun the embedded broker. The broker is empty
    /// at the start: offsets stored by an earlier run do not hold.
    pub stored: Option<StoredOffsets>,
}

/// Why a pipeline does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The system gives no thread.
    #[error("no thread for the lag watch or the answers: {0}")]
    Thread(std::io::Error),
}

/// A running pipeline.
#[derive(Debug)]
pub struct Pipeline {
    /// The newest snapshot; closed once the pipeline has ended.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Where commands go.
    pub commands: mpsc::Sender<Command>,
    task: tokio::task::JoinHandle<()>,
}

impl Pipeline {
    /// Starts every stage. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// The database cannot be read, or the system gives no thread.
    pub fn start(
        options: PipelineOptions,
        storage: Arc<Storage>,
        index: Arc<dyn SearchIndex>,
        source: Option<InProcessSource>,
        log: Arc<LogBuffer>,
    ) -> Result<Self, StartError> {
        Self::start_with(options, storage, index, source, log, None)
    }

    /// The same; with `messages` in place of Kafka's, if there are any.
    fn start_with(
        options: PipelineOptions,
        storage: Arc<Storage>,
        index: Arc<dyn SearchIndex>,
        source: Option<InProcessSource>,
        log: Arc<LogBuffer>,
        messages: Option<Arc<dyn Messages>>,
    ) -> Result<Self, StartError> {
        let embedded = source.as_ref().and_then(|source| source.stored.clone());
        let own_broker = embedded.is_some();
        // What is stored of an earlier embedded broker does not hold. It is not taken out of the file here: that was not
        // checked yet.
        let begun = if own_broker { BTreeMap::new() } else { storage.offsets(&options.kafka.topic)? };
        let ledger = Arc::new(OffsetLedger::new(begun, embedded));
        let metrics = Arc::new(Metrics::new());
        let partitions = Arc::new(PartitionBoard::default());
        let notices = Arc::<Notices>::default();
        let reader = storage.reader()?;
        if let Some(state) = reader.aggregate_state()? {
            metrics.figures_written(state.cursor, reader.page_count()?, state.late);
        }

        let (sender, batches) = crossbeam_channel::bounded(options.queue_batches);
        let view = watch::Sender::new(View::default());
        let board = BoardSlot::new(view.subscribe());
        let ingest = IngestStage {
            options: options.kafka.clone(),
            batches: sender,
            ledger: Arc::clone(&ledger),
            metrics: Arc::clone(&metrics),
            partitions: Arc::clone(&partitions),
            notices: Arc::clone(&notices),
            storage: Arc::clone(&storage),
            own_broker,
            consumers: AtomicU64::new(0),
        };
        let store = StoreStage {
            storage: Arc::clone(&storage),
            batches: batches.clone(),
            in_hand: Mutex::default(),
            outdated: Mutex::new(own_broker.then(|| options.kafka.topic.clone())),
            ledger: Arc::clone(&ledger),
            metrics: Arc::clone(&metrics),
            retention: options.retention,
            future_told: AtomicBool::new(false),
            rejects_told: AtomicBool::new(false),
        };
        let aggregate = AggregateStage {
            storage: Arc::clone(&storage),
            options: options.aggregate,
            retention: options.retention,
            metrics: Arc::clone(&metrics),
            board: board.clone(),
        };
        let index_target = index.target();
        let searched = Arc::clone(&index);
        let index = IndexStage {
            storage: Arc::clone(&storage),
            index,
            options: options.index,
            metrics: Arc::clone(&metrics),
            runtime: tokio::runtime::Handle::current(),
        };

        let (ended_sender, ended) = mpsc::unbounded_channel();
        let worker = |stage, work| Worker::new(stage, work, ended_sender.clone());
        let mut workers = PerStage {
            ingest: worker(
                Stage::Ingest,
                match messages {
                    None => work(ingest, IngestStage::run),
                    Some(messages) => work(FedIngest { stage: ingest, messages }, FedIngest::run),
                },
            ),
            store: worker(Stage::Store, work(store, StoreStage::run)),
            aggregate: worker(Stage::Aggregate, work(aggregate, AggregateStage::run)),
            index: worker(Stage::Index, work(index, IndexStage::run)),
        };
        for stage in Stage::ALL {
            workers.get_mut(stage).start();
        }

        let (lag_watch, alive) = crossbeam_channel::bounded(0);
        let watch = LagWatch {
            options: options.kafka,
            ingest: workers.ingest.handle.clone(),
            ledger: Arc::clone(&ledger),
            partitions: Arc::clone(&partitions),
            alive,
        };
        std::thread::Builder::new().name("lag".to_owned()).spawn(move || watch.run()).map_err(StartError::Thread)?;

        let desk = AnswerOptions {
            storage: Arc::clone(&storage),
            index: searched,
            board: board.clone(),
            aggregate: workers.aggregate.handle.clone(),
            session_timeout_ms: options.aggregate.settings.session_timeout_ms,
            limits: Limits::default(),
        };
        let desk = AnswerDesk::start(desk).map_err(StartError::Thread)?;
        let publisher = Publisher {
            storage,
            metrics,
            ledger,
            partitions,
            notices,
            batches,
            board,
            source: options.source,
            progress: source.map(|source| source.progress),
            index_target,
            log,
            started: Instant::now(),
            rates: PerStage::default(),
            reader: None,
            sampled: None,
            finished: false,
            last_reset: None,
            moved: (0, Instant::now()),
        };
        let (commands, received) = mpsc::channel(64);
        let snapshots = watch::Sender::default();
        let receiver = snapshots.subscribe();
        let shutdown_timeout = options.shutdown_timeout;
        let supervisor = Supervisor {
            workers,
            ended,
            commands: received,
            view,
            snapshots,
            publisher,
            desk,
            snapshot_interval: supervisor::snapshot_interval(options.aggregate.interval),
            shutdown_timeout,
            reset: None,
            _lag_watch: lag_watch,
        };
        let task = tokio::spawn(supervisor.run());
        Ok(Self { snapshots: receiver, commands, task })
    }

    /// Waits until the pipeline has ended, and returns its last snapshot.
    pub async fn ended(self) -> Arc<Snapshot> {
        if let Err(error) = self.task.await {
            tracing::error!(target: "pipeline", "supervisor: {error}");
        }
        let last = self.snapshots.borrow();
        Arc::clone(&last)
    }
}

/// A stage's `run` as what its worker calls.
fn work<S, E>(stage: S, run: impl Fn(&S, &StageHandle) -> Result<(), E> + Send + Sync + 'static) -> Work
where
    S: Send + Sync + 'static,
    E: std::fmt::Display,
{
    Arc::new(move |handle| run(&stage, handle).map_err(|error| error.to_string()))
}
