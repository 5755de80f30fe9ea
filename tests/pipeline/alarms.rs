//! Alarms of real pipelines: a fault begins its alarm once, the repair ends it once, and a command hears of both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clicktop::engine::alarms::tell::{CommandLine, TellOptions};
use clicktop::engine::alarms::{AlarmKind, AlarmOptions, AlarmRules, Rule};
use clicktop::protocol::Snapshot;

use crate::faulty_index::{Fault, FaultyIndex};
use crate::rig::{Data, Options, Run, broker, embedded, options, put};
use crate::support::HANG;
use crate::support::clicks::{OwnedClick, made};

/// `kind` at `begin`, at once; every other alarm is off. The command writes what it hears into a file of `data`.
fn only(options: Options, data: &Data, kind: AlarmKind, begin: f64, end: f64) -> Options {
    let rule = Rule { begin, end, hold: Duration::from_millis(100) };
    let rules = AlarmRules { rules: BTreeMap::from([(kind, rule)]), calm: Duration::from_millis(100) };
    let script = r#"echo "$CLICKTOP_ALARM_EVENT $CLICKTOP_ALARM_NAME" >> "$0""#;
    let heard = heard_file(data.path()).display().to_string();
    let command = CommandLine { program: "/bin/sh".into(), arguments: vec!["-c".into(), script.into(), heard] };
    let tell = TellOptions {
        command: Some(command),
        timeout: HANG,
        a_minute: 100.try_into().expect("not 0"),
        ..TellOptions::default()
    };
    let mut options = options;
    options.pipeline.alarms = AlarmOptions { rules, tell, renewals: None };
    options
}

fn heard_file(folder: &Path) -> PathBuf {
    folder.join("heard")
}

fn is_on(snapshot: &Snapshot, kind: AlarmKind) -> bool {
    snapshot.alarms.active.iter().any(|alarm| alarm.name.as_ref() == kind.name())
}

/// Waits until the alarm has begun, lets `repair` end its cause, and waits until it is over. It has begun once then, and the command
/// has heard of both.
async fn begins_and_ends(mut run: Run, data: &Data, kind: AlarmKind, repair: impl AsyncFnOnce(&mut Run)) -> String {
    let begun = run.until("an alarm", |snapshot| is_on(snapshot, kind)).await;
    let text = begun.alarms.active[0].text.clone();
    repair(&mut run).await;
    run.until("the end of the alarm", |snapshot| !is_on(snapshot, kind)).await;
    let last = run.end().await;
    assert_eq!(last.alarms.watched.iter().map(|alarm| alarm.begun).collect::<Vec<_>>(), [1], "{kind}");
    // The end of the pipeline waits for the command.
    let heard = std::fs::read_to_string(heard_file(data.path())).expect("heard");
    assert_eq!(heard, format!("begin {kind}\nend {kind}\n"));
    text
}

/// Messages of `count` clicks.
fn messages(seed: u64, count: usize) -> Vec<Vec<u8>> {
    made(seed, count).iter().map(OwnedClick::csv).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_wait_for_a_stopped_store_are_a_lag_until_it_runs() {
    for (kind, begin, wanted) in [
        (AlarmKind::Lag, 2_000.0, "messages wait in Kafka (limit 2,000)"),
        (AlarmKind::Behind, 2.0, "the oldest message in Kafka has waited for "),
    ] {
        let (data, broker) = (Data::new(), broker());
        let mut run = Run::start(only(options(&broker), &data, kind, begin, begin / 2.0), &data, embedded(&data));
        run.stop("store").await;
        put(&broker, &messages(711, 5_000));
        let text = begins_and_ends(run, &data, kind, async |run| run.start_stage("store").await).await;
        assert!(text.contains(wanted), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_that_wait_for_a_stopped_aggregate_are_a_backlog_and_a_delay_until_it_runs() {
    for (kind, begin, wanted) in [
        (AlarmKind::Backlog, 2_000.0, "clicks wait for aggregate (limit 2,000)"),
        (AlarmKind::Delay, 3.0, "clicks are in the figures only after "),
    ] {
        let (data, broker) = (Data::new(), broker());
        let mut run = Run::start(only(options(&broker), &data, kind, begin, begin / 2.0), &data, embedded(&data));
        run.stop("aggregate").await;
        put(&broker, &messages(712, 5_000));
        let text = begins_and_ends(run, &data, kind, async |run| run.start_stage("aggregate").await).await;
        assert!(text.contains(wanted), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_goes_and_comes_back_is_one_alarm_of_ingest() {
    let (data, broker) = (Data::new(), broker());
    let mut run = Run::start(only(options(&broker), &data, AlarmKind::Stage, 1.0, 1.0), &data, embedded(&data));
    put(&broker, &messages(713, 100));
    run.settled(100).await;
    broker.control().broker_down().expect("down");
    let control = broker.control();
    let text = begins_and_ends(run, &data, AlarmKind::Stage, async |_| control.broker_up().expect("up")).await;
    assert!(text.starts_with("ingest is backing off: Kafka"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_takes_nothing_is_one_alarm_of_what_waits_for_it() {
    let (data, broker) = (Data::new(), broker());
    let index = FaultyIndex::new(embedded(&data), Fault::Unavailable);
    let options = only(options(&broker), &data, AlarmKind::Index, 40.0, 20.0);
    let run = Run::start(options, &data, index.clone());
    put(&broker, &messages(714, 2_000));
    let text = begins_and_ends(run, &data, AlarmKind::Index, async |_| index.set(Fault::None)).await;
    assert!(text.contains("documents wait for the index (limit 40)"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_are_no_clicks_are_one_alarm_until_a_minute_has_none() {
    let (data, broker) = (Data::new(), broker());
    let run = Run::start(only(options(&broker), &data, AlarmKind::Rejects, 50.0, 10.0), &data, embedded(&data));
    put(&broker, &vec![b"no click".to_vec(); 200]);
    let text = begins_and_ends(run, &data, AlarmKind::Rejects, async |_| {}).await;
    assert!(text.starts_with("200 messages or documents were rejected in the last minute"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_producer_that_goes_silent_is_one_alarm_until_the_next_click() {
    let (data, broker) = (Data::new(), broker());
    let mut run = Run::start(only(options(&broker), &data, AlarmKind::Silence, 4.0, 4.0), &data, embedded(&data));
    put(&broker, &messages(715, 100));
    run.settled(100).await;
    let text = begins_and_ends(run, &data, AlarmKind::Silence, async |_| put(&broker, &messages(716, 10))).await;
    assert!(text.starts_with("no click has come for 4 s"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_hangs_delays_neither_the_pipeline_nor_its_end() {
    let (data, broker) = (Data::new(), broker());
    let mut options = only(options(&broker), &data, AlarmKind::Lag, 1.0, 1.0);
    let hanging = CommandLine { program: "/bin/sleep".into(), arguments: vec!["1000".into()] };
    options.pipeline.alarms.tell.command = Some(hanging);
    let mut run = Run::start(options, &data, embedded(&data));
    run.stop("store").await;
    put(&broker, &messages(717, 1_000));
    run.until("an alarm", |snapshot| is_on(snapshot, AlarmKind::Lag)).await;
    run.start_stage("store").await;
    run.settled(1_000).await;
    let asked = std::time::Instant::now();
    run.end().await;
    assert!(asked.elapsed() < HANG, "the end waits a few seconds for the command, not for its end");
}
