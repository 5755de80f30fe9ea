//! What the tests of the engine on Spark share: a real Spark, clicks for it, and what must be true when they are counted.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use clicktop::engine::spark::bench;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use serde_json::Value;

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

/// Clicks over midnight as a topic gives them: one in a hundred twice, one in a hundred late by hours, and one bad message for every
/// hundred.
pub struct Traffic {
    pub distinct: Vec<OwnedClick>,
    pub order: Vec<OwnedClick>,
    pub bad: usize,
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
pub fn wait(run: &mut Running, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
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
    let path = std::env::var("CLICKTOP_TEST_CONTROL").expect("scripts/servers sets it");
    let mut control = UnixStream::connect(path).expect("the control");
    control.set_read_timeout(Some(HANG * PATIENCE)).expect("a limit");
    control.write_all(format!("{order}\n").as_bytes()).expect("taken");
    let mut answer = String::new();
    BufReader::new(control).read_line(&mut answer).expect("an answer");
    assert!(answer.starts_with("ok"), "{order}: {answer}");
    answer
}
