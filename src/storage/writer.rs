//! The writer: the only connection that writes.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::dictionary::Dictionaries;
use super::options::StorageOptions;
use super::write_back::WriteBack;
use super::{StorageError, arrivals, schema};
use crate::{private, sqlite};

/// How long a write waits for a lock of another process (such as `sqlite3`) before it fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Clicks arrive at the right edge of their table, so larger pages mean fewer page splits and fewer log entries. Pages of half the size
/// cost a seventh more of the store's time, and pages of twice the size gain nothing.
const PAGE_BYTES: i64 = 8192;

#[derive(Debug)]
pub(super) struct Writer {
    /// Ends before the connection does: the last connection removes the write-ahead log.
    write_back: WriteBack,
    connection: Connection,
    dictionaries: Dictionaries,
}

impl Writer {
    pub(super) fn open(path: &Path, options: StorageOptions) -> Result<Self, StorageError> {
        // SQLite gives its other files the mode of the database file, so it is enough to make that one private.
        let directory = path.parent().unwrap_or(path).to_owned();
        private::create(path).map_err(|cause| StorageError::Directory { path: directory, cause })?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = sqlite::open(path, flags).map_err(|error| StorageError::not_opened(path, error))?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(64);
        schema::check(&connection, path)?;
        // This affects new files only; an existing file keeps its page size.
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", if options.sync_every_commit { "FULL" } else { "NORMAL" })?;
        // SQLite takes negative values as KiB, positive ones as pages.
        let cache_kib = i64::try_from(options.cache_bytes / 1024).unwrap_or(i64::MAX);
        connection.pragma_update(None, "cache_size", -cache_kib)?;
        // SQLite truncates the log to this size after a large transaction, such as a checkpoint of the aggregation.
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        // In pages.
        let page_bytes: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let write_back = WriteBack::start(&mut connection, path, page_bytes)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        // The dictionaries have stored every id that a click refers to. Checking four foreign keys for each click would take a third
        // of the store's time.
        connection.pragma_update(None, "foreign_keys", false)?;
        schema::migrate(&mut connection, path)?;
        Ok(Self { write_back, connection, dictionaries: Dictionaries::new() })
    }

    /// The number of the newest stored click; 0 if there is none.
    pub(super) fn last_click(&self) -> Result<i64, StorageError> {
        arrivals::last(&self.connection)
    }

    /// Begins to write the log back, if it is not under way already.
    pub(super) fn write_back(&self) {
        self.write_back.begin();
    }

    /// Like [`Writer::shrink`], but only logs a warning on failure: the file can use the free pages later.
    pub(super) fn shrink_or_warn(&mut self, of_what: &str) {
        if let Err(error) = self.shrink() {
            tracing::warn!(target: "store", "the database file keeps the space of {of_what}: {error}");
        }
    }

    /// Returns free pages to the file system. This rewrites the rest of the file.
    pub(super) fn shrink(&mut self) -> Result<(), StorageError> {
        self.connection.execute_batch("VACUUM")?;
        // If a reader is in the way, the next checkpoint of the log truncates it.
        Ok(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    /// Like [`Writer::transaction`], but everything is on the disk when this returns, even if other commits do not wait for the disk.
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

    /// Runs `work` in one transaction. If this fails, nothing is written.
    pub(super) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&Connection, &mut Dictionaries) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let Self { connection, dictionaries, .. } = self;
        let result = (|| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction, dictionaries)?;
            transaction.commit()?;
            Ok(value)
        })();
        if result.is_err() {
            // The tables do not hold the ids of the failed transaction.
            dictionaries.clear();
        }
        result
    }
}
