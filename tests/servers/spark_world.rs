//! What the tests of the engine on Spark share: a real Spark, clicks for it, and what must be true when they are counted.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use clicktop::click::Timestamp;
use clicktop::engine::spark::bench;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use serde_json::Value;

use crate::control;
use crate::kafka::Topic;
use crate::server;
use crate::support::HANG;
use crate::support::clicks::{OwnedClick, made};
use crate::support::figures::{self, Figure, Figures, SESSION_TIMEOUT_MS};
use crate::support::program::{Home, Running, stage};

/// One test at a time: they share a server of little memory, and one of them kills it.
static TURN: Mutex<()> = Mutex::new(());

/// The turn of a test.
pub fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A loaded machine starts Spark's parts slowly; each wait is so many times [`HANG`] at most.
pub const PATIENCE: u32 = 4;

/// Where Spark is, and a folder for the tables of one test.
pub struct Spark {
    pub url: String,
    pub root: String,
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
    pub fn batch(&self) -> Figures {
        let rows = answer(bench::batch_figures(&self.url, &self.root, SESSION_TIMEOUT_MS)).expect("figures");
        let figure = |(url, country, clicks, unique_users, avg_time_spent)| {
            ((url, country), Figure { clicks, unique_users, avg_time_spent })
        };
        rows.into_iter().map(figure).collect()
    }

    /// The rows of the table: clicks with their copies, and rejects.
    pub fn stored(&self) -> (usize, usize) {
        let (clicks, rejects) = answer(bench::stored_messages(&self.url, &self.root)).expect("counts");
        (usize::try_from(clicks).expect("few"), usize::try_from(rejects).expect("few"))
    }
}

/// What a call to the cluster brings.
pub fn answer<T>(call: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(call)
}

/// Clicks as a topic gives them: one in a hundred twice, one in a hundred late by hours, and one bad message for every hundred.
pub struct Traffic {
    pub distinct: Vec<OwnedClick>,
    /// The places of the clicks in `distinct`, in the order of their arrival.
    pub order: Vec<usize>,
    pub bad: usize,
}

/// How long the traffic over two midnights is, and where it begins: at eight in the evening.
const SPAN_MS: i64 = 30 * 3_600_000;
const EVENING_MS: i64 = 1_700_078_400_000;
const HOUR_MS: i64 = 3_600_000;

impl Traffic {
    /// Clicks of some hours; those that are late come last.
    pub fn made(seed: u64, count: usize) -> Self {
        let (late, punctual): (Vec<usize>, Vec<usize>) = (0..count).partition(|at| at % 100 == 7);
        Self::arriving(made(seed, count), punctual.into_iter().chain(late))
    }

    /// Clicks over two midnights, of thousands of pages if there are many clicks.
    pub fn over_two_midnights(seed: u64, count: usize) -> Self {
        let mut distinct = made(seed, count);
        let times = || distinct.iter().map(|click| click.timestamp.as_millis());
        let (first, last) = (times().min().unwrap_or(0), times().max().unwrap_or(1));
        let kinds = (count / 400).clamp(1, 110);
        for (at, click) in distinct.iter_mut().enumerate() {
            let since =
                i128::from(click.timestamp.as_millis() - first) * i128::from(SPAN_MS) / i128::from(last - first);
            let since = i64::try_from(since).expect("within the span") / 100 * 100;
            click.timestamp = Timestamp::from_millis(EVENING_MS + since);
            // Some pages have far more clicks than others.
            let share = (at * 7_919 % 1_000) as f64 / 1_000.0;
            click.url = format!("{}#{}", click.url, (share.powi(3) * kinds as f64) as usize);
        }
        let mut arrivals: Vec<(i64, usize)> = distinct
            .iter()
            .enumerate()
            .map(|(at, click)| {
                let late = if at % 100 == 7 { (2 + at as i64 / 100 % 5) * HOUR_MS } else { 0 };
                (click.timestamp.as_millis() + late, at)
            })
            .collect();
        arrivals.sort_unstable();
        Self::arriving(distinct, arrivals.into_iter().map(|(_, at)| at))
    }

    fn arriving(distinct: Vec<OwnedClick>, arrivals: impl Iterator<Item = usize>) -> Self {
        let mut order = Vec::new();
        for (place, at) in arrivals.enumerate() {
            order.push(at);
            if place % 100 == 3 {
                // A copy of a click some way back.
                order.push(order[order.len() * 2 / 3]);
            }
        }
        let bad = distinct.len() / 100;
        Self { distinct, order, bad }
    }

    /// How many messages they are.
    pub fn messages(&self) -> usize {
        self.order.len() + self.bad
    }

    /// Sends the part of all messages from `begin` to `end`, in percent.
    pub fn send(&self, topic: &Topic, begin: usize, end: usize) -> usize {
        let part = |all: usize| all * begin / 100..all * end / 100;
        let producer = topic.producer(&[]);
        let places = &self.order[part(self.order.len())];
        let bad = part(self.bad);
        let messages = places.len() + bad.len();
        for places in places.chunks(10_000) {
            let clicks: Vec<OwnedClick> = places.iter().map(|at| self.distinct[*at].clone()).collect();
            topic.enqueue(&producer, &clicks);
        }
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
    let mut record = BaseRecord::to(topic).key(&key).payload(&payload);
    while let Err((error, back)) = producer.send(record) {
        assert_eq!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
        producer.poll(Duration::from_millis(20));
        record = back;
    }
}

/// Waits for an object, several times as long as usual.
#[track_caller]
pub fn wait(run: &mut Running, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    wait_for(HANG * PATIENCE, run, what, wanted)
}

/// The same, `most` at most.
#[track_caller]
pub fn wait_for(most: Duration, run: &mut Running, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let begin = Instant::now();
    loop {
        // Objects come every second, so this returns often.
        let object = run.await_object(what, |_| true);
        if wanted(&object) {
            eprintln!("{what}: after {:.1} s", begin.elapsed().as_secs_f64());
            return object;
        }
        assert!(begin.elapsed() < most, "no {what}; the last: {object}");
    }
}

/// Everything is in the figures, and in the index.
pub fn drained(clicks: usize) -> impl Fn(&Value) -> bool {
    move |object| {
        let totals = &object["totals"];
        totals["clicks"].as_u64() == Some(clicks as u64)
            && object["lag"] == 0
            && ["stream", "aggregate", "index"].iter().all(|id| stage(object, id)["backlog"] == 0)
            && totals["documents"] == totals["pages"]
    }
}

pub fn is(id: &'static str, state: &'static str) -> impl Fn(&Value) -> bool {
    move |object| stage(object, id)["state"] == state
}

/// The documents of the embedded index.
pub fn documents(home: &Home) -> Figures {
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
pub fn assert_everywhere(home: &Home, spark: &Spark, wanted: &Figures) {
    figures::assert_same("top", &home.top(), wanted);
    figures::assert_same("documents", &documents(home), wanted);
    figures::assert_same("the batch query", &spark.batch(), wanted);
}

#[track_caller]
pub fn end(run: Running) {
    run.signal("TERM");
    let ran = run.end();
    assert!(ran.status.success(), "{ran:?}");
}

/// Gives an order to the servers; the answer.
pub fn tell(order: &str) -> String {
    control::tell(order, HANG * PATIENCE)
}
