//! Text pasted into the terminal acts nowhere: not where the terminal marks it, and where it does not, it loses nothing.

use crate::support::clicks::{OwnedClick, lines, made};
use crate::support::figures;
use crate::support::program::Home;
use crate::support::screen::{all_run, figure, state};
use crate::support::terminal::{Size, Terminal};
use crate::{USUAL, WIDE};

const CLICKS: usize = 2_000;

/// A console on clicks that are all there.
fn finished(home: &Home, size: Size) -> Terminal {
    let clicks = made(81, CLICKS);
    let file = home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv))).display().to_string();
    let terminal = Terminal::start(home, &["replay", &file], size);
    terminal.wait("the end", |screen| screen.contains("finished: 2,000 clicks stored"));
    terminal
}

fn marked(text: &str) -> String {
    format!("\x1b[200~{text}\x1b[201~")
}

/// Every click is still there, and every stage is at work but the one whose source has ended.
#[track_caller]
fn assert_all_there(mut terminal: Terminal, home: &Home) {
    terminal.keys("\x1bOP");
    terminal.wait("the overview", |screen| screen.contains("1 ingest") && figure(screen, "clicks") == Some(2_000));
    terminal.keys("q");
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    terminal.assert_given_back();
    assert_eq!(figures::number(&home.data(), "SELECT COUNT(*) FROM clicks"), 2_000);
}

#[test]
fn a_marked_paste_resets_nothing_quits_nothing_and_stops_nothing() {
    let home = Home::new();
    let mut terminal = finished(&home, USUAL);
    terminal.wait_for_sent(b"\x1b[?2004h");
    for text in ["Reports by city", "R\rreset\r", "X\ry", "qy", "2 r S", "Rreset\n\x1b[31m"] {
        terminal.keys(&marked(text));
        terminal.wait("a word about it", |screen| screen.contains("pasted text does nothing here"));
        terminal.keys("\x1b[B");
        terminal.wait("no word about it", |screen| !screen.contains("pasted text"));
    }
    assert_all_there(terminal, &home);
}

#[test]
fn a_marked_paste_into_a_question_is_a_no() {
    let home = Home::new();
    let mut terminal = finished(&home, WIDE);
    for (opens, question, text) in
        [("R", "Delete 2,000 clicks", "reset\r"), ("X", "Stop all 4 stages?", "y"), ("R", "Delete 2,000", "reset")]
    {
        terminal.keys(opens);
        terminal.wait("a question", |screen| screen.contains(question));
        terminal.keys(&marked(text));
        terminal
            .wait("a no", |screen| screen.contains("pasted text answers no question") && !screen.contains(question));
    }
    assert_all_there(terminal, &home);
}

#[test]
fn an_unmarked_paste_deletes_nothing() {
    let home = Home::new();
    let mut terminal = finished(&home, USUAL);
    for text in ["Reports by city", "Rreset\r", "R\rreset\r", "Xy", "Reports by city\nRreset\ny\n"] {
        terminal.keys(text);
        terminal.wait("a word about it", |screen| screen.contains("too many keys at once"));
        terminal.keys("\x1b[B");
        terminal.wait("no word about it", |screen| !screen.contains("many keys"));
    }
    assert_all_there(terminal, &home);
}

#[test]
fn a_paste_that_comes_in_pieces_is_one_paste() {
    let home = Home::new();
    let mut terminal = finished(&home, USUAL);
    terminal.keys("\x1b[15~");
    terminal.wait("the search", |screen| screen.contains("type a part of a url"));
    // Some of them are read by themselves, whatever the time they take.
    for (at, piece) in ["\x1b[2", "00~/p", "ro", "duct", "\x1b[201", "~"].into_iter().enumerate() {
        terminal.keys(piece);
        if at < 5 {
            assert!(!terminal.screen().contains("/ /pro"), "not before its end: {}", terminal.screen());
        }
    }
    terminal.wait("the text", |screen| screen.contains("/ /product"));
    terminal.keys("\r");
    terminal.wait("the list", |screen| screen.contains("Enter open"));
    assert_all_there(terminal, &home);
}

