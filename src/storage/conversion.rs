//! What SQL alone cannot carry over from an older file: the order of arrival of the clicks that are not counted for good.

use rusqlite::Connection;

use super::model::StoredClick;
use super::reader::stored_click;
use super::{StorageError, arrivals};

/// The schema version whose clicks lie in the order of their time.
pub(super) const CLICKS_BY_TIME: usize = 5;

/// Clicks packed at a time.
const CHUNK: usize = 20_000;

/// Completes the script of schema 5: what lies behind the checkpoint is in the log of arrivals then, and what it was read
/// from is gone. Within the transaction of that script.
///
/// # Errors
/// The clicks cannot be read, or fewer came over than there were.
pub(super) fn carry_over(connection: &Connection) -> Result<(), StorageError> {
    let number = |select: &str| connection.query_row(select, [], |row| row.get::<_, i64>(0));
    let last = number("SELECT COALESCE(MAX(id), 0) FROM clicks_by_arrival")?;
    // Of the table: its index, by which they were copied, may be damaged.
    let (clicks, copied) =
        (number("SELECT COUNT(*) FROM clicks_by_arrival NOT INDEXED")?, number("SELECT COUNT(*) FROM clicks")?);
    if clicks != copied {
        return Err(StorageError::Damaged(format!("of {clicks} clicks, {copied} are in their index")));
    }
    let counted = number("SELECT COALESCE(MAX(checkpoint_cursor), 0) FROM aggregate_state")?;
    arrivals::cut_off(connection, counted.min(last))?;
    let mut countries = hashbrown::HashMap::new();
    let mut select = connection
        .prepare("SELECT id, ts, click_id, user, url, place FROM clicks_by_arrival WHERE id > ?1 ORDER BY id")?;
    let mut rows = select.query([counted])?;
    let mut chunk: Vec<StoredClick> = Vec::new();
    let mut before = counted.min(last);
    while let Some(row) = rows.next()? {
        let click = stored_click(connection, &mut countries, row)?;
        if before.checked_add(1) != Some(click.id) {
            // What lies before a gap cannot be followed across it.
            chunk.clear();
            arrivals::cut_off(connection, click.id.saturating_sub(1))?;
        }
        before = click.id;
        chunk.push(click);
        if chunk.len() >= CHUNK {
            arrivals::append(connection, &chunk)?;
            chunk.clear();
        }
    }
    arrivals::append(connection, &chunk)?;
    drop(rows);
    drop(select);
    Ok(connection.execute_batch("DROP TABLE clicks_by_arrival")?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::click::Click;
    use crate::storage::tests::{batch, click, open, sql};
    use crate::storage::{DATABASE_FILE, Reader, Storage, StorageOptions, older};

    fn again(directory: &tempfile::TempDir) -> Result<Storage, StorageError> {
        Storage::open(directory.path(), StorageOptions::default())
    }

    /// `clicks` clicks of both kinds of ids, at any time, most of them in order.
    fn filled(clicks: i64) -> (tempfile::TempDir, Storage) {
        let (directory, storage) = open();
        let name = |id: i64| match id % 3 {
            0 => format!("click {id}"),
            _ => uuid::Uuid::from_u128((id as u128) << 90).to_string(),
        };
        let names: Vec<_> =
            (0..clicks).map(|id| (name(id), format!("user {}", id % 7), format!("/{}", id % 11))).collect();
        let clicks: Vec<_> = names
            .iter()
            .zip(0..)
            .map(|((name, user_id, url), id)| {
                let time = match id % 100 {
                    50 => i64::MIN + id,
                    51 => i64::MAX - id,
                    52 => -id,
                    _ => id * 10,
                };
                let country = ["FR", "DE"][usize::from(id % 5 == 0)];
                Click { user_id, country, ..click(name, time, url) }
            })
            .collect();
        for part in clicks.chunks(500) {
            storage.store(&batch(part, 9)).unwrap();
        }
        (directory, storage)
    }

    fn events(storage: &Storage) -> Vec<[String; 9]> {
        let connection = sql(storage);
        let mut select = connection.prepare("SELECT * FROM click_events ORDER BY click_id").unwrap();
        let rows = select.query_map([], |row| {
            let mut fields: [String; 9] = Default::default();
            for (at, field) in fields.iter_mut().enumerate() {
                *field = row.get::<_, Option<String>>(at)?.unwrap_or_default();
            }
            Ok(fields)
        });
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn after(storage: &Storage, cursor: i64) -> Result<Vec<StoredClick>, StorageError> {
        let mut clicks = Vec::new();
        storage.reader()?.clicks_after(cursor, usize::MAX, &mut clicks).map(|()| clicks)
    }

    fn state(storage: &Storage, checkpoint_cursor: i64) {
        sql(storage)
            .execute("INSERT INTO aggregate_state VALUES (1, 2000, 0, 0, 1, 1, ?1)", [checkpoint_cursor])
            .unwrap();
    }

    #[test]
    fn an_older_file_keeps_its_clicks_and_the_order_of_those_behind_the_checkpoint() {
        for checkpoint_cursor in [None, Some(0), Some(1_700), Some(2_000)] {
            let (directory, storage) = filled(2_000);
            if let Some(cursor) = checkpoint_cursor {
                state(&storage, cursor);
            }
            let cursor = checkpoint_cursor.unwrap_or(0);
            let (events_before, after_before) = (events(&storage), after(&storage, cursor).unwrap());
            drop(storage);
            older::make(directory.path());
            // A reader takes it as it is.
            let reader = Reader::open(&directory.path().join(DATABASE_FILE)).unwrap();
            assert_eq!((reader.last_click().unwrap(), reader.click_count().unwrap()), (2_000, 2_000));
            drop(reader);

            let storage = again(&directory).unwrap();
            assert_eq!(events(&storage), events_before);
            assert_eq!(after(&storage, cursor).unwrap(), after_before);
            if cursor > 0 {
                let earlier = after(&storage, cursor - 1);
                assert!(matches!(earlier, Err(StorageError::OrderGone { next }) if next == cursor), "{earlier:?}");
            }
            assert_eq!(storage.progress().last_click(), 2_000);
            let again = [click("click 3", 30, "/3"), click("new", 1, "/new")];
            let outcome = storage.store(&batch(&again, 10)).unwrap();
            assert_eq!((outcome.stored, outcome.duplicates), (1, 1));
            assert_eq!(after(&storage, 2_000).unwrap().len(), 1);
            assert_eq!(storage.offsets("clicks").unwrap(), BTreeMap::from([(0, 10)]));
            let connection = sql(&storage);
            let check = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, String>(0));
            assert_eq!(check("PRAGMA integrity_check").unwrap(), "ok");
            check("PRAGMA foreign_key_check").unwrap_err();
        }
    }

    #[test]
    fn clicks_that_were_deleted_make_no_difference_behind_the_checkpoint_and_none_is_followed_across_a_gap() {
        for (deleted, cursor, followed_from) in [("id < 1200", 1_500, 1_500), ("id BETWEEN 900 AND 1300", 0, 1_300)] {
            let (directory, storage) = filled(2_000);
            state(&storage, cursor);
            let wanted = after(&storage, followed_from).unwrap();
            sql(&storage).execute(&format!("DELETE FROM clicks WHERE {deleted}"), []).unwrap();
            drop(storage);
            older::make(directory.path());
            let storage = again(&directory).unwrap();
            assert_eq!(after(&storage, followed_from).unwrap(), wanted);
            for cursor in [0, followed_from - 1] {
                assert!(matches!(after(&storage, cursor), Err(StorageError::OrderGone { .. })));
            }
        }
    }

    #[test]
    fn a_larger_file_is_packed_in_parts_and_gives_its_room_back() {
        let (directory, storage) = filled(50_000);
        let wanted = after(&storage, 0).unwrap();
        drop(storage);
        older::make(directory.path());
        let size = || std::fs::metadata(directory.path().join(DATABASE_FILE)).unwrap().len();
        let before = size();
        let storage = again(&directory).unwrap();
        assert_eq!(after(&storage, 0).unwrap(), wanted);
        assert!(size() < before * 11 / 10, "{before} bytes became {}", size());
    }

    #[test]
    fn an_older_file_that_is_damaged_stays_as_it_is() {
        let (directory, storage) = filled(10_000);
        drop(storage);
        older::make(directory.path());
        let file = directory.path().join(DATABASE_FILE);
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2 / 4096 * 4096;
        bytes[middle..middle + 8192].fill(0xa5);
        std::fs::write(&file, &bytes).unwrap();
        let error = again(&directory).unwrap_err();
        assert!(matches!(error, StorageError::Unsound { .. }), "{error}");
        assert!(std::fs::read(&file).unwrap() == bytes);
    }
}
