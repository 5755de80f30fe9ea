//! The protocol as JSON: golden files, round trips, and other versions.
//!
//! `UPDATE_GOLDEN=1 cargo test --lib protocol::` renews the golden files. Read their diff before you commit it. Raise
//! [`PROTOCOL_VERSION`] if an older reader would misunderstand the new form.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::alarm::AlarmId;
use super::answer::{Answer, Answers, LastMinute, PageDetails, RejectRow, Rejects, Trend};
use super::board::{Board, CountryRow, PageRow, RecentClick};
use super::breakdown::{Breakdown, BreakdownRow, GroupFigures};
use super::compare::{Ago, ComparedParts, Comparison, Earlier};
use super::event::{Event, EventKind};
use super::follow::MessageOrigin;
use super::outlook::{LagTrend, Loss, Outlook};
use super::question::{BreakdownQuestion, PageQuestion, RejectsQuestion, SearchQuestion};
use super::snapshot::{
    Health, IndexStatus, LogLevel, LogLine, Notice, PartitionStatus, ResetEnd, SourceStatus, StoreStatus, Totals,
};
use super::source::{SourceEnd, SourceProgress};
use super::stage::{ItemUnit, StageArrow};
use super::table::{Table, TablePart};
use super::trends::{RowTrend, Trends};
use super::*;
use crate::click::Timestamp;

mod alarms;
mod follow;
mod remote;

use alarms::{alarms, timings};
use remote::remote;

const AT: Timestamp = Timestamp::from_millis(1_769_851_800_125);

fn moment() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_769_851_800_125)
}

/// Compares `value` with its golden file, and reads it back from there.
#[track_caller]
fn golden<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(name: &str, value: &T) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/protocol/golden").join(format!("{name}.json"));
    let mut json = serde_json::to_string_pretty(value).expect("serializes");
    json.push('\n');
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &json).expect("written");
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(json, stored, "{name}: run UPDATE_GOLDEN=1 cargo test --lib protocol:: and read the diff");
    assert_eq!(serde_json::from_str::<T>(&stored).expect("deserializes"), *value, "{name}");
}

fn unit(one: &str, many: &str, short: &str) -> ItemUnit {
    ItemUnit { one: one.into(), many: many.into(), short: short.into() }
}

fn stage(id: &str, state: StageState, next: Option<&str>) -> StageStatus {
    let info = StageInfo {
        id: id.into(),
        title: format!("the {id}").into(),
        unit: unit("click", "clicks", "clicks"),
        backlog_unit: unit("message", "messages", "msgs"),
        actions: vec![StageAction::Start, StageAction::Stop, StageAction::Restart],
        feeds: next.map(|to| StageArrow { to: to.into(), waits: true }).into_iter().collect(),
        before_figures: true,
    };
    StageStatus {
        info: Arc::new(info),
        state,
        processed: u64::MAX,
        rate: Some(20_012.5),
        backlog: Some(345),
        errors: 2,
        last_error: Some("disk full".into()),
        last_error_at: Some(moment()),
    }
}

fn states() -> [StageState; 6] {
    [
        StageState::Stopped,
        StageState::Starting { doing: "loading figures".into() },
        StageState::Running,
        StageState::BackingOff { cause: "refused".into(), until: moment() },
        StageState::Draining { waiting_for: "3 batches".into() },
        StageState::Failed { cause: "disk gone".into() },
    ]
}

fn page() -> PageRow {
    PageRow {
        url: "/caf\u{e9}?q=\u{1b}[2J".into(),
        country: "FR".into(),
        clicks: 9_007_199_254_740_993,
        unique_users: 7,
        avg_time_spent: Some(61.25),
        timed: Some(3),
    }
}

fn recent() -> RecentClick {
    RecentClick {
        timestamp: AT,
        user_id: "u1".into(),
        url: "/cart".into(),
        country: "unknown".into(),
        city: "Paris".into(),
        click_id: Some("c1".into()),
        message: Some(MessageOrigin { topic: "clicks".into(), partition: Some(3), offset: Some(42) }),
        read: Some(AT),
        stored: Some(AT),
    }
}

fn view() -> View {
    View {
        country: Some("FR".into()),
        sort: SortBy::Time,
        limit: 200,
        window: Window::LastFiveMinutes,
        filter: "!~^/cart".into(),
        min_timed: 10,
        compare: Some(Ago::Day),
    }
}

