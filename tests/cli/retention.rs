//! `store.retention`: old clicks go, their figures stay.

use clicktop::click::Timestamp;
use rusqlite::Connection;

use crate::support::clicks::{OwnedClick, lines, made};
use crate::support::figures;
use crate::support::program::Home;

#[test]
fn old_clicks_are_deleted_their_figures_stay_and_they_do_not_come_back() {
    let clicks = made(71, 4_000);
    let newest = clicks.iter().map(|click| click.timestamp).max().expect("a click").as_millis();
    // The first half is a week older than the second.
    let week = 7 * 24 * 60 * 60 * 1000;
    let clicks: Vec<OwnedClick> = clicks
        .into_iter()
        .enumerate()
        .map(|(at, click)| {
            let back = if at < 2_000 { week } else { 0 };
            OwnedClick { timestamp: Timestamp::from_millis(click.timestamp.as_millis() - back), ..click }
        })
        .collect();
    let wanted = figures::of_clicks(&clicks);
    let home = Home::new();
    let file = home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv)));
    let config = home.file("clicktop.toml", b"[store]\nretention = '3 days'\n");
    let config = config.to_str().expect("a path");
    let stored = |when: &str| {
        let condition = format!("SELECT COUNT(*) FROM clicks WHERE ts < {}", newest - week / 2);
        (
            when.to_owned(),
            figures::number(&home.data(), &condition),
            figures::number(&home.data(), "SELECT COUNT(*) FROM clicks"),
        )
    };
    home.replay(&file, &["--config", config]);
    figures::assert_same("first", &home.top(), &wanted);

    // The first run ended with a checkpoint, so that this one may delete; then the same clicks come once more.
    let summary = home.replay(&file, &["--again", "--config", config]);
    assert_eq!(stored("deleted"), ("deleted".to_owned(), 0, 2_000));
    let again = |name: &str| summary[name].as_u64().expect("a count");
    assert_eq!(
        (again("stored"), again("duplicates") + again("expired"), again("clicks")),
        (0, 4_000, 4_000),
        "{summary}"
    );
    let summary = home.replay(&file, &["--again", "--config", config]);
    assert_eq!((&summary["duplicates"], &summary["expired"]), (&2_000.into(), &2_000.into()), "{summary}");
    figures::assert_same("all of them", &home.top(), &wanted);

    let refused = home.run(&["rebuild"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.stderr.contains("2,000 clicks that the figures count were deleted for their age"), "{refused:?}");
    figures::assert_same("untouched", &home.top(), &wanted);
    home.succeed(&["rebuild", "--kept-clicks"]);
    figures::assert_same("what is kept", &home.top(), &figures::of_clicks(&clicks[2_000..]));
    figures::assert_exact(&home.data());
    // The index forgets what the figures forgot.
    let summary = home.replay(&file, &["--again", "--config", config]);
    let search = Connection::open(home.data().join("search.db")).expect("an index");
    let documents: u64 = search.query_row("SELECT COUNT(*) FROM pages", [], |row| row.get(0)).expect("a count");
    assert_eq!((&summary["pages"], documents), (&documents.into(), figures::of_clicks(&clicks[2_000..]).len() as u64));
}

#[test]
fn a_retention_shorter_than_the_windows_of_the_console_is_refused() {
    let home = Home::new();
    let config = home.file("clicktop.toml", b"[store]\nretention = '5 min'\n");
    let refused = home.run(&["config", "--config", config.to_str().expect("a path")]);
    assert!(refused.stderr.contains("store.retention (line 2): expected a duration from \"1h\""), "{refused:?}");
}
