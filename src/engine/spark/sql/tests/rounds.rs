use arrow_array::{Array, Int32Array, Int64Array};

use super::session;
use crate::engine::spark::connect::{Session, column};
use crate::engine::spark::sql::{Application, Cursor, Slices, Tables};

const HOUR: i64 = 3_600_000;
/// 2026-01-31T22:00:00Z, two hours before midnight.
const BEGIN: i64 = 1_769_896_800_000;

/// Tables of a test of its own.
struct Lab {
    session: Session,
    tables: Tables,
    root: String,
    _folder: tempfile::TempDir,
}

impl Lab {
    async fn new() -> Option<Self> {
        let session = session().await?;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().display().to_string();
        let tables = Tables::new(root.parse().unwrap(), Slices::of_minutes(60), 1_800_000);
        for statement in tables.setup() {
            session.command(statement).await.unwrap();
        }
        Some(Self { session, tables, root, _folder: folder })
    }

    async fn run(&self, statement: String) {
        self.session.command(statement.clone()).await.unwrap_or_else(|error| panic!("{error}: {statement}"));
    }

    /// The first column of `statement`, and of the second if there is one.
    async fn numbers(&self, statement: String) -> Vec<(i64, i64)> {
        let mut rows = self.session.rows(statement);
        let mut numbers = Vec::new();
        while let Some(batch) = rows.next().await.unwrap() {
            let long = |at: usize, row: usize| match batch.columns().get(at).map(|column| column.as_any()) {
                Some(any) => any
                    .downcast_ref::<Int64Array>()
                    .map(|column| column.value(row))
                    .or_else(|| any.downcast_ref::<Int32Array>().map(|column| column.value(row).into())),
                None => None,
            };
            numbers.extend((0..batch.num_rows()).map(|row| (long(0, row).unwrap_or(0), long(1, row).unwrap_or(0))));
        }
        numbers
    }

    async fn version(&self, table: &str) -> i64 {
        let mut rows = self.session.rows(self.tables.newest_version(table));
        let batch = rows.next().await.unwrap().expect("a version");
        column::<Int64Array>(&batch, "version").unwrap().value(0)
    }

    /// Clicks of a hundred users on twenty pages. The same `seed` gives the same clicks.
    async fn add(&self, seed: i64, count: i64, begin: i64, span: i64, partition: i32) {
        self.run(format!(
            "INSERT INTO delta.`{root}/clicks` SELECT CAST(floor(ts / {HOUR}) AS INT), ts, concat('c', {seed}, '-', id), \
             concat('u', id * 7919 % 101), concat('/', id * 31 % 19), get(array('FR', 'DE'), CAST(id % 2 AS INT)), 'x', 'x', 'x', 'x', \
             't', {partition}, {seed} * 100000 + id, timestamp_millis(ts), NULL, NULL, NULL \
             FROM (SELECT id, {begin} + id * 7727 * {seed} % {span} AS ts FROM range({count}))",
            root = self.root
        ))
        .await;
    }

    async fn cursor(&self) -> Cursor {
        let row = format!("SELECT coalesce(counted, -1), first FROM ({})", self.tables.cursor(None));
        let turn = format!("SELECT turn, epoch FROM ({})", self.tables.cursor(None));
        let (Some((counted, first)), Some((turn, epoch))) =
            (self.numbers(row).await.first().copied(), self.numbers(turn).await.first().copied())
        else {
            return Cursor::default();
        };
        Cursor { counted: (counted >= 0).then_some(counted), first: first as i32, turn, epoch, erasing: false }
    }

    async fn once(&self, application: Application, number: i64, statement: String) {
        let names = ["spark.databricks.delta.write.txnAppId", "spark.databricks.delta.write.txnVersion"];
        self.session.set(&[(names[0], application.name()), (names[1], &number.to_string())]).await.unwrap();
        self.run(statement).await;
        self.session.unset(&names).await.unwrap();
    }

