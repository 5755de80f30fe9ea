//! What goes wrong at the start is one line that says what to do, within seconds.

use clicktop::source::EmbeddedBroker;

use crate::support::clicks::{OwnedClick, lines, made};
use crate::support::program::Home;

/// A home whose programs log to a file, so that stderr holds what is for the user and nothing else.
fn home() -> Home {
    let home = Home::new().with("CLICKTOP_KAFKA__CONNECT_TIMEOUT", "2s");
    let log = home.path("log").display().to_string();
    home.with("CLICKTOP_LOG__FILE", &log)
}

#[track_caller]
fn fails(home: &Home, arguments: &[&str], words: &[&str]) {
    let ran = home.run(arguments);
    let line = ran.one_clear_line();
    for word in words {
        assert!(line.contains(word), "{arguments:?} does not say {word:?}: {line}");
    }
}

#[test]
fn a_file_that_is_not_there() {
    for mode in [&["--headless"][..], &[]] {
        fails(&home(), &[&["replay", "missing.csv"], mode].concat(), &["missing.csv"]);
    }
}

#[test]
fn a_directory_in_place_of_a_file() {
    fails(&home(), &["replay", ".", "--headless"], &["directory", "name the files"]);
}

#[test]
fn a_broker_that_is_not_there() {
    let words = ["Kafka 127.0.0.1:1 refuses connections", "kafka.brokers"];
    fails(&home(), &["run", "--headless", "--brokers", "127.0.0.1:1"], &words);
    let home = home();
    home.file("a.csv", b"");
    fails(&home, &["replay", "a.csv", "--headless", "--brokers", "127.0.0.1:1", "--topic", "t"], &words);
}

#[test]
fn a_topic_that_is_not_there() {
    let broker = EmbeddedBroker::start("clicks", 1).expect("a broker");
    let arguments = ["run", "--headless", "--brokers", broker.bootstrap_servers(), "--topic", "other"];
    fails(&home(), &arguments, &["other", "does not exist", "kafka.topic"]);
}

#[test]
fn a_data_directory_that_cannot_be_made() {
    let home = home();
    // Even the superuser cannot make a directory under a file.
    let file = home.file("file", b"");
    let below = file.join("below").display().to_string();
    let data = ["--data-dir", &below];
    fails(&home, &[&["demo", "--headless", "--events", "10"][..], &data].concat(), &[&below, "--data-dir"]);
    for command in ["top", "rebuild"] {
        fails(&home, &[&[command], &data[..]].concat(), &[&below]);
    }
}

#[test]
fn a_database_that_is_not_there_or_not_ours() {
    let home = home();
    for command in ["top", "rebuild"] {
        fails(&home, &[command], &["no clicktop database", "demo"]);
    }
    std::fs::create_dir(home.data()).expect("a directory");
    std::fs::write(home.data().join("clicktop.db"), b"a text that is no database, and long enough to tell")
        .expect("a file");
    for arguments in [&["top"][..], &["rebuild"], &["demo", "--headless", "--events", "10"]] {
        fails(&home, arguments, &["not a clicktop database"]);
    }
}

#[test]
fn a_setting_that_does_not_exist() {
    let home = home();
    let file = home.file("clicktop.toml", b"[kafka]\nbrokrs = \"a:1\"\n").display().to_string();
    fails(&home, &["config", "--config", &file], &["kafka.brokrs", "line 2", "did you mean kafka.brokers"]);
    fails(&home.with("CLICKTOP_KAFKA__TOPIK", "x"), &["top"], &["CLICKTOP_KAFKA__TOPIK", "CLICKTOP_KAFKA__TOPIC"]);
}

#[test]
fn the_exit_code_tells_settings_that_cannot_be_used_from_what_may_work_later() {
    let home = home();
    let file = home.file("wrong.toml", b"[kafka]\ntopic = 7\n").display().to_string();
    for arguments in [
        &["serve", "--config", &file][..],
        &["serve", "--config", "missing.toml"],
        &["check", "--config", &file],
        &["demo", "--headless", "--listen", "0.0.0.0:0"],
    ] {
        assert_eq!(home.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(home.run(&["top", "--data-dir", "nowhere"]).status.code(), Some(1), "no database");
    home.succeed(&["completions", "bash", "--config", &file]);
}

#[test]
fn a_value_that_cannot_be() {
    let home = home().with("CLICKTOP_INGEST__BATCH_EVENTS", "many");
    fails(&home, &["demo", "--headless", "--events", "10"], &["CLICKTOP_INGEST__BATCH_EVENTS", "whole number"]);
}

#[test]
fn a_second_program_on_the_same_data() {
    let home = home();
    let mut first = home.start(&["demo", "--headless", "--rate", "500"]);
    first.await_object("stored clicks", |object| object["totals"]["clicks"].as_u64() > Some(0));
    let data = home.data().display().to_string();
    for arguments in [&["demo", "--headless", "--events", "10"][..], &["run", "--headless"], &["rebuild"]] {
        fails(&home, arguments, &["in use", &data, "--data-dir"]);
    }
    first.signal("TERM");
    assert!(first.end().status.success(), "the first is not disturbed");
}

#[test]
fn a_console_without_a_terminal() {
    let home = home();
    let file = home.file("clicks.csv", &lines(made(41, 10).iter().map(OwnedClick::csv))).display().to_string();
    fails(&home, &["replay", &file], &["terminal", "--headless"]);
}

#[test]
fn a_search_engine_address_that_is_none() {
    fails(&home(), &["demo", "--headless", "--events", "10", "--index-url", "nonsense"], &["nonsense"]);
}
