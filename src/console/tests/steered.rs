//! What keys and mouse do: to the screen, and to the pipeline.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc;

use super::super::theme::Theme;
use super::{Console, fixture};
use crate::console::state::effect::Effect;
use crate::console::state::selection::URL_LIMIT;
use crate::console::state::window_title::window_title;
use crate::console::update::event::Event;
use crate::protocol::snapshot::Snapshot;
use crate::protocol::view::MIN_TIMED;
use crate::protocol::{Command, Question, SortBy, StageAction, StageState, View};

pub(super) fn view(country: Option<&str>, sort: SortBy) -> Command {
    let min_timed = if sort == SortBy::Time { MIN_TIMED } else { 0 };
    Command::View(View { country: country.map(str::to_owned), sort, limit: URL_LIMIT, min_timed, ..View::default() })
}

/// A console that shows `snapshot` and has asked for its first view.
pub(super) fn console(snapshot: Snapshot) -> Console {
    let mut console = Console::new(120, 40);
    console.show(snapshot);
    assert_eq!(console.sent(), [view(None, SortBy::Clicks)], "the figures are asked for at once");
    console
}

#[test]
fn the_mouse_is_given_to_the_terminal_and_taken_back_by_key() {
    let mut console = Console::new(100, 30);
    console.show(fixture::running()).press("m");
    assert!(
        !console.app.settings.mouse && matches!(console.app.outgoing.effects.pop(), Some(Effect::CaptureMouse(false)))
    );
    assert!(console.screen().contains("mouse off: select text with it"), "{}", console.screen());
    console.press("m");
    assert!(
        console.app.settings.mouse && matches!(console.app.outgoing.effects.pop(), Some(Effect::CaptureMouse(true)))
    );
}

#[test]
fn the_title_tells_how_the_pipeline_is_and_steers_nothing() {
    let title = |console: &Console| window_title(console.app.engine.snapshot(), console.app.picked_stage);
    let mut console = Console::new(100, 30);
    let mut snapshot = fixture::running();
    for stage in snapshot.stages.iter_mut() {
        stage.state = StageState::Running;
    }
    snapshot.source.topic = "cl\u{1b}]0;x\u{7}".into();
    console.show(snapshot.clone());
    assert_eq!(title(&console), "clicktop cl\\u{1b}]0;x\\u{7}: running");
    snapshot.source.topic = "clicks".into();
    snapshot.stages["store"].state = StageState::Stopped;
    assert_eq!(title(console.show(snapshot.clone())), "clicktop clicks: 3 of 4 stages run");
    snapshot.stages["index"].state = StageState::Failed { cause: "x".into() };
    assert_eq!(title(console.show(snapshot)), "clicktop clicks: index failed");
}

#[test]
fn space_stops_a_stage_at_work_and_starts_one_that_is_not() {
    let mut console = console(fixture::failed());
    console.press("1 Space 2 Space 3 Space 4 Space");
    let stage = |id: &str, action| Command::Stage { id: id.into(), action };
    assert_eq!(
        console.sent(),
        [
            stage("ingest", StageAction::Stop),
            stage("store", StageAction::Start),
            stage("aggregate", StageAction::Start),
            stage("index", StageAction::Stop),
        ]
    );
    assert!(console.screen().contains("stopping index…"), "what was asked for is said:\n{}", console.screen());
}

#[test]
fn restart_and_start_all_are_sent_at_once_and_stop_all_after_a_yes() {
    let mut console = console(fixture::running());
    console.press("1 S");
    assert!(console.screen().contains("all stages already run"), "{}", console.screen());
    assert_eq!(console.sent(), []);
    let mut one_stopped = fixture::running();
    one_stopped.stages["store"].state = StageState::Stopped;
    console.show(one_stopped).press("3 r S");
    assert_eq!(
        console.sent(),
        [Command::Stage { id: "aggregate".into(), action: StageAction::Restart }, Command::StartAll]
    );
    console.press("X");
    assert!(console.screen().contains("Stop all 4 stages?"));
    assert_eq!(console.sent(), []);
    console.press("n");
    assert!(!console.screen().contains("Stop all 4 stages?"));
    console.press("X q y");
    assert_eq!(console.sent(), [], "q is a no");
    console.press("X y");
    assert_eq!(console.sent(), [Command::StopAll]);
}

#[test]
fn a_reset_asks_first_and_shows_how_far_it_is() {
    let mut console = console(fixture::running());
    console.press("R r e s e t Enter");
    assert_eq!(console.sent(), [Command::Reset]);
    assert!(console.screen().contains("deleting all clicks and figures…"), "{}", console.screen());
    let mut resetting = fixture::running();
    resetting.resetting = Some("waiting for store to stop".into());
    console.show(resetting);
    assert!(console.screen().contains(" reset: waiting for store to stop"), "{}", console.screen());
}

#[test]
fn quitting_asks_then_drains_in_view_then_leaves() {
    let mut console = console(fixture::running());
    console.press("q");
    assert!(console.screen().contains("Drain and quit clicktop?"));
    insta::assert_snapshot!("quit_question_120x40", console.screen());
    console.press("n");
    assert_eq!((console.sent(), console.app.ending.is_leaving()), (vec![], false));
    console.press("^c y");
    assert_eq!(console.sent(), [Command::Shutdown]);
    assert!(!console.app.ending.is_leaving());
    let mut draining = fixture::running();
    draining.shutting_down = Some("store: 3 batches to commit".into());
    console.show(draining);
    let screen = console.screen();
    assert!(screen.contains("draining: store: 3 batches"), "{screen}");
    console.press("Space");
    assert_eq!(console.sent(), [], "a pipeline that ends is not started again");
    console.press("q");
    assert_eq!(
        (console.sent(), console.app.ending.is_leaving()),
        (vec![Command::Shutdown], false),
        "it ends at once, in view"
    );
    console.press("q");
    assert!(console.app.ending.is_leaving());
}

