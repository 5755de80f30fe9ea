//! The view of alarms, and acknowledging them.

use std::sync::Arc;
use std::time::Duration;

use super::{Console, fixture};
use crate::console::state::screen::Screen;
use crate::console::theme::Theme;
use crate::protocol::Command;
use crate::protocol::alarm::{Alarm, AlarmId, Alarms, PastAlarm, Severity, WatchedAlarm};
use crate::protocol::snapshot::Snapshot;

fn lag() -> Alarm {
    Alarm {
        name: "lag".into(),
        stage: None,
        concerns: Some("ingest".into()),
        severity: Severity::Warning,
        since: fixture::now() - Duration::from_secs(90),
        text: "1,200,000 messages wait in Kafka (limit 1,000,000)".into(),
        value: Some(1_200_000.0),
        limit: Some(1_000_000.0),
        right_since: None,
        acknowledged: None,
    }
}

fn down() -> Alarm {
    Alarm {
        name: "stage".into(),
        stage: Some("index".into()),
        concerns: Some("index".into()),
        severity: Severity::Critical,
        since: fixture::now() - Duration::from_secs(30),
        text: "index is backing off: Connection\u{1b}[2J refused".into(),
        value: None,
        limit: None,
        ..lag()
    }
}

fn known(alarm: Alarm) -> Alarm {
    Alarm { acknowledged: Some(fixture::now() - Duration::from_secs(5)), ..alarm }
}

fn over() -> PastAlarm {
    let since = fixture::now() - Duration::from_secs(1_000);
    let alarm = Alarm { name: "delay".into(), since, text: "clicks take 7 min (limit 5 min)".into(), ..known(lag()) };
    PastAlarm { alarm: Alarm { concerns: None, ..alarm }, ended: since + Duration::from_secs(400) }
}

fn with(active: Vec<Alarm>) -> Snapshot {
    let watched = vec![WatchedAlarm { name: "lag".into(), severity: Severity::Warning, begun: 1 }];
    Snapshot { alarms: Arc::new(Alarms { active, watched, past: vec![over()] }), ..fixture::running() }
}

fn footer(console: &mut Console) -> String {
    console.part(|layout| Some(layout.footer))
}

#[test]
fn the_view_lists_the_alarms_that_are_on_then_those_that_are_over_and_the_picked_one_in_full() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        let mut console = Console::new(width, height);
        console.show(with(vec![down(), known(lag())])).press("A");
        let screen = console.screen();
        assert!(!screen.contains('\u{1b}'));
        assert!(screen.contains("2 on (1 acknowledged), 1 over"), "{screen}");
        assert!(screen.contains("Enter acknowledges it, i opens it"), "{screen}");
        assert!(footer(&mut console).contains("Enter acknowledge "), "{}", footer(&mut console));
        let titles = screen.lines().find(|line| line.contains("alarm ") && line.contains("urgency")).expect("titles");
        assert!(titles.contains("stage"), "{width}×{height}: {titles}");
        insta::assert_snapshot!(format!("alarm_view_{width}x{height}"), screen);
        console.press("End");
        assert!(console.screen().contains("clicks take 7 min (limit 5 min)"), "{}", console.screen());
        console.press("Esc");
        assert!(!console.screen().contains(", 1 over"), "Esc goes back");
    }
}

#[test]
fn enter_acknowledges_the_picked_alarm_and_a_all_of_them_and_its_own_key_closes_the_view() {
    let mut console = Console::new(120, 40);
    console.show(with(vec![down(), lag()])).press("A");
    console.sent();
    console.press("Down").press("Enter");
    let id = AlarmId { name: "lag".into(), stage: None };
    assert_eq!(console.sent(), [Command::Acknowledge(id)]);
    console.press("a");
    assert_eq!(console.sent(), [Command::AcknowledgeAll]);
    console.show(with(vec![known(down()), known(lag())])).press("Enter");
    assert_eq!(console.sent(), []);
    assert!(footer(&mut console).contains("is acknowledged already"), "{}", footer(&mut console));
    console.press("End").press("Enter");
    assert!(footer(&mut console).contains("the alarm delay is over"), "{}", footer(&mut console));
    console.press("a");
    assert!(footer(&mut console).contains("every alarm is acknowledged already"), "{}", footer(&mut console));
    assert_eq!(console.sent(), []);
    console.press("A");
    assert_eq!(console.app.screens.open, Screen::Overview);
}

