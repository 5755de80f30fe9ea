//! Standard output and standard error that are closed or full: no command panics, and each does its work all the same.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::sync::mpsc::channel;
use std::time::Instant;

use crate::support::HANG;
use crate::support::clicks::{OwnedClick, lines, made};
use crate::support::figures;
use crate::support::program::Home;

/// How a program ended, and what it said on standard error.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stderr: String,
}

/// Waits for the end of `child`.
#[track_caller]
fn ended(mut child: Child) -> Ended {
    let stderr = child.stderr.take();
    let (sender, receiver) = channel();
    let id = child.id();
    std::thread::spawn(move || {
        let mut text = String::new();
        if let Some(mut stderr) = stderr {
            stderr.read_to_string(&mut text).expect("a text");
        }
        let code = child.wait().expect("an end").code();
        // Nobody waits any more if it took too long.
        let _ = sender.send(Ended { code, stderr: text });
    });
    receiver.recv_timeout(HANG).unwrap_or_else(|_| {
        crate::support::program::signal(id, "KILL");
        panic!("no end in {HANG:?}")
    })
}

/// A standard output that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

/// One on a disk that is full.
fn full() -> Stdio {
    File::options().write(true).open("/dev/full").expect("/dev/full").into()
}

#[track_caller]
fn run(home: &Home, arguments: &[&str], stdout: Stdio) -> Ended {
    ended(home.command(arguments).stdout(stdout).spawn().expect("the program starts"))
}

fn filled() -> Home {
    // No broker is there: `check` has something to fail for.
    let home = Home::new().with("CLICKTOP_KAFKA__BROKERS", "127.0.0.1:1").with("CLICKTOP_KAFKA__CONNECT_TIMEOUT", "1s");
    home.replay(&home.file("clicks.csv", &lines(made(81, 3_000).iter().map(OwnedClick::csv))), &[]);
    home
}

/// Every command that prints and ends, with its exit code.
const COMMANDS: [(&[&str], i32); 13] = [
    (&["check"], 1),
    (&["rebuild"], 0),
    (&["top"], 0),
    (&["top", "--limit", "all"], 0),
    (&["top", "--limit", "all", "--format", "csv"], 0),
    (&["top", "--limit", "all", "--format", "json"], 0),
    (&["keys"], 0),
    (&["config"], 0),
    (&["--help"], 0),
    (&["top", "--help"], 0),
    (&["help"], 0),
    (&["--version"], 0),
    (&["backup", "copy.db"], 0),
];

#[test]
fn nobody_reading_is_quiet_and_leaves_each_command_its_exit_code() {
    let home = filled();
    for (arguments, code) in COMMANDS {
        let ended = run(&home, arguments, closed());
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(code), ""), "{arguments:?}");
    }
    // What was to be done is done.
    let copy = home.path("copies");
    std::fs::create_dir(&copy).expect("a directory");
    std::fs::rename(home.path("copy.db"), copy.join("clicktop.db")).expect("a backup");
    assert_eq!(figures::number(&copy, "SELECT COUNT(*) FROM clicks"), 3_000);
}

#[test]
fn a_full_disk_is_one_line_and_a_failure() {
    let home = filled();
    for (arguments, _) in COMMANDS {
        let ended = run(&home, arguments, full());
        assert_eq!(ended.code, Some(1), "{arguments:?}: {ended:?}");
        let wanted = "clicktop: standard output cannot be written: No space left on device (os error 28); \
                      free some room, or send it elsewhere\n";
        assert_eq!(ended.stderr, wanted, "{arguments:?}");
    }
    assert!(home.path("copy.db").exists(), "the backup is made all the same");
}

#[test]
fn the_first_line_is_read_and_the_rest_is_not() {
    let home = filled();
    let mut child = home.command(&["check"]).spawn().expect("the program starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a line");
    drop(stdout);
    assert!(line.starts_with("config   ok"), "{line}");
    let ended = ended(child);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""), "the broker that is not there is a failure still");
}

