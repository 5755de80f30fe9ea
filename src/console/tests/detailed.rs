//! What is picked, in full: log lines, rejects, clicks, stages and the index, each opened, searched and copied.

use std::sync::Arc;

use crossterm::event::MouseEventKind;

use super::{Console, fixture};
use crate::click::Timestamp;
use crate::console::state::details::subject::Subject;
use crate::console::state::effect::Effect;
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;
use crate::protocol::Command;
use crate::protocol::board::RecentClick;
use crate::protocol::snapshot::{LogLevel, LogLine, Snapshot};

/// A cause that is longer than any row.
const CAUSE: &str = "https://search:9200/clicktop answers 500: the shard of the index is not allocated to any node of the \
                     cluster because the disk watermark is exceeded on all of them; see the log of the cluster";

fn long_line() -> Snapshot {
    let mut snapshot = fixture::knowing();
    let mut log = snapshot.log.to_vec();
    log.push(LogLine {
        at: Timestamp::from_millis(1_769_851_799_000),
        level: LogLevel::Error,
        target: "index".into(),
        message: CAUSE.into(),
    });
    snapshot.log = log.into();
    snapshot
}

/// Whether `screen` has every word of `text` in its order, over the ends of rows.
fn holds(screen: &str, text: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let is_frame = |c: char| "┃│║┏┓┗┛━─\"╭╮╰╯".contains(c);
        text.replace(is_frame, " ").split_whitespace().map(str::to_owned).collect()
    };
    let (screen, text) = (words(screen), words(text));
    screen.windows(text.len()).any(|window| window == text)
}

fn copied(console: &mut Console) -> Option<String> {
    match console.app.outgoing.effects.pop() {
        Some(Effect::Copy(text)) => Some(text),
        _ => None,
    }
}

#[test]
fn a_log_line_is_opened_in_full_from_its_view_and_from_the_panel() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        let mut console = Console::new(width, height);
        console.show(long_line()).press("F6 Enter");
        let screen = console.screen();
        assert!(holds(&screen, CAUSE) && screen.contains(" log line "), "{width}×{height}:\n{screen}");
        insta::assert_snapshot!(format!("details_log_line_{width}x{height}"), screen);
        console.press("Esc");
        assert_eq!((console.app.overlays.details.is_some(), console.app.screens.open), (false, Screen::Log));
        console.press("F1 l");
        console.app.overview.focus = Panel::Activity;
        console.press("Enter");
        assert!(holds(&console.screen(), CAUSE), "{width}×{height}:\n{}", console.screen());
    }
}

#[test]
fn enter_on_a_stage_opens_it_and_stops_nothing() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        let mut console = Console::new(width, height);
        console.show(fixture::knowing()).press("2 Enter");
        let screen = console.screen();
        assert!(screen.contains(" stage store "), "{width}×{height}:\n{screen}");
        console.press("Esc");
        assert!(console.app.overlays.details.is_none());
        assert_eq!((console.app.overview.focus, console.app.picked_stage), (Panel::Stages, 1));
        let screen = console.screen();
        assert!(screen.contains("Space start/stop") && screen.contains("Enter details"), "{screen}");
        let commands = console.sent();
        assert!(commands.iter().all(|command| !matches!(command, Command::Stage { .. })), "{commands:?}");
    }
}

#[test]
fn a_reject_and_a_click_are_opened_with_every_field() {
    let mut console = Console::new(80, 24);
    console.show(fixture::knowing()).press("F4 Down Enter");
    let screen = console.screen();
    assert!(screen.contains("expected 9 fields, found 2") && screen.contains("clicks [1] @ 3097544"), "{screen}");
    assert!(screen.contains("bell\\u{7}and\\u{1b}[31mred"), "the payload is harmless: {screen}");
    insta::assert_snapshot!("details_reject_80x24", screen);
    console.press("Esc F1");
    console.app.overview.focus = Panel::Activity;
    console.press("Down Enter");
    let screen = console.screen();
    assert!(screen.contains("user-00037") && screen.contains("Köln"), "{screen}");
    insta::assert_snapshot!("details_click_80x24", screen);
    console.press("y");
    let text = copied(&mut console).expect("copied");
    assert!(text.starts_with("url: /products/espresso") && text.contains("; user: user-00037; "), "{text}");
}

#[test]
fn a_stage_is_opened_by_its_own_key_and_by_default_the_most_urgent_one() {
    let mut snapshot = fixture::backing_off();
    snapshot.log = long_line().log;
    for (width, height) in [(120, 40), (60, 16)] {
        let mut console = Console::new(width, height);
        console.show(snapshot.clone()).press("i");
        let screen = console.screen();
        assert!(
            holds(&screen, "https://search:9200/clicktop refuses connections (tcp connect error: Connection refused)"),
            "{screen}"
        );
        assert!(screen.contains("stage index") && screen.contains("next try in 5 s"), "{screen}");
        insta::assert_snapshot!(format!("details_stage_{width}x{height}"), screen);
        assert_eq!(console.sent().len(), 1, "only the view: nothing is steered");
        console.press("i 2 i");
        assert!(console.screen().contains("stage store"), "the picked one: {}", console.screen());
        console.press("q");
        assert!(console.app.overlays.details.is_none() && console.app.overlays.prompt.is_none(), "q closes only them");
    }
}

