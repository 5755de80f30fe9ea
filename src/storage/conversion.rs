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
