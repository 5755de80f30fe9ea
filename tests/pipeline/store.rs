//! A database that cannot be written for a while.

use clicktop::protocol::StageState;
use rusqlite::Connection;

use crate::rig::{BATCH_EVENTS, Data, QUEUE_BATCHES, Run, assert_all_there, broker, database_file, embedded, options};
use crate::support::clicks::made;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_database_is_waited_for_in_bounded_memory() {
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(401, 16_000);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 4_000.0);
    run.until("stored clicks", |snapshot| snapshot.totals.stored > 1_000).await;

    let other = Connection::open(database_file(&data)).expect("a database");
    other.busy_timeout(crate::support::HANG).expect("patience");
    other.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let mut most = 0;
    let seen = run
        .until("trouble", |snapshot| {
            most = most.max(snapshot.stages["store"].backlog.unwrap_or(0));
            matches!(snapshot.stages["store"].state, StageState::BackingOff { .. })
        })
        .await;
    let StageState::BackingOff { cause, .. } = &seen.stages["store"].state else { unreachable!("just seen") };
    assert!(cause.contains("locked by another process"), "{cause}");
    let locked = run
        .until("paused partitions", |snapshot| {
            most = most.max(snapshot.stages["store"].backlog.unwrap_or(0));
            snapshot.partitions.iter().any(|partition| partition.paused)
        })
        .await;
    // As long again, to see that nothing piles up.
    let stored = locked.totals.stored;
    run.until("another try", |snapshot| {
        most = most.max(snapshot.stages["store"].backlog.unwrap_or(0));
        snapshot.stages["store"].errors > locked.stages["store"].errors
    })
    .await;
    assert_eq!(run.last.totals.stored, stored, "nothing is stored meanwhile");
    let bound = ((QUEUE_BATCHES + 1) * BATCH_EVENTS) as u64;
    assert!(most <= bound, "{most} messages in memory, {bound} may be");

    other.execute_batch("ROLLBACK").expect("unlocked");
    let last = run.finished().await;
    run.end().await;
    assert_all_there(&data, &*index, &last, &clicks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_are_not_in_the_way() {
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(402, 6_000);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 4_000.0);
    run.until("stored clicks", |snapshot| snapshot.totals.stored > 500).await;
    // Someone with sqlite3 who looks at one state for as long as the run lasts.
    let other = crate::support::figures::database(data.path());
    other.execute_batch("BEGIN").expect("begun");
    let count = || other.query_row("SELECT COUNT(*) FROM clicks", [], |row| row.get::<_, i64>(0)).expect("a count");
    let before = count();
    let last = run.finished().await;
    assert_eq!(count(), before, "a reader sees one state");
    drop(other);
    assert!(last.stages.iter().all(|stage| stage.errors == 0), "{:#?}", last.stages);
    run.end().await;
    assert_all_there(&data, &*index, &last, &clicks).await;
}
