//! The same clicks and rejects in the tables of the cluster and in a database of the local engine.

use std::sync::Arc;

use arrow_array::{Int64Array, StringArray};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;

use crate::click::{Click, ClickBatch, Timestamp};
use crate::engine::local::stages::aggregate;
use crate::engine::spark::agents::Resolver;
use crate::engine::spark::answers::asking::{Asked, Cluster, NoAnswer, Tell};
use crate::engine::spark::connect::{ConnectOptions, Sql, column};
use crate::engine::spark::connection::Connection;
use crate::engine::spark::sql::{Slices, Tables};
use crate::storage::figures::AggregateSettings;
use crate::storage::{ComputedFigures, IngestBatch, Reader, Reject, Storage, StorageOptions};

pub(super) const TIMEOUT_MS: i64 = 1_800_000;
const SETTINGS: AggregateSettings = AggregateSettings { session_timeout_ms: TIMEOUT_MS, recent_clicks: 1000 };
const HOUR_MS: i64 = 3_600_000;

/// Texts that end a quotation, steer a terminal, or look like something else.
pub(super) const HOSTILE: [&str; 22] = [
    "/plain",
    "/it's",
    "/\"quoted\"",
    "/back\\slash\\",
    "/tick`s``",
    "/:url :first_id :country",
    "/new\nline\r\n",
    "/emoji 👩\u{200d}🔬",
    "/nul\0 inside",
    "/escape \u{1b}[31m\u{7}\u{9b}2J",
    "/{{root}} {{from}}",
    "/' OR '1'='1",
    "/'; DROP TABLE clicks; --",
    "/* comment */",
    "-- comment",
    "/percent%_under",
    "/$1 \\1 $0",
    "/right\u{202e}to left",
    "/combined e\u{301} \u{feff}",
    "/\u{10ffff}\u{e000}",
    "/UPPER lower \u{130}\u{df}",
    "CAST(X'00' AS STRING)",
];

