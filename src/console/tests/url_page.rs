//! The page of a url: the scale of its trend, and the place in its clicks.

use std::sync::Arc;

use super::{Console, fixture};
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

#[test]
fn a_url_without_clicks_is_told() {
    let mut console = opened(120, 40);
    console.show(changed(|details| *details = PageDetails::default()));
    assert!(console.screen().contains("no clicks on this url"), "{}", console.screen());
}
