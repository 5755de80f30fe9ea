//! A window of event time with millions of clicks in it: filling it, and bringing it up to date; and breakdowns of the same clicks.
//!
//! `cargo bench --bench window` takes 5 M clicks of an eighth as many users, or what `CLICKTOP_BENCH_CLICKS` and
//! `CLICKTOP_BENCH_USERS` say, and prints besides what the window takes in memory, and how long it takes to forget it all.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints what it measures")]

use std::time::{Duration, Instant};

use clicktop::click::{Click, ClickBatch, Timestamp};
use clicktop::engine::local::query::board::{Limits, MadeBoard, StoredBoards};
use clicktop::engine::local::query::breakdown::count_breakdown;
use clicktop::protocol::breakdown::BreakdownQuestion;
use clicktop::protocol::{Dimension, View, Window};
use clicktop::storage::{IngestBatch, Reader, Storage, StorageOptions};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const SESSION_TIMEOUT_MS: i64 = 1_800_000;
const BATCH: u64 = 20_000;
const HOUR_MS: u64 = 3_600_000;

/// Clicks of one hour after the other, evenly spread over time and users.
struct Traffic {
    random: StdRng,
    a_hour: u64,
    users: u64,
    next: u64,
}

impl Traffic {
    fn batch(&mut self, clicks: u64) -> IngestBatch {
        let mut batch = ClickBatch::with_capacity(usize::try_from(clicks).unwrap_or(0));
        for _ in 0..clicks {
            let at = i64::try_from(self.next * HOUR_MS / self.a_hour).unwrap_or(i64::MAX);
            let user = self.random.random_range(0..self.users);
            // Half of the clicks go to a hundred urls.
            let url = match self.random.random_bool(0.5) {
                true => self.random.random_range(0..100),
                false => self.random.random_range(0..20_000),
            };
            batch.push(&Click {
                click_id: &uuid::Uuid::from_u128(self.random.random()).to_string(),
                user_id: &format!("user {user}"),
                timestamp: Timestamp::from_millis(at),
                url: &format!("/{url}"),
                country: ["FR", "DE", "US", "IN", "BR"][usize::try_from(user % 5).unwrap_or(0)],
                city: "",
                browser: ["Firefox", "Chrome", "Safari"][usize::try_from(user % 3).unwrap_or(0)],
                os: "",
                device: "",
            });
            self.next += 1;
        }
        IngestBatch { clicks: batch, ..IngestBatch::default() }
    }
}

fn make(boards: &mut StoredBoards, reader: &mut Reader) -> MadeBoard {
    let view = View { window: Window::LastHour, ..View::default() };
    loop {
        let made =
            boards.make(&view, None, Timestamp::from_millis(i64::MAX), reader, &|| false).expect("a readable store");
        if !made.goes_on {
            return made;
        }
    }
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

fn window(criterion: &mut Criterion) {
    let given = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let clicks = given("CLICKTOP_BENCH_CLICKS").unwrap_or(5_000_000);
    let users = given("CLICKTOP_BENCH_USERS").unwrap_or(clicks / 8);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let storage = Storage::open(directory.path(), StorageOptions::default()).expect("a new store");
    let mut traffic = Traffic { random: StdRng::seed_from_u64(1), a_hour: clicks, users, next: 0 };
    for _ in 0..clicks / BATCH {
        storage.store(&traffic.batch(BATCH)).expect("room on the disk");
    }
    let mut reader = storage.reader().expect("a readable store");
    for (name, live_bytes) in [("moving", Limits::default().live_bytes), ("in passes", 0)] {
        let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, Limits { live_bytes, ..Limits::default() });
        let (before, begin) = (resident(), Instant::now());
        let board = make(&mut boards, &mut reader).board.expect("a board");
        let (took, bytes) = (begin.elapsed(), resident().saturating_sub(before));
        println!(
            "{name}: {clicks} clicks of {users} users, {} pages, filled in {took:.2?}, {} MiB, {} bytes a click; {}",
            board.matching,
            bytes >> 20,
            bytes / clicks,
            board.problem.as_deref().unwrap_or("exact and new"),
        );
    }
    for by in Dimension::ALL {
        let begin = Instant::now();
        let question = BreakdownQuestion { by, limit: 200, ..BreakdownQuestion::default() };
        let now = Timestamp::from_millis(i64::MAX);
        let found = count_breakdown(&question, SESSION_TIMEOUT_MS, now, &mut reader, |_| {}).expect("a breakdown");
        println!("by {}: {clicks} clicks, {} values, counted in {:.2?}", by.name(), found.values, begin.elapsed());
    }
    let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, Limits::default());
    make(&mut boards, &mut reader);
    let mut group = criterion.benchmark_group("window");
    group.sample_size(20).measurement_time(Duration::from_secs(10));
    for new in [1_000, 10_000] {
        // As many come as fall out of its beginning.
        group.bench_function(format!("refresh, {new} new and as many gone"), |bencher| {
            bencher.iter_batched(
                || storage.store(&traffic.batch(new)).expect("room on the disk"),
                |_| make(&mut boards, &mut reader),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
    let (begin, stored) = (Instant::now(), storage.erase_events().expect("a writable store"));
    println!("forgetting {stored} clicks: {:.2?}", begin.elapsed());
}

criterion_group!(benches, window);
criterion_main!(benches);