fn answers() -> Answers {
    let mut last_minute = LastMinute::new([("FR".into(), 12)]);
    last_minute.add("/cart".into(), "FR".into(), 5);
    let mut trends = Trends::new((AT, AT), true, [("FR".into(), RowTrend { parts: vec![7, 5], before: 9 })]);
    trends.add("/cart".into(), "FR".into(), RowTrend { parts: vec![3, 0], before: 1 });
    let reject = RejectRow {
        at: AT,
        stage: "ingest".into(),
        topic: "clicks".into(),
        partition: Some(3),
        offset: Some(42),
        reason: "`url` is missing or empty".into(),
        payload: "{}".into(),
        payload_bytes: 2,
    };
    Answers {
        search: Some(Arc::new(Answer { asked: search(), found: Ok(vec![page()]) })),
        rejects: Some(Arc::new(Answer {
            asked: RejectsQuestion { limit: 100 },
            found: Ok(Rejects { total: 1, deleted: 2, rows: vec![reject] }),
        })),
        page: Some(Arc::new(Answer {
            asked: page_question(),
            found: Ok(PageDetails {
                countries: vec![page()],
                clicks: vec![recent()],
                trend: Some(Trend { since: AT, until: AT, clicks: vec![1, 0, 2] }),
            }),
        })),
        click: Some(follow::answer()),
        breakdown: Some(Arc::new(Answer {
            asked: breakdown_question(),
            found: Ok(Breakdown {
                rows: vec![BreakdownRow {
                    value: "Paris".into(),
                    country: Some("FR".into()),
                    figures: GroupFigures { clicks: 3, unique_users: 2, avg_time_spent: Some(1.5), timed: 2 },
                }],
                values: 1,
                total: GroupFigures { clicks: 3, unique_users: 2, avg_time_spent: None, timed: 0 },
                since: Some(AT),
                counted_percent: Some(40),
            }),
        })),
        last_minute: Some(Arc::new(last_minute)),
        trends: Some(Arc::new(trends)),
        waiting: Some("asked Spark 4 s ago: 12 of 40 tasks are done".to_owned()),
    }
}

fn search() -> SearchQuestion {
    SearchQuestion { text: "shoes".into(), country: None, limit: 50 }
}

fn breakdown_question() -> BreakdownQuestion {
    BreakdownQuestion {
        by: Dimension::City,
        country: Some("FR".into()),
        url: Some("/cart".into()),
        window: Window::LastHour,
        sort: SortBy::Users,
        min_timed: 10,
        limit: 20,
    }
}

fn page_question() -> PageQuestion {
    PageQuestion { url: "/cart".into(), clicks: 20 }
}

/// A snapshot with a value in every field.
pub(crate) fn full() -> Snapshot {
    let names = ["one", "two", "three", "four", "five", "six"];
    let stages = states()
        .into_iter()
        .enumerate()
        .map(|(place, state)| stage(names[place], state, names.get(place + 1).copied()));
    Snapshot {
        protocol: ProtocolVersion,
        at: Some(moment()),
        uptime: Duration::from_micros(754_000_125),
        source: SourceStatus {
            description: "replay of clicks.csv".into(),
            topic: "clicks".into(),
            group: "clicktop".into(),
            progress: Some(SourceProgress {
                sent: 10,
                total: Some(10),
                bytes_read: 1_000,
                bytes_total: Some(1_000),
                held_back: true,
                first_no_click: Some("line 3: not a click".into()),
                read_before: Some("a.csv: read before".into()),
                end: Some(SourceEnd { offsets: [(0, 5), (1, 5)].into() }),
                error: Some("disk gone".into()),
            }),
        },
        stages: stages.collect(),
        totals: Totals {
            ingested: 1,
            stored: 2,
            duplicates: 3,
            expired: 4,
            future: 5,
            rejected: 6,
            left_out: 12,
            bots: 4,
            late: 7,
            skipped: 8,
            clicks: 9,
            pages: 10,
            documents: 11,
        },
        delay: Some(Duration::from_millis(1_240)),
        lag: Some(2_000),
        partitions: Arc::new([PartitionStatus {
            partition: 1,
            position: Some(5),
            stored: Some(4),
            low: Some(0),
            high: Some(6),
            lag: Some(2),
            paused: true,
            behind: Some(Duration::from_millis(12_000)),
            growth: Some(-40),
            loses_in: Some(Duration::from_secs(7_200)),
        }]),
        outlook: Outlook {
            growth: Some(-40),
            trend: Some(LagTrend::Shrinks),
            clears: Some(Duration::from_secs(50)),
            behind: Some(Duration::from_millis(12_000)),
            loss: Some(Loss { partition: 1, after: Duration::from_secs(7_200) }),
            remaining: Some(Duration::from_secs(90)),
        },
        store: StoreStatus {
            path: "clicktop.db".into(),
            file_bytes: Some(4_096),
            wal_bytes: Some(8_192),
            transaction: Some(Duration::from_micros(1_500)),
            transaction_p50: Some(Duration::from_micros(1_250)),
            transaction_p99: Some(Duration::from_micros(9_999)),
            transactions: Some(3),
            checkpoints: Some(1),
            expired_before: Some(AT),
            deleted: 2,
            rejects: 1,
            rejects_deleted: 1,
        },
        index: IndexStatus {
            target: "https://search:9200/clicktop".into(),
            engine: Some("elasticsearch 9.1.0".into()),
            health: Health::Yellow,
            documents: Some(11),
            pending: Some(1),
            bulk_p50: Some(Duration::from_micros(3_100)),
            bulk_p99: Some(Duration::from_micros(12_400)),
            bulks: Some(5),
            retries: Some(4),
            throttled: Some(3),
            rejected: Some(2),
            conflicts: Some(1),
            foreign: Some(6),
            bytes: Some(4_096),
        },
        remote: Some(Arc::new(remote())),
        timings: Arc::new(timings()),
        board: Arc::new(Board {
            view: view(),
            countries: vec![CountryRow { country: "FR".into(), clicks: 12, urls: 3 }],
            pages: vec![page()],
            matching: 1,
            problem: Some("the window is too large".into()),
            goes_on: true,
            comparison: Some(Arc::new(comparison())),
        }),
        answers: answers(),
        recent: Arc::new([recent()]),
        recent_left_out: 4_213,
        alarms: Arc::new(alarms()),
        notices: Arc::new([Notice { at: AT, text: "messages of clicks look like gzip".into() }]),
        log: Arc::new([LogLine {
            at: AT,
            level: LogLevel::Warn,
            target: "ingest".into(),
            message: "1 rejected".into(),
        }]),
        events: Arc::new([Event {
            at: AT,
            kind: EventKind::Stop,
            stage: Some("one".into()),
            by: Some("key".into()),
            text: "one stopped by key".into(),
        }]),
        shutting_down: Some("store: 3 batches".into()),
        resetting: Some("deleting every click and figure".into()),
        last_reset: Some(ResetEnd { number: 1, deleted: Ok(9), cleared: Some(11) }),
        finished: true,
    }
}

