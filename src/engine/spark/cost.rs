//! Measures what the engine costs on a real server, in CPU-seconds of the server's processes: they do not depend on what else the machine
//! does, as the wall clock does.
//!
//! ```text
//! CLICKTOP_TEST_SPARK_LONG=1 CLICKTOP_TEST_SPARK_DRIVER_MEMORY=4g scripts/servers --only kafka,spark-local \
//!   cargo test --features spark --lib engine::spark::cost -- --ignored --nocapture
//! ```
//!
//! `CLICKTOP_COST_CLICKS` names the numbers of stored clicks (`200000,2000000`; 0 leaves rounds out), `CLICKTOP_COST_NEW` the new clicks of a round (30000),
//! `CLICKTOP_COST_STREAM` the messages of the streaming query (500000; 0 leaves it out).

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use super::agents::Resolver;
use super::connect::{ConnectOptions, Session, Sql, StreamSource, StreamWrite, Trigger};
use super::connection::Connection;
use super::progress::StreamProgress;
use super::rounds::{RoundReport, Rounds};
use super::sql::{Input, Slices, Tables, WindowSpan, decoder};
use crate::click::{FieldLimits, Format};
use crate::protocol::breakdown::{BreakdownQuestion, Dimension};

const HOUR_MS: i64 = 3_600_000;
/// 2026-01-31T00:00:00Z, and a day.
const BEGIN_MS: i64 = 1_769_817_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Rounds of each size. The first ones warm the server up; the median of all counts.
const ROUNDS: i64 = 5;

/// The server's processes.
struct Server(Vec<u32>);

impl Server {
    /// Those that `scripts/servers` has started for Spark.
    fn find() -> Self {
        let control = std::env::var("CLICKTOP_TEST_CONTROL").expect("scripts/servers sets CLICKTOP_TEST_CONTROL");
        let mut control = UnixStream::connect(control).unwrap();
        control.write_all(b"list\n").unwrap();
        let mut answer = String::new();
        BufReader::new(control).read_line(&mut answer).unwrap();
        let list: serde_json::Value = serde_json::from_str(answer.trim_start_matches("ok ")).unwrap();
        let parts = list.as_object().unwrap().iter().filter(|(name, _)| name.starts_with("spark"));
        let pid = |value: &serde_json::Value| value.as_u64().map(|pid| u32::try_from(pid).unwrap());
        let pids = parts.flat_map(|(_, part)| {
            part["children"].as_array().into_iter().flatten().chain([&part["pid"]]).filter_map(pid).collect::<Vec<_>>()
        });
        Self(pids.collect())
    }

    /// CPU-seconds that they have used so far.
    fn cpu(&self) -> f64 {
        let of = |pid: &u32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let fields: Vec<f64> = stat
                .rsplit_once(')')
                .map(|(_, rest)| rest.split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect())
                .unwrap_or_default();
            // utime and stime, in hundredths of a second on Linux.
            fields.iter().skip(11).take(2).sum::<f64>() / 100.0
        };
        self.0.iter().map(of).sum()
    }
}

/// CPU-seconds and wall time of `work`.
async fn measured<T>(server: &Server, work: impl Future<Output = T>) -> (f64, Duration, T) {
    let (cpu, begin) = (server.cpu(), Instant::now());
    let done = work.await;
    (server.cpu() - cpu, begin.elapsed(), done)
}

fn print(stored: i64, what: &str, cpu: f64, took: Duration, more: &str) {
    eprintln!("| {stored:>9} | {what:<28} | {cpu:>7.1} | {:>7.1} | {more}", took.as_secs_f64());
}

fn numbers(name: &str, default: &str) -> Vec<i64> {
    let text = std::env::var(name).unwrap_or_else(|_| default.to_owned());
    text.split(',').map(|number| number.trim().parse().unwrap_or_else(|_| panic!("{name}: {number}"))).collect()
}

struct Lab {
    session: Session,
    tables: Tables,
    root: String,
}