#[test]
fn ctrl_c_twice_quits() {
    let mut console = console(fixture::running());
    console.press("^c ^c");
    assert_eq!((console.sent(), console.app.ending.is_leaving()), (vec![Command::Shutdown], false));
    console.press("^c");
    assert_eq!((console.sent(), console.app.ending.is_leaving()), (vec![Command::Shutdown], false));
    console.press("^c");
    assert!(console.app.ending.is_leaving());
}

#[test]
fn a_finished_pipeline_is_quit_without_a_question() {
    let mut console = console(fixture::finished());
    console.press("q");
    assert_eq!(console.sent(), [Command::Shutdown]);
    console.app.apply(Event::EngineEnded);
    assert!(console.app.ending.is_leaving());
}

#[test]
fn a_signal_quits_without_a_question_the_second_hurries_and_the_third_leaves() {
    let mut console = console(fixture::running());
    console.app.apply(Event::Terminate);
    assert_eq!((console.sent(), console.app.ending.is_leaving()), (vec![Command::Shutdown], false));
    console.app.apply(Event::Terminate);
    assert_eq!((console.sent(), console.app.ending.is_leaving()), (vec![Command::Shutdown], false));
    console.app.apply(Event::Terminate);
    assert!(console.app.ending.is_leaving());
}

#[test]
fn read_only_sends_nothing_but_the_view_and_the_end() {
    let mut console = Console::with(120, 40, Theme::plain(true, false), true);
    console.show(fixture::running());
    console.sent();
    for keys in ["Space", "r", "S", "X", "R"] {
        console.press(keys);
        assert!(console.screen().contains("read-only: "), "after {keys}:\n{}", console.screen());
        assert_eq!(console.sent(), [], "after {keys}");
    }
    console.press("X y s");
    assert_eq!(console.sent(), [view(None, SortBy::Users)], "there was no question to say yes to");
    let screen = console.screen();
    assert!(screen.contains("READ-ONLY") && !screen.contains("start/stop"), "{screen}");
    console.press("q y");
    assert_eq!(console.sent(), [Command::Shutdown]);
}

#[test]
fn the_header_says_as_long_as_certificates_are_not_looked_at() {
    let mut console = console(fixture::running());
    assert!(!console.screen().contains("NOT VERIFIED"), "{}", console.screen());
    console.app.settings.unverified = true;
    console.draw();
    assert!(console.screen().contains(" TLS NOT VERIFIED "), "{}", console.screen());
}

#[test]
fn a_full_channel_is_said_and_loses_neither_view_nor_end() {
    let mut console = console(fixture::running());
    let (full, mut taken) = mpsc::channel(1);
    full.try_send(Command::StartAll).expect("room for one");
    console.press("s 2 Space q y");
    assert!(console.app.deliver(&full, &console.tables));
    assert!(
        console.screen().contains("the pipeline is busy and did not stop store: try again"),
        "{}",
        console.screen()
    );
    let mut got = Vec::new();
    for _ in 0..3 {
        got.extend(taken.try_recv().ok());
        console.app.deliver(&full, &console.tables);
    }
    assert_eq!(got, [Command::StartAll, view(None, SortBy::Users), Command::Shutdown]);
}

#[test]
fn a_notice_goes_after_a_while_and_at_the_next_key() {
    let mut console = console(fixture::failed());
    console.press("1 S");
    assert!(console.screen().contains("starting all stages…"));
    console.pass(6);
    assert!(!console.screen().contains("starting all stages…"));
    console.press("S Down");
    assert!(!console.screen().contains("starting all stages…"));
}

#[test]
fn only_the_press_of_a_key_counts() {
    let mut console = console(fixture::running());
    for kind in [KeyEventKind::Release, KeyEventKind::Repeat] {
        let key = KeyEvent::new_with_kind(KeyCode::Char('S'), KeyModifiers::NONE, kind);
        assert!(!console.app.apply(Event::Key(key)));
    }
    assert_eq!(console.sent(), []);
}

#[test]
fn the_screen_is_drawn_anew_only_when_something_changed() {
    let mut console = console(fixture::running());
    assert!(!console.app.apply(Event::Tick(fixture::now())), "a clock that shows nowhere");
    assert!(!console.app.apply(Event::Key(KeyEvent::new(KeyCode::Null, KeyModifiers::NONE))), "no key");
    console.show(fixture::backing_off());
    assert!(console.app.apply(Event::Tick(fixture::now())), "a countdown runs");
}

#[test]
fn the_last_minute_is_asked_for_where_it_is_shown_and_as_long_as_somebody_looks() {
    let mut console = Console::new(120, 40);
    console.show(fixture::running());
    let question = Command::Ask(Question::LastMinute);
    assert!(console.sent_with_minutes().contains(&question), "at once");
    for (keys, asked) in [("F1", true), ("F3", false), ("F7", true), ("p", false), ("p F1", true)] {
        console.press(keys).pass(1);
        assert_eq!(console.sent_with_minutes().contains(&question), asked, "after {keys:?}");
    }
}
