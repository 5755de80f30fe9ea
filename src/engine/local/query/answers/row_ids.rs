//! The ids of the rows that boards show.

use std::sync::Arc;

use lru::LruCache;

use crate::protocol::board::PageRow;
use crate::storage::{CountryId, Reader, StorageError, UrlId};

/// Texts of each kind that are remembered: those of the rows that some fronts show.
const REMEMBERED: usize = 4_096;

/// The ids of urls and countries that were looked up lately. The same rows are looked up each time that the figures beside them change.
#[derive(Debug)]
pub(super) struct RowIds {
    urls: LruCache<Arc<str>, UrlId>,
    countries: LruCache<Arc<str>, CountryId>,
}

impl Default for RowIds {
    fn default() -> Self {
        // A bounded cache would take the memory for all of them at once.
        Self { urls: LruCache::unbounded(), countries: LruCache::unbounded() }
    }
}

impl RowIds {
    /// The ids of a row; `None` if the database does not know its texts.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn of(&mut self, row: &PageRow, reader: &Reader) -> Result<Option<(UrlId, CountryId)>, StorageError> {
        let url = remembered(&mut self.urls, &row.url, |text| reader.url_id(text))?;
        let country = remembered(&mut self.countries, &row.country, |text| reader.country_id(text))?;
        Ok(url.zip(country))
    }
}

fn remembered<Id: Copy>(
    ids: &mut LruCache<Arc<str>, Id>,
    text: &Arc<str>,
    read: impl FnOnce(&str) -> Result<Option<Id>, StorageError>,
) -> Result<Option<Id>, StorageError> {
    if let Some(id) = ids.get(text) {
        return Ok(Some(*id));
    }
    // A text that is not known yet may come with the next click.
    let id = read(text)?;
    if let Some(id) = id {
        if ids.len() >= REMEMBERED {
            ids.pop_lru();
        }
        ids.put(Arc::clone(text), id);
    }
    Ok(id)
}
