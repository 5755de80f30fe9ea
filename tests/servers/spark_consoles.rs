//! Consoles of the engine on Spark that are killed, that work side by side, and that meet the figures of other tables.

use std::time::{Duration, Instant};

use clicktop::engine::spark::bench;
use rand::RngExt as _;
use serde_json::Value;

use crate::kafka::Kafka;
use crate::spark_world::{
    PATIENCE, Spark, Traffic, answer, assert_everywhere, documents, drained, end, is, turn, wait,
};
use crate::support::HANG;
use crate::support::clicks::{OwnedClick, random};
use crate::support::figures;
use crate::support::program::{Home, stage};

/// What the log says before each step of a round, at the level `debug`.
const STEPS: [&str; 4] = ["looking for new clicks", "adding pairs", "counting pages", "adding to the figures"];

/// A home whose log tells the steps of rounds.
fn logging(home: Home) -> Home {
    let log = home.path("log");
    home.with("CLICKTOP_LOG__FILE", &log.display().to_string()).with("CLICKTOP_LOG__LEVEL", "debug")
}

fn log_of(home: &Home) -> String {
    std::fs::read_to_string(home.path("log")).unwrap_or_default()
}

/// Waits until the log of `home` has one more line with `words` than `before`; `false` if it does not come in time.
fn told(home: &Home, words: &str, before: usize, most: Duration) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < most {
        if log_of(home).matches(words).count() > before {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// Nothing waits, and the figures are of so many clicks.
fn counted(clicks: usize) -> impl Fn(&Value) -> bool {
    move |object| {
        let totals = &object["totals"];
        totals["clicks"].as_u64() == Some(clicks as u64)
            && ["aggregate", "index"].iter().all(|id| stage(object, id)["backlog"] == 0)
            && totals["documents"] == totals["pages"]
    }
}

#[test]
fn spark_finishes_a_round_that_was_killed_in_any_of_its_steps() {
    let (Some(kafka), Some(spark)) = (Kafka::plain(), Spark::find()) else { return };
    let _turn = turn();
    let topic = kafka.topic(3);
    let traffic = Traffic::made(1311, 6_000);
    let mut random = random(1311);
    let home = logging(spark.home(&topic));
    let points = 10;
    for point in 0..points {
        let step = STEPS[point % STEPS.len()];
        // A step takes some seconds.
        let pause = Duration::from_millis(random.random_range(0..2_000));
        traffic.send(&topic, point * 8, point * 8 + 8);
        let words = format!("round: {step}");
        let before = log_of(&home).matches(&words).count();
        let mut run = home.start(&["run", "--headless"]);
        assert!(told(&home, &words, before, HANG * PATIENCE), "no round comes to {step}: {}", log_of(&home));
        std::thread::sleep(pause);
        run.kill_9();
        eprintln!("killed {pause:?} behind {words:?}");
    }
    traffic.send(&topic, points * 8, 100);
    let home = home.with("CLICKTOP_SPARK__LEAVE_RUNNING", "false");
    let mut run = home.start(&["run", "--headless"]);
    wait(&mut run, "everything is counted", drained(traffic.distinct.len()));
    end(run);
    assert_everywhere(&home, &spark, &figures::of_clicks(&traffic.distinct));
}

#[test]
fn spark_ends_in_time_while_a_round_runs() {
    let (Some(kafka), Some(spark)) = (Kafka::plain(), Spark::find()) else { return };
    let _turn = turn();
    let topic = kafka.topic(1);
    let traffic = Traffic::made(1312, 2_000);
    traffic.send(&topic, 0, 100);
    let home = logging(spark.home(&topic)).with("CLICKTOP_SHUTDOWN_TIMEOUT", "1 s");
    let run = home.start(&["run", "--headless"]);
    assert!(told(&home, "round: adding pairs", 0, HANG * PATIENCE), "no round: {}", log_of(&home));
    let begin = Instant::now();
    run.signal("TERM");
    let ran = run.end();
    // A second to drain, five for the stages to stop, and the loaded machine.
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}: {ran:?}", begin.elapsed());
    let home = home.with("CLICKTOP_SPARK__LEAVE_RUNNING", "false").with("CLICKTOP_SHUTDOWN_TIMEOUT", "90 s");
    let mut run = home.start(&["run", "--headless"]);
    wait(&mut run, "everything is counted", drained(traffic.distinct.len()));
    end(run);
    assert_everywhere(&home, &spark, &figures::of_clicks(&traffic.distinct));
}

#[test]
fn spark_lets_two_consoles_count_at_once() {
    let (Some(kafka), Some(spark)) = (Kafka::plain(), Spark::find()) else { return };
    let _turn = turn();
    let topic = kafka.topic(3);
    let traffic = Traffic::made(1313, 4_000);
    let homes = [0, 1].map(|_| logging(spark.home(&topic)).with("CLICKTOP_SPARK__LEAVE_RUNNING", "false"));
    // Both make the tables, and start the query.
    let mut runs = homes.each_ref().map(|home| home.start(&["run", "--headless"]));
    for part in 0..4 {
        traffic.send(&topic, part * 25, part * 25 + 25);
        wait(&mut runs[part % 2], "a console is at work", is("aggregate", "running"));
    }
    for run in &mut runs {
        let object = wait(run, "a console has counted everything", counted(traffic.distinct.len()));
        assert_eq!(stage(&object, "aggregate")["errors"], 0, "a lost race is no error: {object}");
        assert_eq!(stage(&object, "stream")["state"], "running", "{object}");
    }
    // Both stop the query.
    runs.iter().for_each(|run| run.signal("TERM"));
    for run in runs {
        let ran = run.end();
        assert!(ran.status.success(), "{ran:?}");
    }
    let wanted = figures::of_clicks(&traffic.distinct);
    for home in &homes {
        assert!(!log_of(home).contains("backing off"), "{}", log_of(home));
        assert_everywhere(home, &spark, &wanted);
    }
}

#[test]
fn spark_takes_all_figures_anew_after_a_reset_elsewhere_and_of_other_tables() {
    let (Some(kafka), Some(spark), Some(other)) = (Kafka::plain(), Spark::find(), Spark::find()) else { return };
    let _turn = turn();
    let topic = kafka.topic(3);
    let old = Traffic::made(1314, 2_000);
    let new = Traffic::made(1315, 1_500);
    old.send(&topic, 0, 100);
    let home = spark.home(&topic);
    let away = spark.home(&topic).with("CLICKTOP_SPARK__LEAVE_RUNNING", "false");
    let mut run = home.start(&["run", "--headless"]);
    wait(&mut run, "the old clicks are counted", drained(old.distinct.len()));
    let mut second = away.start(&["run", "--headless"]);
    wait(&mut second, "another console has the same", counted(old.distinct.len()));
    second.kill_9();

    // A console begins a reset, and is killed. The one that runs finishes it.
    answer(bench::begin_reset(&spark.url, &spark.root, 1)).expect("a reset");
    wait(&mut run, "the figures and documents are gone", |object| {
        object["totals"]["clicks"] == 0 && object["totals"]["documents"] == 0
    });
    new.send(&topic, 0, 100);
    wait(&mut run, "the new clicks are counted", counted(new.distinct.len()));
    run.signal("TERM");
    assert!(run.end().status.success());
    let wanted = figures::of_clicks(&new.distinct);
    assert_everywhere(&home, &spark, &wanted);

    // The other console still has the old figures, and its index the old documents.
    assert_ne!(documents(&away), wanted);
    let mut run = away.start(&["run", "--headless"]);
    wait(&mut run, "a console from before the reset has the new figures", counted(new.distinct.len()));
    end(run);
    assert_everywhere(&away, &spark, &wanted);

    // The same data directory on other tables, which get all of the topic.
    let both: Vec<OwnedClick> = old.distinct.iter().chain(&new.distinct).cloned().collect();
    let moved = away.with("CLICKTOP_SPARK__ROOT", &other.root);
    let all = figures::of_clicks(&both);
    let mut run = moved.start(&["run", "--headless"]);
    wait(&mut run, "the figures of the other tables", |object| {
        object["lag"] == 0
            && stage(object, "aggregate")["backlog"] == 0
            && object["totals"]["pages"] == all.len()
            && object["totals"]["documents"] == all.len()
    });
    end(run);
    assert_everywhere(&moved, &other, &all);
}
