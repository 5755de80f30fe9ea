//! Reading the clicks in the order of arrival: from memory if they are new, else from the log.

use super::arrivals::Unpacked;
use super::model::StoredClick;
use super::{Reader, Storage, StorageError};

impl Reader {
    /// Puts the clicks after `cursor` in `out`, in the order of arrival, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError::OrderGone`] if the log no longer reaches back to the first of them; the database cannot be read.
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
                    return Err(StorageError::OrderGone { next });
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
    /// As [`Reader::clicks_after`] of `reader`, from memory where the clicks are still there.
    ///
    /// # Errors
    /// As those of [`Reader::clicks_after`].
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
