//! The console of `engine = "spark"` in a real terminal, on a real Spark and a real Kafka.

use crate::kafka::Kafka;
use crate::spark_world::{Spark, Traffic, turn};
use crate::support::terminal::{Size, Terminal};

const WIDE: Size = Size { columns: 140, rows: 42 };
const USUAL: Size = Size { columns: 80, rows: 24 };

/// The keys F8, F9, F10 as a terminal sends them.
const CLUSTER: &str = "\x1b[19~";
const QUERY: &str = "\x1b[20~";
const ROUNDS: &str = "\x1b[21~";

/// The line of the screen that has `label`, from there on.
fn after<'a>(screen: &'a str, label: &str) -> Option<&'a str> {
    screen.lines().find_map(|line| line.split_once(label)).map(|(_, rest)| rest)
}

fn quit(mut terminal: Terminal, key: &str) {
    terminal.keys("q");
    terminal.wait("a question with three answers", |screen| {
        screen.contains("l leave it running") && screen.contains("s stop it") && screen.contains("n stay")
    });
    terminal.keys("y");
    terminal.wait("y is a no", |screen| screen.contains("clicktop goes on; to quit, press q and then l or s"));
    terminal.keys("q");
    terminal.wait("the question again", |screen| screen.contains("l leave it running"));
    terminal.keys(key);
    assert_eq!(terminal.end(), 0, "{}", terminal.screen());
    terminal.assert_given_back();
}

#[test]
fn the_console_shows_cluster_query_and_rounds_and_asks_what_stays() {
    let (Some(kafka), Some(spark)) = (Kafka::plain(), Spark::find()) else { return };
    let _turn = turn();
    let topic = kafka.topic(3);
    Traffic::made(1320, 3_000).send(&topic, 0, 100);
    let home = spark.home(&topic);
    let terminal = start(&home, WIDE);
    terminal.wait("the application in the header", |screen| screen.contains("Spark 4.") && screen.contains("app "));
    let mut terminal = terminal;
    terminal.keys(CLUSTER);
    // The address is not set: Spark tells it.
    terminal.wait("executors", |screen| {
        let cores = after(screen, " cores ").and_then(|rest| rest.split_whitespace().next());
        cores.is_some_and(|cores| cores.parse::<u32>().is_ok_and(|cores| cores > 0)) && screen.contains("alive")
    });
    terminal.keys(QUERY);
    terminal.wait("a batch with its phases", |screen| {
        screen.contains("phases of batch 0") && screen.contains("addBatch") && screen.contains(": ")
    });
    terminal.keys(ROUNDS);
    terminal.wait("a round with its steps", |screen| screen.contains("pages") && screen.contains("steps of round"));
    quit(terminal, "l");

    // Another console, with nothing of its own, finds the query at work with its history.
    let other = spark.home(&topic);
    let mut terminal = start(&other, USUAL);
    terminal.wait("the stream runs", |screen| screen.contains("running"));
    terminal.keys(QUERY);
    terminal.wait("the batches of before", |screen| screen.contains("phases of batch 0"));
    quit(terminal, "s");
}

fn start(home: &crate::support::program::Home, size: Size) -> Terminal {
    Terminal::start(home, &["run"], size)
}
