//! What keys and mouse do: to the screen, and to the pipeline.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEventKind};
use tokio::sync::mpsc;

use super::super::app::Event;
use super::super::browse::URL_LIMIT;
use super::super::export::Effect;
use super::super::layout::Panel;
use super::super::theme::Theme;
use super::{Console, fixture};
use crate::pipeline::command::Window;
use crate::pipeline::snapshot::{CountryRow, Snapshot};
use crate::pipeline::{Command, SortBy, Stage, StageAction, StageState, View};

fn view(country: Option<&str>, sort: SortBy) -> Command {
    Command::View(View { country: country.map(str::to_owned), sort, limit: URL_LIMIT, ..View::default() })
}

/// A console that shows `snapshot` and has asked for its first view.
fn console(snapshot: Snapshot) -> Console {
    let mut console = Console::new(120, 40);
    console.show(snapshot);
    assert_eq!(console.sent(), [view(None, SortBy::Clicks)], "the figures are asked for at once");
    console
}

#[test]
fn the_mouse_is_given_to_the_terminal_and_taken_back_by_key() {
    let mut console = Console::new(100, 30);
    console.show(fixture::running()).press("m");
    assert_eq!((console.app.mouse, console.app.effects.pop()), (false, Some(Effect::Mouse(false))));
    assert!(console.screen().contains("the mouse is the terminal's"), "{}", console.screen());
    console.press("m");
    assert_eq!((console.app.mouse, console.app.effects.pop()), (true, Some(Effect::Mouse(true))));
}

#[test]
fn the_title_tells_how_the_pipeline_is_and_steers_nothing() {
    let mut console = Console::new(100, 30);
    let mut snapshot = fixture::running();
    for stage in Stage::ALL {
        snapshot.stages.get_mut(stage).state = StageState::Running;
    }
    snapshot.source.topic = "cl\u{1b}]0;x\u{7}".into();
    console.show(snapshot.clone());
    assert_eq!(console.app.title(), "clicktop cl\\u{1b}]0;x\\u{7}: running");
    snapshot.source.topic = "clicks".into();
    snapshot.stages.store.state = StageState::Stopped;
    assert_eq!(console.show(snapshot.clone()).app.title(), "clicktop clicks: 3 of 4 stages run");
    snapshot.stages.index.state = StageState::Failed { cause: "x".into() };
    assert_eq!(console.show(snapshot).app.title(), "clicktop clicks: index failed");
}

#[test]
fn space_stops_a_stage_at_work_and_starts_one_that_is_not() {
    let mut console = console(fixture::failed());
    console.press("1 Space 2 Space 3 Space 4 Space");
    let stage = Command::Stage;
    assert_eq!(
        console.sent(),
        [
            stage(Stage::Ingest, StageAction::Stop),
            stage(Stage::Store, StageAction::Start),
            stage(Stage::Aggregate, StageAction::Start),
            stage(Stage::Index, StageAction::Stop),
        ]
    );
    assert!(console.screen().contains("stop index"), "what was asked for is said:\n{}", console.screen());
}

#[test]
fn restart_and_start_all_are_sent_at_once_and_stop_all_after_a_yes() {
    let mut console = console(fixture::running());
    console.press("3 r S");
    assert_eq!(console.sent(), [Command::Stage(Stage::Aggregate, StageAction::Restart), Command::StartAll]);
    console.press("X");
    assert!(console.screen().contains("Stop all four stages?"));
    assert_eq!(console.sent(), []);
    console.press("n");
    assert!(!console.screen().contains("Stop all four stages?"));
    console.press("X q y");
    assert_eq!(console.sent(), [], "q is a no to another question than its own");
    console.press("X Space r");
    assert_eq!(console.sent(), [], "no other key gets past the question");
    console.press("y");
    assert_eq!(console.sent(), [Command::StopAll]);
}

