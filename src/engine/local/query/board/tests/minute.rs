//! The clicks of the last minute are those that SQL counts.

use super::*;
use crate::storage::Reader;

const BY_DEFINITION: &str = "
    WITH reached AS (SELECT *, ts FROM clicks WHERE ts <= ?1)
    SELECT urls.url, countries.country, COUNT(*) FROM reached
    JOIN urls ON urls.id = reached.url
    JOIN places ON places.id = reached.place
    JOIN countries ON countries.id = places.country
    WHERE ts > (SELECT MAX(ts) FROM reached) - 60000 GROUP BY urls.url, countries.country";

type Clicks = BTreeMap<(String, String), u64>;

fn by_definition(path: &std::path::Path, now: Timestamp) -> Clicks {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut select = connection.prepare(BY_DEFINITION).unwrap();
    let rows = select.query_map([now.as_millis()], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// Every page is asked for, as are the countries.
#[track_caller]
fn assert_counts(count: &MinuteCount, reader: &Reader, wanted: &Clicks) {
    let counts = count.counts().expect("they are whole");
    for url in ["/a", "/Ab", "/b", "/caf\u{e9}", "/A%b"] {
        for country in ["FR", "DE", "unknown"] {
            let found = match (reader.url_id(url).unwrap(), reader.country_id(country).unwrap()) {
                (Some(url), Some(country)) => counts.of_page(url, country),
                _ => 0,
            };
            let wanted = wanted.get(&(url.to_owned(), country.to_owned())).copied().unwrap_or(0);
            assert_eq!(found, wanted, "{url} {country}");
        }
    }
    let found: BTreeMap<String, u64> =
        counts.countries().map(|(id, clicks)| (reader.country(id).unwrap(), clicks)).collect();
    let mut countries = BTreeMap::new();
    for ((_, country), clicks) in wanted {
        *countries.entry(country.clone()).or_insert(0) += clicks;
    }
    assert_eq!(found, countries);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Disorder, duplicates, late clicks, those of the future, a clock that goes on without clicks, restarts.
    #[test]
    fn the_last_minute_holds_what_sql_counts(
        rounds in prop::collection::vec(
            (
                prop::sample::select(vec![0, 0, 1, 7, 20, 59, 60, 61, 4_000_i64]),
                prop::collection::vec((seed(), prop_oneof![8 => -90..1_i64, 2 => 0..70_i64, 1 => Just(200_000_i64)]), 0..40),
                prop::bool::weighted(0.2),
            ),
            1..10,
        ),
        rows_per_check in 1..9_u32,
        falls_behind in prop::bool::weighted(0.2),
    ) {
        let mut bench = Bench::new(&[]);
        let limits = Limits { slice: Duration::ZERO, rows_per_check, ..UNBOUNDED };
        let mut count = MinuteCount::new(limits);
        let mut reader = bench.storage.reader().unwrap();
        let mut seconds = 10_000_i64;
        for (later, clicks, restarts) in rounds {
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
            if restarts {
                drop(reader);
                bench = bench.opened_again();
                reader = bench.storage.reader().unwrap();
                count = MinuteCount::new(limits);
            }
            // Whoever goes on from a rest sees every click that is there.
            for _ in 0..2 {
                while count.go_on(now, &mut reader).unwrap() != RecentProgress::Ready {}
            }
            assert_counts(&count, &reader, &by_definition(bench.storage.path(), now));
        }
    }
}

#[test]
fn too_many_pages_for_the_memory_limit_give_no_counts() {
    let bench = Bench::new(&seeds(100));
    let mut count = MinuteCount::new(Limits { minute_bytes: 0, rows_per_check: 1, ..UNBOUNDED });
    let mut reader = bench.storage.reader().unwrap();
    assert!(count.counts().is_none());
    assert_eq!(count.go_on(LATE, &mut reader).unwrap(), RecentProgress::TooLarge);
    assert!(count.counts().is_none());
}
