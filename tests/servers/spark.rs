//! `run` with `engine = "spark"` on a real Spark and a real Kafka: the same figures as the local engine and as the batch query.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use serde_json::Value;

use crate::kafka::{Kafka, Topic, through};
use crate::server;
use crate::support::HANG;
use crate::support::clicks::{OwnedClick, made};
use crate::support::figures::{self, Figure, Figures, SESSION_TIMEOUT_MS};
use crate::support::program::{Home, Running, stage};

/// One test at a time: they share a server of little memory, and one of them kills it.
pub static TURN: Mutex<()> = Mutex::new(());

/// A loaded machine starts Spark's parts slowly; each wait is so many times [`HANG`] at most.
const PATIENCE: u32 = 4;

/// Where Spark is, and a folder for the tables of one test.
pub struct Spark {
    url: String,
    root: String,
}

impl Spark {
    pub fn find() -> Option<Self> {
        let (url, roots) = (server("CLICKTOP_TEST_SPARK")?, server("CLICKTOP_TEST_SPARK_ROOT")?);
        Some(Self { url, root: format!("{roots}/{}", uuid::Uuid::new_v4().simple()) })
    }

    /// A home whose clicktop reads `topic` on this Spark.
    pub fn home(&self, topic: &Topic) -> Home {
        topic
            .home()
            .with("CLICKTOP_ENGINE", "spark")
            .with("CLICKTOP_SPARK__URL", &self.url)
            .with("CLICKTOP_SPARK__ROOT", &self.root)
            .with("CLICKTOP_SPARK__TRIGGER", "1 s")
            .with("CLICKTOP_SPARK__INTERVAL", "1 s")
            .with("CLICKTOP_SHUTDOWN_TIMEOUT", "90 s")
    }

    /// By the batch query over all clicks in the tables.
    fn batch(&self) -> Figures {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let asked = clicktop::engine::spark::bench::batch_figures(&self.url, &self.root, SESSION_TIMEOUT_MS);
        let rows = runtime.block_on(asked).expect("figures");
        let figure = |(url, country, clicks, unique_users, avg_time_spent)| {
            ((url, country), Figure { clicks, unique_users, avg_time_spent })
        };
        rows.into_iter().map(figure).collect()
    }
}

/// Clicks over midnight as a topic gives them: one in a hundred twice, one in a hundred late by hours, and one bad message for every
/// hundred.
pub struct Traffic {
    distinct: Vec<OwnedClick>,
    order: Vec<OwnedClick>,
    bad: usize,
}

impl Traffic {
    pub fn made(seed: u64, count: usize) -> Self {
        let distinct = made(seed, count);
        let is_late = |at: &usize| at % 100 == 7;
        let (late, punctual): (Vec<usize>, Vec<usize>) = (0..count).partition(is_late);
        let mut order: Vec<OwnedClick> = Vec::new();
        for at in punctual.into_iter().chain(late) {
            order.push(distinct[at].clone());
            if at % 100 == 3 {
                // A copy of a click some way back.
                order.push(distinct[at * 2 / 3].clone());
            }
        }
        Self { distinct, order, bad: count / 100 }
    }

    /// Sends the part of all messages from `begin` to `end`, in percent.
    pub fn send(&self, topic: &Topic, begin: usize, end: usize) -> usize {
        let part = |all: usize| all * begin / 100..all * end / 100;
        let producer = topic.producer(&[]);
        let clicks = &self.order[part(self.order.len())];
        let bad = part(self.bad);
        let messages = clicks.len() + bad.len();
        topic.enqueue(&producer, clicks);
        for at in bad {
            send_bad(&producer, &topic.name, at);
        }
        producer.flush(HANG).expect("sent");
        messages
    }
}

fn send_bad(producer: &BaseProducer, topic: &str, at: usize) {
    let key = format!("bad {at}");
    let payload = match at % 3 {
        0 => "no,click".to_owned(),
        1 => format!("{{\"click_id\": {at}"),
        _ => "a,b,yesterday,/,US,x,y,z,w".to_owned(),
    };
    producer.send(BaseRecord::to(topic).key(&key).payload(&payload)).map_err(|(error, _)| error).expect("sent");
}

/// Waits for an object, several times as long as usual.
#[track_caller]
fn wait(run: &mut Running, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let begin = Instant::now();
    loop {
        // Objects come every second, so this returns often.
        let object = run.await_object(what, |_| true);
        if wanted(&object) {
            eprintln!("{what}: after {:.1} s", begin.elapsed().as_secs_f64());
            return object;
        }
        assert!(begin.elapsed() < HANG * PATIENCE, "no {what}; the last: {object}");
    }
}

/// Everything is in the figures, and in the index.
fn drained(clicks: usize) -> impl Fn(&Value) -> bool {
    move |object| {
        let totals = &object["totals"];
        totals["clicks"].as_u64() == Some(clicks as u64)
            && object["lag"] == 0
            && ["stream", "aggregate", "index"].iter().all(|id| stage(object, id)["backlog"] == 0)
            && totals["documents"] == totals["pages"]
    }
}

fn is(id: &'static str, state: &'static str) -> impl Fn(&Value) -> bool {
    move |object| stage(object, id)["state"] == state
}

