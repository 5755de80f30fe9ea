//! The data directory is not taken on trust: links, foreign triggers and views, other users' files, media that cannot be written.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};

use rusqlite::Connection;

use crate::support::clicks::{OwnedClick, lines, made};
use crate::support::figures;
use crate::support::program::{Home, clicktop};

/// A home with some clicks in it.
fn filled() -> Home {
    let home = Home::new();
    let file = home.file("clicks.csv", &lines(made(81, 200).iter().map(OwnedClick::csv)));
    home.replay(&file, &[]);
    home
}

/// As somebody with sqlite3 does.
fn change_schema(home: &Home, change: &str) {
    let connection = Connection::open(home.data().join("clicktop.db")).expect("a database");
    connection.execute_batch(&format!("PRAGMA foreign_keys = OFF; {change}")).expect("changed");
}

/// The names of what lies in the data directory.
fn names(home: &Home) -> Vec<String> {
    let files = std::fs::read_dir(home.data()).expect("a directory");
    let mut names: Vec<String> =
        files.map(|file| file.expect("a file").file_name().into_string().expect("a name")).collect();
    names.sort();
    names
}

#[test]
fn no_file_of_the_data_directory_is_followed_out_of_it() {
    for name in ["clicktop.lock", "clicktop.db", "clicktop.db-wal", "clicktop.db-shm", "search.db"] {
        let home = Home::new();
        let victim = home.file("victim", b"precious");
        let file = home.file("clicks.csv", &lines(made(81, 5).iter().map(OwnedClick::csv))).display().to_string();
        std::fs::create_dir(home.data()).expect("a directory");
        symlink(&victim, home.data().join(name)).expect("a link");
        let ran = home.run(&["replay", &file, "--headless"]);
        let said = ran.one_clear_line();
        assert!(said.contains(&format!("{name} is a symbolic link")), "{name}: {said}");
        assert_eq!(std::fs::read(&victim).expect("the victim"), b"precious", "{name}");
        for command in [&["top"][..], &["backup", "copy.db"], &["rebuild"]] {
            if name.starts_with("clicktop.db") {
                std::fs::write(home.data().join("clicktop.db"), "").ok();
                let ran = home.run(command);
                assert!(!ran.status.success(), "{name}: {command:?}");
                assert!(matches!(std::fs::read(&victim), Ok(bytes) if bytes == b"precious" || bytes.is_empty()));
            }
        }
    }
}

#[test]
fn the_data_directory_itself_may_be_a_link() {
    let home = filled();
    std::fs::rename(home.data(), home.path("elsewhere")).expect("moved");
    symlink(home.path("elsewhere"), home.data()).expect("a link");
    let file = home.path("clicks.csv");
    assert_eq!(home.replay(&file, &["--again"])["duplicates"], 200);
    home.succeed(&["top"]);
    home.succeed(&["backup", "copy.db"]);
    home.succeed(&["rebuild"]);
}

#[test]
fn a_schema_that_is_not_ours_is_refused_by_every_command_and_nothing_of_it_runs() {
    const TRIGGER: &str =
        "CREATE TABLE seen (x); CREATE TRIGGER evil AFTER INSERT ON offsets BEGIN INSERT INTO seen VALUES (1); END";
    let cases = [
        (TRIGGER, "the trigger evil on offsets was not made by clicktop"),
        ("CREATE VIEW v AS SELECT load_extension('x')", "the view v was not made by clicktop"),
        ("DROP VIEW pages; CREATE VIEW pages AS SELECT 1", "the view pages is not as clicktop made it"),
        ("DROP TABLE urls; CREATE VIEW urls AS SELECT 1 AS id, '/' AS url", "the view urls was not made by clicktop"),
        ("CREATE INDEX more ON clicks (url)", "the index more on clicks was not made by clicktop"),
        ("ALTER TABLE clicks ADD COLUMN x DEFAULT 7", "the table clicks is not as clicktop made it"),
        ("DROP VIEW click_events", "the view click_events is missing"),
    ];
    for (change, words) in cases {
        let home = filled();
        change_schema(&home, change);
        let file = home.path("clicks.csv").display().to_string();
        for command in [&["replay", &file, "--headless"][..], &["top"], &["backup", "copy.db"], &["rebuild"]] {
            let ran = home.run(command);
            let said = ran.one_clear_line();
            assert!(said.contains(words), "{command:?}: {said}");
        }
        assert!(!home.path("copy.db").exists());
        if change == TRIGGER {
            assert_eq!(figures::number(&home.data(), "SELECT COUNT(*) FROM seen"), 0);
        }
    }
}

#[test]
fn the_embedded_index_is_refused_as_well_and_made_anew_once_it_is_deleted() {
    let home = filled();
    let search = home.data().join("search.db");
    Connection::open(&search)
        .expect("an index")
        .execute_batch("CREATE TRIGGER evil AFTER UPDATE ON totals BEGIN DELETE FROM pages; END")
        .expect("a trigger");
    let file = home.path("clicks.csv").display().to_string();
    let ran = home.run(&["replay", &file, "--headless"]);
    let said = ran.one_clear_line();
    assert!(
        said.contains("the trigger evil on totals was not made by clicktop") && said.contains("delete the file"),
        "{said}"
    );
    std::fs::remove_file(&search).expect("deleted");
    let summary = home.succeed(&["replay", &file, "--headless"]).summary();
    assert_eq!(summary["documents"], summary["pages"], "{summary}");
}

