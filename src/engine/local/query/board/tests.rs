//! Boards equal the definition of the figures, whichever part makes them.

mod clock;
mod earlier;
mod minute;
mod trend;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::click::{Click, ClickBatch, Timestamp};
use crate::engine::local::stages::aggregate;
use crate::protocol::view::{SortBy, Window};
use crate::storage::figures::AggregateSettings;
use crate::storage::{IngestBatch, PageId, Storage, StorageOptions, UrlId};

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

/// Where a window ends, in the SQL of its definition: with the newest click that the clock has reached, or with the clock.
const NEWEST_CLICK: &str = "(SELECT MAX(millis) FROM reached)";
const CLOCK: &str = "?3";

/// The figures of a window that ends at `end`, by definition and over the view that people see: each click's time spent is taken over all
/// clicks, then those of the window are counted. A click ahead of the clock is not there yet. Parameters: session timeout and
/// window, in milliseconds, and the clock, in milliseconds since 1970.
fn window_by_definition(end: &str) -> String {
    format!(
        "
    WITH events AS (
        SELECT *, CAST(ROUND(unixepoch(timestamp, 'subsec') * 1000) AS INTEGER) AS millis FROM click_events
    ), reached AS (
        SELECT * FROM events WHERE millis <= ?3
    ), spent AS (
        SELECT *, LEAD(millis) OVER (PARTITION BY user_id ORDER BY millis, click_id) - millis AS gap FROM reached
    )
    SELECT url, country, COUNT(*), COUNT(DISTINCT user_id), AVG(CASE WHEN gap <= ?1 THEN gap / 1000.0 END)
    FROM spent WHERE millis > {end} - ?2 GROUP BY url, country"
    )
}

/// A clock that has reached every click.
const LATE: Timestamp = Timestamp::from_millis(i64::MAX);

type Rows = BTreeMap<(String, String), (u64, u64, Option<f64>)>;

/// A click in few words: the rest follows from these.
#[derive(Clone, Debug)]
struct Seed {
    id: u16,
    user: u8,
    /// Coarse, so that clicks of one moment, at the very edge of a window, and a session timeout apart occur.
    minutes: i16,
    millis: u8,
    url: u8,
    country: u8,
}

fn seed() -> impl Strategy<Value = Seed> {
    (0..400_u16, 0..5_u8, -40..80_i16, 0..2_u8, 0..5_u8, 0..3_u8)
        .prop_map(|(id, user, minutes, millis, url, country)| Seed { id, user, minutes, millis, url, country })
}

