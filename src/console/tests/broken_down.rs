//! The breakdown: what it asks for, what it shows, and where it leads.

use std::sync::Arc;

use super::{Console, fixture};
use crate::console::state::screen::Screen;
use crate::protocol::answer::Answer;
use crate::protocol::breakdown::{Breakdown, BreakdownQuestion, BreakdownRow, Dimension, GroupFigures};
use crate::protocol::question::Question;
use crate::protocol::snapshot::Snapshot;
use crate::protocol::view::Window;
use crate::protocol::{Command, SortBy};

fn console(width: u16, height: u16) -> Console {
    let mut console = Console::new(width, height);
    console.show(fixture::running());
    console.sent();
    console
}

fn question(by: Dimension) -> BreakdownQuestion {
    BreakdownQuestion { by, limit: 200, ..BreakdownQuestion::default() }
}

fn asks(question: &BreakdownQuestion) -> Command {
    Command::Ask(Question::Breakdown(question.clone()))
}

fn row(value: &str, country: Option<&str>, clicks: u64) -> BreakdownRow {
    let figures = GroupFigures { clicks, unique_users: clicks / 9, avg_time_spent: Some(83.4), timed: clicks / 2 };
    BreakdownRow { value: value.into(), country: country.map(Into::into), figures }
}

fn found(rows: Vec<BreakdownRow>, values: u64) -> Breakdown {
    let total = GroupFigures { clicks: 2_000_000, unique_users: 181_337, avg_time_spent: Some(83.1), timed: 1_000_000 };
    Breakdown { rows, values, total, ..Breakdown::default() }
}

fn answered(asked: BreakdownQuestion, found: Result<Breakdown, String>) -> Snapshot {
    let mut snapshot = fixture::knowing();
    snapshot.answers.breakdown = Some(Arc::new(Answer { asked, found }));
    snapshot
}

fn cities() -> Breakdown {
    let rows = vec![
        row("Mumbai", Some("IN"), 1_178_830),
        row("S\u{e3}o\u{1b}[31m Paulo", Some("BR"), 390_309),
        row("東京", Some("JP"), 64_385),
        row("unknown", Some("US"), 12),
    ];
    found(rows, 412)
}

#[test]
fn the_breakdown_at_every_size() {
    for (width, height) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        let mut console = console(width, height);
        console.press("b d");
        console.show(answered(question(Dimension::City), Ok(cities()))).press("Down");
        insta::assert_snapshot!(format!("breakdown_{width}x{height}"), console.screen());
    }
}

#[test]
fn by_time_it_asks_for_a_sample_and_shows_it_at_every_size() {
    let asked = BreakdownQuestion { sort: SortBy::Time, min_timed: 10, ..question(Dimension::City) };
    for (width, height) in [(60, 16), (80, 24), (120, 40), (200, 60)] {
        let mut console = console(width, height);
        console.press("b d s s");
        assert_eq!(console.sent().last(), Some(&asks(&asked)));
        console.show(answered(asked.clone(), Ok(cities())));
        insta::assert_snapshot!(format!("breakdown_by_time_{width}x{height}"), console.screen());
    }
    let mut console = console(120, 40);
    console.press("b d : s a m p l e Space 5 0 Enter");
    assert_eq!(console.sent().last(), Some(&asks(&BreakdownQuestion { min_timed: 50, ..asked })));
}

#[test]
fn a_key_opens_it_turns_it_and_closes_it() {
    let mut console = console(120, 40);
    console.press("b");
    assert_eq!(
        (console.app.screens.open, console.sent()),
        (Screen::Breakdown, vec![asks(&question(Dimension::Country))])
    );
    assert!(console.screen().contains("counting…"), "{}", console.screen());
    console.press("d");
    assert_eq!(console.sent(), [asks(&question(Dimension::City))]);
    console.press("D D");
    assert_eq!(console.sent().last(), Some(&asks(&question(Dimension::Url))), "it goes round");
    console.pass(1);
    assert_eq!(console.sent(), [asks(&question(Dimension::Url))], "the figures go on");
    console.press("b");
    assert_eq!(console.app.screens.open, Screen::Overview);
}

#[test]
fn it_has_the_country_the_order_and_the_window_of_the_overview() {
    let mut console = console(120, 40);
    console.press("Down j b");
    console.sent();
    console.press("s w");
    let asked = BreakdownQuestion {
        country: Some("DE".into()),
        sort: SortBy::Users,
        window: Window::LastHour,
        ..question(Dimension::Country)
    };
    assert_eq!(console.sent().last(), Some(&asks(&asked)));
    assert!(console.screen().contains("DE · last hour · by users · all urls"), "{}", console.screen());
}

