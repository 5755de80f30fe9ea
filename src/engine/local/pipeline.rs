//! The start of a pipeline: builds the shared parts and the stages, starts them, and hands out the engine's handle.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::options::{InProcessSource, PipelineOptions, StartError};
use super::query::answers::{AnswerDesk, AnswerOptions};
use super::query::board::Limits;
use super::shared::SharedParts;
use super::stage::{PerStage, Stage, not_started};
use super::stages::aggregate::AggregateStage;
use super::stages::ingest::{IngestStage, LagWatch};
use super::stages::store::StoreStage;
use super::status::publisher::{Publisher, PublisherOptions};
use super::supervised::LocalEngine;
use crate::engine::EngineHandle;
use crate::engine::stages::index::IndexStage;
use crate::engine::status::log::LogBuffer;
use crate::engine::supervisor::worker::{Work, Worker, work};
use crate::engine::supervisor::workers::Workers;
use crate::engine::supervisor::{Supervisor, SupervisorOptions};
use crate::protocol::{Snapshot, View};
use crate::search::SearchIndex;
use crate::storage::Storage;

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
) -> Result<EngineHandle, StartError> {
    start_with(options, storage, index, source, log, |ingest| work(ingest, IngestStage::run))
}

/// The same as [`start`]; `ingest_work` makes the work of the ingest stage.
pub(crate) fn start_with(
    options: PipelineOptions,
    storage: Arc<Storage>,
    index: Arc<dyn SearchIndex>,
    source: Option<InProcessSource>,
    log: Arc<LogBuffer>,
    ingest_work: impl FnOnce(IngestStage) -> Work,
) -> Result<EngineHandle, StartError> {
    let view = watch::Sender::new(View::default());
    let embedded = source.as_ref().and_then(|source| source.stored.clone());
    // Offsets of an earlier embedded broker do not apply to this one. The store deletes them before its first batch, and
    // not here: nothing has checked the file yet.
    let stored = if embedded.is_some() { BTreeMap::new() } else { storage.offsets(&options.kafka.topic)? };
    let shared = SharedParts::new(storage, stored, embedded, view.subscribe());
    shared.metrics.start_from(&shared.storage.reader()?)?;

    let (sender, batches) = crossbeam_channel::bounded(options.queue_batches);
    let ingest = IngestStage::new(&shared, options.kafka.clone(), sender);
    let store = StoreStage::new(&shared, &options.kafka.topic, options.retention, batches.clone());
    let aggregate = AggregateStage::new(&shared, options.aggregate, options.retention);
    let runtime = tokio::runtime::Handle::current();
    let index_metrics = Arc::clone(&shared.metrics.index);
    let index_stage =
        IndexStage::new(Arc::clone(&shared.storage), index_metrics, options.index, Arc::clone(&index), runtime);

    let (ended_sender, ended) = mpsc::unbounded_channel();
    let worker = |stage: Stage, work| Worker::new(stage.name(), work, ended_sender.clone());
    let ingest = Worker::of_the_source(Stage::Ingest.name(), ingest_work(ingest), ended_sender.clone());
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

    let lag_watch = LagWatch::start(&shared, options.kafka, handles.ingest.clone()).map_err(StartError::Thread)?;
    let index_target = index.target();
    let answer_options = AnswerOptions {
        index,
        aggregate: handles.aggregate.clone(),
        session_timeout_ms: options.aggregate.settings.session_timeout_ms,
        limits: Limits::default(),
    };
    let desk = AnswerDesk::start(&shared, answer_options).map_err(StartError::Thread)?;
    let published =
        PublisherOptions { source: options.source, progress: source.map(|source| source.progress), index_target, log };
    let publisher = Publisher::new(&shared, batches, published);
    let (commands, received) = mpsc::channel(64);
    let (tables, ordered) = mpsc::channel(4);
    let (snapshots, receiver) = watch::channel(Arc::new(Snapshot { stages: not_started(), ..Snapshot::default() }));
    let supervisor = Supervisor::new(SupervisorOptions {
        workers,
        ended,
        commands: received,
        tables: ordered,
        snapshots,
        engine: LocalEngine { handles, publisher, desk, view, _lag_watch: lag_watch },
        figures_interval: options.aggregate.interval,
        shutdown_timeout: options.shutdown_timeout,
    });
    let ended = tokio::spawn(supervisor.run());
    Ok(EngineHandle { snapshots: receiver, commands, tables, ended })
}
