//! The end, and what is held while the rest goes on.

use super::{Console, fixture};
use crate::console::state::settings::UnfinishedWork;
use crate::console::update::event::Event;
use crate::protocol::StageState;
use crate::protocol::snapshot::Snapshot;
use crate::protocol::source::{SourceEnd, SourceProgress};

fn draining() -> Snapshot {
    let mut snapshot = fixture::running();
    snapshot.shutting_down = Some("store: the database is locked by another process".into());
    for (stage, backlog) in [("store", 1_234), ("aggregate", 0), ("index", 835)] {
        snapshot.stages[stage].backlog = Some(backlog);
    }
    snapshot
}

fn banner(console: &mut Console) -> String {
    console.part(|layout| layout.banner)
}

#[test]
fn while_draining_the_way_out_comes_first_with_what_it_leaves_undone() {
    for (undone, said) in [
        (UnfinishedWork::Resumed, "q leaves at once, the next start takes up 1,234 messages, 835 documents"),
        (
            UnfinishedWork::ResumedWithoutUnstored,
            "q leaves at once, 1,234 messages are not stored, the next start takes up 835 documents",
        ),
        (UnfinishedWork::Deleted, "q leaves at once, nothing is kept"),
    ] {
        for (width, height) in [(120, 40), (200, 50), (80, 24)] {
            let mut console = Console::new(width, height);
            console.app.settings.unfinished_work = undone;
            console.show(fixture::running()).press("q y").show(draining());
            let banner = banner(&mut console);
            let shown = &said[..said.len().min(usize::from(width) - 4)];
            assert!(banner.starts_with(&format!("\" {shown}")), "{width}: {banner}");
            assert!(width < 200 || banner.contains("draining: store: the database is locked"), "{banner}");
        }
    }
    let mut console = Console::new(120, 40);
    let mut snapshot = draining();
    for stage in snapshot.stages.iter_mut() {
        stage.backlog = Some(0);
    }
    console.show(fixture::running()).press("q y").show(snapshot);
    let line = banner(&mut console);
    assert!(line.contains("q leaves at once, nothing is unfinished"), "{line}");
}

#[test]
fn what_ends_at_once_stays_in_view_until_it_has_ended() {
    let mut console = Console::new(120, 40);
    console.show(fixture::running()).press("q y").show(draining()).press("q").show(draining());
    let line = banner(&mut console);
    assert!(line.contains("q gives the terminal back now   ending at once: store: the database"), "{line}");
    assert!(!console.app.ending.is_leaving());
    console.app.apply(Event::EngineEnded);
    assert!(console.app.ending.is_leaving());
}

#[test]
fn an_open_question_is_gone_once_the_end_has_begun() {
    let mut console = Console::new(120, 40);
    console.show(fixture::running());
    console.sent();
    console.press("q");
    console.app.apply(Event::Terminate);
    console.press("y");
    assert_eq!(console.sent(), [crate::protocol::Command::Shutdown], "the y answers nothing any more");
}

#[test]
fn states_and_errors_go_on_while_tables_and_chart_are_held() {
    let mut console = Console::new(120, 40);
    console.show_with_history(&fixture::running()).press("p");
    let held = ["countries", "urls"].map(|_| console.part(|layout| layout.urls));
    let chart = console.part(|layout| layout.throughput);
    let mut later = fixture::running();
    later.at = later.at.map(|at| at + std::time::Duration::from_secs(60));
    later.totals.clicks = 99_999_999;
    later.totals.rejected = 77;
    later.index.health = crate::protocol::snapshot::Health::Red;
    let store = &mut later.stages["store"];
    (store.state, store.errors) = (StageState::Stopped, 4_321);
    later.stages["index"].state = StageState::Failed { cause: "no shard left".into() };
    let mut board = (*later.board).clone();
    board.pages.clear();
    later.board = board.into();
    console.show(later);
    let screen = console.screen();
    for live in ["99,999,999 clicks", "77 rejected", "stopped", "4,321", "failed", "no shard left", "red"] {
        assert!(screen.contains(live), "{live}:\n{screen}");
    }
    assert!(screen.contains(" TABLES FROZEN SINCE 09:30:00 "), "{screen}");
    assert_eq!(held[0], console.part(|layout| layout.urls));
    assert_eq!(chart, console.part(|layout| layout.throughput));
    console.press("p");
    assert!(!console.screen().contains("FROZEN"), "{}", console.screen());
    assert_ne!(held[0], console.part(|layout| layout.urls));
}

#[test]
fn a_total_says_of_what_it_is_and_since_when() {
    for (width, height, words) in [
        (200, 60, ["messages this run", "clicks this run", "documents this run", "clicks all time"]),
        (120, 40, ["msgs this run", "clicks this run", "docs this run", "clicks all time"]),
        (80, 24, ["messages this run", "", "", "clicks all time"]),
    ] {
        let mut console = Console::new(width, height);
        console.show(fixture::running());
        let screen = console.screen();
        for words in words {
            assert!(screen.contains(words), "{words} at {width}×{height}:\n{screen}");
        }
        assert!(!screen.contains("total "), "{screen}");
    }
}

#[test]
fn the_stages_of_a_replay_that_is_processed_are_done_and_the_first_one_once_the_files_are_read() {
    let mut read = fixture::running();
    let progress = SourceProgress { end: Some(SourceEnd::default()), ..SourceProgress::default() };
    (read.source.progress, read.lag) = (Some(progress), None);
    let processed = Snapshot { finished: true, ..read.clone() };
    for (width, height) in [(120, 40), (80, 24)] {
        let mut console = Console::new(width, height);
        let words =
            |console: &mut Console, word: &str| console.part(|layout| Some(layout.stages)).matches(word).count();
        console.show(read.clone());
        assert_eq!((words(&mut console, "done"), words(&mut console, "running")), (1, 3), "{}", console.screen());
        console.show(processed.clone());
        assert_eq!((words(&mut console, "done"), words(&mut console, "running")), (4, 0), "{}", console.screen());
        let mut stopped = processed.clone();
        stopped.stages["index"].state = StageState::Stopped;
        console.show(stopped);
        assert_eq!(words(&mut console, "stopped"), 1, "what does not run is not done");
    }
}
