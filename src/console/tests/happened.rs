//! What happened to the pipeline, on the chart: a mark at the time of each event, and steps from one to the next.

use std::sync::Arc;

use super::{Console, fixture};
use crate::console::state::details::subject::Subject;
use crate::console::theme::Theme;
use crate::protocol::event::EventKind;

fn console(width: u16, height: u16) -> Console {
    let mut console = Console::new(width, height);
    console.show_with_history(&fixture::running());
    console
}

/// The columns of `mark` in the lowest row of `chart` that has one, as shares of the axis from its left end to its right end.
fn marks(chart: &str, mark: char) -> Vec<f64> {
    let row: Vec<char> = chart.lines().rfind(|line| line.contains(mark)).expect("a row with marks").chars().collect();
    let begin = row.iter().position(|c| "└+".contains(*c)).expect("the axis") + 1;
    let end = row.iter().rposition(|c| "─-┴+".contains(*c) || *c == mark).expect("the axis");
    let shares = row.iter().enumerate().filter(|(_, c)| **c == mark);
    shares.map(|(at, _)| (at - begin) as f64 / (end - begin) as f64).collect()
}

#[test]
fn each_event_has_a_mark_at_its_time_whatever_the_span() {
    for (width, height) in [(200, 60), (120, 40)] {
        let mut console = console(width, height);
        let chart = console.part(|layout| layout.throughput);
        let found = marks(&chart, '◆');
        let wanted = [80.0, 70.0, 27.0, 20.0].map(|ago| 1.0 - ago / 120.0);
        assert_eq!(found.len(), wanted.len(), "the start was longer ago:\n{chart}");
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((found - wanted).abs() < 0.02, "{found} instead of {wanted}:\n{chart}");
        }
        console.press("+");
        let found = marks(&console.part(|layout| layout.throughput), '◆');
        assert_eq!(found.len(), 2, "only two in the last minute: {found:?}");
        assert!((found[0] - (1.0 - 27.0 / 60.0)).abs() < 0.03, "{found:?}");
    }
}

#[test]
fn ascii_and_plain_terminals_have_the_marks_too() {
    let mut console = Console::with(120, 40, Theme::plain(false, true), false);
    console.show_with_history(&fixture::running());
    let chart = console.part(|layout| layout.throughput);
    assert!(chart.is_ascii(), "{chart}");
    assert_eq!(chart.matches('^').count(), 4, "{chart}");
    insta::assert_snapshot!("events_ascii_120x40", chart);
}

#[test]
fn events_are_stepped_through_and_the_chart_says_what_each_was() {
    for (width, height) in [(120, 40), (80, 24)] {
        let mut console = console(width, height);
        console.press("<");
        let chart = console.part(|layout| layout.throughput);
        assert!(chart.contains("09:29:40 store works again after 7 s  4 of 4"), "{chart}");
        console.press("< <");
        let chart = console.part(|layout| layout.throughput);
        assert!(chart.contains("09:28:50 store started through the API  2 of 4"), "{chart}");
        insta::assert_snapshot!(format!("event_picked_{width}x{height}"), chart);
        console.press("< <");
        assert!(console.screen().contains("this is the oldest event in the last 2 min"), "{}", console.screen());
        console.press(">");
        assert!(console.part(|layout| layout.throughput).contains("2 of 4"));
        console.press("i");
        let screen = console.screen();
        assert!(screen.contains("┏ event ") && screen.contains("by     the API"), "{screen}");
        let subject = console.app.overlays.details.as_ref().map(|open| open.subject.clone());
        assert!(matches!(subject, Some(Subject::Event(event)) if event.kind == EventKind::Start));
        console.press("Esc Esc");
        assert!(!console.part(|layout| layout.throughput).contains("of 4"), "Esc leaves the events");
    }
}

#[test]
fn where_the_chart_has_no_room_the_footer_says_the_event() {
    let mut console = console(60, 16);
    console.press("<");
    assert!(console.screen().contains("09:29:40 store works again after 7 s (4 of 4)"), "{}", console.screen());
}

#[test]
fn an_event_that_leaves_the_chart_is_let_go_and_an_empty_span_says_so() {
    let mut console = console(120, 40);
    console.press("< < <");
    assert!(console.app.overview.event.is_some());
    console.press("+");
    assert!(console.app.overview.event.is_none(), "it was more than a minute ago");
    let mut quiet = fixture::running();
    quiet.events = Arc::default();
    console.show(quiet).press("<");
    assert!(console.screen().contains("no event in the last 1 min: - shows a longer time"), "{}", console.screen());
}

#[test]
fn an_alarm_on_the_chart_says_that_it_is_one() {
    let mut snapshot = fixture::running();
    let mut events = snapshot.events.to_vec();
    let texts = ["stage of store: store is backing off: locked", "alarm stage of store acknowledged by key"];
    for (event, text) in events.iter_mut().rev().zip(texts) {
        (event.kind, event.text) = (EventKind::Alarm, text.into());
    }
    snapshot.events = events.into();
    let mut console = Console::new(120, 40);
    console.show_with_history(&snapshot).press("<");
    let chart = console.part(|layout| layout.throughput);
    assert!(chart.contains("09:29:40 alarm stage of store: store is backing off: locked  4 of 4"), "{chart}");
    console.press("<");
    let chart = console.part(|layout| layout.throughput);
    assert!(chart.contains("09:29:33 alarm stage of store acknowledged by key  3 of 4"), "{chart}");
}

#[test]
fn the_text_of_an_event_is_harmless() {
    let mut snapshot = fixture::running();
    let mut events = snapshot.events.to_vec();
    if let Some(last) = events.last_mut() {
        last.text = "works\u{1b}[2J again".into();
    }
    snapshot.events = events.into();
    let mut console = Console::new(120, 40);
    console.show_with_history(&snapshot).press("<");
    assert!(console.screen().contains("works\\u{1b}[2J again"), "{}", console.screen());
}
