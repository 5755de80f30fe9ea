//! The figures of the engine on Spark, row by row: against the batch query, the local engine, the documents in a real Elasticsearch, and a
//! plain computation over the clicks that were sent.

use std::path::Path;
use std::time::{Duration, Instant};

use rdkafka::producer::{BaseRecord, Producer as _};

use crate::engine::Engine;
use crate::kafka::{Kafka, Topic};
use crate::spark_world::{Spark, Traffic, drained, end, turn, wait_for};
use crate::support::HANG;
use crate::support::figures::{self, Figures};
use crate::support::program::{Home, stage};

/// The number of clicks of the long run, if it is not to be two millions.
const CLICKS: &str = "CLICKTOP_SPARK_EQUALITY_CLICKS";

/// Enough for the long run on a loaded machine.
const MOST: Duration = Duration::from_secs(3 * 3600);

#[test]
fn spark_equals_everything_else_over_two_midnights() {
    over_two_midnights(20_000);
}

/// Takes half an hour and more: `scripts/spark-tests --equality`.
#[test]
#[ignore = "long: scripts/spark-tests --equality runs it"]
fn spark_equals_everything_else_over_two_million_clicks() {
    let clicks = std::env::var(CLICKS).ok().map_or(2_000_000, |clicks| clicks.parse().expect("a number of clicks"));
    over_two_midnights(clicks);
}

fn over_two_midnights(count: usize) {
    let (Some(kafka), Some(spark)) = (Kafka::plain(), Spark::find()) else { return };
    let _turn = turn();
    let topic = kafka.topic(3);
    let traffic = Traffic::over_two_midnights(1501, count);
    let clicks = traffic.distinct.len();
    let engine = Engine::elasticsearch();
    let home = with_index(spark.home(&topic).with("CLICKTOP_SPARK__LEAVE_RUNNING", "false"), engine.as_ref());

    let begin = Instant::now();
    let mut run = home.start(&["run", "--headless"]);
    let mut sent = 0;
    // Each part but the first is counted on top of what is counted already.
    for (from, to) in [(0, 50), (50, 80), (80, 100)] {
        sent += traffic.send(&topic, from, to);
        wait_for(MOST, &mut run, "the part is counted", |object| {
            let aggregate = stage(object, "aggregate");
            object["totals"]["ingested"].as_u64() == Some(sent as u64) && aggregate["backlog"] == 0
        });
    }
    let last = wait_for(MOST, &mut run, "everything is indexed", drained(clicks));
    assert_eq!(last["totals"]["rejected"].as_u64(), Some(traffic.bad as u64), "{last}");
    assert_eq!(last["partitions"].as_array().map(Vec::len), Some(3), "{last}");
    end(run);
    let took = begin.elapsed().as_secs_f64();
    assert_eq!(spark.stored(), (traffic.order.len(), traffic.bad), "rows of the table");

    let wanted = by_the_local_engine(&topic, clicks);
    figures::assert_same("the local engine", &wanted, &figures::of_clicks(&traffic.distinct));
    assert_all(&home, &spark, engine.as_ref(), &wanted);
    println!(
        "equal: {clicks} clicks in {} messages, {} rejects, {} pages; {took:.0} s",
        traffic.messages(),
        traffic.bad,
        wanted.len()
    );
}

#[test]
fn spark_equals_everything_else_on_real_clicks() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let Ok(clicks) = std::fs::read_to_string(data.join("real-clicks.csv")) else {
        return println!("skipped: no real-clicks.csv in {}", data.display());
    };
    let (Some(kafka), Some(spark)) = (Kafka::plain(), Spark::find()) else { return };
    let _turn = turn();
    let expected = figures::of_csv(&data.join("real-clicks.expected.csv"));
    let count = expected.values().map(|figure| usize::try_from(figure.clicks).expect("few")).sum();

    let topic = kafka.topic(2);
    let producer = topic.producer(&[]);
    for line in clicks.lines() {
        let user = line.split(',').nth(1).expect("a user");
        let record = BaseRecord::to(&topic.name).key(user).payload(line);
        producer.send(record).map_err(|(error, _)| error).expect("room in the queue");
    }
    producer.flush(HANG).expect("sent");

    let engine = Engine::elasticsearch();
    let home = with_index(spark.home(&topic).with("CLICKTOP_SPARK__LEAVE_RUNNING", "false"), engine.as_ref());
    let mut run = home.start(&["run", "--headless"]);
    wait_for(MOST, &mut run, "everything is indexed", drained(count));
    end(run);
    figures::assert_same("the local engine", &by_the_local_engine(&topic, count), &expected);
    assert_all(&home, &spark, engine.as_ref(), &expected);
    println!("equal: {count} real clicks, {} pages", expected.len());
}

/// `home` with the index of Elasticsearch, if there is one.
fn with_index(home: Home, engine: Option<&Engine>) -> Home {
    match engine {
        Some(engine) => engine.in_home(home),
        None => home,
    }
}

/// What the local engine makes of the topic.
fn by_the_local_engine(topic: &Topic, clicks: usize) -> Figures {
    let home = topic.home();
    let mut run = home.start(&["run", "--headless"]);
    wait_for(MOST, &mut run, "the local engine is through", crate::kafka::through(clicks));
    end(run);
    home.top()
}

fn assert_all(home: &Home, spark: &Spark, engine: Option<&Engine>, wanted: &Figures) {
    figures::assert_same("top", &home.top(), wanted);
    figures::assert_same("the batch query", &spark.batch(), wanted);
    match engine {
        Some(engine) => figures::assert_same("Elasticsearch", &engine.figures(), wanted),
        None => figures::assert_same("documents", &crate::spark_world::documents(home), wanted),
    }
}
