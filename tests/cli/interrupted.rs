//! Killed or interrupted at any moment, nothing is lost and nothing counts twice.

use std::time::Duration;

use clicktop::click::Format;
use clicktop::source::files::RecordForm;
use clicktop::source::{EmbeddedBroker, ReplayInput, ReplayOptions, Target, start_replay};

use crate::support::clicks::{OwnedClick, lines, made, random};
use crate::support::figures;
use crate::support::program::{Home, moment, stage};

const KILLS: u32 = 20;

/// One more kill, in time: each may come later in the run than the one before, so that all of the run is met.
fn patience(kill: u32) -> Duration {
    Duration::from_millis(200) + Duration::from_millis(60) * kill
}

#[test]
fn twenty_kills_of_a_replay_leave_no_trace_in_the_figures() {
    const CLICKS: usize = 9_999;
    let seed = 21;
    println!("moments drawn with seed {seed}");
    let mut random = random(seed);
    let clicks = made(seed, CLICKS);
    let home = Home::new();
    let file = home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv))).display().to_string();
    let (mut kills, mut in_mid_run) = (0, 0);
    while kills < KILLS {
        let mut run = home.start(&["replay", &file, "--headless", "--rate", "6k"]);
        run.await_object("first status", |object| object["event"] == "status");
        let moment = moment(&mut random, patience(kills));
        std::thread::sleep(moment);
        let landed = run.is_alive();
        run.kill_9();
        kills += 1;
        let stored = figures::number(&home.data(), "SELECT COUNT(*) FROM clicks");
        in_mid_run += u32::from(landed && stored < CLICKS as i64);
        println!("killed {moment:?} after its first status: alive {landed}, {stored} clicks stored");
    }
    assert!(in_mid_run > 0, "some kill came before everything was stored");

    let summary = home.replay(file.as_ref(), &[]);
    assert_eq!(summary["clicks"], CLICKS, "{summary}");
    assert_eq!(summary["documents"], summary["pages"], "{summary}");
    figures::assert_same("top", &home.top(), &figures::of_clicks(&clicks));
    figures::assert_exact(&home.data());
}

#[test]
fn twenty_kills_of_a_run_skip_no_offset_of_the_topic() {
    const CLICKS: usize = 24_000;
    let seed = 22;
    println!("moments drawn with seed {seed}");
    let mut random = random(seed);
    let clicks = made(seed, CLICKS);
    let broker = EmbeddedBroker::start("clicks", 3).expect("a broker");
    // Many small transactions: more moments to be killed in.
    let home = Home::new()
        .with("CLICKTOP_KAFKA__BROKERS", broker.bootstrap_servers())
        .with("CLICKTOP_INGEST__BATCH_EVENTS", "200");
    let file = home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv)));
    let target = Target {
        brokers: broker.bootstrap_servers().to_owned(),
        topic: "clicks".to_owned(),
        partitions: 3,
        stored: None,
        properties: Vec::new(),
    };
    // Clicks come for as long as the kills do.
    let inputs = vec![ReplayInput::File(file)];
    let _load =
        start_replay(target, ReplayOptions { inputs, form: RecordForm::clicks(Format::Csv), rate: Some(2_400.0) })
            .expect("a load");
    let mut under_load = 0;
    for kill in 0..KILLS {
        // A killed member would keep its group waiting until its session is over; offsets are not the group's but ours.
        let group = format!("run-{kill}");
        let mut run = home.start(&["run", "--headless", "--group", &group]);
        run.await_object("first status", |object| object["event"] == "status");
        let moment = moment(&mut random, patience(kill));
        std::thread::sleep(moment);
        run.kill_9();
        let stored = figures::number(&home.data(), "SELECT COUNT(*) FROM clicks");
        under_load += u32::from(0 < stored && stored < CLICKS as i64);
        println!("killed {moment:?} after its first status: {stored} clicks stored");
    }

    assert!(under_load > 0, "some kill came while clicks were being stored");
    let mut run = home.start(&["run", "--headless", "--group", "last"]);
    run.await_object("the end of the topic", |object| {
        object["totals"]["clicks"] == CLICKS && stage(object, "aggregate")["backlog"] == 0
    });
    run.signal("TERM");
    let summary = run.end().summary();
    assert_eq!((&summary["clicks"], &summary["skipped"]), (&CLICKS.into(), &0.into()), "{summary}");
    assert_eq!(summary["duplicates"], 0, "offsets and clicks are stored together: {summary}");
    assert_eq!(figures::number(&home.data(), "SELECT SUM(next_offset) FROM offsets"), CLICKS as i64);
    figures::assert_same("top", &home.top(), &figures::of_clicks(&clicks));
    figures::assert_exact(&home.data());
}

#[test]
fn a_signal_drains_and_the_next_run_goes_on() {
    const CLICKS: usize = 6_000;
    let clicks = made(23, CLICKS);
    for signal in ["TERM", "INT"] {
        let home = Home::new();
        let file = home.file("clicks.csv", &lines(clicks.iter().map(OwnedClick::csv))).display().to_string();
        let mut run = home.start(&["replay", &file, "--headless", "--rate", "1k"]);
        run.await_object("stored clicks", |object| object["totals"]["stored"].as_u64() > Some(0));
        run.signal(signal);
        let ran = run.end();
        assert!(ran.status.success(), "SIG{signal}: {ran:?}");
        let summary = ran.summary();
        assert_eq!(summary["complete"], false, "SIG{signal}: {summary}");
        assert_eq!(summary["stored"], summary["clicks"], "{summary}");
        assert_eq!(summary["documents"], summary["pages"], "drained to the end: {summary}");
        let stored = figures::number(&home.data(), "SELECT COUNT(*) FROM clicks");
        assert_eq!(summary["clicks"], stored, "the summary tells what is on disk");
        figures::assert_exact(&home.data());

        let summary = home.replay(file.as_ref(), &[]);
        assert_eq!((&summary["clicks"], &summary["duplicates"]), (&CLICKS.into(), &0.into()), "{summary}");
        assert_eq!(summary["stored"], CLICKS as i64 - stored, "it goes on where it was: {summary}");
        figures::assert_same("top", &home.top(), &figures::of_clicks(&clicks));
    }
}