fn comparison() -> Comparison {
    let parts = ComparedParts { part: Duration::from_secs(5), now: vec![3, 9], before: vec![4, 5] };
    let mut comparison = Comparison::new(Ago::Day, (AT, AT), parts, [("FR".into(), 9)]);
    let earlier = Earlier { clicks: 9, unique_users: 4, avg_time_spent: Some(1.5) };
    comparison.add("/cart".into(), "FR".into(), earlier);
    comparison
}

#[test]
fn a_snapshot_is_its_golden_file() {
    golden("snapshot", &full());
}

#[test]
fn an_empty_snapshot_is_its_golden_file() {
    golden("snapshot_empty", &Snapshot::default());
}

#[test]
fn every_command_is_in_the_golden_file() {
    golden(
        "commands",
        &[
            Command::Stage { id: "ingest".into(), action: StageAction::Start },
            Command::Stage { id: "ingest".into(), action: StageAction::Stop },
            Command::Stage { id: "ingest".into(), action: StageAction::Restart },
            Command::StartAll,
            Command::StopAll,
            Command::Reset,
            Command::Acknowledge(AlarmId { name: "behind".into(), stage: None }),
            Command::Acknowledge(AlarmId { name: "stage".into(), stage: Some("ingest".into()) }),
            Command::AcknowledgeAll,
            Command::View(View::default()),
            Command::View(view()),
            Command::View(View { sort: SortBy::Rising, ..View::default() }),
            Command::Ask(Question::Search(search())),
            Command::Ask(Question::Rejects(RejectsQuestion { limit: 100 })),
            Command::Ask(Question::Page(page_question())),
            Command::Ask(Question::Breakdown(breakdown_question())),
            Command::Ask(Question::Click(follow::question())),
            Command::Ask(Question::LastMinute),
            Command::Ask(Question::Trends),
            Command::Ask(Question::Cluster),
            Command::Ask(Question::Rounds),
            Command::Shutdown,
            Command::ShutdownAnd(RemoteWork::Leave),
            Command::ShutdownAnd(RemoteWork::Stop),
        ]
        .to_vec(),
    );
}

#[test]
fn every_table_and_part_of_a_table_is_in_the_golden_file() {
    golden("tables", &vec![Table::View(view()), Table::Rejects { filter: "csv".into() }, Table::Search(search())]);
    golden(
        "table_parts",
        &vec![
            TablePart::Rows(2),
            TablePart::Pages(vec![page()]),
            TablePart::Rejects(Vec::new()),
            TablePart::End { complete: true },
            TablePart::Failed("disk gone".into()),
        ],
    );
}

