//! Care of the stored clicks: backups, and damage that is found before anything builds on it.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::clicks::{OwnedClick, lines, made};
use crate::support::figures;
use crate::support::program::Home;

/// Writes over two pages in the middle of the database.
pub(crate) fn damage(database: &Path) {
    let middle = std::fs::metadata(database).expect("a database").len() / 2 / 4096 * 4096;
    let mut file = std::fs::OpenOptions::new().write(true).open(database).expect("a database");
    file.seek(SeekFrom::Start(middle)).expect("a place");
    file.write_all(&[0xa5; 8192]).expect("damaged");
}

fn filled(clicks: usize) -> Home {
    let home = Home::new();
    let made = made(71, clicks);
    home.replay(&home.file("clicks.csv", &lines(made.iter().map(OwnedClick::csv))), &[]);
    home
}

#[test]
fn a_backup_of_a_running_pipeline_is_a_database_like_any_other() {
    let home = Home::new();
    let mut run = home.start(&["demo", "--headless", "--rate", "5k"]);
    run.await_object("pages", |object| object["totals"]["pages"].as_u64() > Some(100));
    let directory = home.path("backups");
    std::fs::create_dir(&directory).expect("a directory");
    let file = directory.join("clicktop.db");
    let name = file.display().to_string();
    let said = home.succeed(&["backup", &name]);
    assert!(said.stdout.contains("clicks in") && said.stdout.contains(&name) && said.stderr.is_empty(), "{said:?}");
    let mode = std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert_eq!(std::fs::read_dir(&directory).expect("a directory").count(), 1, "one file, and no log of its own");
    assert!(run.is_alive());

    let again = home.run(&["backup", &name]);
    assert!(again.one_clear_line().contains("exists already"), "{again:?}");
    let folder = home.run(&["backup", &directory.display().to_string()]);
    assert!(folder.one_clear_line().contains("is a directory"), "{folder:?}");
    let nowhere = home.run(&["backup", "no/such/place.db"]);
    assert!(nowhere.one_clear_line().contains("no/such/place.db"), "{nowhere:?}");
    assert!(!nowhere.stderr.contains(".clicktop-backup"), "the temporary file is of no interest: {nowhere:?}");
    run.signal("TERM");
    assert!(run.end().status.success(), "the run is not disturbed");

    let data = ["--data-dir", &directory.display().to_string()];
    let top = home.succeed(&[&["top", "--format", "json"][..], &data].concat()).stdout;
    assert!(!figures::of_json(&top).is_empty());
    home.succeed(&[&["rebuild"][..], &data].concat());
    figures::assert_exact(&directory);
}

#[test]
fn a_backup_of_nothing_says_so() {
    let home = Home::new();
    let ran = home.run(&["backup", "copy.db"]);
    assert!(ran.one_clear_line().contains("no clicktop database"), "{ran:?}");
    assert!(!home.path("copy.db").exists());
}

#[test]
fn damage_after_a_crash_is_found_before_anything_builds_on_it() {
    let home = filled(20_000).with("CLICKTOP_KAFKA__CONNECT_TIMEOUT", "1s");
    let word = || std::fs::read_to_string(home.data().join("clicktop.lock")).expect("a lock file");
    assert_eq!(word(), "closed\n", "a clean stop vouches for the file");
    let mut run = home.start(&["demo", "--headless", "--rate", "500"]);
    run.await_object("stored clicks", |object| object["totals"]["stored"].as_u64() > Some(0));
    run.kill_9();
    assert_eq!(word(), "", "a kill does not");

    // Sound: read through, and on it goes.
    let log = home.path("log").display().to_string();
    home.succeed(&["demo", "--headless", "--events", "100", "--rate", "max", "--log-file", &log]);
    let said = std::fs::read_to_string(&log).expect("a log");
    assert!(said.contains("the database is sound"), "{said}");
    assert_eq!(word(), "closed\n");

    damage(&home.data().join("clicktop.db"));
    std::fs::write(home.data().join("clicktop.lock"), "").expect("as after a crash");
    // But for the header, whose version number each start sets again.
    let bytes = || std::fs::read(home.data().join("clicktop.db")).expect("a database").split_off(100);
    let damaged = bytes();
    for arguments in [&["demo", "--headless", "--events", "10", "--log-file", &log][..], &["rebuild"]] {
        let ran = home.run(arguments);
        let line = ran.one_clear_line();
        for words in ["clicktop.db", "is damaged", "backup", ".dump", "Kafka"] {
            assert!(line.contains(words), "{words}: {line}");
        }
        assert_eq!(word(), "", "nobody vouches for it");
        assert!(bytes() == damaged, "nothing is written to a damaged file, not even by {arguments:?}");
    }
    let ran = home.run(&["check"]);
    assert!(ran.stdout.contains("store    FAILED") && ran.stdout.contains("is damaged"), "{ran:?}");
    let ran = home.run(&["backup", "copy.db"]);
    assert!(ran.one_clear_line().contains("no backup was made"), "{ran:?}");
    assert!(!home.path("copy.db").exists());
}

#[test]
fn the_check_can_be_had_always_or_never() {
    let home = filled(5_000).with("CLICKTOP_STORE__CHECK", "always");
    let log = home.path("log").display().to_string();
    let run = ["demo", "--headless", "--events", "10", "--log-file", &log];
    home.succeed(&run);
    let said = || std::fs::read_to_string(&log).expect("a log").matches("the database is sound").count();
    assert_eq!(said(), 1);
    std::fs::write(home.data().join("clicktop.lock"), "").expect("as after a crash");
    home.with("CLICKTOP_STORE__CHECK", "never").succeed(&run);
}

/// The commands under a heading of docs/check.md, as they stand there.
fn commands(heading: &str) -> String {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/check.md")).expect("a page");
    let (_, rest) = page.split_once(&format!("# {heading}\n")).expect("a heading");
    let section = rest.split("\n#").next().expect("a section");
    section.lines().filter_map(|line| line.strip_prefix("    $ ")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_can_be_read_of_a_damaged_database_is_saved_as_the_documentation_says() {
    if std::process::Command::new("sqlite3").arg("-version").output().is_err() {
        return println!("skipped: there is no sqlite3");
    }
    let clicks = made(72, 20_000);
    let home = Home::new();
    let file = home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv)));
    home.replay(&file, &[]);
    damage(&home.data().join("clicktop.db"));
    std::fs::write(home.data().join("clicktop.lock"), "").expect("as after a crash");
    let program = Path::new(env!("CARGO_BIN_EXE_clicktop")).parent().expect("a directory");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").expect("a path"));
    let mut shell = std::process::Command::new("sh");
    shell.args(["-ec", &commands("Saving what can be read of a damaged database")]);
    let ran = shell.current_dir(home.data()).env("PATH", path).output().expect("a shell");
    assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
    let saved = figures::number(&home.data(), "SELECT COUNT(*) FROM clicks");
    assert!((15_000..=20_000).contains(&saved), "{saved} saved");
    assert_eq!(saved, figures::number(&home.data(), "SELECT COUNT(*) FROM click_events"));
    figures::assert_exact(&home.data());

    // What Kafka or a file still has comes back.
    home.replay(&file, &[]);
    figures::assert_same("all clicks", &figures::kept(&home.data()), &figures::of_clicks(&clicks));
}