#[test]
fn it_says_how_far_the_count_is_and_why_there_is_none() {
    let mut console = console(80, 24);
    console.press("b");
    let counting = Breakdown { counted_percent: Some(42), ..Breakdown::default() };
    console.show(answered(question(Dimension::Country), Ok(counting)));
    assert!(console.screen().contains("counting… 42%"), "{}", console.screen());
    console.show(answered(question(Dimension::Country), Err("too many users".into())));
    assert!(console.screen().contains("too many users"), "{}", console.screen());
    let since = Some(crate::click::Timestamp::from_millis(1_769_851_800_000));
    let found = Breakdown { since, ..found(vec![row("DE", None, 12)], 1) };
    console.show(answered(question(Dimension::Country), Ok(found)));
    let screen = console.screen();
    assert!(screen.contains("1 country · 2,000,000 clicks") && screen.contains(" since 2026-01-31 09:30 "), "{screen}");
}

#[test]
fn a_row_leads_to_its_url_or_to_its_country() {
    let mut console = console(120, 40);
    console.press("b D");
    console.show(answered(question(Dimension::Url), Ok(found(vec![row("/a", None, 3), row("/b", None, 2)], 2))));
    console.press("Down Enter");
    assert_eq!(console.app.screens.url.url.as_deref(), Some("/b"));
    console.press("Esc");
    assert_eq!(console.app.screens.open, Screen::Breakdown);
    console.press("d");
    console.show(answered(question(Dimension::Country), Ok(found(vec![row("DE", None, 3)], 1))));
    console.press("Enter");
    assert_eq!((console.app.screens.open, console.app.selection.country.as_deref()), (Screen::Overview, Some("DE")));
}

#[test]
fn the_page_of_a_url_has_a_breakdown_beside_its_countries_and_opens_a_whole_one() {
    let mut console = console(120, 40);
    console.press("F5 c a r Enter");
    console.show(fixture::knowing()).press("Enter");
    let beside = |by| BreakdownQuestion { by, url: Some("/cart".into()), limit: 20, ..BreakdownQuestion::default() };
    assert_eq!(console.sent().last(), Some(&asks(&beside(Dimension::Browser))));
    let rows = vec![row("Firefox", None, 31_007), row("Chrome", None, 20_900)];
    console.show(answered(beside(Dimension::Browser), Ok(found(rows, 2))));
    insta::assert_snapshot!("breakdown_beside_120x40", console.screen());
    console.press("d");
    assert_eq!(console.sent().last(), Some(&asks(&beside(Dimension::Os))));
    console.press("b");
    let whole = BreakdownQuestion { url: Some("/cart".into()), ..question(Dimension::Country) };
    assert_eq!(console.sent().last(), Some(&asks(&whole)));
    assert!(console.screen().contains("on /cart"), "{}", console.screen());
    console.press("Esc");
    assert_eq!(console.app.screens.open, Screen::Url);
}

#[test]
fn a_page_without_room_names_the_key_of_the_whole_breakdown() {
    let mut console = console(80, 24);
    console.press("F5 c a r Enter");
    console.show(fixture::knowing()).press("Enter d");
    assert!(console.screen().contains("b opens the breakdown of this url"), "{}", console.screen());
}

#[test]
fn the_rows_can_be_exported() {
    let mut console = console(120, 40);
    console.press("b d");
    console.show(answered(question(Dimension::City), Ok(cities())));
    console.app.now = fixture::now();
    console.press("e Enter");
    let written = console.app.outgoing.effects.iter().find_map(|effect| match effect {
        crate::console::state::effect::Effect::WriteFile { content, message, .. } => Some((content, message)),
        _ => None,
    });
    let (content, message) = written.expect("a file");
    assert!(
        content.starts_with("city,country,clicks,unique_users,avg_time_spent,timed\nMumbai,IN,1178830,"),
        "{content}"
    );
    assert!(message.contains("the first 4 of 412 rows"), "{message}");
}

#[test]
fn the_page_of_a_url_asks_no_cluster_for_every_click() {
    let mut console = console(120, 40);
    console.press("F5 c a r Enter");
    let of_cluster = Snapshot { remote: Some(Arc::default()), ..fixture::knowing() };
    console.show(of_cluster).press("Enter");
    assert!(console.sent().iter().all(|command| !matches!(command, Command::Ask(Question::Breakdown(_)))));
    assert!(!console.screen().contains("by browser"), "{}", console.screen());
}
