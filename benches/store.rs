//! Storing a batch, and aggregating what is stored: events a second of each alone.

use clicktop::click::ClickBatch;
use clicktop::engine::local::stages::aggregate;
use clicktop::source::traffic::{Generator, GeneratorOptions};
use clicktop::storage::figures::AggregateSettings;
use clicktop::storage::{IngestBatch, Storage, StorageOptions};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const BATCH: usize = 20_000;
const SETTINGS: AggregateSettings = AggregateSettings { session_timeout_ms: 1_800_000, recent_clicks: 2_000_000 };

/// Batches of generated traffic, one after another.
struct Traffic(Generator);

impl Traffic {
    fn new() -> Self {
        Self(Generator::new(GeneratorOptions::default()).expect("the default options are valid"))
    }

    fn batch(&mut self) -> IngestBatch {
        let mut clicks = ClickBatch::with_capacity(BATCH);
        for _ in 0..BATCH {
            if let Some(click) = self.0.next_click() {
                clicks.push(&click);
            }
        }
        IngestBatch { clicks, ..IngestBatch::default() }
    }
}

fn store(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("store");
    group.throughput(Throughput::Elements(BATCH as u64)).sample_size(20);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let storage = Storage::open(directory.path(), StorageOptions::default()).expect("a new store");
    let mut traffic = Traffic::new();
    group.bench_function("new clicks", |bencher| {
        bencher.iter_batched(
            || traffic.batch(),
            |batch| storage.store(&batch).expect("room on the disk"),
            BatchSize::PerIteration,
        );
    });
    let known = traffic.batch();
    storage.store(&known).expect("room on the disk");
    group.bench_function("duplicates", |bencher| bencher.iter(|| storage.store(&known).expect("room on the disk")));
    group.finish();
}

fn aggregate_all(criterion: &mut Criterion) {
    const BATCHES: usize = 25;
    let mut group = criterion.benchmark_group("aggregate");
    group.throughput(Throughput::Elements((BATCHES * BATCH) as u64)).sample_size(10);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let storage = Storage::open(directory.path(), StorageOptions::default()).expect("a new store");
    let mut traffic = Traffic::new();
    for _ in 0..BATCHES {
        storage.store(&traffic.batch()).expect("room on the disk");
    }
    group.bench_function("rebuild, reading included", |bencher| {
        bencher.iter(|| aggregate::rebuild(&storage, SETTINGS, |_| {}).expect("a readable store"));
    });
    group.finish();
}

criterion_group!(benches, store, aggregate_all);
criterion_main!(benches);
