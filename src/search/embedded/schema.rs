//! The tables of the embedded index, and how its file is opened.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::failure::{Failure, SCHEMA};
use crate::sqlite::{self, Schema};

/// `ctop` in ASCII. It marks the file as an embedded index, so that the database of another program is refused.
const APPLICATION_ID: i32 = 0x6374_6f70;

/// How long a statement waits for another process that writes the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Every url is stored and tokenized once, for all countries and versions. So an upsert of known pages does not change the full-text
/// index.
///
/// `detail=none` stores no positions: the full-text index only finds urls that contain the trigrams, and each of them is then compared
/// with the text, so the match is exact. Each transaction updates `totals.documents`, so the status needs no scan.
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

/// Opens the only connection that writes, and creates the tables if the file is new.
pub(super) fn open_writer(file: &Path) -> Result<Connection, Failure> {
    let mut writer = sqlite::open(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    writer.busy_timeout(BUSY_TIMEOUT)?;
    check(&writer)?;
    writer.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // The pipeline records in another file which documents it has sent, so a commit here must survive a power loss, too. One sync for
    // each batch costs a few percent.
    writer.pragma_update(None, "synchronous", "FULL")?;
    writer.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    writer.pragma_update(None, "cache_size", -16 * 1024)?;
    // In pages of 4 KiB. With a longer log, a page that changes often is written back once for many changes.
    writer.pragma_update(None, "wal_autocheckpoint", 4096)?;
    migrate(&mut writer)?;
    Ok(writer)
}

/// Opens a connection that only reads. The tables must exist.
pub(super) fn open_reader(file: &Path) -> Result<Connection, Failure> {
    let reader = sqlite::open(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    reader.busy_timeout(BUSY_TIMEOUT)?;
    reader.pragma_update(None, "query_only", true)?;
    Ok(reader)
}

fn migrate(writer: &mut Connection) -> Result<(), Failure> {
    let change = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if check(&change)? == Content::Empty {
        change.execute_batch(TABLES)?;
        change.pragma_update(None, "application_id", APPLICATION_ID)?;
        change.pragma_update(None, "user_version", SCHEMA)?;
        change.commit()?;
    }
    Ok(())
}

/// The content of a file that can be used.
#[derive(PartialEq, Eq)]
enum Content {
    Empty,
    Index,
}

/// Fails if the file cannot be used. Runs nothing of the file's schema.
fn check(connection: &Connection) -> Result<Content, Failure> {
    let application_id: i32 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let version: i32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let schema = Schema::of(connection)?;
    match (application_id, version) {
        (APPLICATION_ID, newer) if newer > SCHEMA => Err(Failure::NewerSchema { found: newer }),
        _ if schema.is_empty() => Ok(Content::Empty),
        (APPLICATION_ID, SCHEMA) => {
            let expected = Connection::open_in_memory()?;
            expected.execute_batch(TABLES)?;
            match schema.difference(&Schema::of(&expected)?) {
                None => Ok(Content::Index),
                Some(difference) => Err(Failure::Foreign { difference }),
            }
        }
        _ => Err(Failure::NotOurs),
    }
}
