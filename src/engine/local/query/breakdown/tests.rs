//! Breakdowns equal SQL over the stored clicks.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::click::{Click, ClickBatch, Timestamp};
use crate::engine::local::query::board::Limits;
use crate::protocol::breakdown::{Breakdown, BreakdownQuestion, Dimension, GroupFigures};
use crate::protocol::view::{SortBy, Window};
use crate::storage::{IngestBatch, Storage, StorageOptions};

const SESSION_TIMEOUT_MS: i64 = 600_000;
const UNBOUNDED: Limits = Limits {
    live_bytes: usize::MAX,
    sweep_bytes: usize::MAX,
    minute_bytes: usize::MAX,
    trend_bytes: usize::MAX,
    slice: Duration::from_secs(3600),
    rows_per_check: 1024,
    scan: Duration::MAX,
};
const LATE: Timestamp = Timestamp::from_millis(i64::MAX);

/// A click in few words.
#[derive(Clone, Debug)]
struct Seed {
    id: u16,
    user: u8,
    /// Coarse, so that clicks of one moment, at the edge of a window, and a session timeout apart occur.
    minutes: i16,
    url: u8,
    place: u8,
    agent: u8,
}

fn seed() -> impl Strategy<Value = Seed> {
    (0..400_u16, 0..6_u8, -40..80_i16, 0..4_u8, 0..5_u8, 0..6_u8)
        .prop_map(|(id, user, minutes, url, place, agent)| Seed { id, user, minutes, url, place, agent })
}

/// Two cities of the same name lie in two countries.
const PLACES: [(&str, &str); 5] =
    [("FR", "Paris"), ("US", "Paris"), ("FR", "unknown"), ("US", "unknown"), ("DE", "Köln")];

/// Many agents have the same browser, system or device.
const AGENTS: [(&str, &str, &str); 6] = [
    ("Firefox", "Linux", "desktop"),
    ("Firefox", "Windows", "desktop"),
    ("Firefox", "Android", "mobile"),
    ("Chrome", "Android", "mobile"),
    ("Chrome", "Android", "tablet"),
    ("unknown", "unknown", "unknown"),
];

struct Bench {
    _directory: TempDir,
    storage: Storage,
}

impl Bench {
    fn new(seeds: &[Seed]) -> Self {
        // Hundreds of databases: in memory where there is such a place.
        let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let storage = Storage::open(directory.path(), StorageOptions::default()).unwrap();
        let bench = Self { _directory: directory, storage };
        bench.store(seeds);
        bench
    }

    fn store(&self, seeds: &[Seed]) {
        let mut clicks = ClickBatch::default();
        for seed in seeds {
            // Every third id is no UUID, so that both kinds meet.
            let click_id = match seed.id % 3 {
                0 => format!("click {}", seed.id),
                _ => uuid::Uuid::from_u128(u128::from(seed.id) << 100).to_string(),
            };
            let (country, city) = PLACES[usize::from(seed.place)];
            let (browser, os, device) = AGENTS[usize::from(seed.agent)];
            clicks.push(&Click {
                click_id: &click_id,
                user_id: &format!("user {}", seed.user),
                timestamp: Timestamp::from_millis(i64::from(seed.minutes) * 60_000),
                url: ["/a", "/b", "/c", "/d"][usize::from(seed.url)],
                country,
                city,
                browser,
                os,
                device,
            });
        }
        self.storage.store(&IngestBatch { clicks, ..IngestBatch::default() }).unwrap();
    }

    fn counted(&self, question: &BreakdownQuestion, now: Timestamp, limits: Limits) -> Option<Breakdown> {
        let mut reader = self.storage.reader().unwrap();
        let covered = Covered::by(question, now, &mut reader).unwrap()?;
        let mut count = BreakdownCount::begin(question, covered, SESSION_TIMEOUT_MS, limits, &reader).unwrap();
        let mut percent = 0;
        loop {
            match count.go_on(&mut reader) {
                Ok(CountEnd::Done) => return Some(count.finish(&reader).unwrap()),
                Ok(CountEnd::TimeUp) => {
                    assert!(count.percent() <= 99);
                    percent = percent.max(count.percent());
                }
                Err(error) => panic!("{error} after {percent} percent"),
            }
        }
    }

