//! From Kafka to the index: every compression, both engines, protected and not.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::engine::Engine;
use crate::kafka::{Kafka, Topic, through};
use crate::support::HANG;
use crate::support::clicks::{OwnedClick, lines, made};
use crate::support::figures;
use crate::support::program::{Home, stage};

const COMPRESSIONS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];

/// Sends clicks in every compression, and lets clicktop take them to the index.
fn all_the_way(topic: &Topic, home: &Home, engine: &Engine, seed: u64) {
    let clicks = made(seed, 5_000);
    for (compression, part) in COMPRESSIONS.iter().zip(clicks.chunks(1_000)) {
        topic.send(part, compression);
    }
    let mut run = home.start(&["run", "--headless"]);
    run.await_object("everything indexed", through(clicks.len()));
    run.signal("TERM");
    let ran = run.end();
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!((&ran.summary()["rejected"], &ran.summary()["skipped"]), (&0.into(), &0.into()), "{ran:?}");
    assert_everywhere(home, engine, &clicks);
}

/// The figures are those of `clicks`, in the database and in the index.
fn assert_everywhere(home: &Home, engine: &Engine, clicks: &[OwnedClick]) {
    let wanted = figures::of_clicks(clicks);
    figures::assert_same("by definition", &figures::by_definition(&home.data()), &wanted);
    figures::assert_same("kept", &figures::kept(&home.data()), &wanted);
    figures::assert_same("documents", &engine.figures(), &wanted);
    let wanted = [
        ("avg_time_spent", "double"),
        ("clicks", "long"),
        ("country", "keyword"),
        ("first_seen", "date"),
        ("last_seen", "date"),
        ("unique_users", "long"),
        ("updated_at", "date"),
        ("url", "keyword"),
    ];
    assert_eq!(engine.mapping(), wanted.map(|(name, kind)| (name.to_owned(), kind.to_owned())));
}

#[test]
fn every_compression_reaches_elasticsearch() {
    let (Some(kafka), Some(engine)) = (Kafka::plain(), Engine::elasticsearch()) else { return };
    let topic = kafka.topic(3);
    let home = engine.in_home(topic.home());
    all_the_way(&topic, &home, &engine, 901);
}

#[test]
fn every_compression_reaches_opensearch() {
    let (Some(kafka), Some(engine)) = (Kafka::plain(), Engine::opensearch()) else { return };
    let topic = kafka.topic(3);
    let home = engine.in_home(topic.home());
    all_the_way(&topic, &home, &engine, 902);
}

#[test]
fn tls_with_scram_to_an_index_with_a_password() {
    let (Some(kafka), Some(engine)) = (Kafka::protected(), Engine::elasticsearch()) else { return };
    let topic = kafka.topic(3);
    let home = engine.in_home(topic.home());
    let ran = home.succeed(&["check"]);
    assert_eq!(ran.stdout.lines().filter(|line| line.contains(" ok ")).count(), 6, "{ran:?}");
    all_the_way(&topic, &home, &engine, 903);
}

#[test]
fn a_replay_through_kafka_takes_nothing_from_those_that_run() {
    let Some(kafka) = Kafka::plain() else { return };
    let topic = kafka.topic(3);
    let clicks = made(905, 1_000);
    let (replayed, running) = (topic.home(), topic.home());
    let mut run = running.start(&["run", "--headless"]);
    run.await_object("a consumer", |object| stage(object, "ingest")["state"] == "running");
    let file = replayed.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv)));
    let summary = replayed.replay(&file, &["--brokers", kafka.brokers(), "--topic", &topic.name]);
    assert_eq!((&summary["complete"], &summary["clicks"]), (&true.into(), &1_000.into()), "{summary}");
    run.await_object("the same clicks", through(1_000));
    run.signal("TERM");
    assert!(run.end().status.success());
    let wanted = figures::of_clicks(&clicks);
    figures::assert_same("replayed", &replayed.top(), &wanted);
    figures::assert_same("run", &running.top(), &wanted);
}

