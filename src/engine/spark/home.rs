//! Brings figures from the cluster into the data directory, where boards, `top` and the index read them.

use arrow_array::{Array as _, Int64Array, RecordBatch, StringArray};

use super::connect::{ConnectError, Session, column};
use super::sql::Tables;
use crate::click::Timestamp;
use crate::storage::figures::AggregateSettings;
use crate::storage::{ComputedFigures, Reader, Storage, StorageError};

/// Where the figures go.
#[derive(Clone, Copy)]
pub(super) struct HomeTarget<'a> {
    pub(super) storage: &'a Storage,
    /// What the figures depend on besides the clicks.
    pub(super) rules: AggregateSettings,
}

/// Why the figures do not come.
#[derive(Debug, thiserror::Error)]
pub(super) enum HomeError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Writes the figures that the rounds after `from` up to `to` have changed. `changed` hears how many rows differ so far; they are returned.
///
/// # Errors
/// As any query; or the database cannot be written.
pub(super) async fn bring_home(
    session: &Session,
    tables: &Tables,
    target: HomeTarget<'_>,
    (from, to): (i64, i64),
    mut changed: impl FnMut(u64),
) -> Result<u64, HomeError> {
    let reader = target.storage.reader()?;
    let mut from = from;
    loop {
        let mut rows = session.rows(tables.changed_figures(from, to));
        let mut written = 0;
        let mut is_whole = true;
        while let Some(batch) = rows.next().await? {
            let figures = figures(&batch)?;
            if is_any_here(&reader, figures.clone().filter(|row| row.clicks == 0))? {
                is_whole = false;
                break;
            }
            written += target.storage.write_computed_figures(figures.filter(|row| row.clicks > 0), target.rules)?;
            changed(written);
        }
        if is_whole {
            return Ok(written);
        }
        // The index must lose the documents of pages that have no click any more. It deletes no single document, so it begins anew.
        tracing::info!(target: "aggregate", "a rebuild has removed figures that are here; all come anew");
        target.storage.discard_figures()?;
        from = -1;
    }
}

/// Whether one of `rows` stands in the database.
fn is_any_here<'a>(reader: &Reader, rows: impl Iterator<Item = ComputedFigures<'a>>) -> Result<bool, StorageError> {
    for row in rows {
        if reader.has_page(row.url, row.country)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The rows of a batch. A row of zeros stands for a page that a rebuild has found to be none.
fn figures(batch: &RecordBatch) -> Result<impl Iterator<Item = ComputedFigures<'_>> + Clone, ConnectError> {
    let text = |name| column::<StringArray>(batch, name);
    let number = |name| column::<Int64Array>(batch, name);
    let (urls, countries) = (text("url")?, text("country")?);
    let (clicks, users, sums) = (number("clicks")?, number("users")?, number("sum_ms")?);
    let (known, first, last) = (number("known")?, number("first_ms")?, number("last_ms")?);
    let count = |column: &Int64Array, row| u64::try_from(column.value(row)).unwrap_or(0);
    let rows = (0..batch.num_rows()).filter(|row| !urls.is_null(*row) && !countries.is_null(*row));
    Ok(rows.map(move |row| ComputedFigures {
        url: urls.value(row),
        country: countries.value(row),
        clicks: count(clicks, row),
        unique_users: count(users, row),
        spent_ms: sums.value(row),
        spent_count: count(known, row),
        first_seen: Timestamp::from_millis(first.value(row)),
        last_seen: Timestamp::from_millis(last.value(row)),
    }))
}
