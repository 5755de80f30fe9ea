//! Commands with objects: what they do, what they complete to, and what is said of one that cannot be done.

use super::steered::{console, view};
use super::{Console, fixture};
use crate::console::state::effect::Effect;
use crate::console::state::line_input::LineInput;
use crate::console::state::screen::Screen;
use crate::protocol::snapshot::LogLevel;
use crate::protocol::view::Window;
use crate::protocol::{Command, SortBy, StageAction, StageState};

/// Types `text` into the palette, and `Enter`.
fn say(console: &mut Console, text: &str) {
    type_in(console, text);
    console.press("Enter");
}

fn type_in(console: &mut Console, text: &str) {
    console.press(":");
    for c in text.chars() {
        console.press(&if c == ' ' { "Space".to_owned() } else { c.to_string() });
    }
}

fn line(console: &Console) -> Option<&str> {
    console.app.overlays.line.as_ref().map(LineInput::text)
}

fn footer(console: &mut Console) -> String {
    console.part(|layout| Some(layout.footer))
}

#[test]
fn a_stage_is_controlled_by_its_name() {
    let mut console = console(fixture::running());
    let stage = |id: &str, action| Command::Stage { id: id.into(), action };
    say(&mut console, "stop ingest");
    assert!(footer(&mut console).contains("stopping ingest…"), "{}", footer(&mut console));
    say(&mut console, "RESTART ind");
    assert_eq!(console.sent(), [stage("ingest", StageAction::Stop), stage("index", StageAction::Restart)]);
    say(&mut console, "start store");
    assert!(footer(&mut console).contains("store already runs"), "{}", footer(&mut console));
    say(&mut console, "start all");
    assert!(footer(&mut console).contains("all stages already run"), "{}", footer(&mut console));
    say(&mut console, "stop all");
    assert!(console.screen().contains("Stop all 4 stages?") && console.sent().is_empty(), "it asks");
    let mut stopped = fixture::running();
    stopped.stages["store"].state = StageState::Stopped;
    console.press("n").show(stopped);
    say(&mut console, "start all");
    assert_eq!(console.sent(), [Command::StartAll]);
}

#[test]
fn what_cannot_be_done_is_said_and_the_line_stays() {
    let mut console = console(fixture::running());
    for (typed, said) in [
        ("stop", "stop what? ingest, store, aggregate, index or all"),
        ("stop in", "stop what? not in; ingest, store, aggregate, index or all"),
        ("restart all", "restart what? not all; ingest, store, aggregate or index"),
        ("sort x", "sort what? not x; clicks, users, time or rising"),
        ("country Mars", "country what? not Mars; US, DE, FR"),
        ("lag 5", "lag stands alone"),
        ("sing", "there is no command sing"),
    ] {
        say(&mut console, typed);
        assert!(footer(&mut console).contains(said), "{typed}: {}", footer(&mut console));
        assert_eq!(line(&console), Some(typed));
        console.press("Esc");
    }
    assert_eq!(console.sent(), []);
    type_in(&mut console, "sing");
    assert!(console.screen().contains("there is no command sing"), "in the same words: {}", console.screen());
    let mut console = Console::with(120, 40, super::Theme::plain(true, false), true);
    console.show(fixture::running()).sent();
    say(&mut console, "stop ingest");
    assert!(footer(&mut console).contains("read-only: stages cannot be changed here") && console.sent().is_empty());
}

#[test]
fn figures_views_and_themes_are_chosen_by_name() {
    let mut console = console(fixture::running());
    say(&mut console, "country us");
    assert_eq!(console.sent(), [view(Some("US"), SortBy::Clicks)]);
    say(&mut console, "country all");
    console.sent();
    console.press("F3");
    say(&mut console, "sort users");
    assert_eq!((console.app.screens.open, console.app.selection.sort), (Screen::Overview, SortBy::Users));
    say(&mut console, "window 5 min");
    assert_eq!(console.app.selection.window, Window::LastFiveMinutes);
    say(&mut console, "window all");
    assert_eq!(console.app.selection.window, Window::AllTime);
    say(&mut console, "goto /any/url of mine");
    assert_eq!(console.app.screens.url.url.as_deref(), Some("/any/url of mine"));
    for (typed, screen) in [
        ("lag", Screen::Partitions),
        ("view store", Screen::Store),
        ("view alarms", Screen::Alarms),
        ("errors", Screen::Log),
    ] {
        say(&mut console, typed);
        assert_eq!(console.app.screens.open, screen, "{typed}");
    }
    assert_eq!(console.app.screens.log.level(), LogLevel::Error);
    say(&mut console, "log warn");
    assert_eq!(console.app.screens.log.level(), LogLevel::Warn);
    say(&mut console, "theme light");
    assert!(footer(&mut console).contains("theme light"), "{}", footer(&mut console));
    say(&mut console, "quit");
    assert!(console.screen().contains("Drain and quit clicktop?"));
}