    /// The figures by definition: each click's time spent over all clicks that the clock has reached, then those of the window,
    /// the country and the url grouped.
    fn by_definition(&self, question: &BreakdownQuestion, now: Timestamp) -> (Rows, GroupFigures) {
        let connection = rusqlite::Connection::open(self.storage.path()).unwrap();
        let group = match question.by {
            Dimension::City => "city || '|' || country",
            other => other.name(),
        };
        let now = if question.window == Window::AllTime { LATE } else { now };
        let figures = |group: &str| {
            format!(
                "WITH events AS (
                   SELECT *, CAST(ROUND(unixepoch(timestamp, 'subsec') * 1000) AS INTEGER) AS millis FROM click_events
                 ), reached AS (SELECT * FROM events WHERE millis <= ?3),
                 spent AS (
                   SELECT *, LEAD(millis) OVER (PARTITION BY user_id ORDER BY millis, click_id) - millis AS gap FROM reached
                 )
                 SELECT {group}, COUNT(*), COUNT(DISTINCT user_id), AVG(CASE WHEN gap <= ?1 THEN gap / 1000.0 END), COUNT(CASE WHEN gap <= ?1 THEN 1 END)
                 FROM spent WHERE (?2 IS NULL OR millis > (SELECT MAX(millis) FROM reached) - ?2)
                   AND (?4 IS NULL OR country = ?4) AND (?5 IS NULL OR url = ?5) GROUP BY {group}"
            )
        };
        let length = question.window.length().map(|length| i64::try_from(length.as_millis()).unwrap());
        let read = |sql: String| {
            let mut select = connection.prepare(&sql).unwrap();
            let parameters =
                rusqlite::params![SESSION_TIMEOUT_MS, length, now.as_millis(), question.country, question.url];
            let rows = select.query_map(parameters, |row| {
                let (clicks, unique_users, avg_time_spent, timed) =
                    (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
                let figures = GroupFigures { clicks, unique_users, avg_time_spent, timed };
                Ok((row.get::<_, String>(0)?, figures))
            });
            rows.unwrap().collect::<Result<BTreeMap<_, _>, _>>().unwrap()
        };
        let total = read(figures("''")).remove("").unwrap_or_default();
        (read(figures(group)), total)
    }
}

type Rows = BTreeMap<String, GroupFigures>;

fn rows_of(breakdown: &Breakdown) -> Rows {
    let name = |row: &crate::protocol::breakdown::BreakdownRow| match &row.country {
        Some(country) => format!("{}|{country}", row.value),
        None => row.value.to_string(),
    };
    let rows: Rows = breakdown.rows.iter().map(|row| (name(row), row.figures)).collect();
    assert_eq!(rows.len(), breakdown.rows.len(), "each value has one row");
    rows
}

fn close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-9 * a.abs().max(1.0),
        (a, b) => a.is_none() && b.is_none(),
    }
}

fn same(a: &GroupFigures, b: &GroupFigures) -> bool {
    (a.clicks, a.unique_users, a.timed) == (b.clicks, b.unique_users, b.timed)
        && close(a.avg_time_spent, b.avg_time_spent)
}

fn assert_same(breakdown: &Breakdown, (rows, total): &(Rows, GroupFigures), what: &BreakdownQuestion) {
    let found = rows_of(breakdown);
    assert_eq!(found.keys().collect::<Vec<_>>(), rows.keys().collect::<Vec<_>>(), "{what:?}");
    for (value, figures) in &found {
        assert!(same(figures, &rows[value]), "{what:?}: {value}: {figures:?}, by definition {:?}", rows[value]);
    }
    assert!(same(&breakdown.total, total), "{what:?}: all: {:?}, by definition {total:?}", breakdown.total);
    assert_eq!(breakdown.values, rows.len() as u64, "{what:?}");
}

/// Every dimension over every window, for all clicks, a country, a url and both.
fn questions() -> Vec<BreakdownQuestion> {
    let mut questions = Vec::new();
    for by in Dimension::ALL {
        for window in [Window::AllTime, Window::LastHour, Window::LastFiveMinutes] {
            for (country, url) in
                [(None, None), (Some("FR"), None), (None, Some("/a")), (Some("US"), Some("/b")), (Some("none"), None)]
            {
                let (country, url) = (country.map(str::to_owned), url.map(str::to_owned));
                questions.push(BreakdownQuestion { by, country, url, window, ..BreakdownQuestion::default() });
            }
        }
    }
    questions
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_breakdown_equals_sql_over_the_stored_clicks(
        seeds in prop::collection::vec(seed(), 1..60),
        more in prop::collection::vec(seed(), 0..20),
        now in -30..90_i64,
        rows_per_check in 1..4_u32,
    ) {
        let bench = Bench::new(&seeds);
        bench.store(&more);
        let now = Timestamp::from_millis(now * 60_000);
        let sliced = Limits { slice: Duration::ZERO, rows_per_check, ..UNBOUNDED };
        for question in questions() {
            let expected = bench.by_definition(&question, now);
            for limits in [UNBOUNDED, sliced] {
                match bench.counted(&question, now, limits) {
                    Some(found) => assert_same(&found, &expected, &question),
                    None => prop_assert!(expected.0.is_empty(), "{:?}", question),
                }
            }
        }
    }
}