impl Lab {
    async fn new(url: &str, root: String) -> Self {
        let tables = Tables::new(root.parse().unwrap(), Slices::of_minutes(60), 1_800_000);
        let session =
            Connection::new(url.parse().unwrap(), ConnectOptions::default(), root.clone()).session().await.unwrap();
        for statement in tables.setup() {
            session.command(statement).await.unwrap();
        }
        Self { session, tables, root }
    }

    /// Clicks in which few users and few pages have most: up to 300,000 users, 20,000 urls and six countries.
    async fn add(&self, seed: i64, count: i64, begin: i64, span: i64) {
        self.add_by(seed, count, begin, span, "'Firefox', 'Linux', 'desktop'", "NULL").await;
    }

    /// The same with SQL for browser, system and device, and for the user agent; `u` is a random number from 0 to 1.
    async fn add_by(&self, seed: i64, count: i64, begin: i64, span: i64, software: &str, agent: &str) {
        let sql = format!(
            "INSERT INTO delta.`{root}/clicks` SELECT CAST(floor(ts / {HOUR_MS}) AS INT), ts, concat('c', {seed}, '-', id), \
             concat('user-', CAST(floor(300000 * pow(u, 1.5)) AS BIGINT)), concat('/section/page-', CAST(floor(20000 * pow(p, 3)) AS BIGINT)), \
             get(array('FR', 'DE', 'US', 'GB', 'NL', 'ES'), CAST(floor(6 * c * c) AS INT)), 'Paris', {software}, \
             't', 0, {seed}L * 100000000L + id, timestamp_millis(ts), NULL, NULL, {agent} \
             FROM (SELECT id, {begin}L + CAST(rand({seed}) * {span} AS BIGINT) AS ts, rand({seed} + 1) AS u, rand({seed} + 2) AS p, \
             rand({seed} + 3) AS c FROM range(0, {count}, 1, 4))",
            root = self.root
        );
        self.session.command(sql).await.unwrap();
    }

    async fn round(&self) -> RoundReport {
        let rounds = Rounds { session: &self.session, tables: &self.tables };
        let standing = rounds.standing().await.unwrap();
        let report = rounds.run(standing, |_| {}).await.unwrap();
        let from = standing.figures.unwrap_or(-1);
        let mut rows = self.session.rows(self.tables.changed_figures(from, standing.newest));
        let mut figures = 0;
        while let Some(batch) = rows.next().await.unwrap() {
            figures += batch.num_rows() as u64;
        }
        rounds.note(standing.newest, &report, figures).await.unwrap();
        report
    }

    async fn batch(&self) {
        let rounds = Rounds { session: &self.session, tables: &self.tables };
        let newest = rounds.standing().await.unwrap().newest;
        let mut rows = self.session.rows(self.tables.batch(newest));
        while rows.next().await.unwrap().is_some() {}
    }
}

