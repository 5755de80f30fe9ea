//! What is on the screen while something is wrong: the cause in full, what holds the flow, the log.

use std::time::Duration;

use ratatui::style::{Color, Modifier};

use super::{Console, fixture};
use crate::console::state::screen::Screen;
use crate::protocol::StageState;
use crate::protocol::board::Board;
use crate::protocol::snapshot::{LogLevel, LogLine, Snapshot};

const REFUSED: &str =
    "Kafka: 127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)";

/// A pipeline whose broker refuses connections from the start.
fn refused() -> Snapshot {
    let mut snapshot = fixture::running();
    snapshot.stages["ingest"].state =
        StageState::BackingOff { cause: REFUSED.into(), until: fixture::now() + Duration::from_millis(3_400) };
    for stage in snapshot.stages.iter_mut() {
        (stage.processed, stage.backlog, stage.rate) = (0, Some(0), Some(0.0));
    }
    snapshot.stages["ingest"].last_error = Some(REFUSED.into());
    snapshot.board = Board { view: snapshot.board.view.clone(), ..Board::default() }.into();
    snapshot.recent = [].into();
    snapshot
}

/// Whether `text` is in `screen` as words, however it is broken into lines.
fn holds(screen: &str, text: &str) -> bool {
    let squeezed = |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric() || *c == '#').collect() };
    squeezed(screen).contains(&squeezed(text))
}

#[test]
fn the_cause_that_keeps_clicks_from_coming_is_read_in_full_with_its_next_try() {
    for (width, height) in [(60, 16), (80, 24), (120, 40), (200, 50)] {
        let mut console = Console::new(width, height);
        console.show(refused());
        let centre = console.part(|layout| layout.urls);
        // The smallest screen says that there is more of it; the log has it in full.
        let whole = holds(&centre, REFUSED) && holds(&centre, "next try in 4 s");
        assert!(whole || height == 16 && centre.contains('…'), "{width}×{height}:\n{centre}");
        assert!(!centre.contains("no clicks yet"), "{centre}");
        assert!(console.part(|layout| layout.countries).contains("ingest backing off"));
        let screen = console.screen();
        assert!(!screen.contains("no clicks yet"), "{screen}");
        insta::assert_snapshot!(format!("refused_{width}x{height}"), screen);
    }
}

#[test]
fn the_detail_takes_the_rows_that_a_cause_needs_and_gives_them_back() {
    let mut console = Console::new(80, 24);
    console.show(refused());
    let detail = console.part(|layout| Some(layout.details));
    assert_eq!(detail.lines().count(), 2, "{detail}");
    assert!(holds(&detail.replace("next try in 4 s", ""), REFUSED), "{detail}");
    console.show(fixture::running());
    assert_eq!(console.part(|layout| Some(layout.details)).lines().count(), 1);
    console.show(refused()).press("F2");
    assert!(console.part(|layout| Some(layout.details)).contains("ingest backing off"));
}

#[test]
fn of_several_in_trouble_the_most_urgent_comes_first_and_none_is_left_out() {
    let mut console = Console::new(120, 40);
    let mut snapshot = refused();
    snapshot.stages["index"].state =
        StageState::Failed { cause: "the index clicktop holds documents of another database".into() };
    console.show(snapshot);
    let detail = console.part(|layout| Some(layout.details));
    let at = |text: &str| detail.find(text).unwrap_or_else(|| panic!("{text} is missing:\n{detail}"));
    assert!(at("index failed") < at("ingest backing off"), "{detail}");
    assert!(detail.contains("4 picks it") && detail.contains("next try in 4 s"), "{detail}");
    console.press("4");
    assert!(console.part(|layout| Some(layout.details)).contains("r restarts it"));
    // The index keeps no click from the figures.
    assert!(holds(&console.part(|layout| layout.urls), REFUSED));
}

#[test]
fn a_stage_at_rest_is_named_where_clicks_are_missed_and_stands_out() {
    let mut console = Console::new(80, 24);
    let mut snapshot = refused();
    snapshot.stages["ingest"].state = StageState::Running;
    snapshot.stages["store"].state = StageState::Stopped;
    console.show(snapshot);
    assert!(console.part(|layout| layout.urls).contains("no clicks yet: store is stopped"), "{}", console.screen());
    let style = console.style_of("○ stopped");
    assert_eq!(style.fg, Some(Color::Yellow));
    assert!(!style.add_modifier.contains(Modifier::DIM));
}

/// Ten seconds in which messages pile up before a store that takes none.
fn piling_up(state: &StageState, paused: bool) -> Vec<Snapshot> {
    let at = |second: u64| {
        let mut snapshot = fixture::running();
        snapshot.uptime = Duration::from_secs(second);
        let stages = &mut snapshot.stages;
        stages["ingest"].backlog = Some(5_000 + 2_000 * second);
        stages["store"].state = state.clone();
        stages["store"].backlog = Some(80_000);
        snapshot.partitions = snapshot
            .partitions
            .iter()
            .map(|partition| crate::protocol::snapshot::PartitionStatus { paused, ..*partition })
            .collect();
        snapshot
    };
    (100..=110).map(at).collect()
}

