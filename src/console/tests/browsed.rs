//! What keys and mouse do to what is shown: sorting, countries, scrolling, focus, filters.

use std::sync::Arc;

use crossterm::event::MouseEventKind;

use super::{Console, fixture};
use crate::console::state::panel::Panel;
use crate::console::state::selection::URL_LIMIT;
use crate::protocol::board::CountryRow;
use crate::protocol::view::Window;
use crate::protocol::{Command, SortBy, View};

use super::steered::{console, view};

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
    console.press("s s s");
    assert_eq!(console.sent(), [view(None, SortBy::Clicks)], "views that nobody took are passed over");
}

#[test]
fn a_country_is_asked_for_and_shown_once_the_answer_is_there() {
    let mut console = console(fixture::running());
    console.press("Down j");
    assert_eq!(console.sent(), [view(Some("DE"), SortBy::Clicks)]);
    let screen = console.screen();
    assert!(screen.contains("urls of DE") && screen.contains("loading…"), "{screen}");
    let urls = console.part(|layout| layout.urls);
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
    let urls = console.part(|layout| layout.urls);
    assert!(urls.contains("tables are frozen: p unfreezes them") && !urls.contains("/cart"), "{urls}");
    console.press("p");
    assert!(console.part(|layout| layout.urls).contains("/cart"));
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
    assert_eq!(console.app.overview.focus, Panel::Urls);
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
        seen.push(console.app.overview.focus);
    }
    assert_eq!(seen, [Panel::Urls, Panel::Activity, Panel::Index, Panel::Stages]);
    console.press("Tab");
    assert_eq!(console.app.overview.focus, Panel::Countries);
    console.press("Shift-Tab Right l");
    assert_eq!((console.app.overview.focus, console.app.picked_stage), (Panel::Stages, 2));
    console.press("h Tab l");
    assert_eq!((console.app.overview.focus, console.app.picked_stage), (Panel::Activity, 1));
    assert!(console.screen().contains("database is locked"), "{}", console.screen());
}

#[test]
fn the_log_keeps_its_place_while_lines_come() {
    let mut console = console(fixture::running());
    console.press("l Tab Tab Up Up Up");
    let before = console.part(|layout| layout.activity);
    assert!(before.contains("3 newer"), "{before}");
    let mut snapshot = fixture::running();
    let mut log = snapshot.log.to_vec();
    let newest = crate::protocol::snapshot::LogLine { message: "one more".into(), ..log[0].clone() };
    log.extend([newest.clone(), newest]);
    snapshot.log = log.into();
    console.show(snapshot);
    assert_eq!(console.part(|layout| layout.activity), before.replace("3 newer", "5 newer"));
    console.press("G");
    assert!(console.part(|layout| layout.activity).contains("one more"));
}

#[test]
fn the_mouse_picks_stages_rows_and_panels_and_scrolls() {
    let mut console = console(fixture::running());
    let layout = console.app.display.layout.clone().expect("large enough");
    let store = layout.each_stage[1];
    console.click(store.x + 2, store.y + 1);
    assert_eq!((console.app.overview.focus, console.app.picked_stage), (Panel::Stages, 1));
    let countries = layout.countries.expect("visible");
    console.click(countries.x + 3, countries.y + 3);
    assert_eq!(console.sent(), [view(Some("DE"), SortBy::Clicks)]);
    console.point(MouseEventKind::ScrollDown, countries.x + 3, countries.y + 3);
    assert_eq!(console.sent(), [view(Some("FR"), SortBy::Clicks)]);
    console.click(countries.x + 3, countries.bottom() - 1);
    assert_eq!(console.sent(), [], "the frame is no row");
    let activity = layout.activity.expect("visible");
    console.point(MouseEventKind::ScrollDown, activity.x + 3, activity.y + 1);
    assert_eq!(console.app.overview.activity.clicks.at, 3);
    assert!(console.part(|layout| layout.activity).contains("held"));
    assert_eq!(console.app.overview.focus, Panel::Countries, "the wheel leaves the focus alone");
    console.press("X").click(store.x + 2, store.y + 1);
    assert_eq!(console.app.overview.focus, Panel::Countries, "a question takes the mouse away");
}

