//! The embedded index: filling it, writing the same pages again, and searching for a part of a url.
//!
//! `CLICKTOP_BENCH_DOCUMENTS` sets how many documents the index holds (100,000 by default).

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measures")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use clicktop::click::Timestamp;
use clicktop::search::embedded::Embedded;
use clicktop::search::{Document, SearchIndex, SearchQuery};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

/// Documents in one transaction, as the pipeline sends them.
const BATCH: usize = 10_000;
/// Each url has a document in this many countries.
const COUNTRIES: usize = 25;
/// An odd multiplier that spreads neighbours over the whole range: pages do not arrive in the order of their urls.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
const SECTIONS: [&str; 8] = ["shop", "blog", "help", "account", "search", "news", "video", "about"];

fn documents(count: usize, version: u64) -> Vec<Document> {
    let document = |n: usize| {
        let mixed = (n as u64).wrapping_mul(SPREAD);
        let (page, country) = (n / COUNTRIES, n % COUNTRIES);
        let section = SECTIONS[page % SECTIONS.len()];
        let folder = (page as u64).wrapping_mul(SPREAD) >> 48;
        Document {
            url: format!("https://www.example.com/{section}/{folder:04x}/item-{page}?ref={}", page % 97),
            country: format!("{}{}", char::from(b'A' + (country % 26) as u8), char::from(b'A' + (country / 26) as u8)),
            clicks: mixed >> 44,
            unique_users: mixed >> 48,
            avg_time_spent: Some((mixed >> 50) as f64 / 7.0),
            first_seen: Timestamp::from_millis(1_700_000_000_000),
            last_seen: Timestamp::from_millis(1_700_000_000_000 + n as i64),
            updated_at: Timestamp::from_millis(1_700_000_100_000),
            version,
        }
    };
    let mut documents: Vec<Document> = (0..count).map(document).collect();
    documents.sort_by_key(|document| document.clicks.wrapping_mul(SPREAD));
    documents
}

fn write(runtime: &Runtime, index: &Embedded, documents: &[Document]) {
    for batch in documents.chunks(BATCH) {
        let outcome = runtime.block_on(index.upsert(batch)).expect("the disk takes it");
        assert!(outcome.retry.is_empty() && outcome.rejected.is_empty());
    }
}

fn size() -> usize {
    std::env::var("CLICKTOP_BENCH_DOCUMENTS").ok().and_then(|size| size.parse().ok()).unwrap_or(100_000)
}

fn embedded(c: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let size = size();
    let first = documents(size, 1);

    let mut writing = c.benchmark_group("embedded write");
    writing.sample_size(10).throughput(Throughput::Elements(size as u64));
    writing.bench_function("fill", |b| {
        b.iter_batched(
            || tempfile::tempdir().expect("a directory"),
            |dir| {
                let index = Embedded::open(dir.path()).expect("an index");
                write(&runtime, &index, &first);
                dir
            },
            BatchSize::PerIteration,
        );
    });

    let dir = tempfile::tempdir().expect("a directory");
    let index = Embedded::open(dir.path()).expect("an index");
    write(&runtime, &index, &first);
    let mut version = 1;
    writing.bench_function("upsert", |b| {
        b.iter_batched(
            || {
                version += 1;
                documents(size, version)
            },
            |documents| write(&runtime, &index, &documents),
            BatchSize::PerIteration,
        );
    });
    writing.finish();
    let status = runtime.block_on(index.status()).expect("a status");
    println!("{} documents, {} bytes with the log", status.documents, status.bytes.unwrap_or_default());

    let mut searching = c.benchmark_group("embedded search");
    searching.measurement_time(Duration::from_secs(3)).sample_size(20);
    for (name, text) in [
        ("one page", "item-1234?"),
        ("some pages", "item-12"),
        ("a section", "/video/"),
        ("short", "7?"),
        ("everything", ""),
    ] {
        let query = SearchQuery { text: text.to_owned(), country: None, limit: 50 };
        searching.bench_function(name, |b| {
            b.iter(|| black_box(runtime.block_on(index.search(&query)).expect("an answer")));
        });
    }
    searching.finish();
    quantiles(&runtime, &index);
}

/// Median and 99th percentile over many different parts of urls, which a mean of one query hides.
fn quantiles(runtime: &Runtime, index: &Embedded) {
    let mut times: Vec<Duration> = (0..400_u64)
        .map(|n| {
            let text = match n % 4 {
                0 => format!("item-{n}"),
                1 => format!("/{:03x}", n * 7 % 4096),
                2 => format!("ref={}", n % 97),
                _ => format!("{}/{:02x}", SECTIONS[(n as usize / 4) % SECTIONS.len()], n % 256),
            };
            let query = SearchQuery { text, country: None, limit: 50 };
            let started = Instant::now();
            black_box(runtime.block_on(index.search(&query)).expect("an answer"));
            started.elapsed()
        })
        .collect();
    times.sort();
    println!("400 searches: p50 {:?}, p99 {:?}", times[200], times[396]);
}

criterion_group!(benches, embedded);
criterion_main!(benches);
