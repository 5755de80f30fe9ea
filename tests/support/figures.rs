//! The figures by url × country, from four sides: a plain computation over the clicks sent, the batch query over the
//! stored clicks, the table the aggregation keeps, and what the program prints.

use std::collections::BTreeMap;
use std::path::Path;

use clicktop::storage::{BATCH_QUERY, DATABASE_FILE};
use rusqlite::{Connection, OpenFlags};

use super::clicks::OwnedClick;

/// A click's time spent counts up to this gap.
pub const SESSION_TIMEOUT_MS: i64 = 1_800_000;

/// Of one url × country.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figure {
    pub clicks: u64,
    pub unique_users: u64,
    pub avg_time_spent: Option<f64>,
}

/// (url, country) → figure.
pub type Figures = BTreeMap<(String, String), Figure>;

/// By the definition, in plain code of its own.
pub fn of_clicks(clicks: &[OwnedClick]) -> Figures {
    let mut distinct: Vec<&OwnedClick> = clicks.iter().collect();
    distinct.sort_by_key(|click| (&click.user_id, click.timestamp, &click.click_id));
    distinct.dedup_by_key(|click| (click.timestamp, &click.click_id));
    let mut users: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    let mut gaps: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
    for (at, click) in distinct.iter().enumerate() {
        let page = (click.url.clone(), click.country.clone());
        users.entry(page.clone()).or_default().push(&click.user_id);
        let next = distinct.get(at + 1).filter(|next| next.user_id == click.user_id);
        let gap = next.map(|next| next.timestamp.as_millis() - click.timestamp.as_millis());
        gaps.entry(page).or_default().extend(gap.filter(|gap| *gap <= SESSION_TIMEOUT_MS));
    }
    users
        .into_iter()
        .map(|(page, mut users)| {
            let clicks = users.len() as u64;
            users.sort_unstable();
            users.dedup();
            let gaps = &gaps[&page];
            let mean = gaps.iter().sum::<i64>() as f64 / 1000.0 / gaps.len() as f64;
            let avg_time_spent = (!gaps.is_empty()).then_some(mean);
            (page, Figure { clicks, unique_users: users.len() as u64, avg_time_spent })
        })
        .collect()
}

/// The database in `data`, for looking only.
pub fn database(data: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    Connection::open_with_flags(data.join(DATABASE_FILE), flags).expect("a database")
}

fn queried(data: &Path, query: &str, parameters: impl rusqlite::Params) -> Figures {
    let database = database(data);
    let mut select = database.prepare(query).expect("a query");
    let rows = select.query_map(parameters, |row| {
        let figure = Figure { clicks: row.get(2)?, unique_users: row.get(3)?, avg_time_spent: row.get(4)? };
        Ok(((row.get(0)?, row.get(1)?), figure))
    });
    rows.expect("rows").collect::<Result<_, _>>().expect("figures")
}

/// By the batch query over the stored clicks.
pub fn by_definition(data: &Path) -> Figures {
    queried(data, BATCH_QUERY, [SESSION_TIMEOUT_MS])
}

/// As the aggregation keeps them.
pub fn kept(data: &Path) -> Figures {
    queried(data, "SELECT url, country, clicks, unique_users, avg_time_spent FROM pages", [])
}

/// Out of a CSV file with a header, as the batch query of another engine gave them.
pub fn of_csv(path: &Path) -> Figures {
    let mut reader = csv::Reader::from_path(path).expect("a CSV file");
    let rows = reader.deserialize::<(String, String, u64, u64, Option<f64>)>();
    rows.map(|row| {
        let (url, country, clicks, unique_users, avg_time_spent) = row.expect("a row");
        ((url, country), Figure { clicks, unique_users, avg_time_spent })
    })
    .collect()
}

/// Out of what `top --format json` prints; also checks that the rows come with most clicks first.
pub fn of_json(text: &str) -> Figures {
    let rows: Vec<serde_json::Value> = serde_json::from_str(text).expect("a JSON array");
    let clicks: Vec<u64> = rows.iter().map(|row| row["clicks"].as_u64().expect("clicks")).collect();
    assert!(clicks.is_sorted_by(|a, b| a >= b), "most clicks come first");
    let figures: Figures = rows
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().expect("a text").to_owned();
            let figure = Figure {
                clicks: row["clicks"].as_u64().expect("a count"),
                unique_users: row["unique_users"].as_u64().expect("a count"),
                avg_time_spent: row["avg_time_spent"].as_f64(),
            };
            ((text("url"), text("country")), figure)
        })
        .collect();
    assert_eq!(figures.len(), rows.len(), "no url × country comes twice");
    figures
}

/// Fails with the first difference, if there is one. Times may differ in the seventh decimal.
#[track_caller]
pub fn assert_same(what: &str, found: &Figures, wanted: &Figures) {
    for (page, wanted) in wanted {
        let Some(found) = found.get(page) else { panic!("{what}: {page:?} is missing; it has {wanted:?}") };
        let same_time = match (found.avg_time_spent, wanted.avg_time_spent) {
            (Some(found), Some(wanted)) => (found - wanted).abs() <= 1e-6,
            (None, None) => true,
            _ => false,
        };
        let same = (found.clicks, found.unique_users) == (wanted.clicks, wanted.unique_users) && same_time;
        assert!(same, "{what}: {page:?} has {found:?} in place of {wanted:?}");
    }
    for page in found.keys() {
        assert!(wanted.contains_key(page), "{what}: {page:?} is too many");
    }
}

/// The kept figures are those that the definition gives over the stored clicks.
#[track_caller]
pub fn assert_exact(data: &Path) {
    let wanted = by_definition(data);
    assert!(!wanted.is_empty(), "there are clicks");
    assert_same("kept figures", &kept(data), &wanted);
}

/// One number of the database.
pub fn number(data: &Path, query: &str) -> i64 {
    database(data).query_row(query, [], |row| row.get(0)).expect("a number")
}
