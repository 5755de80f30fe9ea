//! The one connection that writes.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::dictionary::Dictionaries;
use super::options::StorageOptions;
use super::{StorageError, arrivals, schema};
use crate::{private, sqlite};

/// How long to wait for a lock that another process (`sqlite3`, a backup) holds before saying so.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Clicks arrive at the right edge of their table: larger pages are fewer to split and to log. Half as large costs a
/// seventh more of the store's time, twice as large gains nothing more.
const PAGE_BYTES: i64 = 8192;

/// The write-ahead log is written back from this size on: the longer, the more often a page that changes much is written back
/// once for many changes.
const LOG_BYTES: i64 = 32 << 20;

#[derive(Debug)]
pub(super) struct Writer {
    connection: Connection,
    dictionaries: Dictionaries,
}

impl Writer {
    pub(super) fn open(path: &Path, options: StorageOptions) -> Result<Self, StorageError> {
        // SQLite gives its log and index the mode of the database, so making that private is enough.
        let directory = path.parent().unwrap_or(path).to_owned();
        private::create(path).map_err(|cause| StorageError::Directory { path: directory, cause })?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = sqlite::open(path, flags).map_err(|error| StorageError::not_opened(path, error))?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(64);
        schema::check(&connection, path)?;
        // Of a new file only: an older one keeps its own.
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", if options.sync_every_commit { "FULL" } else { "NORMAL" })?;
        // Negative: KiB rather than pages.
        let cache_kib = i64::try_from(options.cache_bytes / 1024).unwrap_or(i64::MAX);
        connection.pragma_update(None, "cache_size", -cache_kib)?;
        // The log is cut back to this after a large transaction (a checkpoint of the aggregation).
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        // Counted in pages.
        let page_bytes: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_BYTES / page_bytes.max(512))?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        // Every id that a click refers to was given out by the dictionaries, in this transaction or one before it. To have
        // that looked up again four times a click would be a third of the store's time.
        connection.pragma_update(None, "foreign_keys", false)?;
        schema::migrate(&mut connection, path)?;
        Ok(Self { connection, dictionaries: Dictionaries::new() })
    }

    /// The newest click's place in the order of arrival; 0 if there is none.
    pub(super) fn last_click(&self) -> Result<i64, StorageError> {
        arrivals::last(&self.connection)
    }

    /// As [`Writer::shrink`]; if that cannot be done now, it is only told: the room is used for what comes.
    pub(super) fn shrink_or_warn(&mut self, of_what: &str) {
        if let Err(error) = self.shrink() {
            tracing::warn!(target: "store", "the database keeps the room of {of_what}: {error}");
        }
    }

    /// Gives free pages back to the disk. Takes the time to write what is left.
    pub(super) fn shrink(&mut self) -> Result<(), StorageError> {
        self.connection.execute_batch("VACUUM")?;
        // The answer says whether somebody was in the way, which the next checkpoint makes up for.
        Ok(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    /// As [`Writer::transaction`], and on the disk when this returns, also where other commits do not wait for that.
    pub(super) fn durably<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let usual: i64 = self.connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        let result = self.transaction(|connection, _| work(connection));
        self.connection.pragma_update(None, "synchronous", usual)?;
        result
    }

    /// Runs `work` in one transaction: all of it is durable when this returns, or none of it is.
    pub(super) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&Connection, &mut Dictionaries) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let Self { connection, dictionaries } = self;
        let result = (|| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction, dictionaries)?;
            transaction.commit()?;
            Ok(value)
        })();
        if result.is_err() {
            // Ids given out by the failed transaction are in no table.
            dictionaries.clear();
        }
        result
    }
}