#[test]
fn what_sqlites_analyze_leaves_behind_is_no_harm() {
    let home = filled();
    change_schema(&home, "ANALYZE");
    home.succeed(&["top"]);
    assert_eq!(home.replay(&home.path("clicks.csv"), &["--again"])["duplicates"], 200);
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
}

/// Whether we are root, whom no mode stops: then somebody else runs the program.
fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|found| found.uid() == 0)
}

/// Runs the program as somebody who may write nothing there.
fn as_reader(home: &Home, arguments: &[&str]) -> std::io::Result<Output> {
    let mut command = Command::new(clicktop());
    command.args(arguments).env_clear().envs(home.environment()).current_dir("/");
    if is_root() {
        command.uid(65_534).gid(65_534);
    }
    command.output()
}

/// Everybody may read what is there; nobody but root may write.
fn only_for_reading(home: &Home) {
    for name in names(home) {
        set_mode(&home.data().join(name), 0o444);
    }
    set_mode(&home.data(), 0o555);
    set_mode(home.data().parent().expect("home"), 0o755);
}

/// The program that a reader of another user runs must be there for them.
fn reader_can_run(home: &Home) -> bool {
    as_reader(home, &["--version"]).is_ok_and(|ran| ran.status.success())
}

#[test]
fn a_closed_database_is_read_where_nothing_can_be_written() {
    let home = filled();
    assert!(!names(&home).iter().any(|name| name.ends_with("-wal")), "it is closed: {:?}", names(&home));
    let wanted = home.succeed(&["top", "--format", "json"]).stdout;
    // Whoever reads where they may write leaves these behind, empty.
    for name in ["clicktop.db-wal", "clicktop.db-shm"] {
        std::fs::remove_file(home.data().join(name)).ok();
    }
    only_for_reading(&home);
    if reader_can_run(&home) {
        let before = names(&home);
        let ran = as_reader(&home, &["top", "--format", "json"]).expect("the program starts");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{said}");
        assert_eq!(String::from_utf8_lossy(&ran.stdout), wanted);
        assert_eq!(names(&home), before, "nothing was put beside it");

        // What is not in the file yet cannot be read there.
        set_mode(&home.data(), 0o755);
        std::fs::write(home.data().join("clicktop.db-wal"), vec![0; 4_152]).expect("a log");
        set_mode(&home.data(), 0o555);
        let ran = as_reader(&home, &["top"]).expect("the program starts");
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(!ran.status.success() && said.lines().count() == 1, "{said}");
        assert!(said.contains("its newest part is in clicktop.db-wal"), "{said}");

        set_mode(&home.data(), 0o755);
        std::fs::remove_file(home.data().join("clicktop.db-wal")).expect("deleted");
        set_mode(&home.data().join("clicktop.db"), 0o000);
        let ran = as_reader(&home, &["top"]).expect("the program starts");
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(!ran.status.success() && said.lines().count() == 1 && said.contains("may not be read"), "{said}");
        let way_out = if is_root() { "belongs to root; run this with sudo" } else { "correct them with chmod" };
        assert!(said.contains(&format!("clicktop.db {way_out}")) || !is_root() && said.contains(way_out), "{said}");
    }
    set_mode(&home.data(), 0o755);
}

#[test]
fn a_data_directory_that_nobody_else_may_enter_is_not_called_empty() {
    let home = filled();
    set_mode(home.data().parent().expect("home"), 0o755);
    if reader_can_run(&home) {
        set_mode(&home.data(), if is_root() { 0o700 } else { 0 });
        for arguments in [&["top"][..], &["backup", "/tmp/copy.db"]] {
            let ran = as_reader(&home, arguments).expect("the program starts");
            let said = String::from_utf8_lossy(&ran.stderr).into_owned();
            assert!(!ran.status.success() && said.lines().count() == 1, "{said}");
            assert!(said.contains("may not be read by this user") && !said.contains("no clicktop database"), "{said}");
            assert!(said.contains("sudo") || said.contains("chmod"), "{said}");
        }
    }
    set_mode(&home.data(), 0o700);
}

#[test]
fn a_directory_of_another_users_is_not_written_and_one_for_all_is_warned_about() {
    let home = filled();
    let file = home.path("clicks.csv").display().to_string();
    set_mode(&home.data(), 0o777);
    let ran = home.succeed(&["replay", &file, "--headless"]);
    assert!(ran.stderr.contains("everybody may write to "), "{}", ran.stderr);
    if !is_root() {
        return;
    }
    std::os::unix::fs::chown(home.data(), Some(4_242), None).expect("given away");
    set_mode(home.data().parent().expect("home"), 0o755);
    set_mode(Path::new(&file), 0o644);
    if reader_can_run(&home) {
        let ran = as_reader(&home, &["replay", &file, "--headless"]).expect("the program starts");
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(!ran.status.success() && said.contains("it belongs to another user (id 4242)"), "{said}");
        // The system's own directory, where somebody else was first.
        std::os::unix::fs::chown(home.data(), Some(0), None).expect("the system's");
        set_mode(&home.data(), 0o1777);
        std::os::unix::fs::chown(home.data().join("clicktop.db"), Some(4_242), None).expect("given away");
        let ran = as_reader(&home, &["replay", &file, "--headless"]).expect("the program starts");
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(!ran.status.success() && said.contains("clicktop.db belongs to another user (id 4242)"), "{said}");
    }
}
