//! The end: drained within its bound, with word of what it waits for.

use std::time::Duration;

use clicktop::protocol::{Command, StageState};

use crate::faulty_index::{Fault, FaultyIndex};
use crate::rig::{Data, Run, assert_all_there, broker, embedded, indexed, options};
use crate::support::clicks::made;
use crate::support::figures;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_is_stored_aggregated_and_indexed() {
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(501, 20_000);
    let (mut run, load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 4_000.0);
    run.until("stored clicks", |snapshot| snapshot.totals.stored > 2_000).await;
    let last = run.end().await;
    drop(load);
    assert!(last.stages.iter().all(|stage| stage.state == StageState::Stopped), "{:#?}", last.stages);
    assert_eq!(last.totals.stored, last.totals.ingested, "{:?}", last.totals);
    let stored = figures::number(data.path(), "SELECT COUNT(*) FROM clicks");
    assert_eq!(figures::number(data.path(), "SELECT SUM(next_offset) FROM offsets"), stored);
    figures::assert_exact(data.path());
    figures::assert_same("documents", &indexed(&*index).await, &figures::kept(data.path()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_hangs_does_not_keep_the_end() {
    let (data, broker) = (Data::new(), broker());
    let index = FaultyIndex::new(embedded(&data), Fault::Hangs);
    let clicks = made(502, 3_000);
    let mut bounded = options(&broker);
    bounded.pipeline.shutdown_timeout = Duration::from_secs(1);
    let (mut run, _load) = Run::under_load(&broker, bounded, &data, index.clone(), &clicks, 8_000.0);
    run.until("all figures", |snapshot| {
        snapshot.totals.clicks == clicks.len() as u64 && snapshot.stages["aggregate"].backlog == Some(0)
    })
    .await;
    run.command(Command::Shutdown).await;
    let seen = run.until("word of the wait", |snapshot| {
        snapshot.shutting_down.as_ref().is_some_and(|waits| waits.starts_with("index"))
    });
    seen.await;
    let last = run.ended().await;
    assert_eq!(last.stages["index"].state, StageState::Stopped);
    assert!(!last.finished);
    figures::assert_exact(data.path());

    // What was left is done at the next start.
    index.set(Fault::None);
    let mut run = Run::start(options(&broker), &data, index.clone());
    let last = run.settled(clicks.len()).await;
    run.end().await;
    assert_all_there(&data, &*index, &last, &clicks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_twice_it_does_not_wait() {
    let (data, broker) = (Data::new(), broker());
    let index = FaultyIndex::new(embedded(&data), Fault::Hangs);
    let clicks = made(503, 3_000);
    let mut patient = options(&broker);
    patient.pipeline.shutdown_timeout = crate::support::HANG * 10;
    let (mut run, _load) = Run::under_load(&broker, patient, &data, index, &clicks, 8_000.0);
    run.until("pages", |snapshot| snapshot.totals.pages > 0).await;
    run.command(Command::Shutdown).await;
    run.until("a drain", |snapshot| snapshot.shutting_down.is_some()).await;
    run.command(Command::Shutdown).await;
    let last = run.ended().await;
    assert!(last.stages.iter().all(|stage| !stage.state.is_active()), "{:#?}", last.stages);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_starts_once_the_end_is_asked_for() {
    let (data, broker) = (Data::new(), broker());
    let run = Run::start(options(&broker), &data, embedded(&data));
    run.command(Command::Shutdown).await;
    run.command(Command::StartAll).await;
    let last = run.ended().await;
    assert!(last.stages.iter().all(|stage| stage.state == StageState::Stopped), "{:#?}", last.stages);
}
