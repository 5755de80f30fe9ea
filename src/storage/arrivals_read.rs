//! Reads clicks in order of arrival: from memory if they are new, otherwise from the log.

use super::arrivals::Unpacked;
use super::model::StoredClick;
use super::{Reader, Storage, StorageError};

impl Reader {
    /// Puts at most `limit` clicks after `cursor` into `out`, in order of arrival.
    ///
    /// # Errors
    /// [`StorageError::ArrivalsGone`] if the log no longer holds the first of them; or the database cannot be read.
    pub fn clicks_after(&self, cursor: i64, limit: usize, out: &mut Vec<StoredClick>) -> Result<(), StorageError> {
        out.clear();
        let mut next = cursor.saturating_add(1);
        let mut select =
            self.connection.prepare_cached("SELECT last, clicks FROM arrivals WHERE last > ?1 ORDER BY last")?;
        let mut rows = select.query([cursor])?;
        while out.len() < limit
            && let Some(row) = rows.next()?
        {
            let last = row.get(0)?;
            let packed = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            let clicks = Unpacked::new(last, packed)?;
            if clicks.next > next {
                if out.is_empty() {
                    return Err(StorageError::ArrivalsGone { next });
                }
                break;
            }
            for click in clicks {
                let click = click?;
                if click.id < next {
                    continue;
                }
                if out.len() >= limit {
                    break;
                }
                next = click.id.saturating_add(1);
                out.push(click);
            }
        }
        Ok(())
    }
}

impl Storage {
    /// Like [`Reader::clicks_after`] of `reader`, but from memory if the cache still holds the clicks.
    ///
    /// # Errors
    /// Those of [`Reader::clicks_after`].
    pub fn clicks_after(
        &self,
        reader: &Reader,
        cursor: i64,
        limit: usize,
        out: &mut Vec<StoredClick>,
    ) -> Result<(), StorageError> {
        if let Some(clicks) = self.click_cache.take_after(cursor, limit) {
            *out = clicks;
            return Ok(());
        }
        reader.clicks_after(cursor, limit, out)
    }
}
