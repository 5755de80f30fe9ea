//! Trends are what counting the stored clicks by their own time gives.

use super::*;
use crate::protocol::trends::RowTrend;
use crate::storage::Reader;

const PART_MS: i64 = 10_000;
const URLS: [&str; 5] = ["/a", "/Ab", "/b", "/caf\u{e9}", "/A%b"];
const COUNTRIES: [&str; 3] = ["FR", "DE", "unknown"];

const STORED: &str = "
    SELECT urls.url, countries.country, ts FROM clicks
    JOIN urls ON urls.id = clicks.url
    JOIN places ON places.id = clicks.place
    JOIN countries ON countries.id = places.country
    WHERE ts <= ?1";

/// The trends of pages and of countries, counted click by click.
fn by_definition(bench: &Bench, now: Timestamp) -> BTreeMap<(String, String), RowTrend> {
    let connection = rusqlite::Connection::open(bench.storage.path()).unwrap();
    let mut select = connection.prepare(STORED).unwrap();
    let rows = select.query_map([now.as_millis()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let clicks: Vec<(String, String, i64)> = rows.unwrap().collect::<Result<_, _>>().unwrap();
    let Some(newest) = clicks.iter().map(|(.., ts)| *ts).max() else { return BTreeMap::new() };
    let until = newest - newest.rem_euclid(PART_MS);
    let mut trends: BTreeMap<(String, String), RowTrend> = BTreeMap::new();
    for (url, country, ts) in clicks {
        // The sum of a country has no url.
        for key in [(url, country.clone()), (String::new(), country)] {
            let ago = until - ts;
            if (1..=300_000).contains(&ago) {
                let trend = trends.entry(key).or_default();
                trend.parts.resize(30, 0);
                trend.parts[usize::try_from((300_000 - ago) / PART_MS).unwrap()] += 1;
            } else if (300_001..=600_000).contains(&ago) {
                trends.entry(key).or_default().before += 1;
            }
        }
    }
    trends
}

#[track_caller]
fn assert_trends(count: &TrendCount, reader: &Reader, wanted: &BTreeMap<(String, String), RowTrend>) {
    let counts = count.trends().expect("they are whole");
    let none = RowTrend::default();
    let rises = counts.rises();
    for url in URLS {
        for country in COUNTRIES {
            let wanted = wanted.get(&(url.to_owned(), country.to_owned())).unwrap_or(&none);
            let (found, rise) = match (reader.url_id(url).unwrap(), reader.country_id(country).unwrap()) {
                (Some(url), Some(country)) => (counts.of_page(url, country), rises.of(url, country)),
                _ => (RowTrend::default(), 0.0),
            };
            assert_eq!(found, *wanted, "{url} {country}");
            let (now, before) = (wanted.clicks() as f64, wanted.before as f64);
            assert_eq!(rise, (now - before) / (now + before).max(1.0).sqrt(), "{url} {country}");
        }
    }
    for url in URLS {
        let mut whole = RowTrend { parts: vec![0; 30], before: 0 };
        for (_, trend) in wanted.iter().filter(|((name, _), _)| name == url) {
            whole.parts.iter_mut().zip(&trend.parts).for_each(|(sum, clicks)| *sum += clicks);
            whole.before += trend.before;
        }
        let clicks = reader.url_id(url).unwrap().map_or(vec![0; 60], |url| counts.of_url(url).clicks);
        let (before, now) = clicks.split_at(30);
        assert_eq!(now, whole.parts.iter().copied().map(u64::from).collect::<Vec<_>>(), "{url}");
        assert_eq!(before.iter().sum::<u64>(), whole.before, "{url}");
    }
    let found: BTreeMap<String, RowTrend> =
        counts.countries().map(|(id, trend)| (reader.country(id).unwrap(), trend)).collect();
    let countries = wanted.iter().filter(|((url, _), _)| url.is_empty());
    assert_eq!(found, countries.map(|((_, country), trend)| (country.clone(), trend.clone())).collect());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Disorder, duplicates, late clicks, those of the future, a clock that goes on without clicks, restarts, retention.
    #[test]
    fn trends_are_what_counting_the_stored_clicks_gives(
        rounds in prop::collection::vec(
            (
                prop::sample::select(vec![0, 0, 1, 7, 9, 10, 11, 100, 290, 300, 310, 600, 4_000_i64]),
                prop::collection::vec(
                    (seed(), prop_oneof![6 => -40..1_i64, 6 => -700..1_i64, 2 => 0..70_i64, 1 => Just(200_000_i64)]),
                    0..40,
                ),
                prop::bool::weighted(0.2),
                prop::option::weighted(0.2, 0..700_i64),
            ),
            1..10,
        ),
        rows_per_check in 1..9_u32,
        falls_behind in prop::bool::weighted(0.2),
    ) {
        let mut bench = Bench::new(&[]);
        let limits = Limits { slice: Duration::ZERO, rows_per_check, ..UNBOUNDED };
        let mut count = TrendCount::new(limits);
        let mut reader = bench.storage.reader().unwrap();
        let mut seconds = 10_000_i64;
        for (later, clicks, restarts, kept) in rounds {
            seconds += later;
            let now = Timestamp::from_millis(seconds * 1000);
            let clicks: Vec<(Seed, i64)> = clicks
                .into_iter()
                .map(|(seed, from_now)| { let millis = (seconds + from_now) * 1000 + i64::from(seed.millis); (seed, millis) })
                .collect();
            let (before, meanwhile) = clicks.split_at(clicks.len() / 2);
            bench.store_at(before);
            count.go_on(now, &mut reader).unwrap();
            bench.store_at(meanwhile);
            if falls_behind {
                bench.cut_arrivals();
            }
            if let Some(kept) = kept
                && let Some(boundary) = bench.storage.advance_expiry(kept * 1000, now).unwrap()
            {
                // As the deletion does once a checkpoint has counted them.
                let connection = rusqlite::Connection::open(bench.storage.path()).unwrap();
                connection.execute("DELETE FROM clicks WHERE ts < ?1", [boundary.as_millis()]).unwrap();
            }
            if restarts {
                drop(reader);
                bench = bench.opened_again();
                reader = bench.storage.reader().unwrap();
                count = TrendCount::new(limits);
            }
            // Whoever goes on from a rest sees every click that is there.
            for _ in 0..2 {
                while count.go_on(now, &mut reader).unwrap() != RecentProgress::Ready {}
            }
            assert_trends(&count, &reader, &by_definition(&bench, now));
        }
    }
}

#[test]
fn too_many_pages_for_the_memory_limit_give_no_trends() {
    let bench = Bench::new(&seeds(100));
    let mut count = TrendCount::new(Limits { trend_bytes: 0, rows_per_check: 1, ..UNBOUNDED });
    let mut reader = bench.storage.reader().unwrap();
    assert_eq!(count.go_on(LATE, &mut reader).unwrap(), RecentProgress::TooLarge);
    assert!(count.trends().is_none());
}

#[test]
fn rows_that_rise_come_first_and_a_single_click_rises_less_than_many() {
    let bench = Bench::new(&[]);
    bench.store_at(&clicks(0, 0, 1, 0));
    for (first, url, count, second) in [
        // 70 after 50.
        (100, 0, 50, 200),
        (200, 0, 70, 400),
        // 12 after 1.
        (300, 1, 1, 200),
        (301, 1, 12, 400),
        // 1 after none.
        (320, 2, 1, 400),
        // Only before.
        (330, 3, 9, 200),
        (350, 4, 1, 610),
    ] {
        bench.store_at(&clicks(first, url, count, second));
    }
    bench.aggregate();
    let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, UNBOUNDED);
    let reader = &mut bench.storage.reader().unwrap();
    let rising = |window| View { sort: SortBy::Rising, ..view(window, "", None) };
    let waiting = boards.make(&rising(Window::AllTime), None, LATE, reader, &|| false).unwrap().board.unwrap();
    assert_eq!(waiting.problem.as_deref(), Some("counting the last ten minutes for this order … 0%"));
    assert!(waiting.pages.is_empty() && waiting.goes_on, "rows in a wrong order are none");

    let mut count = TrendCount::new(UNBOUNDED);
    while count.go_on(LATE, reader).unwrap() != RecentProgress::Ready {}
    boards.order_by(count.trends().unwrap(), reader).unwrap();
    for window in [Window::AllTime, Window::LastHour] {
        let made = boards.make(&rising(window), None, LATE, reader, &|| false).unwrap();
        let board = made.board.unwrap();
        let urls: Vec<&str> = board.pages.iter().map(|page| &*page.url).collect();
        assert_eq!(urls, ["/Ab", "/a", "/b", "/A%b", "/caf\u{e9}"], "{window:?}");
        assert_eq!(board.problem, None);
        let again = boards.make(&rising(window), made.stamp, LATE, reader, &|| false).unwrap();
        assert_eq!(again.board, None, "nothing has changed");
    }

    bench.store_at(&clicks(360, 3, 30, 600));
    while count.go_on(LATE, reader).unwrap() != RecentProgress::Ready {}
    boards.order_by(count.trends().unwrap(), reader).unwrap();
    let board = boards.make(&rising(Window::LastHour), None, LATE, reader, &|| false).unwrap().board.unwrap();
    assert_eq!(&*board.pages[0].url, "/caf\u{e9}");
}

#[test]
fn a_store_that_is_too_young_says_so_and_keeps_the_order_of_clicks() {
    let bench = Bench::new(&[]);
    bench.store_at(&clicks(0, 0, 5, 100));
    bench.store_at(&clicks(10, 1, 9, 400));
    bench.aggregate();
    let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, UNBOUNDED);
    let reader = &mut bench.storage.reader().unwrap();
    let mut count = TrendCount::new(UNBOUNDED);
    while count.go_on(LATE, reader).unwrap() != RecentProgress::Ready {}
    boards.order_by(count.trends().unwrap(), reader).unwrap();
    let rising = View { sort: SortBy::Rising, ..View::default() };
    let board = boards.make(&rising, None, LATE, reader, &|| false).unwrap().board.unwrap();
    assert_eq!(board.problem.as_deref(), Some("less than ten minutes are stored, so the order is that of the clicks"));
    assert!(!board.goes_on, "no other order comes soon");
    assert_eq!(board.pages.iter().map(|page| page.clicks).collect::<Vec<_>>(), [9, 5]);
}
