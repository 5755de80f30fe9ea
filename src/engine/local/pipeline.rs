//! Starts a pipeline: builds the shared parts and the stages, starts them, and hands out the engine's handle.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::options::{InProcessSource, PipelineOptions, StartError};
use super::query::answers::{AnswerDesk, AnswerOptions};
use super::query::board::Limits;
use super::shared::SharedParts;
use super::stage::{PerStage, Stage, not_started};
use super::stages::aggregate::AggregateStage;
use super::stages::handle::StageHandle;
use super::stages::index::IndexStage;
use super::stages::ingest::{IngestStage, LagWatch};
use super::stages::store::StoreStage;
use super::status::log::LogBuffer;
use super::status::publisher::{Publisher, PublisherOptions};
use super::supervisor::worker::{Work, Worker};
use super::supervisor::{Supervisor, SupervisorOptions};
use crate::engine::EngineHandle;
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
    let index_stage = IndexStage::new(&shared, options.index, Arc::clone(&index), runtime);

    let (ended_sender, ended) = mpsc::unbounded_channel();
    let worker = |stage, work| Worker::new(stage, work, ended_sender.clone());
    let mut workers = PerStage {
        ingest: worker(Stage::Ingest, ingest_work(ingest)),
        store: worker(Stage::Store, work(store, StoreStage::run)),
        aggregate: worker(Stage::Aggregate, work(aggregate, AggregateStage::run)),
        index: worker(Stage::Index, work(index_stage, IndexStage::run)),
    };
    for stage in Stage::ALL {
        workers.get_mut(stage).start();
    }

    let lag_watch =
        LagWatch::start(&shared, options.kafka, workers.ingest.handle.clone()).map_err(StartError::Thread)?;
    let index_target = index.target();
    let answer_options = AnswerOptions {
        index,
        aggregate: workers.aggregate.handle.clone(),
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
        view,
        snapshots,
        publisher,
        desk,
        figures_interval: options.aggregate.interval,
        shutdown_timeout: options.shutdown_timeout,
        lag_watch,
    });
    let ended = tokio::spawn(supervisor.run());
    Ok(EngineHandle { snapshots: receiver, commands, tables, ended })
}

/// A stage's `run` as the work of its worker.
pub(crate) fn work<S, E>(stage: S, run: impl Fn(&S, &StageHandle) -> Result<(), E> + Send + Sync + 'static) -> Work
where
    S: Send + Sync + 'static,
    E: std::fmt::Display,
{
    Arc::new(move |handle| run(&stage, handle).map_err(|error| error.to_string()))
}
