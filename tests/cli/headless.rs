//! Without a console: JSON lines, a summary, exit codes.

use crate::support::clicks::{OwnedClick, lines, made};
use crate::support::figures;
use crate::support::program::{Home, feed, stage};

#[test]
fn a_demo_ends_with_a_summary() {
    let home = Home::new();
    let ran = home.succeed(&["demo", "--events", "20000", "--rate", "max", "--seed", "5", "--headless"]);
    let objects = ran.objects();
    assert!(objects.iter().any(|object| object["event"] == "status"), "{ran:?}");
    let summaries = objects.iter().filter(|object| object["event"] == "summary").count();
    assert_eq!(summaries, 1, "{ran:?}");
    let summary = ran.summary();
    for name in ["ingested", "stored", "duplicates", "rejected", "late", "pages", "documents", "peak_rss_bytes"] {
        assert!(summary[name].is_u64(), "{name} is a count: {summary}");
    }
    assert!(summary["seconds"].as_f64() > Some(0.0), "{summary}");
    assert!(summary["peak_rss_bytes"].as_u64() > Some(1 << 20), "{summary}");
    assert_eq!((&summary["ingested"], &summary["complete"]), (&20_000.into(), &true.into()), "{summary}");
    let sum = summary["stored"].as_u64().zip(summary["duplicates"].as_u64()).map(|(stored, again)| stored + again);
    assert_eq!(sum, Some(20_000), "{summary}");
    assert_eq!(summary["documents"], summary["pages"], "{summary}");
    figures::assert_exact(&home.data());
}

#[test]
fn a_status_tells_of_every_stage() {
    let home = Home::new();
    let mut run = home.start(&["demo", "--headless", "--rate", "2k"]);
    let status = run.await_object("a running pipeline", |object| {
        object["event"] == "status"
            && ["ingest", "store", "aggregate", "index"].iter().all(|id| stage(object, id)["state"] == "running")
            && object["totals"]["documents"].as_u64() > Some(0)
    });
    assert_eq!(status["partitions"].as_array().map(Vec::len), Some(8), "{status}");
    assert_eq!(status["index"]["target"], "embedded", "{status}");
    run.signal("INT");
    let ran = run.end();
    assert!(ran.status.success(), "{ran:?}");
    assert!(ran.summary()["complete"].is_null(), "an endless source has no end to reach: {ran:?}");
}

#[test]
fn a_demo_of_one_seed_is_the_same_each_time() {
    let shape = |seed: &str| {
        let home = Home::new();
        home.succeed(&["demo", "--events", "3000", "--rate", "max", "--seed", seed, "--headless"]);
        home.top().into_iter().map(|(page, figure)| (page, figure.clicks)).collect::<Vec<_>>()
    };
    let first = shape("7");
    assert_eq!(first, shape("7"));
    assert_ne!(first, shape("8"));
}

#[test]
fn standard_input_is_replayed_to_its_end() {
    let clicks = made(51, 1_500);
    let home = Home::new();
    let (run, input) = home.start_with_input(&["replay", "-", "--headless"]);
    feed(input, &lines(clicks.iter().map(OwnedClick::csv)));
    let ran = run.end();
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!(ran.summary()["stored"], 1_500, "{ran:?}");
    figures::assert_same("stdin", &home.top(), &figures::of_clicks(&clicks));
}

#[test]
fn a_signal_ends_a_replay_whose_input_stays_open() {
    let home = Home::new();
    let (mut run, _input) = home.start_with_input(&["replay", "-", "--headless"]);
    run.await_object("first status", |object| object["event"] == "status");
    run.signal("TERM");
    let ran = run.end();
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!(ran.summary()["complete"], false, "{ran:?}");
}

#[test]
fn an_empty_file_is_a_failure_that_says_so() {
    let home = Home::new();
    let file = home.file("empty.csv", b"").display().to_string();
    let ran = home.run(&["replay", &file, "--headless", "--log-file", "log"]);
    let line = ran.one_clear_line();
    assert!(line.contains("no click") && line.contains("empty.csv") && line.contains("no record"), "{line}");
    assert_eq!((&ran.summary()["stored"], &ran.summary()["complete"]), (&0.into(), &false.into()), "{ran:?}");
}

#[test]
fn a_log_file_takes_the_log() {
    let home = Home::new();
    let ran = home.succeed(&["demo", "--events", "100", "--rate", "max", "--headless", "--log-file", "log"]);
    assert_eq!(ran.stderr, "");
    let log = std::fs::read_to_string(home.path("log")).expect("a log");
    assert!(log.contains("assigned partitions"), "{log}");
}