#[test]
fn the_details_of_a_stage_go_on_while_they_are_open() {
    let mut console = Console::new(120, 40);
    console.show(fixture::backing_off()).press("4 i");
    assert!(console.screen().contains("backing off"));
    console.show(fixture::running());
    let screen = console.screen();
    assert!(screen.contains("running") && !screen.contains("refuses connections"), "{screen}");
}

#[test]
fn a_stage_counts_failures_and_only_the_log_counts_errors() {
    let mut snapshot = fixture::backing_off();
    snapshot.stages["index"].errors = 13;
    let mut console = Console::new(120, 40);
    console.show(snapshot).press("F1");
    let stages = console.part(|layout| Some(layout.stages));
    assert!(stages.contains("failures") && stages.contains("13") && !stages.contains("errors"), "{stages}");
    console.press("4 i");
    assert!(holds(&console.screen(), "failures 13 (the log has a line for each new cause)"), "{}", console.screen());
}

#[test]
fn the_index_is_opened_with_its_cause() {
    let mut console = Console::new(80, 24);
    console.show(fixture::backing_off());
    console.app.overview.focus = Panel::Index;
    console.press("Enter");
    let screen = console.screen();
    assert!(
        screen.contains("search index")
            && holds(&screen, "refuses connections (tcp connect error: Connection refused)"),
        "{screen}"
    );
    insta::assert_snapshot!("details_index_80x24", screen);
}

#[test]
fn the_details_scroll_and_are_searched() {
    let mut snapshot = fixture::knowing();
    let payload: Vec<String> =
        (1..=60).map(|line| format!("line {line}{}", if line % 20 == 0 { " Needle" } else { "" })).collect();
    snapshot.answers.rejects = Some(Arc::new(crate::protocol::answer::Answer {
        asked: crate::protocol::question::RejectsQuestion { limit: 200 },
        found: Ok(crate::protocol::answer::Rejects {
            total: 1,
            deleted: 0,
            rows: vec![fixture::reject("too many lines", &payload.join("\n"))],
        }),
    }));
    let mut console = Console::new(80, 24);
    console.show(snapshot).press("F4 Enter");
    assert!(console.screen().contains("rows 1–19 of 67"), "{}", console.screen());
    console.press("PgDn j j");
    assert!(console.screen().contains("rows 21–39 of 67"), "{}", console.screen());
    console.press("G");
    assert!(console.screen().contains("line 60") && console.screen().contains("rows 49–67"), "{}", console.screen());
    console.press("g / n e e d l e");
    let screen = console.screen();
    assert!(screen.contains("/ needle") && screen.contains("1 of 3") && screen.contains("line 20 Needle"), "{screen}");
    console.press("Enter n n");
    assert!(console.screen().contains("3 of 3") && console.screen().contains("line 60 Needle"));
    console.press("n");
    assert!(console.screen().contains("1 of 3") && console.screen().contains("line 20 Needle"), "it goes round");
    console.press("N");
    assert!(console.screen().contains("3 of 3"));
    insta::assert_snapshot!("details_found_80x24", console.screen());
    console.press("/ x");
    assert!(console.screen().contains("not found"), "{}", console.screen());
    console.press("Esc n");
    assert!(console.screen().contains("1 of 3"), "Esc leaves the text that was looked for: {}", console.screen());
    console.press("/ ^u Enter n");
    assert!(console.screen().contains("nothing to look for yet"), "{}", console.screen());
    let (x, y) = (10, 10);
    console.press("g").point(MouseEventKind::ScrollDown, x, y);
    assert!(console.screen().contains("rows 4–22"), "the wheel scrolls: {}", console.screen());
}

#[test]
fn the_labels_are_searched_too_and_esc_ends_the_search_before_it_closes_the_details() {
    let mut console = Console::new(80, 24);
    console.show(fixture::knowing()).press("F4 Enter / r e a s o n Enter");
    assert!(console.screen().contains("/ reason 1 of 1"), "{}", console.screen());
    let style = console.style_of("reason");
    assert!(style.add_modifier.contains(ratatui::style::Modifier::REVERSED), "the label is marked: {style:?}");
    console.press("Esc");
    assert!(console.app.overlays.details.is_some() && !console.screen().contains("/ reason"), "{}", console.screen());
    console.press("Esc");
    assert_eq!((console.app.overlays.details.is_some(), console.app.screens.open), (false, Screen::Rejects));
}

