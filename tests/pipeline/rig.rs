//! A broker, a load and a pipeline, and what tests ask of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use clicktop::click::{FieldLimits, Format};
use clicktop::engine::EngineHandle;
use clicktop::engine::alarms::AlarmOptions;
use clicktop::engine::front::Fronts;
use clicktop::engine::local::stages::aggregate::AggregateOptions;
use clicktop::engine::local::stages::ingest::files::FilesSource;
use clicktop::engine::local::stages::ingest::{GroupProtocol, KafkaOptions, OnLostOffset, StartAt};
use clicktop::engine::local::{self, EventSource, InProcessSource, PipelineOptions};
use clicktop::engine::stages::index::IndexOptions;
use clicktop::engine::status::log::LogBuffer;
use clicktop::protocol::snapshot::SourceStatus;
use clicktop::protocol::{Command, Snapshot, StageAction, StageState};
use clicktop::search::embedded::Embedded;
use clicktop::search::{Bulk, SearchIndex, SearchQuery};
use clicktop::source::StoredOffsets;
use clicktop::source::producer::{Feed, Next, Record};
use clicktop::source::{DemoError, EmbeddedBroker, SourceTask, Target};
use clicktop::storage::figures::AggregateSettings;
use clicktop::storage::{Storage, StorageOptions};
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use tempfile::TempDir;

use crate::support::HANG;
use crate::support::clicks::OwnedClick;
use crate::support::figures::{self, Figure, Figures};

/// The stages, in the order a click passes them.
pub const STAGES: [&str; 4] = ["ingest", "store", "aggregate", "index"];

pub const TOPIC: &str = "clicks";
pub const PARTITIONS: i32 = 3;

/// Messages a batch, and batches that may wait for the store: small, so that limits are met soon.
pub const BATCH_EVENTS: usize = 250;
pub const QUEUE_BATCHES: usize = 4;

/// A data directory that outlives the pipelines in it.
pub struct Data(TempDir);

impl Data {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

pub fn broker() -> EmbeddedBroker {
    EmbeddedBroker::start(TOPIC, PARTITIONS).expect("a broker")
}

pub fn embedded(data: &Data) -> Arc<Embedded> {
    Arc::new(Embedded::open(data.path()).expect("an index"))
}

/// How a pipeline on Kafka works.
pub struct Options {
    pub kafka: KafkaOptions,
    pub pipeline: PipelineOptions,
}

/// With a group of its own each time: the broker in this process keeps a group whose member has left waiting until that
/// member's session is over, and offsets are the store's, not the group's.
pub fn options(broker: &EmbeddedBroker) -> Options {
    static GROUPS: AtomicU32 = AtomicU32::new(0);
    let kafka = KafkaOptions {
        mapping: None,
        properties: vec![
            ("bootstrap.servers".to_owned(), broker.bootstrap_servers().to_owned()),
            // A broker that comes back is to be found soon.
            ("reconnect.backoff.max.ms".to_owned(), "500".to_owned()),
        ],
        topic: TOPIC.to_owned(),
        group: format!("test-{}", GROUPS.fetch_add(1, Ordering::Relaxed)),
        group_protocol: GroupProtocol::Classic,
        format: Format::Auto,
        field_limits: FieldLimits::default(),
        start: StartAt::Earliest,
        on_lost_offset: OnLostOffset::Stop,
        max_batch_bytes: clicktop::engine::local::stages::ingest::DEFAULT_MAX_BATCH_BYTES,
        schemas: None,
        pseudonyms: None,
        batch_events: BATCH_EVENTS,
        batch_interval: Duration::from_millis(50),
    };
    let source = SourceStatus { topic: TOPIC.to_owned(), ..SourceStatus::default() };
    Options { kafka, pipeline: pipeline_of(source) }
}

fn pipeline_of(source: SourceStatus) -> PipelineOptions {
    PipelineOptions {
        source,
        queue_batches: QUEUE_BATCHES,
        retention: None,
        aggregate: AggregateOptions {
            settings: AggregateSettings { session_timeout_ms: figures::SESSION_TIMEOUT_MS, recent_clicks: 100_000 },
            interval: Duration::from_millis(100),
        },
        index: IndexOptions { interval: Duration::from_millis(100), bulk: Bulk { documents: 50, in_flight: 2 } },
        shutdown_timeout: Duration::from_secs(60),
        alarms: AlarmOptions::default(),
    }
}

/// Sends clicks at a rate, each to its user's partition.
struct ClickFeed(std::vec::IntoIter<OwnedClick>);

impl Feed for ClickFeed {
    fn next(&mut self, record: &mut Record) -> Result<Next, DemoError> {
        let Some(click) = self.0.next() else { return Ok(Next::End) };
        record.set_key(click.user_id.as_bytes());
        record.payload = click.csv();
        Ok(Next::Ready)
    }
}

/// Starts sending `clicks`, `rate` a second or as fast as it goes. With `stored`, no more than the broker keeps.
pub fn send(
    broker: &EmbeddedBroker,
    clicks: &[OwnedClick],
    rate: Option<f64>,
    stored: Option<StoredOffsets>,
) -> SourceTask {
    let target = Target {
        brokers: broker.bootstrap_servers().to_owned(),
        topic: TOPIC.to_owned(),
        partitions: 0,
        stored,
        properties: vec![("reconnect.backoff.max.ms".to_owned(), "500".to_owned())],
    };
    SourceTask::start(target, ClickFeed(Vec::from(clicks).into_iter()), rate).expect("a producer")
}

/// Sends `messages` to the first partition, and waits for the broker's word.
pub fn put(broker: &EmbeddedBroker, messages: &[Vec<u8>]) {
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", broker.bootstrap_servers()).create().expect("a producer");
    for message in messages {
        let record: BaseRecord<'_, (), Vec<u8>> = BaseRecord::to(TOPIC).partition(0).payload(message);
        producer.send(record).map_err(|(error, _)| error).expect("queued");
    }
    producer.flush(HANG).expect("sent");
}

/// Sends `messages` to all partitions in turn, and waits for the broker's word.
pub fn put_everywhere(broker: &EmbeddedBroker, messages: &[Vec<u8>]) {
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", broker.bootstrap_servers()).create().expect("a producer");
    for (partition, message) in (0..PARTITIONS).cycle().zip(messages) {
        let record: BaseRecord<'_, (), Vec<u8>> = BaseRecord::to(TOPIC).partition(partition).payload(message);
        producer.send(record).map_err(|(error, _)| error).expect("queued");
    }
    producer.flush(HANG).expect("sent");
}

/// A running pipeline.
pub struct Run {
    pipeline: EngineHandle,
    storage: Weak<Storage>,
    /// How it was last seen.
    pub last: Arc<Snapshot>,
}

impl Run {
    /// Over what a broker holds already.
    pub fn start(options: Options, data: &Data, index: Arc<dyn SearchIndex>) -> Self {
        Self::begin(options, data, index, None)
    }

