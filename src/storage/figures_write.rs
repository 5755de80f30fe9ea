//! Writes the figures and the progress of the aggregation.

use rusqlite::{Connection, ToSql, params};

use super::checkpoint_parts::{self, CheckpointParts};
use super::computed_figures::next_version;
use super::figures::{FiguresUpdate, PageFigures};
use super::{Storage, StorageError, arrivals};

/// An update touches only the row and the index of versions. Whether a row exists is guessed from the one before.
fn write_pages(
    connection: &Connection,
    changed: impl IntoIterator<Item = PageFigures>,
    version: u64,
) -> Result<(), StorageError> {
    let mut update = connection.prepare_cached(
        "UPDATE page_stats SET clicks = ?4, unique_users = ?5, spent_ms = ?6, spent_count = ?7, first_seen = ?8,
           last_seen = ?9, version = ?10 WHERE id = ?1 AND url = ?2 AND country = ?3",
    )?;
    let insert = "INSERT INTO page_stats (id, url, country, clicks, unique_users, spent_ms, spent_count, first_seen, last_seen, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let mut insert_if_new = connection.prepare_cached(&format!("{insert} ON CONFLICT DO NOTHING"))?;
    let mut insert = connection.prepare_cached(insert)?;
    let mut was_new = false;
    for row in changed {
        let values: [&dyn ToSql; 10] = [
            &row.page,
            &row.url,
            &row.country,
            &row.clicks,
            &row.unique_users,
            &row.spent_ms,
            &row.spent_count,
            &row.first_seen,
            &row.last_seen,
            &version,
        ];
        if was_new && insert_if_new.execute(values.as_slice())? > 0 {
            continue;
        }
        was_new = update.execute(values.as_slice())? == 0;
        if was_new {
            // Fails if the row is there with another id.
            insert.execute(values.as_slice())?;
        }
    }
    Ok(())
}

impl Storage {
    /// Writes figures, their cursor and, if given, a checkpoint of the state behind them, in one transaction. A checkpoint truncates
    /// the log of arrivals, so [`Reader::clicks_after`](super::Reader::clicks_after) no longer returns older clicks.
    ///
    /// Returns the version of the written rows: `max(last + 1, milliseconds since 1970)`. So versions also grow if the database is
    /// deleted.
    ///
    /// # Errors
    /// The database cannot be written, or parts of the checkpoint that should stay are missing. Nothing has changed then.
    pub fn write_figures(
        &self,
        update: FiguresUpdate<impl IntoIterator<Item = PageFigures>>,
        checkpoint: Option<CheckpointParts<'_>>,
    ) -> Result<u64, StorageError> {
        let FiguresUpdate { changed, cursor, late, settings } = update;
        let with_checkpoint = checkpoint.is_some();
        let version = self.write(|writer| {
            writer.transaction(|connection, _| {
                let version = next_version(connection)?;
                write_pages(connection, changed, version)?;
                connection
                    .prepare_cached(
                        "INSERT INTO aggregate_state
                       (one, cursor, late, last_version, session_timeout_ms, recent_clicks, checkpoint_cursor)
                     VALUES (1, ?1, ?2, ?3, ?4, ?5, COALESCE(?6, 0))
                     ON CONFLICT (one) DO UPDATE SET cursor = excluded.cursor, late = excluded.late,
                       last_version = excluded.last_version, session_timeout_ms = excluded.session_timeout_ms,
                       recent_clicks = excluded.recent_clicks, checkpoint_cursor = COALESCE(?6, checkpoint_cursor)",
                    )?
                    .execute(params![
                        cursor,
                        late,
                        version,
                        settings.session_timeout_ms,
                        settings.recent_clicks,
                        checkpoint.is_some().then_some(cursor)
                    ])?;
                if let Some(parts) = checkpoint {
                    checkpoint_parts::replace(connection, parts)?;
                    arrivals::truncate(connection, cursor)?;
                }
                Ok(version)
            })
        })?;
        if with_checkpoint {
            self.progress.checkpoint_written();
        }
        Ok(version)
    }

    /// Deletes every figure, the cursor and the checkpoint, to count all clicks again.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn clear_figures(&self) -> Result<(), StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, _| {
                // last_version stays, so that new documents replace old ones in a search index.
                connection.execute_batch(
                    "DELETE FROM page_stats; DELETE FROM checkpoint;
                     UPDATE aggregate_state SET cursor = 0, late = 0, checkpoint_cursor = 0;",
                )?;
                Ok(())
            })
        })
    }
}