/// The documents of the embedded index.
fn documents(home: &Home) -> Figures {
    let database = rusqlite::Connection::open(home.data().join("search.db")).expect("an index");
    let query = "SELECT url, country, clicks, unique_users, avg_time_spent FROM pages JOIN urls ON urls.id = url_id";
    let mut select = database.prepare(query).expect("a query");
    let rows = select.query_map([], |row| {
        let figure = Figure { clicks: row.get(2)?, unique_users: row.get(3)?, avg_time_spent: row.get(4)? };
        Ok(((row.get(0)?, row.get(1)?), figure))
    });
    rows.expect("rows").collect::<Result<_, _>>().expect("documents")
}

#[track_caller]
fn assert_everywhere(home: &Home, spark: &Spark, wanted: &Figures) {
    figures::assert_same("top", &home.top(), wanted);
    figures::assert_same("documents", &documents(home), wanted);
    figures::assert_same("the batch query", &spark.batch(), wanted);
}

#[track_caller]
fn end(run: Running) {
    run.signal("TERM");
    let ran = run.end();
    assert!(ran.status.success(), "{ran:?}");
}

/// Gives an order to the servers; the answer.
fn tell(order: &str) -> String {
    let path = std::env::var("CLICKTOP_TEST_CONTROL").expect("scripts/servers sets it");
    let mut control = UnixStream::connect(path).expect("the control");
    control.set_read_timeout(Some(HANG * PATIENCE)).expect("a limit");
    control.write_all(format!("{order}\n").as_bytes()).expect("taken");
    let mut answer = String::new();
    BufReader::new(control).read_line(&mut answer).expect("an answer");
    assert!(answer.starts_with("ok"), "{order}: {answer}");
    answer
}

#[test]
fn spark_gives_the_figures_of_the_local_engine_and_of_the_batch_query() {
    let (Some(kafka), Some(spark)) = (Kafka::plain(), Spark::find()) else { return };
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let topic = kafka.topic(3);
    let traffic = Traffic::made(1301, 6_000);
    let first = traffic.send(&topic, 0, 60);

    let home = spark.home(&topic).with("CLICKTOP_SPARK__LEAVE_RUNNING", "false");
    let mut run = home.start(&["run", "--headless"]);
    wait(&mut run, "the stream runs", is("stream", "running"));
    wait(&mut run, "the first part is stored", |object| object["totals"]["ingested"].as_u64() == Some(first as u64));
    let all = first + traffic.send(&topic, 60, 100);
    let last = wait(&mut run, "everything is counted", drained(traffic.distinct.len()));
    assert_eq!(last["totals"]["ingested"].as_u64(), Some(all as u64), "{last}");
    assert_eq!(last["totals"]["rejected"].as_u64(), Some(traffic.bad as u64), "{last}");
    assert_eq!(last["partitions"].as_array().map(Vec::len), Some(3), "{last}");
    end(run);

    let local = topic.home();
    let mut run = local.start(&["run", "--headless"]);
    run.await_object("everything indexed", through(traffic.distinct.len()));
    end(run);
    let wanted = local.top();
    figures::assert_same("the local engine", &wanted, &figures::of_clicks(&traffic.distinct));
    assert_everywhere(&home, &spark, &wanted);
}

#[test]
fn spark_loses_and_doubles_nothing_when_console_and_server_are_killed() {
    let (Some(kafka), Some(spark)) = (Kafka::plain(), Spark::find()) else { return };
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let topic = kafka.topic(3);
    let traffic = Traffic::made(1302, 6_000);
    let wanted = figures::of_clicks(&traffic.distinct);
    traffic.send(&topic, 0, 40);

    // kill -9 of the console in the middle of its first round. The query goes on without it.
    let home = spark.home(&topic);
    let mut run = home.start(&["run", "--headless"]);
    wait(&mut run, "the first clicks are stored", |object| object["totals"]["stored"].as_u64() > Some(0));
    std::thread::sleep(Duration::from_secs(2));
    run.kill_9();
    traffic.send(&topic, 40, 70);
    let mut run = home.start(&["run", "--headless"]);
    wait(&mut run, "the next console finds the query", is("stream", "running"));
    wait(&mut run, "nothing waits", |object| {
        object["lag"] == 0 && stage(object, "aggregate")["backlog"] == 0 && stage(object, "index")["backlog"] == 0
    });

    // kill -9 of the Connect server, and with it of the query, while there is work.
    traffic.send(&topic, 70, 90);
    wait(&mut run, "the stream works", |object| object["totals"]["stored"].as_u64() > Some(0));
    tell("kill spark-connect");
    traffic.send(&topic, 90, 100);
    wait(&mut run, "the stream tells of its trouble", is("stream", "backing_off"));
    tell("start spark-connect");
    wait(&mut run, "everything is counted", drained(traffic.distinct.len()));
    end(run);
    assert_everywhere(&home, &spark, &wanted);

    // A quit leaves the query at work; a console with its own data directory finds it, and brings the figures home.
    let other = spark.home(&topic).with("CLICKTOP_SPARK__LEAVE_RUNNING", "false");
    let mut run = other.start(&["run", "--headless"]);
    wait(&mut run, "another console has the figures", drained(traffic.distinct.len()));
    end(run);
    assert_everywhere(&other, &spark, &wanted);
}