#[test]
fn a_reset_asks_first_and_shows_how_far_it_is() {
    let mut console = console(fixture::running());
    console.press("R");
    assert!(console.screen().contains("Forget all clicks and figures"), "{}", console.screen());
    console.press("n R Enter Space q");
    assert_eq!(console.sent(), [], "only a yes is a yes");
    console.press("R y");
    assert_eq!(console.sent(), [Command::Reset]);
    assert!(console.screen().contains("forget all clicks and figures"), "{}", console.screen());
    let mut resetting = fixture::running();
    resetting.resetting = Some("waiting for store to stop".into());
    console.show(resetting);
    assert!(console.screen().contains(" reset: waiting for store to stop"), "{}", console.screen());
}

#[test]
fn sort_goes_round_and_the_heads_follow_the_answer() {
    let mut console = console(fixture::running());
    console.press("s");
    assert_eq!(console.sent(), [view(None, SortBy::Users)]);
    let screen = console.screen();
    assert!(screen.contains("by users") && screen.contains("loading…") && screen.contains("clicks▼"), "{screen}");
    let asked = View { country: None, sort: SortBy::Users, limit: 200, ..View::default() };
    console.show(fixture::answered(fixture::running(), asked));
    let screen = console.screen();
    assert!(screen.contains("users▼") && !screen.contains("loading…"), "{screen}");
    console.press("s s");
    assert_eq!(console.sent(), [view(None, SortBy::Clicks)], "views that nobody took are passed over");
}

#[test]
fn a_country_is_asked_for_and_shown_once_the_answer_is_there() {
    let mut console = console(fixture::running());
    console.press("Down j");
    assert_eq!(console.sent(), [view(Some("DE"), SortBy::Clicks)]);
    let screen = console.screen();
    assert!(screen.contains("urls of DE") && screen.contains("loading…"), "{screen}");
    let urls = console.part(|places| places.urls);
    assert!(!urls.contains("espresso"), "no rows of another country:\n{urls}");
    let asked = View { country: Some("DE".into()), sort: SortBy::Clicks, limit: 200, ..View::default() };
    console.show(fixture::answered(fixture::running(), asked)).press("Enter");
    let screen = console.screen();
    assert!(screen.contains("showing 12 of 1,234") && screen.contains("┏ urls of DE"), "{screen}");
    console.press("Esc Esc");
    assert_eq!(console.sent(), [view(None, SortBy::Clicks)], "Esc goes back to the countries, then to all of them");
}

#[test]
fn while_frozen_another_country_is_asked_for_but_not_pretended() {
    let mut console = console(fixture::running());
    console.press("p Down");
    assert_eq!(console.sent(), [view(Some("US"), SortBy::Clicks)]);
    let asked = View { country: Some("US".into()), sort: SortBy::Clicks, limit: 200, ..View::default() };
    console.show(fixture::answered(fixture::running(), asked));
    let urls = console.part(|places| places.urls);
    assert!(urls.contains("frozen: p lets the view go on") && !urls.contains("/cart"), "{urls}");
    console.press("p");
    assert!(console.part(|places| places.urls).contains("/cart"));
}

#[test]
fn the_cursor_stays_on_its_country_when_the_order_changes() {
    let mut console = console(fixture::running());
    console.press("Down Down");
    let mut snapshot = fixture::running();
    let mut board = (*snapshot.board).clone();
    board.countries.insert(0, CountryRow { country: "XX".into(), clicks: 9_000_000, urls: 1 });
    board.countries.swap(1, 2);
    snapshot.board = Arc::new(board);
    console.show(snapshot);
    assert!(console.screen().contains("▸DE"), "{}", console.screen());
    console.press("End");
    assert_eq!(console.sent().last(), Some(&view(Some("NZ"), SortBy::Clicks)));
    console.press("g");
    assert_eq!(console.sent(), [view(None, SortBy::Clicks)]);
}

#[test]
fn urls_scroll_by_row_and_by_screenful() {
    let mut console = Console::new(80, 24);
    console.show(fixture::running()).press("Tab");
    assert_eq!(console.app.focus, Panel::Urls);
    console.press("Down");
    assert!(console.screen().contains("▸/ "), "{}", console.screen());
    console.press("PgDn PgDn PgDn PgDn");
    assert!(console.screen().contains("▸/d"), "{}", console.screen());
    console.press("k k");
    assert!(console.screen().contains("▸/b"), "{}", console.screen());
    console.press("Home");
    assert!(console.screen().contains("▸/ "), "{}", console.screen());
}