#[test]
fn a_failed_answer_and_a_failed_reset_come_back() {
    let unknown = Remote { rounds: Some(Arc::new(Err("no session".into()))), ..Remote::default() };
    let failed = Answers {
        search: Some(Arc::new(Answer { asked: search(), found: Err("no route".into()) })),
        ..Answers::default()
    };
    let end = ResetEnd { number: 2, deleted: Err("store does not stop".into()), cleared: None };
    golden(
        "failures",
        &Snapshot { answers: failed, last_reset: Some(end), remote: Some(Arc::new(unknown)), ..Snapshot::default() },
    );
}

#[test]
fn a_front_that_prints_lines_gets_the_sums_of_the_cluster_and_the_newest_batch() {
    let full = full();
    let (light, before) = (full.light().remote.expect("a cluster"), remote());
    let (cluster, sums) = (light.cluster.as_ref().expect("sums"), before.cluster.expect("sums"));
    assert_eq!((cluster.cores, cluster.executors.len(), cluster.running.len()), (sums.cores, 0, 0));
    assert_eq!(light.query.as_ref().map(|query| query.batches.len()), Some(1));
    assert_eq!((light.rounds.as_ref(), &light.outlives), (None, &before.outlives));
}

#[test]
fn another_version_is_refused_with_one_clear_line() {
    let mut json = serde_json::to_value(full()).expect("serializes");
    json["protocol"] = (PROTOCOL_VERSION + 1).into();
    let error = serde_json::from_value::<Snapshot>(json).expect_err("another version").to_string();
    assert!(error.contains("version 2 of the protocol") && error.contains("this clicktop version 1"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn a_field_that_a_newer_engine_adds_is_no_error() {
    let mut json = serde_json::to_value(full()).expect("serializes");
    json["of_the_future"] = true.into();
    assert_eq!(serde_json::from_value::<Snapshot>(json).expect("read"), full());
}

#[test]
fn another_version_is_refused_before_anything_else_of_it_is_read() {
    let text = format!(r#"{{"protocol":{},"at":[7],"stages":"none"}}"#, PROTOCOL_VERSION + 1);
    let error = serde_json::from_str::<Snapshot>(&text).expect_err("another version").to_string();
    assert!(error.contains("version 2 of the protocol"), "{error}");
    let error = serde_json::from_str::<Snapshot>("{}").expect_err("no version").to_string();
    assert!(error.contains("missing field `protocol`"), "{error}");
}

proptest! {
    #[test]
    fn numbers_come_back_to_the_last_bit(rate in any::<f64>(), mean in any::<f64>(), processed in any::<u64>()) {
        let finite = |number: f64| Some(number).filter(|number| number.is_finite());
        let mut snapshot = full();
        snapshot.stages["one"].rate = finite(rate);
        snapshot.stages["one"].processed = processed;
        snapshot.board = Arc::new(Board { pages: vec![PageRow { avg_time_spent: finite(mean), ..page() }], ..Board::default() });
        let json = serde_json::to_string(&snapshot).expect("serializes");
        prop_assert_eq!(serde_json::from_str::<Snapshot>(&json).expect("read"), snapshot);
    }

    #[test]
    fn moments_come_back_to_the_millisecond(millis in 0..=253_402_300_799_999_u64) {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        let snapshot = Snapshot { at: Some(at), ..Snapshot::default() };
        let json = serde_json::to_string(&snapshot).expect("serializes");
        prop_assert_eq!(serde_json::from_str::<Snapshot>(&json).expect("read"), snapshot);
    }

    #[test]
    fn every_text_comes_back(title in any::<String>(), cause in any::<String>(), url in any::<String>()) {
        let mut stage = stage(&title, StageState::Failed { cause: cause.clone() }, Some(&url));
        stage.last_error = Some(cause);
        let snapshot = Snapshot { stages: [stage].into_iter().collect(), ..Snapshot::default() };
        let json = serde_json::to_string(&snapshot).expect("serializes");
        prop_assert_eq!(serde_json::from_str::<Snapshot>(&json).expect("read"), snapshot);
        let command = Command::Ask(Question::Page(PageQuestion { url, clicks: usize::MAX }));
        let json = serde_json::to_string(&command).expect("serializes");
        prop_assert_eq!(serde_json::from_str::<Command>(&json).expect("read"), command);
    }

    #[test]
    fn durations_come_back_to_the_microsecond(micros in 0..=4_000_000_000_000_u64) {
        let snapshot = Snapshot { uptime: Duration::from_micros(micros), ..Snapshot::default() };
        let json = serde_json::to_string(&snapshot).expect("serializes");
        prop_assert_eq!(serde_json::from_str::<Snapshot>(&json).expect("read"), snapshot);
    }

    #[test]
    fn no_text_makes_reading_panic(text in "[{}\\[\\]\":,a-z0-9 ]{0,60}") {
        let _ = serde_json::from_str::<Snapshot>(&text);
        let _ = serde_json::from_str::<Command>(&text);
    }
}
