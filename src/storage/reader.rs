//! Readers: each has its own read-only connection and sees a consistent state while the writer works.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use hashbrown::HashMap;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};

use super::figures::{AggregateSettings, AggregateState, IndexCursor, PageFigures};
use super::file_names::DATABASE_FILE;
use super::model::{CountryId, StoredClick, UrlId};
use super::{StorageError, arrivals, schema};
use crate::click::Timestamp;
use crate::private;
use crate::protocol::SortBy;
use crate::protocol::view::RowOrder;
use crate::sqlite::{self, OpenError};

/// How long a reader waits for a lock of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A read-only connection.
#[derive(Debug)]
pub struct Reader {
    pub(super) connection: Connection,
    /// The country of each row of `places`, read once.
    pub(super) countries: HashMap<i64, CountryId>,
}

/// A row of figures with its texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The version and row of this page.
    pub at: IndexCursor,
    /// The url, which is untrusted text.
    pub url: String,
    /// The country.
    pub country: String,
    /// Distinct clicks.
    pub clicks: u64,
    /// Exact number of distinct users.
    pub unique_users: u64,
    /// Mean time spent in seconds, over the clicks whose time spent is known.
    pub avg_time_spent: Option<f64>,
    /// How many clicks these are.
    pub timed: u64,
    /// Time of the earliest click.
    pub first_seen: Timestamp,
    /// Time of the latest click.
    pub last_seen: Timestamp,
}

const PAGE_COLUMNS: &str = "page_stats.version, page_stats.id, urls.url, countries.country, clicks, unique_users,
    CASE WHEN spent_count > 0 THEN spent_ms / 1000.0 / spent_count END AS avg_time_spent, first_seen, last_seen,
    spent_count
    FROM page_stats JOIN urls ON urls.id = page_stats.url JOIN countries ON countries.id = page_stats.country";

