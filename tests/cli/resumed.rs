//! A replay goes on where an earlier one was, and knows the files that it has read, whatever happens to them meanwhile.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::support::clicks::{OwnedClick, lines, made, random};
use crate::support::figures;
use crate::support::program::{Home, moment};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("finished")
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("finished")
}

fn csv(clicks: &[OwnedClick]) -> Vec<u8> {
    lines(clicks.iter().map(OwnedClick::csv))
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file = std::fs::OpenOptions::new().append(true).open(path).expect("a file");
    file.write_all(bytes).expect("written");
}

/// Stored and duplicate clicks.
fn counts(summary: &Value) -> (u64, u64) {
    (summary["stored"].as_u64().expect("a count"), summary["duplicates"].as_u64().expect("a count"))
}

#[track_caller]
fn assert_known(summary: &Value, name: &str) {
    assert_eq!((counts(summary), &summary["complete"]), ((0, 0), &true.into()), "{summary}");
    let said = summary["read_before"].as_str().expect("a line");
    assert!(said.contains(name) && said.contains("--again"), "{said}");
}

#[test]
fn kills_at_any_moment_read_nothing_twice_and_skip_nothing() {
    const CLICKS: usize = 12_000;
    const KILLS: u32 = 10;
    let seed = 71;
    println!("moments drawn with seed {seed}");
    let mut random = random(seed);
    let clicks = made(seed, CLICKS);
    // Small batches: more moments between a batch and the next.
    for (name, text) in [("clicks.csv", csv(&clicks)), ("clicks.csv.gz", gzip(&csv(&clicks)))] {
        let home = Home::new().with("CLICKTOP_INGEST__BATCH_EVENTS", "150");
        let file = home.file(name, &text).display().to_string();
        let mut in_mid_run = 0;
        for kill in 0..KILLS {
            let mut run = home.start(&["replay", &file, "--headless", "--rate", "8k"]);
            run.await_object("first status", |object| object["event"] == "status");
            std::thread::sleep(moment(&mut random, Duration::from_millis(100) + Duration::from_millis(20) * kill));
            let landed = run.is_alive();
            run.kill_9();
            let stored = figures::number(&home.data(), "SELECT COUNT(*) FROM clicks");
            in_mid_run += u32::from(landed && 0 < stored && stored < CLICKS as i64);
        }
        assert!(in_mid_run > 0, "{name}: some kill came while clicks were being stored");
        let stored = figures::number(&home.data(), "SELECT COUNT(*) FROM clicks");
        let summary = home.replay(file.as_ref(), &[]);
        assert_eq!(counts(&summary), (CLICKS as u64 - stored.unsigned_abs(), 0), "{name}: {summary}");
        figures::assert_same(name, &home.top(), &figures::of_clicks(&clicks));
        figures::assert_exact(&home.data());
    }
}

#[test]
fn a_file_is_known_again_under_another_name_and_packed_anew() {
    let clicks = made(72, 2_000);
    let home = Home::new();
    let text = csv(&clicks);
    let file = home.file("clicks.csv", &text);
    home.replay(&file, &[]);
    assert_known(&home.replay(&file, &[]), "clicks.csv: read before, 2,000 records");
    std::fs::rename(&file, home.path("renamed.csv")).expect("renamed");
    assert_known(&home.replay(&home.path("renamed.csv"), &[]), "renamed.csv");
    assert_known(&home.replay(&home.file("copy.csv", &text), &[]), "copy.csv");
    assert_known(&home.replay(&home.file("clicks.csv.gz", &gzip(&text)), &[]), "clicks.csv.gz");
    assert_known(&home.replay(&home.file("clicks.csv.bz2", &bzip2(&text)), &["renamed.csv"]), "2 files");

    let again = home.replay(&home.path("renamed.csv"), &["--again"]);
    assert_eq!(counts(&again), (0, 2_000), "{again}");
    let other = made(73, 300);
    assert_eq!(counts(&home.replay(&home.file("clicks.csv", &csv(&other)), &[])), (300, 0));
    figures::assert_exact(&home.data());
}

#[test]
fn a_file_that_has_grown_is_read_on_from_its_end() {
    let clicks = made(74, 3_000);
    let (first, rest) = clicks.split_at(1_000);
    let home = Home::new();
    let header = "click_id,user_id,timestamp,url,country,city,browser,os,device\n";
    let file = home.file("clicks.csv", &[header.as_bytes(), &csv(first)].concat());
    assert_eq!(counts(&home.replay(&file, &[])), (1_000, 0));
    append(&file, &csv(&rest[..500]));
    assert_eq!(counts(&home.replay(&file, &[])), (500, 0));
    // The packed copy of the grown file is further than what was read.
    append(&file, &csv(&rest[500..]));
    let packed = home.file("clicks.csv.gz", &gzip(&std::fs::read(&file).expect("a file")));
    assert_eq!(counts(&home.replay(&packed, &[])), (1_500, 0));
    assert_known(&home.replay(&file, &[]), "clicks.csv");
    figures::assert_same("top", &home.top(), &figures::of_clicks(&clicks));
}

