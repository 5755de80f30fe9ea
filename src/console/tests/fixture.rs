//! Pipelines to look at, made by hand.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::click::Timestamp;
use crate::engine::local::stage::not_started;
use crate::protocol::ProtocolVersion;
use crate::protocol::answer::{Answer, Answers, LastMinute, PageDetails, RejectRow, Rejects, Trend};
use crate::protocol::board::{Board, CountryRow, PageRow, RecentClick};
use crate::protocol::event::{Event, EventKind};
use crate::protocol::follow::MessageOrigin;
use crate::protocol::outlook::Outlook;
use crate::protocol::question::{PageQuestion, RejectsQuestion, SearchQuestion};
use crate::protocol::snapshot::{
    Health, IndexStatus, LogLevel, LogLine, PartitionStatus, Snapshot, SourceStatus, StoreStatus, Totals,
};
use crate::protocol::source::SourceProgress;
use crate::protocol::trends::{RowTrend, Trends};
use crate::protocol::{SortBy, StageState, View};

/// 2026-01-31T09:30:00Z.
pub(super) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_769_851_800)
}

const NOW_MILLIS: i64 = 1_769_851_800_000;

const COUNTRIES: [(&str, u64); 8] = [
    ("US", 4_812_334),
    ("DE", 2_401_229),
    ("FR", 1_822_001),
    ("日本", 990_312),
    ("BR", 512_200),
    ("IN", 98_304),
    ("unknown", 4_120),
    ("NZ", 12),
];

const URLS: [(&str, u64, u64, Option<f64>); 12] = [
    ("/", 220_129, 99_102, Some(12.34)),
    ("/products/espresso-machine?ref=mail,campaign", 98_221, 61_000, Some(95.0)),
    ("/cart", 51_007, 40_991, Some(4.0)),
    ("/日本語/ページ", 33_333, 22_222, None),
    ("/checkout", 20_118, 19_001, Some(61.5)),
    ("/search?q=caf\u{65}\u{301}", 18_440, 9_120, Some(33.3)),
    ("/👩‍👩‍👧/family", 9_001, 8_001, Some(0.4)),
    (
        "/very/long/path/that/never/ends/and/goes/on/and/on/until/it/does/not/fit/any/screen/of/this/world",
        800,
        700,
        None,
    ),
    ("/a", 70, 60, Some(1.0)),
    ("/b", 60, 50, Some(2.0)),
    ("/c", 50, 40, Some(3.0)),
    ("/d", 40, 30, Some(1700.0)),
];

/// Nothing published yet.
pub(super) fn empty() -> Snapshot {
    Snapshot { stages: not_started(), ..Snapshot::default() }
}

/// All four stages at work on the embedded broker.
pub(super) fn running() -> Snapshot {
    let counts = [
        (6_199_655, 20_012.0, 345),
        (6_198_000, 19_876.0, 165_500),
        (6_197_100, 19_870.0, 900),
        (512_004, 2_145.0, 312),
    ];
    let mut stages = not_started();
    for (stage, (processed, rate, backlog)) in stages.iter_mut().zip(counts) {
        (stage.state, stage.processed) = (StageState::Running, processed);
        (stage.rate, stage.backlog) = (Some(rate), Some(backlog));
    }
    Snapshot {
        protocol: ProtocolVersion,
        at: Some(now()),
        uptime: Duration::from_secs(754),
        source: SourceStatus {
            description: "embedded broker, generated traffic".into(),
            topic: "clicks".into(),
            group: "clicktop".into(),
            progress: Some(SourceProgress { sent: 6_200_000, total: Some(10_000_000), ..SourceProgress::default() }),
        },
        stages,
        totals: Totals {
            ingested: 6_199_655,
            stored: 6_198_000,
            duplicates: 120,
            rejected: 12,
            late: 3,
            clicks: 10_640_512,
            pages: 48_120,
            documents: 47_808,
            ..Totals::default()
        },
        delay: Some(Duration::from_millis(1240)),
        lag: Some(2_000),
        outlook: Outlook::default(),
        partitions: Arc::new([PartitionStatus { partition: 0, lag: Some(2_000), ..PartitionStatus::default() }]),
        store: StoreStatus { path: "clicktop.db".into(), file_bytes: Some(734_003_200), ..StoreStatus::default() },
        index: IndexStatus {
            target: "embedded".into(),
            engine: Some("embedded (SQLite FTS5 3.51.3)".into()),
            health: Health::Green,
            documents: Some(47_808),
            pending: Some(312),
            bulk_p50: Some(Duration::from_micros(3_100)),
            bulk_p99: Some(Duration::from_micros(12_400)),
            bulks: Some(1_204),
            retries: Some(0),
            throttled: Some(0),
            rejected: Some(0),
            conflicts: Some(0),
            foreign: Some(0),
            bytes: Some(18_874_368),
        },
        answers: Answers::default(),
        remote: None,
        timings: Arc::default(),
        board: Arc::new(board(View { country: None, sort: SortBy::Clicks, limit: 200, ..View::default() })),
        recent: recent().into(),
        alarms: Arc::default(),
        notices: Arc::default(),
        log: log().into(),
        events: events().into(),
        shutting_down: None,
        resetting: None,
        last_reset: None,
        finished: false,
    }
}

