//! The order by time: the sample that it asks for, and how the rows with fewer known times look.

use std::sync::Arc;

use ratatui::style::Modifier;

use super::super::theme::Theme;
use super::{Console, fixture};
use crate::protocol::board::{Board, PageRow};
use crate::protocol::view::MIN_TIMED;
use crate::protocol::{Command, Snapshot, SortBy, View};

/// The answer to the order by time, from so many known times on.
fn by_time(min_timed: u64) -> Snapshot {
    let page = |url: &str, timed, seconds| PageRow {
        timed: Some(timed),
        avg_time_spent: Some(seconds),
        ..fixture::page(url, "FR", 900)
    };
    let pages = vec![page("/often", 412, 70.0), page("/enough", 10, 20.0), page("/once", 1, 1700.0)];
    let mut snapshot = fixture::running();
    let view = View { sort: SortBy::Time, min_timed, limit: 200, ..View::default() };
    snapshot.board = Arc::new(Board { view, pages, matching: 3, ..(*snapshot.board).clone() });
    snapshot
}

/// A console in the order by time, with what it has asked for.
fn sorted(width: u16, height: u16) -> (Console, Vec<Command>) {
    let mut console = Console::with(width, height, Theme::plain(false, false), false);
    console.show(fixture::running()).press("Tab");
    console.sent();
    console.press("s s");
    let sent = console.sent();
    console.show(by_time(MIN_TIMED));
    (console, sent)
}

#[test]
fn by_time_asks_for_a_sample_and_says_so() {
    for (width, height, says) in [
        (200, 60, "urls of all countries by time, at least 10 known "),
        (120, 40, "urls of all countries by time, at least 10 known "),
        (80, 24, "urls of all countries by time, at least 10 known "),
        (60, 16, "urls by time, 10+ known "),
    ] {
        let (mut console, sent) = sorted(width, height);
        assert_eq!(sent, [super::steered::view(None, SortBy::Time)], "with a sample");
        let screen = console.screen();
        assert!(screen.contains(says), "{screen}");
        insta::assert_snapshot!(format!("by_time_{width}x{height}"), screen);
    }
}

#[test]
fn rows_of_too_few_known_times_are_faint_and_show_how_many() {
    let (mut console, _) = sorted(120, 40);
    let screen = console.screen();
    let row = |url: &str| screen.lines().find(|line| line.contains(url)).unwrap_or_default().to_owned();
    assert!(row("/often ").contains("1m10s     412"), "{screen}");
    assert!(row("/once ").contains("28m20s       1"), "{screen}");
    let mut is_faint = |text: &str| console.style_of(text).add_modifier.contains(Modifier::DIM);
    assert!(is_faint("28m20s") && !is_faint("1m10s"));
}

#[test]
fn a_command_changes_the_sample_and_sorts_by_time() {
    let mut console = Console::new(120, 40);
    console.show(fixture::running());
    console.sent();
    let mut sample = |typed: &str| {
        console.press(": s a m p l e Space").press(typed).press("Enter");
        match console.sent().last() {
            Some(Command::View(view)) => Some((view.sort, view.min_timed)),
            _ => None,
        }
    };
    assert_eq!(sample("2 5"), Some((SortBy::Time, 25)));
    assert_eq!(sample("a n y"), Some((SortBy::Time, 0)));
    assert_eq!(sample("x"), None);
    assert!(console.screen().contains("sample what? not x; 10, 50, 200 or any"), "{}", console.screen());
    console.press("Esc");
    assert!(console.screen().contains("by time "), "{}", console.screen());
    assert!(!console.screen().contains(" known "), "every mean counts: nothing to say");
}

#[test]
fn a_sample_that_no_url_has_is_said_in_the_title() {
    for (width, height, says) in [
        (200, 60, "urls of all countries by time, no url has 500 known times "),
        (120, 40, "urls of all countries by time, no url has 500 known times "),
        (80, 24, "urls of all countries by time, none has 500 known "),
        (60, 16, "urls by time, none has 500 known "),
    ] {
        let mut console = Console::with(width, height, Theme::plain(false, false), false);
        console.show(fixture::running()).press("Tab :");
        console.paste("sample 500").press("Enter").show(by_time(500));
        let screen = console.screen();
        assert!(screen.contains(says), "{width}×{height}: {screen}");
        assert!(console.style_of("1m10s").add_modifier.contains(Modifier::DIM), "the means stay faint");
    }
}

#[test]
fn the_urls_beside_the_map_show_the_time_by_which_they_are_sorted() {
    let (mut console, _) = sorted(120, 40);
    let screen = console.press("F7").screen();
    let row = |url: &str| screen.lines().find(|line| line.contains(url)).unwrap_or_default();
    assert!(screen.contains(" urls of all countries by time ") && screen.contains("avg time▼"), "{screen}");
    assert!(row("/often ").contains("1m10s     412"), "{screen}");
    assert!(console.style_of("28m20s").add_modifier.contains(Modifier::DIM));
}

#[test]
fn the_title_keeps_the_number_beside_a_window() {
    for (width, height, says) in [
        (120, 40, "urls of all countries by time, at least 50 known, last hour "),
        (80, 24, "urls of all countries by time, 50+ known, last hour "),
        (60, 16, "urls by time 50+, last hour "),
    ] {
        let mut console = Console::new(width, height);
        console.show(fixture::running()).press("Tab :");
        console.paste("sample 50").press("Enter w");
        let screen = console.screen();
        assert!(screen.contains(says), "{width}×{height}: {screen}");
    }
}