#[test]
fn a_socket_whose_reader_is_gone_is_closed_too() {
    let home = filled();
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    // What its reader has not read makes it a reset in place of a broken pipe.
    (&theirs).write_all(b"unread").expect("room");
    drop(ours);
    let ended = run(&home, &["rebuild"], OwnedFd::from(theirs).into());
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

/// How often a process has tried to write.
fn writes(process: u32) -> Option<u64> {
    let io = std::fs::read_to_string(format!("/proc/{process}/io")).ok()?;
    io.lines().find_map(|line| line.strip_prefix("syscw: "))?.parse().ok()
}

#[test]
fn what_does_not_wait_for_a_slow_reader_gets_everything() {
    let home = filled();
    let all = ["top", "--limit", "all", "--format", "json"];
    let wanted = home.succeed(&all).stdout;
    let (mut ours, theirs) = UnixStream::pair().expect("a pair");
    // As a program leaves it that shares its standard output with others.
    theirs.set_nonblocking(true).expect("set");
    // So that there is no room for all of it.
    let filler = vec![b' '; 1 << 20];
    let full = std::iter::repeat_with(|| (&theirs).write(&filler)).map_while(Result::ok).sum::<usize>();
    let mut child = home.command(&all).stdout(OwnedFd::from(theirs)).spawn().expect("the program starts");
    // Until it has met the full pipe several times, or given up.
    let deadline = Instant::now() + HANG;
    while child.try_wait().expect("a state").is_none() && writes(child.id()).is_none_or(|writes| writes < 10) {
        assert!(Instant::now() < deadline, "it does not try again");
        std::thread::yield_now();
    }
    let mut read = vec![0; full];
    ours.read_exact(&mut read).expect("the filler");
    let mut read = String::new();
    ours.read_to_string(&mut read).expect("a text");
    let ended = ended(child);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(read, wanted);
}

#[test]
fn an_error_that_nobody_hears_is_in_the_exit_code() {
    let home = Home::new();
    for stderr in [closed as fn() -> Stdio, full] {
        for (arguments, code) in [(&["top"][..], 1), (&["nonsense"], 2), (&["--config", "nowhere.toml", "keys"], 2)] {
            let mut command = home.command(arguments);
            let ended = ended(command.stdout(closed()).stderr(stderr()).spawn().expect("the program starts"));
            assert_eq!(ended.code, Some(code), "{arguments:?}");
        }
    }
}

#[test]
fn a_finite_run_without_a_reader_stores_everything() {
    for (stdout, code) in [(closed as fn() -> Stdio, 0), (full, 1)] {
        let clicks = made(82, 30_000);
        let home = Home::new();
        let file = home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv))).display().to_string();
        let mut command = home.command(&["replay", &file, "--headless", "--rate", "20k", "--log-file", "log"]);
        let ended = ended(command.stdout(stdout()).spawn().expect("the program starts"));
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), usize::try_from(code).expect("small"), "{ended:?}");
        figures::assert_same("without a reader", &home.top(), &figures::of_clicks(&clicks));
    }
}

#[test]
fn an_endless_run_without_a_reader_drains_and_ends() {
    for (stdout, code) in [(closed as fn() -> Stdio, 0), (full, 1)] {
        let home = Home::new();
        let mut command = home.command(&["demo", "--headless", "--log-file", "log"]);
        let ended = ended(command.stdout(stdout()).spawn().expect("the program starts"));
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), usize::try_from(code).expect("small"), "{ended:?}");
        let word = std::fs::read_to_string(home.data().join("clicktop.lock")).expect("a lock file");
        assert_eq!(word, "closed\n", "it has come to a clean stop");
    }
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let home = Home::new();
    let mut command =
        home.command(&["demo", "--headless", "--events", "2000", "--rate", "max", "--log-level", "debug"]);
    let mut child = command.stderr(closed()).spawn().expect("the program starts");
    let mut printed = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut printed).expect("a text");
    assert_eq!(ended(child).code, Some(0), "{printed}");
    assert!(printed.lines().last().is_some_and(|line| line.contains("\"complete\":true")), "{printed}");
}
