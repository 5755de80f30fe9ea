//! Engines on a cluster: the views of the cluster, the header, and the question when the console quits.

use std::sync::Arc;
use std::time::Duration;

use super::{Console, fixture};
use crate::console::state::screen::Screen;
use crate::protocol::remote::{
    Application, ClusterStatus, Executor, Outlives, Phase, QueryBatch, QueryState, QueryStatus, Round, RoundWork,
    RunningStage,
};
use crate::protocol::{Command, Question, Remote, RemoteWork, Snapshot, Stages};

/// The sizes at which each view is a snapshot.
const SIZES: [(u16, u16); 3] = [(80, 24), (140, 42), (60, 16)];

/// The keys of the views, and their names.
const VIEWS: [(&str, &str); 3] = [("F8", "cluster"), ("F9", "query"), ("F10", "rounds")];

/// An engine on a cluster that tells everything, with names that are long.
fn known() -> Snapshot {
    let executor = |at: u64| Executor {
        id: if at == 0 { "driver".into() } else { at.to_string() },
        address: format!("worker-{at:03}.rack-{}.data-centre-west.of-a-long-name.example:{}", at % 7, 40_000 + at),
        alive: at != 3,
        cores: Some(if at == 0 { 0 } else { 16 }),
        running_tasks: Some(at % 17),
        failed_tasks: Some(if at == 3 { 12 } else { 0 }),
        completed_tasks: Some(1_234_567 * at),
        memory_used: Some(at * 734_003_200),
        memory_max: Some(12 << 30),
        peak_heap: Some(9 << 30),
        gc: Some(Duration::from_millis(81_250 * at)),
        shuffle_read: Some(at * 3_700_000_000),
    };
    let running = RunningStage {
        id: 40_123,
        name: "clicktop, id = 5b1c1b52-4b1f-4f8e-9f53-6f3a3f5a9d10, runId = 7f02…, batch = 41".into(),
        tasks: Some(2_000),
        done: Some(1_204),
        running: Some(96),
        failed: Some(2),
        spilled_disk: Some(96 << 20),
    };
    let cluster = ClusterStatus {
        source: Some("http://spark-connect.data-centre-west.of-a-long-name.example:4040".into()),
        problem: None,
        at: Some(fixture::now()),
        executors_alive: Some(24),
        executors_dead: Some(1),
        cores: Some(384),
        memory_used: Some(17 << 30),
        memory_max: Some(288 << 30),
        running_tasks: Some(96),
        failed_tasks: Some(12),
        completed_tasks: Some(98_765_432),
        active_stages: Some(2),
        active_jobs: Some(1),
        spilled_memory: Some(9 << 30),
        spilled_disk: Some(2 << 30),
        executors: (0..25).map(executor).collect(),
        running: vec![running.clone(), RunningStage { id: 40_124, name: "count".into(), ..RunningStage::default() }],
    };
    remote_of(Remote {
        engine: "Spark".into(),
        version: Some("4.2.1".into()),
        server: "sc://spark-connect.data-centre-west.of-a-long-name.example:15002".into(),
        application: Some(Application {
            id: "app-20260131093000-0001".into(),
            name: "clickstream of all our shops".into(),
        }),
        outlives: Some(Outlives { work: "the streaming query".into(), by_default: true }),
        cluster: Some(Arc::new(cluster)),
        query: Some(Arc::new(query())),
        rounds: Some(Arc::new(Ok((0..30).map(round).collect()))),
    })
}

fn phase(name: &str, millis: u64) -> Phase {
    Phase { name: name.into(), took: Duration::from_millis(millis) }
}

fn query() -> QueryStatus {
    let batch = |at: i64| {
        let work = 900 + 137 * (u64::try_from(at).expect("not negative") % 11);
        QueryBatch {
            number: 12_300 + at,
            triggered: Some(fixture::now() - Duration::from_secs(5 * (30 - u64::try_from(at).expect("not negative")))),
            rows: Some(200_000 + 11_111 * (at.unsigned_abs() % 9)),
            took: Some(Duration::from_millis(work + 420)),
            phases: vec![
                phase("latestOffset", 12),
                phase("walCommit", 120),
                phase("getBatch", 0),
                phase("queryPlanning", 88),
                phase("addBatch", work),
                phase("commitOffsets", 200),
            ],
        }
    };
    QueryStatus {
        name: Some("clicktop".into()),
        id: Some("5b1c1b52-4b1f-4f8e-9f53-6f3a3f5a9d10".into()),
        run_id: Some("7f02d6a0-90c3-4c8e-8f0e-0a3f2b1c9d77".into()),
        message: Some("Processing new data".into()),
        state: Some(QueryState::Working),
        trigger: Some(Duration::from_secs(5)),
        triggered: Some(fixture::now() - Duration::from_secs(5)),
        batch: Some(12_329),
        rows_in: Some(41_234.5),
        rows_out: Some(139_870.0),
        batches: (0..30).map(batch).collect(),
    }
}

