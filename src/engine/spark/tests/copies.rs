//! Copies of clicks, absurd times, and rounds that end behind any of their steps: the figures equal the batch query and the local engine.

use std::collections::BTreeMap;

use arrow_array::{Int64Array, StringArray};

use super::lab::{Lab, Maker, Row, TIMEOUT_MS};
use crate::click::{Click, Timestamp};
use crate::engine::spark::connect::column;
use crate::engine::spark::sql::Application;
use crate::storage::{BATCH_QUERY, IngestBatch, Origin, Storage, StorageOptions};

const HOUR: i64 = 3_600_000;
/// 2026-01-31T22:00:00Z, two hours before midnight.
const EVENING: i64 = 1_769_896_800_000;

/// By url and country: clicks, users, and the mean time spent in seconds.
type Figures = BTreeMap<(String, String), (i64, i64, Option<f64>)>;

/// The figures of the local engine, whose store gets the same messages in the same order.
fn local(commits: &[Vec<Row>]) -> Figures {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::open(folder.path(), StorageOptions::default()).unwrap();
    for (at, commit) in commits.iter().enumerate() {
        let mut rows = commit.clone();
        // Ingest hands over the clicks of a batch in the order of their partitions.
        rows.sort_by_key(|row| (row.partition, row.offset));
        let mut batch = IngestBatch::default();
        for row in &rows {
            batch.clicks.push(&Click {
                click_id: &row.id,
                user_id: &row.user,
                timestamp: Timestamp::from_millis(row.ts),
                url: &row.url,
                country: row.country,
                city: "x",
                browser: "x",
                os: "x",
                device: "x",
            });
        }
        batch.origin = Origin::Kafka { topic: "t".into(), offsets: BTreeMap::from([(0, at as i64 + 1)]) };
        storage.store(&batch).unwrap();
    }
    let connection = rusqlite::Connection::open(storage.path()).unwrap();
    let mut query = connection.prepare(BATCH_QUERY).unwrap();
    let rows =
        query.query_map([TIMEOUT_MS], |row| Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?, row.get(4)?))));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// The figures in the tables.
async fn spark(lab: &Lab) -> Figures {
    let mut found = Figures::new();
    let mut rows = lab.session.rows(lab.tables.changed_figures(-1, i64::MAX));
    while let Some(batch) = rows.next().await.unwrap() {
        let text = |name| column::<StringArray>(&batch, name).unwrap();
        let number = |name| column::<Int64Array>(&batch, name).unwrap();
        for row in 0..batch.num_rows() {
            let known = number("known").value(row);
            let mean = (known > 0).then(|| number("sum_ms").value(row) as f64 / 1000.0 / known as f64);
            let key = (text("url").value(row).to_owned(), text("country").value(row).to_owned());
            found.insert(key, (number("clicks").value(row), number("users").value(row), mean));
        }
    }
    found
}

fn assert_same(spark: &Figures, local: &Figures, what: &str) {
    assert_eq!(spark.len(), local.len(), "{what}: {spark:?} {local:?}");
    for (key, (clicks, users, mean)) in local {
        let (own_clicks, own_users, own_mean) = &spark[key];
        assert_eq!((own_clicks, own_users), (clicks, users), "{what}: {key:?}");
        let close = (own_mean.unwrap_or(-1.0) - mean.unwrap_or(-1.0)).abs() < 1e-6;
        assert!(close, "{what}: {key:?} {own_mean:?} {mean:?}");
    }
}

#[tokio::test]
async fn copies_and_absurd_times_count_as_in_the_local_engine_wherever_rounds_end() {
    let Some(lab) = Lab::new().await else { return };
    let absurd = [
        Timestamp::MIN.as_millis(),
        -5 * HOUR,
        946_684_800_000 - 20 * 60_000,
        946_684_800_000,
        4_102_444_800_000 - 20 * 60_000,
        4_102_444_800_000,
        Timestamp::MAX.as_millis() - 3 * HOUR,
    ];
    let mut maker = Maker::new(1305, [EVENING, EVENING + HOUR, EVENING + 2 * HOUR].into_iter().chain(absurd).collect());
    let mut commits: Vec<Vec<Row>> = Vec::new();
    let mut all: Vec<Row> = Vec::new();
    for round in 0..5 {
        // Later commits are in lower partitions, so every copy in them has a lower place than the click that came first.
        let partition = 20 - 4 * round;
        let mut rows = maker.clicks(90, partition);
        let before: Vec<Row> = all.iter().chain(&rows).cloned().collect();
        rows.extend(maker.copies(&before, 45, partition - 1));
        lab.store(&rows).await;
        all.extend(rows.iter().cloned());
        commits.push(rows);
        // The first rounds end behind the pairs, and behind the pages, with new clicks before the next.
        match round {
            0 | 4 => lab.count().await,
            1 => one_round(&lab, 1).await,
            2 => {
                lab.run(format!("OPTIMIZE delta.`{}/clicks`", lab.root)).await;
                one_round(&lab, 2).await;
            }
            _ => one_round(&lab, 0).await,
        }
    }
    assert!(lab.assert_batch("copies and absurd times").await > 10);
    assert_same(&spark(&lab).await, &local(&commits), "the local engine");
    for outside in ["ts < 946684800000", "ts >= 4102444800000"] {
        let slices = format!("SELECT count(DISTINCT slice) AS n FROM delta.`{}/clicks` WHERE {outside}", lab.root);
        assert_eq!(lab.number(slices).await, 1, "{outside}: one partition");
    }
    lab.end().await;
}

/// One round up to a step, as it is left by a console that is killed: 1 is the pairs, 2 the pages.
async fn one_round(lab: &Lab, steps: usize) {
    let rounds = lab.rounds();
    let standing = rounds.standing().await.unwrap();
    let round =
        lab.tables.round(standing.cursor, rounds.unfinished(standing.cursor).await.unwrap().unwrap_or(standing.newest));
    lab.run(round.new_clicks()).await;
    let touched = rounds.touched(&round).await.unwrap().slices;
    assert!(!touched.is_empty());
    let number = standing.cursor.next().transaction();
    if steps > 0 {
        rounds.once(Application::Pairs, number, round.pairs(&touched, 2_000_000)).await.unwrap();
    }
    if steps > 1 {
        rounds.once(Application::Pages, number, round.pages(&touched)).await.unwrap();
    }
}