#[test]
fn a_filter_is_asked_for_as_it_is_typed_and_esc_takes_it_off() {
    let mut console = console(fixture::running());
    let with = |filter: &str| Command::View(View { limit: URL_LIMIT, filter: filter.into(), ..View::default() });
    console.press("/ c a r");
    assert_eq!(console.sent(), [with("car")], "only the newest matters");
    assert!(console.screen().contains("by clicks  / car"), "{}", console.screen());
    console.press("Backspace Enter");
    assert_eq!((console.sent(), console.app.overview.focus), (vec![with("ca")], Panel::Urls));
    let mut answered = fixture::running();
    answered.board = Arc::new(fixture::board(View { limit: URL_LIMIT, filter: "ca".into(), ..View::default() }));
    console.show(answered.clone());
    assert!(console.part(|layout| layout.urls).contains("/cart"));
    let mut none = fixture::board(answered.board.view.clone());
    none.pages.clear();
    answered.board = Arc::new(none);
    console.show(answered);
    assert!(console.screen().contains("no url matches"));
    console.press("Esc");
    assert_eq!((console.sent(), console.app.overview.focus), (vec![with("")], Panel::Urls));
    console.press("/ x Esc");
    assert_eq!(console.app.selection.filter, "");
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
    assert!(console.app.overlays.line.is_some(), "there is something to mend first");
    assert_eq!((console.sent(), console.app.selection.filter.as_str()), (vec![], "~^/c"));
    console.press("a ) Enter");
    assert_eq!((console.sent(), console.app.overlays.line.is_none()), (vec![with("~^/c(a)")], true));
    console.press("/ [ Esc");
    assert_eq!((console.sent(), console.app.selection.filter.as_str()), (vec![], "~^/c(a)"), "Esc changes nothing");
    console.press("/ ^u / a Esc");
    assert_eq!(console.sent().pop(), Some(with("~^/c(a)")), "Esc takes back what was typed");
    console.press("Esc");
    assert_eq!(
        (console.sent(), console.app.selection.filter.as_str()),
        (vec![with("")], ""),
        "in the panel, it shows all"
    );
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
    let urls = console.part(|layout| layout.urls);
    assert!(urls.contains("/cart") && urls.contains("an hour holds too many clicks"), "{urls}");
    board.pages.clear();
    board.countries.clear();
    snapshot.board = Arc::new(board.clone());
    console.show(snapshot.clone());
    assert!(console.part(|layout| layout.urls).contains("an hour holds too many clicks"));
    assert!(console.part(|layout| layout.countries).contains("no answer"));
    board.problem = None;
    snapshot.board = Arc::new(board);
    console.show(snapshot);
    for panel in [console.part(|layout| layout.urls), console.part(|layout| layout.countries)] {
        assert!(panel.contains("no clicks in this time"), "{panel}");
    }
    console.press("w");
    assert!(console.part(|layout| layout.countries).contains("loading…"), "{}", console.screen());
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
        let urls = console.app.display.layout.as_ref().and_then(|layout| layout.urls).expect("visible");
        for (word, sort) in [("avg time", SortBy::Time), ("users", SortBy::Users), ("clicks", SortBy::Clicks)] {
            let buffer = console.draw();
            let row: Vec<&str> = (urls.x..urls.right()).map(|x| buffer[(x, urls.y + 1)].symbol()).collect();
            let at = (0..row.len()).find(|at| row[*at..].concat().starts_with(word)).expect("a head");
            console.click(urls.x + u16::try_from(at).expect("on the screen"), urls.y + 1);
            assert_eq!(console.sent(), [view(None, sort)], "{word} at {width}×{height}");
        }
    }
}
