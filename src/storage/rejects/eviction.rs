//! Deletes the oldest rejects when there are too many, or when they are too old.
//!
//! Rejects are numbered 1, 2, 3, … in order of arrival. Only the oldest are deleted, and the newest row always stays. So the first and
//! the last number tell how many rejects are stored and how many were deleted.

use rusqlite::{Connection, OptionalExtension, params};

use super::limits::RejectLimits;
use crate::click::Timestamp;
use crate::storage::{Storage, StorageError};

/// The size of a row without its texts and its payload.
pub(super) const ROW_BYTES: u64 = 64;

/// The size of a row, in SQL.
macro_rules! row_bytes {
    () => {
        "octet_length(payload) + octet_length(reason) + octet_length(topic) + 64"
    };
}

/// Replaces the reason of the newest reject once it is too old. The row stays, because it holds the last number.
const EXPIRED: &str = "deleted for its age (store.retention)";

/// How many rejects are stored, and how many were deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RejectCount {
    /// Stored rejects.
    pub kept: u64,
    /// Rejects that were deleted because there were too many, or for their age.
    pub deleted: u64,
}

impl Storage {
    /// Deletes at most `limit` rejects that were stored before the time `before`, oldest first. Returns how many were deleted.
    ///
    /// Of the newest reject, only the content is deleted, because the row holds the last number.
    ///
    /// # Errors
    /// The database cannot be written; nothing has changed then.
    pub fn delete_old_rejects(&self, before: Timestamp, limit: usize) -> Result<u64, StorageError> {
        self.write(|writer| {
            let (gone, freed) = writer.transaction(|connection, _| {
                // If the clock was wrong for a while, a reject with a late time goes together with the older rejects behind it.
                let last: Option<i64> = connection
                    .prepare_cached(
                        "SELECT MAX(id) FROM (SELECT id, at FROM rejects ORDER BY id LIMIT ?2)
                         WHERE at < ?1 AND id < (SELECT MAX(id) FROM rejects)",
                    )?
                    .query_row(params![before, limit as u64], |row| row.get(0))?;
                let emptied = connection
                    .prepare_cached(concat!(
                        "SELECT id, ",
                        row_bytes!(),
                        " FROM rejects WHERE id = (SELECT MAX(id) FROM rejects) AND at < ?1 AND reason <> ?2"
                    ))?
                    .query_row(params![before, EXPIRED], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, u64>(1)?)))
                    .optional()?;
                let mut freed = 0;
                if let Some((id, bytes)) = emptied {
                    connection.execute(
                        "UPDATE rejects SET reason = ?2, payload = x'', topic = '' WHERE id = ?1",
                        params![id, EXPIRED],
                    )?;
                    freed = bytes.saturating_sub(EXPIRED.len() as u64 + ROW_BYTES);
                }
                let Some(last) = last else { return Ok((0, freed)) };
                let (gone, bytes) = delete_up_to(connection, last)?;
                Ok((gone, freed + bytes))
            })?;
            let mut known = self.reject_bytes.lock();
            *known = known.map(|bytes| bytes.saturating_sub(freed));
            Ok(gone)
        })
    }
}

/// How many rejects are stored, and how many were deleted.
pub(super) fn count(connection: &Connection) -> Result<RejectCount, StorageError> {
    let mut select =
        connection.prepare_cached("SELECT (SELECT MIN(id) FROM rejects), (SELECT MAX(id) FROM rejects)")?;
    let ends = select.query_row([], |row| Ok((row.get::<_, Option<u64>>(0)?, row.get::<_, Option<u64>>(1)?)))?;
    let (Some(first), Some(last)) = ends else { return Ok(RejectCount::default()) };
    Ok(RejectCount { kept: last.saturating_sub(first) + 1, deleted: first.saturating_sub(1) })
}

/// The size of all rejects. Reads every row once, but no payload.
pub(super) fn measure(connection: &Connection) -> Result<u64, StorageError> {
    let select = concat!("SELECT COALESCE(SUM(", row_bytes!(), "), 0) FROM rejects");
    Ok(connection.query_row(select, [], |row| row.get(0))?)
}

/// Deletes at most `most` of the oldest rejects, until the others are within `limits`. Returns how many were deleted, and their size.
pub(super) fn make_room(
    connection: &Connection,
    limits: RejectLimits,
    bytes: u64,
    most: usize,
) -> Result<(u64, u64), StorageError> {
    let RejectCount { mut kept, .. } = count(connection)?;
    let mut left = bytes;
    let mut last = None;
    {
        let mut select =
            connection.prepare_cached(concat!("SELECT id, ", row_bytes!(), " FROM rejects ORDER BY id LIMIT ?1"))?;
        let mut rows = select.query([most as u64])?;
        while kept > 1
            && (kept > limits.rows || left > limits.bytes)
            && let Some(row) = rows.next()?
        {
            last = Some(row.get::<_, i64>(0)?);
            left = left.saturating_sub(row.get(1)?);
            kept -= 1;
        }
    }
    last.map_or(Ok((0, 0)), |last| delete_up_to(connection, last))
}