#[tokio::test]
#[ignore = "measures for minutes"]
async fn what_rounds_the_batch_query_and_the_stream_cost() {
    let url = std::env::var("CLICKTOP_TEST_SPARK").expect("scripts/servers sets CLICKTOP_TEST_SPARK");
    let roots = std::env::var("CLICKTOP_TEST_SPARK_ROOT").expect("scripts/servers sets CLICKTOP_TEST_SPARK_ROOT");
    let server = Server::find();
    let new = numbers("CLICKTOP_COST_NEW", "30000").first().copied().unwrap_or(0);
    eprintln!("|    stored | what                         |   CPU-s |  wall s |");
    eprintln!("|-----------|------------------------------|---------|---------|");
    for stored in numbers("CLICKTOP_COST_CLICKS", "200000,2000000").into_iter().filter(|stored| *stored > 0) {
        let lab = Lab::new(&url, format!("{roots}/cost-{}", uuid::Uuid::new_v4().simple())).await;
        lab.add(1, stored, BEGIN_MS, DAY_MS).await;
        let (cpu, took, _) = measured(&server, lab.round()).await;
        print(stored, "first round", cpu, took, "");
        let (cpu, took, ()) = measured(&server, lab.batch()).await;
        print(stored, "batch query", cpu, took, "");
        let mut costs = Vec::new();
        for round in 0..ROUNDS {
            lab.add(2 + round, new, BEGIN_MS + DAY_MS + round * 60_000, 300_000).await;
            let (cpu, took, report) = measured(&server, lab.round()).await;
            let steps: Vec<String> =
                report.steps.iter().map(|(step, took)| format!("{step} {:.1} s", took.as_secs_f64())).collect();
            print(stored, &format!("round after {new} new clicks"), cpu, took, &steps.join(", "));
            costs.push((cpu, took));
        }
        costs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((cpu, took)) = costs.get(costs.len() / 2) {
            print(stored, "median of these rounds", *cpu, *took, "");
        }
        lab.session.clone().release().await.unwrap();
    }
    let messages = numbers("CLICKTOP_COST_STREAM", "500000").first().copied().unwrap_or(0);
    if messages > 0 {
        stream(&server, &url, &roots, u64::try_from(messages).unwrap()).await;
    }
}

/// With 1,000 user agents: the step of a round that looks for new ones, and breakdowns with what they tell, beside those of clicks that have
/// browser, system and device of their own.
#[tokio::test]
#[ignore = "measures for minutes"]
async fn what_user_agents_cost() {
    let url = std::env::var("CLICKTOP_TEST_SPARK").expect("scripts/servers sets CLICKTOP_TEST_SPARK");
    let roots = std::env::var("CLICKTOP_TEST_SPARK_ROOT").expect("scripts/servers sets CLICKTOP_TEST_SPARK_ROOT");
    let server = Server::find();
    let stored = numbers("CLICKTOP_COST_CLICKS", "200000").first().copied().unwrap_or(0);
    let agent = "concat('Mozilla/5.0 (X11; Linux x86_64; rv:', CAST(floor(u * 1000) AS INT), '.0) Gecko/20100101 Firefox/128.0')";
    for (what, software, agent) in
        [("own fields", "'Firefox', 'Linux', 'desktop'", "NULL"), ("user agents", "NULL, NULL, NULL", agent)]
    {
        let lab = Lab::new(&url, format!("{roots}/cost-{}", uuid::Uuid::new_v4().simple())).await;
        let mut agents = Resolver::new(4096);
        let newest = async || {
            let rounds = Rounds { session: &lab.session, tables: &lab.tables };
            rounds.standing().await.unwrap().newest
        };
        lab.add_by(1, stored, BEGIN_MS, DAY_MS, software, agent).await;
        lab.round().await;
        let to = newest().await;
        let (cpu, took, done) = measured(&server, agents.resolve(&lab.session, &lab.tables, to)).await;
        print(stored, &format!("{what}: the first step"), cpu, took, &format!("{} new", done.unwrap().agents));
        for round in 0..ROUNDS {
            lab.add_by(2 + round, 30_000, BEGIN_MS + DAY_MS + round * 60_000, 300_000, software, agent).await;
            let (cpu, took, _) = measured(&server, lab.round()).await;
            print(stored, &format!("{what}: a round"), cpu, took, "30000 new clicks");
            let to = newest().await;
            let (cpu, took, done) = measured(&server, agents.resolve(&lab.session, &lab.tables, to)).await;
            print(stored, &format!("{what}: its step"), cpu, took, &format!("{} new", done.unwrap().agents));
        }
        let span = WindowSpan { version: newest().await, after: BEGIN_MS - 1, end: BEGIN_MS + 2 * DAY_MS };
        for by in [Dimension::Country, Dimension::Browser, Dimension::Browser, Dimension::Browser, Dimension::Country] {
            let question = BreakdownQuestion { by, ..BreakdownQuestion::default() };
            let statement = lab.tables.breakdown(span, &question, 100);
            let (cpu, took, rows) = measured(&server, lab.session.rows(statement).all(1000)).await;
            let rows: usize = rows.unwrap().iter().map(|batch| batch.num_rows()).sum();
            print(stored, &format!("{what}: by {}", by.name()), cpu, took, &format!("{rows} rows"));
        }
        lab.session.clone().release().await.unwrap();
    }
}

