//! The tables of the embedded index, and opening the file that holds them.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::failure::{Failure, SCHEMA};
use crate::sqlite::{self, Schema};

/// Marks the file as ours ("ctop"), so that another program's database is refused, not written into.
const APPLICATION_ID: i32 = 0x6374_6f70;

/// How long a statement waits for another process that writes the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Every url is stored and tokenised once, however many countries and versions its figures have: an upsert of known
/// pages never touches the full-text index.
///
/// `detail=none` keeps no positions: the index only narrows down to urls that hold the sought trigrams, and every
/// candidate is compared with the text itself, which also makes the match exact. `documents` is counted in the
/// transaction that changes it, so that status needs no scan.
const TABLES: &str = "
CREATE TABLE urls (id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE);
CREATE VIRTUAL TABLE url_parts USING fts5(url, content='urls', content_rowid='id', detail=none, columnsize=0, tokenize='trigram');
CREATE TABLE pages (
    url_id INTEGER NOT NULL,
    country TEXT NOT NULL,
    clicks INTEGER NOT NULL,
    unique_users INTEGER NOT NULL,
    avg_time_spent REAL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (url_id, country)
) WITHOUT ROWID;
CREATE TABLE totals (documents INTEGER NOT NULL);
INSERT INTO totals (documents) VALUES (0);
";

/// Opens the one connection that writes, and makes the tables if the file is new.
pub(super) fn open_writer(file: &Path) -> Result<Connection, Failure> {
    let mut writer = sqlite::open(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    writer.busy_timeout(BUSY_TIMEOUT)?;
    check(&writer)?;
    writer.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // The pipeline notes in another file what it has sent, so a commit here must survive a power loss as well as that
    // note does. One sync a batch costs a few per cent.
    writer.pragma_update(None, "synchronous", "FULL")?;
    writer.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    writer.pragma_update(None, "cache_size", -32 * 1024)?;
    // In pages of 4 KiB: what is written back less often is written back once for many changes.
    writer.pragma_update(None, "wal_autocheckpoint", 4096)?;
    migrate(&mut writer)?;
    Ok(writer)
}

/// Opens a connection that only reads; the tables are there already.
pub(super) fn open_reader(file: &Path) -> Result<Connection, Failure> {
    let reader = sqlite::open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    reader.busy_timeout(BUSY_TIMEOUT)?;
    reader.pragma_update(None, "query_only", true)?;
    Ok(reader)
}

fn migrate(writer: &mut Connection) -> Result<(), Failure> {
    let change = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if check(&change)? == Found::Empty {
        change.execute_batch(TABLES)?;
        change.pragma_update(None, "application_id", APPLICATION_ID)?;
        change.pragma_update(None, "user_version", SCHEMA)?;
        change.commit()?;
    }
    Ok(())
}

/// What a file that can be used holds.
#[derive(PartialEq, Eq)]
enum Found {
    Empty,
    Ours,
}

/// Whether the file can be used. Nothing in its schema is run.
fn check(connection: &Connection) -> Result<Found, Failure> {
    let application_id: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let version: i32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let schema = Schema::of(connection)?;
    match (application_id, version) {
        (APPLICATION_ID, newer) if newer > SCHEMA => Err(Failure::NewerSchema { found: newer }),
        _ if schema.is_empty() => Ok(Found::Empty),
        (APPLICATION_ID, SCHEMA) => {
            let ours = Connection::open_in_memory()?;
            ours.execute_batch(TABLES)?;
            match schema.difference(&Schema::of(&ours)?) {
                None => Ok(Found::Ours),
                Some(difference) => Err(Failure::Foreign { difference }),
            }
        }
        _ => Err(Failure::NotOurs),
    }
}
