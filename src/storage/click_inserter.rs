//! Clicks into their table, many a statement.
//!
//! Where no click is known, which is the rule, that saves beginning and ending a statement for each. Which of its rows were
//! known, if any, a statement does not tell: then they are looked up, and while known ones come, each click has a statement of
//! its own.

use std::sync::LazyLock;

use rusqlite::{CachedStatement, Connection, params};

use super::StorageError;
use super::model::{ClickKey, CountryId, StoredClick, UrlId, UserId};
use crate::click::Timestamp;

/// Clicks a statement.
const ROWS: usize = 64;

/// So many times [`ROWS`] clicks have statements of their own after one that was known.
const WARY: u32 = 8;

/// Parameters a row.
const COLUMNS: usize = 7;

static MANY: LazyLock<String> = LazyLock::new(|| statement(ROWS));
static SINGLE: LazyLock<String> = LazyLock::new(|| statement(1));

fn statement(rows: usize) -> String {
    let rows = ["(?, ?, ?, ?, ?, ?, ?)"].repeat(rows).join(", ");
    format!(
        "INSERT INTO clicks (ts, click_id, id, user, url, place, agent) VALUES {rows} ON CONFLICT (ts, click_id) DO NOTHING"
    )
}

/// A click whose texts are coded.
pub(super) struct Row {
    pub timestamp: Timestamp,
    pub key: ClickKey,
    pub user: UserId,
    pub url: UrlId,
    pub place: i64,
    pub country: CountryId,
    pub agent: i64,
}

/// The clicks that are new, in the order of their numbers.
struct Fresh {
    clicks: Vec<StoredClick>,
    /// The number of the next.
    next: i64,
}

impl Fresh {
    fn add(&mut self, row: Row) {
        let Row { timestamp, key, user, url, country, .. } = row;
        self.clicks.push(StoredClick { id: self.next, timestamp, key, user, url, country });
        self.next = self.next.saturating_add(1);
    }
}

/// Inserts clicks in a transaction that is open, and numbers those that are new.
pub(super) struct Inserter<'c> {
    connection: &'c Connection,
    many: CachedStatement<'c>,
    single: CachedStatement<'c>,
    waiting: Vec<Row>,
    fresh: Fresh,
    wary: u32,
    duplicates: u64,
}

impl<'c> Inserter<'c> {
    /// The first new click gets the number `next`; about `clicks` are to come.
    ///
    /// # Errors
    /// The database cannot be used.
    pub(super) fn new(connection: &'c Connection, next: i64, clicks: usize) -> Result<Self, StorageError> {
        Ok(Self {
            connection,
            many: connection.prepare_cached(&MANY)?,
            single: connection.prepare_cached(&SINGLE)?,
            waiting: Vec::with_capacity(ROWS),
            fresh: Fresh { clicks: Vec::with_capacity(clicks), next },
            wary: 0,
            duplicates: 0,
        })
    }

    /// Takes a click, which may be inserted later.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(super) fn push(&mut self, row: Row) -> Result<(), StorageError> {
        self.waiting.push(row);
        if self.waiting.len() < ROWS {
            return Ok(());
        }
        if self.wary > 0 { self.one_by_one() } else { self.at_once() }
    }

    /// Inserts what is left. Those that are new, in the order of their numbers, and how many were known.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(super) fn finish(mut self) -> Result<(Vec<StoredClick>, u64), StorageError> {
        self.one_by_one()?;
        Ok((self.fresh.clicks, self.duplicates))
    }

    fn one_by_one(&mut self) -> Result<(), StorageError> {
        self.wary = self.wary.saturating_sub(1);
        for row in self.waiting.drain(..) {
            bind(&mut self.single, 0, &row, self.fresh.next)?;
            if self.single.raw_execute()? == 0 {
                self.duplicates += 1;
                self.wary = WARY;
            } else {
                self.fresh.add(row);
            }
        }
        Ok(())
    }

    /// All that wait in one statement; there are [`ROWS`].
    fn at_once(&mut self) -> Result<(), StorageError> {
        for (at, (row, id)) in self.waiting.iter().zip(self.fresh.next..).enumerate() {
            bind(&mut self.many, at, row, id)?;
        }
        if self.many.raw_execute()? < self.waiting.len() {
            self.wary = WARY;
            return self.sort_out();
        }
        self.waiting.drain(..).for_each(|row| self.fresh.add(row));
        Ok(())
    }

    /// Finds out which of the rows were inserted, and closes the gaps that the others left in the numbers.
    fn sort_out(&mut self) -> Result<(), StorageError> {
        let mut find = self.connection.prepare_cached("SELECT id FROM clicks WHERE ts = ?1 AND click_id = ?2")?;
        let mut number = self.connection.prepare_cached("UPDATE clicks SET id = ?3 WHERE ts = ?1 AND click_id = ?2")?;
        for (row, tried) in self.waiting.drain(..).zip(self.fresh.next..) {
            // A known click has a smaller number, also if it is one of these rows.
            let found: i64 = find.query_row(params![row.timestamp, row.key], |found| found.get(0))?;
            if found != tried {
                self.duplicates += 1;
                continue;
            }
            if tried != self.fresh.next {
                number.execute(params![row.timestamp, row.key, self.fresh.next])?;
            }
            self.fresh.add(row);
        }
        Ok(())
    }
}

