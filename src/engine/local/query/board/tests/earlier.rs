//! What a window is compared with is what the batch query gives for the span of time before.

use super::*;
use crate::protocol::compare::{Ago, Comparison};

const MINUTE_MS: i64 = 60_000;

fn length_ms(window: Window) -> i64 {
    i64::try_from(window.length().unwrap().as_millis()).unwrap()
}

fn ago_ms(ago: Ago) -> i64 {
    i64::try_from(ago.length().as_millis()).unwrap()
}

/// The time of every stored click that the clock has reached, in order.
fn times(bench: &Bench, now: Timestamp) -> Vec<i64> {
    let connection = rusqlite::Connection::open(bench.storage.path()).unwrap();
    let mut select = connection.prepare("SELECT ts FROM clicks WHERE ts <= ?1 ORDER BY ts").unwrap();
    let rows = select.query_map([now.as_millis()], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// The board that is made once nothing is left to count.
fn settled(boards: &mut StoredBoards, view: &View, now: Timestamp, bench: &Bench) -> Board {
    let reader = &mut bench.storage.reader().unwrap();
    // The first round may go on with counting that began before the last clicks.
    for _ in 0..2 {
        while boards.make(view, None, now, reader, &|| false).unwrap().goes_on {}
    }
    boards.make(view, None, now, reader, &|| false).unwrap().board.unwrap()
}

#[track_caller]
fn assert_compared(board: &Board, now: &Rows, earlier: &Rows) {
    let comparison = board.comparison.as_ref().expect("a comparison");
    let none = (0, 0, None);
    let mut shown: BTreeMap<(String, String), u64> = BTreeMap::new();
    for row in &board.pages {
        let key = (row.url.to_string(), row.country.to_string());
        let (clicks, users, spent) = earlier.get(&key).copied().unwrap_or(none);
        let then = comparison.of_page(&row.url, &row.country).cloned().unwrap_or_default();
        assert_eq!((then.clicks, then.unique_users), (clicks, users), "{key:?} then");
        let close = match (then.avg_time_spent, spent) {
            (Some(found), Some(wanted)) => (found - wanted).abs() < 1e-6,
            (found, wanted) => found == wanted,
        };
        assert!(close, "{key:?}: {:?} is not {spent:?}", then.avg_time_spent);
        assert_eq!(row.clicks, now.get(&key).map_or(0, |figures| figures.0), "{key:?} now");
        shown.insert(key, row.clicks);
    }
    let all: std::collections::BTreeSet<_> = now.keys().chain(earlier.keys()).cloned().collect();
    assert_eq!(shown.keys().cloned().collect::<std::collections::BTreeSet<_>>(), all, "also the rows that are gone");
    assert_eq!(board.matching, all.len() as u64);
    let mut countries: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (key, figures) in now {
        countries.entry(&key.1).or_default().0 += figures.0;
    }
    for (key, figures) in earlier {
        countries.entry(&key.1).or_default().1 += figures.0;
    }
    let found = board.countries.iter();
    let found: BTreeMap<&str, (u64, u64)> =
        found.map(|row| (&*row.country, (row.clicks, comparison.of_country(&row.country)))).collect();
    assert_eq!(found, countries);
}

/// Both lines of the chart, counted click by click.
#[track_caller]
fn assert_parts(comparison: &Comparison, times: &[i64], window: Window, end: i64) {
    let part = i64::try_from(comparison.parts.part.as_millis()).unwrap();
    for (found, end) in [(&comparison.parts.now, end), (&comparison.parts.before, end - ago_ms(comparison.ago))] {
        let begin = end - length_ms(window);
        let first = (begin + 1).div_euclid(part);
        let mut wanted = vec![0; usize::try_from(end.div_euclid(part) - first).unwrap() + 1];
        for time in times.iter().filter(|time| (begin + 1..=end).contains(*time)) {
            wanted[usize::try_from(time.div_euclid(part) - first).unwrap()] += 1;
        }
        assert_eq!(*found, wanted);
    }
    assert_eq!(comparison.parts.now.len(), comparison.parts.before.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Disorder, duplicates, late clicks, those of the future, steps of the window small and large, restarts, retention.
    #[test]
    fn a_window_is_compared_with_the_batch_query_over_the_span_before(
        rounds in prop::collection::vec(
            (
                prop::sample::select(vec![0, 1, 7, 100, 290, 310, 3_500, 4_000, 90_000_i64]),
                prop::collection::vec(
                    (seed(), 0..3_i64, prop_oneof![8 => -320..1_i64, 2 => -4_000..1_i64, 1 => 0..400_i64]),
                    0..40,
                ),
                prop::bool::weighted(0.2),
                prop::option::weighted(0.1, 0..200_000_i64),
            ),
            1..8,
        ),
        window in prop::sample::select(vec![Window::LastHour, Window::LastFiveMinutes]),
        ago in prop::sample::select(Ago::ALL.to_vec()),
        sort in prop::sample::select(SortBy::OF_VIEWS.to_vec()),
        rows_per_check in 1..9_u32,
        falls_behind in prop::bool::weighted(0.2),
    ) {
        let mut bench = Bench::new(&[]);
        let limits = Limits { slice: Duration::ZERO, rows_per_check, ..UNBOUNDED };
        let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, limits);
        let view = View { sort, compare: Some(ago), ..view(window, "", None) };
        let mut seconds = 10_000_000_i64;
        for (later, clicks, restarts, kept) in rounds {
            seconds += later;
            let now = Timestamp::from_millis(seconds * 1000);
            let clicks: Vec<(Seed, i64)> = clicks
                .into_iter()
                .map(|(seed, times, from_now)| {
                    let millis = (seconds + from_now) * 1000 + i64::from(seed.millis) - times * ago_ms(ago);
                    (seed, millis)
                })
                .collect();
            let (before, meanwhile) = clicks.split_at(clicks.len() / 2);
            bench.store_at(before);
            let mut reader = bench.storage.reader().unwrap();
            boards.make(&view, None, now, &mut reader, &|| false).unwrap();
            drop(reader);
            bench.store_at(meanwhile);
            if falls_behind {
                bench.cut_arrivals();
            }
            let mut expired = bench.storage.reader().unwrap().expiry().unwrap().before;
            if let Some(kept) = kept
                && let Some(boundary) = bench.storage.advance_expiry(kept * 1000, now).unwrap()
            {
                expired = Some(boundary);
                let connection = rusqlite::Connection::open(bench.storage.path()).unwrap();
                connection.execute("DELETE FROM clicks WHERE ts < ?1", [boundary.as_millis()]).unwrap();
            }
            if restarts {
                bench = bench.opened_again();
                boards = boards.anew();
            }
            let board = settled(&mut boards, &view, now, &bench);
            let times = times(&bench, now);
            let Some(end) = times.last().copied() else { continue };
            let now_rows = bench.by_definition_at(window, now);
            let since = end - ago_ms(ago) - length_ms(window);
            let is_expired = expired.is_some_and(|expired| expired.as_millis() > since);
            if is_expired || times.first().is_none_or(|first| *first > since) {
                let problem = board.problem.clone().unwrap_or_default();
                let says = if is_expired { "retention has deleted clicks of the same" } else { "no stored click is older" };
                prop_assert!(problem.contains(says), "{}", problem);
                prop_assert_eq!((&board.comparison, board.goes_on), (&None, false));
                assert_board(&Board { problem: None, ..board }, &now_rows);
                continue;
            }
            prop_assert_eq!(&board.problem, &None);
            let earlier = bench.by_definition_to(CLOCK, window, Timestamp::from_millis(end - ago_ms(ago)));
            assert_compared(&board, &now_rows, &earlier);
            let comparison = board.comparison.as_ref().unwrap();
            prop_assert_eq!((comparison.since.as_millis(), comparison.until.as_millis()), (since, end - ago_ms(ago)));
            assert_parts(comparison, &times, window, end);
        }
    }
}

fn compared(window: Window, sort: SortBy) -> View {
    View { sort, compare: Some(Ago::Hour), ..view(window, "", None) }
}

#[test]
fn the_order_of_those_that_rise_is_against_the_earlier_span_and_the_gone_come_last() {
    let bench = Bench::new(&[]);
    for (first, url, count, second) in [
        (0, 3, 1, 0),
        // 50 then, 70 now; 1 then, 12 now; none then, 1 now; only then.
        (10, 0, 50, 3_700),
        (100, 0, 70, 7_300),
        (200, 1, 1, 3_700),
        (201, 1, 12, 7_300),
        (220, 2, 1, 7_301),
        (230, 4, 9, 3_700),
        (250, 3, 20, 3_700),
    ] {
        bench.store_at(&clicks(first, url, count, second));
    }
    let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, UNBOUNDED);
    let board = settled(&mut boards, &compared(Window::LastFiveMinutes, SortBy::Rising), LATE, &bench);
    let urls: Vec<(&str, u64)> = board.pages.iter().map(|page| (&*page.url, page.clicks)).collect();
    assert_eq!(urls, [("/Ab", 12), ("/a", 70), ("/b", 1), ("/A%b", 0), ("/caf\u{e9}", 0)]);
    let board = settled(&mut boards, &compared(Window::LastFiveMinutes, SortBy::Clicks), LATE, &bench);
    let urls: Vec<&str> = board.pages.iter().map(|page| &*page.url).collect();
    assert_eq!(urls, ["/a", "/Ab", "/b", "/caf\u{e9}", "/A%b"], "of the gone, those with most clicks first");
    let filtered = View { filter: "%".to_owned(), ..compared(Window::LastFiveMinutes, SortBy::Clicks) };
    let board = settled(&mut boards, &filtered, LATE, &bench);
    assert_eq!(board.pages.iter().map(|page| &*page.url).collect::<Vec<_>>(), ["/A%b"], "gone rows keep to the filter");
}

#[test]
fn nothing_is_made_again_without_a_change_and_a_late_click_of_the_earlier_span_is_one() {
    let bench = Bench::new(&[]);
    for (first, count, second) in [(0, 1, 0), (10, 5, 3_700), (20, 7, 7_300)] {
        bench.store_at(&clicks(first, 0, count, second));
    }
    let view = compared(Window::LastFiveMinutes, SortBy::Clicks);
    let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, UNBOUNDED);
    let reader = &mut bench.storage.reader().unwrap();
    let made = boards.make(&view, None, LATE, reader, &|| false).unwrap();
    let then = |board: &Board| board.comparison.as_ref().unwrap().of_all();
    assert_eq!(then(made.board.as_ref().unwrap()), 5);
    assert_eq!(boards.make(&view, made.stamp, LATE, reader, &|| false).unwrap().board, None);
    bench.store_at(&clicks(50, 0, 2, 3_650));
    let again = boards.make(&view, made.stamp, LATE, reader, &|| false).unwrap();
    assert_eq!(then(&again.board.unwrap()), 7);
    boards.keep_only(&[]);
    assert!(boards.earlier.is_empty(), "nobody compares any more");
}

#[test]
fn a_span_that_does_not_fit_into_memory_is_told() {
    let bench = Bench::new(&[]);
    // Few clicks now, many users then.
    let many = (0..4_000_u32).map(|id| {
        let seed = Seed { id: u16::try_from(id).unwrap(), user: 0, minutes: 0, millis: 0, url: 0, country: 0 };
        (seed, 60 * MINUTE_MS + i64::from(id))
    });
    bench.store_at(&clicks(60_000, 0, 1, 0));
    bench.store_at(&many.collect::<Vec<_>>());
    bench.store_at(&clicks(60_010, 0, 3, 7_300));
    let limits = Limits { live_bytes: 20_000, rows_per_check: 1, ..UNBOUNDED };
    let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, limits);
    let view = compared(Window::LastHour, SortBy::Clicks);
    let board = settled(&mut boards, &View { window: Window::LastFiveMinutes, ..view }, LATE, &bench);
    assert_eq!(board.pages.first().map(|page| page.clicks), Some(3));
    let board = settled(&mut boards, &compared(Window::LastHour, SortBy::Clicks), LATE, &bench);
    assert_eq!(board.comparison, None);
    let problem = board.problem.unwrap();
    assert!(problem.contains("does not fit into memory"), "{problem}");
}
