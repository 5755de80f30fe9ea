//! The search targets: the progress of each, and whether it still holds documents of erased figures.

use rusqlite::{OptionalExtension, params};

use super::figures::IndexCursor;
use super::{Reader, Storage, StorageError};

/// The state of a search target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetState {
    /// The target holds every row up to this one.
    pub cursor: IndexCursor,
    /// The target still holds documents of figures that were erased since.
    pub outdated: bool,
}

impl Storage {
    /// Registers `target`, unless it is registered. This must happen before it gets the first document, because only registered targets
    /// are cleared after a reset.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn register_target(&self, target: &str) -> Result<(), StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, _| {
                connection.execute(
                    "INSERT INTO index_state (target, version, page, resets)
                     VALUES (?1, 0, 0, (SELECT COALESCE(MAX(count), 0) FROM resets)) ON CONFLICT DO NOTHING",
                    [target],
                )?;
                Ok(())
            })
        })
    }

    /// Notes that `target` no longer holds documents of erased figures.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn mark_target_cleared(&self, target: &str) -> Result<(), StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, _| {
                connection.execute(
                    "UPDATE index_state SET version = 0, page = 0, resets = (SELECT COALESCE(MAX(count), 0) FROM resets)
                     WHERE target = ?1",
                    [target],
                )?;
                Ok(())
            })
        })
    }

    /// Notes that `target` holds every row up to `cursor`.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn set_index_cursor(&self, target: &str, cursor: IndexCursor) -> Result<(), StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, _| {
                connection
                    .prepare_cached(
                        "INSERT INTO index_state (target, version, page) VALUES (?1, ?2, ?3)
                         ON CONFLICT (target) DO UPDATE SET version = excluded.version, page = excluded.page",
                    )?
                    .execute(params![target, cursor.version, cursor.page])?;
                Ok(())
            })
        })
    }
}

impl Reader {
    /// The state of `target`; `None` if it is not registered.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn target_state(&self, target: &str) -> Result<Option<TargetState>, StorageError> {
        let mut select = self.connection.prepare_cached(
            "SELECT version, page, resets < (SELECT COALESCE(MAX(count), 0) FROM resets) FROM index_state
             WHERE target = ?1",
        )?;
        let state = select.query_row([target], |row| {
            let cursor = IndexCursor { version: row.get(0)?, page: row.get(1)? };
            Ok(TargetState { cursor, outdated: row.get(2)? })
        });
        Ok(state.optional()?)
    }

    /// The progress of `target`; the beginning if it is not registered.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn index_cursor(&self, target: &str) -> Result<IndexCursor, StorageError> {
        let mut select = self.connection.prepare_cached("SELECT version, page FROM index_state WHERE target = ?1")?;
        let cursor = select.query_row([target], |row| Ok(IndexCursor { version: row.get(0)?, page: row.get(1)? }));
        Ok(cursor.optional()?.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::tests::open;

    #[test]
    fn a_target_is_outdated_until_it_is_cleared_and_a_new_one_never_is() {
        let (_directory, storage) = open();
        let outdated = |target: &str| {
            let state = storage.reader().unwrap().target_state(target).unwrap();
            state.map(|state| state.outdated)
        };
        storage.register_target("old").unwrap();
        assert_eq!((outdated("old"), outdated("new")), (Some(false), None));
        storage.erase_events().unwrap();
        storage.register_target("old").unwrap();
        storage.set_index_cursor("old", IndexCursor { version: 5, page: 1 }).unwrap();
        assert_eq!(outdated("old"), Some(true), "registering it again and a new cursor do not clear it");
        storage.mark_target_cleared("old").unwrap();
        storage.register_target("new").unwrap();
        assert_eq!((outdated("old"), outdated("new")), (Some(false), Some(false)));
    }
}