fn bind(statement: &mut CachedStatement<'_>, at: usize, row: &Row, id: i64) -> Result<(), StorageError> {
    let first = at * COLUMNS;
    statement.raw_bind_parameter(first + 1, row.timestamp)?;
    statement.raw_bind_parameter(first + 2, &row.key)?;
    statement.raw_bind_parameter(first + 3, id)?;
    statement.raw_bind_parameter(first + 4, row.user)?;
    statement.raw_bind_parameter(first + 5, row.url)?;
    statement.raw_bind_parameter(first + 6, row.place)?;
    statement.raw_bind_parameter(first + 7, row.agent)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use crate::click::Click;
    use crate::storage::tests::{batch, click, open, sql};

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Stretches of new clicks, of known ones, and both mixed, within batches and across.
        #[test]
        fn known_clicks_stay_as_they_were_and_new_ones_are_numbered_without_a_gap(
            batches in prop::collection::vec(
                prop::collection::vec((0..6_usize, 0..400_i64, 1..90_i64), 1..5), 1..4),
        ) {
            let (_directory, storage) = open();
            let mut expected = BTreeMap::new();
            for (round, stretches) in batches.iter().enumerate() {
                let users = format!("user of batch {round}");
                let clicks: Vec<(String, i64)> = stretches
                    .iter()
                    .flat_map(|&(kind, from, count)| (from..from + count).map(move |at| (format!("{kind} {at}"), at)))
                    .collect();
                let clicks: Vec<Click<'_>> =
                    clicks.iter().map(|(id, at)| Click { user_id: &users, ..click(id, *at, "/a") }).collect();
                let before = expected.len();
                for click in &clicks {
                    expected.entry((click.timestamp.as_millis(), click.click_id.to_owned())).or_insert(users.clone());
                }
                let outcome = storage.store(&batch(&clicks, round as i64 + 1)).unwrap();
                prop_assert_eq!(outcome.stored as usize, expected.len() - before);
                prop_assert_eq!(outcome.duplicates as usize, clicks.len() - outcome.stored as usize);
            }
            let connection = sql(&storage);
            let mut select = connection
                .prepare("SELECT ts, click_id, user_id FROM clicks JOIN users ON users.id = clicks.user ORDER BY ts, click_id")
                .unwrap();
            let rows = select.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).unwrap();
            prop_assert_eq!(rows.collect::<Result<BTreeMap<(i64, String), String>, _>>().unwrap(), expected.clone());
            let numbers: (i64, i64, i64) = connection
                .query_row("SELECT COUNT(DISTINCT id), MIN(id), MAX(id) FROM clicks", [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .unwrap();
            let all = expected.len() as i64;
            prop_assert_eq!(numbers, (all, 1, all));
            let mut arrived = Vec::new();
            storage.reader().unwrap().clicks_after(0, usize::MAX >> 1, &mut arrived).unwrap();
            for click in arrived {
                let id: i64 = connection
                    .query_row("SELECT id FROM clicks WHERE ts = ?1 AND click_id = ?2",
                        rusqlite::params![click.timestamp, click.key], |row| row.get(0))
                    .unwrap();
                prop_assert_eq!(id, click.id);
            }
        }
    }
}