#[test]
fn focus_goes_round_both_ways_and_brings_up_what_is_hidden() {
    let mut console = Console::new(80, 24);
    console.show(fixture::running());
    let mut seen = Vec::new();
    for _ in 0..4 {
        console.press("Tab");
        seen.push(console.app.focus);
    }
    assert_eq!(seen, [Panel::Urls, Panel::Activity, Panel::Index, Panel::Stages]);
    console.press("Tab");
    assert_eq!(console.app.focus, Panel::Countries);
    console.press("Shift-Tab Right l");
    assert_eq!((console.app.focus, console.app.stage), (Panel::Stages, Stage::Aggregate));
    console.press("h Tab l");
    assert_eq!((console.app.focus, console.app.stage), (Panel::Activity, Stage::Store));
    assert!(console.screen().contains("database is locked"), "{}", console.screen());
}

#[test]
fn the_log_keeps_its_place_while_lines_come() {
    let mut console = console(fixture::running());
    console.press("l Tab Tab Up Up Up");
    let before = console.part(|places| places.activity);
    assert!(before.contains("3 newer"), "{before}");
    let mut snapshot = fixture::running();
    let mut log = snapshot.log.to_vec();
    let newest = crate::pipeline::snapshot::LogLine { message: "one more".into(), ..log[0].clone() };
    log.extend([newest.clone(), newest]);
    snapshot.log = log.into();
    console.show(snapshot);
    assert_eq!(console.part(|places| places.activity), before.replace("3 newer", "5 newer"));
    console.press("G");
    assert!(console.part(|places| places.activity).contains("one more"));
}

#[test]
fn quitting_asks_then_drains_in_view_then_leaves() {
    let mut console = console(fixture::running());
    console.press("q");
    assert!(console.screen().contains("Drain and quit clicktop?"));
    insta::assert_snapshot!("quit_question_120x40", console.screen());
    console.press("n");
    assert_eq!((console.sent(), console.app.is_leaving()), (vec![], false));
    console.press("^c y");
    assert_eq!(console.sent(), [Command::Shutdown]);
    assert!(!console.app.is_leaving());
    let mut draining = fixture::running();
    draining.shutting_down = Some("store: 3 batches to commit".into());
    console.show(draining);
    let screen = console.screen();
    assert!(screen.contains("draining: store: 3 batches to commit"), "{screen}");
    console.press("Space");
    assert_eq!(console.sent(), [], "a pipeline that ends is not started again");
    console.press("q");
    assert!(console.app.is_leaving());
}

#[test]
fn ctrl_c_twice_quits() {
    let mut console = console(fixture::running());
    console.press("^c ^c");
    assert_eq!((console.sent(), console.app.is_leaving()), (vec![Command::Shutdown], false));
    console.press("^c");
    assert!(console.app.is_leaving());
}

#[test]
fn a_finished_pipeline_is_quit_without_a_question() {
    let mut console = console(fixture::finished());
    console.press("q");
    assert_eq!(console.sent(), [Command::Shutdown]);
    console.app.apply(Event::Closed);
    assert!(console.app.is_leaving());
}

#[test]
fn a_signal_quits_without_a_question_and_the_second_leaves() {
    let mut console = console(fixture::running());
    console.app.apply(Event::Terminate);
    assert_eq!((console.sent(), console.app.is_leaving()), (vec![Command::Shutdown], false));
    console.app.apply(Event::Terminate);
    assert!(console.app.is_leaving());
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
    console.app.unverified = true;
    console.draw();
    assert!(console.screen().contains(" TLS NOT VERIFIED "), "{}", console.screen());
}

