//! Housekeeping on a real Spark: `CLICKTOP_TEST_SPARK=sc://host:port`, a server that sees the local file system and knows Delta.
//! Without it these tests say so and do nothing.

use super::*;
use crate::engine::spark::connect::ConnectOptions;
use crate::engine::spark::sql::Slices;

const INTERVAL: Duration = Duration::from_secs(600);
const HOUR_MS: i64 = 3_600_000;
/// 2026-01-31T22:00:00Z.
const BEGIN_MS: i64 = 1_769_896_800_000;

struct Lab {
    url: String,
    tables: Arc<Tables>,
    root: String,
    session: Session,
    _folder: tempfile::TempDir,
}

impl Lab {
    async fn new() -> Option<Self> {
        let Ok(url) = std::env::var("CLICKTOP_TEST_SPARK") else {
            eprintln!("skipped: CLICKTOP_TEST_SPARK is not set; it names a Spark Connect server, sc://host:port");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().display().to_string();
        let tables = Arc::new(Tables::new(root.parse().unwrap(), Slices::of_minutes(60), 1_800_000));
        let connection = Connection::new(url.parse().unwrap(), ConnectOptions::default(), root.clone());
        let session = connection.session().await.unwrap();
        session.set(&[("spark.sql.shuffle.partitions", "2")]).await.unwrap();
        session.set(&SETTINGS).await.unwrap();
        // So that a statement leaves as many small files as it has tasks.
        session.set(&[("spark.databricks.delta.optimizeWrite.enabled", "false")]).await.unwrap();
        for statement in tables.setup() {
            session.command(statement).await.unwrap();
        }
        Some(Self { url, tables, root, session, _folder: folder })
    }

    fn housekeeper(&self, name: &str, retention: Option<Duration>) -> Housekeeper {
        let seed = format!("{}#{name}", self.root);
        Housekeeper {
            connection: Connection::new(self.url.parse().unwrap(), ConnectOptions::default(), seed),
            tables: Arc::clone(&self.tables),
            rules: HousekeepingRules { interval: INTERVAL, keep_versions: DAILY * 7, retention },
            files: Mutex::default(),
        }
    }

    async fn run(&self, statement: String) {
        self.session.command(statement.clone()).await.unwrap_or_else(|error| panic!("{error}: {statement}"));
    }

    /// Clicks on nineteen pages within four hours, of 37 users that no other `seed` has, in `files` files for each slice.
    async fn add(&self, seed: i64, count: i64, files: u32) {
        self.run(format!(
            "INSERT INTO delta.`{root}/clicks` SELECT /*+ REPARTITION({files}) */ CAST(floor(ts / {HOUR_MS}) AS INT), ts, \
             concat('c', {seed}, '-', id), concat('u', {seed}, '-', id % 37), concat('/', id * 31 % 19), 'FR', 'x', 'x', 'x', 'x', 't', 0, \
             {seed} * 100000 + id, timestamp_millis(ts), NULL, NULL, NULL \
             FROM (SELECT id, {BEGIN_MS} + id * 7727 * {seed} % {} AS ts FROM range({count}))",
            4 * HOUR_MS,
            root = self.root
        ))
        .await;
    }

    async fn round(&self) -> crate::engine::spark::rounds::RoundReport {
        let rounds = Rounds { session: &self.session, tables: &self.tables };
        let standing = rounds.standing().await.unwrap();
        let report = rounds.run(standing, |_| {}).await.unwrap();
        rounds.note(standing.newest, &report, 0).await.unwrap();
        report
    }

    async fn number(&self, statement: String) -> i64 {
        let [number] = first_row(&self.session, statement, ["n"]).await.unwrap();
        number.expect("a number")
    }

    async fn assert_batch(&self, what: &str) {
        let [to] = first_row(&self.session, self.tables.newest_version("clicks"), ["version"]).await.unwrap();
        let to = to.expect("a version");
        let row = |from: String| {
            format!("SELECT url, country, clicks, users, sum_ms, known, first_ms, last_ms FROM ({from})")
        };
        let (batch, figures) = (row(self.tables.batch(to)), row(self.tables.changed_figures(-1, to)));
        let differing = format!(
            "SELECT (SELECT count(*) FROM ({batch} EXCEPT ALL {figures})) + (SELECT count(*) FROM ({figures} EXCEPT ALL {batch})) AS n"
        );
        assert_eq!(self.number(differing).await, 0, "{what}");
        assert_eq!(self.number(format!("SELECT count(*) AS n FROM ({batch})")).await, 19, "{what}");
    }
}

fn steps(line: &RoundLine) -> Vec<&str> {
    line.steps.iter().map(|(step, _)| step.as_str()).collect()
}

#[tokio::test]
async fn one_console_tidies_up_when_it_is_due_and_the_figures_stay() {
    let Some(lab) = Lab::new().await else { return };
    lab.add(1, 2_000, 12).await;
    lab.round().await;
    let (one, other) = (lab.housekeeper("one", None), lab.housekeeper("other", None));
    let now = Timestamp::now();
    // Both find it due; the log lets one do it.
    let later = Timestamp::from_millis(now.as_millis() + 1);
    let (first, second) = tokio::join!(one.turn(now), other.turn(later));
    let done: Vec<RoundLine> =
        [first, second].into_iter().filter_map(|turn| turn.unwrap_or_else(|error| panic!("{error}"))).collect();
    assert_eq!(done.len(), 1, "{done:?}");
    let names = steps(&done[0]);
    assert_eq!(names.iter().filter(|name| name.starts_with("vacuum")).count(), 5, "{names:?}");
    assert!(names.contains(&"optimize clicks") && !names.contains(&"optimize pairs"), "{names:?}");
    let files = first_row(&lab.session, lab.tables.files(Tidied::Clicks), ["numFiles"]).await.unwrap();
    assert_eq!(files, [Some(4)], "one for each slice");
    lab.assert_batch("after housekeeping").await;

    assert_eq!(one.turn(Timestamp::from_millis(now.as_millis() + 60_000)).await.unwrap(), None, "not due");
    let due = Timestamp::from_millis(now.as_millis() + millis(INTERVAL) + 60_000);
    let line = other.turn(due).await.unwrap().expect("due again");
    assert_eq!(steps(&line), Vec::<&str>::new(), "nothing to do");
    lab.add(2, 300, 1).await;
    lab.round().await;
    lab.assert_batch("a round after housekeeping").await;

    // Tables that the stages refuse are left alone.
    let tables = Arc::new(Tables::new(lab.root.parse().unwrap(), Slices::of_minutes(10), 1_800_000));
    let strange = Housekeeper { tables, ..lab.housekeeper("one", Some(Duration::from_secs(3600))) };
    let later = Timestamp::from_millis(now.as_millis() + 3 * millis(INTERVAL));
    assert_eq!(strange.turn(later).await.unwrap(), None, "slices of another length");
    lab.assert_batch("after a refused run").await;

    let log = round_log::newest(&lab.session, &lab.tables, 10).await.unwrap();
    let works: Vec<Work> = log.iter().map(|line| line.work.clone()).collect();
    assert_eq!(works.iter().filter(|work| **work == Work::Round).count(), 2, "{log:?}");
    assert_eq!(works.iter().filter(|work| **work == Work::Housekeeping).count(), 2, "{log:?}");
    assert!(log.iter().all(|line| line.who == round_log::this_console()), "{log:?}");
    let last = log.iter().find(|line| line.work == Work::Round).expect("the last round");
    assert_eq!((last.clicks, last.slices), (Some(300), Some(3)), "{last:?}");
    assert_eq!(last.pairs, Some(300), "{last:?}");
    assert_eq!(steps(last), ["touched", "pairs", "pages", "figures"]);
    lab.session.clone().release().await.unwrap();
}

#[tokio::test]
async fn a_round_counts_everything_when_the_history_is_gone() {
    let Some(lab) = Lab::new().await else { return };
    lab.add(1, 1_000, 1).await;
    lab.round().await;
    // Two versions that no round has counted, whose files are merged and then deleted.
    lab.add(2, 200, 1).await;
    lab.add(3, 100, 1).await;
    lab.run(lab.tables.optimize(Tidied::Clicks)).await;
    lab.run(format!("VACUUM delta.`{}/clicks` RETAIN 0 HOURS", lab.root)).await;
    let report = lab.round().await;
    assert_eq!((report.from, report.clicks), (None, Some(1_300)));
    lab.assert_batch("a full count").await;
    lab.add(4, 100, 1).await;
    let report = lab.round().await;
    assert!(report.from.is_some(), "{report:?}");
    assert_eq!(report.clicks, Some(100));
    lab.assert_batch("the round after a full count").await;
    lab.session.clone().release().await.unwrap();
}

#[tokio::test]
async fn retention_deletes_old_clicks_and_keeps_their_figures() {
    let Some(lab) = Lab::new().await else { return };
    lab.add(1, 2_000, 1).await;
    lab.round().await;
    let total = format!("SELECT sum(clicks) AS n FROM ({})", lab.tables.changed_figures(-1, i64::MAX));
    let stored = format!("SELECT count(*) AS n FROM delta.`{}/clicks`", lab.root);
    // New clicks that no round has counted yet hold nothing up: a busy topic always has some.
    lab.add(2, 1_500, 1).await;
    let housekeeper = lab.housekeeper("one", Some(Duration::from_secs(2 * 60 * 60)));
    let now = Timestamp::now();
    let line = housekeeper.turn(now).await.unwrap().expect("due");
    assert!(steps(&line).contains(&"close old slices") && steps(&line).contains(&"delete clicks"), "{line:?}");
    assert_eq!(lab.number(total.clone()).await, 2_000);
    assert!(lab.number(stored.clone()).await < 2_500, "some are deleted");
    let report = lab.round().await;
    let (new, expired) = (report.clicks.unwrap_or(0), report.expired);
    assert!(new > 0 && expired > 0 && new + expired == 1_500, "{report:?}");
    assert_eq!(lab.number(total.clone()).await, 2_000 + i64::try_from(new).unwrap(), "the next round loses none");
    let due = Timestamp::from_millis(now.as_millis() + millis(INTERVAL) + 60_000);
    let line = housekeeper.turn(due).await.unwrap().expect("due");
    assert_eq!(steps(&line), Vec::<&str>::new(), "nothing more is too old");
    lab.session.clone().release().await.unwrap();
}
