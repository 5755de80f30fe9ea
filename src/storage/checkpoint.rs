//! The aggregation's state that `page_stats` does not hold, as opaque parts of bounded size.

use rusqlite::Connection;

use super::{Reader, StorageError};

/// Replaces the checkpoint in the transaction that is open on `connection`.
pub(super) fn replace(connection: &Connection, parts: &mut dyn Iterator<Item = Vec<u8>>) -> Result<(), StorageError> {
    connection.execute("DELETE FROM checkpoint", [])?;
    let mut insert = connection.prepare_cached("INSERT INTO checkpoint (data) VALUES (?1)")?;
    for part in parts {
        insert.execute([part])?;
    }
    Ok(())
}

impl Reader {
    /// Hands every part of the newest checkpoint to `take`, in the order they were written; none if there is no checkpoint.
    ///
    /// # Errors
    /// The database cannot be read, or what `take` returns.
    pub fn checkpoint_parts<E: From<StorageError>>(
        &self,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let sqlite = |error: rusqlite::Error| E::from(StorageError::from(error));
        let mut select = self.connection.prepare("SELECT data FROM checkpoint ORDER BY part").map_err(sqlite)?;
        let mut rows = select.query([]).map_err(sqlite)?;
        while let Some(row) = rows.next().map_err(sqlite)? {
            let part = row.get_ref(0).map_err(sqlite)?.as_blob().map_err(|error| sqlite(error.into()))?;
            take(part)?;
        }
        Ok(())
    }
}
