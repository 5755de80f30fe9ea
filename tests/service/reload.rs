//! `clicktop serve` reads its settings again on SIGHUP: it takes what can change, and says what cannot.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::HANG;
use crate::support::program::Home;

/// A config of a service whose broker does not answer.
fn config(more: &str) -> Vec<u8> {
    format!("[kafka]\nbrokers = \"127.0.0.1:1\"\n{more}").into_bytes()
}

/// Waits until the file holds each of `parts`.
#[track_caller]
fn await_text(file: &Path, parts: &[&str]) {
    let deadline = Instant::now() + HANG;
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if parts.iter().all(|part| text.contains(part)) {
            return;
        }
        assert!(Instant::now() < deadline, "{parts:?} are not in\n{text}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_service_takes_new_settings_on_sighup_and_names_those_that_wait_for_the_next_start() {
    let home = Home::new();
    home.file("service.toml", &config(""));
    let mut run = home.start(&["serve", "--config", "service.toml", "--log-file", "log"]);
    let log = home.path("log");
    await_text(&log, &["service: listening at", "ingest: "]);

    run.signal("HUP");
    await_text(&log, &["nothing that concerns a running service has changed"]);

    home.file("service.toml", &config("topic = \"web\"\n[alarms.stage]\nhold = \"0 s\"\n[log]\nlevel = \"debug\"\n"));
    run.signal("HUP");
    await_text(
        &log,
        &[
            "these have changed: log.level, alarms",
            "these settings take effect at the next start: kafka.topic",
            " ERROR alarms: stage of ingest: ",
        ],
    );

    home.file("service.toml", b"[kafka]\nbrokers = 7\n");
    run.signal("HUP");
    await_text(&log, &["the settings stay as they are: ", "kafka.brokers"]);

    // As logrotate does it.
    home.file("service.toml", &config(""));
    std::fs::rename(&log, home.path("log.1")).expect("renamed");
    run.signal("HUP");
    await_text(&log, &["these have changed: log.level, alarms"]);

    assert!(run.is_alive());
    run.signal("TERM");
    assert!(run.end().status.success());
}

#[test]
fn a_service_takes_a_new_password_of_the_schema_registry_on_sighup() {
    let home = Home::new();
    let registry =
        "[schema_registry]\nurls = \"http://127.0.0.1:1\"\nusername = \"ann\"\npassword_file = \"password\"\n";
    home.file("service.toml", &config(registry));
    home.file("password", b"old\n");
    let mut run = home.start(&["serve", "--config", "service.toml", "--log-file", "log"]);
    let log = home.path("log");
    await_text(&log, &["service: listening at", "ingest: "]);
    home.file("password", b"new\n");
    run.signal("HUP");
    await_text(&log, &["these have changed: the credentials of the schema registry"]);
    run.signal("HUP");
    await_text(&log, &["nothing that concerns a running service has changed"]);
    std::fs::remove_file(home.path("password")).expect("removed");
    run.signal("HUP");
    await_text(&log, &["the credentials of the schema registry stay as they are: ", "schema_registry.password_file"]);
    assert!(run.is_alive());
    run.signal("TERM");
    assert!(run.end().status.success());
}
