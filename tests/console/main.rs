//! The real program in a real terminal: what its user sees, types, and gets back.

#[path = "../support/mod.rs"]
mod support;

mod ended;
mod escapes;
mod pasted;
mod views;

use support::clicks::{OwnedClick, lines, made};
use support::figures;
use support::program::Home;
use support::screen::{all_run, figure, state};
use support::terminal::{Size, Terminal};

const WIDE: Size = Size { columns: 100, rows: 30 };
const USUAL: Size = Size { columns: 80, rows: 24 };

/// Waits for a demo at work.
fn demo(home: &Home) -> Terminal {
    let terminal = Terminal::start(home, &["demo", "--rate", "1000", "--seed", "9"], WIDE);
    terminal.wait("a pipeline at work", |screen| all_run(screen) && figure(screen, "clicks") > Some(500));
    terminal
}

#[test]
fn figures_move_and_quitting_asks_and_gives_the_terminal_back() {
    let home = Home::new();
    let mut terminal = demo(&home);
    let before = figure(&terminal.screen(), "clicks").expect("a figure");
    terminal.wait("more clicks", |screen| figure(screen, "clicks") > Some(before + 1_000));
    let screen = terminal.screen();
    assert!(screen.contains("embedded broker, generated traffic"), "{screen}");

    terminal.keys("q");
    terminal.wait("a question", |screen| screen.contains("Drain and quit clicktop?"));
    terminal.keys("n");
    terminal.wait("no question", |screen| !screen.contains("Drain and quit") && all_run(screen));
    terminal.keys("q");
    terminal.wait("a question", |screen| screen.contains("Drain and quit clicktop?"));
    terminal.keys("y");
    assert_eq!(terminal.end(), 0);
    terminal.assert_given_back();
    let last = terminal.screen();
    let goodbye =
        last.lines().find(|line| line.contains(" clicks of ")).unwrap_or_else(|| panic!("no goodbye: {last}"));
    assert!(goodbye.contains("this run stored") && goodbye.contains("rejected 0"), "{goodbye}");
    figures::assert_exact(&home.data());
}

#[test]
fn a_stage_is_stopped_and_started_by_key() {
    let home = Home::new();
    let mut terminal = demo(&home);
    terminal.keys("2");
    terminal.wait("store picked", |screen| screen.contains("▸2 store"));
    terminal.keys(" ");
    terminal.wait("a stopped store", |screen| state(screen, 1).as_deref() == Some("stopped"));
    let screen = terminal.screen();
    for place in [0, 2, 3] {
        assert_eq!(state(&screen, place).as_deref(), Some("running"), "{screen}");
    }
    let held = figure(&screen, "clicks").expect("a figure");
    terminal.keys(" ");
    terminal.wait("a running store", |screen| all_run(screen) && figure(screen, "clicks") > Some(held + 500));

    terminal.keys("3r");
    terminal.wait("aggregate picked", |screen| screen.contains("▸3 aggregate"));
    terminal.wait("all running", all_run);
    terminal.keys("X");
    terminal.wait("a question", |screen| screen.contains("y yes"));
    terminal.keys("y");
    terminal.wait("all stopped", |screen| (0..4).all(|place| state(screen, place).as_deref() == Some("stopped")));
    terminal.keys("S");
    terminal.wait("all running", all_run);
    terminal.quit();
    figures::assert_exact(&home.data());
}

#[test]
fn the_table_is_sorted_and_filtered_by_key() {
    let home = Home::new();
    let mut terminal = demo(&home);
    for (key, title) in [("", "by clicks"), ("s", "by users"), ("s", "by time"), ("s", "by rising"), ("s", "by clicks")]
    {
        terminal.keys(key);
        terminal.wait(title, |screen| screen.contains(&format!("urls of all countries {title}")));
    }
    // The country under the cursor is the one shown.
    terminal.keys("j");
    terminal
        .wait("urls of one country", |screen| screen.contains("urls of ") && !screen.contains("urls of all countries"));
    let screen = terminal.screen();
    let country =
        screen.split_once("urls of ").and_then(|(_, rest)| rest.split_whitespace().next()).expect("a country");
    assert!(screen.contains(&format!("▸{country} ")), "{screen}");
    terminal.keys("g");
    terminal.wait("all countries again", |screen| screen.contains("urls of all countries"));
    terminal.quit();
}

#[test]
fn help_lists_the_keys_and_the_screen_follows_its_size() {
    let home = Home::new();
    let mut terminal = demo(&home);
    terminal.keys("?");
    terminal.wait("help", |screen| screen.contains("show or hide this help") && screen.contains("drain and quit"));
    terminal.keys("?");
    terminal.wait("no help", |screen| !screen.contains("show or hide this help") && all_run(screen));

    for size in [USUAL, Size { columns: 140, rows: 45 }, Size { columns: 30, rows: 8 }, WIDE] {
        terminal.resize(size);
        if size.columns < 60 {
            terminal.wait("anything", |screen| !screen.trim().is_empty());
            continue;
        }
        terminal.wait("a footer in the last row", |screen| {
            let rows: Vec<&str> = screen.lines().collect();
            rows.len() == usize::from(size.rows)
                && rows.last().is_some_and(|row| row.contains("? help"))
                && rows.first().is_some_and(|row| row.contains("clicktop") && row.contains("up 00:"))
                && all_run(screen)
        });
    }
    terminal.keys("l");
    terminal.wait("the log", |screen| screen.contains("assigned partitions"));
    terminal.quit();
}

