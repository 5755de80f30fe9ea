//! Files that are followed: new lines, rotation, truncation, and restarts.

use std::io::Write as _;
use std::path::Path;

use crate::support::clicks::{OwnedClick, lines, made};
use crate::support::figures;
use crate::support::program::{Home, Running};

fn csv(clicks: &[OwnedClick]) -> Vec<u8> {
    lines(clicks.iter().map(OwnedClick::csv))
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).expect("a file");
    file.write_all(bytes).expect("written");
}

fn follow(home: &Home) -> Running {
    home.start(&["replay", "--follow", "access.csv", "--headless", "--log-file", "log"])
}

#[track_caller]
fn await_clicks(run: &mut Running, clicks: usize) {
    run.await_object(&format!("{clicks} clicks"), |object| object["totals"]["clicks"] == clicks);
}

/// Ends it as Ctrl-C does; the summary.
#[track_caller]
fn end(run: Running) -> serde_json::Value {
    run.signal("INT");
    let ran = run.end();
    assert!(ran.status.success(), "{ran:?}");
    ran.summary()
}

#[test]
fn new_lines_count_once_their_line_end_is_there() {
    let clicks = made(81, 40);
    let home = Home::new();
    let path = home.path("access.csv");
    let mut run = follow(&home);
    run.await_object("a file to wait for", |object| {
        object["stages"][0]["doing"].as_str().is_some_and(|doing| doing.contains("waiting for access.csv"))
    });
    append(&path, &csv(&clicks[..10]));
    await_clicks(&mut run, 10);
    let line = csv(&clicks[10..11]);
    let (begin, rest) = line.split_at(line.len() / 2);
    append(&path, begin);
    let mut reread = csv(&clicks[11..20]);
    run.await_object("a look at half a line", |object| object["seconds"].as_f64() > Some(0.0));
    append(&path, rest);
    append(&path, &reread);
    await_clicks(&mut run, 20);
    reread = csv(&clicks[20..]);
    append(&path, &reread);
    await_clicks(&mut run, 40);
    let summary = end(run);
    assert_eq!((&summary["rejected"], &summary["duplicates"]), (&0.into(), &0.into()), "{summary}");
    assert_eq!(summary["complete"], serde_json::Value::Null, "it has no end: {summary}");
    figures::assert_same("top", &home.top(), &figures::of_clicks(&clicks));
}

#[test]
fn a_rotated_file_is_read_to_its_end_and_the_new_one_from_its_beginning() {
    let clicks = made(82, 300);
    let home = Home::new();
    let path = home.path("access.csv");
    append(&path, &csv(&clicks[..100]));
    let mut run = follow(&home);
    await_clicks(&mut run, 100);
    // The writer goes on in the old file for a moment, and ends it without a line end.
    std::fs::rename(&path, home.path("access.csv.1")).expect("rotated");
    append(&home.path("access.csv.1"), csv(&clicks[100..150]).trim_ascii_end());
    append(&path, &csv(&clicks[150..200]));
    await_clicks(&mut run, 200);
    std::fs::remove_file(&path).expect("removed");
    append(&path, &csv(&clicks[200..]));
    await_clicks(&mut run, 300);
    let summary = end(run);
    assert_eq!((&summary["rejected"], &summary["duplicates"]), (&0.into(), &0.into()), "{summary}");
    figures::assert_same("top", &home.top(), &figures::of_clicks(&clicks));
}

#[test]
fn a_file_that_is_truncated_while_it_is_followed_begins_anew() {
    let clicks = made(83, 300);
    let home = Home::new();
    let path = home.path("access.csv");
    append(&path, &csv(&clicks[..200]));
    let mut run = follow(&home);
    await_clicks(&mut run, 200);
    std::fs::write(&path, csv(&clicks[200..250])).expect("truncated");
    await_clicks(&mut run, 250);
    append(&path, &csv(&clicks[250..]));
    await_clicks(&mut run, 300);
    let summary = end(run);
    assert_eq!((&summary["rejected"], &summary["duplicates"]), (&0.into(), &0.into()), "{summary}");
    let log = std::fs::read_to_string(home.path("log")).expect("a log");
    assert!(log.contains("access.csv is shorter than before"), "{log}");
    figures::assert_same("top", &home.top(), &figures::of_clicks(&clicks));
}

#[test]
fn a_restart_goes_on_also_if_the_file_was_rotated_meanwhile() {
    let clicks = made(84, 400);
    let home = Home::new();
    let path = home.path("access.csv");
    append(&path, &csv(&clicks[..100]));
    let mut run = follow(&home);
    await_clicks(&mut run, 100);
    run.kill_9();
    append(&path, &csv(&clicks[100..200]));
    let mut run = follow(&home);
    await_clicks(&mut run, 200);
    assert_eq!(end(run)["stored"], 100);

    append(&path, &csv(&clicks[200..300]));
    std::fs::rename(&path, home.path("access.csv.1")).expect("rotated");
    append(&path, &csv(&clicks[300..]));
    let mut run = follow(&home);
    await_clicks(&mut run, 400);
    let summary = end(run);
    assert_eq!((&summary["stored"], &summary["duplicates"]), (&200.into(), &0.into()), "{summary}");
    // And once more, with nothing new in either.
    let mut run = follow(&home);
    append(&path, b"no click\n");
    run.await_object("the new line", |object| object["totals"]["rejected"] == 1);
    assert_eq!(end(run)["duplicates"], 0);
    figures::assert_same("top", &home.top(), &figures::of_clicks(&clicks));
    figures::assert_exact(&home.data());
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let home = Home::new();
    let packed = zstd::encode_all(&csv(&made(85, 3))[..], 3).expect("packed");
    home.file("access.csv.zst", &packed);
    for file in ["access.csv.zst", "-"] {
        let ran = home.run(&["replay", "--follow", file, "--headless"]);
        assert!(ran.one_clear_line().contains("only plain text files can be followed"), "{ran:?}");
    }
}