/// Messages of Kafka into the table, by the streaming query.
async fn stream(server: &Server, url: &str, roots: &str, messages: u64) {
    let brokers = std::env::var("CLICKTOP_TEST_KAFKA").expect("scripts/servers sets CLICKTOP_TEST_KAFKA");
    let topic = format!("cost-{}", uuid::Uuid::new_v4().simple());
    produce(&brokers, &topic, messages).await;
    let lab = Lab::new(url, format!("{roots}/{topic}")).await;
    let options = [
        ("kafka.bootstrap.servers", brokers),
        ("subscribe", topic.clone()),
        ("startingOffsets", "earliest".to_owned()),
        ("maxOffsetsPerTrigger", "100000".to_owned()),
    ];
    let options = options.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
    lab.session.streaming_view("kafka_messages", StreamSource { format: "kafka".to_owned(), options }).await.unwrap();
    let write = StreamWrite {
        sql: Sql::new(decoder(Format::Auto, FieldLimits::default(), Slices::of_minutes(60), Input::Plain).query),
        observe: None,
        only: None,
        format: "delta".to_owned(),
        path: format!("{}/clicks", lab.root),
        checkpoint: format!("{}/checkpoint", lab.root),
        partition_by: vec!["slice".to_owned()],
        options: Vec::new(),
        trigger: Trigger::Every(Duration::from_millis(100)),
        name: topic,
    };
    let (cpu, took, batches) = measured(server, async {
        let run = lab.session.start_query(write).await.unwrap();
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let recent = lab.session.recent_progress(run).await.unwrap();
            let reports: Vec<_> = recent.iter().map(|report| StreamProgress::parse(report).unwrap()).collect();
            if reports.iter().map(|report| report.messages).sum::<u64>() >= messages {
                lab.session.stop_query(run).await.unwrap();
                return reports.into_iter().filter(|report| report.messages > 0).count();
            }
        }
    })
    .await;
    let more = format!(
        "{:.0} messages/s, {:.1} CPU-s for each million, {batches} micro-batches",
        messages as f64 / took.as_secs_f64(),
        cpu * 1e6 / messages as f64
    );
    print(0, &format!("stream of {messages} messages"), cpu, took, &more);
    lab.session.clone().release().await.unwrap();
}

/// Sends the messages to a new topic of four partitions.
async fn produce(brokers: &str, topic: &str, messages: u64) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("linger.ms", "50").set("compression.type", "lz4");
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    let new = NewTopic::new(topic, 4, TopicReplication::Fixed(1));
    let made = admin.create_topics([&new], &AdminOptions::new()).await.unwrap();
    made.into_iter().for_each(|made| drop(made.unwrap()));
    let producer: BaseProducer = config.create().unwrap();
    for id in 0..messages {
        let second = BEGIN_MS / 1000 + i64::try_from(id % 86_400).unwrap();
        let (user, page) = (id * 7919 % 30_011, id * 31 % 2_003);
        let line = format!("c{id},user-{user},{second},/section/page-{page},FR,Paris,Firefox,Linux,desktop");
        let key = user.to_string();
        let mut record = BaseRecord::to(topic).key(&key).payload(&line);
        while let Err((error, back)) = producer.send(record) {
            assert_eq!(error.rdkafka_error_code(), Some(rdkafka::types::RDKafkaErrorCode::QueueFull), "{error}");
            producer.poll(Duration::from_millis(50));
            record = back;
        }
    }
    producer.flush(Duration::from_secs(60)).unwrap();
}
