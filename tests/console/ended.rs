//! The end in view: nothing is blank, and what is shown is what is so.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::support::clicks::{OwnedClick, lines, made};
use crate::support::figures;
use crate::support::program::Home;
use crate::support::screen::all_run;
use crate::support::terminal::Terminal;
use crate::{USUAL, WIDE, demo};

/// Far less than the time a drain may take by default, and more than an end at once may.
const SOON: Duration = Duration::from_secs(20);

#[test]
fn a_store_that_cannot_drain_is_left_at_once_and_never_in_the_dark() {
    let home = Home::new().with("CLICKTOP_SHUTDOWN_TIMEOUT", "10min");
    let mut terminal = demo(&home);
    let locker = Connection::open(home.data().join("clicktop.db")).expect("the database");
    locker.busy_timeout(Duration::from_secs(30)).expect("patience");
    locker.execute_batch("BEGIN EXCLUSIVE").expect("locked");
    terminal.wait("a store in trouble", |screen| screen.contains("locked by another process"));
    terminal.keys("q");
    terminal.wait("a question", |screen| screen.contains("Drain and quit clicktop?"));
    terminal.keys("y");
    terminal.wait("the way out, before what it waits for", |screen| {
        screen.lines().any(|line| line.starts_with(" q leaves at once, ") && line.contains("are not stored"))
    });
    let begin = Instant::now();
    terminal.keys("q");
    terminal.wait("the end in view", |screen| screen.contains("ending at once: ") || screen.contains(" clicks of "));
    assert_eq!(terminal.end(), 0);
    assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
    terminal.assert_given_back();
    assert!(terminal.screen().contains(" clicks of "), "{}", terminal.screen());
    locker.execute_batch("ROLLBACK").expect("unlocked");
    drop(locker);
    // What was left undone is done by the next start.
    home.succeed(&["demo", "--events", "10", "--headless"]);
    figures::assert_exact(&home.data());
}

#[test]
fn the_numbers_at_the_end_are_those_of_the_end() {
    let home = Home::new();
    let clicks = made(82, 2_000);
    let file = home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv))).display().to_string();
    let mut terminal = Terminal::start(&home, &["replay", &file], WIDE);
    terminal.wait_first("the end", "finished: ", |line| {
        let documents = figures::number(&home.data(), "SELECT COUNT(*) FROM page_stats");
        let figure = line.split_once("rejected, ").and_then(|(_, rest)| rest.split_whitespace().next());
        assert_eq!(figure.map(|figure| figure.replace(',', "")), Some(documents.to_string()), "{line}");
    });
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_stage_that_is_stopped_shows_while_the_tables_are_held() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["demo", "--rate", "1000", "--seed", "9"], USUAL);
    terminal.wait("a pipeline at work", all_run);
    terminal.keys("p");
    terminal.wait("frozen tables", |screen| screen.contains("TABLES FROZEN SINCE "));
    terminal.keys("2");
    terminal.wait("store picked", |screen| screen.contains("▸2 store"));
    terminal.keys(" ");
    terminal.wait("a stopped store", |screen| screen.contains("store stopped") && screen.contains("○ stopped"));
    terminal.keys(" p");
    terminal.wait("all running", |screen| all_run(screen) && !screen.contains("FROZEN"));
    terminal.quit();
}
