//! Clicks that claim to be of the future are counted and said, and move neither windows nor what expires.

use clicktop::click::Timestamp;

use crate::support::figures;
use crate::support::program::Home;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// So long after now.
fn from_now(millis: i64) -> String {
    Timestamp::from_millis(Timestamp::now().as_millis() + millis).to_string()
}

/// A line of the click `id` on `url`.
fn line(id: &str, time: &str, url: &str) -> String {
    format!("{id},user,{time},{url},FR,,,,\n")
}

/// When clicks are no longer taken in, in milliseconds since 1970.
fn boundary(home: &Home) -> Option<i64> {
    figures::database(&home.data())
        .query_row("SELECT (SELECT expired_before FROM expiry)", [], |row| row.get(0))
        .expect("an answer")
}

#[test]
fn a_click_more_than_a_day_ahead_is_counted_and_said_once_with_its_id_and_its_time() {
    // What people send, and whether it is of the future: a time of another unit, a wrong year, a clock of another zone, one
    // a little fast, the last moment that can be written.
    let cases = [
        ("other-unit", from_now(40_000 * DAY), true),
        ("next-year", from_now(366 * DAY), true),
        ("other-zone", from_now(14 * HOUR), false),
        ("fast-clock", from_now(90_000), false),
        ("two-days", from_now(2 * DAY), true),
        ("last-moment", "9999-12-31T23:59:59.999Z".to_owned(), true),
    ];
    for (id, time, is_future) in cases {
        let home = Home::new();
        let text = line("now", &from_now(-1_000), "/now") + &line(id, &time, "/ahead");
        let file = home.file("clicks.csv", text.as_bytes()).display().to_string();
        let ran = home.succeed(&["replay", &file, "--headless"]);
        let summary = ran.summary();
        assert_eq!((&summary["stored"], &summary["clicks"]), (&2.into(), &2.into()), "{id}: {summary}");
        assert_eq!(summary["future"], u64::from(is_future), "{id}: {summary}");
        let said = ran.stderr.lines().filter(|line| line.contains("more than a day ahead of the clock")).count();
        assert_eq!(said, usize::from(is_future), "{id}: {}", ran.stderr);
        assert_eq!(ran.stderr.contains(&format!("of the clock: {id} at ")), is_future, "{id}: {}", ran.stderr);
        // Once more it is a duplicate, and nothing new.
        let again = home.succeed(&["replay", &file, "--headless", "--again"]).summary();
        assert_eq!((&again["duplicates"], &again["future"]), (&2.into(), &0.into()), "{id}: {again}");
        assert_eq!(home.top().len(), 2, "{id}");
    }
}

#[test]
fn the_future_lets_nothing_expire() {
    let home = Home::new();
    let config = home.file("clicktop.toml", b"[store]\nretention = '90 days'\n");
    let config = ["--config", config.to_str().expect("a path")];
    // An archive that ends 200 days ago, with one click of a wrong clock.
    let first = line("r0", "9999-12-31T23:59:59Z", "/future")
        + &line("r1", &from_now(-200 * DAY), "/a")
        + &line("r2", &from_now(-400 * DAY), "/old");
    home.replay(&home.file("first.csv", first.as_bytes()), &config);
    let older = line("r3", &from_now(-250 * DAY), "/b") + &line("r4", &from_now(-289 * DAY), "/b");
    let summary = home.replay(&home.file("older.csv", older.as_bytes()), &config);
    assert_eq!((&summary["stored"], &summary["expired"]), (&2.into(), &0.into()), "{summary}");
    let away = Timestamp::now().as_millis() - boundary(&home).expect("a boundary");
    assert!(
        (289 * DAY..=291 * DAY).contains(&away),
        "90 days before the newest that is not ahead: {} days",
        away / DAY
    );
    // The next run measures it the same way; what is older than the boundary has expired.
    let summary = home.replay(&home.file("old.csv", line("r5", &from_now(-300 * DAY), "/c").as_bytes()), &config);
    assert_eq!((&summary["stored"], &summary["expired"]), (&0.into(), &1.into()), "{summary}");
    home.succeed(&["rebuild", "--kept-clicks"]);
    assert_eq!(boundary(&home).map(|at| (Timestamp::now().as_millis() - at) / DAY), Some(290));
    assert!(home.succeed(&["top"]).stdout.contains("/future"));
}

#[test]
fn clicks_that_are_all_ahead_of_the_clock_set_no_boundary() {
    let home = Home::new();
    let config = home.file("clicktop.toml", b"[store]\nretention = '1 day'\n");
    let config = ["--config", config.to_str().expect("a path")];
    for (name, days) in [("a.csv", 900), ("b.csv", 2)] {
        let file = home.file(name, line(name, &from_now(days * DAY), "/").as_bytes());
        let summary = home.replay(&file, &config);
        assert_eq!((&summary["stored"], &summary["expired"]), (&1.into(), &0.into()), "{summary}");
    }
    assert_eq!(boundary(&home), None);
}
