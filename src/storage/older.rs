//! Databases as an older clicktop left them, for tests of what becomes of them.

use std::path::Path;

use rusqlite::Connection;

use super::{DATABASE_FILE, schema};

/// The schema before clicks lay in the order of their time.
const SCHEMA: usize = 4;

/// Every table of [`SCHEMA`] whose rows are as they are now.
const TABLES: [&str; 13] = [
    "users",
    "urls",
    "countries",
    "places",
    "agents",
    "offsets",
    "rejects",
    "page_stats",
    "aggregate_state",
    "checkpoint",
    "index_state",
    "resets",
    "retention",
];

/// Makes the database in `directory`, which nobody has open, one of an older clicktop with the same content.
pub(crate) fn make(directory: &Path) {
    let file = directory.join(DATABASE_FILE);
    let newer = directory.join("newer.db");
    let now = Connection::open(&file).unwrap();
    now.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(now);
    std::fs::rename(&file, &newer).unwrap();
    let older = Connection::open(&file).unwrap();
    older.pragma_update(None, "foreign_keys", false).unwrap();
    older.pragma_update(None, "journal_mode", "WAL").unwrap();
    schema::run_scripts(&older, SCHEMA);
    older.execute("ATTACH ?1 AS newer", [newer.to_str().unwrap()]).unwrap();
    for table in TABLES {
        older.execute(&format!("INSERT INTO {table} SELECT * FROM newer.{table}"), []).unwrap();
    }
    older.execute("UPDATE identity SET id = (SELECT id FROM newer.identity)", []).unwrap();
    older
        .execute(
            "INSERT INTO clicks (id, ts, click_id, user, url, place, agent)
             SELECT id, ts, click_id, user, url, place, agent FROM newer.clicks ORDER BY id",
            [],
        )
        .unwrap();
    older.execute("DETACH newer", []).unwrap();
    drop(older);
    std::fs::remove_file(newer).unwrap();
}
