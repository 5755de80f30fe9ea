//! Where windows end: with the newest click that is not ahead of the clock.

use super::*;

const MINUTE_MS: i64 = 60_000;

/// A click so many minutes from the clock: of the past, a little ahead, far ahead.
fn around() -> impl Strategy<Value = (Seed, i16)> {
    let minutes = prop_oneof![6 => -70..1_i16, 3 => 0..40_i16, 1 => Just(20_000_i16), 1 => Just(1_500_i16)];
    (seed(), minutes)
}

fn make(
    boards: &mut StoredBoards,
    view: &View,
    known: Option<Stamp>,
    bench: &Bench,
    reader: &mut Reader,
    now: Timestamp,
) -> (Board, Stamp) {
    let newest: Option<i64> = rusqlite::Connection::open(bench.storage.path())
        .unwrap()
        .query_row("SELECT MAX(ts) FROM clicks WHERE ts <= ?1", [now.as_millis()], |row| row.get(0))
        .unwrap();
    let mut known = known;
    let mut shown = None;
    loop {
        let made = boards.make(view, known, now, reader, &|| false).unwrap();
        shown = made.board.or(shown);
        known = made.stamp;
        // A window in passes that was finished before is as old as it says.
        let stamp = made.stamp.filter(|stamp| {
            let whole = stamp.state() == reader.last_click().unwrap() || newest.is_none();
            whole && (stamp.end() == newest || newest.is_none())
        });
        if let (false, Some(stamp), Some(board)) = (made.goes_on, stamp, shown.clone()) {
            return (board, stamp);
        }
        if newest.is_none() && !made.goes_on {
            return (shown.unwrap_or_default(), made.stamp.unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_window_follows_the_clock_even_without_new_clicks(
        rounds in prop::collection::vec(
            (prop::sample::select(vec![-90, 0, 0, 1, 3, 7, 30, 70_i64]), prop::collection::vec(around(), 0..30)),
            1..9,
        ),
        window in prop::sample::select(vec![Window::LastHour, Window::LastFiveMinutes]),
        (rows_per_check, live_bytes) in (1..9_u32, prop::sample::select(vec![usize::MAX, usize::MAX, 0])),
        falls_behind in any::<bool>(),
    ) {
        let bench = Bench::new(&[]);
        let limits = Limits { live_bytes, slice: Duration::ZERO, rows_per_check, ..UNBOUNDED };
        let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, limits);
        let mut reader = bench.storage.reader().unwrap();
        let view = view(window, "", None);
        let mut minutes = 1_000_i64;
        for (later, seeds) in rounds {
            minutes += later;
            let now = Timestamp::from_millis(minutes * MINUTE_MS);
            let seeds: Vec<Seed> = seeds
                .into_iter()
                .map(|(seed, from_now)| Seed { minutes: i16::try_from(minutes).unwrap() + from_now, ..seed })
                .collect();
            let (before, meanwhile) = seeds.split_at(seeds.len() / 2);
            bench.store(before);
            // Clicks come while it is counted.
            boards.make(&view, None, now, &mut reader, &|| false).unwrap();
            bench.store(meanwhile);
            if falls_behind {
                bench.cut_arrivals();
            }
            let (board, stamp) = make(&mut boards, &view, None, &bench, &mut reader, now);
            let wanted = bench.by_definition_at(window, now);
            assert_board(&Board { problem: None, ..board }, &wanted);
            let again = boards.make(&view, Some(stamp), now, &mut reader, &|| false).unwrap();
            prop_assert!(again.stamp == Some(stamp) || live_bytes == 0, "nothing has changed");
        }
    }
}

fn at(id: u16, minutes: i16) -> Seed {
    Seed { id, minutes, url: (id % 5) as u8, ..seeds(1).remove(0) }
}

#[test]
fn a_click_from_the_far_future_does_not_move_the_windows() {
    let bench = Bench::new(&[at(1, 10), at(2, 12), at(3, 13)]);
    let now = Timestamp::from_millis(20 * MINUTE_MS);
    let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, UNBOUNDED);
    let mut reader = bench.storage.reader().unwrap();
    let five = view(Window::LastFiveMinutes, "", None);
    let (before, known) = make(&mut boards, &five, None, &bench, &mut reader, now);
    assert_eq!(before.matching, 3);
    bench.store(&[at(4, i16::MAX)]);
    let (after, _) = make(&mut boards, &five, Some(known), &bench, &mut reader, now);
    assert_eq!(after.pages, before.pages);
    // Nor does one that was there before all others.
    let (anew, _) = make(&mut StoredBoards::new(SESSION_TIMEOUT_MS, UNBOUNDED), &five, None, &bench, &mut reader, now);
    assert_eq!(anew.pages, before.pages);
    // The clock alone moves nothing; once it has reached the click, that one comes in and the others go.
    for (minutes, urls) in [(1_000, 3), (i64::from(i16::MAX), 1)] {
        let now = Timestamp::from_millis(minutes * MINUTE_MS);
        let board = make(&mut boards, &five, None, &bench, &mut reader, now).0;
        assert_eq!(board.matching, urls, "at {minutes}");
    }
}

#[test]
fn a_window_stays_when_the_clock_is_set_back_a_little_and_is_counted_anew_otherwise() {
    let bench = Bench::new(&[at(1, 10), at(2, 12), at(3, 13)]);
    let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, UNBOUNDED);
    let mut reader = bench.storage.reader().unwrap();
    let hour = view(Window::LastHour, "", None);
    let mut matching = |millis| {
        loop {
            let now = Timestamp::from_millis(millis);
            let made = boards.make(&hour, None, now, &mut reader, &|| false).unwrap();
            if !made.goes_on {
                return made.board.unwrap().matching;
            }
        }
    };
    assert_eq!(matching(13 * MINUTE_MS), 3);
    assert_eq!(matching(13 * MINUTE_MS - 500), 3);
    assert_eq!(matching(11 * MINUTE_MS), 1);
}

#[test]
fn clicks_that_expire_inside_a_window_leave_it() {
    let bench = Bench::new(&[at(1, 0), at(2, 1), at(3, 59)]);
    bench.aggregate();
    let mut boards = StoredBoards::new(SESSION_TIMEOUT_MS, UNBOUNDED);
    let hour = view(Window::LastHour, "", None);
    assert_board(&bench.board(&mut boards, &hour), &bench.by_definition(Window::LastHour));
    bench.store(&[at(4, 62)]);
    bench.storage.advance_expiry(60 * MINUTE_MS, LATE).unwrap();
    // As the deletion does once a checkpoint has counted them.
    let connection = rusqlite::Connection::open(bench.storage.path()).unwrap();
    assert_eq!(connection.execute("DELETE FROM clicks WHERE ts < 120000", []), Ok(2));
    for _ in 0..2 {
        assert_board(&bench.board(&mut boards, &hour), &bench.by_definition(Window::LastHour));
        bench.store(&[at(5, 63)]);
    }
}
