//! `ctl`: what scripts do, and its exit codes.

use serde_json::Value;

use crate::rig::{READ, STEER, Served, until};
use crate::support::program::{Home, Ran};

fn ctl(served: &Served, arguments: &[&str]) -> Ran {
    let path = served.path().display().to_string();
    served.home.run(&[&["ctl", "--at", &path], arguments].concat())
}

fn states(served: &Served) -> Vec<(String, String)> {
    let ran = ctl(served, &["status", "--json"]);
    let stages: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let text = |stage: &Value, name: &str| stage[name].as_str().unwrap_or_default().to_owned();
    stages.as_array().into_iter().flatten().map(|stage| (text(stage, "id"), text(stage, "state"))).collect()
}

#[test]
fn a_script_stops_starts_and_looks() {
    let served = Served::start();
    until("every stage", || ctl(&served, &["status"]).status.code() == Some(0));
    assert_eq!(ctl(&served, &["stop", "index"]).status.code(), Some(0));
    assert!(states(&served).contains(&("index".to_owned(), "stopped".to_owned())));
    let status = ctl(&served, &["status"]);
    assert_eq!(status.status.code(), Some(3), "one does not run: {status:?}");
    assert!(status.stdout.lines().any(|line| line.starts_with("index") && line.contains("stopped")), "{status:?}");
    assert_eq!(ctl(&served, &["status", "store"]).status.code(), Some(0));
    assert_eq!(ctl(&served, &["start", "index"]).status.code(), Some(0));
    assert_eq!(ctl(&served, &["restart", "store"]).status.code(), Some(0));
    assert_eq!(ctl(&served, &["stop", "all"]).status.code(), Some(0));
    assert!(states(&served).iter().all(|(_, state)| state == "stopped"));
    assert_eq!(ctl(&served, &["restart", "all"]).status.code(), Some(0));
    assert!(states(&served).iter().all(|(_, state)| state == "running"));
    let unknown = ctl(&served, &["stop", "inbox"]);
    assert!(unknown.one_clear_line().contains("there are: ingest, store, aggregate, index"), "{unknown:?}");
    assert_eq!(unknown.status.code(), Some(2), "wrong usage");
    let unknown = ctl(&served, &["status", "inbox"]);
    assert!(unknown.one_clear_line().contains("there are: ingest"));
    assert_eq!(unknown.status.code(), Some(2));
    assert_eq!(ctl(&served, &["explode"]).status.code(), Some(2));
    served.end();
}

#[test]
fn a_script_acknowledges_an_alarm() {
    let home = Home::new().with("CLICKTOP_ALARMS__INDEX__BEGIN", "1").with("CLICKTOP_ALARMS__INDEX__HOLD", "0 s");
    let served = Served::start_in(home);
    assert_eq!(ctl(&served, &["stop", "index"]).status.code(), Some(0));
    let alarm = || served.socket().get("/v1/snapshot").json()["alarms"]["active"][0].clone();
    until("the alarm", || alarm()["name"] == "index");
    assert!(alarm()["acknowledged"].is_null());
    let unknown = ctl(&served, &["acknowledge", "lag"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(unknown.one_clear_line().contains("the alarm lag is not on; on are: index"), "{unknown:?}");
    assert_eq!(ctl(&served, &["acknowledge", "index"]).status.code(), Some(0));
    until("acknowledged", || !alarm()["acknowledged"].is_null());
    served.end();
}

#[test]
fn what_cannot_be_undone_asks_and_a_script_says_yes() {
    let served = Served::start();
    for command in ["reset", "shutdown"] {
        let ran = ctl(&served, &[command]);
        assert!(ran.one_clear_line().contains("--yes"), "{ran:?}");
    }
    let reset = ctl(&served, &["reset", "--yes"]);
    assert!(reset.status.success() && reset.stdout.starts_with("deleted "), "{reset:?}");
    assert_eq!(ctl(&served, &["shutdown", "--yes", "--wait", "2m"]).status.code(), Some(0));
    let ran = served.demo.end();
    assert!(ran.status.success(), "{ran:?}");
}

#[test]
fn without_the_right_or_without_a_pipeline_one_line_says_so() {
    let served = Served::with_tokens();
    let at = format!("http://127.0.0.1:{}", served.port);
    let with = |token: Option<&str>, command: &[&str]| {
        let home = Home::new();
        let home = match token {
            Some(token) => home.with("CLICKTOP_ATTACH__TOKEN", token),
            None => home,
        };
        home.run(&[&["ctl", "--at", &at], command].concat())
    };
    assert!(with(None, &["status"]).one_clear_line().contains("a token is needed"));
    assert!(with(Some("wrong-0123456789abcdef"), &["status"]).one_clear_line().contains("is not one of this clicktop"));
    until("every stage", || with(Some(READ), &["status"]).status.code() == Some(0));
    assert!(with(Some(READ), &["stop", "index"]).one_clear_line().contains("only be read"));
    assert_eq!(with(Some(STEER), &["stop", "index"]).status.code(), Some(0));
    served.end();
    let nobody = Home::new().run(&["ctl", "status"]);
    assert!(nobody.one_clear_line().contains("start `clicktop serve`"), "{nobody:?}");
    let plain = Home::new().run(&["ctl", "--at", "http://box:1", "status"]);
    assert!(plain.one_clear_line().contains("not https"), "{plain:?}");
}