/// Browser, system and device of a click.
#[derive(Clone, Copy)]
struct Software {
    /// What the event says. What is missing comes from the user agent.
    given: [Option<&'static str>; 3],
    agent: Option<&'static str>,
    /// What the local engine stores.
    stored: [&'static str; 3],
}

/// With a browser, a system or a device in common.
const SOFTWARE: [Software; 8] = [
    given(["Firefox", "Linux", "desktop"]),
    given(["Firefox", "Android", "mobile"]),
    given(["it's", "Android", "mobile"]),
    given(["unknown", "unknown", "unknown"]),
    Software {
        given: [None, None, Some("desktop")],
        agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
        stored: ["Firefox", "Linux", "desktop"],
    },
    Software {
        given: [None, Some("unknown"), None],
        agent: Some("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
        stored: ["Googlebot", "unknown", "bot"],
    },
    Software { given: [None; 3], agent: Some("it's \\ nothing known\n"), stored: ["unknown"; 3] },
    Software {
        given: [None, Some("it's"), None],
        agent: Some("another of which nothing is known"),
        stored: ["unknown", "it's", "unknown"],
    },
];

const fn given([browser, os, device]: [&'static str; 3]) -> Software {
    Software { given: [Some(browser), Some(os), Some(device)], agent: None, stored: [browser, os, device] }
}

#[derive(Clone)]
struct Made {
    click_id: String,
    user: String,
    time: i64,
    url: String,
    country: String,
    city: String,
    software: Software,
}

/// Both engines with the same clicks.
pub(super) struct Lab {
    pub(super) cluster: Cluster,
    local: Storage,
    root: String,
    pub(super) now: i64,
    _folders: [tempfile::TempDir; 3],
}

impl Lab {
    /// Tables without a row; `None` and a line if there is no server.
    pub(super) async fn empty() -> Option<Self> {
        let Ok(url) = std::env::var("CLICKTOP_TEST_SPARK") else {
            eprintln!("skipped: CLICKTOP_TEST_SPARK is not set; it names a Spark Connect server, sc://host:port");
            return None;
        };
        let folders = [0; 3].map(|_| tempfile::tempdir().unwrap());
        let root = folders[0].path().display().to_string();
        let tables = Tables::new(root.parse().unwrap(), Slices::of_minutes(60), TIMEOUT_MS);
        let open = |at: usize| Storage::open(folders[at].path(), StorageOptions::default()).unwrap();
        let seed = uuid::Uuid::new_v4().to_string();
        let cluster = Cluster {
            connection: Connection::new(url.parse().unwrap(), ConnectOptions::default(), seed),
            tables: Arc::new(tables),
            storage: Arc::new(open(1)),
            swept: tokio::sync::OnceCell::new(),
        };
        let local = open(2);
        Some(Self { cluster, local, root, now: Timestamp::now().as_millis(), _folders: folders })
    }

    /// Clicks of many users over some hours up to now: some twice, some late, some at one moment, some ahead of the clock.
    pub(super) async fn with_clicks(seed: u64, count: usize) -> Option<Self> {
        let lab = Self::empty().await?;
        lab.create().await;
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut clicks: Vec<Made> = Vec::new();
        for at in 0..count {
            if random.random_ratio(1, 50) && !clicks.is_empty() {
                let copy = clicks[random.random_range(0..clicks.len())].clone();
                clicks.push(copy);
                continue;
            }
            let back = match random.random_range(0..10) {
                0 => random.random_range(0..60_000),
                1..=3 => random.random_range(0..300_000),
                4..=7 => random.random_range(0..2 * HOUR_MS),
                8 => random.random_range(0..50 * HOUR_MS),
                // Ahead of the clock, for as long as the test takes.
                _ if random.random_ratio(1, 4) => -random.random_range(HOUR_MS..3 * HOUR_MS),
                _ => random.random_range(0..2 * HOUR_MS) / 60_000 * 60_000,
            };
            let url = random.random_range(0..HOSTILE.len() + 10);
            clicks.push(Made {
                click_id: format!("click-{seed}-{at}"),
                user: format!("user {}", random.random_range(0..60)),
                time: lab.now - back,
                url: HOSTILE.get(url).map_or_else(|| format!("/page/{url}"), |url| (*url).to_owned()),
                country: ["FR", "DE", "it's"][random.random_range(0..3)].to_owned(),
                city: HOSTILE[random.random_range(0..HOSTILE.len())].to_owned(),
                software: SOFTWARE[random.random_range(0..SOFTWARE.len())],
            });
        }
        lab.store(&clicks);
        lab.send(&clicks).await;
        lab.resolve().await;
        lab.bring_home().await;
        Some(lab)
    }

    /// Creates the tables.
    pub(super) async fn create(&self) {
        for statement in self.cluster.tables.setup() {
            self.command(statement).await;
        }
    }

    async fn command(&self, sql: impl Into<Sql>) {
        let session = self.cluster.connection.session().await.unwrap();
        session.set(&[("spark.sql.shuffle.partitions", "2")]).await.unwrap();
        session.command(sql).await.unwrap();
    }

    fn store(&self, clicks: &[Made]) {
        let mut batch = ClickBatch::default();
        for click in clicks {
            batch.push(&Click {
                click_id: &click.click_id,
                user_id: &click.user,
                timestamp: Timestamp::from_millis(click.time),
                url: &click.url,
                country: &click.country,
                city: &click.city,
                browser: click.software.stored[0],
                os: click.software.stored[1],
                device: click.software.stored[2],
            });
        }
        self.local.store(&IngestBatch { clicks: batch, ..IngestBatch::default() }).unwrap();
        aggregate::rebuild(&self.local, SETTINGS, |_| {}).unwrap();
    }

    async fn send(&self, clicks: &[Made]) {
        for (part, clicks) in clicks.chunks(1000).enumerate() {
            let rows: Vec<_> = clicks
                .iter()
                .map(|c| json!({"i": c.click_id, "u": c.user, "t": c.time, "l": c.url, "c": c.country, "p": c.city, "a": c.software.given, "g": c.software.agent}))
                .collect();
            let sql = format!(
                "INSERT INTO delta.`{}/clicks` SELECT CAST(floor(r.t / {HOUR_MS}) AS INT), r.t, r.i, r.u, r.l, r.c, r.p, r.a[0], r.a[1], \
                 r.a[2], 't', CAST(at % 3 AS INT), CAST({part} * 1000 + at AS BIGINT), current_timestamp(), NULL, NULL, r.g \
                 FROM (SELECT posexplode(from_json(:rows, 'ARRAY<STRUCT<i STRING, u STRING, t BIGINT, l STRING, c STRING, p STRING, a ARRAY<STRING>, g STRING>>')) AS (at, r))",
                self.root
            );
            self.command(Sql::new(sql).bind("rows", serde_json::to_string(&rows).unwrap())).await;
        }
    }

    /// Adds what the user agents tell, as the stage aggregate does.
    async fn resolve(&self) {
        let session = self.cluster.connection.session().await.unwrap();
        let to = self.asked().await.version(&self.cluster.tables).await.unwrap().unwrap();
        let resolved = Resolver::new(4096).resolve(&session, &self.cluster.tables, to).await.unwrap();
        assert!(resolved.is_done);
    }

    /// Clicks of the last 20 hours, a hundredth as many rejects, and the figures.
    pub(super) async fn generate(&self, clicks: i64) {
        let (root, now) = (&self.root, self.now);
        self.command(format!(
            "INSERT INTO delta.`{root}/clicks` SELECT CAST(floor(ts / {HOUR_MS}) AS INT), ts, concat('click-', id), concat('user ', id * 7919 % 50021), \
             concat('/', CAST(pow(id * 31 % 1009, 1.1) AS BIGINT)), get(array('FR', 'DE', 'US', 'IT'), CAST(id % 4 AS INT)), 'somewhere', 'x', 'x', 'x', \
             't', CAST(id % 3 AS INT), id, timestamp_millis(ts), NULL, NULL, NULL \
             FROM (SELECT id, {now} - (id * 7727) % (20 * {HOUR_MS}) AS ts FROM range({clicks}))"
        ))
        .await;
        self.command(format!(
            "INSERT INTO delta.`{root}/clicks` SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 't', 0, id, \
             timestamp_millis({now} - id * 100), 'not a click', CAST(repeat('payload ', 20) AS BINARY), NULL FROM range({clicks} DIV 100)"
        ))
        .await;
        self.bring_home().await;
    }

    /// Writes the figures of the batch query into the database of the engine on Spark, as the stage aggregate does.
    async fn bring_home(&self) {
        let session = self.cluster.connection.session().await.unwrap();
        let asked = self.asked().await;
        let version = asked.version(&self.cluster.tables).await.unwrap().unwrap();
        for batch in session.rows(self.cluster.tables.batch(version)).all(100_000).await.unwrap() {
            let text = |name| column::<StringArray>(&batch, name).unwrap();
            let number = |name, row: usize| column::<Int64Array>(&batch, name).unwrap().value(row);
            let rows = (0..batch.num_rows()).map(|row| ComputedFigures {
                url: text("url").value(row),
                country: text("country").value(row),
                clicks: number("clicks", row) as u64,
                unique_users: number("users", row) as u64,
                spent_ms: number("sum_ms", row),
                spent_count: number("known", row) as u64,
                first_seen: Timestamp::from_millis(number("first_ms", row)),
                last_seen: Timestamp::from_millis(number("last_ms", row)),
            });
            self.cluster.storage.write_computed_figures(rows, SETTINGS).unwrap();
        }
    }

    /// Rejects, oldest first: messages in both places, then documents, which both engines keep here.
    pub(super) async fn reject(&self, messages: &[(&str, &[u8])], documents: &[&str]) {
        let mut rows = Vec::new();
        for (at, (reason, payload)) in messages.iter().enumerate() {
            let reject = Reject::message("topic", 1, at as i64, (*reason).to_owned(), payload);
            self.local.keep_rejects(&[reject]).unwrap();
            let hex: String = payload.iter().map(|byte| format!("{byte:02X}")).collect();
            rows.push(json!({"o": at, "a": self.now - HOUR_MS + at as i64, "r": reason, "p": hex}));
        }
        let sql = format!(
            "INSERT INTO delta.`{}/clicks` SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'topic', 1, r.o, \
             timestamp_millis(r.a), r.r, unhex(r.p), NULL \
             FROM (SELECT explode(from_json(:rows, 'ARRAY<STRUCT<o BIGINT, a BIGINT, r STRING, p STRING>>')) AS r)",
            self.root
        );
        self.command(Sql::new(sql).bind("rows", serde_json::to_string(&rows).unwrap())).await;
        for document in documents {
            let reject = || Reject::document("index", format!("refused {document}"), document.as_bytes());
            self.local.keep_rejects(&[reject()]).unwrap();
            self.cluster.storage.keep_rejects(&[reject()]).unwrap();
        }
    }

    pub(super) fn local(&self) -> Reader {
        self.local.reader().unwrap()
    }

    pub(super) async fn asked(&self) -> Asked {
        self.cluster.session("test", Tell::new(|_| {})).await.unwrap()
    }

    /// What the cluster answers, however long it takes on a loaded machine.
    pub(super) async fn ask<T>(&self, ask: impl AsyncFnOnce(&Asked) -> Result<T, NoAnswer>) -> T {
        ask(&self.asked().await).await.unwrap()
    }
}
