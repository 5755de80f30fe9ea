//! Text that is pasted: it goes into a line being typed, and never acts.

use super::steered::console;
use super::{Console, fixture};
use crate::console::state::line_input::{LineInput, LinePurpose};
use crate::console::state::screen::Screen;
use crate::protocol::Command;

fn commands(console: &mut Console) -> Vec<Command> {
    console.sent().into_iter().filter(|sent| !matches!(sent, Command::View(_) | Command::Ask(_))).collect()
}

/// Text that is keys all over, among them each that steers or opens a question, and the answers.
const KEYS: &str = "Reports by city\rX\ry\rq\ry\rR\rreset\r1 r S 2 3 4 \u{3}\u{3}y";

#[test]
fn pasted_text_acts_nowhere_and_says_so() {
    for open in ["", "?", "2", "F4", "F6", "F5 x Enter"] {
        let mut console = console(fixture::running());
        if !open.is_empty() {
            console.press(open);
        }
        console.sent();
        let (sheet, focus, stage) = (console.app.screens.open, console.app.overview.focus, console.app.picked_stage);
        console.paste(KEYS).paste("Reports by city");
        assert_eq!(commands(&mut console), [], "at {open}");
        assert!(
            console.app.overlays.prompt.is_none()
                && console.app.overlays.line.is_none()
                && !console.app.ending.is_quitting(),
            "{open}"
        );
        assert_eq!(
            (console.app.screens.open, console.app.overview.focus, console.app.picked_stage),
            (sheet, focus, stage),
            "{open}"
        );
        assert!(console.screen().contains("pasted text does nothing here"), "{open}: {}", console.screen());
    }
}

#[test]
fn pasted_text_is_a_no_to_every_question() {
    for (opens, pasted) in [("X", "y"), ("q", "y"), ("R", "reset"), ("R", "reset\r"), ("R", "reset\n"), ("X", "")] {
        let mut console = console(fixture::running());
        console.press(opens).paste(pasted);
        assert!(console.app.overlays.prompt.is_none(), "{pasted:?} closes {opens}");
        assert!(console.screen().contains("pasted text answers no question"), "{}", console.screen());
        console.press("Enter");
        assert_eq!(commands(&mut console), [], "{pasted:?} to {opens}");
    }
}

#[test]
fn a_line_takes_the_first_line_of_what_is_pasted_and_does_not_take_it_as_done() {
    for (opens, line) in [("F5", LinePurpose::Search), ("/", LinePurpose::Filter), (":", LinePurpose::Palette)] {
        let mut console = console(fixture::running());
        console.press(opens).paste("/cart\u{1b}[31m\u{9b}\tx\nR\ry\n");
        let typing = console.app.overlays.line.as_ref().expect("still typed");
        assert_eq!((typing.purpose, typing.text()), (line, "/cart[31m x"));
        assert!(console.screen().contains("only the first line"), "{}", console.screen());
        assert_eq!(commands(&mut console), []);
    }
    let mut console = console(fixture::running());
    console.press("e ^u").paste("top.csv\n");
    assert_eq!(console.app.overlays.line.as_ref().map(LineInput::text), Some("top.csv"));
    assert!(console.app.outgoing.effects.is_empty(), "nothing is written before Enter");
}

#[test]
fn what_is_pasted_into_the_search_is_looked_for_and_a_megabyte_is_cut() {
    let mut console = console(fixture::running());
    console.press("F5");
    console.sent();
    console.paste("/cart");
    assert!(matches!(console.sent().as_slice(), [Command::Ask(_)]));
    console.paste(&"é\u{202e}".repeat(500_000));
    let text = console.app.overlays.line.as_ref().expect("typed").text();
    assert_eq!((text.chars().count(), text.contains('\u{202e}')), (500, false));
    assert!(console.screen().contains("the text is cut: a line holds 500 characters"), "{}", console.screen());
}

#[test]
fn keys_of_one_read_answer_no_question_that_a_key_answers() {
    for keys in ["Xy", "Xylophone", "qy", "qyyy", "Xn", "Xyy\ry"] {
        let mut console = console(fixture::running());
        console.burst(keys);
        assert_eq!(commands(&mut console), [], "{keys}");
        assert!(console.app.overlays.prompt.is_none() && !console.app.ending.is_quitting(), "{keys}");
        assert!(console.screen().contains("too many keys at once"), "{keys}: {}", console.screen());
    }
    for opens in ["X", "q"] {
        let mut console = console(fixture::running());
        console.press(opens).burst("yes, please\r");
        assert_eq!(commands(&mut console), [], "{opens}");
        assert!(console.app.overlays.prompt.is_none(), "{opens}");
    }
    // The question itself may come with what was typed before it.
    let mut console = console(fixture::running());
    console.burst("sX").press("y");
    assert_eq!(commands(&mut console), [Command::StopAll]);
}

#[test]
fn text_that_comes_as_keys_steers_no_stage_and_a_few_keys_do() {
    let mut console = console(fixture::running());
    console.burst("3 r").press("1");
    assert_eq!(commands(&mut console).len(), 2, "a stage's key, then what is to become of it");
    for text in ["a b c", "4 2 1", "rrrr", "on S 2", "1 2 3 4 r S"] {
        console.burst(text);
        assert_eq!(commands(&mut console), [], "{text}");
        assert!(console.screen().contains("too many keys at once"), "{text}: {}", console.screen());
        console.press("1");
    }
    console.burst("/a r S");
    assert_eq!(console.app.overlays.line.as_ref().map(LineInput::text), Some("a r S"), "a line takes them");
}

#[test]
fn keys_of_one_read_reset_nothing_unless_the_word_was_asked_for_before() {
    for keys in
        ["Reports by city", "Reports by city\r", "Rreset\r", "Rreset\nreset\r", ":reset\rreset\r", "R\rR\rreset\r"]
    {
        let mut console = console(fixture::running());
        console.burst(keys).press("Enter");
        assert_eq!(commands(&mut console), [], "{keys}");
        assert!(console.app.overlays.prompt.is_none() && console.app.screens.open == Screen::Overview, "{keys}");
    }
    for (keys, wanted) in [
        ("reset\r", vec![Command::Reset]),
        ("reset\rX\ry", vec![Command::Reset]),
        ("by city\rXyRreset\r", vec![]),
        ("reset\n", vec![]),
        ("resets\r", vec![]),
    ] {
        let mut console = console(fixture::running());
        console.press("R").burst(keys);
        assert_eq!(commands(&mut console), wanted, "{keys}");
        assert!(console.app.overlays.prompt.is_none(), "{keys}");
    }
    // Split over reads wherever it may be, a paste that the terminal does not mark deletes nothing.
    let text = "Reports by city, Xylophones quy";
    for at in 1..text.len() {
        let mut console = console(fixture::running());
        let (first, second) = text.split_at(at);
        match first.len() {
            1 => console.press(first),
            _ => console.burst(first),
        };
        console.burst(second);
        assert!(!commands(&mut console).contains(&Command::Reset), "split at {at}");
    }
}
