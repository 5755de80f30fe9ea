//! Document building: from the changed rows of url × country to what a search engine is sent.

use std::hint::black_box;

use clicktop::click::ClickBatch;
use clicktop::engine::local::stages::aggregate;
use clicktop::engine::stages::index::document;
use clicktop::search::Document;
use clicktop::source::traffic::{Generator, GeneratorOptions};
use clicktop::storage::figures::{AggregateSettings, IndexCursor};
use clicktop::storage::{IngestBatch, Storage, StorageOptions};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const CLICKS: usize = 500_000;
/// As many as one round of the index reads by default: two requests of 2,000.
const ROUND: usize = 4_000;

fn documents(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().expect("a directory");
    let storage = Storage::open(directory.path(), StorageOptions::default()).expect("a new store");
    let mut traffic = Generator::new(GeneratorOptions::default()).expect("valid options");
    let mut clicks = ClickBatch::with_capacity(CLICKS);
    for _ in 0..CLICKS {
        clicks.push(&traffic.next_click().expect("endless traffic"));
    }
    let batch = IngestBatch { clicks, ..IngestBatch::default() };
    storage.store(&batch).expect("room on the disk");
    let settings = AggregateSettings { session_timeout_ms: 1_800_000, recent_clicks: 2_000_000 };
    let rebuilt = aggregate::rebuild(&storage, settings, |_| {}).expect("a readable store");

    let mut group = criterion.benchmark_group("documents");
    let reader = storage.reader().expect("a reader");
    group.throughput(Throughput::Elements(ROUND as u64));
    let pages = reader.pages_after(IndexCursor::default(), ROUND).expect("rows");
    assert_eq!(pages.len(), ROUND, "rows for a whole round");
    group.bench_function("build", |bencher| {
        bencher.iter(|| black_box(&pages).iter().map(document).collect::<Vec<Document>>());
    });
    group.bench_function("read and build a round", |bencher| {
        bencher.iter(|| {
            let pages = reader.pages_after(black_box(IndexCursor::default()), ROUND).expect("rows");
            pages.iter().map(document).collect::<Vec<Document>>()
        });
    });
    group.throughput(Throughput::Elements(rebuilt.pages)).sample_size(10);
    group.bench_function("read and build all", |bencher| {
        bencher.iter(|| {
            let (mut cursor, mut built) = (IndexCursor::default(), 0);
            loop {
                let pages = reader.pages_after(cursor, ROUND).expect("rows");
                let Some(last) = pages.last() else { break };
                cursor = last.at;
                built += black_box(pages.iter().map(document).collect::<Vec<Document>>()).len() as u64;
            }
            assert_eq!(built, rebuilt.pages, "every row");
        });
    });
    group.finish();
}

criterion_group!(benches, documents);
criterion_main!(benches);