/// [`running`] with everything the further views show: partitions, transactions, and answers to `car` and `/cart`.
pub(super) fn knowing() -> Snapshot {
    let mut snapshot = running();
    let partition = |partition: i32, stored: i64, lag: u64, paused| PartitionStatus {
        partition,
        position: Some(stored + 40),
        stored: Some(stored),
        low: Some(1_000),
        high: Some(stored + i64::try_from(lag).expect("a small lag")),
        lag: Some(lag),
        paused,
        ..PartitionStatus::default()
    };
    snapshot.partitions = Arc::new([
        partition(0, 3_100_200, 120, false),
        partition(1, 3_098_001, 1_880, true),
        PartitionStatus { partition: 2, ..PartitionStatus::default() },
    ]);
    snapshot.store = StoreStatus {
        wal_bytes: Some(4_194_304),
        transaction: Some(Duration::from_millis(12)),
        transaction_p50: Some(Duration::from_millis(11)),
        transaction_p99: Some(Duration::from_millis(48)),
        transactions: Some(3_120),
        checkpoints: Some(2),
        ..snapshot.store
    };
    let rows = vec![page("/cart", "FR", 51_007), page("/cart", "日本", 900), page("/careers", "US", 12)];
    let asked = SearchQuestion { text: "car".into(), country: None, limit: 200 };
    snapshot.answers.search = Some(Arc::new(Answer { asked, found: Ok(rows.clone()) }));
    let rows = vec![
        reject("timestamp `yesterday` is no time: RFC 3339 or Unix seconds", "1,u,yesterday,/a,DE,,,,"),
        reject("expected 9 fields, found 2", "bell\u{7}and\u{1b}[31mred"),
    ];
    let found = Ok(Rejects { total: 4_012, deleted: 1_700, rows });
    snapshot.answers.rejects = Some(Arc::new(Answer { asked: RejectsQuestion { limit: 200 }, found }));
    let asked = PageQuestion { url: "/cart".into(), clicks: 200 };
    let countries = vec![page("/cart", "FR", 51_007), page("/cart", "日本", 900)];
    let details = PageDetails { countries, clicks: recent(), trend: Some(trend()) };
    snapshot.answers.page = Some(Arc::new(Answer { asked, found: Ok(details) }));
    let mut minute =
        LastMinute::new(snapshot.board.countries.iter().map(|row| (Arc::clone(&row.country), row.clicks / 600)));
    for (row, clicks) in snapshot.board.pages.iter().zip([1_204, 931, 0, 87]) {
        minute.add(Arc::clone(&row.url), Arc::clone(&row.country), clicks);
    }
    snapshot.answers.last_minute = Some(Arc::new(minute));
    snapshot.answers.trends = Some(Arc::new(trends(&snapshot.board)));
    snapshot
}