impl Reader {
    /// Opens the database file `path` for reading. A pipeline may write it meanwhile.
    ///
    /// If SQLite cannot create its files beside the database (on a read-only medium, or in a directory of another user), this opens a
    /// database that no process has open.
    ///
    /// # Errors
    /// There is no such file, or it is not a clicktop database of a known schema.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        if let Some(refusal) = private::refusal(path) {
            return Err(StorageError::Forbidden { path: path.to_owned(), refusal });
        }
        if path.symlink_metadata().is_err() {
            return Err(StorageError::Missing { path: path.to_owned() });
        }
        let checked = |opened: Result<Connection, OpenError>| {
            let connection = opened.map_err(|error| StorageError::not_opened(path, error))?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            let version = schema::check(&connection, path)?;
            Ok::<_, StorageError>((connection, version))
        };
        let (connection, version) = match checked(sqlite::open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)) {
            Err(StorageError::ReadOnly(_)) => {
                require_closed(path)?;
                checked(sqlite::open_immutable(path)).map_err(|error| match error {
                    StorageError::ReadOnly(cause) => StorageError::Unreadable { path: path.to_owned(), cause },
                    other => other,
                })?
            }
            opened => opened?,
        };
        if version == 0 {
            return Err(StorageError::Missing { path: path.to_owned() });
        }
        Ok(Self { connection, countries: HashMap::new() })
    }

    /// Opens the database of this process's pipeline, which has checked the schema already.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(super) fn of_pipeline(path: &Path) -> Result<Self, StorageError> {
        let opened = sqlite::open(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let connection = opened.map_err(|error| StorageError::not_opened(path, error))?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        Ok(Self { connection, countries: HashMap::new() })
    }

    /// Lets SQLite keep at most `bytes` of the database in memory for this reader, instead of 2 MiB.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn limit_cache(&self, bytes: u32) -> Result<(), StorageError> {
        // SQLite takes negative values as KiB.
        Ok(self.connection.pragma_update(None, "cache_size", -i64::from(bytes / 1024))?)
    }

    /// Passes every click up to number `last` to `take`, in order of time, so that no click is late.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn clicks_by_time(&mut self, last: i64, mut take: impl FnMut(StoredClick)) -> Result<(), StorageError> {
        let Self { connection, countries, .. } = self;
        let mut select = connection.prepare(schema::CLICKS_BY_TIME)?;
        let mut rows = select.query([last])?;
        while let Some(row) = rows.next()? {
            take(stored_click(connection, countries, row)?);
        }
        Ok(())
    }

    /// The number of the newest stored click; 0 if there is none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn last_click(&self) -> Result<i64, StorageError> {
        arrivals::last(&self.connection)
    }

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

    /// How many clicks are stored. Reads the whole table.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn click_count(&self) -> Result<u64, StorageError> {
        Ok(self.connection.query_row("SELECT COUNT(*) FROM clicks", [], |row| row.get(0))?)
    }

    /// The next offset to read of each partition of `topic`, as far as offsets are stored.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn offsets(&self, topic: &str) -> Result<BTreeMap<i32, i64>, StorageError> {
        let mut select =
            self.connection.prepare_cached("SELECT partition, next_offset FROM offsets WHERE topic = ?1")?;
        let rows = select.query_map([topic], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The progress of the aggregation; `None` before its first write.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn aggregate_state(&self) -> Result<Option<AggregateState>, StorageError> {
        let select = "SELECT cursor, late, last_version, session_timeout_ms, recent_clicks FROM aggregate_state";
        let state = self.connection.query_row(select, [], |row| {
            let settings = AggregateSettings { session_timeout_ms: row.get(3)?, recent_clicks: row.get(4)? };
            Ok(AggregateState { cursor: row.get(0)?, late: row.get(1)?, last_version: row.get(2)?, settings })
        });
        Ok(state.optional()?)
    }

    /// Passes the figures of every page to `take`, by row id.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn figures(&self, mut take: impl FnMut(PageFigures)) -> Result<(), StorageError> {
        let all = self.figures_while(|figures| {
            take(figures);
            ControlFlow::Continue(())
        });
        all.map(drop)
    }

    /// Like [`Reader::figures`], until `take` breaks.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn figures_while(
        &self,
        mut take: impl FnMut(PageFigures) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StorageError> {
        let mut select = self.connection.prepare_cached(
            "SELECT id, url, country, clicks, unique_users, spent_ms, spent_count, first_seen, last_seen
             FROM page_stats ORDER BY id",
        )?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            if take(page_figures(row)?).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// At most `limit` pages after `cursor`, oldest version first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn pages_after(&self, cursor: IndexCursor, limit: usize) -> Result<Vec<Page>, StorageError> {
        let mut select = self.connection.prepare_cached(&format!(
            "SELECT {PAGE_COLUMNS} WHERE (page_stats.version, page_stats.id) > (?1, ?2)
             ORDER BY page_stats.version, page_stats.id LIMIT ?3"
        ))?;
        let rows = select.query_map(params![cursor.version, cursor.page, limit as u64], page)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many pages are after `cursor`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn pages_pending(&self, cursor: IndexCursor) -> Result<u64, StorageError> {
        let mut count =
            self.connection.prepare_cached("SELECT COUNT(*) FROM page_stats WHERE (version, id) > (?1, ?2)")?;
        Ok(count.query_row(params![cursor.version, cursor.page], |row| row.get(0))?)
    }

    /// The first pages of `country` in `order`, or of all countries if `None`. No limit if `limit` is `None`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn top(
        &self,
        country: Option<&str>,
        order: impl Into<RowOrder>,
        limit: Option<u64>,
    ) -> Result<Vec<Page>, StorageError> {
        let RowOrder { sort, min_timed } = order.into();
        let by = match sort {
            SortBy::Clicks | SortBy::Rising => "clicks DESC, unique_users DESC".to_owned(),
            SortBy::Users => "unique_users DESC, clicks DESC".to_owned(),
            SortBy::Time => {
                format!("spent_count < {}, avg_time_spent DESC NULLS LAST, clicks DESC", at_most_i64(min_timed))
            }
        };
        let mut select = self.connection.prepare_cached(&format!(
            "SELECT {PAGE_COLUMNS} WHERE ?1 IS NULL OR countries.country = ?1
             ORDER BY {by}, urls.url, countries.country LIMIT ?2"
        ))?;
        let limit = limit.map_or(-1, at_most_i64);
        let rows = select.query_map(params![country, limit], page)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many pages (url × country) have a click.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn page_count(&self) -> Result<u64, StorageError> {
        Ok(self.connection.prepare_cached("SELECT COUNT(*) FROM page_stats")?.query_row([], |row| row.get(0))?)
    }

    /// The text of a url.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn url(&self, id: UrlId) -> Result<String, StorageError> {
        let mut select = self.connection.prepare_cached("SELECT url FROM urls WHERE id = ?1")?;
        Ok(select.query_row([id], |row| row.get(0))?)
    }

    /// The name of a country.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn country(&self, id: CountryId) -> Result<String, StorageError> {
        let mut select = self.connection.prepare_cached("SELECT country FROM countries WHERE id = ?1")?;
        Ok(select.query_row([id], |row| row.get(0))?)
    }
}

