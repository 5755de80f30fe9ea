//! Each stage stops, starts and restarts alone, under load, with nothing lost or doubled.

use std::sync::{Arc, Mutex};

use clicktop::protocol::{Command, Snapshot, StageAction, StageState};
use rand::RngExt;

use crate::faulty_index::{Fault, FaultyIndex};
use crate::rig::{BATCH_EVENTS, Data, QUEUE_BATCHES, Run, STAGES, assert_all_there, broker, embedded, options};
use crate::support::clicks::{made, random};

fn others_run(snapshot: &Snapshot, stopped: &str) -> bool {
    snapshot.stages.iter().all(|stage| stage.id().as_str() == stopped || stage.state == StageState::Running)
}

async fn stop_and_start(stage: &'static str, seed: u64) {
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(seed, 16_000);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 4_000.0);
    run.until("work in every stage", |snapshot| {
        snapshot.stages.iter().all(|stage| stage.processed > 0) && others_run(snapshot, stage)
    })
    .await;

    run.stop(stage).await;
    let stopped = run.last.clone();
    assert!(others_run(&stopped, stage), "the others go on: {:#?}", stopped.stages);
    assert!(stopped.stages[stage].rate.is_none(), "what does not run has no rate");
    let seen = run.until("a backlog", |snapshot| match stage {
        // While nobody reads, the producer's own count tells what waits in Kafka.
        "ingest" => {
            let sent = snapshot.source.progress.as_ref().map_or(0, |progress| progress.sent);
            sent > stopped.totals.ingested + 1_000
        }
        "store" => {
            snapshot.stages["store"].backlog >= Some((BATCH_EVENTS * QUEUE_BATCHES / 2) as u64)
                && snapshot.partitions.iter().any(|partition| partition.paused)
        }
        "aggregate" => snapshot.stages["aggregate"].backlog > Some(1_000),
        _ => snapshot.stages["index"].backlog > Some(0) && snapshot.totals.clicks > stopped.totals.clicks + 1_000,
    });
    let seen = seen.await;
    assert!(others_run(&seen, stage), "the others still go on: {:#?}", seen.stages);
    let done = |snapshot: &Snapshot| snapshot.stages[stage].processed;
    assert_eq!(done(&seen), done(&stopped), "a stopped {stage} does nothing");

    run.start_stage(stage).await;
    let last = run.finished().await;
    assert_eq!(last.totals.stored, clicks.len() as u64);
    assert!(last.stages.iter().all(|stage| stage.errors == 0), "stopping is no error: {:#?}", last.stages);
    run.end().await;
    assert_all_there(&data, &*index, &last, &clicks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ingest_stops_and_starts_alone() {
    stop_and_start("ingest", 101).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn store_stops_and_starts_alone() {
    stop_and_start("store", 102).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aggregate_stops_and_starts_alone() {
    stop_and_start("aggregate", 103).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn index_stops_and_starts_alone() {
    stop_and_start("index", 104).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarts_in_any_order_lose_nothing() {
    let seed = 105;
    println!("restarts drawn with seed {seed}");
    let mut random = random(seed);
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(seed, 24_000);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 3_000.0);
    for turn in 0..16 {
        let stage = STAGES[random.random_range(0..STAGES.len())];
        let draw = random.random_range(0..10);
        println!("turn {turn}: {stage}, draw {draw}");
        match draw {
            0..5 => {
                run.tell(stage, StageAction::Restart).await;
                // Twice in a row now and then: the second finds it on its way.
                if draw == 0 {
                    run.tell(stage, StageAction::Restart).await;
                }
                run.until("a restarted stage", |snapshot| snapshot.stages[stage].state == StageState::Running).await;
            }
            5..8 => {
                run.stop(stage).await;
                run.start_stage(stage).await;
            }
            _ => {
                run.command(Command::StopAll).await;
                if draw == 8 {
                    run.until("a stop of all", |snapshot| {
                        snapshot.stages.iter().all(|stage| stage.state == StageState::Stopped)
                    })
                    .await;
                }
                run.command(Command::StartAll).await;
            }
        }
    }
    run.command(Command::StartAll).await;
    let last = run.finished().await;
    run.end().await;
    assert_all_there(&data, &*index, &last, &clicks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ingest_restarted_while_it_joins_comes_back() {
    let seed = 107;
    println!("moments drawn with seed {seed}");
    let mut random = random(seed);
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(seed, 12_000);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 3_000.0);
    for _ in 0..12 {
        // The moments between joining, assignment and first message last some milliseconds each, and show nowhere.
        tokio::time::sleep(std::time::Duration::from_millis(random.random_range(0..200))).await;
        run.tell("ingest", StageAction::Restart).await;
    }
    let last = run.finished().await;
    run.end().await;
    assert_all_there(&data, &*index, &last, &clicks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_all_drains_in_order_and_start_all_goes_on() {
    let (data, broker) = (Data::new(), broker());
    let index = embedded(&data);
    let clicks = made(106, 12_000);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 3_000.0);
    run.until("stored clicks", |snapshot| snapshot.totals.stored > 1_000).await;
    run.command(Command::StopAll).await;
    let stopped = run
        .until("a stop of all", |snapshot| snapshot.stages.iter().all(|stage| stage.state == StageState::Stopped))
        .await;
    assert_eq!(stopped.totals.stored, stopped.totals.ingested, "what was taken from Kafka is stored");
    assert_eq!(stopped.stages["aggregate"].backlog, Some(0), "what is stored is aggregated");
    crate::support::figures::assert_exact(data.path());
    let kept = crate::support::figures::kept(data.path());
    crate::support::figures::assert_same("documents", &crate::rig::indexed(&*index).await, &kept);

    run.command(Command::StartAll).await;
    let last = run.finished().await;
    run.end().await;
    assert_all_there(&data, &*index, &last, &clicks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snapshots_of_a_running_engine_come_back_from_json_unchanged() {
    let (data, broker) = (Data::new(), broker());
    let index = FaultyIndex::new(embedded(&data), Fault::None);
    let clicks = made(109, 4_000);
    let (mut run, _load) = Run::under_load(&broker, options(&broker), &data, index.clone(), &clicks, 2_000.0);
    let mut seen = 0;
    let mut comes_back = |snapshot: &Snapshot| {
        let json = serde_json::to_string(snapshot).expect("serializes");
        let read: Snapshot = serde_json::from_str(&json).expect("deserializes");
        assert_eq!(read, *snapshot);
        seen += 1;
    };
    run.until("documents", |snapshot| {
        comes_back(snapshot);
        snapshot.index.documents > Some(0) && snapshot.store.transaction_p99.is_some()
    })
    .await;
    index.set(Fault::Unavailable);
    run.until("a stage that backs off", |snapshot| {
        comes_back(snapshot);
        matches!(snapshot.stages["index"].state, StageState::BackingOff { .. })
    })
    .await;
    assert!(seen >= 2, "{seen} snapshots");
    index.set(Fault::None);
    run.end().await;
}

/// On one thread, so that the lines of the supervisor come to this test and to no other.
#[tokio::test]
async fn a_command_for_a_stage_that_does_not_exist_is_answered_in_the_log_and_changes_nothing() {
    let log = LogText::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (data, broker) = (Data::new(), broker());
    let mut run = Run::start(options(&broker), &data, embedded(&data));
    run.until("every stage at work", |snapshot| others_run(snapshot, "")).await;
    for action in [StageAction::Start, StageAction::Stop, StageAction::Restart] {
        run.tell("bronze\u{1b}[2J", action).await;
    }
    run.stop("aggregate").await;
    assert_eq!(log.answers(), 3, "{}", log.text());
    assert!(others_run(&run.last, "aggregate"), "{:#?}", run.last.stages);

    // A reset holds commands back, and answers this one all the same.
    run.command(Command::Reset).await;
    run.tell("bronze", StageAction::Start).await;
    run.until("the end of the reset", |snapshot| snapshot.last_reset.is_some() && snapshot.resetting.is_none()).await;
    assert_eq!(log.answers(), 4, "{}", log.text());
    run.until("the others at work", |snapshot| others_run(snapshot, "aggregate")).await;
    assert_eq!(run.last.stages["aggregate"].state, StageState::Stopped);
    assert_eq!(run.last.stages.len(), STAGES.len());
    run.end().await;
    assert!(!log.text().contains('\u{1b}'), "{}", log.text());
}

/// What the engine logs.
#[derive(Clone, Default)]
struct LogText(Arc<Mutex<Vec<u8>>>);

impl LogText {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("text")
    }

    /// Lines that answer a command for a stage that does not exist.
    fn answers(&self) -> usize {
        self.text().lines().filter(|line| line.contains("no stage is named") && line.contains("bronze")).count()
    }
}

impl std::io::Write for LogText {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