#[test]
fn a_megabyte_pasted_into_the_search_is_cut_and_typing_goes_on() {
    let home = Home::new();
    let mut terminal = finished(&home, WIDE);
    terminal.keys("\x1b[15~");
    terminal.wait("the search", |screen| screen.contains("type a part of a url"));
    terminal.keys(&marked(&"Reports by city\n".repeat(65_536)));
    terminal.wait("its first line", |screen| screen.contains("/ Reports by city") && screen.contains("first line"));
    terminal.keys(&marked(&"y".repeat(1 << 20)));
    terminal.wait("the cut", |screen| screen.contains("the text is cut: a line holds 500 characters"));
    terminal.keys("\x15/product");
    terminal.wait("what was typed", |screen| screen.contains("/ /product") && screen.contains(" results "));
    terminal.keys("\r");
    terminal.wait("the list", |screen| screen.contains("Enter open"));
    assert_all_there(terminal, &home);
}

#[test]
fn the_word_typed_by_hand_resets_and_says_what_went() {
    let home = Home::new();
    let mut terminal = finished(&home, USUAL);
    let documents = figures::number(&home.data(), "SELECT COUNT(*) FROM page_stats");
    terminal.keys("R");
    terminal.wait("a question", |screen| screen.contains("Delete 2,000 clicks and clear the embedded index?"));
    terminal.keys("reset");
    terminal.wait("the word", |screen| screen.contains("Enter: reset"));
    terminal.keys("\r");
    let said = format!("deleted 2,000 clicks, cleared {documents} documents of the embedded index");
    terminal.wait("what went", |screen| screen.replace(',', "").contains(&said.replace(',', "")));
    terminal.keys("\x1b[17~");
    terminal.wait("the log of it", |screen| {
        screen.contains("reset: deleted 2,000 clicks")
            && screen.replace(',', "").contains(&format!("reset: deleted {documents} documents"))
    });
    terminal.keys("q");
    assert_eq!(terminal.end(), 0);
    assert_eq!(figures::number(&home.data(), "SELECT COUNT(*) FROM clicks"), 0);
}

#[test]
fn the_paste_mode_follows_a_suspension() {
    let home = Home::new();
    let mut terminal = finished(&home, USUAL);
    assert!(terminal.is_pasting_marked());
    terminal.keys("\x1a");
    terminal.wait_for_sent(b"\x1b[?2004l");
    terminal.signal("CONT");
    terminal.wait("the console again", all_stages);
    terminal.keys(&marked("Rreset\r"));
    terminal.wait("a word about it", |screen| screen.contains("pasted text does nothing here"));
    assert!(terminal.is_pasting_marked());
    assert_all_there(terminal, &home);
}

fn all_stages(screen: &str) -> bool {
    (0..4).all(|place| state(screen, place).as_deref() == Some("done"))
}

#[test]
fn a_terminal_without_a_size_has_that_of_the_environment_or_the_usual_one() {
    let nowhere = Size { columns: 0, rows: 0 };
    for (environment, size) in [(None, USUAL), (Some(("100", "30")), WIDE)] {
        let home = match environment {
            None => Home::new(),
            Some((columns, lines)) => Home::new().with("COLUMNS", columns).with("LINES", lines),
        };
        let mut terminal = Terminal::start_shown(&home, &["demo", "--rate", "100", "--seed", "9"], nowhere, size);
        terminal.wait("a pipeline at work", |screen| {
            let rows: Vec<&str> = screen.lines().collect();
            all_run(screen)
                && rows.len() == usize::from(size.rows)
                && rows.last().is_some_and(|row| row.contains("? help"))
        });
        terminal.quit();
    }
}
