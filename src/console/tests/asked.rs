//! What is asked before something is lost, and where the keys that steer hold.

use super::steered::console;
use super::{Console, fixture};
use crate::console::state::effect::Effect;
use crate::console::state::line_input::LinePurpose;
use crate::console::state::screen::Screen;
use std::sync::Arc;

use crate::protocol::board::Board;
use crate::protocol::snapshot::ResetEnd;
use crate::protocol::{Command, StageAction};

fn typed(console: &Console) -> Option<(LinePurpose, &str)> {
    console.app.overlays.line.as_ref().map(|typing| (typing.purpose, typing.text()))
}

#[test]
fn a_reset_names_what_goes_and_only_its_word_says_yes() {
    let mut console = console(fixture::running());
    console.press("R");
    let screen = console.screen();
    assert!(screen.contains("Delete 10,640,512 clicks and clear the embedded index?"), "{screen}");
    assert!(screen.contains("Type reset, then Enter: "), "{screen}");
    for keys in
        ["y Enter", "Enter", "Esc", "r e s e t Esc", "r e s e Enter", "R e s e t Enter", "Tab", "F5", "^c", "Up"]
    {
        console.press(keys);
        assert!(console.app.overlays.prompt.is_none(), "{keys}");
        assert_eq!((console.sent(), console.app.screens.open), (vec![], Screen::Overview), "{keys}");
        assert!(console.screen().contains("nothing is deleted"), "{keys}: {}", console.screen());
        console.press("R");
    }
    console.press("x Backspace r e s X Backspace e t Enter");
    assert_eq!(console.sent(), [Command::Reset]);
}

#[test]
fn the_index_that_is_cleared_is_named_with_its_server_in_full() {
    for (width, height) in [(80, 24), (200, 50), (60, 16)] {
        let mut console = Console::new(width, height);
        let mut snapshot = fixture::running();
        snapshot.index.target = "https://search.of.a.long.name.example:9200/clicktop".into();
        console.show(snapshot).press("R");
        let words: String = console.screen().replace(['\n', '"', '│', '┃'], " ");
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in ["Delete 10,640,512 clicks", "the index clicktop at", "https://search.of.a.long.name.example:9200?"]
        {
            assert!(words.contains(part), "{part} at {width}×{height}:\n{}", console.screen());
        }
    }
}

#[test]
fn a_screen_too_small_for_anything_still_asks_for_the_word() {
    let mut console = Console::new(40, 5);
    console.show(fixture::running());
    console.sent();
    console.press("R r e");
    assert!(console.screen().contains("type reset: re"), "{}", console.screen());
    console.press("s e t Enter");
    assert_eq!(console.sent(), [Command::Reset]);
}

#[test]
fn a_reset_tells_afterwards_what_went() {
    let mut console = console(fixture::running());
    let mut snapshot = fixture::running();
    let mut show = |console: &mut Console, end: ResetEnd, said: &str| {
        snapshot.last_reset = Some(end);
        console.show(snapshot.clone());
        assert!(console.screen().contains(said), "{said}:\n{}", console.screen());
    };
    let end = ResetEnd { number: 1, deleted: Ok(576_642), cleared: None };
    show(&mut console, end.clone(), "deleted 576,642 clicks; the embedded index is cleared next");
    show(
        &mut console,
        ResetEnd { cleared: Some(835), ..end.clone() },
        "deleted 576,642 clicks, cleared 835 documents of the embedded index",
    );
    let failed = ResetEnd { number: 2, deleted: Err("the disk is full".into()), cleared: Some(835) };
    show(&mut console, failed.clone(), "nothing is deleted: the disk is full");
    console.pass(6);
    show(&mut console, ResetEnd { number: 3, ..failed }, "nothing is deleted: the disk is full");
    console.press("Down");
    let before = console.screen();
    assert!(!before.contains("nothing is deleted"), "{before}");
    console.pass(1);
    assert!(!console.screen().contains("nothing is deleted"), "it is said once");
}

#[test]
fn stop_all_and_quit_are_answered_by_their_key_alone() {
    for (opens, question, yes) in
        [("X", "Stop all 4 stages?", Command::StopAll), ("q", "Drain and quit clicktop?", Command::Shutdown)]
    {
        for no in ["n", "Esc", "Enter", "Space", "q", "X", "s", "F5", "Tab", "^z", "Down"] {
            let mut console = console(fixture::running());
            console.press(opens);
            assert!(console.screen().contains(question), "{}", console.screen());
            console.press(no);
            assert!(console.app.overlays.prompt.is_none(), "{no} closes {question}");
            assert!(!console.app.suspend && console.app.screens.open == Screen::Overview, "{no} does nothing else");
            assert_eq!(console.sent(), [], "{no} is a no to {question}");
        }
        let mut console = console(fixture::running());
        console.press(opens).press("y");
        assert_eq!(console.sent(), [yes]);
    }
}