#[test]
fn a_full_channel_is_said_and_loses_neither_view_nor_end() {
    let mut console = console(fixture::running());
    let (full, mut taken) = mpsc::channel(1);
    full.try_send(Command::StartAll).expect("room for one");
    console.press("s 2 Space q y");
    assert!(console.app.deliver(&full));
    assert!(console.screen().contains("the pipeline is busy, not taken: stop store"), "{}", console.screen());
    let mut got = Vec::new();
    for _ in 0..3 {
        got.extend(taken.try_recv().ok());
        console.app.deliver(&full);
    }
    assert_eq!(got, [Command::StartAll, view(None, SortBy::Users), Command::Shutdown]);
}

#[test]
fn a_notice_goes_after_a_while_and_at_the_next_key() {
    let mut console = console(fixture::running());
    console.press("S");
    assert!(console.screen().contains("start all stages"));
    console.pass(6);
    assert!(!console.screen().contains("start all stages"));
    console.press("S Down");
    assert!(!console.screen().contains("start all stages"));
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
fn the_mouse_picks_stages_rows_and_panels_and_scrolls() {
    let mut console = console(fixture::running());
    let places = console.app.places.expect("large enough");
    let store = places.each_stage.store;
    console.click(store.x + 2, store.y + 1);
    assert_eq!((console.app.focus, console.app.stage), (Panel::Stages, Stage::Store));
    let countries = places.countries.expect("visible");
    console.click(countries.x + 3, countries.y + 3);
    assert_eq!(console.sent(), [view(Some("DE"), SortBy::Clicks)]);
    console.point(MouseEventKind::ScrollDown, countries.x + 3, countries.y + 3);
    assert_eq!(console.sent(), [view(Some("FR"), SortBy::Clicks)]);
    console.click(countries.x + 3, countries.bottom() - 1);
    assert_eq!(console.sent(), [], "the frame is no row");
    let activity = places.activity.expect("visible");
    console.point(MouseEventKind::ScrollDown, activity.x + 3, activity.y + 1);
    assert!(console.part(|places| places.activity).contains("3 newer"));
    assert_eq!(console.app.focus, Panel::Countries, "the wheel leaves the focus alone");
    console.press("X").click(store.x + 2, store.y + 1);
    assert_eq!(console.app.focus, Panel::Countries, "a question takes the mouse away");
}

#[test]
fn the_screen_is_drawn_anew_only_when_something_changed() {
    let mut console = console(fixture::running());
    assert!(!console.app.apply(Event::Tick(fixture::now())), "a clock that shows nowhere");
    assert!(!console.app.apply(Event::Key(KeyEvent::new(KeyCode::F(9), KeyModifiers::NONE))), "a key without meaning");
    console.show(fixture::backing_off());
    assert!(console.app.apply(Event::Tick(fixture::now())), "a countdown runs");
}

#[test]
fn a_filter_is_asked_for_as_it_is_typed_and_esc_takes_it_off() {
    let mut console = console(fixture::running());
    let with = |filter: &str| Command::View(View { limit: URL_LIMIT, filter: filter.into(), ..View::default() });
    console.press("/ c a r");
    assert_eq!(console.sent(), [with("car")], "only the newest matters");
    assert!(console.screen().contains("by clicks  / car"), "{}", console.screen());
    console.press("Backspace Enter");
    assert_eq!((console.sent(), console.app.focus), (vec![with("ca")], Panel::Urls));
    let mut answered = fixture::running();
    answered.board = Arc::new(fixture::board(View { limit: URL_LIMIT, filter: "ca".into(), ..View::default() }));
    console.show(answered.clone());
    assert!(console.part(|places| places.urls).contains("/cart"));
    let mut none = fixture::board(answered.board.view.clone());
    none.pages.clear();
    answered.board = Arc::new(none);
    console.show(answered);
    assert!(console.screen().contains("no url passes the filter"));
    console.press("Esc");
    assert_eq!((console.sent(), console.app.focus), (vec![with("")], Panel::Urls));
    console.press("/ x Esc");
    assert_eq!(console.app.browse.filter, "");
}

#[test]
fn a_filter_that_is_no_pattern_is_said_where_it_is_typed_and_the_one_before_stays() {
    let mut console = console(fixture::running());
    let with = |filter: &str| Command::View(View { limit: URL_LIMIT, filter: filter.into(), ..View::default() });
    console.press("/");
    assert!(console.screen().contains("text, ~regex, !not"), "{}", console.screen());
    console.press("~ ^ / c (");
    assert_eq!(console.sent(), [with("~^/c")], "what is no pattern is not asked for");
    let screen = console.screen();
    assert!(screen.contains("/ ~^/c(") && screen.contains("unclosed group"), "{screen}");
    insta::assert_snapshot!("filter_problem_120x40", screen);
    console.press("Enter");
    assert!(console.app.typing.is_some(), "there is something to mend first");
    assert_eq!((console.sent(), console.app.browse.filter.as_str()), (vec![], "~^/c"));
    console.press("a ) Enter");
    assert_eq!((console.sent(), console.app.typing.is_none()), (vec![with("~^/c(a)")], true));
    console.press("/ [ Esc");
    assert_eq!((console.sent(), console.app.browse.filter.as_str()), (vec![with("")], ""), "Esc takes it off");
    let mut narrow = Console::new(60, 16);
    narrow.show(fixture::running()).press("/ ~ v e r y l o n g t e x t (");
    assert!(narrow.screen().contains("unclosed group"), "{}", narrow.screen());
}

#[test]
fn the_window_goes_round_and_says_so_and_what_cannot_be_counted_says_why() {
    let mut console = console(fixture::running());
    console.press("w");
    let asked = |window| View { limit: URL_LIMIT, window, ..View::default() };
    assert_eq!(console.sent(), [Command::View(asked(Window::LastHour))]);
    assert!(console.screen().contains("by clicks, last hour") && console.screen().contains("loading…"));
    let mut snapshot = fixture::answered(fixture::running(), asked(Window::LastHour));
    let mut board = (*snapshot.board).clone();
    board.problem = Some("an hour holds too many clicks".into());
    snapshot.board = Arc::new(board.clone());
    console.show(snapshot.clone());
    let urls = console.part(|places| places.urls);
    assert!(urls.contains("/cart") && urls.contains("an hour holds too many clicks"), "{urls}");
    board.pages.clear();
    snapshot.board = Arc::new(board);
    console.show(snapshot);
    assert!(console.part(|places| places.urls).contains("an hour holds too many clicks"));
    console.press("w");
    assert!(console.screen().contains("last 5 min"));
    console.press("w");
    assert_eq!(console.sent(), [view(None, SortBy::Clicks)]);
}

#[test]
fn a_click_on_a_head_sorts_by_it() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut console = Console::new(width, height);
        console.show(fixture::running());
        console.sent();
        let urls = console.app.places.and_then(|places| places.urls).expect("visible");
        for (word, sort) in [("avg time", SortBy::Time), ("users", SortBy::Users), ("clicks", SortBy::Clicks)] {
            let buffer = console.draw();
            let row: Vec<&str> = (urls.x..urls.right()).map(|x| buffer[(x, urls.y + 1)].symbol()).collect();
            let at = (0..row.len()).find(|at| row[*at..].concat().starts_with(word)).expect("a head");
            console.click(urls.x + u16::try_from(at).expect("on the screen"), urls.y + 1);
            assert_eq!(console.sent(), [view(None, sort)], "{word} at {width}×{height}");
        }
    }
}