#[test]
fn the_cursor_stays_on_its_alarm_while_others_begin_and_end() {
    let mut console = Console::new(120, 40);
    console.show(with(vec![lag()])).press("A").press("Down");
    console.show(with(vec![down(), lag()])).press("Enter");
    assert!(footer(&mut console).contains("the alarm delay is over"), "{}", footer(&mut console));
}

#[test]
fn what_is_acknowledged_no_longer_stands_out() {
    let mut console = Console::new(120, 40);
    console.show(with(vec![down(), lag()]));
    let banner = console.part(|layout| layout.banner);
    assert!(banner.contains("2 alarms, the most urgent stage (critical)"), "{banner}");
    assert!(console.part(|layout| layout.each_stage.first().copied()).contains("alarm: lag"));
    assert!(console.part(|layout| layout.each_stage.last().copied()).contains("alarm: stage"));
    let loud = console.style_of("2 ALARMS");

    console.show(with(vec![known(down()), lag()]));
    let banner = console.part(|layout| layout.banner);
    assert!(banner.contains("alarm lag (warning)"), "the next one is told: {banner}");
    assert!(console.part(|layout| Some(layout.header)).contains("1 ALARM "));

    console.show(with(vec![known(down()), known(lag())]));
    assert!(console.app.display.layout.clone().expect("large enough").banner.is_none());
    let header = console.part(|layout| Some(layout.header));
    assert!(header.contains("2 ALARMS ACKNOWLEDGED"), "{header}");
    assert_ne!(console.style_of("2 ALARMS"), loud);
    assert!(console.part(|layout| layout.each_stage.first().copied()).contains("alarm: lag"), "the card still says it");
}

#[test]
fn the_card_of_a_stage_turns_with_its_alarm_at_every_size() {
    for (width, height, mark) in [(200, 60, "alarm: lag"), (120, 40, "alarm: lag"), (80, 24, "!")] {
        let mut console = Console::with(width, height, Theme::plain(true, false), false);
        console.show(with(vec![lag()]));
        let card = console.part(|layout| layout.each_stage.first().copied());
        assert!(card.contains(mark), "{card}");
        let others = console.part(|layout| layout.each_stage.get(1).copied());
        assert!(!others.contains(mark), "{others}");
    }
    let mut console = Console::new(60, 16);
    console.show(with(vec![lag()]));
    let row = console.part(|layout| layout.each_stage.first().copied());
    assert!(row.contains('!'), "{row}");
}

#[test]
fn a_read_only_console_acknowledges_nothing() {
    let mut console = Console::with(120, 40, Theme::plain(true, false), true);
    console.show(with(vec![lag()])).press("A");
    console.sent();
    console.press("Enter").press("a");
    assert_eq!(console.sent(), []);
    assert!(footer(&mut console).contains("read-only"), "{}", footer(&mut console));
}

#[test]
fn without_an_alarm_the_view_says_what_is_watched() {
    let mut console = Console::new(120, 40);
    let watched = vec![WatchedAlarm { name: "lag".into(), severity: Severity::Warning, begun: 0 }];
    let alarms = Arc::new(Alarms { watched, ..Alarms::default() });
    console.show(Snapshot { alarms, ..fixture::running() }).press("A");
    assert!(console.screen().contains("no alarm in this run; clicktop watches for lag"), "{}", console.screen());
    assert!(!footer(&mut console).contains("acknowledge"), "{}", footer(&mut console));
    console.press("Enter");
    assert!(footer(&mut console).contains("there is no alarm to acknowledge"));
    console.press("i");
    assert!(footer(&mut console).contains("there is no alarm to open"));
    assert!(console.app.overlays.details.is_none());
}

#[test]
fn i_opens_the_picked_alarm_in_full_with_the_log_of_its_stage() {
    for (width, height) in [(200, 60), (120, 40), (80, 24), (60, 16)] {
        let mut console = Console::new(width, height);
        console.show(with(vec![down(), lag()])).press("A i");
        let screen = console.screen();
        assert!(screen.contains(" alarm stage of index ") && screen.contains("critical"), "{screen}");
        assert!(screen.contains("index is backing off"), "{screen}");
        insta::assert_snapshot!(format!("details_alarm_{width}x{height}"), screen);
        console.press("Esc");
        assert_eq!((console.app.overlays.details.is_some(), console.app.screens.open), (false, Screen::Alarms));
    }
}