fn many(clicks: u16) -> Vec<Seed> {
    let seed = |id: u16| Seed {
        id,
        user: (id * 7 % 251) as u8,
        minutes: (id * 31 % 97) as i16,
        url: (id % 4) as u8,
        place: (id / 3 % 5) as u8,
        agent: (id / 5 % 6) as u8,
    };
    (0..clicks).map(seed).collect()
}

#[test]
fn a_count_that_does_not_fit_into_memory_takes_several_passes_and_equals_sql() {
    let bench = Bench::new(&many(2_000));
    let tight = Limits { sweep_bytes: 3_000, rows_per_check: 1, ..UNBOUNDED };
    for question in questions() {
        let found = bench.counted(&question, LATE, tight).unwrap();
        assert_same(&found, &bench.by_definition(&question, LATE), &question);
    }
}

#[test]
fn a_count_that_would_take_minutes_is_refused() {
    let bench = Bench::new(&many(2_000));
    let mut reader = bench.storage.reader().unwrap();
    let question = BreakdownQuestion::default();
    let covered = Covered::by(&question, LATE, &mut reader).unwrap().unwrap();
    let none = Limits { sweep_bytes: 0, rows_per_check: 1, ..UNBOUNDED };
    let mut count = BreakdownCount::begin(&question, covered, SESSION_TIMEOUT_MS, none, &reader).unwrap();
    let error = count.go_on(&mut reader).unwrap_err();
    assert!(error.to_string().contains("choose a window or a country"), "{error}");
}

#[test]
fn clicks_that_arrive_during_a_count_are_left_for_the_next() {
    let bench = Bench::new(&many(500));
    let question = BreakdownQuestion { by: Dimension::Os, ..BreakdownQuestion::default() };
    let expected = bench.by_definition(&question, LATE);
    let mut reader = bench.storage.reader().unwrap();
    let covered = Covered::by(&question, LATE, &mut reader).unwrap().unwrap();
    let limits = Limits { slice: Duration::ZERO, rows_per_check: 100, ..UNBOUNDED };
    let mut count = BreakdownCount::begin(&question, covered, SESSION_TIMEOUT_MS, limits, &reader).unwrap();
    assert_eq!(count.go_on(&mut reader).unwrap(), CountEnd::TimeUp);
    bench.store(&many(900)[500..]);
    while count.go_on(&mut reader).unwrap() != CountEnd::Done {}
    assert_same(&count.finish(&reader).unwrap(), &expected, &question);
    assert_ne!(Covered::by(&question, LATE, &mut reader).unwrap(), Some(covered));
}

#[test]
fn rows_come_in_the_order_asked_for_and_no_more_than_the_limit() {
    let bench = Bench::new(&many(2_000));
    for sort in SortBy::ALL {
        for parts in [UNBOUNDED, Limits { sweep_bytes: 3_000, rows_per_check: 1, ..UNBOUNDED }] {
            let all = BreakdownQuestion { by: Dimension::City, sort, ..BreakdownQuestion::default() };
            let three = BreakdownQuestion { limit: 3, ..all.clone() };
            let (all, three) = (bench.counted(&all, LATE, parts).unwrap(), bench.counted(&three, LATE, parts).unwrap());
            assert_eq!((all.rows.len(), three.values), (5, 5));
            assert_eq!(three.rows, all.rows[..3]);
            let key = |row: &crate::protocol::breakdown::BreakdownRow| match sort {
                SortBy::Clicks | SortBy::Rising => row.figures.clicks as f64,
                SortBy::Users => row.figures.unique_users as f64,
                SortBy::Time => row.figures.avg_time_spent.unwrap_or(-1.0),
            };
            assert!(all.rows.is_sorted_by(|a, b| key(a) >= key(b)), "{sort:?}: {:?}", all.rows);
        }
    }
}

#[test]
fn in_the_order_by_time_rows_with_too_few_known_times_come_last() {
    let bench = Bench::new(&many(2_000));
    let by_time = |min_timed, limit| {
        let question = BreakdownQuestion {
            by: Dimension::City,
            sort: SortBy::Time,
            min_timed,
            limit,
            ..BreakdownQuestion::default()
        };
        bench.counted(&question, LATE, UNBOUNDED).unwrap().rows
    };
    let all = by_time(0, 0);
    let longest = all[0].clone();
    let least = longest.figures.timed + 1;
    let (enough, few): (Vec<_>, Vec<_>) = all.into_iter().partition(|row| row.figures.timed >= least);
    assert!(few.contains(&longest) && !enough.is_empty(), "the longest mean is of fewer times than another");
    assert_eq!(by_time(least, 0), [&enough[..], &few[..]].concat());
    assert_eq!(by_time(least, 1), enough[..1]);
}