/// Trends of the rows of `board`: one that rises, one that falls, one that is steady, one that is new.
fn trends(board: &Board) -> Trends {
    let until = Timestamp::from_millis(NOW_MILLIS / 10_000 * 10_000);
    let since = Timestamp::from_millis(until.as_millis() - 300_000);
    let trend = |kind: usize| {
        let clicks = |part: u32| match kind % 4 {
            0 => 20 + part * part,
            1 => 400 - part * 12,
            2 => 8 + part % 3,
            _ => part.saturating_sub(25),
        };
        let before = [2_000, 14_000, 268, 0].into_iter().cycle().nth(kind % 4).unwrap_or(0);
        RowTrend { parts: (0..30).map(clicks).collect(), before }
    };
    let countries = board.countries.iter().enumerate().map(|(at, row)| (Arc::clone(&row.country), trend(at)));
    let mut trends = Trends::new((since, until), true, countries);
    for (at, row) in board.pages.iter().enumerate() {
        trends.add(Arc::clone(&row.url), Arc::clone(&row.country), trend(at));
    }
    trends
}

/// An hour of a url that gets more clicks towards its end.
fn trend() -> Trend {
    let until = Timestamp::from_millis(1_769_851_800_000);
    let clicks = (0..60).map(|part| part * part / 40 + part % 7).collect();
    Trend { since: Timestamp::from_millis(until.as_millis() - 3_600_000), until, clicks }
}

/// The figures of a url in a country.
pub(super) fn page(url: &str, country: &str, clicks: u64) -> PageRow {
    PageRow {
        url: url.into(),
        country: country.into(),
        clicks,
        unique_users: clicks / 2,
        avg_time_spent: Some(4.0),
        timed: Some(clicks / 4),
    }
}

/// A message that could not be decoded.
pub(super) fn reject(reason: &str, payload: &str) -> RejectRow {
    RejectRow {
        at: Timestamp::from_millis(NOW_MILLIS - 5_000),
        stage: "ingest".into(),
        topic: "clicks".into(),
        partition: Some(1),
        offset: Some(3_097_544),
        reason: reason.into(),
        payload: payload.into(),
        payload_bytes: payload.len() as u64,
    }
}

/// The index cannot reach its engine and waits; the source is held back.
pub(super) fn backing_off() -> Snapshot {
    let mut snapshot = running();
    let index = &mut snapshot.stages["index"];
    index.state = StageState::BackingOff {
        cause: "https://search:9200/clicktop refuses connections (tcp connect error: Connection refused)".into(),
        until: now() + Duration::from_millis(4_200),
    };
    (index.rate, index.backlog, index.errors) = (Some(0.0), Some(31_200), 7);
    index.last_error =
        Some("https://search:9200/clicktop refuses connections (tcp connect error: Connection refused)".into());
    snapshot.index.target = "https://search:9200/clicktop".into();
    snapshot.index.engine = Some("elasticsearch 9.1.0".into());
    snapshot.index.health = Health::Unknown;
    snapshot.index.pending = Some(31_200);
    snapshot.index.retries = Some(7);
    snapshot.index.throttled = Some(2);
    if let Some(progress) = &mut snapshot.source.progress {
        progress.held_back = true;
    }
    snapshot
}

/// The store failed; ingest drains; aggregate was stopped; index starts.
pub(super) fn failed() -> Snapshot {
    let mut snapshot = running();
    snapshot.stages["ingest"].state = StageState::Draining { waiting_for: "3 batches to store".into() };
    snapshot.stages["store"].state =
        StageState::Failed { cause: "database disk image is malformed: run `clicktop check`".into() };
    snapshot.stages["store"].rate = None;
    snapshot.stages["store"].errors = 1;
    snapshot.stages["aggregate"].state = StageState::Stopped;
    snapshot.stages["aggregate"].rate = None;
    snapshot.stages["index"].state = StageState::Starting { doing: "creating the index".into() };
    snapshot.stages["index"].rate = None;
    snapshot
}