#[test]
fn a_replay_says_when_it_is_finished() {
    let clicks = made(71, 2_000);
    let home = Home::new();
    let file = home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv))).display().to_string();
    let mut terminal = Terminal::start(&home, &["replay", &file], WIDE);
    terminal.wait("the end", |screen| screen.contains("finished: 2,000 clicks stored, 0 duplicates, 0 rejected"));
    assert!(terminal.screen().contains("replay of clicks.csv"), "{}", terminal.screen());
    // A finished pipeline has nothing to lose: no question.
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_given_back();
    let last = terminal.screen();
    assert!(last.contains("2,000 clicks of") && last.contains("clicktop top --data-dir"), "{last}");
    figures::assert_same("top", &home.top(), &figures::of_clicks(&clicks));
}

#[test]
fn a_signal_gives_the_terminal_back() {
    for signal in ["TERM", "INT", "HUP"] {
        let home = Home::new();
        let mut terminal = demo(&home);
        terminal.signal(signal);
        assert_eq!(terminal.end(), 0, "SIG{signal}");
        terminal.assert_given_back();
        assert!(terminal.screen().contains(" clicks of "), "SIG{signal}: {}", terminal.screen());
        figures::assert_exact(&home.data());
    }
}

#[test]
fn a_terminal_that_goes_away_drains_and_ends_in_order() {
    let home = Home::new();
    let terminal = demo(&home);
    assert_eq!(terminal.vanish(), Some(0), "as after a hang-up, with nobody to say it to");
    let word = std::fs::read_to_string(home.data().join("clicktop.lock")).expect("a lock file");
    assert_eq!(word, "closed\n", "the pipeline has drained");
    figures::assert_exact(&home.data());
}

#[test]
fn a_terminal_that_goes_away_behind_a_key_is_noticed_all_the_same() {
    // A terminal that is dropped types a line end and Ctrl-D last. Whether the program reads them as the terminal goes, or
    // before, is chance: of so many one does.
    for _ in 0..12 {
        let home = Home::new();
        let terminal = Terminal::start(&home, &["run", "--brokers", "127.0.0.1:1"], WIDE);
        terminal.wait("a console", |screen| screen.contains("4 index"));
        assert_eq!(terminal.vanish(), Some(0));
    }
}

#[test]
fn a_terminal_that_goes_away_without_a_signal_drains_too() {
    let home = Home::new();
    // The shell is hung up and goes on waiting; nobody tells the program.
    let terminal = Terminal::start_by(
        &home,
        &["sh", "-c", "trap : HUP; \"$0\" \"$@\"; exit $?"],
        &["demo", "--rate", "1000"],
        WIDE,
    );
    terminal.wait("a pipeline at work", |screen| all_run(screen) && figure(screen, "clicks") > Some(500));
    assert_eq!(terminal.vanish(), Some(0));
    let word = std::fs::read_to_string(home.data().join("clicktop.lock")).expect("a lock file");
    assert_eq!(word, "closed\n", "the pipeline has drained");
}

#[test]
fn an_error_at_the_start_leaves_the_terminal_alone() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["replay", "missing.csv"], WIDE);
    assert_eq!(terminal.end(), 1);
    terminal.assert_untouched();
    assert!(terminal.screen().contains("clicktop: cannot read missing.csv"), "{}", terminal.screen());
}

#[test]
fn urls_that_hold_escape_sequences_do_not_steer_the_terminal() {
    let mut clicks = made(72, 50);
    for click in &mut clicks {
        click.url = "/\u{1b}[?1049l\u{1b}]0;owned\u{7}\u{9b}2J".to_owned();
    }
    let home = Home::new();
    let file = home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv))).display().to_string();
    let mut terminal = Terminal::start(&home, &["replay", &file], WIDE);
    terminal.wait("the end", |screen| screen.contains("finished: 50 clicks stored"));
    assert!(terminal.is_taken(), "the alternate screen is still there: {}", terminal.screen());
    assert!(!terminal.has_sent(b"owned\x07"), "no title was set");
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    terminal.assert_given_back();
}

#[test]
fn a_locale_without_utf8_is_drawn_in_ascii_unless_told_otherwise() {
    let plain = |home: &Home, flags: &[&str]| {
        let mut terminal = Terminal::start(home, &[&["demo", "--rate", "1000"], flags].concat(), WIDE);
        terminal.wait("a pipeline at work", |screen| figure(screen, "clicks") > Some(0));
        let is_ascii = terminal.screen().is_ascii();
        terminal.signal("TERM");
        assert_eq!(terminal.end(), 0);
        is_ascii
    };
    let latin = || Home::new().with("LANG", "en_US.UTF-8").with("LC_ALL", "C");
    assert!(plain(&latin(), &[]));
    assert!(!plain(&latin(), &["--ascii=false"]));
    assert!(!plain(&latin().with("CLICKTOP_CONSOLE__ASCII", "false"), &[]));
    assert!(!plain(&Home::new().with("LC_CTYPE", "C.UTF-8").with("LANG", "C"), &[]));
    assert!(!plain(&Home::new(), &[]), "no locale at all says nothing of the terminal");
    assert!(plain(&Home::new(), &["--ascii"]));
}