#[test]
fn who_waits_says_for_whom_and_the_mark_is_on_what_holds_the_flow() {
    let failed = StageState::Failed { cause: "disk full".into() };
    let backing_off = StageState::BackingOff { cause: "locked".into(), until: fixture::now() };
    for (state, paused, word) in [
        (StageState::Stopped, false, "stopped"),
        (StageState::Running, true, "slow"),
        (failed, false, "failed"),
        (backing_off, false, "failing"),
    ] {
        for (width, height) in [(60, 16), (80, 24), (120, 40), (200, 50)] {
            let mut console = Console::new(width, height);
            for snapshot in piling_up(&state, paused) {
                console.show(snapshot);
            }
            let stages = console.part(|layout| Some(layout.stages));
            let boxed = console.app.display.layout.clone().expect("large enough").boxed;
            assert_eq!(stages.matches('▲').count(), 1, "{word} at {width}×{height}:\n{stages}");
            let line = stages.lines().find(|line| line.contains('▲')).expect("a mark");
            if !boxed {
                assert!(line.contains("store"), "{line}");
                continue;
            }
            // Below the first box who waits, below the second who holds.
            let (waits, holds) = line.split_at(line.find('▲').expect("a mark"));
            assert!(waits.contains("by store") && holds.contains("bottleneck"), "{line}");
            let words = match width {
                200.. => format!("held up by store ({word})"),
                120.. => format!("by store ({word})"),
                _ => "held by store".to_owned(),
            };
            assert!(waits.contains(&words), "{line}");
            if word == "stopped" {
                insta::assert_snapshot!(format!("held_up_{width}x{height}"), stages);
                let detail = console.part(|layout| Some(layout.details));
                assert!(detail.contains("held up by store (stopped)"), "{detail}");
            }
        }
    }
}

#[test]
fn a_log_line_is_read_in_full_however_long_and_the_log_scrolls_to_its_first_line() {
    for (width, height) in [(60, 16), (80, 24), (200, 50)] {
        let mut console = Console::new(width, height);
        let mut snapshot = fixture::running();
        let long = LogLine {
            at: snapshot.log[0].at,
            level: LogLevel::Warn,
            target: "pipeline".into(),
            message: format!("ingest: {REFUSED}"),
        };
        let first = LogLine { message: "the very first line".into(), ..long.clone() };
        let mut log = vec![first];
        log.extend(snapshot.log.iter().cloned());
        log.extend(vec![long; 30]);
        snapshot.log = log.into();
        console.show(snapshot).press("F6");
        let screen = console.part(|layout| layout.body);
        assert!(holds(&screen, REFUSED), "{width}×{height}:\n{screen}");
        assert!(!screen.contains('…'), "{screen}");
        insta::assert_snapshot!(format!("log_in_full_{width}x{height}"), screen);
        console.press("Home");
        let screen = console.screen();
        assert!(screen.contains("the very first line") && screen.contains("newer"), "{width}×{height}:\n{screen}");
        assert_eq!(console.app.screens.open, Screen::Log);
        // No line is passed over by a screenful down.
        let before = console.app.screens.log.tail.back;
        console.press("PgDn");
        let shown = console.app.screens.log.tail.back;
        assert!(before > shown && before - shown < usize::from(height), "{before} → {shown}");
        console.press("End");
        assert_eq!(console.app.screens.log.tail.back, 0);
    }
}

#[test]
fn a_line_longer_than_the_screen_is_cut_and_says_so() {
    let mut console = Console::new(60, 16);
    let mut snapshot = fixture::running();
    let message = "word ".repeat(2_000);
    let line = LogLine { message, ..snapshot.log[0].clone() };
    snapshot.log = vec![line].into();
    console.show(snapshot).press("F6");
    let screen = console.part(|layout| layout.body);
    assert!(screen.contains("09:29:00") && screen.contains('…'), "its beginning: {screen}");
}

#[test]
fn a_spike_is_cut_off_and_tells_its_height_and_the_rest_keeps_its_shape() {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut console = Console::new(width, height);
        let mut snapshot = fixture::running();
        for second in 0..=120_u64 {
            snapshot.uptime = Duration::from_secs(second);
            // Three seconds of catching up in two minutes of a steady stream.
            let rate = if (60..63).contains(&second) { 250_000 } else { 2_000 + 40 * (second % 9) };
            let stages = &mut snapshot.stages;
            stages["ingest"].processed += rate;
            stages["store"].processed += rate;
            stages["aggregate"].processed += rate;
            stages["index"].processed += 300;
            console.show(snapshot.clone());
        }
        let chart = console.part(|layout| layout.throughput);
        assert!(chart.contains("▲250k"), "{chart}");
        assert!(chart.contains("2.5k┤") && !chart.contains("300k"), "{chart}");
        insta::assert_snapshot!(format!("spike_{width}x{height}"), chart);
    }
}