#[test]
fn keys_that_steer_act_only_while_the_stages_have_the_focus() {
    let mut console = console(fixture::running());
    for place in ["", "Tab", "F2", "F3", "F4", "F6", "F7", "F5 c a r t Enter"] {
        if !place.is_empty() {
            console.press(place);
        }
        console.sent();
        console.press("Space r S");
        let steered: Vec<Command> =
            console.sent().into_iter().filter(|sent| !matches!(sent, Command::View(_) | Command::Ask(_))).collect();
        assert_eq!(steered, [], "at {place}");
        let (help, footer) = (console.press("?").screen(), console.press("Esc").screen());
        if place.starts_with('F') {
            assert!(!help.contains("restart the stage"), "at {place}:\n{help}");
        }
        assert!(!footer.contains("start/stop") && !footer.contains("r restart"), "at {place}:\n{footer}");
        if place.starts_with("F5") {
            console.press("Esc");
        }
    }
    console.press("F1 Space");
    assert!(console.screen().contains("pick one with 1–4 first"), "{}", console.screen());
    console.press("F6 3 Space r");
    let stage = |action| Command::Stage { id: "aggregate".into(), action };
    let sent: Vec<Command> = console.sent();
    assert_eq!(sent, [stage(StageAction::Stop), stage(StageAction::Restart)], "3 goes to the stage from anywhere");
    let screen = console.press("Esc 3").screen();
    assert!(screen.contains("Space start/stop") && screen.contains("r restart"), "{screen}");
}

#[test]
fn a_search_that_is_entered_by_whatever_way_takes_what_is_typed() {
    let mut console = console(fixture::running());
    console.press("F5 c a r t");
    console.press("F5 s h o e s");
    assert_eq!(typed(&console), Some((LinePurpose::Search, "cartshoes")), "a second F5 keeps the focus");
    console.press("Enter F6 F5 r Space");
    assert_eq!(typed(&console), Some((LinePurpose::Search, "cartshoesr ")), "so does coming back");
    console.press("Esc F4 v x");
    assert_eq!(typed(&console), Some((LinePurpose::Search, "cartshoesr x")), "and coming from the view before");
    for tab in ["Tab", "Shift-Tab"] {
        console.press(tab);
        assert_eq!((console.app.screens.open, typed(&console)), (Screen::Search, None), "{tab}: to the results");
        console.press(tab);
        assert_eq!(typed(&console), Some((LinePurpose::Search, "cartshoesr x")), "{tab}: and back to the line");
    }
    console.press("F1 : v i e w - s e a r c h Enter ^u s");
    assert_eq!(typed(&console), Some((LinePurpose::Search, "s")));
    console.press("Enter");
    assert_eq!(typed(&console), None);
    let area = console.app.display.layout.as_ref().and_then(|layout| layout.body).expect("a view");
    console.click(area.x + 3, area.y + 1).press("x");
    assert_eq!(typed(&console), Some((LinePurpose::Search, "sx")), "a click into the line begins it again");
    let steered = console.sent().into_iter().any(|sent| !matches!(sent, Command::View(_) | Command::Ask(_)));
    let is_kept = |effect: &Effect| matches!(effect, Effect::Remember(_));
    assert!(!steered && console.app.outgoing.effects.iter().all(is_kept), "nothing of it was a command");
}

#[test]
fn the_palette_steers_from_anywhere_and_names_no_key_that_does_nothing() {
    let mut console = console(fixture::running());
    console.press(": r e s t a r t");
    let screen = console.screen();
    let row = screen.lines().find(|line| line.contains("▸restart")).expect("offered");
    assert!(!row.contains(" r "), "{row}");
    console.press("Enter");
    assert_eq!(console.sent(), [Command::Stage { id: "ingest".into(), action: StageAction::Restart }]);
    console.press("1 : r e s t a r t");
    let screen = console.screen();
    let row = screen.lines().find(|line| line.contains("▸restart")).expect("offered");
    assert!(row.contains(" r "), "{row}");
}

#[test]
fn while_a_window_is_counted_both_tables_say_how_far_it_is() {
    for (width, height) in [(200, 60), (120, 40), (80, 24)] {
        let mut console = Console::new(width, height);
        console.show(fixture::running()).press("w");
        let mut counting = fixture::running();
        let view = console.app.selection.view();
        let problem = Some("counting the last hour … 40%".to_owned());
        counting.board = Arc::new(Board { view, problem, ..Board::default() });
        console.show(counting);
        let countries = console.part(|layout| layout.countries);
        assert!(countries.contains("counting… 40%"), "{width}×{height}: {countries}");
        let urls = console.part(|layout| layout.urls);
        let row = urls.lines().position(|line| line.contains("counting the last hour … 40%")).expect("a row");
        assert!((2..urls.lines().count() - 2).contains(&row), "in the middle: {urls}");
    }
}
