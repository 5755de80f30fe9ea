//! Inserts clicks into their table, many with one statement.
//!
//! Most batches hold no duplicates, and one statement for many clicks saves the cost of a statement for each. But a statement does
//! not tell which of its rows were duplicates. If there were any, the rows are looked up one by one, and the next clicks are
//! inserted with a statement each, until no more duplicates come.

use std::sync::LazyLock;

use rusqlite::{CachedStatement, Connection, params};

use super::StorageError;
use super::model::{ClickKey, CountryId, StoredClick, UrlId, UserId};
use crate::click::Timestamp;

/// Clicks in one statement.
const ROWS: usize = 64;

/// After a duplicate, this many times [`ROWS`] clicks are inserted with a statement each.
const SINGLE_ROUNDS: u32 = 8;

/// Parameters of a row.
const COLUMNS: usize = 7;

static MANY: LazyLock<String> = LazyLock::new(|| statement(ROWS));
static SINGLE: LazyLock<String> = LazyLock::new(|| statement(1));

fn statement(rows: usize) -> String {
    let rows = ["(?, ?, ?, ?, ?, ?, ?)"].repeat(rows).join(", ");
    format!(
        "INSERT INTO clicks (ts, click_id, id, user, url, place, agent) VALUES {rows} ON CONFLICT (ts, click_id) DO NOTHING"
    )
}

/// A click with the ids of its texts.
pub(super) struct Row {
    pub timestamp: Timestamp,
    pub key: ClickKey,
    pub user: UserId,
    pub url: UrlId,
    pub place: i64,
    pub country: CountryId,
    pub agent: i64,
}

/// The new clicks, by number.
struct NewClicks {
    clicks: Vec<StoredClick>,
    /// The number of the next new click.
    next: i64,
}

impl NewClicks {
    fn add(&mut self, row: Row) {
        let Row { timestamp, key, user, url, country, .. } = row;
        self.clicks.push(StoredClick { id: self.next, timestamp, key, user, url, country });
        self.next = self.next.saturating_add(1);
    }
}

/// Inserts clicks in an open transaction, and numbers the new ones.
pub(super) struct Inserter<'c> {
    connection: &'c Connection,
    many: CachedStatement<'c>,
    single: CachedStatement<'c>,
    waiting: Vec<Row>,
    new: NewClicks,
    /// Rounds left in which each click has its own statement.
    single_rounds: u32,
    duplicates: u64,
}

impl<'c> Inserter<'c> {
    /// The first new click gets the number `next`. About `clicks` clicks will follow.
    ///
    /// # Errors
    /// The database cannot be used.
    pub(super) fn new(connection: &'c Connection, next: i64, clicks: usize) -> Result<Self, StorageError> {
        Ok(Self {
            connection,
            many: connection.prepare_cached(&MANY)?,
            single: connection.prepare_cached(&SINGLE)?,
            waiting: Vec::with_capacity(ROWS),
            new: NewClicks { clicks: Vec::with_capacity(clicks), next },
            single_rounds: 0,
            duplicates: 0,
        })
    }

    /// Adds a click, which may be inserted later.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(super) fn push(&mut self, row: Row) -> Result<(), StorageError> {
        self.waiting.push(row);
        if self.waiting.len() < ROWS {
            return Ok(());
        }
        if self.single_rounds > 0 { self.insert_singly() } else { self.insert_together() }
    }

    /// Inserts the remaining clicks. Returns the new clicks by number, and the number of duplicates.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(super) fn finish(mut self) -> Result<(Vec<StoredClick>, u64), StorageError> {
        self.insert_singly()?;
        Ok((self.new.clicks, self.duplicates))
    }

    fn insert_singly(&mut self) -> Result<(), StorageError> {
        self.single_rounds = self.single_rounds.saturating_sub(1);
        for row in self.waiting.drain(..) {
            bind(&mut self.single, 0, &row, self.new.next)?;
            if self.single.raw_execute()? == 0 {
                self.duplicates += 1;
                self.single_rounds = SINGLE_ROUNDS;
            } else {
                self.new.add(row);
            }
        }
        Ok(())
    }

    /// Inserts the waiting [`ROWS`] clicks with one statement.
    fn insert_together(&mut self) -> Result<(), StorageError> {
        for (at, (row, id)) in self.waiting.iter().zip(self.new.next..).enumerate() {
            bind(&mut self.many, at, row, id)?;
        }
        if self.many.raw_execute()? < self.waiting.len() {
            self.single_rounds = SINGLE_ROUNDS;
            return self.renumber();
        }
        self.waiting.drain(..).for_each(|row| self.new.add(row));
        Ok(())
    }

    /// Finds out which of the waiting rows were inserted, and closes the gaps that the duplicates left in the numbers.
    fn renumber(&mut self) -> Result<(), StorageError> {
        let mut find = self.connection.prepare_cached("SELECT id FROM clicks WHERE ts = ?1 AND click_id = ?2")?;
        let mut set_number =
            self.connection.prepare_cached("UPDATE clicks SET id = ?3 WHERE ts = ?1 AND click_id = ?2")?;
        for (row, tried) in self.waiting.drain(..).zip(self.new.next..) {
            // A duplicate has the smaller number of the first click, even if that is one of these rows.
            let found: i64 = find.query_row(params![row.timestamp, row.key], |found| found.get(0))?;
            if found != tried {
                self.duplicates += 1;
                continue;
            }
            if tried != self.new.next {
                set_number.execute(params![row.timestamp, row.key, self.new.next])?;
            }
            self.new.add(row);
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

        /// Runs of new clicks, of duplicates, and of both mixed, within one batch and across batches.
        #[test]
        fn duplicates_change_nothing_and_new_clicks_are_numbered_without_gaps(
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
