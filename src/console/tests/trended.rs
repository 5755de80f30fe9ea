//! How each row goes: the bars of the last five minutes, the change against the five before, and the order of those that rise.

use std::sync::Arc;

use super::{Console, fixture};
use crate::protocol::board::Board;
use crate::protocol::trends::{RowTrend, Trends};
use crate::protocol::{Command, Question, Snapshot, SortBy, View};

/// The state with answers, and a board in the order that `console` asks for.
fn shown(width: u16, height: u16) -> Console {
    let mut console = Console::new(width, height);
    console.show(fixture::knowing());
    console
}

#[test]
fn rows_tell_how_they_go_as_far_as_there_is_room() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        let mut console = shown(width, height);
        insta::assert_snapshot!(format!("trends_{width}x{height}"), console.screen());
    }
    let mut plain = Console::with(200, 60, crate::console::theme::Theme::plain(false, true), false);
    insta::assert_snapshot!("trends_ascii_200x60", plain.show(fixture::knowing()).part(|layout| layout.urls));
    let mut wide = shown(200, 60);
    insta::assert_snapshot!("trends_countries_200x60", wide.press("z").screen());
}

#[test]
fn the_order_of_those_that_rise_is_one_of_the_orders() {
    let mut console = shown(200, 60);
    console.press("s s s");
    let rising = View { sort: SortBy::Rising, limit: 200, ..View::default() };
    let sent = console.sent();
    assert_eq!(sent.last(), Some(&Command::View(rising.clone())), "{sent:?}");
    console.show(fixture::answered(fixture::knowing(), rising));
    let screen = console.screen();
    assert!(screen.contains("urls of all countries by rising") && screen.contains("change▼"), "{screen}");
    console.press("b");
    let asked = console.sent();
    let by_clicks =
        |command: &Command| matches!(command, Command::Ask(Question::Breakdown(asked)) if asked.sort == SortBy::Clicks);
    assert!(asked.iter().any(by_clicks), "a breakdown has no such order: {asked:?}");
    console.press("s");
    assert_eq!(console.app.selection.sort, SortBy::Users, "the next one that it has");
}

#[test]
fn an_engine_that_counts_no_trends_is_not_asked_and_has_no_column_for_them() {
    let mut console = Console::new(200, 60);
    let snapshot = Snapshot { remote: Some(Arc::default()), ..fixture::knowing() };
    console.show(snapshot.clone()).sent_with_minutes();
    console.press("F3").pass(1).press("F1").pass(1);
    let sent = console.sent_with_minutes();
    assert!(sent.contains(&Command::Ask(Question::LastMinute)) && !sent.contains(&Command::Ask(Question::Trends)));
    let screen = console.screen();
    assert!(!screen.contains("last 5 min") && !screen.contains("change"), "{screen}");
    console.press("s s s");
    assert_eq!(console.app.selection.sort, SortBy::Clicks);
}

#[test]
fn what_is_not_known_is_a_dash_and_never_a_figure() {
    let mut snapshot = fixture::knowing();
    snapshot.board = Arc::new(Board { pages: snapshot.board.pages[..1].to_vec(), ..(*snapshot.board).clone() });
    let row = snapshot.board.pages[0].clone();
    let mut urls = |trends: Option<Trends>| {
        snapshot.answers.trends = trends.map(Arc::new);
        let mut console = Console::new(120, 40);
        let urls = console.show(snapshot.clone()).part(|layout| layout.urls);
        urls.lines().nth(2).unwrap_or_default().to_owned()
    };
    let of = |has_before| {
        let time = crate::click::Timestamp::from_millis(0);
        let mut trends = Trends::new((time, time), has_before, []);
        trends.add(row.url.clone(), row.country.clone(), RowTrend { parts: vec![150], before: 100 });
        trends
    };
    assert!(urls(Some(of(true))).contains("▲50%"), "{}", urls(Some(of(true))));
    let young = urls(Some(of(false)));
    assert!(young.contains("—") && !young.contains('▲'), "the store does not reach back: {young}");
    assert!(!urls(None).contains('▲'));
}
