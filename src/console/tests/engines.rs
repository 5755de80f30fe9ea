//! Engines with other stages than the local one: the console draws and steers whatever a snapshot lists.

use std::sync::Arc;

use super::steered::console;
use super::{Console, fixture};
use crate::protocol::snapshot::{IndexStatus, Snapshot, StoreStatus};
use crate::protocol::stage::{ItemUnit, StageArrow};
use crate::protocol::{Command, StageAction, StageInfo, StageState, StageStatus, Stages};

/// Stages that hand on to the next, each with the unit of its items. The first must wait for the second.
fn stages<const N: usize>(declared: [(&str, &str, &str); N]) -> Stages {
    let unit = |many: &str, short: &str| ItemUnit {
        one: many.trim_end_matches('s').into(),
        many: many.into(),
        short: short.into(),
    };
    let next =
        |place: usize| declared.get(place + 1).map(|(id, ..)| StageArrow { to: (*id).into(), waits: place == 0 });
    let stage = |(place, (id, many, short)): (usize, &(&str, &str, &str))| {
        let info = StageInfo {
            id: (*id).into(),
            title: (*id).into(),
            unit: unit(many, short),
            backlog_unit: unit(many, short),
            actions: vec![StageAction::Start, StageAction::Stop],
            feeds: next(place).into_iter().collect(),
            before_figures: place + 1 < N,
        };
        let thousands = u64::try_from(place + 1).expect("few stages");
        StageStatus {
            state: StageState::Running,
            processed: thousands * 1_000_000,
            rate: Some(1_000.0 * thousands as f64),
            backlog: (place > 0).then_some(thousands * 10),
            ..StageStatus::new(Arc::new(info))
        }
    };
    declared.iter().enumerate().map(stage).collect()
}

fn three() -> Snapshot {
    let stages = stages([("read", "records", "recs"), ("shape", "rows", "rows"), ("publish", "pages", "pages")]);
    Snapshot { stages, ..fixture::running() }
}

fn six() -> Snapshot {
    let stages = stages([
        ("source", "records", "recs"),
        ("bronze", "records", "recs"),
        ("silver", "clicks", "clicks"),
        ("sessions", "visits", "visits"),
        ("figures", "pages", "pages"),
        ("documents", "documents", "docs"),
    ]);
    Snapshot { stages, ..fixture::running() }
}

fn eight() -> Snapshot {
    let stages = stages([
        ("source", "records", "recs"),
        ("bronze", "records", "recs"),
        ("silver", "clicks", "clicks"),
        ("sessions", "visits", "visits"),
        ("funnels", "visits", "visits"),
        ("figures", "pages", "pages"),
        ("documents", "documents", "docs"),
        ("archive", "files", "files"),
    ]);
    Snapshot { stages, ..fixture::running() }
}

type Engine = fn() -> Snapshot;

#[test]
fn engines_of_three_six_and_eight_stages_are_drawn_whole() {
    for (name, engine) in [("three", three as Engine), ("six", six as Engine), ("eight", eight as Engine)] {
        for (width, height) in [(60, 16), (80, 24), (120, 40)] {
            let mut console = Console::new(width, height);
            for second in 0..=60_u64 {
                let mut snapshot = engine();
                snapshot.uptime -= std::time::Duration::from_secs(60 - second);
                for stage in snapshot.stages.iter_mut() {
                    let rate = stage.rate.unwrap_or_default() as u64;
                    stage.processed -= (60 - second) * rate;
                }
                console.show(snapshot);
            }
            let screen = console.screen();
            for stage in engine().stages.iter() {
                assert!(screen.contains(stage.info.title.as_ref()), "{}:\n{screen}", stage.id());
            }
            assert!(!screen.contains("ingest") && !screen.contains("aggregate"), "{screen}");
            insta::assert_snapshot!(format!("{name}_stages_{width}x{height}"), screen);
        }
    }
}

#[test]
fn keys_steer_the_stages_that_the_engine_lists() {
    for (engine, ids) in [
        (three as Engine, &["read", "shape", "publish"][..]),
        (six as Engine, &["source", "bronze", "silver", "sessions", "figures", "documents"][..]),
    ] {
        let mut console = console(engine());
        for (place, id) in ids.iter().enumerate() {
            console.press(&format!("{} Space", place + 1));
            assert_eq!(console.sent(), [Command::Stage { id: (*id).into(), action: StageAction::Stop }]);
        }
        let last = console.app.picked_stage;
        console.press("9");
        assert_eq!(console.app.picked_stage, last, "there is no ninth stage");
        console.press("r");
        assert!(console.screen().contains("cannot be restarted"), "{}", console.screen());
        assert_eq!(console.sent(), []);
        console.press("X");
        assert!(console.screen().contains(&format!("Stop all {} stages?", ids.len())), "{}", console.screen());
        console.press("n ?");
        assert!(console.screen().contains(&format!("1–{}", ids.len())), "{}", console.screen());
    }
}