/// So many clicks of a url, so many seconds after the begin.
fn clicks(first_id: u16, url: u8, count: u16, second: i64) -> Vec<(Seed, i64)> {
    let seed = |id| Seed { id, user: 0, minutes: 0, millis: 0, url, country: 0 };
    (first_id..first_id + count).map(|id| (seed(id), second * 1000)).collect()
}

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
        let at = |seed: &Seed| i64::from(seed.minutes) * 60_000 + i64::from(seed.millis);
        self.store_at(&seeds.iter().map(|seed| (seed.clone(), at(seed))).collect::<Vec<_>>());
    }

    /// Stores clicks of these milliseconds since 1970.
    fn store_at(&self, seeds: &[(Seed, i64)]) {
        let mut clicks = ClickBatch::default();
        for (seed, millis) in seeds {
            // Every third id is no UUID, so that both kinds meet.
            let click_id = match seed.id % 3 {
                0 => format!("click {}", seed.id),
                _ => uuid::Uuid::from_u128(u128::from(seed.id) << 100).to_string(),
            };
            clicks.push(&Click {
                click_id: &click_id,
                user_id: &format!("user {}", seed.user),
                timestamp: Timestamp::from_millis(*millis),
                url: ["/a", "/Ab", "/b", "/caf\u{e9}", "/A%b"][usize::from(seed.url)],
                country: ["FR", "DE", "unknown"][usize::from(seed.country)],
                city: "unknown",
                browser: "unknown",
                os: "unknown",
                device: "unknown",
            });
        }
        self.storage.store(&IngestBatch { clicks, ..IngestBatch::default() }).unwrap();
    }

    /// As the next run finds it.
    fn opened_again(self) -> Self {
        let Self { _directory: directory, storage } = self;
        drop(storage);
        let storage = Storage::open(directory.path(), StorageOptions::default()).unwrap();
        Self { _directory: directory, storage }
    }

    /// Whoever follows the clicks, and has not come to the newest batch, cannot go on.
    fn cut_arrivals(&self) {
        let connection = rusqlite::Connection::open(self.storage.path()).unwrap();
        connection.execute("DELETE FROM arrivals WHERE last < (SELECT MAX(last) FROM arrivals)", []).unwrap();
    }

    fn aggregate(&self) {
        let settings = AggregateSettings { session_timeout_ms: SESSION_TIMEOUT_MS, recent_clicks: 1_000_000 };
        aggregate::rebuild(&self.storage, settings, |_| {}).unwrap();
    }

    fn by_definition(&self, window: Window) -> Rows {
        self.by_definition_at(window, LATE)
    }

    fn by_definition_at(&self, window: Window, now: Timestamp) -> Rows {
        self.by_definition_to(NEWEST_CLICK, window, now)
    }

    fn by_definition_to(&self, end: &str, window: Window, now: Timestamp) -> Rows {
        let length = window.length().map_or(1 << 50, |length| i64::try_from(length.as_millis()).unwrap());
        let connection = rusqlite::Connection::open(self.storage.path()).unwrap();
        let mut select = connection.prepare(&window_by_definition(end)).unwrap();
        let rows = select.query_map([SESSION_TIMEOUT_MS, length, now.as_millis()], |row| {
            Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?, row.get(4)?)))
        });
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn board(&self, boards: &mut StoredBoards, view: &View) -> Board {
        let reader = &mut self.storage.reader().unwrap();
        loop {
            let made = boards.make(view, None, LATE, reader, &|| false).unwrap();
            if !made.goes_on {
                let board = made.board.unwrap();
                if board.problem.is_none() {
                    assert_eq!(self.every_row(boards, view), board.pages, "in the same order, too");
                }
                return board;
            }
        }
    }

    /// The rows that an export gets.
    fn every_row(&self, boards: &StoredBoards, view: &View) -> Vec<PageRow> {
        let reader = self.storage.reader().unwrap();
        let rows = boards.rows_of(view.window).unwrap();
        let count = row_count(view, &rows, &reader).unwrap();
        let mut found = Vec::new();
        let read = every_row(view, rows, &reader, &mut |row| {
            found.push(row);
            ControlFlow::Continue(())
        });
        assert!(read.unwrap().is_continue());
        assert!(count.is_none_or(|count| count == found.len() as u64), "{count:?} and {} rows", found.len());
        found
    }
}

/// The board holds those of `all` that its view asks for, and the countries of all.
#[track_caller]
fn assert_board(board: &Board, all: &Rows) {
    assert_eq!(board.problem, None);
    let wanted = |page: &&(String, String)| {
        board.view.country.as_ref().is_none_or(|country| *country == page.1)
            && page.0.to_ascii_lowercase().contains(&board.view.filter.to_ascii_lowercase())
    };
    assert_eq!(board.matching, all.keys().filter(wanted).count() as u64);
    assert_eq!(board.pages.len() as u64, board.matching);
    for page in &board.pages {
        let key = (page.url.to_string(), page.country.to_string());
        assert!(wanted(&&key), "{key:?} is not asked for");
        let (clicks, users, spent) = all[&key];
        assert_eq!((page.clicks, page.unique_users), (clicks, users), "{key:?}");
        match (page.avg_time_spent, spent) {
            (Some(found), Some(wanted)) => assert!((found - wanted).abs() < 1e-6, "{key:?}: {found} is not {wanted}"),
            (found, wanted) => assert_eq!(found, wanted, "{key:?}"),
        }
    }
    let mut countries: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for ((_, country), (clicks, ..)) in all {
        let country = countries.entry(country).or_default();
        *country = (country.0 + clicks, country.1 + 1);
    }
    let found = board.countries.iter().map(|row| (&*row.country, (row.clicks, row.urls)));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), countries);
    assert!(board.countries.is_sorted_by(|a, b| a.clicks >= b.clicks));
}

