//! Tables of a test of its own, with clicks that the test inserts.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};

use crate::engine::spark::connect::{ConnectOptions, Session, SessionId};
use crate::engine::spark::erase;
use crate::engine::spark::rounds::{Rounds, first_row, lost_race};
use crate::engine::spark::sql::{Root, Slices, Tables};

/// The session timeout of the tests, in milliseconds.
pub(super) const TIMEOUT_MS: i64 = 1_800_000;

/// One stored message.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) ts: i64,
    pub(super) id: String,
    pub(super) user: String,
    pub(super) url: String,
    pub(super) country: &'static str,
    pub(super) partition: i32,
    pub(super) offset: i64,
}

/// Makes rows: few users, pages and moments, so that gaps, ties and copies are frequent.
pub(super) struct Maker {
    random: Xoshiro256PlusPlus,
    next: i64,
    times: Vec<i64>,
}

impl Maker {
    /// `times` are the beginnings of some minutes, in milliseconds since 1970.
    pub(super) fn new(seed: u64, times: Vec<i64>) -> Self {
        Self { random: Xoshiro256PlusPlus::seed_from_u64(seed), next: 0, times }
    }

    /// New clicks in the partitions from `partition` on.
    pub(super) fn clicks(&mut self, count: usize, partition: i32) -> Vec<Row> {
        (0..count)
            .map(|_| {
                self.next += 1;
                let at = self.times[self.random.random_range(0..self.times.len())];
                Row {
                    ts: at + self.random.random_range(0..40) * 60_000,
                    id: format!("c{}", self.next),
                    user: format!("u{}", self.random.random_range(0..7)),
                    url: format!("/{}", self.random.random_range(0..5)),
                    country: ["FR", "DE"][self.random.random_range(0..2)],
                    partition: partition + self.random.random_range(0..2),
                    offset: self.next,
                }
            })
            .collect()
    }

    /// Copies of some of `rows`, in `partition`: the same, of another user and page, or at another time, which is another click.
    pub(super) fn copies(&mut self, rows: &[Row], count: usize, partition: i32) -> Vec<Row> {
        (0..count)
            .map(|at| {
                self.next += 1;
                let mut copy = rows[self.random.random_range(0..rows.len())].clone();
                (copy.partition, copy.offset) = (partition, self.next);
                match at % 3 {
                    0 => {}
                    1 => (copy.user, copy.url) = (format!("other {at}"), format!("/other/{}", at % 2)),
                    _ => copy.ts += 2 * 3_600_000,
                }
                copy
            })
            .collect()
    }
}

/// Tables, and a session on the server.
pub(super) struct Lab {
    pub(super) session: Session,
    pub(super) tables: Tables,
    pub(super) root: Root,
    slices: Slices,
    url: String,
    _folder: tempfile::TempDir,
}

impl Lab {
    /// `None`, and a line about it, if there is no server.
    pub(super) async fn new() -> Option<Self> {
        let Ok(url) = std::env::var("CLICKTOP_TEST_SPARK") else {
            eprintln!("skipped: CLICKTOP_TEST_SPARK is not set; it names a Spark Connect server, sc://host:port");
            return None;
        };
        let session = connect(&url).await;
        let folder = tempfile::tempdir().unwrap();
        let root: Root = folder.path().display().to_string().parse().unwrap();
        let slices = Slices::of_minutes(60);
        let tables = Tables::new(root.clone(), slices, TIMEOUT_MS);
        for statement in tables.setup() {
            session.command(statement).await.unwrap();
        }
        Some(Self { session, tables, root, slices, url, _folder: folder })
    }

    /// Another session, as another console has it.
    pub(super) async fn another_session(&self) -> Session {
        connect(&self.url).await
    }

