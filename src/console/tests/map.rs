//! The map of the world: what it shows, and how one picks on it.

use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use super::super::theme::Theme;
use super::{Console, fixture};
use crate::console::state::country_map::cell;
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;
use crate::console::state::screen_parts::ScreenParts;
use crate::protocol::Command;
use crate::protocol::board::CountryRow;
use crate::protocol::snapshot::Snapshot;
use crate::protocol::view::Window;
use crate::world::locate;
use std::sync::Arc;

/// A pipeline that has seen the world: the demo's countries, and two that are nowhere.
fn worldly() -> Snapshot {
    let mut snapshot = fixture::running();
    let mut board = (*snapshot.board).clone();
    board.countries = (1_u64..)
        .zip(crate::source::traffic::places::COUNTRIES)
        .map(|(rank, country)| CountryRow { country: country.code.into(), clicks: 9_000_000 / (rank * rank), urls: 40 })
        .collect();
    for (name, clicks) in [("unknown", 4_120), ("日本", 312)] {
        board.countries.push(CountryRow { country: name.into(), clicks, urls: 3 });
    }
    board.countries.sort_by_key(|row| std::cmp::Reverse(row.clicks));
    snapshot.board = Arc::new(board);
    snapshot
}

fn console(width: u16, height: u16, theme: Theme) -> Console {
    let mut console = Console::with(width, height, theme, false);
    console.show(worldly()).press("F7");
    console.sent();
    console
}

fn plain(width: u16, height: u16) -> Console {
    console(width, height, Theme::plain(true, false))
}

/// The cells that the map fills.
fn area(console: &mut Console) -> Rect {
    console.draw();
    let body = console.app.display.layout.as_ref().and_then(|layout| layout.body).expect("a view");
    ScreenParts::of(Screen::Map, body).map()
}

#[test]
fn the_map_at_every_size() {
    for (width, height) in [(60, 16), (80, 24), (140, 44), (200, 60), (240, 40)] {
        let mut console = plain(width, height);
        console.press("Down Down");
        insta::assert_snapshot!(format!("map_{width}x{height}"), console.screen());
    }
}

#[test]
fn without_unicode_the_map_is_plain_text() {
    let mut console = console(120, 40, Theme::plain(true, true));
    let screen = console.press("Down Down").screen();
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!("map_ascii_120x40", screen);
}

#[test]
fn nothing_is_left_out_without_a_word() {
    let mut console = plain(80, 24);
    assert!(console.screen().contains("not on the map: 4,432 clicks (unknown, 日"), "{}", console.screen());
    let screen = console.press("End").screen();
    assert!(screen.contains("(not on the map)"), "{screen}");
    let mut small = plain(60, 16);
    assert!(small.screen().contains("the map needs 80×24"), "{}", small.screen());
    small.press("End");
    assert!(small.screen().contains("(not on the map)"), "{}", small.screen());
}

#[test]
fn the_picked_country_stands_out_on_the_map_and_in_the_list() {
    for (color, fg) in [(true, Color::Cyan), (false, Color::Reset)] {
        let mut console = console(140, 44, Theme::plain(color, false));
        let area = area(&mut console);
        let japan = cell(area, locate("JP").expect("known"));
        assert!(!console.draw()[japan].modifier.contains(Modifier::REVERSED));
        console.press("Down Down Down Down Down Down");
        assert_eq!(console.app.selection.country.as_deref(), Some("JP"));
        let at = &console.draw()[japan];
        assert!(at.modifier.contains(Modifier::REVERSED) && at.fg == fg, "{at:?}");
        for text in ["JP 250k", "▸JP  Japan"] {
            let style = console.style_of(text);
            assert!(style.fg == Some(fg) && style.add_modifier.contains(Modifier::REVERSED), "{text}: {style:?}");
        }
    }
}

