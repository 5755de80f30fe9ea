//! One frame of the console at 200 × 60, from the snapshot's arrival to the drawn screen, with 500,000 rows of url × country
//! behind it: a real pipeline has stored, aggregated and published them.

use std::sync::Arc;
use std::time::Duration;

use clicktop::click::{Click, ClickBatch, FieldLimits, Format, Timestamp};
use clicktop::console::{ConsoleOptions, Offscreen};
use clicktop::engine::alarms::AlarmOptions;
use clicktop::engine::local::stages::aggregate::AggregateOptions;
use clicktop::engine::local::stages::ingest::{GroupProtocol, KafkaOptions, OnLostOffset, StartAt};
use clicktop::engine::local::{self, EventSource, PipelineOptions};
use clicktop::engine::stages::index::IndexOptions;
use clicktop::engine::status::log::LogBuffer;
use clicktop::protocol::snapshot::SourceStatus;
use clicktop::protocol::{Command, Snapshot};
use clicktop::search::Bulk;
use clicktop::search::embedded::Embedded;
use clicktop::source::EmbeddedBroker;
use clicktop::storage::figures::AggregateSettings;
use clicktop::storage::{IngestBatch, Storage, StorageOptions};
use clicktop::theme::ColorMode;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

const URLS: usize = 25_000;
const COUNTRIES: usize = 20;
const TOPIC: &str = "clicks";

/// Every url in every country once, and then some.
fn fill(storage: &Storage) {
    let mut made = 0_i64;
    for country in 0..COUNTRIES {
        let mut clicks = ClickBatch::with_capacity(URLS);
        let country = format!("Country {country}");
        for url in 0..URLS {
            made += 1;
            let (id, user, url) = (format!("c{made}"), format!("u{}", made % 5_000), format!("/shop/item/{url}"));
            clicks.push(&Click {
                click_id: &id,
                user_id: &user,
                timestamp: Timestamp::from_millis(1_700_000_000_000 + made),
                url: &url,
                country: &country,
                city: "City",
                browser: "Firefox",
                os: "Linux",
                device: "desktop",
            });
        }
        storage.store(&IngestBatch { clicks, ..IngestBatch::default() }).expect("stored");
    }
}

fn options(broker: &EmbeddedBroker) -> (PipelineOptions, EventSource) {
    let kafka = KafkaOptions {
        mapping: None,
        properties: vec![("bootstrap.servers".to_owned(), broker.bootstrap_servers().to_owned())],
        topic: TOPIC.to_owned(),
        group: "frame".to_owned(),
        group_protocol: GroupProtocol::Classic,
        format: Format::Auto,
        field_limits: FieldLimits::default(),
        start: StartAt::Earliest,
        on_lost_offset: OnLostOffset::Stop,
        max_batch_bytes: clicktop::engine::local::stages::ingest::DEFAULT_MAX_BATCH_BYTES,
        schemas: None,
        pseudonyms: None,
        batch_events: 1_000,
        batch_interval: Duration::from_millis(50),
    };
    let pipeline = PipelineOptions {
        source: SourceStatus { topic: TOPIC.to_owned(), ..SourceStatus::default() },
        queue_batches: 4,
        retention: None,
        aggregate: AggregateOptions {
            settings: AggregateSettings { session_timeout_ms: 1_800_000, recent_clicks: 1_000_000 },
            interval: Duration::from_millis(100),
        },
        index: IndexOptions { interval: Duration::from_millis(100), bulk: Bulk { documents: 2_000, in_flight: 2 } },
        shutdown_timeout: Duration::from_secs(60),
        alarms: AlarmOptions::default(),
    };
    (pipeline, EventSource::Kafka(kafka, None))
}

/// What a pipeline with all those rows publishes once it has seen them.
fn published() -> Snapshot {
    let directory = tempfile::tempdir().expect("a directory");
    let storage = Arc::new(Storage::open(directory.path(), StorageOptions::default()).expect("a new store"));
    fill(&storage);
    let index = Arc::new(Embedded::open(directory.path()).expect("an index"));
    let broker = EmbeddedBroker::start(TOPIC, 1).expect("a broker");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let (options, source) = options(&broker);
        let log = Arc::new(LogBuffer::default());
        let mut pipeline = local::start(options, storage, index, source, log).expect("a pipeline");
        let rows = (URLS * COUNTRIES) as u64;
        let all = |snapshot: &Arc<Snapshot>| snapshot.board.matching == rows && snapshot.index.documents == Some(rows);
        let snapshot = Snapshot::clone(&**pipeline.snapshots.wait_for(all).await.expect("a snapshot"));
        pipeline.commands.send(Command::Shutdown).await.expect("taken");
        while pipeline.snapshots.changed().await.is_ok() {}
        snapshot
    })
}

fn frames(criterion: &mut Criterion) {
    let mut snapshot = published();
    assert_eq!(snapshot.board.matching, (URLS * COUNTRIES) as u64);
    let mut group = criterion.benchmark_group("frame 200x60");
    let options = ConsoleOptions { color: ColorMode::True, ..ConsoleOptions::default() };
    for (name, key) in
        [("overview", 1), ("partitions", 2), ("store", 3), ("rejects", 4), ("search", 5), ("log", 6), ("map", 7)]
    {
        let mut console = Offscreen::new(options.clone(), 200, 60);
        // Some minutes of history behind the chart.
        for _ in 0..1_200 {
            console.show(next(&mut snapshot));
        }
        console.press(KeyEvent::new(KeyCode::F(key), KeyModifiers::NONE));
        console.frame();
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || next(&mut snapshot),
                |snapshot| {
                    console.show(snapshot);
                    console.frame().area
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// The snapshot a quarter of a second later: other counters, and a board made anew.
fn next(snapshot: &mut Snapshot) -> Arc<Snapshot> {
    snapshot.uptime += Duration::from_millis(250);
    snapshot.totals.clicks += 12_345;
    snapshot.stages["ingest"].processed += 12_345;
    snapshot.stages["store"].processed += 12_345;
    let mut board = (*snapshot.board).clone();
    for page in &mut board.pages {
        page.clicks += 7;
    }
    snapshot.board = Arc::new(board);
    Arc::new(snapshot.clone())
}

criterion_group!(benches, frames);
criterion_main!(benches);