/// Deletes every reject up to number `last`. Returns how many were deleted, and their size.
fn delete_up_to(connection: &Connection, last: i64) -> Result<(u64, u64), StorageError> {
    let bytes = connection
        .prepare_cached(concat!("SELECT COALESCE(SUM(", row_bytes!(), "), 0) FROM rejects WHERE id <= ?1"))?
        .query_row([last], |row| row.get(0))?;
    let gone = connection.prepare_cached("DELETE FROM rejects WHERE id <= ?1")?.execute([last])? as u64;
    Ok((gone, bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::storage::tests::{batch, open, sql};
    use crate::storage::{Reject, StorageOptions};

    fn limited(rows: u64, bytes: u64) -> (tempfile::TempDir, Storage) {
        let directory = tempfile::tempdir().unwrap();
        let storage = again(&directory, rows, bytes);
        (directory, storage)
    }

    fn again(directory: &tempfile::TempDir, rows: u64, bytes: u64) -> Storage {
        let rejects = RejectLimits { rows, bytes };
        Storage::open(directory.path(), StorageOptions { rejects, ..StorageOptions::default() }).unwrap()
    }

    fn reject(size: usize) -> Reject {
        Reject::message("t", 0, 1, "no url".to_owned(), &vec![b'x'; size])
    }

    fn counts(storage: &Storage) -> (u64, u64) {
        let RejectCount { kept, deleted } = storage.reader().unwrap().reject_count().unwrap();
        (kept, deleted)
    }

    /// The number of rows and their size, measured by SQL.
    fn measured(storage: &Storage) -> (u64, u64) {
        let select = concat!("SELECT COUNT(*), COALESCE(SUM(", row_bytes!(), "), 0) FROM rejects");
        sql(storage).query_row(select, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn rejects_stay_within_the_limits_and_every_one_is_counted(
            batches in prop::collection::vec((prop::collection::vec(0..3_000_usize, 0..12), any::<bool>()), 1..12),
            rows in 1..20_u64,
            bytes in 1..20_000_u64,
        ) {
            let (directory, mut storage) = limited(rows, bytes);
            let mut all = 0;
            for (sizes, restarts) in batches {
                let rejects: Vec<Reject> = sizes.into_iter().map(reject).collect();
                all += rejects.len() as u64;
                let mut whole = batch(&[], 1);
                whole.rejects = rejects;
                storage.store(&whole).unwrap();
                let (kept, deleted) = counts(&storage);
                let (found, taken) = measured(&storage);
                prop_assert_eq!((kept, kept + deleted), (found, all));
                prop_assert!(kept <= rows && (taken <= bytes || kept == 1), "{} rows, {} bytes", kept, taken);
                let known = *storage.reject_bytes.lock();
                prop_assert!(known.is_none_or(|known| known == taken), "{:?}", known);
                if restarts {
                    drop(storage);
                    storage = again(&directory, rows, bytes);
                }
            }
        }
    }

    #[test]
    fn after_the_limit_is_lowered_the_oldest_rejects_go_in_steps() {
        let (directory, storage) = limited(1_000_000, u64::MAX);
        storage.keep_rejects(&vec![reject(10); 5_000]).unwrap();
        drop(storage);
        let storage = again(&directory, 100, u64::MAX);
        for (left, all) in [3_999, 2_998, 1_997, 996, 100, 100].into_iter().zip(5_001..) {
            storage.keep_rejects(&[reject(1)]).unwrap();
            assert_eq!((counts(&storage), measured(&storage).0), ((left, all - left), left));
        }
    }

    #[test]
    fn a_transaction_that_fails_changes_no_count() {
        let (_directory, storage) = limited(2, u64::MAX);
        storage.keep_rejects(&[reject(1), reject(2)]).unwrap();
        let before = (counts(&storage), *storage.reject_bytes.lock());
        sql(&storage)
            .execute_batch("CREATE TRIGGER refuse BEFORE DELETE ON rejects BEGIN SELECT RAISE(ABORT, 'no'); END")
            .unwrap();
        storage.keep_rejects(&[reject(3)]).unwrap_err();
        assert_eq!((counts(&storage), *storage.reject_bytes.lock()), before);
    }

    #[test]
    fn old_rejects_are_deleted_but_the_newest_only_loses_its_content() {
        let (_directory, storage) = open();
        for _ in 0..5 {
            storage.keep_rejects(&[reject(100)]).unwrap();
        }
        let connection = sql(&storage);
        connection.execute("UPDATE rejects SET at = id * 10", []).unwrap();
        // The clock was wrong for one.
        connection.execute("UPDATE rejects SET at = 1000000 WHERE id = 1", []).unwrap();
        let at = Timestamp::from_millis;
        assert_eq!(storage.delete_old_rejects(at(20), 100).unwrap(), 0);
        assert_eq!(storage.delete_old_rejects(at(31), 100).unwrap(), 3);
        assert_eq!(counts(&storage), (2, 3));
        assert_eq!(storage.delete_old_rejects(at(1_000), 100).unwrap(), 1);
        assert_eq!(storage.delete_old_rejects(at(1_000), 100).unwrap(), 0);
        let newest = storage.reader().unwrap().newest_rejects(9, 9).unwrap();
        let [last] = newest.as_slice() else { panic!("{newest:?}") };
        assert_eq!((last.reason.as_str(), last.payload.len(), last.payload_bytes), (EXPIRED, 0, 100));
        assert_eq!(*storage.reject_bytes.lock(), Some(measured(&storage).1));
        storage.keep_rejects(&[reject(1)]).unwrap();
        assert_eq!(counts(&storage), (2, 4));
        storage.erase_events().unwrap();
        storage.keep_rejects(&[reject(1)]).unwrap();
        assert_eq!((counts(&storage), *storage.reject_bytes.lock()), ((1, 0), Some(measured(&storage).1)));
    }
}