#[test]
fn tab_completes_verb_and_object() {
    let mut console = console(fixture::running());
    type_in(&mut console, "cou");
    console.press("Tab");
    assert_eq!(line(&console), Some("country "));
    assert!(console.screen().contains("country US") && console.screen().contains("country all"));
    console.press("d Tab");
    assert_eq!(line(&console), Some("country DE"));
    console.press("^u");
    type_in(&mut console, "stop ");
    assert_eq!(line(&console), Some(":stop "), "a colon is a character of the line");
    console.press("^u s t o p Space Down");
    insta::assert_snapshot!("palette_objects_120x40", console.screen());
    console.press("Enter");
    assert!(footer(&mut console).contains("stopping store…"), "the picked one: {}", footer(&mut console));
}

#[test]
fn the_commands_before_come_back_and_are_kept_for_the_next_run() {
    let mut console = console(fixture::running());
    say(&mut console, "lag");
    say(&mut console, "lag");
    say(&mut console, "country us");
    say(&mut console, "nonsense");
    console.press("Esc");
    let kept: Vec<String> = std::mem::take(&mut console.app.outgoing.effects)
        .into_iter()
        .filter_map(|effect| if let Effect::Remember(line) = effect { Some(line) } else { None })
        .collect();
    assert_eq!(kept, ["lag", "country us"], "what was done, once");
    console.press(": Up");
    assert_eq!(line(&console), Some("country us"));
    console.press("Up");
    assert_eq!(line(&console), Some("lag"));
    console.press("Down Down");
    assert_eq!(line(&console), Some(""));
    console.press("Down");
    assert_eq!(console.app.overlays.line.as_ref().map(|line| line.picked_offer), Some(1), "then it picks a suggestion");
}

#[test]
fn text_that_comes_at_once_controls_no_stage_by_name() {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    let mut console = console(fixture::running());
    let keys = |text: &str| {
        let code = |c| if c == '\r' { KeyCode::Enter } else { KeyCode::Char(c) };
        let keys = text.chars().map(|c| KeyEvent::new(code(c), KeyModifiers::NONE)).collect();
        crate::console::update::event::Event::Keys(keys)
    };
    console.app.apply(keys(":stop ingest\r"));
    assert_eq!(console.sent(), []);
    assert!(footer(&mut console).contains("too many keys at once"), "{}", footer(&mut console));
    console.press("Esc");
    console.app.apply(keys(":lag\r"));
    assert_eq!(console.app.screens.open, Screen::Partitions);
}

#[test]
fn the_errors_are_alone_only_until_the_user_leaves_the_log() {
    let mut console = console(fixture::running());
    say(&mut console, "errors");
    assert!(console.screen().contains("log errors only until you leave"), "{}", console.screen());
    console.press("Esc F6");
    assert_eq!(console.app.screens.log.level(), LogLevel::Debug);
    assert!(console.screen().contains("log every level"), "{}", console.screen());
    console.press("f F1 F6");
    assert_eq!(console.app.screens.log.level(), LogLevel::Info, "a level that a key chose stays");
    say(&mut console, "errors");
    console.press("F6");
    assert_eq!(console.app.screens.log.level(), LogLevel::Info, "the key of the view shows what it showed before");
}

#[test]
fn the_log_is_opened_by_its_name_and_never_hidden() {
    let mut console = console(fixture::running());
    console.press("l");
    for _ in 0..2 {
        let tab = console.app.overview.activity.tab;
        say(&mut console, "log");
        assert_eq!((console.app.screens.open, console.app.overview.activity.tab), (Screen::Log, tab));
        assert_eq!(console.app.screens.log.level(), LogLevel::Debug);
    }
    type_in(&mut console, "log");
    console.press("Tab");
    assert_eq!(line(&console), Some("log "), "its levels come next");
}

#[test]
fn start_stands_before_stop() {
    let mut console = console(fixture::running());
    type_in(&mut console, "st");
    console.press("Tab");
    assert_eq!(line(&console), Some("start "));
}

#[test]
fn what_is_typed_is_told_as_a_command_and_what_is_pressed_as_a_key() {
    let mut console = console(fixture::running());
    let by = |console: &mut Console| {
        let sent = std::mem::take(&mut console.app.outgoing.commands).into_iter();
        sent.filter(|sent| !matches!(sent.command, Command::View(_) | Command::Ask(_)))
            .map(|sent| sent.by.name())
            .collect()
    };
    let told: Vec<&str> = by(&mut console);
    assert_eq!(told, [""; 0]);
    say(&mut console, "stop ingest");
    say(&mut console, "stop-all");
    console.press("y");
    assert_eq!(by(&mut console), ["command", "command"], "a question does not change that");
    console.press("2 Space");
    assert_eq!(by(&mut console), ["key"]);
}
