//! Dictionary coding: the five texts of a click that repeat, to the numbers that stand for them.

use clicktop::click::ClickBatch;
use clicktop::source::traffic::{Generator, GeneratorOptions};
use clicktop::storage::{Storage, StorageOptions};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const BATCH: usize = 20_000;

fn traffic(users: u64, urls: u32) -> Generator {
    Generator::new(GeneratorOptions { users, urls, ..GeneratorOptions::default() }).expect("valid options")
}

fn batch(traffic: &mut Generator) -> ClickBatch {
    let mut clicks = ClickBatch::with_capacity(BATCH);
    for _ in 0..BATCH {
        clicks.push(&traffic.next_click().expect("endless traffic"));
    }
    clicks
}

fn coding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dictionary");
    group.throughput(Throughput::Elements(BATCH as u64)).sample_size(30);
    for (name, users, urls) in [("50k users, 2k urls", 50_000, 2_000), ("1M users, 20k urls", 1_000_000, 20_000)] {
        let directory = tempfile::tempdir().expect("a directory");
        let storage = Storage::open(directory.path(), StorageOptions::default()).expect("a new store");
        let mut traffic = traffic(users, urls);
        // The tables as they are after some millions of clicks.
        for _ in 0..150 {
            storage.intern_texts(&batch(&mut traffic)).expect("room on the disk");
        }
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || batch(&mut traffic),
                |clicks| storage.intern_texts(&clicks).expect("room on the disk"),
                BatchSize::PerIteration,
            );
        });
    }
    // Nobody has been here before: every user and every url is new.
    group.bench_function("all new", |bencher| {
        let mut made = 0_u64;
        let directory = tempfile::tempdir().expect("a directory");
        let storage = Storage::open(directory.path(), StorageOptions::default()).expect("a new store");
        bencher.iter_batched(
            || {
                let mut clicks = ClickBatch::with_capacity(BATCH);
                let mut traffic = traffic(50_000, 2_000);
                for _ in 0..BATCH {
                    made += 1;
                    let click = traffic.next_click().expect("endless traffic");
                    let (user, url) = (format!("v{made}"), format!("/new/{made}"));
                    clicks.push(&clicktop::click::Click { user_id: &user, url: &url, ..click });
                }
                clicks
            },
            |clicks| storage.intern_texts(&clicks).expect("room on the disk"),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, coding);
criterion_main!(benches);