/// A finite source is done to its end.
pub(super) fn finished() -> Snapshot {
    let mut snapshot = running();
    snapshot.source.description = "replay of clicks.csv".into();
    snapshot.source.progress =
        Some(SourceProgress { sent: 6_200_000, total: Some(6_200_000), ..SourceProgress::default() });
    for stage in snapshot.stages.iter_mut() {
        (stage.rate, stage.backlog) = (Some(0.0), Some(0));
    }
    snapshot.lag = Some(0);
    snapshot.index.pending = Some(0);
    snapshot.finished = true;
    snapshot
}

/// Figures for `view`, as the pipeline would answer.
pub(super) fn board(view: View) -> Board {
    let countries =
        COUNTRIES.map(|(country, clicks)| CountryRow { country: country.into(), clicks, urls: 10 }).to_vec();
    let of = view.country.clone();
    let mut pages: Vec<PageRow> = URLS
        .iter()
        .zip(COUNTRIES.iter().cycle())
        .map(|((url, clicks, users, time), (country, _))| PageRow {
            url: (*url).into(),
            country: of.as_deref().unwrap_or(country).into(),
            clicks: *clicks,
            unique_users: *users,
            avg_time_spent: *time,
            timed: Some(if time.is_some() { clicks / 3 } else { 0 }),
        })
        .collect();
    match view.sort {
        SortBy::Clicks | SortBy::Rising => pages.sort_by_key(|page| std::cmp::Reverse(page.clicks)),
        SortBy::Users => pages.sort_by_key(|page| std::cmp::Reverse(page.unique_users)),
        SortBy::Time => {
            pages.sort_by(|a, b| b.avg_time_spent.unwrap_or(-1.0).total_cmp(&a.avg_time_spent.unwrap_or(-1.0)));
        }
    }
    Board { view, countries, pages, matching: 1_234, problem: None, goes_on: false, comparison: None }
}

/// `snapshot` with the answer to `view`.
pub(super) fn answered(mut snapshot: Snapshot, view: View) -> Snapshot {
    snapshot.board = Arc::new(board(view));
    snapshot
}

/// What came in the two minutes before `snapshot`: throughput that swings, ten seconds in which the store was stopped, figures
/// that are counted a little later than stored, and documents in rounds of eight seconds.
pub(super) fn history(snapshot: &Snapshot) -> Vec<Snapshot> {
    let now = snapshot.uptime.as_secs();
    let rate = |second: u64| 15_000 + 5_000 * (second % 40).min(40 - second % 40) / 20;
    let stopped = |second: u64| (70..80).contains(&(now - second));
    let stored = |second: u64| if stopped(second) { 0 } else { rate(second) - 1_000 };
    let counted = |second: u64| rate(second.saturating_sub(10)) - 4_000;
    let indexed = |second: u64| if second % 8 < 4 { 3_500 } else { 800 };
    (now.saturating_sub(120)..now)
        .map(|second| {
            let mut earlier = snapshot.clone();
            earlier.uptime = Duration::from_secs(second);
            let [ingest, store, aggregate, index] = &mut *earlier.stages else { unreachable!("four stages") };
            ingest.processed -= (second..now).map(rate).sum::<u64>();
            ingest.state = StageState::Running;
            store.processed -= (second..now).map(stored).sum::<u64>();
            store.state = if stopped(second) { StageState::Stopped } else { StageState::Running };
            aggregate.processed -= (second..now).map(counted).sum::<u64>();
            index.processed -= (second..now).map(indexed).sum::<u64>();
            store.backlog = store.backlog.map(|backlog| backlog.saturating_sub((now - second) * 1_500));
            earlier
        })
        .collect()
}

