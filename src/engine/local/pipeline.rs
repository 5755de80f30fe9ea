//! Starts a pipeline: builds the shared parts and the stages, starts them, and hands out the engine's handle.

use std::collections::BTreeMap;
use std::sync::Arc;

use crossbeam_channel::Sender;
use tokio::sync::{mpsc, watch};

use super::options::{EventSource, InProcessSource, PipelineOptions, StartError};
use super::query::answers::{AnswerDesk, AnswerOptions};
use super::query::board::Limits;
use super::shared::SharedParts;
use super::stage::{PerStage, Stage, not_started};
use super::stages::aggregate::AggregateStage;
use super::stages::ingest::files::FilesIngest;
use super::stages::ingest::{IngestStage, KafkaOptions, LagWatch, LagWatchGuard, MessageReader};
use super::stages::store::StoreStage;
use super::status::publisher::{Publisher, PublisherOptions};
use super::supervised::LocalEngine;
use crate::engine::EngineHandle;
use crate::engine::front::Fronts;
use crate::engine::stages::index::IndexStage;
use crate::engine::status::log::LogBuffer;
use crate::engine::supervisor::worker::{Work, Worker, work};
use crate::engine::supervisor::workers::Workers;
use crate::engine::supervisor::{Supervisor, SupervisorOptions};
use crate::protocol::Snapshot;
use crate::protocol::source::SourceProgress;
use crate::search::SearchIndex;
use crate::storage::{IngestBatch, Storage};

/// Starts every stage. Must be called in a tokio runtime.
///
/// # Errors
/// The database cannot be read, or the system gives no thread.
pub fn start(
    options: PipelineOptions,
    storage: Arc<Storage>,
    index: Arc<dyn SearchIndex>,
    source: EventSource,
    log: Arc<LogBuffer>,
) -> Result<EngineHandle, StartError> {
    start_with(options, storage, index, source, log, |ingest| work(ingest, IngestStage::run))
}

/// The same as [`start`]; `consumer_work` makes the work of the ingest stage on Kafka.
pub(crate) fn start_with(
    options: PipelineOptions,
    storage: Arc<Storage>,
    index: Arc<dyn SearchIndex>,
    source: EventSource,
    log: Arc<LogBuffer>,
    consumer_work: impl FnOnce(IngestStage) -> Work,
) -> Result<EngineHandle, StartError> {
    let (stored, embedded) = match &source {
        // Offsets of an earlier embedded broker do not apply to this one. The store deletes them before its first batch, and
        // not here: nothing has checked the file yet.
        EventSource::Kafka(_, Some(InProcessSource { stored: Some(embedded), .. })) => {
            (BTreeMap::new(), Some(embedded.clone()))
        }
        EventSource::Kafka(kafka, _) => (storage.offsets(&kafka.topic)?, None),
        EventSource::Files(_) => (BTreeMap::new(), None),
    };
    let shared = SharedParts::new(storage, stored, embedded);
    shared.metrics.start_from(&shared.storage.reader()?)?;

    let (sender, batches) = crossbeam_channel::bounded(options.queue_batches);
    let store = StoreStage::new(&shared, &options.source.topic, options.retention, batches.clone());
    let Ingest { work: ingest_work, progress, kafka } = Ingest::new(&shared, source, sender, consumer_work);
    let aggregate = AggregateStage::new(&shared, options.aggregate, options.retention);
    let runtime = tokio::runtime::Handle::current();
    let index_metrics = Arc::clone(&shared.metrics.index);
    let index_stage =
        IndexStage::new(Arc::clone(&shared.storage), index_metrics, options.index, Arc::clone(&index), runtime);

    let (ended_sender, ended) = mpsc::unbounded_channel();
    let worker = |stage: Stage, work| Worker::new(stage.name(), work, ended_sender.clone());
    let ingest = Worker::of_the_source(Stage::Ingest.name(), ingest_work, ended_sender.clone());
    let store = worker(Stage::Store, work(store, StoreStage::run));
    let aggregate = worker(Stage::Aggregate, work(aggregate, AggregateStage::run));
    let index_worker = worker(Stage::Index, work(index_stage, IndexStage::run));
    let handles = PerStage {
        ingest: ingest.handle.clone(),
        store: store.handle.clone(),
        aggregate: aggregate.handle.clone(),
        index: index_worker.handle.clone(),
    };
    let mut workers = Workers::new(vec![ingest, store, aggregate, index_worker]);
    workers.iter_mut().for_each(Worker::start);

    let messages = kafka.clone().map(MessageReader::new);
    let watch_lag = |kafka| LagWatch::start(&shared, kafka, handles.ingest.clone()).map_err(StartError::Thread);
    let lag_watch: Option<LagWatchGuard> = kafka.map(watch_lag).transpose()?;
    let index_target = index.target();
    let answer_options = AnswerOptions {
        index,
        aggregate: handles.aggregate.clone(),
        session_timeout_ms: options.aggregate.settings.session_timeout_ms,
        limits: Limits::default(),
        messages,
    };
    let desk = AnswerDesk::start(&shared, answer_options).map_err(StartError::Thread)?;
    let published = PublisherOptions { source: options.source, progress, index_target, log };
    let publisher = Publisher::new(&shared, batches, published);
    let (commands, received) = mpsc::channel(64);
    let (tables, ordered) = mpsc::channel(4);
    let (fronts, front_requests) = Fronts::new();
    let (snapshots, receiver) = watch::channel(Arc::new(Snapshot { stages: not_started(), ..Snapshot::default() }));
    let supervisor = Supervisor::new(SupervisorOptions {
        workers,
        ended,
        commands: received,
        tables: ordered,
        fronts: front_requests,
        snapshots,
        engine: LocalEngine { handles, publisher, desk, boards: shared.boards.clone(), _lag_watch: lag_watch },
        alarms: options.alarms,
        figures_interval: options.aggregate.interval,
        shutdown_timeout: options.shutdown_timeout,
    });
    let ended = tokio::spawn(supervisor.run());
    Ok(EngineHandle { snapshots: receiver, commands, tables, fronts, link: None, ended })
}

/// The ingest stage of a source.
struct Ingest {
    work: Work,
    /// The progress of a source inside this process.
    progress: Option<watch::Receiver<SourceProgress>>,
    /// Only of Kafka: files have no lag.
    kafka: Option<KafkaOptions>,
}

impl Ingest {
    fn new(
        shared: &SharedParts,
        source: EventSource,
        batches: Sender<IngestBatch>,
        consumer_work: impl FnOnce(IngestStage) -> Work,
    ) -> Self {
        match source {
            EventSource::Kafka(kafka, producer) => Self {
                work: consumer_work(IngestStage::new(shared, kafka.clone(), batches)),
                progress: producer.map(|producer| producer.progress),
                kafka: Some(kafka),
            },
            EventSource::Files(files) => {
                let progress = Some(files.progress.subscribe());
                Self { work: work(FilesIngest::new(shared, files, batches), FilesIngest::run), progress, kafka: None }
            }
        }
    }
}