#[test]
fn a_last_line_without_an_end_is_read_and_read_again_once_it_has_one() {
    let home = Home::new();
    let one = "c1,u1,2026-01-01T00:00:00Z,/a,FR,,,,\n";
    // The second line stops in the middle of its url, and is a click all the same.
    let file = home.file("clicks.csv", format!("{one}c2,u1,2026-01-01T00:00:10Z,/b,FR,,,,").as_bytes());
    assert_eq!(counts(&home.replay(&file, &[])), (2, 0));
    assert_known(&home.replay(&file, &[]), "2 records");
    append(&file, b"\nc3,u1,2026-01-01T00:00:20Z,/c,FR,,,,\n");
    assert_eq!(counts(&home.replay(&file, &[])), (1, 1), "c2 again, and c3");
    assert_known(&home.replay(&file, &[]), "3 records");
}

#[test]
fn a_file_that_has_shrunk_or_begins_otherwise_is_a_new_file() {
    let clicks = made(75, 1_000);
    let home = Home::new();
    let file = home.file("clicks.csv", &csv(&clicks));
    home.replay(&file, &[]);
    std::fs::write(&file, csv(&clicks[..400])).expect("written");
    assert_eq!(counts(&home.replay(&file, &[])), (0, 400), "shrunk");
    std::fs::write(&file, csv(&made(76, 1_500))).expect("written");
    assert_eq!(counts(&home.replay(&file, &[])), (1_500, 0), "another one");
    figures::assert_exact(&home.data());
}

#[test]
fn a_file_without_a_click_is_read_again() {
    let home = Home::new();
    let file = home.file("words.csv", b"just a line\nand another\n").display().to_string();
    for _ in 0..2 {
        let ran = home.run(&["replay", &file, "--headless"]);
        assert_eq!((ran.status.code(), &ran.summary()["rejected"]), (Some(1), &2.into()), "{ran:?}");
    }
}

#[test]
fn a_packed_file_that_is_cut_goes_on_once_it_is_whole() {
    let clicks = made(77, 3_000);
    let packed = gzip(&csv(&clicks));
    let home = Home::new();
    let file = home.file("clicks.csv.gz", &packed[..packed.len() * 2 / 3]);
    let cut = home.run(&["replay", &file.display().to_string(), "--headless"]);
    assert_eq!(cut.status.code(), Some(1), "{cut:?}");
    assert!(cut.stderr.contains("incomplete"), "{cut:?}");
    let stored = cut.summary()["stored"].as_u64().expect("a count");
    assert!((500..3_000).contains(&stored), "{cut:?}");
    std::fs::write(&file, &packed).expect("written");
    assert_eq!(counts(&home.replay(&file, &[])), (3_000 - stored, 0));
    figures::assert_same("top", &home.top(), &figures::of_clicks(&clicks));
}

#[test]
fn patterns_name_files_and_they_are_read_in_the_order_of_their_first_clicks() {
    let mut clicks = made(78, 900);
    clicks.sort_by_key(|click| click.timestamp);
    let home = Home::new();
    std::fs::create_dir(home.path("logs")).expect("a directory");
    // The names are in another order than the times.
    for (name, part) in ["c", "a", "b"].into_iter().zip(clicks.chunks(300)) {
        home.file(&format!("logs/{name}.csv.bz2"), &bzip2(&csv(part)));
    }
    home.file("logs/d.csv.bz2", &bzip2(b"no click\n"));
    let ran = home.run(&["replay", "logs/*.bz2", "--headless", "--log-file", "log"]);
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!((counts(&ran.summary()), &ran.summary()["rejected"]), ((900, 0), &1.into()));
    let log = std::fs::read_to_string(home.path("log")).expect("a log");
    let order = "logs/c.csv.bz2, logs/a.csv.bz2, logs/b.csv.bz2, logs/d.csv.bz2";
    assert!(log.contains(order), "{log}");
    figures::assert_same("top", &home.top(), &figures::of_clicks(&clicks));

    let folder = home.run(&["replay", "logs", "--headless"]);
    assert!(folder.one_clear_line().contains("'logs/*'"), "{folder:?}");
    let nothing = home.run(&["replay", "logs/*.gz", "--headless"]);
    assert!(nothing.one_clear_line().contains("no file has such a name"), "{nothing:?}");
}

#[test]
fn a_reject_names_its_file_and_line() {
    let home = Home::new();
    let good = "c1,u1,2026-01-01T00:00:00Z,/a,FR,,,,\n";
    home.file("bad.csv", format!("{good}\n\nc2,u1,soon,/b,FR,,,,\n").as_bytes());
    let ran = home.run(&["replay", "bad.csv", "--headless", "--log-file", "log"]);
    assert!(ran.status.success(), "{ran:?}");
    let log = std::fs::read_to_string(home.path("log")).expect("a log");
    assert!(log.contains("bad.csv:4: timestamp `soon`"), "{log}");
    let database = figures::database(&home.data());
    let row = database
        .query_row("SELECT topic, partition, \"offset\", reason FROM rejects", [], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, Option<i32>>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, String>(3)?,
            ))
        })
        .expect("a reject");
    assert_eq!((row.0.as_str(), row.1, row.2), ("bad.csv", None, 4));
    assert!(row.3.starts_with("timestamp `soon`"), "{}", row.3);
}
