//! SIGHUP: it ends a run in order, unless it is ignored; and what killed demos leave behind goes.

use std::path::{Path, PathBuf};

use crate::support::program::{Home, Running};

/// Starts `clicktop` so that SIGHUP is not ignored, whoever started the tests.
fn start(home: &Home, arguments: &[&str]) -> Running {
    home.start_by(&["env", "--default-signal=HUP"], arguments)
}

/// A home whose demos keep their data in a temporary folder.
fn home() -> Home {
    Home::new().with("CLICKTOP_DATA_DIR", "")
}

/// The temporary folders of demos.
fn folders(home: &Home) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(home.path("")).expect("a directory").map(|entry| entry.expect("an entry").path());
    let is_demo =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("clicktop-demo-"));
    entries.filter(is_demo).collect()
}

fn at_work(home: &Home) -> Running {
    let mut run = start(home, &["demo", "--headless", "--rate", "1k", "--log-file", "log"]);
    run.await_object("stored clicks", |object| object["totals"]["stored"].as_u64() > Some(0));
    run
}

#[test]
fn a_hang_up_drains_a_headless_run() {
    let home = home();
    let run = at_work(&home);
    assert_eq!(folders(&home).len(), 1);
    // From the system and from the shell.
    run.signal("HUP");
    run.signal("HUP");
    let ran = run.end();
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    let summary = ran.summary();
    assert_eq!((&summary["ingested"], &summary["pages"]), (&summary["stored"], &summary["documents"]), "{summary}");
    assert!(folders(&home).is_empty(), "nothing is left behind");
}

#[test]
fn a_run_that_ignores_hang_ups_goes_on() {
    let home = home();
    let ignoring = ["sh", "-c", "trap '' HUP; exec \"$0\" \"$@\""];
    let mut run = home.start_by(&ignoring, &["demo", "--headless", "--rate", "1k", "--log-file", "log"]);
    let stored = |object: &serde_json::Value| object["totals"]["stored"].as_u64();
    let before = stored(&run.await_object("stored clicks", |object| stored(object) > Some(0)));
    run.signal("HUP");
    run.await_object("more clicks", |object| stored(object) > before && object["shutting_down"].is_null());
    run.await_object("more than more", |object| object["shutting_down"].is_null());
    run.signal("TERM");
    let ran = run.end();
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    ran.summary();
}

#[test]
fn the_next_demo_removes_what_a_killed_one_left() {
    let home = home();
    let killed = |home: &Home| -> PathBuf {
        let before = folders(home);
        let mut run = at_work(home);
        let folder = folders(home).into_iter().find(|folder| !before.contains(folder)).expect("a folder");
        run.kill_9();
        assert!(folder.exists());
        folder
    };
    let running = at_work(&home);
    let its_own = folders(&home);
    let gone = killed(&home);
    let beyond = home.file("beyond", b"stays");
    std::os::unix::fs::symlink(&beyond, gone.join("link")).expect("a link");
    let linked = home.path("clicktop-demo-linked");
    std::os::unix::fs::symlink(&gone, &linked).expect("a link");

    home.succeed(&["demo", "--headless", "--events", "100", "--rate", "max", "--log-file", "log"]);
    assert!(!gone.exists() && beyond.exists() && linked.is_symlink());
    assert!(its_own.iter().all(|folder| folder.join("clicktop.db").exists()), "a running one's stays");
    let log = std::fs::read_to_string(home.path("log")).expect("a log");
    assert!(log.contains(&format!("removed {}", gone.display())), "{log}");
    running.signal("HUP");
    assert!(running.end().status.success());

    // Whose data somebody has gone on with is not the demo's any more.
    let kept = killed(&home);
    let named = kept.display().to_string();
    home.succeed(&["demo", "--headless", "--events", "100", "--rate", "max", "--data-dir", &named]);
    home.succeed(&["demo", "--headless", "--events", "100", "--rate", "max"]);
    assert!(Path::new(&named).join("clicktop.db").exists());
}