/// By time, no mean of too few known times is before one of enough, and both are in order.
#[track_caller]
fn assert_samples(board: &Board) {
    let View { sort, min_timed, .. } = board.view;
    for page in &board.pages {
        assert_eq!(page.timed.is_some_and(|timed| timed > 0), page.avg_time_spent.is_some(), "{page:?}");
    }
    if sort == SortBy::Time {
        let key = |page: &PageRow| (page.timed >= Some(min_timed), page.avg_time_spent);
        assert!(board.pages.is_sorted_by(|a, b| key(a) >= key(b)), "{min_timed}: {:?}", board.pages);
    }
}

fn view(window: Window, filter: &str, country: Option<&str>) -> View {
    View { window, filter: filter.to_owned(), country: country.map(str::to_owned), ..View::default() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_window_holds_the_batch_query_over_its_clicks(
        first in prop::collection::vec(seed(), 0..120),
        later in prop::collection::vec(seed(), 1..60),
        filter in prop::sample::select(vec!["", "a", "A%", "\u{c9}", "/"]),
        country in prop::sample::select(vec![None, Some("FR"), Some("nowhere")]),
        sort in prop::sample::select(vec![SortBy::Clicks, SortBy::Users, SortBy::Time]),
        min_timed in 0..4_u64,
    ) {
        let bench = Bench::new(&first);
        let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, UNBOUNDED);
        for _ in 0..2 {
            for window in [Window::LastHour, Window::LastFiveMinutes] {
                let board = bench.board(&mut boards, &View { sort, min_timed, ..view(window, filter, country) });
                assert_samples(&board);
                assert_board(&board, &bench.by_definition(window));
            }
            bench.store(&later);
        }
        bench.aggregate();
        let board = bench.board(&mut boards, &View { sort, min_timed, ..view(Window::AllTime, filter, country) });
        assert_samples(&board);
        assert_board(&board, &bench.by_definition(Window::AllTime));
    }

    #[test]
    fn a_window_that_moves_holds_the_batch_query_at_every_moment(
        batches in prop::collection::vec((-10..90_i16, prop::collection::vec(seed(), 0..40)), 1..8),
        window in prop::sample::select(vec![Window::LastHour, Window::LastFiveMinutes]),
        (rows_per_check, live_bytes) in (1..9_u32, prop::sample::select(vec![usize::MAX, usize::MAX, 0])),
        falls_behind in any::<bool>(),
    ) {
        let bench = Bench::new(&[]);
        // Slices of some rows; where nothing may be kept, in passes.
        let limits = Limits { live_bytes, slice: Duration::ZERO, rows_per_check, ..UNBOUNDED };
        let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, limits);
        let mut reader = bench.storage.reader().unwrap();
        let view = view(window, "", None);
        let mut now = 0;
        for (minutes, mut seeds) in batches {
            now += minutes;
            for seed in &mut seeds {
                // Mostly within the window, also far too late and far ahead of all others.
                seed.minutes = seed.minutes / 2 + now;
            }
            let (before, meanwhile) = seeds.split_at(seeds.len() / 2);
            bench.store(before);
            // Clicks come while it is counted.
            boards.make(&view, None, LATE, &mut reader, &|| false).unwrap();
            bench.store(meanwhile);
            if falls_behind {
                bench.cut_arrivals();
            }
            let board = loop {
                let made = boards.make(&view, None, LATE, &mut reader, &|| false).unwrap();
                // A window in passes that was finished before the last clicks came is as old as it says.
                let behind = made.stamp.is_some_and(|stamp| stamp.state() < reader.last_click().unwrap());
                if !made.goes_on && !behind {
                    break made.board.unwrap();
                }
            };
            let old = board.problem.as_ref().is_some_and(|problem| problem.contains("s old: the last"));
            prop_assert!(!old || live_bytes == 0);
            assert_board(&Board { problem: None, ..board }, &bench.by_definition(window));
        }
    }

    #[test]
    fn the_first_rows_of_a_view_equal_those_of_a_full_sort(
        pages in prop::collection::vec((0..6_u64, 0..4_u64, 0..3_u64), 0..200),
        limit in 1..20_usize,
        sort in prop::sample::select(vec![SortBy::Clicks, SortBy::Users, SortBy::Time]),
        min_timed in 0..4_u64,
    ) {
        let bench = Bench::new(&[]);
        let mut pages: Vec<PageFigures> = pages
            .iter()
            .zip(1..)
            .map(|(&(clicks, unique_users, spent_count), id)| PageFigures {
                page: PageId(id),
                url: UrlId(id),
                country: CountryId(1),
                clicks,
                unique_users,
                spent_ms: 5000,
                spent_count,
                first_seen: Timestamp::from_millis(0),
                last_seen: Timestamp::from_millis(0),
            })
            .collect();
        let view = View { sort, limit, min_timed, ..View::default() };
        let mut top = TopPages::new(&view, None, &bench.storage.reader().unwrap()).unwrap();
        for page in &pages {
            top.push(page);
        }
        prop_assert_eq!(top.matching, pages.len() as u64);
        // Sorting keeps the order of equal rows, so the least important figure comes first.
        let average = |page: &PageFigures| page.spent_ms.checked_div(page.spent_count.cast_signed());
        pages.sort_by_key(|page| Reverse(page.unique_users));
        pages.sort_by_key(|page| Reverse(page.clicks));
        match sort {
            SortBy::Clicks | SortBy::Rising => {}
            SortBy::Users => pages.sort_by_key(|page| Reverse(page.unique_users)),
            SortBy::Time => {
                pages.sort_by_key(|page| Reverse(average(page)));
                let (enough, few): (Vec<_>, Vec<_>) = pages.iter().partition(|page| page.spent_count >= min_timed);
                pages = [enough, few].concat();
            }
        }
        pages.truncate(limit);
        prop_assert_eq!(top.sorted().into_iter().map(|ranked| ranked.page).collect::<Vec<_>>(), pages);
    }
}