#[test]
fn the_palette_goes_to_a_stage_by_the_title_that_the_engine_gives() {
    let mut console = console(six());
    console.press(": g o Space t o Space s i l v e r");
    assert!(console.screen().contains("go to silver"), "{}", console.screen());
    console.press("Enter");
    let picked = console.app.engine.snapshot().stages.get(console.app.picked_stage);
    assert_eq!(picked.map(|stage| stage.id().as_str()), Some("silver"));
}

#[test]
fn a_stage_that_waits_names_the_one_that_holds_it_up() {
    let mut console = Console::new(120, 40);
    for second in 0..12_u64 {
        let mut snapshot = three();
        snapshot.uptime = std::time::Duration::from_secs(second);
        snapshot.stages["read"].backlog = Some(5_000 + 2_000 * second);
        snapshot.stages["shape"].state = StageState::Stopped;
        console.show(snapshot);
    }
    let screen = console.screen();
    assert!(screen.contains("held up by shape (stopped)") && screen.contains("bottleneck"), "{screen}");
}

#[test]
fn titles_and_units_of_an_engine_never_reach_the_terminal_raw() {
    let mut snapshot = three();
    let mut info = (*snapshot.stages["shape"].info).clone();
    (info.title, info.unit.many) = ("sh\u{1b}[2Jape".into(), "ro\u{202e}ws".into());
    snapshot.stages["shape"].info = Arc::new(info);
    let mut console = console(snapshot);
    for keys in ["2", "Space", "F1", "?", "Esc", ": s h"] {
        console.press(keys);
        let screen = console.screen();
        assert!(!screen.contains(['\u{1b}', '\u{202e}']), "{screen:?}");
    }
}

#[test]
fn an_engine_that_lists_no_stage_yet_draws_and_takes_keys() {
    for (width, height) in [(60, 16), (80, 24), (120, 40)] {
        let mut console = Console::new(width, height);
        console.show(Snapshot { stages: Stages::default(), ..fixture::running() });
        console.press("1 Space r Left Right Tab F1 ?");
        assert_eq!(console.sent().iter().filter(|command| matches!(command, Command::Stage { .. })).count(), 0);
        assert!(!console.screen().is_empty());
    }
}

#[test]
fn a_click_on_a_stage_picks_it_where_stages_share_a_row() {
    let mut console = Console::new(60, 16);
    console.show(eight());
    let layout = console.app.display.layout.clone().expect("large enough").each_stage;
    assert_eq!(layout.len(), 8);
    for (place, area) in layout.into_iter().enumerate() {
        console.click(area.x, area.y);
        assert_eq!(console.app.picked_stage, place);
    }
}

#[test]
fn one_item_has_the_word_for_one_item() {
    let mut snapshot = three();
    snapshot.stages["read"].processed = 1;
    let mut console = console(snapshot);
    console.press("1");
    assert!(console.screen().contains("1 record this run"), "{}", console.screen());
}

#[test]
fn an_engine_that_knows_nothing_of_its_index_and_its_files_shows_dashes() {
    let mut snapshot = three();
    snapshot.index = IndexStatus::default();
    snapshot.store = StoreStatus::default();
    let mut console = Console::new(120, 40);
    console.show(snapshot);
    let panel = console.part(|layout| layout.index);
    for label in ["pending", "documents", "p50 / p99", "retries", "rejected"] {
        let line = panel.lines().find(|line| line.contains(label)).unwrap_or_default();
        assert!(line.trim_end_matches(['"', '│', ' ']).ends_with('—'), "{label}:\n{panel}");
    }
    console.press("F3");
    let screen = console.screen();
    for label in ["size", "write-ahead log", "transactions", "checkpoints"] {
        let line = screen.lines().find(|line| line.contains(&format!(" {label} "))).unwrap_or_default();
        assert!(line.contains('—'), "{label}:\n{screen}");
    }
}

#[test]
fn a_tenth_stage_that_fails_has_no_key_and_is_named_all_the_same() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "tenth"];
    let mut snapshot = Snapshot { stages: stages(names.map(|name| (name, "rows", "rows"))), ..fixture::running() };
    snapshot.stages["tenth"].state = StageState::Failed { cause: "no memory".into() };
    let mut console = Console::new(120, 40);
    console.show(snapshot);
    let screen = console.screen();
    assert!(
        screen.contains("tenth failed") && screen.contains("no memory") && !screen.contains("picks it"),
        "{screen}"
    );
}