    /// Over `clicks`, sent meanwhile.
    pub fn under_load(
        broker: &EmbeddedBroker,
        options: Options,
        data: &Data,
        index: Arc<dyn SearchIndex>,
        clicks: &[OwnedClick],
        rate: f64,
    ) -> (Self, SourceTask) {
        let stored = StoredOffsets::new(PARTITIONS.unsigned_abs() as usize);
        let task = send(broker, clicks, Some(rate), Some(stored.clone()));
        let source = InProcessSource { progress: task.progress(), stored: Some(stored) };
        (Self::begin(options, data, index, Some(source)), task)
    }

    /// Over files.
    pub fn on_files(files: FilesSource, data: &Data, index: Arc<dyn SearchIndex>) -> Self {
        Self::launch(pipeline_of(SourceStatus::default()), data, index, EventSource::Files(files))
    }

    fn begin(options: Options, data: &Data, index: Arc<dyn SearchIndex>, source: Option<InProcessSource>) -> Self {
        let Options { kafka, pipeline } = options;
        Self::launch(pipeline, data, index, EventSource::Kafka(kafka, source))
    }

    fn launch(options: PipelineOptions, data: &Data, index: Arc<dyn SearchIndex>, source: EventSource) -> Self {
        let storage = Arc::new(Storage::open(data.path(), StorageOptions::default()).expect("a store"));
        let log = Arc::new(LogBuffer::default());
        let weak = Arc::downgrade(&storage);
        let pipeline = local::start(options, storage, index, source, log).expect("a pipeline");
        Self { pipeline, storage: weak, last: Arc::default() }
    }

    /// The next snapshot that is as wanted, within a time that only a hang exceeds.
    #[track_caller]
    pub fn until(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(&Snapshot) -> bool,
    ) -> impl Future<Output = Arc<Snapshot>> {
        let place = std::panic::Location::caller();
        let mut snapshots = self.pipeline.snapshots.clone();
        let what = what.to_owned();
        let last = &mut self.last;
        async move {
            let found = tokio::time::timeout(HANG, snapshots.wait_for(|snapshot| wanted(snapshot))).await;
            match found.map(|found| found.map(|snapshot| Arc::clone(&snapshot))) {
                Ok(Ok(snapshot)) => *last = snapshot,
                Ok(Err(_)) => panic!("{place}: the pipeline ended before {what}"),
                Err(_) => {
                    let now = snapshots.borrow().clone();
                    panic!("{place}: no {what} in {HANG:?}: {:#?} {:#?}", now.stages, now.totals);
                }
            }
            Arc::clone(last)
        }
    }

