//! The page of a url: the scale of its trend, and the place in its clicks.

use std::sync::Arc;

use super::{Console, fixture};
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;
use crate::protocol::SortBy;
use crate::protocol::answer::{Answer, PageDetails};
use crate::protocol::snapshot::Snapshot;

/// A console on the page of `/cart`.
fn opened(width: u16, height: u16) -> Console {
    let mut console = Console::new(width, height);
    console.show(fixture::knowing());
    console.press(": g o t o").press("Space / c a r t Enter");
    console
}

/// The page with `change` made to it.
fn changed(change: impl FnOnce(&mut PageDetails)) -> Snapshot {
    let mut snapshot = fixture::knowing();
    let answer = snapshot.answers.page.as_deref().expect("a page");
    let mut details = answer.found.clone().expect("found");
    change(&mut details);
    snapshot.answers.page = Some(Arc::new(Answer { asked: answer.asked.clone(), found: Ok(details) }));
    snapshot
}

#[test]
fn the_trend_says_what_its_highest_bar_stands_for() {
    for (width, height) in [(200, 60), (120, 40)] {
        let mut console = opened(width, height);
        let screen = console.screen();
        assert!(screen.contains("newest clicks") && screen.contains(" highest bar: "), "{screen}");
    }
}

#[test]
fn the_cursor_stays_on_its_click_while_newer_ones_come() {
    let mut console = opened(120, 40);
    console.press("Down Down");
    let marked = |console: &mut Console| {
        let screen = console.screen();
        let line = screen.lines().find(|line| line.contains("▸09:"))?;
        line.split("user-").nth(1).map(|user| user.split_whitespace().next().unwrap_or_default().to_owned())
    };
    let picked = marked(&mut console).expect("a picked click");
    console.show(changed(|details| {
        let newer = [fixture::click(details.clicks[0].timestamp), fixture::click(details.clicks[0].timestamp)];
        details.clicks.splice(0..0, newer);
    }));
    assert_eq!(marked(&mut console).as_ref(), Some(&picked));
    assert_eq!(console.app.screens.url.clicks.at, 4);
}

/// The line under the cursor, without the frame.
fn marked(console: &mut Console) -> String {
    let screen = console.screen();
    let line = screen.lines().find_map(|line| line.split('▸').nth(1));
    line.unwrap_or_default().split('│').next().unwrap_or_default().trim().to_owned()
}

/// The page with so many countries.
fn with_countries(count: u64) -> Snapshot {
    changed(|details| {
        details.countries = (0..count).map(|at| fixture::page("/cart", &format!("C{at}"), 900 - at)).collect()
    })
}

#[test]
fn tab_changes_between_the_countries_and_the_clicks_and_never_leaves_the_page() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        let mut console = opened(width, height);
        console.show(with_countries(60));
        for tab in ["Tab", "Shift-Tab"] {
            console.press(tab);
            assert!(marked(&mut console).starts_with("C0"), "{}", console.screen());
            console.press("End");
            assert!(marked(&mut console).starts_with("C59"), "the last country is reached: {}", console.screen());
            console.press("g").press(tab);
            assert!(marked(&mut console).starts_with("09:"), "{}", console.screen());
        }
        assert_eq!(console.app.screens.open, Screen::Url);
        let screen = console.screen();
        assert!(screen.contains("  url "), "the row of views marks the page: {screen}");
        assert!(screen.contains("Tab panel") && screen.contains("Enter details"), "{screen}");
        console.press("v");
        assert_ne!(console.app.screens.open, Screen::Url, "the keys of the views go on working");
    }
}

#[test]
fn the_cursor_stays_on_its_country_while_the_order_changes() {
    let mut console = opened(120, 40);
    console.show(with_countries(60)).press("Tab Down Down PgDn");
    let picked = marked(&mut console);
    console.show(changed(|details| {
        details.countries = (0..60).rev().map(|at| fixture::page("/cart", &format!("C{at}"), 900 - at)).collect();
    }));
    assert_eq!(marked(&mut console), picked);
}

#[test]
fn enter_on_a_country_shows_its_urls_with_the_cursor_on_this_one() {
    let mut console = opened(120, 40);
    console.press("Tab");
    assert!(console.screen().contains("Enter urls of it"), "{}", console.screen());
    console.press("Enter");
    assert_eq!((console.app.screens.open, console.app.overview.focus), (Screen::Overview, Panel::Urls));
    assert_eq!(console.sent().last(), Some(&super::steered::view(Some("FR"), SortBy::Clicks)));
    let mut snapshot = fixture::knowing();
    let mut board = (*snapshot.board).clone();
    board.view.country = Some("FR".to_owned());
    board.pages = ["/other", "/cart"].map(|url| fixture::page(url, "FR", 9)).into();
    snapshot.board = Arc::new(board);
    console.show(snapshot);
    assert!(console.screen().contains("▸/cart"), "{}", console.screen());

    let mut console = opened(120, 40);
    console.show(changed(|details| details.countries.clear())).press("Tab Enter");
    assert!(console.screen().contains("there is no country to open"), "{}", console.screen());
}

#[test]
fn the_mouse_picks_in_both_lists_of_the_page() {
    let mut console = opened(120, 40);
    console.show(with_countries(60));
    let body = console.app.display.body();
    console.click(body.x + 3, body.y + 4);
    assert!(marked(&mut console).starts_with("C2"), "{}", console.screen());
    console.click(body.right() - 20, body.bottom() - 3);
    assert!(marked(&mut console).starts_with("09:"), "{}", console.screen());
}

#[test]
fn a_url_without_clicks_is_told() {
    let mut console = opened(120, 40);
    console.show(changed(|details| *details = PageDetails::default()));
    assert!(console.screen().contains("no clicks on this url"), "{}", console.screen());
}

#[test]
fn the_page_says_that_it_is_of_all_time_whatever_the_overview_shows() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        let screen = opened(width, height).screen();
        assert!(screen.contains(" /cart  all time ─"), "{width}×{height}: {screen}");
        for (keys, words) in [("w", " /cart  all time ─"), ("c", " /cart  all time, not compared ─")] {
            let mut console = Console::new(width, height);
            console.show(fixture::knowing()).press(keys);
            console.press(": g o t o").press("Space / c a r t Enter");
            let screen = console.screen();
            assert!(screen.contains(words), "{keys} at {width}×{height}: {screen}");
            let style = console.style_of(words.trim_start_matches(" /cart  "));
            assert_eq!(style.fg, Some(ratatui::style::Color::Yellow), "it stands out");
        }
    }
}
