//! Text of others steers no terminal: not from the figures, the status, the summary, an error or the log.

use clicktop::source::EmbeddedBroker;

use crate::support::kafka::{self, Refusals};
use crate::support::listener::{Listener, http};
use crate::support::program::{Home, Ran, stage};

const EVIL: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{2028}";

/// What a broker or an engine says of us.
const EVIL_REASON: &str = "no\n2026-01-01 ERROR forged \u{1b}]0;owned\u{7}\u{9b}31m\u{202e} entry";

#[track_caller]
fn assert_safe(what: &str, text: &str) {
    let unsafe_one = text.chars().find(|&c| c != '\n' && clicktop::text::is_unsafe(c));
    assert_eq!(unsafe_one, None, "{what}: {text:?}");
}

#[track_caller]
fn assert_all_safe(what: &str, ran: &Ran) {
    assert_safe(&format!("{what}: stdout"), &ran.stdout);
    assert_safe(&format!("{what}: stderr"), &ran.stderr);
}

#[test]
fn no_field_steers_what_is_printed_or_logged() {
    let mut lines = String::new();
    for field in 0..9 {
        let mut fields = ["id", "user", "2026-01-01T00:00:00Z", "/url", "FR", "Paris", "Firefox", "Linux", "desktop"]
            .map(|text| text.to_owned());
        fields[0].push_str(&field.to_string());
        fields[field].push_str(EVIL);
        lines += &fields.join(",");
        lines.push('\n');
    }
    lines += &format!("{EVIL},cut,\"{EVIL}\n{{\"click_id\":[1],\"{EVIL}\":1}}\n");
    let home = Home::new();
    // Also the name of the file is somebody's text.
    let file = home.file("clicks\u{1b}]0;owned\u{7}.csv", lines.as_bytes()).display().to_string();
    let logged = home.run(&["replay", &file, "--headless", "--log-level", "debug"]);
    assert_eq!(logged.summary()["rejected"], 3, "{logged:?}");
    assert!(logged.stderr.contains("records are no clicks, for example"), "{logged:?}");
    assert_all_safe("to stderr", &logged);
    home.succeed(&["replay", &file, "--headless", "--again", "--log-file", "log"]);
    assert_safe("log", &std::fs::read_to_string(home.path("log")).expect("a log"));
    for arguments in [&["top"][..], &["top", "--format", "json"], &["rebuild"], &["config"]] {
        assert_all_safe("a command", &home.succeed(arguments));
    }
    let missing = home.run(&["replay", "missing\u{1b}]0;owned\u{7}", "--headless"]);
    assert!(!missing.status.success());
    assert_all_safe("error", &missing);
}

#[test]
fn neither_broker_nor_engine_forges_a_line() {
    let reason = serde_json::Value::from(EVIL_REASON);
    let body = format!(r#"{{"error":{{"type":"security_exception","reason":{reason}}}}}"#);
    let engine = Listener::plain(http(move |_| (401, body.clone())));
    let stern = kafka::broker(Refusals { credentials: Some(EVIL_REASON), ..Refusals::default() });
    let home = Home::new()
        .with("CLICKTOP_KAFKA__CONNECT_TIMEOUT", "2s")
        .with("CLICKTOP_SHUTDOWN_TIMEOUT", "1s")
        .with("CLICKTOP_INDEX__KIND", "elasticsearch")
        .with("CLICKTOP_INDEX__URLS", &format!("http://127.0.0.1:{}", engine.port));
    let real = EmbeddedBroker::start("clicks", 1).expect("a broker");
    let mut run = home.start(&[
        "run",
        "--headless",
        "--brokers",
        real.bootstrap_servers(),
        "--log-file",
        "log",
        "--log-level",
        "debug",
    ]);
    run.await_object("refused credentials", |object| {
        stage(object, "index")["last_error"].as_str().is_some_and(|error| error.contains("401"))
    });
    run.signal("TERM");
    assert_all_safe("status and summary", &run.end());
    let log = std::fs::read_to_string(home.path("log")).expect("a log");
    assert_safe("log", &log);
    assert!(
        log.contains("security_exception") && !log.lines().any(|line| line.starts_with("2026-01-01 ERROR")),
        "{log}"
    );

    let home = [
        ("SECURITY", "sasl_plaintext"),
        ("SASL__MECHANISM", "PLAIN"),
        ("SASL__USERNAME", "u"),
        ("SASL__PASSWORD", "hunter2"),
        ("BROKERS", &format!("127.0.0.1:{}", stern.port)),
    ]
    .into_iter()
    .fold(home, |home, (name, value)| home.with(&format!("CLICKTOP_KAFKA__{name}"), value));
    let check = home.run(&["check"]);
    assert!(check.stdout.contains("entry") && check.stdout.contains("security_exception"), "{check:?}");
    assert_all_safe("check", &check);
    assert_eq!(check.stdout.lines().filter(|line| line.contains("FAILED")).count(), 2, "{check:?}");
    let run = home.run(&["run", "--headless", "--log-file", "log"]);
    assert_all_safe("error", &run);
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    assert_safe("log", &std::fs::read_to_string(home.path("log")).expect("a log"));
}