    /// Takes in further fronts.
    pub fn fronts(&self) -> Fronts {
        self.pipeline.fronts.clone()
    }

    pub async fn command(&self, command: Command) {
        self.pipeline.commands.send(command).await.expect("a supervisor");
    }

    pub async fn tell(&self, stage: &str, action: StageAction) {
        self.command(Command::Stage { id: stage.into(), action }).await;
    }

    /// Stops `stage` and waits for it.
    #[track_caller]
    pub fn stop<'a>(&'a mut self, stage: &'a str) -> impl Future<Output = ()> + 'a {
        let place = std::panic::Location::caller();
        async move {
            self.tell(stage, StageAction::Stop).await;
            let what = format!("stopped {stage} ({place})");
            self.until(&what, |snapshot| snapshot.stages[stage].state == StageState::Stopped).await;
        }
    }

    /// Starts `stage` and waits for it.
    #[track_caller]
    pub fn start_stage<'a>(&'a mut self, stage: &'a str) -> impl Future<Output = ()> + 'a {
        let place = std::panic::Location::caller();
        async move {
            self.tell(stage, StageAction::Start).await;
            let what = format!("running {stage} ({place})");
            self.until(&what, |snapshot| snapshot.stages[stage].state == StageState::Running).await;
        }
    }

    /// Waits until every click of a finite source is stored, aggregated and indexed.
    pub async fn finished(&mut self) -> Arc<Snapshot> {
        self.until("the end of the source", |snapshot| snapshot.finished).await
    }

    /// Waits until `clicks` are in the database, aggregated and indexed.
    pub async fn settled(&mut self, clicks: usize) -> Arc<Snapshot> {
        let wanted = |snapshot: &Snapshot| {
            snapshot.totals.clicks == clicks as u64
                && snapshot.stages["aggregate"].backlog == Some(0)
                && snapshot.index.pending == Some(0)
                && snapshot.totals.pages > 0
                && snapshot.index.documents == Some(snapshot.totals.pages)
        };
        self.until("settled figures", wanted).await
    }

    /// Asks for the end and waits for it.
    pub async fn end(self) -> Arc<Snapshot> {
        self.command(Command::Shutdown).await;
        self.ended().await
    }

    /// Waits for the end, and until the data directory is free for the next: the stages' threads let go of it a moment
    /// after they have said that they ended.
    pub async fn ended(self) -> Arc<Snapshot> {
        let last = tokio::time::timeout(HANG, self.pipeline.ended()).await.expect("the pipeline ends");
        let deadline = tokio::time::Instant::now() + HANG;
        while self.storage.strong_count() > 0 {
            assert!(tokio::time::Instant::now() < deadline, "a stage keeps the data directory");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        last
    }
}

/// What the index says of every url × country.
pub async fn indexed(index: &dyn SearchIndex) -> Figures {
    index.refresh().await.expect("refreshed");
    let all = SearchQuery { limit: 1_000_000, ..SearchQuery::default() };
    let documents = index.search(&all).await.expect("documents");
    let figures: BTreeMap<_, _> = documents
        .iter()
        .map(|document| {
            let figure = Figure {
                clicks: document.clicks,
                unique_users: document.unique_users,
                avg_time_spent: document.avg_time_spent,
            };
            ((document.url.clone(), document.country.clone()), figure)
        })
        .collect();
    assert_eq!(figures.len(), documents.len(), "one document a page");
    figures
}

/// Everything that `clicks` must have come to, in the store, the figures and the index, with nothing lost on the way
/// and nothing counted twice.
pub async fn assert_all_there(data: &Data, index: &dyn SearchIndex, snapshot: &Snapshot, clicks: &[OwnedClick]) {
    let totals = snapshot.totals;
    assert_eq!(totals.clicks, clicks.len() as u64, "{totals:?}");
    assert_eq!((totals.duplicates, totals.skipped), (0, 0), "nothing came twice or was skipped: {totals:?}");
    assert_eq!(totals.late, 0, "the kept horizon holds all of them: {totals:?}");
    let wanted = figures::of_clicks(clicks);
    figures::assert_same("kept figures", &figures::kept(data.path()), &wanted);
    figures::assert_same("figures by definition", &figures::by_definition(data.path()), &wanted);
    figures::assert_same("documents", &indexed(index).await, &wanted);
    let offsets = figures::number(data.path(), "SELECT SUM(next_offset) FROM offsets");
    assert_eq!(offsets, clicks.len() as i64, "every offset is stored");
}

/// The database's file.
pub fn database_file(data: &Data) -> PathBuf {
    data.path().join(clicktop::storage::DATABASE_FILE)
}