fn seeds(count: u16) -> Vec<Seed> {
    (0..count).map(|id| Seed { id, user: 0, minutes: 0, millis: 0, url: (id % 5) as u8, country: 0 }).collect()
}

#[test]
fn a_window_beyond_the_memory_limit_is_counted_in_passes_and_says_so() {
    let clicks: Vec<Seed> = (0..200_u16)
        .map(|id| Seed { user: (id % 7) as u8, minutes: (id % 90).cast_signed(), ..seeds(200).remove(id.into()) })
        .collect();
    let bench = Bench::new(&clicks);
    let limits = Limits { live_bytes: 0, slice: Duration::ZERO, rows_per_check: 10, ..UNBOUNDED };
    let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, limits);
    let board = bench.board(&mut boards, &view(Window::LastHour, "", None));
    let problem = board.problem.clone().unwrap();
    assert_eq!(problem, "0 s old: the last hour does not fit into memory, so clicktop counts it anew in 2 passes");
    assert_board(&Board { problem: None, ..board }, &bench.by_definition(Window::LastHour));
}

#[test]
fn a_window_too_large_even_for_passes_shows_a_problem_and_no_rows() {
    let bench = Bench::new(&seeds(10));
    let limits = Limits { live_bytes: 0, sweep_bytes: 0, rows_per_check: 1, ..UNBOUNDED };
    let board = bench.board(&mut StoredBoards::new(SESSION_TIMEOUT_MS, limits), &view(Window::LastHour, "", None));
    let problem = board.problem.unwrap();
    assert!(problem.contains("the last hour") && !problem.contains('\n') && board.pages.is_empty(), "{problem}");
}

