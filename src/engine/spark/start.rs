//! The start of the engine: builds the shared parts and the stages, starts them, and hands out the engine's handle.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

use super::aggregate::AggregateStage;
use super::answers::{Cluster, ClusterDesk};
use super::cluster::{ClusterWatch, WatchOptions};
use super::connect::ConnectOptions;
use super::connection::Connection;
use super::erase::Eraser;
use super::housekeeping::Housekeeper;
use super::metrics::SparkMetrics;
use super::options::{SparkOptions, StartError};
use super::rounds_watch::{RoundsLog, RoundsWatch};
use super::schema_book::SchemaBook;
use super::sql::Tables;
use super::stage::{PerStage, SparkStage, not_started};
use super::stream::StreamStage;
use super::supervised::{SparkEngine, Status};
use crate::engine::EngineHandle;
use crate::engine::front::Fronts;
use crate::engine::local::query::answers::{AnswerDesk, AnswerOptions};
use crate::engine::local::query::board::Limits;
use crate::engine::local::shared::SharedParts;
use crate::engine::local::stages::ingest::LagWatch;
use crate::engine::local::stages::ingest::MessageReader;
use crate::engine::stages::handle::StageHandle;
use crate::engine::stages::index::IndexStage;
use crate::engine::status::log::LogBuffer;
use crate::engine::supervisor::worker::{Worker, work};
use crate::engine::supervisor::workers::Workers;
use crate::engine::supervisor::{Supervisor, SupervisorOptions};
use crate::protocol::Snapshot;
use crate::search::SearchIndex;
use crate::storage::Storage;

/// How long the watch of the streaming query looks for a server that does not answer.
const NO_ANSWER: Duration = Duration::from_secs(10);

