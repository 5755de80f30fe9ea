//! The promises of the store: each click once, each batch in one transaction with its offsets, and a file that any SQLite tool reads.

use std::collections::BTreeMap;

use tempfile::TempDir;

use std::path::Path;

use super::figures::{AggregateSettings, FiguresUpdate, IndexCursor, PageFigures};
use super::*;
use crate::click::{Click, Timestamp};

const UUID: &str = "8c77bd62-50bc-5c62-b14e-c23292823b39";

pub(super) fn open() -> (TempDir, Storage) {
    let directory = tempfile::tempdir().unwrap();
    let storage = Storage::open(directory.path(), StorageOptions::default()).unwrap();
    (directory, storage)
}

pub(super) fn click<'a>(click_id: &'a str, millis: i64, url: &'a str) -> Click<'a> {
    Click {
        click_id,
        user_id: "u1",
        timestamp: Timestamp::from_millis(millis),
        url,
        country: "FR",
        city: "Paris",
        browser: "Firefox",
        os: "Linux",
        device: "desktop",
    }
}

pub(super) fn batch(clicks: &[Click<'_>], next_offset: i64) -> IngestBatch {
    let mut batch = IngestBatch::default();
    for click in clicks {
        batch.clicks.push(click);
    }
    batch.origin = Origin::Kafka { topic: "clicks".into(), offsets: BTreeMap::from([(0, next_offset)]) };
    batch
}

pub(super) fn sql(storage: &Storage) -> rusqlite::Connection {
    rusqlite::Connection::open(storage.path()).unwrap()
}

/// How SQLite finds the rows of `select`, which has so many parameters.
pub(super) fn plan(select: &str, parameters: usize) -> Vec<String> {
    let (_directory, storage) = open();
    let connection = sql(&storage);
    let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {select}")).unwrap();
    let steps = explain.query_map(rusqlite::params_from_iter(vec![0; parameters]), |row| row.get(3)).unwrap();
    steps.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_click_sent_twice_is_stored_once_and_counted_as_a_duplicate() {
    let (_directory, storage) = open();
    let clicks = [click(UUID, 1, "/a"), click("other", 1, "/a"), click(UUID, 1, "/a")];
    let first = storage.store(&batch(&clicks, 3)).unwrap();
    assert_eq!(first, BatchOutcome { stored: 2, duplicates: 1, ..BatchOutcome::default() });
    let second = storage.store(&batch(&clicks, 6)).unwrap();
    assert_eq!(second, BatchOutcome { duplicates: 3, ..BatchOutcome::default() });
    assert_eq!(storage.offsets("clicks").unwrap(), BTreeMap::from([(0, 6)]));
    assert_eq!(storage.progress().last_click(), 2);
}

#[test]
fn a_click_more_than_a_day_ahead_of_the_clock_is_stored_and_reported_once() {
    let (_directory, storage) = open();
    let (now, day) = (1_000_000_000_000, 86_400_000);
    let clicks = [
        click("far", i64::MAX, "/a"),
        click("now", now, "/a"),
        click("a day", now + day, "/a"),
        click("more", now + day + 1, "/a"),
        click("past", i64::MIN, "/a"),
    ];
    let now = Timestamp::from_millis(now);
    let first = storage.store_at(&batch(&clicks, 5), now).unwrap();
    assert_eq!(first, BatchOutcome { stored: 5, future: 2, ..BatchOutcome::default() });
    let again = storage.store_at(&batch(&clicks, 10), now).unwrap();
    assert_eq!(again, BatchOutcome { duplicates: 5, ..BatchOutcome::default() });
    // With a clock at its lowest value, every click is from the future, and nothing overflows.
    let lost = click("lost", 0, "/a");
    assert_eq!(storage.store_at(&batch(&[lost], 11), Timestamp::from_millis(i64::MIN)).unwrap().future, 1);
    assert_eq!(
        storage.store_at(&batch(&[click("late", 1, "/a")], 12), Timestamp::from_millis(i64::MAX)).unwrap().future,
        0
    );
}

#[test]
fn a_batch_that_cannot_be_written_leaves_nothing_behind_and_can_be_stored_later() {
    let (_directory, storage) = open();
    storage.store(&batch(&[click("c1", 1, "/a")], 1)).unwrap();
    // A batch with a new url and place fails at a later table. The store must not use the ids of the failed batch afterwards.
    sql(&storage)
        .execute_batch("CREATE TRIGGER refuse BEFORE INSERT ON offsets BEGIN SELECT RAISE(ABORT, 'no'); END")
        .unwrap();
    let next = batch(&[Click { country: "DE", ..click("c2", 2, "/b") }], 2);
    storage.store(&next).unwrap_err();
    assert_eq!(storage.offsets("clicks").unwrap(), BTreeMap::from([(0, 1)]));
    assert_eq!(storage.reader().unwrap().last_click().unwrap(), 1);
    sql(&storage).execute_batch("DROP TRIGGER refuse").unwrap();
    storage.store(&batch(&[click("c3", 3, "/c")], 1)).unwrap();
    storage.store(&next).unwrap();
    let urls: Vec<String> = sql(&storage)
        .prepare("SELECT url FROM click_events ORDER BY timestamp")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(urls, ["/a", "/b", "/c"]);
}

#[test]
fn the_view_shows_the_nine_fields_as_they_came() {
    let (_directory, storage) = open();
    let odd = click("not a uuid", -1, "/é,\"\u{1b}");
    storage.store(&batch(&[click(UUID, 1_431_857_103_007, "/a"), odd], 2)).unwrap();
    let connection = sql(&storage);
    let mut select = connection.prepare("SELECT * FROM click_events ORDER BY timestamp DESC").unwrap();
    assert_eq!(select.column_names().collect::<Vec<_>>(), crate::click::FIELD_NAMES);
    let rows: Vec<Vec<String>> = select
        .query_map([], |row| (0..9).map(|column| row.get(column)).collect())
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(rows[0], [UUID, "u1", "2015-05-17T10:05:03.007Z", "/a", "FR", "Paris", "Firefox", "Linux", "desktop"]);
    assert_eq!(rows[1][..4], ["not a uuid", "u1", "1969-12-31T23:59:59.999Z", "/é,\"\u{1b}"]);
}

#[test]
fn rejects_keep_where_why_and_the_first_64_kib() {
    let (_directory, storage) = open();
    let payload = vec![b'x'; 100_000];
    let mut rejected = batch(&[], 8);
    rejected.rejects.push(Reject::message("clicks", 3, 7, "no url".into(), &payload));
    assert_eq!(storage.store(&rejected).unwrap().rejected, 1);
    storage.keep_rejects(&[Reject::document("embedded", "400: too long".into(), b"{}")]).unwrap();
    let row: (i32, i64, String, usize, usize) = sql(&storage)
        .query_row(
            "SELECT partition, \"offset\", reason, length(payload), payload_bytes FROM rejects WHERE stage = 'ingest'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
        )
        .unwrap();
    assert_eq!(row, (3, 7, "no url".into(), 64 * 1024, 100_000));
    let documents: i64 =
        sql(&storage).query_row("SELECT COUNT(*) FROM rejects WHERE stage = 'index'", [], |row| row.get(0)).unwrap();
    assert_eq!(documents, 1);
}

#[test]
fn the_index_cursor_passes_every_changed_page_once_even_if_pages_share_a_version() {
    let (_directory, storage) = open();
    let clicks: Vec<String> = (0..5).map(|number| format!("/{number}")).collect();
    let clicks: Vec<Click<'_>> = clicks.iter().map(|url| click(url, 1, url)).collect();
    storage.store(&batch(&clicks, 5)).unwrap();
    let settings = AggregateSettings { session_timeout_ms: 1, recent_clicks: 1 };
    let page = |id: u32| PageFigures {
        page: PageId(id),
        url: UrlId(id),
        country: CountryId(1),
        clicks: 1,
        unique_users: 1,
        spent_ms: 0,
        spent_count: 0,
        first_seen: Timestamp::from_millis(1),
        last_seen: Timestamp::from_millis(1),
    };
    let write = |ids: &[u32]| {
        let changed: Vec<PageFigures> = ids.iter().map(|&id| page(id)).collect();
        storage.write_figures(FiguresUpdate { changed, cursor: 5, late: 0, settings }, None).unwrap()
    };
    let first = write(&[1, 2, 3, 4, 5]);
    let reader = storage.reader().unwrap();
    let mut cursor = reader.index_cursor("t").unwrap();
    assert_eq!(cursor, IndexCursor::default());
    let mut seen = Vec::new();
    while let [.., last] = reader.pages_after(cursor, 2).unwrap().as_slice() {
        seen.extend(reader.pages_after(cursor, 2).unwrap().iter().map(|page| page.at.page));
        cursor = last.at;
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
    storage.set_index_cursor("t", cursor).unwrap();
    assert!(write(&[2]) > first);
    assert_eq!(reader.pages_pending(reader.index_cursor("t").unwrap()).unwrap(), 1);
}

#[test]
fn a_file_from_before_the_first_release_is_refused_with_one_clear_line_and_stays_as_it_is() {
    let (directory, storage) = open();
    sql(&storage).pragma_update(None, "application_id", 0x636c_6963).unwrap();
    for version in 1..=6 {
        sql(&storage).pragma_update(None, "user_version", version).unwrap();
        let file = directory.path().join(DATABASE_FILE);
        let error = Reader::open(&file).unwrap_err().to_string();
        assert!(error.contains("before its first release") && error.contains("--data-dir"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    drop(storage);
    let error = Storage::open(directory.path(), StorageOptions::default()).unwrap_err();
    assert!(matches!(error, StorageError::BeforeRelease { .. }), "{error}");
    let connection = rusqlite::Connection::open(directory.path().join(DATABASE_FILE)).unwrap();
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 6);
}

#[test]
fn a_newer_schema_and_a_foreign_file_are_refused_with_a_clear_message() {
    let (directory, storage) = open();
    sql(&storage).pragma_update(None, "user_version", 99).unwrap();
    drop(storage);
    let newer = Storage::open(directory.path(), StorageOptions::default()).unwrap_err();
    assert!(newer.to_string().contains("newer clicktop (schema 99"), "{newer}");

    let foreign = tempfile::tempdir().unwrap();
    let file = foreign.path().join(DATABASE_FILE);
    rusqlite::Connection::open(&file).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
    let error = Storage::open(foreign.path(), StorageOptions::default()).unwrap_err();
    assert!(error.to_string().contains("is not a clicktop database; "), "{error}");
    std::fs::write(&file, "plain text, long enough to be no SQLite header at all, whatever is read of it").unwrap();
    let error = Storage::open(foreign.path(), StorageOptions::default()).unwrap_err();
    assert!(error.to_string().contains("is not a clicktop database; "), "{error}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("data");
    let storage = Storage::open(&directory, StorageOptions::default()).unwrap();
    storage.store(&batch(&[click("c", 1, "/a")], 1)).unwrap();
    let _index = crate::search::embedded::Embedded::open(&directory).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for file in std::fs::read_dir(&directory).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}