fn round(at: i64) -> Round {
    Round {
        number: 12_330 - at,
        work: if at == 1 { RoundWork::Housekeeping } else { RoundWork::Counting },
        ended: Some(fixture::now() - Duration::from_secs(12 * at.unsigned_abs())),
        took: Some(Duration::from_millis(9_400 + 700 * (at.unsigned_abs() % 5))),
        steps: vec![phase("touched", 812), phase("pairs", 3_020), phase("pages", 4_400), phase("figures", 1_168)],
        clicks: (at != 1).then_some(1_234_567),
        slices: Some(2),
        pairs: (at != 1).then_some(98_765),
        figures: Some(12_345),
        who: (at != 1).then(|| "operator@console-of-a-long-name.example".into()),
    }
}

/// An engine on a cluster of three stages, which tells `remote`.
fn remote_of(remote: Remote) -> Snapshot {
    let stages: Stages = fixture::running().stages.iter().take(3).cloned().collect();
    let mut snapshot = Snapshot { stages, remote: Some(Arc::new(remote)), ..fixture::running() };
    snapshot.source.description = "kafka-1.example:9092,kafka-2.example:9092".into();
    snapshot.source.progress = None;
    snapshot
}

/// An engine on a cluster of which nothing is known but its server, and why.
fn unknown() -> Snapshot {
    let problem = "http://10.2.0.7:4040 does not answer (no answer within 5 s): set spark.ui_url to the address of Spark's web \
                   page as this machine reaches it";
    let cluster = ClusterStatus { problem: Some(problem.into()), ..ClusterStatus::default() };
    remote_of(Remote {
        engine: "Spark".into(),
        server: "sc://spark:15002".into(),
        cluster: Some(Arc::new(cluster)),
        query: Some(Arc::default()),
        rounds: Some(Arc::new(Err("sc://spark:15002 does not answer within 15 s".into()))),
        ..Remote::default()
    })
}

fn console(width: u16, height: u16, snapshot: Snapshot) -> Console {
    let mut console = Console::new(width, height);
    console.show(snapshot);
    console.sent();
    console
}

#[test]
fn each_view_of_a_cluster_is_drawn_with_long_names() {
    for (width, height) in SIZES {
        for (key, name) in VIEWS {
            let mut console = console(width, height, known());
            console.press(key).press("Down");
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), console.screen());
        }
    }
}

#[test]
fn what_the_cluster_does_not_tell_is_a_dash_and_the_view_says_why() {
    for (key, name) in VIEWS {
        let mut console = console(80, 24, unknown());
        console.press(key);
        let screen = console.screen();
        insta::assert_snapshot!(format!("{name}_unknown_80x24"), screen);
        let facts = ["executors", "cores", "tasks running", "tasks failed", "spilled, disk", "rows in", "rows out"];
        let is_fact = |line: &&str| line.contains("—") || facts.iter().any(|fact| line.contains(&format!("{fact}  ")));
        for line in screen.lines().filter(is_fact) {
            assert!(line.contains('—') && !line.contains(" 0 "), "{line}");
        }
    }
    let mut console = console(80, 24, unknown());
    console.press("F8");
    let words: String = console.screen().replace(['\n', '"', '│', '┃'], " ");
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("set spark.ui_url to the address of Spark's web page"), "{words}");
}

#[test]
fn the_views_of_a_cluster_are_only_there_if_there_is_one() {
    let mut console = console(140, 42, fixture::running());
    console.press("F2");
    assert!(!console.screen().contains("F8"), "{}", console.screen());
    console.press("F8");
    assert_eq!(console.app.screens.open, Screen::Partitions);
    assert!(console.screen().contains("F8: no such key here, ? help"), "{}", console.screen());
    console.press("Down F7 v");
    assert_eq!(console.app.screens.open, Screen::Overview, "the map is the last view");
    console.press("?");
    assert!(console.screen().contains("the view map") && !console.screen().contains("the view rounds"));
    console.press("Esc : v i e w - r o u n d s");
    assert!(!console.screen().contains("open the view rounds"), "{}", console.screen());

    console.press("Esc").show(known());
    console.press("?");
    assert!(console.screen().contains("the view rounds"), "{}", console.screen());
    console.press("Esc : v i e w - r o u n d s");
    assert!(console.screen().contains("open the view rounds"), "{}", console.screen());
    console.press("Enter");
    assert_eq!(console.app.screens.open, Screen::Rounds);
    console.press("v");
    assert_eq!(console.app.screens.open, Screen::Overview);
}