#[test]
fn counting_shows_its_progress_beside_other_windows_and_starts_again_once_nobody_looked() {
    let clicks: Vec<Seed> =
        (0..60).map(|at| Seed { id: at, minutes: at.cast_signed(), ..seeds(1).remove(0) }).collect();
    let bench = Bench::new(&clicks);
    let limits = Limits { slice: Duration::ZERO, rows_per_check: 10, ..UNBOUNDED };
    let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, limits);
    let mut reader = bench.storage.reader().unwrap();
    let mut make = |boards: &mut StoredBoards, window, known| {
        boards.make(&view(window, "", None), known, LATE, &mut reader, &|| false).unwrap()
    };
    let problem = |made: MadeBoard| made.board.and_then(|board| board.problem);
    let told: Vec<_> = (0..3).map(|_| problem(make(&mut boards, Window::LastHour, None)).unwrap()).collect();
    assert_eq!(told, ["counting the last hour … 16%", "counting the last hour … 33%", "counting the last hour … 50%"]);
    assert_eq!(problem(make(&mut boards, Window::LastFiveMinutes, None)), None, "few clicks: one slice");
    assert_eq!(problem(make(&mut boards, Window::LastHour, None)).as_deref(), Some("counting the last hour … 66%"));
    boards.keep_only(&[&view(Window::LastFiveMinutes, "", None)]);
    assert_eq!(problem(make(&mut boards, Window::LastHour, None)).as_deref(), Some("counting the last hour … 16%"));
    let mut made = make(&mut boards, Window::LastHour, None);
    while made.goes_on {
        made = make(&mut boards, Window::LastHour, None);
    }
    assert!(made.board.is_some_and(|board| board.matching == 1));
    let known = made.stamp;
    let again = make(&mut boards, Window::LastHour, known);
    assert!(again.board.is_none() && again.stamp == known && !again.goes_on, "nothing has changed");
    bench.store(&clicks.iter().map(|seed| Seed { id: seed.id + 100, minutes: 61, ..seed.clone() }).collect::<Vec<_>>());
    let behind = make(&mut boards, Window::LastHour, known);
    assert!(behind.board.is_none() && behind.goes_on, "what is shown stays while it is brought up to date");
}

#[test]
fn a_user_with_very_many_clicks_is_counted_like_any_other() {
    let at = |id: u16, minutes: i16| Seed { id, minutes, url: (id % 5) as u8, ..seeds(1).remove(0) };
    let bench = Bench::new(&(0..300).map(|id| at(id, (id % 50).cast_signed())).collect::<Vec<_>>());
    let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, UNBOUNDED);
    let hour = view(Window::LastHour, "", None);
    assert_board(&bench.board(&mut boards, &hour), &bench.by_definition(Window::LastHour));
    for minutes in (60..130_i16).step_by(7) {
        bench.store(&[at(1000 + minutes.cast_unsigned(), minutes), at(2000 + minutes.cast_unsigned(), minutes - 30)]);
        assert_board(&bench.board(&mut boards, &hour), &bench.by_definition(Window::LastHour));
    }
}

#[test]
fn a_window_is_counted_anew_when_the_clock_jumps_by_years() {
    let bench = Bench::new(&seeds(5));
    let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, UNBOUNDED);
    let hour = view(Window::LastHour, "", None);
    assert_eq!(bench.board(&mut boards, &hour).matching, 5);
    for ahead in [10_i64, 5_000_000_000, 4_000_000_000] {
        let mut clicks = ClickBatch::default();
        clicks.push(&Click {
            click_id: &format!("far {ahead}"),
            user_id: "user 0",
            timestamp: Timestamp::from_millis(ahead),
            url: "/a",
            country: "FR",
            city: "",
            browser: "",
            os: "",
            device: "",
        });
        bench.storage.store(&IngestBatch { clicks, ..IngestBatch::default() }).unwrap();
        let board = bench.board(&mut boards, &hour);
        assert_eq!(board.matching, if ahead == 10 { 5 } else { 1 });
    }
}

#[test]
fn a_board_stops_when_the_pipeline_stops() {
    let bench = Bench::new(&seeds(5));
    bench.aggregate();
    let limits = Limits { rows_per_check: 1, ..UNBOUNDED };
    let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, limits);
    for window in [Window::AllTime, Window::LastHour] {
        let made = boards.make(&view(window, "a", None), None, LATE, &mut bench.storage.reader().unwrap(), &|| true);
        assert_eq!(made.unwrap().board.unwrap().problem.as_deref(), Some("the pipeline is stopping"));
    }
}

#[test]
fn a_filter_finds_new_urls_and_another_filter_starts_again() {
    let bench = Bench::new(&seeds(1));
    let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, UNBOUNDED);
    let mut urls = |filter: &str| {
        let board = bench.board(&mut boards, &view(Window::LastHour, filter, None));
        let mut urls: Vec<String> = board.pages.iter().map(|page| page.url.to_string()).collect();
        urls.sort();
        urls
    };
    assert_eq!(urls("/A"), ["/a"]);
    bench.store(&seeds(5));
    assert_eq!(urls("/A"), ["/A%b", "/Ab", "/a"]);
    assert_eq!(urls("b"), ["/A%b", "/Ab", "/b"]);
    assert_eq!(urls("nothing"), [""; 0]);
}