/// Fails unless the database file holds the whole database, without a write-ahead log, and we may read it.
fn require_closed(path: &Path) -> Result<(), StorageError> {
    let unreadable = |cause: String| StorageError::Unreadable { path: path.to_owned(), cause };
    if let Err(cause) = std::fs::File::open(path) {
        return Err(unreadable(format!(
            "{cause}; run this as the owner of the file, or ask the owner for a copy (clicktop backup)"
        )));
    }
    let log = sqlite::companion(path, "-wal");
    match log.metadata() {
        Ok(log) if log.len() > 0 => Err(unreadable(format!(
            "its newest part is in {DATABASE_FILE}-wal, and SQLite can only read that in a directory that you may write to; copy \
             both files into a directory of yours, or ask for a copy (clicktop backup)"
        ))),
        _ => Ok(()),
    }
}

/// `number`, or the largest one that SQLite has: no count is larger.
pub(super) fn at_most_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn page(row: &Row<'_>) -> rusqlite::Result<Page> {
    Ok(Page {
        at: IndexCursor { version: row.get(0)?, page: row.get(1)? },
        url: row.get(2)?,
        country: row.get(3)?,
        clicks: row.get(4)?,
        unique_users: row.get(5)?,
        avg_time_spent: row.get(6)?,
        first_seen: row.get(7)?,
        last_seen: row.get(8)?,
        timed: row.get(9)?,
    })
}

/// The columns of `page_stats` in the order of [`PageFigures`].
pub(super) fn page_figures(row: &Row<'_>) -> rusqlite::Result<PageFigures> {
    Ok(PageFigures {
        page: row.get(0)?,
        url: row.get(1)?,
        country: row.get(2)?,
        clicks: row.get(3)?,
        unique_users: row.get(4)?,
        spent_ms: row.get(5)?,
        spent_count: row.get(6)?,
        first_seen: row.get(7)?,
        last_seen: row.get(8)?,
    })
}

pub(super) fn stored_click(
    connection: &Connection,
    countries: &mut HashMap<i64, CountryId>,
    row: &Row<'_>,
) -> Result<StoredClick, StorageError> {
    let place: i64 = row.get(5)?;
    let country = match countries.get(&place) {
        Some(&country) => country,
        None => {
            let mut select = connection.prepare_cached("SELECT country FROM places WHERE id = ?1")?;
            let country = select.query_row([place], |row| row.get(0))?;
            countries.insert(place, country);
            country
        }
    };
    let (id, timestamp, key) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(StoredClick { id, timestamp, key, user: row.get(3)?, url: row.get(4)?, country })
}