    pub(super) fn rounds(&self) -> Rounds<'_> {
        self.rounds_of(&self.session)
    }

    pub(super) fn rounds_of<'a>(&'a self, session: &'a Session) -> Rounds<'a> {
        Rounds { session, tables: &self.tables }
    }

    pub(super) async fn run(&self, statement: String) {
        self.session.command(statement.clone()).await.unwrap_or_else(|error| panic!("{error}: {statement}"));
    }

    /// The number in the column `n` of the first row.
    pub(super) async fn number(&self, statement: String) -> i64 {
        let found = first_row(&self.session, statement.clone(), ["n"]).await;
        let [number] = found.unwrap_or_else(|error| panic!("{error}: {statement}"));
        number.unwrap_or(0)
    }

    /// Stores `rows` in one commit.
    pub(super) async fn store(&self, rows: &[Row]) {
        let values: Vec<String> = rows
            .iter()
            .map(|row| {
                format!(
                    "({}, {}L, '{}', '{}', '{}', '{}', {}, {}L)",
                    self.slices.of_time(row.ts),
                    row.ts,
                    row.id,
                    row.user,
                    row.url,
                    row.country,
                    row.partition,
                    row.offset
                )
            })
            .collect();
        self.run(format!(
            "INSERT INTO delta.`{}/clicks` SELECT s, ts, id, user, url, country, 'x', 'x', 'x', 'x', 't', p, o, timestamp_millis(0L), NULL, NULL, NULL \
             FROM VALUES {} AS v(s, ts, id, user, url, country, p, o)",
            self.root,
            values.join(", ")
        ))
        .await;
    }

    /// Counts until nothing is left, as the aggregate stage does.
    pub(super) async fn count(&self) {
        self.count_in(&self.session).await;
    }

    pub(super) async fn count_in(&self, session: &Session) {
        let rounds = self.rounds_of(session);
        for _ in 0..20 {
            let standing = rounds.standing().await.unwrap();
            if standing.cursor.erasing {
                erase::finish(&rounds).await.unwrap();
                continue;
            }
            if !Rounds::is_due(standing) {
                return;
            }
            match rounds.run(standing, |_| {}).await {
                Ok(report) if report.slices == 0 && standing.figures >= standing.cursor.counted => return,
                Ok(_) => {}
                Err(error) if lost_race(&error) => eprintln!("a lost race: {error}"),
                Err(error) => panic!("{error}"),
            }
        }
        panic!("counting does not end");
    }

    /// The figures equal the batch query over the clicks, and no pair is there twice. Returns how many figures there are.
    pub(super) async fn assert_batch(&self, what: &str) -> i64 {
        let to = self.rounds().newest("clicks").await.unwrap();
        let row = |from: String| {
            format!("SELECT url, country, clicks, users, sum_ms, known, first_ms, last_ms FROM ({from})")
        };
        let (batch, figures) = (row(self.tables.batch(to)), row(self.tables.changed_figures(-1, to)));
        let differences = format!(
            "SELECT (SELECT count(*) FROM ({batch} EXCEPT ALL {figures})) + (SELECT count(*) FROM ({figures} EXCEPT ALL {batch})) AS n"
        );
        assert_eq!(self.number(differences).await, 0, "{what}");
        let twice = format!(
            "SELECT count(*) - count(DISTINCT high, low) AS n FROM delta.`{}/pairs` WHERE url IS NOT NULL",
            self.root
        );
        assert_eq!(self.number(twice).await, 0, "{what}: pairs");
        self.number(format!("SELECT count(*) AS n FROM ({batch})")).await
    }

    pub(super) async fn end(self) {
        self.session.release().await.unwrap();
    }
}

async fn connect(url: &str) -> Session {
    let id = SessionId::for_root(&uuid::Uuid::new_v4().to_string(), 0);
    let session = Session::connect(&url.parse().unwrap(), id, &ConnectOptions::default()).await.unwrap();
    session.set(&[("spark.sql.session.timeZone", "UTC"), ("spark.sql.shuffle.partitions", "2")]).await.unwrap();
    session
}