#[test]
fn colours_tell_the_share_and_coasts_stay_faint() {
    let mut console = plain(140, 44);
    let area = area(&mut console);
    let mut color = |code| console.draw()[cell(area, locate(code).expect("known"))].fg;
    assert_eq!((color("IN"), color("BR"), color("IS")), (Color::Yellow, Color::Magenta, Color::Blue));
    let coast = console.draw().content.iter().filter(|cell| {
        cell.symbol().chars().all(|c| ('\u{2801}'..='\u{28ff}').contains(&c)) && cell.modifier == Modifier::DIM
    });
    assert!(coast.count() > 200);
}

#[test]
fn the_country_picked_here_is_the_one_of_the_overview() {
    let mut console = plain(140, 44);
    console.press("Down Down");
    let asked: Vec<_> = console.sent();
    assert!(matches!(asked.last(), Some(Command::View(view)) if view.country.as_deref() == Some("US")), "{asked:?}");
    console.press("Enter");
    assert_eq!((console.app.screens.open, console.app.overview.focus), (Screen::Overview, Panel::Urls));
    assert!(console.screen().contains("urls of US"), "{}", console.screen());
    assert!(console.screen().contains("│ All "), "the countries have not scrolled");
    console.press("Left Down F7");
    assert!(console.screen().contains("▸ID  Indonesia"), "{}", console.screen());
}

#[test]
fn the_window_changes_here_too_and_the_title_says_which_is_shown() {
    let mut console = plain(140, 44);
    assert!(!console.screen().contains("last hour"));
    console.press("w");
    let asked = console.sent();
    let Some(Command::View(view)) = asked.last() else { panic!("{asked:?}") };
    assert_eq!(view.window, Window::LastHour);
    assert!(!console.screen().contains("last hour"), "what is drawn is still all time");
    let mut snapshot = worldly();
    let mut board = (*snapshot.board).clone();
    board.view = view.clone();
    snapshot.board = Arc::new(board);
    console.show(snapshot);
    assert!(console.screen().contains("61 countries, last hour"), "{}", console.screen());
}

#[test]
fn a_click_picks_the_country_under_it() {
    let mut console = plain(140, 44);
    let area = area(&mut console);
    let brazil = cell(area, locate("BR").expect("known"));
    console.click(brazil.x + 1, brazil.y);
    assert_eq!(console.app.selection.country.as_deref(), Some("BR"));
    let ocean = cell(area, locate("PN").expect("known"));
    console.click(ocean.x, ocean.y);
    assert_eq!(console.app.selection.country.as_deref(), Some("BR"), "nothing is near");
    let body = console.app.display.layout.as_ref().and_then(|layout| layout.body).expect("a view");
    let list = ScreenParts::of(Screen::Map, body).list;
    console.click(list.x + 3, list.y + 2);
    assert_eq!(console.app.selection.country, None, "all of them come first");
    console.click(list.right() + 3, list.y + 3);
    assert_eq!(console.app.selection.country, None, "beside the list is not on it");
}

#[test]
fn before_the_first_click_the_map_says_so() {
    let mut console = Console::new(120, 40);
    console.show(fixture::empty()).press("F7");
    assert!(console.screen().contains("no clicks yet"), "{}", console.screen());
}

#[test]
fn hostile_names_of_countries_are_only_text() {
    let evil = "a\u{1b}[2J\u{7}\r\n\tb\u{9b}31m\u{202e}\u{200b}\u{301}日本".repeat(9);
    let mut snapshot = worldly();
    let mut board = (*snapshot.board).clone();
    board.countries.insert(0, CountryRow { country: evil.as_str().into(), clicks: u64::MAX, urls: u64::MAX });
    board.view.filter = evil;
    snapshot.board = Arc::new(board);
    for (width, height) in [(60, 16), (80, 24), (200, 60), (240, 30)] {
        let mut console = Console::new(width, height);
        console.show(snapshot.clone()).press("F7 Down");
        for cell in &console.draw().content {
            let symbol = cell.symbol();
            assert!(!symbol.chars().any(char::is_control) && !symbol.contains(['\u{202e}', '\u{200b}']), "{symbol:?}");
        }
    }
}