/// Starts every stage. Must be called in a tokio runtime.
///
/// # Errors
/// The database cannot be read or holds clicks of its own, or the system gives no thread.
pub(crate) fn start(
    options: SparkOptions,
    storage: Arc<Storage>,
    index: Arc<dyn SearchIndex>,
    log: Arc<LogBuffer>,
) -> Result<EngineHandle, StartError> {
    let clicks = storage.progress().last_click();
    if clicks > 0 {
        return Err(StartError::HoldsClicks { clicks });
    }
    let options = Arc::new(options);
    let shared = SharedParts::new(Arc::clone(&storage), BTreeMap::new(), None);
    let metrics = Arc::new(SparkMetrics::default());
    let tables = Tables::new(options.root.clone(), options.slices, options.figures.session_timeout_ms);
    let tables = Arc::new(tables.with_bots(options.agents.bots));
    // The query lives in a session that every console shares. What a round sets and reads in its session is this console's own.
    let connect = |seed, connect| Arc::new(Connection::new(options.url.clone(), connect, seed));
    // The stage asks the query every second, so it notices soon that the server is gone. A round is worth waiting for.
    let impatient =
        ConnectOptions { reattach_for: NO_ANSWER, answer_timeout: NO_ANSWER * 3, ..options.connect.clone() };
    let everybodys = connect(options.root.to_string(), impatient.clone());
    let own_seed = format!("{}#{}", options.root, storage.confirm_identity()?.id);
    let own = connect(own_seed.clone(), options.connect.clone());
    let leaving = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Handle::current();

    let stream = StreamStage {
        options: Arc::clone(&options),
        connection: everybodys,
        tables: Arc::clone(&tables),
        metrics: Arc::clone(&metrics),
        book: SchemaBook::default(),
        shared: shared.clone(),
        leaving: Arc::clone(&leaving),
        runtime: runtime.clone(),
    };
    let aggregate = AggregateStage {
        options: Arc::clone(&options),
        connection: Arc::clone(&own),
        tables: Arc::clone(&tables),
        metrics: Arc::clone(&metrics),
        storage: Arc::clone(&storage),
        runtime: runtime.clone(),
    };
    let index_metrics = Arc::clone(&shared.metrics.index);
    let index_stage = IndexStage::new(Arc::clone(&storage), index_metrics, options.index, Arc::clone(&index), runtime);

    let (ended_sender, ended) = mpsc::unbounded_channel();
    let stream = Worker::of_the_source(SparkStage::Stream.name(), work(stream, StreamStage::run), ended_sender.clone());
    let aggregate =
        Worker::new(SparkStage::Aggregate.name(), work(aggregate, AggregateStage::run), ended_sender.clone());
    let index_worker = Worker::new(SparkStage::Index.name(), work(index_stage, IndexStage::run), ended_sender);
    let handles = PerStage {
        stream: stream.handle.clone(),
        aggregate: aggregate.handle.clone(),
        index: index_worker.handle.clone(),
    };
    let mut workers = Workers::new(vec![stream, aggregate, index_worker]);
    workers.iter_mut().for_each(Worker::start);

    // The cluster fetches, so nothing here learns the newest offsets on the way: the watch asks all the time, as for a stage at rest.
    let never = StageHandle::new("fetch");
    let lag_watch = LagWatch::start(&shared, options.kafka.clone(), never.clone()).map_err(StartError::Thread)?;
    let index_target = index.target();
    let answers = AnswerOptions {
        index,
        // No stage here makes boards, so all are made from the stored figures.
        aggregate: never,
        session_timeout_ms: options.figures.session_timeout_ms,
        limits: Limits::default(),
        messages: Some(MessageReader::new(options.kafka.clone())),
    };
    let desk = AnswerDesk::start(&shared, answers).map_err(StartError::Thread)?;
    // In a session of its own, because a round interrupts everything in its session when it begins.
    let asked = Connection::new(options.url.clone(), impatient.clone(), format!("{own_seed}#answers"));
    let cluster = ClusterDesk::start(Cluster {
        connection: asked,
        tables: Arc::clone(&tables),
        storage: Arc::clone(&storage),
        swept: tokio::sync::OnceCell::new(),
    });
    // Each in a session of its own: a round interrupts everything in its session when it begins.
    let session = |name: &str, connect: &ConnectOptions| {
        Connection::new(options.url.clone(), connect.clone(), format!("{own_seed}#{name}"))
    };
    let watch = ClusterWatch::start(WatchOptions {
        connection: session("watch", &impatient),
        ui: options.ui.clone(),
        ca_file: options.connect.ca_file.clone(),
    });
    let rounds = RoundsWatch::start(RoundsLog {
        connection: session("rounds", &impatient),
        tables: Arc::clone(&tables),
        metrics: Arc::clone(&metrics),
    });
    let housekeeping = Housekeeper {
        connection: session("housekeeping", &options.connect),
        tables: Arc::clone(&tables),
        rules: options.housekeeping,
        files: Mutex::default(),
    }
    .start();
    let eraser = Eraser { connection: own, tables, storage };
    let (round_interval, shutdown_timeout) = (options.round_interval, options.shutdown_timeout);
    let alarms = options.alarms.clone();
    let (commands, received) = mpsc::channel(64);
    let (orders, ordered) = mpsc::channel(4);
    let (fronts, front_requests) = Fronts::new();
    let (snapshots, receiver) = watch::channel(Arc::new(Snapshot { stages: not_started(), ..Snapshot::default() }));
    let status = Status::new(index_target, log);
    let supervisor = Supervisor::new(SupervisorOptions {
        workers,
        ended,
        commands: received,
        tables: ordered,
        fronts: front_requests,
        snapshots,
        engine: SparkEngine {
            options,
            shared,
            metrics,
            handles,
            status,
            desk,
            cluster,
            watch,
            rounds,
            leaving,
            eraser,
            _lag_watch: lag_watch,
            _housekeeping: housekeeping,
        },
        alarms,
        figures_interval: round_interval,
        shutdown_timeout,
    });
    let ended = tokio::spawn(supervisor.run());
    Ok(EngineHandle { snapshots: receiver, commands, tables: orders, fronts, link: None, ended })
}