/// A whole day, by the minute and its last quarter of an hour by five seconds: traffic that swells towards the evening; the
/// index was stopped from the tenth hour to the twelfth, the store for three of the last ten minutes.
pub(super) fn day() -> Vec<Snapshot> {
    const DAY: u64 = 86_400;
    let rate = |second: u64| 4_000 + 12_000 * second.min(DAY - second) / (DAY / 2) + 300 * (second / 60 % 7);
    let index_stopped = |second: u64| (36_000..43_200).contains(&second);
    let store_stopped = |second: u64| (DAY - 600..DAY - 420).contains(&second);
    let minutes = (0..DAY - 900).step_by(60).map(|second| (second, 60));
    let newest = (DAY - 900..=DAY).step_by(5).map(|second| (second, 5));
    let mut snapshot = running();
    minutes
        .chain(newest)
        .map(|(second, step)| {
            let done = rate(second) * step;
            let stages = &mut snapshot.stages;
            let state = |stopped| if stopped { StageState::Stopped } else { StageState::Running };
            stages["ingest"].processed += done;
            stages["store"].state = state(store_stopped(second));
            stages["store"].processed += if store_stopped(second) { 0 } else { done * 9 / 10 };
            stages["aggregate"].processed += done * 3 / 4;
            stages["index"].state = state(index_stopped(second));
            stages["index"].processed += if index_stopped(second) { 0 } else { done / 5 };
            snapshot.uptime = Duration::from_secs(second + step);
            snapshot.clone()
        })
        .collect()
}

fn recent() -> Vec<RecentClick> {
    let place = [("US", "New York"), ("DE", "Köln"), ("日本", "東京"), ("BR", "São Paulo")];
    (0_i64..40)
        .zip(URLS.iter().cycle().zip(place.iter().cycle()))
        .map(|(at, ((url, ..), (country, city)))| RecentClick {
            user_id: format!("user-{:05}", at * 37),
            url: (*url).into(),
            country: (*country).into(),
            city: (*city).into(),
            click_id: Some(format!("click-{at}")),
            message: Some(MessageOrigin { topic: "clicks".into(), partition: Some(3), offset: Some(1_000 - at) }),
            read: Some(Timestamp::from_millis(NOW_MILLIS - at * 130 + 20)),
            stored: Some(Timestamp::from_millis(NOW_MILLIS - at * 130 + 45)),
            ..click(Timestamp::from_millis(NOW_MILLIS - at * 130))
        })
        .collect()
}

/// A click of which the engine knows little.
pub(super) fn click(timestamp: Timestamp) -> RecentClick {
    RecentClick {
        timestamp,
        user_id: "user".into(),
        url: "/".into(),
        country: "US".into(),
        city: "unknown".into(),
        click_id: None,
        message: None,
        read: None,
        stored: None,
    }
}

/// What happened in the two minutes before [`now`].
fn events() -> Vec<Event> {
    let event = |seconds: i64, kind, by: Option<&str>, text: &str| Event {
        at: Timestamp::from_millis(NOW_MILLIS - seconds * 1_000),
        kind,
        stage: Some("store".into()),
        by: by.map(Into::into),
        text: text.into(),
    };
    vec![
        event(754, EventKind::Start, None, "the pipeline starts"),
        event(80, EventKind::Stop, Some("key"), "store stopped by key"),
        event(70, EventKind::Start, Some("api"), "store started through the API"),
        event(27, EventKind::Failure, None, "store: database is locked"),
        event(20, EventKind::Recovery, Some("itself"), "store works again after 7 s"),
    ]
}

fn log() -> Vec<LogLine> {
    let line = |at: i64, level, target: &str, message: &str| LogLine {
        at: Timestamp::from_millis(NOW_MILLIS - 60_000 + at * 1_000),
        level,
        target: target.into(),
        message: message.into(),
    };
    let mut lines: Vec<LogLine> =
        (0..30).map(|at| line(at, LogLevel::Debug, "store", &format!("transaction {at} committed"))).collect();
    lines.extend([
        line(31, LogLevel::Info, "ingest", "assigned clicks [0] at offset 6,199,655"),
        line(32, LogLevel::Warn, "index", "429 from the engine, trying again in 2 s"),
        line(33, LogLevel::Error, "store", "database is locked"),
    ]);
    lines
}