#[test]
fn the_palette_does_by_name_what_the_key_would() {
    let mut console = console(fixture::running());
    console.press(": r e s t");
    insta::assert_snapshot!("palette_120x40", console.screen());
    console.press("Enter");
    assert_eq!(console.sent(), [Command::Stage(Stage::Ingest, StageAction::Restart)]);
    console.press(": s t o p - a l Tab");
    assert_eq!(console.app.typing.as_ref().map(|typing| typing.text.as_str()), Some("stop-all"));
    console.press("Enter");
    assert!(console.screen().contains("Stop all four stages?"), "a dangerous one asks here too");
    console.press("n : v i e w Down Down Enter");
    assert_eq!(console.app.sheet, super::super::sheet::Sheet::Store);
    console.press(": s o r t Enter");
    assert!(console.screen().contains("nothing here is called sort"), "{}", console.screen());
    console.press(": Esc");
    assert!(console.app.typing.is_none());
    assert_eq!(console.sent(), []);
}

#[test]
fn a_read_only_console_is_read_only_by_name_too() {
    let mut console = Console::with(120, 40, Theme::plain(true, false), true);
    console.show(fixture::running());
    console.sent();
    console.press(": s t a r t - a l l Enter");
    assert!(console.screen().contains("read-only: "), "{}", console.screen());
    assert_eq!(console.sent(), []);
}

