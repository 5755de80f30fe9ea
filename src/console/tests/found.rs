//! How a user finds the way: every key answers, and every view has its name on the screen.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, ModifierKeyCode, MouseButton, MouseEventKind};

use super::steered::console;
use super::{Console, fixture};
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;
use crate::console::update::event::Event;
use crate::protocol::snapshot::Snapshot;

fn footer(console: &mut Console) -> String {
    console.screen().lines().last().unwrap_or_default().to_owned()
}

#[test]
fn a_key_that_does_nothing_here_is_answered_once() {
    let mut console = console(fixture::running());
    for (keys, said) in [
        ("x", "x: no such key here, ? help"),
        ("^x", "Ctrl-x: no such key here, ? help"),
        ("F12", "F12: no such key here, ? help"),
        ("F2 s", "s acts on the overview: F1 opens it"),
        ("F2 z", "z expands a panel of the overview: F1 opens it"),
        (": g o t o Space / c a r t Enter z", "z expands a panel of the overview: F1 opens it"),
        (": g o t o Space / c a r t Enter <", "the events are on the chart of the overview: F1 opens it"),
        (": g o t o Space / c a r t Enter w", "this page is of all time: w acts on the overview, F1"),
        ("b c", "breakdowns are not compared: c acts on the overview, F1"),
        ("F1 9", "there are 4 stages"),
    ] {
        console.press(keys);
        assert!(footer(&mut console).contains(said), "{keys}: {}", footer(&mut console));
    }
    console.press("Tab");
    assert!(!footer(&mut console).contains("no such key") && footer(&mut console).contains("? help"), "it goes");
}

#[test]
fn a_modifier_a_line_and_a_question_are_no_wrong_keys() {
    let mut console = console(fixture::running());
    let shift = KeyCode::Modifier(ModifierKeyCode::LeftShift);
    assert!(!console.app.apply(Event::Key(KeyEvent::new(shift, KeyModifiers::NONE))));
    assert!(!footer(&mut console).contains("no such key"));
    console.press("/ F12 ^x");
    assert!(console.app.message.is_none(), "while the user types");
    console.press("Esc X F12");
    assert!(footer(&mut console).contains("only y means yes"), "{}", footer(&mut console));
    let keys = "xxxxx".chars().map(|c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)).collect();
    console.app.message = None;
    console.app.apply(Event::Keys(keys));
    assert!(console.app.message.is_none(), "a text that is pasted asks for nothing");
}

#[test]
fn the_bar_of_views_is_on_every_screen_and_takes_clicks() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        let mut console = Console::new(width, height);
        console.show(fixture::running());
        for screen in Screen::WITH_KEY.into_iter().take(7) {
            let tabs = console.app.display.layout.as_ref().and_then(|layout| layout.tabs).expect("on every screen");
            let line: Vec<char> = console.screen().lines().nth(usize::from(tabs.y)).expect("a row").chars().collect();
            let line: String = line.into_iter().skip(1).collect();
            let key = format!("F{}", Screen::WITH_KEY.iter().position(|one| *one == screen).expect("listed") + 1);
            let x = line.find(&key).unwrap_or_else(|| panic!("{key} in {line}"));
            console.point(MouseEventKind::Down(MouseButton::Left), u16::try_from(x).expect("narrow"), tabs.y);
            assert_eq!(console.app.screens.open, screen, "{width}: {line}");
            console.press("Esc Esc");
            console.app.screens.open = screen;
            console.show(fixture::running());
            assert!(console.screen().contains(&format!("{key} {}", screen.name())), "{}", console.screen());
        }
    }
}

#[test]
fn the_next_match_of_a_filter_is_a_key_away() {
    let mut console = console(fixture::running());
    console.press("F6 n");
    assert!(footer(&mut console).contains("nothing to look for yet: press / and type a text"));
    console.press("/ t r a n s a c t i o n Enter N N");
    assert_eq!(console.app.screens.log.tail.at, 2);
    console.press("n n");
    assert_eq!(console.app.screens.log.tail.at, 0);
    console.press("n");
    assert!(footer(&mut console).contains("no further match below"), "{}", footer(&mut console));
    console.press("F1 / c Enter Tab Tab n");
    assert_eq!(console.app.overview.focus, Panel::Urls, "the filter of the urls");
    console.press("F2 n");
    assert!(footer(&mut console).contains("n: no such key here"), "{}", footer(&mut console));
}

#[test]
fn half_a_screenful_is_half_of_a_screenful() {
    let mut console = console(fixture::running());
    let at = |console: &Console| console.app.screens.log.tail.at;
    console.press("F6 ^b");
    let whole = at(&console);
    console.press("G ^u");
    assert_eq!(at(&console), whole / 2);
    console.press("^d");
    assert_eq!(at(&console), 0);
}

#[test]
fn the_first_enter_opens_the_first_url() {
    let mut console = console(fixture::running());
    console.press("Tab Enter");
    assert_eq!((console.app.screens.open, console.app.screens.url.url.as_deref()), (Screen::Url, Some("/")));
    let mut console = Console::new(120, 40);
    console.show(Snapshot { at: Some(fixture::now()), ..fixture::empty() }).press("Tab Enter");
    assert!(footer(&mut console).contains("there is no url to open"), "{}", footer(&mut console));
}

#[test]
fn a_terminal_of_60_columns_has_the_country_and_a_help_of_one_column() {
    let mut console = Console::new(60, 16);
    console.show(fixture::running()).press("Tab");
    let urls = console.part(|layout| layout.urls);
    assert!(urls.contains("country") && urls.contains("clicks▼"), "{urls}");
    console.press("s s");
    console.show(fixture::running());
    console.press("?");
    insta::assert_snapshot!("help_60x16", console.screen());
    assert!(console.screen().contains("show or hide this help"), "no sentence is cut: {}", console.screen());
}
