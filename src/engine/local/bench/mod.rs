//! The pipeline on messages in memory, and single stages without their neighbours, for benchmarks.
//!
//! Each runs the code of the pipeline's stages. The feature `bench-support` compiles this module; the program leaves it out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::pipeline::start_with;
use super::shared::SharedParts;
use super::stages::aggregate::{AggregateOptions, AggregateStage};
use super::stages::ingest::from_memory::{MemoryIngest, partition_and_offset};
use super::stages::ingest::{IngestStage, KafkaOptions};
use super::stages::store::StoreStage;
use super::{EventSource, InProcessSource, PipelineOptions, StartError};
use crate::engine::EngineHandle;
use crate::engine::local::stage::Stage;
use crate::engine::stages::handle::{Signal, StageHandle};
use crate::engine::stages::index::{IndexOptions, IndexStage};
use crate::engine::status::log::LogBuffer;
use crate::engine::supervisor::worker::work;
use crate::protocol::source::{SourceEnd, SourceProgress};
use crate::search::SearchIndex;
use crate::source::StoredOffsets;
use crate::storage::{IngestBatch, Storage, StorageOptions};

pub use super::stages::ingest::from_memory::Messages;

/// Silence after which a stage counts as stuck.
const STUCK: Duration = Duration::from_secs(30);

/// Starts a pipeline whose clicks are the first `count` of `messages`, decoded by its ingest stage. It is `finished` when
/// they are stored, aggregated and indexed. Must be called in a tokio runtime.
///
/// # Errors
/// See [`start`](super::start).
pub fn start_from_memory(
    options: PipelineOptions,
    kafka: KafkaOptions,
    storage: Arc<Storage>,
    index: Arc<dyn SearchIndex>,
    messages: Arc<dyn Messages>,
    count: u64,
) -> Result<EngineHandle, StartError> {
    let mut end = SourceEnd::default();
    for number in count.saturating_sub(u64::from(u8::MAX))..count {
        let (partition, offset) = partition_and_offset(number);
        end.offsets.insert(partition, offset + 1);
    }
    let progress = SourceProgress { sent: count, total: Some(count), end: Some(end), ..SourceProgress::default() };
    let source = InProcessSource { progress: watch::channel(progress).1, stored: None };
    let log = Arc::new(LogBuffer::default());
    start_with(options, storage, index, EventSource::Kafka(kafka, Some(source)), log, |stage| {
        work(MemoryIngest { stage, messages }, MemoryIngest::run)
    })
}

/// What a stage went through.
#[derive(Clone, Copy, Debug)]
pub struct Passed {
    /// Messages, clicks or documents.
    pub items: u64,
    /// From the first of them to the last.
    pub time: Duration,
}

/// Polls and decodes until `messages` have come, and throws them away; `stored` hears of each batch as of a stored one.
/// The time is from the first batch, whose messages are not counted.
///
/// # Errors
/// The stage failed, a message could not be decoded, or nothing came for half a minute.
pub fn ingest(options: KafkaOptions, stored: StoredOffsets, messages: u64) -> Result<Passed, String> {
    let (sender, batches) = crossbeam_channel::bounded(4);
    // The stage notes its identity in a database.
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let storage = Storage::open(directory.path(), StorageOptions::default()).map_err(|error| error.to_string())?;
    let shared = SharedParts::new(Arc::new(storage), BTreeMap::new(), Some(stored));
    let ledger = Arc::clone(&shared.ledger);
    let stage = IngestStage::new(&shared, options, sender);
    let handle = StageHandle::new(Stage::Ingest.name());
    let ending = handle.clone();
    let thread = std::thread::spawn(move || stage.run(&handle).map_err(|error| error.to_string()));
    let mut passed: Result<(u64, u64, Option<Instant>), String> = Ok((0, 0, None));
    while let Ok((items, uncounted, began)) = passed {
        if items >= messages {
            break;
        }
        passed = match batches.recv_timeout(STUCK) {
            Ok(batch) if batch.rejects.is_empty() => {
                if let Some(offsets) = batch.offsets() {
                    ledger.committed(offsets);
                }
                let came = batch.messages() as u64;
                Ok((items + came, began.map_or(came, |_| uncounted), began.or_else(|| Some(Instant::now()))))
            }
            Ok(_) => Err("a message could not be decoded".to_owned()),
            Err(_) => Err(format!("ingest stopped at {items} of {messages} messages")),
        };
    }
    let ended = Instant::now();
    ending.send(Signal::Stop);
    drop(batches);
    let (items, uncounted, began) = match (passed, thread.join()) {
        (Ok(passed), Ok(_)) => passed,
        (Err(error), Ok(Err(cause))) => return Err(format!("{error}: {cause}")),
        (Err(error), _) => return Err(error),
        (Ok(_), Err(_)) => return Err("ingest panicked".to_owned()),
    };
    let time = began.map(|began| ended.saturating_duration_since(began)).unwrap_or_default();
    Ok(Passed { items: items.saturating_sub(uncounted), time })
}

/// Stores `batches`, one transaction each.
///
/// # Errors
/// The stage failed.
pub fn store(storage: &Arc<Storage>, batches: Vec<IngestBatch>) -> Result<Passed, String> {
    let (sender, receiver) = crossbeam_channel::unbounded();
    for batch in batches {
        sender.send(batch).map_err(|error| error.to_string())?;
    }
    // Without a sender the stage ends as soon as the queue is empty.
    drop(sender);
    let stage = StoreStage::new(&shared(storage), "", None, receiver);
    drained(Stage::Store, |handle| stage.run(handle).map_err(|error| error.to_string()))
}

/// Aggregates what is stored and not yet in the figures, to its end.
///
/// # Errors
/// The stage failed.
pub fn aggregate(storage: &Arc<Storage>, options: AggregateOptions) -> Result<Passed, String> {
    let stage = AggregateStage::new(&shared(storage), options, None);
    drained(Stage::Aggregate, |handle| stage.run(handle).map_err(|error| error.to_string()))
}

/// Sends every document that `index` does not have.
///
/// # Errors
/// The stage failed.
pub fn index(
    storage: &Arc<Storage>,
    index: Arc<dyn SearchIndex>,
    options: IndexOptions,
    runtime: tokio::runtime::Handle,
) -> Result<Passed, String> {
    let stage = IndexStage::new(Arc::clone(storage), Arc::default(), options, index, runtime);
    drained(Stage::Index, |handle| stage.run(handle).map_err(|error| error.to_string()))
}

fn shared(storage: &Arc<Storage>) -> SharedParts {
    SharedParts::new(Arc::clone(storage), BTreeMap::new(), None)
}

/// Runs a stage until it has done the work that is there.
fn drained(stage: Stage, run: impl FnOnce(&StageHandle) -> Result<(), String>) -> Result<Passed, String> {
    let handle = StageHandle::new(stage.name());
    handle.send(Signal::Drain);
    let begin = Instant::now();
    run(&handle)?;
    match handle.last_error() {
        None => Ok(Passed { items: handle.processed(), time: begin.elapsed() }),
        Some((error, _)) => Err(error),
    }
}