#[test]
fn a_click_on_a_tab_opens_the_view_also_where_not_all_tabs_fit() {
    for (width, height) in SIZES {
        let mut console = console(width, height, known());
        console.press("F9");
        let tabs = console.app.display.layout.as_ref().and_then(|layout| layout.tabs).expect("tabs");
        let row = console.screen().lines().nth(usize::from(tabs.y)).expect("a row").trim_matches('"').to_owned();
        let at = row.split("F8").next().map(|before| before.chars().count()).expect("a tab");
        console.click(u16::try_from(at).expect("narrow"), tabs.y);
        assert_eq!(console.app.screens.open, Screen::Cluster, "{row}");
    }
}

#[test]
fn what_a_view_shows_is_asked_for_while_it_is_open() {
    for (key, question) in [("F8", Question::Cluster), ("F10", Question::Rounds)] {
        let mut console = console(140, 42, known());
        console.press(key);
        assert_eq!(console.sent(), [Command::Ask(question.clone())]);
        console.pass(1);
        assert_eq!(console.sent(), [Command::Ask(question)], "and again every second");
        console.press("F2").pass(1);
        assert_eq!(console.sent(), []);
    }
}

#[test]
fn the_header_names_the_engine_its_server_and_the_application() {
    let mut console = console(240, 42, known());
    let header = console.part(|layout| Some(layout.header));
    for part in ["Spark 4.2.1 sc://spark-connect", "app app-20260131093000-0001 (click"] {
        assert!(header.contains(part), "{part}:\n{header}");
    }
    let mut usual = console_of(140, 42);
    let header = usual.part(|layout| Some(layout.header));
    assert!(header.contains("Spark 4.2.1 sc://spark:15002  app local-1795712806343 (shops)"), "{header}");
    let mut narrow = console_of(80, 24);
    let header = narrow.part(|layout| Some(layout.header));
    assert!(header.contains("Spark sc://spark:15002"), "{header}");
    insta::assert_snapshot!("header_of_a_cluster_80x24", header);
}

fn console_of(width: u16, height: u16) -> Console {
    let mut snapshot = unknown();
    snapshot.source.description = "127.0.0.1:9092".into();
    let mut remote = Remote::clone(snapshot.remote.as_ref().expect("a cluster"));
    remote.version = Some("4.2.1".into());
    remote.application = Some(Application { id: "local-1795712806343".into(), name: "shops".into() });
    snapshot.remote = Some(Arc::new(remote));
    console(width, height, snapshot)
}

#[test]
fn quitting_asks_what_becomes_of_the_work_in_the_cluster() {
    for (key, work) in [("l", RemoteWork::Leave), ("S", RemoteWork::Stop)] {
        let mut console = console(80, 24, known());
        console.press("q");
        if key == "l" {
            insta::assert_snapshot!("quit_question_of_a_cluster_80x24", console.screen());
        }
        console.press(key);
        assert_eq!(console.sent(), [Command::ShutdownAnd(work)]);
        assert!(console.app.ending.is_quitting());
        console.press("q");
        assert_eq!(console.sent(), [Command::Shutdown], "a second time hurries, and changes nothing of that");
    }
    for no in ["n", "Esc", "y", "Enter", "Space", "q", "x", "F5", "Tab", "Down"] {
        let mut console = console(80, 24, known());
        console.press("q").press(no);
        assert!(console.app.overlays.prompt.is_none(), "{no}");
        assert_eq!(console.sent(), [], "{no} is a no");
        assert!(
            console.screen().contains("clicktop goes on; to quit, press q and then l or s"),
            "{}",
            console.screen()
        );
    }
    let mut console = console(80, 24, known());
    console.press("^c ^c");
    assert_eq!(console.sent(), [Command::Shutdown], "Ctrl-C twice does as the settings say");
}

#[test]
fn quitting_asks_as_ever_if_nothing_can_go_on() {
    let mut snapshot = known();
    let mut remote = Remote::clone(snapshot.remote.as_ref().expect("a cluster"));
    remote.outlives = None;
    snapshot.remote = Some(Arc::new(remote));
    let mut console = console(80, 24, snapshot);
    console.press("q");
    assert!(console.screen().contains("Drain and quit clicktop?"), "{}", console.screen());
    console.press("y");
    assert_eq!(console.sent(), [Command::Shutdown]);
}