    /// One round, up to a step: 1 is the pairs, 2 the pages, 3 all of it.
    async fn round(&self, steps: usize) {
        let newest = self.version("clicks").await;
        let cursor = self.cursor().await;
        let unfinished = self.numbers(self.tables.unfinished(cursor.counted)).await.first().map(|(round, _)| *round);
        let unfinished = unfinished.filter(|round| *round > 0);
        let round = self.tables.round(cursor, unfinished.unwrap_or(newest));
        self.run(round.new_clicks()).await;
        let found = self.numbers(round.touched()).await;
        let mut touched: Vec<i32> = found.iter().map(|(slice, _)| *slice as i32).collect();
        touched.retain(|slice| !round.is_closed(*slice));
        touched.sort_unstable();
        if !found.is_empty() && unfinished.is_none() && steps > 0 {
            self.once(Application::Pairs, cursor.next().transaction(), round.pairs(&touched, 100)).await;
        }
        if !found.is_empty() && steps > 1 {
            self.once(Application::Pages, cursor.next().transaction(), round.pages(&touched)).await;
        }
        if steps > 2 {
            let cursor = self.cursor().await;
            let (from, pages) = self.numbers(self.tables.figures_cursor()).await.first().copied().unwrap_or((-1, 0));
            let round = self.tables.round(cursor, cursor.counted.unwrap_or(0));
            let figures = round.figures(from, pages, self.version("pages").await);
            self.once(Application::Figures, cursor.transaction(), figures).await;
            if unfinished.is_some_and(|round| round < newest) {
                Box::pin(self.round(steps)).await;
            }
        }
    }

    /// The figures are those of the batch query: returns how many there are, and panics if one differs.
    async fn assert_batch(&self, what: &str) -> i64 {
        let to = self.version("clicks").await;
        let row = |from: String| {
            format!("SELECT url, country, clicks, users, sum_ms, known, first_ms, last_ms FROM ({from})")
        };
        let (batch, figures) = (row(self.tables.batch(to)), row(self.tables.changed_figures(-1, to)));
        let differences = format!(
            "SELECT (SELECT count(*) FROM ({batch} EXCEPT ALL {figures})) + (SELECT count(*) FROM ({figures} EXCEPT ALL {batch})), \
             (SELECT count(*) FROM ({batch}))"
        );
        let (differing, all) = self.numbers(differences).await[0];
        assert_eq!(differing, 0, "{what}");
        all
    }
}

#[tokio::test]
async fn rounds_give_the_figures_of_the_batch_query() {
    let Some(lab) = Lab::new().await else { return };
    lab.add(1, 3_000, BEGIN, 4 * HOUR, 0).await;
    lab.round(3).await;
    assert_eq!(lab.assert_batch("the first round").await, 38);
    // Again the first hundred, from another partition; late clicks; and a click that ends a gap of the slice before.
    lab.add(1, 100, BEGIN, 4 * HOUR, 1).await;
    lab.add(2, 40, BEGIN - 30 * HOUR, 3 * HOUR, 0).await;
    lab.add(3, 500, BEGIN + 4 * HOUR, HOUR / 4, 0).await;
    lab.round(3).await;
    lab.assert_batch("copies, late clicks and new clicks").await;
    // A round that is interrupted behind each of its steps, with new clicks before the next.
    for (seed, steps) in [(4, 1), (5, 2), (6, 0)] {
        lab.add(seed, 200, BEGIN + seed * HOUR, HOUR, 0).await;
        lab.round(steps).await;
    }
    lab.add(7, 10, BEGIN, HOUR, 0).await;
    lab.round(3).await;
    lab.assert_batch("interrupted rounds").await;
    lab.session.clone().release().await.unwrap();
}

#[tokio::test]
async fn figures_stay_when_retention_deletes_clicks_and_later_ones_of_that_time_expire() {
    let Some(lab) = Lab::new().await else { return };
    lab.add(1, 2_000, BEGIN, 4 * HOUR, 0).await;
    lab.round(3).await;
    let clicks = async || {
        let figures = lab.tables.changed_figures(-1, i64::MAX);
        lab.numbers(format!("SELECT sum(clicks), sum(users) FROM ({figures})")).await[0]
    };
    let before = clicks().await;
    let first = i32::try_from(BEGIN / HOUR).unwrap() + 2;
    let cursor = lab.cursor().await;
    lab.once(Application::Pages, cursor.next().transaction(), lab.tables.close_slices_before(first, cursor)).await;
    lab.run(lab.tables.delete_clicks_before(first)).await;
    lab.round(3).await;
    assert_eq!(clicks().await, before, "what is deleted stays in the figures");
    // Copies of deleted clicks among new ones: nobody knows any more which were counted.
    lab.add(1, 2_000, BEGIN, 2 * HOUR, 1).await;
    lab.round(3).await;
    assert_eq!(clicks().await, before, "clicks of a deleted time expire");
    let counted = lab.cursor().await.counted;
    assert_eq!(counted, Some(lab.version("clicks").await), "and no round looks at them again");
    lab.add(3, 5, BEGIN + 3 * HOUR, HOUR, 0).await;
    lab.add(4, 7, BEGIN + HOUR, HOUR, 0).await;
    lab.round(3).await;
    assert_eq!(clicks().await.0, before.0 + 5, "others count");
    lab.session.clone().release().await.unwrap();
}
