//! Stores the checkpoint of the aggregation: the state that `page_stats` does not hold, in opaque parts of bounded size.

use rusqlite::{Connection, params};

use super::StorageError;

/// A checkpoint to write. Some of the stored parts stay, and new parts follow them.
pub struct CheckpointParts<'a> {
    /// How many of the stored parts, from the first on, also belong to this checkpoint.
    pub kept: u64,
    /// The parts that follow them.
    pub new: &'a mut dyn Iterator<Item = Vec<u8>>,
}

/// Replaces the checkpoint, in the open transaction of `connection`.
pub(super) fn replace(connection: &Connection, parts: CheckpointParts<'_>) -> Result<(), StorageError> {
    let CheckpointParts { kept, new } = parts;
    // Parts are numbered 1, 2, 3, … Somebody may have deleted some meanwhile.
    let stored: u64 =
        connection
            .query_row("SELECT COUNT(*) FROM checkpoint WHERE part BETWEEN 1 AND ?1", [kept], |row| row.get(0))?;
    if stored < kept {
        return Err(StorageError::CheckpointPartsMissing);
    }
    connection.execute("DELETE FROM checkpoint WHERE part > ?1 OR part < 1", [kept])?;
    let mut insert = connection.prepare_cached("INSERT INTO checkpoint (part, data) VALUES (?1, ?2)")?;
    for (part, number) in new.zip(kept + 1..) {
        insert.execute(params![number, part])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Storage;
    use crate::storage::figures::{AggregateSettings, FiguresUpdate};
    use crate::storage::tests::{open, sql};

    fn write(storage: &Storage, kept: u64, new: &[u8]) -> Result<u64, StorageError> {
        let settings = AggregateSettings { session_timeout_ms: 1, recent_clicks: 1 };
        let update = FiguresUpdate { changed: [], cursor: 1, late: 0, settings };
        let mut new = new.iter().map(|&byte| vec![byte]);
        storage.write_figures(update, Some(CheckpointParts { kept, new: &mut new }))
    }

    fn stored(storage: &Storage) -> Vec<u8> {
        let mut all = Vec::new();
        let reader = storage.reader().unwrap();
        reader
            .checkpoint_parts::<StorageError>(|part| {
                all.extend_from_slice(part);
                Ok(())
            })
            .unwrap();
        all
    }

    #[test]
    fn the_first_parts_stay_and_the_others_are_replaced() {
        let (_directory, storage) = open();
        write(&storage, 0, &[1, 2, 3, 4]).unwrap();
        write(&storage, 2, &[5]).unwrap();
        assert_eq!(stored(&storage), [1, 2, 5]);
        write(&storage, 3, &[6, 7]).unwrap();
        assert_eq!(stored(&storage), [1, 2, 5, 6, 7]);
        write(&storage, 0, &[8]).unwrap();
        assert_eq!(stored(&storage), [8]);
    }

    #[test]
    fn a_checkpoint_that_builds_on_missing_parts_is_refused() {
        let (_directory, storage) = open();
        write(&storage, 0, &[1, 2, 3]).unwrap();
        sql(&storage).execute("DELETE FROM checkpoint WHERE part = 2", []).unwrap();
        assert!(matches!(write(&storage, 2, &[4]), Err(StorageError::CheckpointPartsMissing)));
        assert_eq!(stored(&storage), [1, 3]);
        write(&storage, 1, &[5]).unwrap();
        assert_eq!(stored(&storage), [1, 5]);
    }
}