#[test]
fn the_key_of_a_view_closes_the_details() {
    let mut console = Console::new(120, 40);
    console.show(fixture::knowing()).press("F4 Enter F7");
    assert_eq!((console.app.overlays.details.is_some(), console.app.screens.open), (false, Screen::Map));
}

#[test]
fn what_is_picked_is_copied_in_one_line() {
    let mut console = Console::new(120, 40);
    console.show(fixture::knowing()).press("F6 Up y");
    let text = copied(&mut console).expect("copied");
    assert!(text.contains("429 from the engine, trying again in 2 s") && !text.contains('\n'), "{text}");
    console.press("F4 y");
    assert!(copied(&mut console).expect("copied").starts_with("reason: timestamp `yesterday` is no time"));
    console.press("Down Enter y");
    let text = copied(&mut console).expect("copied");
    assert!(text.starts_with("reason: expected 9 fields") && text.ends_with("bell\\u{7}and\\u{1b}[31mred"), "{text}");
}

/// Snapshots whose recent clicks are all new.
fn other_clicks(snapshot: &Snapshot) -> Snapshot {
    let mut snapshot = snapshot.clone();
    let renamed = |click: &RecentClick| RecentClick { user_id: "later".into(), ..click.clone() };
    snapshot.recent = snapshot.recent.iter().map(renamed).collect();
    snapshot
}

#[test]
fn a_picked_click_stays_while_newer_ones_come_and_the_newest_row_follows() {
    let mut console = Console::new(120, 40);
    let snapshot = fixture::running();
    console.show(snapshot.clone());
    console.app.overview.focus = Panel::Activity;
    console.show(other_clicks(&snapshot));
    assert!(console.part(|layout| layout.activity).contains("later"), "at the newest click it follows");
    console.show(snapshot.clone()).press("Down Down");
    let before = console.part(|layout| layout.activity);
    assert!(before.contains("▸") && before.contains("held at the cursor: Home follows again"), "{before}");
    console.show(other_clicks(&snapshot));
    assert_eq!(console.part(|layout| layout.activity), before);
    console.press("Enter");
    let subject = console.app.overlays.details.as_ref().map(|open| open.subject.clone());
    assert!(matches!(subject, Some(Subject::Click(click)) if click.user_id == "user-00074"));
    console.press("Esc g");
    let after = console.part(|layout| layout.activity);
    assert!(after.contains("later") && !after.contains("held"), "{after}");
}

#[test]
fn held_clicks_follow_again_when_the_cursor_is_at_the_top_or_the_focus_goes() {
    let snapshot = fixture::running();
    for keys in ["Up Up", "Tab", "Esc"] {
        let mut console = Console::new(120, 40);
        console.show(snapshot.clone());
        console.app.overview.focus = Panel::Activity;
        console.press("Down Down").press(keys).show(other_clicks(&snapshot));
        let activity = console.part(|layout| layout.activity);
        assert!(activity.contains("later") && !activity.contains("held"), "{keys}: {activity}");
    }
    let mut console = Console::new(120, 40);
    console.show(snapshot.clone());
    let panel = console.app.display.layout.as_ref().and_then(|layout| layout.activity).expect("visible");
    console.point(MouseEventKind::ScrollDown, panel.x + 5, panel.y + 3);
    assert!(console.part(|layout| layout.activity).contains("held: scroll up to follow again"));
}

#[test]
fn the_mouse_picks_a_line_of_the_log_and_a_click() {
    let mut console = Console::new(80, 24);
    console.show(long_line()).press("F6");
    let body = console.app.display.body();
    // The newest line has several rows; each of them picks it.
    console.press("Up Up").click(body.x + 5, body.bottom() - 2);
    assert_eq!(console.app.screens.log.tail.at, 0);
    console.click(body.x + 5, body.bottom() - 3);
    assert_eq!(console.app.screens.log.tail.at, 0);
    console.click(body.x + 5, body.bottom() - 7);
    assert!(console.app.screens.log.tail.at > 0);
    console.press("F1");
    console.app.overview.focus = Panel::Activity;
    console.draw();
    let activity = console.app.display.layout.as_ref().and_then(|layout| layout.activity).expect("visible");
    console.click(activity.x + 5, activity.y + 3).press("i");
    let subject = console.app.overlays.details.as_ref().map(|open| open.subject.clone());
    assert!(matches!(subject, Some(Subject::Click(click)) if click.user_id == "user-00074"));
}

#[test]
fn on_a_url_the_key_for_details_opens_its_page() {
    let mut console = Console::new(120, 40);
    console.show(fixture::running()).press("Tab Down i");
    assert_eq!(console.app.screens.open, Screen::Url);
    assert!(console.sent().iter().any(|command| matches!(command, Command::Ask(_))));
}
