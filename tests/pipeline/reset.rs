//! Forgetting everything while the pipeline works: what comes next is counted exactly, and the index holds nothing else.

use std::time::Duration;

use clicktop::protocol::question::RejectsQuestion;
use clicktop::protocol::{Command, Question, Snapshot, StageState, View, Window};
use clicktop::search::SearchIndex;
use clicktop::storage::{Storage, StorageOptions};

use crate::faulty_index::{Fault, FaultyIndex};
use crate::rig::{Data, Run, STAGES, broker, embedded, indexed, options};
use crate::support::clicks::made;
use crate::support::figures;

const CLICKS: usize = 10_000;

/// Resets, and waits until fewer clicks are there than before and the stages that were at work are again.
async fn reset(run: &mut Run) {
    let before = run.last.totals.clicks;
    run.command(Command::Reset).await;
    run.until("forgotten clicks", |snapshot| snapshot.totals.clicks < before && snapshot.resetting.is_none()).await;
    let end = run.last.last_reset.clone().expect("how it ended");
    assert!(end.deleted.as_ref().is_ok_and(|clicks| *clicks >= before), "{end:?}");
}

/// Figures and documents are those of the clicks that are stored, and those are not all that were sent.
async fn assert_begun_anew(data: &Data, index: &dyn SearchIndex, sent: usize) {
    figures::assert_exact(data.path());
    figures::assert_same("documents", &indexed(index).await, &figures::kept(data.path()));
    let clicks = figures::number(data.path(), "SELECT COUNT(*) FROM click_events");
    assert!(clicks > 0 && clicks < sent as i64, "{clicks} clicks");
    assert_eq!(figures::number(data.path(), "SELECT MAX(id) FROM clicks"), clicks, "numbered from one");
    let offsets = figures::number(data.path(), "SELECT SUM(next_offset) FROM offsets");
    assert_eq!(offsets, sent as i64, "it went on where Kafka was");
}

fn is_settled(snapshot: &Snapshot) -> bool {
    snapshot.finished
        && snapshot.stages["aggregate"].backlog == Some(0)
        && snapshot.index.pending == Some(0)
        && snapshot.index.documents == Some(snapshot.totals.pages)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_everything_is_forgotten_and_what_comes_next_is_exact() {
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(701, CLICKS);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 1_500.0);
    let hour = View { window: Window::LastHour, ..View::default() };
    run.command(Command::View(hour.clone())).await;
    run.command(Command::Ask(Question::Rejects(RejectsQuestion { limit: 5 }))).await;
    for stored in [1_000, 300] {
        run.until("clicks, documents and a board", |snapshot| {
            let board = &snapshot.board;
            snapshot.totals.clicks > stored && snapshot.index.documents > Some(0) && !board.pages.is_empty()
        })
        .await;
        reset(&mut run).await;
        let cleared = |snapshot: &Snapshot| snapshot.last_reset.as_ref().and_then(|end| end.cleared);
        run.until("word of the documents that went", |snapshot| cleared(snapshot) > Some(0)).await;
    }
    assert_eq!(run.last.last_reset.as_ref().map(|end| end.number), Some(2));
    run.until("an answer from after the reset", |snapshot| snapshot.answers.rejects.is_some()).await;
    run.until("the rest", is_settled).await;
    let (stages, totals) = (&run.last.stages, &run.last.totals);
    let counted = [stages["ingest"].processed, stages["store"].processed, stages["aggregate"].processed];
    assert_eq!(counted, [totals.ingested, totals.stored, totals.stored], "the stages count anew, as the totals do");
    let wanted = figures::number(data.path(), "SELECT COUNT(*) FROM clicks") as u64;
    run.command(Command::View(View::default())).await;
    run.until("all of it on the board", |snapshot| {
        let board = &snapshot.board;
        let clicks: u64 = board.countries.iter().map(|row| row.clicks).sum();
        board.view == View::default() && clicks == wanted
    })
    .await;
    run.end().await;
    assert_begun_anew(&data, &*index, CLICKS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_away_is_cleared_when_it_comes_back_whatever_ends_in_between() {
    let (data, broker) = (Data::new(), broker());
    let index = FaultyIndex::new(embedded(&data), Fault::None);
    let clicks = made(702, CLICKS);
    let mut options_once = options(&broker);
    options_once.pipeline.shutdown_timeout = Duration::from_secs(2);
    let (mut run, _load) = Run::under_load(&broker, options_once, &data, index.clone(), &clicks, 4_000.0);
    run.until("documents", |snapshot| snapshot.index.documents > Some(0)).await;
    index.set(Fault::Unavailable);
    reset(&mut run).await;
    run.until("backing off", |snapshot| matches!(snapshot.stages["index"].state, StageState::BackingOff { .. })).await;
    run.until("the rest without the index", |snapshot| {
        figures_are_whole(snapshot) && snapshot.totals.ingested > 0 && snapshot.lag == Some(0)
    })
    .await;
    assert_eq!(run.last.last_reset.as_ref().and_then(|end| end.cleared), None, "no document has gone");
    run.end().await;
    assert!(!indexed(&*index).await.is_empty(), "nothing could be deleted so far");

    index.set(Fault::None);
    let mut run = Run::start(options(&broker), &data, index.clone());
    run.until("an index in step", |snapshot| {
        figures_are_whole(snapshot)
            && snapshot.index.pending == Some(0)
            && snapshot.totals.pages > 0
            && snapshot.index.documents == Some(snapshot.totals.pages)
            && snapshot.lag == Some(0)
    })
    .await;
    run.end().await;
    assert_begun_anew(&data, &*index, CLICKS).await;
}

fn figures_are_whole(snapshot: &Snapshot) -> bool {
    snapshot.stages["store"].backlog == Some(0) && snapshot.stages["aggregate"].backlog == Some(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_after_the_store_was_emptied_leaves_the_index_to_the_next_start() {
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(703, 2_000);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 4_000.0);
    run.finished().await;
    run.end().await;
    let forgotten = Storage::open(data.path(), StorageOptions::default()).expect("a store").erase_events();
    assert_eq!(forgotten.expect("emptied"), 2_000);
    assert!(!indexed(&*index).await.is_empty());

    let mut run = Run::start(options(&broker), &data, index.clone());
    run.until("an empty index", |snapshot| snapshot.index.documents == Some(0)).await;
    run.end().await;
    assert!(indexed(&*index).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stage_that_did_not_run_stays_so_and_an_end_during_a_reset_is_an_end() {
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(704, CLICKS);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 4_000.0);
    run.until("clicks", |snapshot| snapshot.totals.clicks > 1_000).await;
    run.stop("aggregate").await;
    reset(&mut run).await;
    run.until("the others at work", |snapshot| {
        ["ingest", "store", "index"].iter().all(|stage| snapshot.stages[*stage].state == StageState::Running)
    })
    .await;
    assert_eq!(run.last.stages["aggregate"].state, StageState::Stopped);
    run.command(Command::Reset).await;
    let last = run.end().await;
    for stage in STAGES {
        assert_eq!(last.stages[stage].state, StageState::Stopped, "{stage}");
    }
}