#[test]
fn keys_of_the_config_work_and_stand_in_footer_and_help() {
    let mut console = console(fixture::running());
    console.app.keys = super::super::Keys::with([("sort", "o")]).expect("fits");
    console.press("s");
    assert_eq!(console.sent(), []);
    console.press("o");
    assert_eq!(console.sent(), [view(None, SortBy::Users)]);
    assert!(console.screen().contains(" o sort "), "{}", console.screen());
    console.press("?");
    assert!(console.screen().contains("o          sort: clicks"), "{}", console.screen());
}

#[test]
fn every_action_can_be_given_a_key_in_the_config() {
    let settings = crate::config::ConsoleSettings::default();
    let mut in_config: Vec<&str> = settings.keys.iter().map(|(action, _)| action).collect();
    let mut named: Vec<&str> =
        super::super::key_table().iter().flat_map(|binding| binding.action.names()).copied().collect();
    in_config.sort_unstable();
    named.sort_unstable();
    named.dedup();
    assert_eq!(in_config, named);
}

#[test]
fn the_table_here_or_the_screen_is_written_under_the_name_typed() {
    use super::super::export::{Effect, Format};
    let mut console = console(fixture::running());
    console.press("Tab e");
    let screen = console.screen();
    assert!(screen.contains("write to urls-20260131-093000.csv"), "{screen}");
    console.press("Enter");
    let effects = std::mem::take(&mut console.app.effects);
    let [Effect::Write { name, content }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(name, "urls-20260131-093000.csv");
    assert!(
        content.starts_with("url,country,clicks,unique_users,avg_time_spent\n/,US,220129,99102,12.34\n"),
        "{content}"
    );
    console.press("Shift-Tab e Tab Enter");
    let effects = std::mem::take(&mut console.app.effects);
    let [Effect::Write { name, content }] = effects.as_slice() else { panic!("{effects:?}") };
    assert_eq!(name, "countries-20260131-093000.json");
    assert!(content.contains("\"country\": \"US\""), "{content}");
    console.press("e Tab Tab Enter");
    let picture = Effect::Picture { name: "countries-20260131-093000.txt".into(), format: Format::Text };
    assert_eq!(std::mem::take(&mut console.app.effects), [picture]);
    console.press("e ^u x Enter");
    assert!(console.screen().contains("x: end the name in .csv or .json"), "{}", console.screen());
    console.press("e Esc");
    assert!(console.app.effects.is_empty());
    assert_eq!(console.sent(), [], "nothing of it concerns the pipeline");
}

#[test]
fn the_picked_url_is_copied() {
    use super::super::export::Effect;
    let mut console = console(fixture::running());
    console.press("y");
    assert!(console.screen().contains("no url is picked"), "{}", console.screen());
    console.press("Tab Down Down y");
    let url = "/products/espresso-machine?ref=mail,campaign".to_owned();
    assert_eq!(std::mem::take(&mut console.app.effects), [Effect::Copy(url)]);
    let mut hostile = fixture::running();
    let mut board = (*hostile.board).clone();
    board.pages[1].url = "/x\n\u{1b}[2Jrm".into();
    hostile.board = Arc::new(board);
    console.show(hostile).press("y");
    assert_eq!(console.app.effects, [Effect::Copy("/x\\n\\u{1b}[2Jrm".to_owned())], "a paste runs nothing");
}