#[test]
fn a_read_only_console_may_leave_the_work_and_not_stop_it() {
    let mut console = Console::with(80, 24, crate::console::theme::Theme::plain(true, false), true);
    console.show(known());
    console.sent();
    console.press("q");
    assert!(!console.screen().contains("stop it "), "{}", console.screen());
    console.press("s");
    assert_eq!(console.sent(), []);
    assert!(console.screen().contains("read-only"), "{}", console.screen());
    console.press("q l");
    assert_eq!(console.sent(), [Command::ShutdownAnd(RemoteWork::Leave)]);
}

#[test]
fn a_terminal_that_is_too_small_still_asks() {
    let mut console = console(40, 5, known());
    console.press("q");
    assert!(console.screen().contains("l / s / n"), "{}", console.screen());
    console.press("l");
    assert_eq!(console.sent(), [Command::ShutdownAnd(RemoteWork::Leave)]);
}

#[test]
fn the_other_views_say_nothing_of_a_database_or_of_clicks_that_are_not_here() {
    let mut snapshot = known();
    snapshot.recent = Arc::default();
    let mut console = console(120, 40, snapshot);
    let screen = console.screen();
    assert!(screen.contains("the newest clicks stay on the cluster") && !screen.contains("no clicks yet"), "{screen}");
    console.press("F4");
    assert!(console.screen().contains("asking the cluster…"), "{}", console.screen());
    console.press("F3");
    let screen = console.screen();
    assert!(screen.contains("that the figures count"), "{screen}");
    for unknown in ["write-ahead log", "duplicates", "skipped", "checkpoints", "database"] {
        assert!(!screen.contains(unknown), "{unknown}:\n{screen}");
    }
}

#[test]
fn the_store_view_tells_of_retention_on_the_cluster() {
    let mut snapshot = known();
    snapshot.store.expired_before = Some(crate::click::Timestamp::from_millis(1_769_896_800_000));
    snapshot.totals.expired = 1_234;
    let mut console = console(120, 40, snapshot);
    console.press("F3");
    let screen = console.screen();
    assert!(screen.contains("2026-01-31") && screen.contains("1,234") && screen.contains("came too late"), "{screen}");
}

#[test]
fn texts_of_the_cluster_never_reach_the_terminal_raw() {
    let evil = "a\u{1b}[2J\u{7}\r\n\tb\u{9b}31m\u{202e}\u{200b}日本".repeat(9);
    let named = || Some(evil.clone());
    let executor = Executor { id: evil.clone(), address: evil.clone(), alive: true, ..Executor::default() };
    let running = RunningStage { name: evil.clone(), ..RunningStage::default() };
    let phases = || vec![Phase { name: evil.clone(), took: Duration::from_secs(1) }];
    let cluster = ClusterStatus {
        source: named(),
        at: Some(fixture::now()),
        active_stages: Some(1),
        executors: vec![executor],
        running: vec![running],
        ..ClusterStatus::default()
    };
    let batch = QueryBatch { rows: Some(1), phases: phases(), ..QueryBatch::default() };
    let query = QueryStatus {
        name: named(),
        id: named(),
        run_id: named(),
        message: named(),
        batches: vec![batch],
        ..QueryStatus::default()
    };
    let remote = Remote {
        engine: evil.clone(),
        version: named(),
        server: evil.clone(),
        application: Some(Application { id: evil.clone(), name: evil.clone() }),
        outlives: Some(Outlives { work: evil.clone(), by_default: false }),
        cluster: Some(Arc::new(cluster)),
        query: Some(Arc::new(query)),
        rounds: Some(Arc::new(Ok(vec![Round { steps: phases(), who: named(), ..Round::default() }]))),
    };
    let mut failing = remote.clone();
    failing.cluster = Some(Arc::new(ClusterStatus { problem: named(), ..ClusterStatus::default() }));
    failing.rounds = Some(Arc::new(Err(evil.clone())));
    for remote in [remote, failing] {
        for (width, height) in SIZES {
            let mut console = console(width, height, remote_of(remote.clone()));
            for keys in ["F8", "F9", "F10", "q"] {
                console.press(keys);
                for cell in &console.draw().content {
                    let symbol = cell.symbol();
                    assert!(
                        !symbol.chars().any(char::is_control) && !symbol.contains(['\u{202e}', '\u{200b}']),
                        "{symbol:?}"
                    );
                }
            }
        }
    }
}