#[test]
fn who_is_not_let_in_is_told_so_in_one_line() {
    let (Some(kafka), Some(engine)) = (Kafka::protected(), Engine::elasticsearch()) else { return };
    let topic = kafka.topic(1);
    let home = topic.home().with("CLICKTOP_KAFKA__SASL__PASSWORD", "not-the-password");
    let home = home.with("CLICKTOP_KAFKA__CONNECT_TIMEOUT", "5 s");
    let ran = home.run(&["run", "--headless"]);
    let line = ran.one_clear_line();
    assert!(line.contains("uthentication failed") && !line.contains("not-the-password"), "{line}");

    let home = engine.in_home(topic.home()).with("CLICKTOP_INDEX__PASSWORD", "not-the-password");
    topic.send(&made(904, 100), "none");
    let mut run = home.start(&["run", "--headless"]);
    let object = run.await_object("an index that is refused", |object| {
        stage(object, "index")["state"] == "backing_off" && object["totals"]["clicks"] == 100
    });
    let cause = stage(&object, "index")["cause"].as_str().expect("a cause");
    assert!(cause.contains("401") && !cause.contains("not-the-password"), "{cause}");
    assert_eq!(stage(&object, "ingest")["state"], "running", "the other stages go on");
}

#[test]
fn a_rotated_password_of_the_index_is_taken_on_sighup_and_every_document_arrives() {
    let (Some(kafka), Some(engine)) = (Kafka::plain(), Engine::elasticsearch()) else { return };
    let password = engine.password().expect("a password").to_owned();
    let topic = kafka.topic(1);
    let clicks = made(906, 400);
    topic.send(&clicks[..200], "none");
    let home = engine.in_home(topic.home());
    let file = home.file("password", format!("{password}\n").as_bytes());
    let home = home.with("CLICKTOP_INDEX__PASSWORD", "");
    let home = home.with("CLICKTOP_INDEX__PASSWORD_FILE", &file.display().to_string());
    let run = home.start(&["serve", "--log-file", "log"]);
    let told = |part: &str| {
        let begin = Instant::now();
        loop {
            let log = std::fs::read_to_string(home.path("log")).unwrap_or_default();
            assert!(!log.contains(&password), "the log shows the password");
            if log.contains(part) {
                return;
            }
            assert!(begin.elapsed() < HANG, "{part} is not in\n{log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let status = || {
        let ran = home.run(&["ctl", "status", "--json", "--wait", "0s"]);
        let stages: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        stages.as_array().and_then(|stages| stages.iter().find(|stage| stage["id"] == "index").cloned())
    };
    let index_is = |wanted: &str| {
        let begin = Instant::now();
        while status().is_none_or(|stage| stage["state"] != wanted) {
            assert!(begin.elapsed() < HANG, "index is not {wanted}: {:?}", status());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let wanted = figures::of_clicks(&clicks[..200]);
    let begin = Instant::now();
    while engine.figures_so_far() != wanted {
        assert!(begin.elapsed() < HANG, "the first documents are not there");
        std::thread::sleep(Duration::from_millis(100));
    }

    // The engine has another password now, as far as clicktop can tell.
    home.file("password", b"not-the-password\n");
    run.signal("HUP");
    told("these have changed: the credentials of the index");
    topic.send(&clicks[200..], "none");
    index_is("backing_off");

    home.file("password", format!("{password}\n").as_bytes());
    run.signal("HUP");
    let wanted = figures::of_clicks(&clicks);
    let begin = Instant::now();
    while engine.figures_so_far() != wanted {
        assert!(begin.elapsed() < HANG, "the documents of the second half are not there");
        std::thread::sleep(Duration::from_millis(100));
    }
    index_is("running");
    run.signal("TERM");
    assert!(run.end().status.success());
}
