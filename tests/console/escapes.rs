//! Text of others steers no terminal: not in any view, whatever field or answer it comes in.

use crate::WIDE;
use crate::support::kafka::{self, Refusals};
use crate::support::listener::{Listener, http};
use crate::support::program::Home;
use crate::support::terminal::{Size, Terminal};

/// Sets the title, leaves the alternate screen, clears, colours by a C1 control, and turns the direction round.
const EVIL: &str = "\u{1b}]0;owned\u{7}\u{1b}[?1049l\u{1b}[2J\u{9b}31m\u{202e}";

/// The same to a broker that says it.
const EVIL_REASON: &str = "no \u{1b}]0;owned\u{7}\u{1b}[?1049l\u{9b}31m\u{202e} entry";

#[track_caller]
fn assert_unmoved(terminal: &Terminal, what: &str) {
    assert!(terminal.is_taken(), "{what}: the alternate screen is still there: {}", terminal.screen());
    for bytes in ["owned\u{7}", "\u{9b}", "\u{202e}"] {
        assert!(!terminal.has_sent(bytes.as_bytes()), "{what}: {bytes:?} was sent");
    }
}

/// Clicks with it in every field, and lines that are no clicks with it wherever a reason may quote it.
fn lines() -> Vec<u8> {
    let click = |field: usize, at: usize| {
        let mut fields = ["id", "user", "2026-01-01T00:00:00Z", "/url", "FR", "Paris", "Firefox", "Linux", "desktop"]
            .map(|text| format!("{text}{at}"));
        fields[2] = format!("2026-01-01T00:00:{:02}Z", at % 60);
        fields[field].push_str(EVIL);
        fields.join(",")
    };
    let mut lines: Vec<String> = (0..45).map(|at| click(at % 9, at)).collect();
    lines.push(format!("{EVIL},cut,\"{EVIL}"));
    lines.push(format!("{{\"click_id\":[1],\"{EVIL}\":1}}"));
    let mut bytes = lines.join("\n").into_bytes();
    bytes.push(b'\n');
    bytes
}

#[test]
fn no_field_of_a_click_or_a_reject_steers_any_view() {
    let home = Home::new();
    let file = home.file("clicks.csv", &lines()).display().to_string();
    let mut terminal = Terminal::start(&home, &["replay", &file], WIDE);
    // Those whose timestamp is broken are rejected, too.
    terminal.wait("the end", |screen| screen.contains("finished: 40 clicks stored, 0 duplicates, 7 rejected"));
    assert_unmoved(&terminal, "overview");
    for (key, view, shown) in [
        ("\x1bOQ", "partitions", "this source has no partitions"),
        ("\x1bOR", "store", "write-ahead log"),
        ("\x1bOS", "rejects", "timestamp"),
        ("\r", "a reject", "timestamp"),
        ("\x1b[17~", "log", "rejected"),
        ("\x1b[18~", "map", "5% and more"),
        ("\x1b[15~url", "search", "40 results"),
        ("\r\r", "a url", "newest clicks"),
        ("\x1bOP", "overview", "1 ingest"),
        ("l", "log panel", "log"),
    ] {
        terminal.keys(key);
        terminal.wait(view, |screen| screen.contains(shown));
        assert_unmoved(&terminal, view);
    }
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_given_back();
}

#[test]
fn neither_broker_nor_engine_nor_the_settings_steer_it() {
    let engine = Listener::plain(http(|_| {
        let reason = serde_json::Value::from(EVIL_REASON);
        (401, format!(r#"{{"error":{{"type":"security_exception","reason":{reason}}}}}"#))
    }));
    let broker = kafka::broker(Refusals { credentials: Some(EVIL_REASON), ..Refusals::default() });
    let home = [
        ("SHUTDOWN_TIMEOUT", "1s".to_owned()),
        ("KAFKA__BROKERS", format!("127.0.0.1:{}", broker.port)),
        ("KAFKA__GROUP", format!("group{EVIL}")),
        ("KAFKA__SECURITY", "sasl_plaintext".to_owned()),
        ("KAFKA__SASL__MECHANISM", "PLAIN".to_owned()),
        ("KAFKA__SASL__USERNAME", "u".to_owned()),
        ("KAFKA__SASL__PASSWORD", "hunter2".to_owned()),
        ("INDEX__KIND", "elasticsearch".to_owned()),
        ("INDEX__URLS", format!("http://127.0.0.1:{}", engine.port)),
    ]
    .into_iter()
    .fold(Home::new(), |home, (name, value)| home.with(&format!("CLICKTOP_{name}"), &value));
    let mut terminal = Terminal::start(&home, &["run"], Size { columns: 250, rows: 40 });
    terminal.wait("both refuse", |screen| screen.matches("backing off").count() >= 2);
    assert_unmoved(&terminal, "overview");
    for (key, view, shown) in
        [("l", "log panel", "entry"), ("\x1b[17~", "log", "security_exception"), ("\x1bOQ", "partitions", "partition")]
    {
        terminal.keys(key);
        terminal.wait(view, |screen| screen.contains(shown));
        assert_unmoved(&terminal, view);
    }
    assert!(!terminal.has_sent(b"hunter2"), "the password shows");
    terminal.quit();
}
