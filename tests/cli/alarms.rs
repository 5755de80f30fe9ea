//! Alarms of the real program: in its status objects, in its log, and told to a command.

use std::io::Write as _;

use serde_json::Value;

use crate::support::clicks::{OwnedClick, lines, made};
use crate::support::program::Home;

/// The names of the alarms that are on.
fn active(object: &Value) -> Vec<&str> {
    let active = object["alarms"]["active"].as_array().map(Vec::as_slice).unwrap_or_default();
    active.iter().filter_map(|alarm| alarm["name"].as_str()).collect()
}

#[test]
fn a_log_that_goes_silent_begins_an_alarm_and_the_next_click_ends_it() {
    let clicks = made(91, 200);
    let (first, rest) = clicks.split_at(100);
    let home = Home::new()
        .with("CLICKTOP_ALARMS__SILENCE__BEGIN", "2 s")
        .with("CLICKTOP_ALARMS__CALM", "0 s")
        .with("CLICKTOP_ALARMS__COMMAND", r#"["/bin/sh", "-c", "cat >> heard; echo >> heard"]"#);
    let log = home.file("clicks.csv", &lines(first.iter().map(OwnedClick::csv)));
    let mut run = home.start(&["replay", "--follow", "clicks.csv", "--headless", "--log-file", "log"]);
    let silent = run.await_object("an alarm", |object| active(object) == ["silence"]);
    let alarm = &silent["alarms"]["active"][0];
    assert_eq!((&alarm["severity"], &alarm["stage"], &alarm["limit"]), (&"critical".into(), &Value::Null, &2.0.into()));
    let text = alarm["text"].as_str().expect("a text");
    assert!(text.starts_with("no click has come for ") && text.ends_with("(limit 2 s)"), "{alarm}");
    let mut file = std::fs::OpenOptions::new().append(true).open(log).expect("opened");
    file.write_all(&lines(rest.iter().map(OwnedClick::csv))).expect("appended");
    let ended = run
        .await_object("the end of the alarm", |object| active(object).is_empty() && object["totals"]["stored"] == 200);
    let watched = ended["alarms"]["watched"].as_array().expect("a list");
    assert_eq!(watched.iter().find(|alarm| alarm["name"] == "silence").expect("watched")["begun"], 1, "{ended}");
    run.signal("TERM");
    assert!(run.end().status.success());
    let heard = std::fs::read_to_string(home.path("heard")).expect("heard");
    let heard: Vec<Value> = heard.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let events: Vec<_> = heard.iter().map(|heard| (&heard["event"], &heard["alarm"])).collect();
    assert_eq!(events[..2], [(&"begin".into(), &"silence".into()), (&"end".into(), &"silence".into())]);
    assert!(heard[1]["lasted_seconds"].as_f64() > Some(0.0), "{heard:?}");
    let log = std::fs::read_to_string(home.path("log")).expect("a log");
    assert!(log.contains("ERROR alarms: silence: no click has come for ") && log.contains("(limit 2 s)"), "{log}");
    assert!(log.contains("INFO alarms: silence is over after "), "{log}");
}

#[test]
fn a_demo_with_an_outage_shows_its_alarm_and_loses_nothing() {
    let home = Home::new().with("CLICKTOP_ALARMS__CALM", "1 s");
    // The broker is taken away while two thirds of the clicks are sent.
    let mut run =
        home.start(&["demo", "--headless", "--outage", "6s", "--rate", "300", "--events", "9000", "--log-file", "log"]);
    let down = run.await_object("the alarm", |object| active(object).contains(&"stage"));
    let alarm = &down["alarms"]["active"][0];
    assert_eq!((&alarm["stage"], &alarm["concerns"]), (&"ingest".into(), &"ingest".into()));
    let text = alarm["text"].as_str().expect("a text");
    assert!(text.contains("refuses connections"), "{alarm}");
    assert!(down["lag"].is_null(), "nobody knows it while the broker is away: {down}");
    let summary = run.await_object("the summary", |object| object["event"] == "summary");
    assert_eq!(
        (&summary["stored"], &summary["rejected"], &summary["duplicates"]),
        (&9000.into(), &0.into(), &0.into())
    );
    assert!(run.end().status.success());
    let log = std::fs::read_to_string(home.path("log")).expect("a log");
    assert_eq!(log.matches("ingest works again after").count(), 1, "{log}");
    for line in ["the embedded broker is taken away for 6s (--outage)", "the embedded broker is back (--outage)"] {
        assert!(log.contains(line), "{line} is not in\n{log}");
    }
}

#[test]
fn config_masks_the_webhook_and_shows_the_limits() {
    let home = Home::new().with("CLICKTOP_ALARMS__WEBHOOK", "https://chat.example/hooks/hunter2");
    let ran = home.succeed(&["config"]);
    assert!(ran.stdout.contains("webhook = \"***\"") && !ran.stdout.contains("hunter2"), "{ran:?}");
    assert!(ran.stdout.contains("[alarms.behind]\nbegin = \"5m\""), "{ran:?}");
    let ran = home.with("CLICKTOP_ALARMS__WEBHOOK", "hunter2").run(&["config"]);
    let line = ran.one_clear_line();
    assert!(line.contains("ALARMS__WEBHOOK") && line.contains("https://") && !line.contains("hunter2"), "{line}");
}

#[test]
fn a_demo_runs_no_command() {
    let home = Home::new()
        .with("CLICKTOP_ALARMS__LAG__BEGIN", "1")
        .with("CLICKTOP_ALARMS__LAG__HOLD", "0 s")
        .with("CLICKTOP_ALARMS__COMMAND", r#"["/bin/sh", "-c", "echo heard >> heard"]"#);
    home.succeed(&["demo", "--headless", "--events", "3000", "--rate", "1000"]);
    assert!(!home.path("heard").exists());
}
