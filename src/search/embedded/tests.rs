use std::fs;
use std::io::{Seek, SeekFrom, Write};

use super::*;
use crate::search::tests::{clicked, document};

fn query(text: &str) -> SearchQuery {
    SearchQuery { text: text.to_owned(), country: None, limit: 10 }
}

#[tokio::test]
async fn documents_are_found_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let index = Embedded::open(dir.path()).unwrap();
    index.upsert(&[document("/a/b/c", "FR", 3)]).await.unwrap();
    drop(index);
    let index = Embedded::open(dir.path()).unwrap();
    assert!(!index.prepare().await.unwrap().created);
    assert_eq!(index.search(&query("b/c")).await.unwrap(), [document("/a/b/c", "FR", 3)]);
    assert!(index.upsert(&[document("/a/b/c", "FR", 2)]).await.unwrap().rejected.is_empty());
    assert_eq!(index.search(&query("b/c")).await.unwrap(), [document("/a/b/c", "FR", 3)]);
}

#[tokio::test]
async fn a_missing_directory_is_created() {
    let dir = tempfile::tempdir().unwrap();
    let index = Embedded::open(&dir.path().join("data/clicktop")).unwrap();
    assert!(index.prepare().await.unwrap().engine.starts_with("embedded (SQLite FTS5 3."));
    assert!(index.file().exists());
    assert_eq!(index.target(), "embedded");
}

#[tokio::test]
async fn a_url_is_tokenised_once_whatever_happens_to_its_pages() {
    let dir = tempfile::tempdir().unwrap();
    let index = Embedded::open(dir.path()).unwrap();
    for version in 1..4 {
        index.upsert(&[document("/page", "FR", version), document("/page", "DE", version)]).await.unwrap();
    }
    let writer = index.shared.writer.lock();
    let urls: i64 = writer.query_row("SELECT count(*) FROM urls", [], |row| row.get(0)).unwrap();
    assert_eq!(urls, 1);
    writer.execute("INSERT INTO url_parts (url_parts, rank) VALUES ('integrity-check', 1)", []).unwrap();
}

#[tokio::test]
async fn searches_run_beside_a_writer_and_see_whole_batches() {
    let dir = tempfile::tempdir().unwrap();
    let index = Embedded::open(dir.path()).unwrap();
    let batch = |version| -> Vec<Document> {
        (0..200).map(|n| Document { version, clicks: version, ..document(&format!("/page/{n}"), "FR", 0) }).collect()
    };
    index.upsert(&batch(1)).await.unwrap();
    let writing = {
        let index = index.clone();
        tokio::spawn(async move {
            for version in 2..40 {
                index.upsert(&batch(version)).await.unwrap();
            }
        })
    };
    let everything = SearchQuery { text: "page".to_owned(), country: None, limit: 1_000 };
    let mut searches = 0;
    while !writing.is_finished() || searches == 0 {
        let answers = futures::future::join_all((0..8).map(|_| index.search(&everything))).await;
        for answer in answers {
            let answer = answer.unwrap();
            assert_eq!(answer.len(), 200);
            let clicks = answer[0].clicks;
            assert!(answer.iter().all(|document| document.clicks == clicks), "half a batch was visible");
        }
        searches += 1;
    }
    writing.await.unwrap();
    assert_eq!(index.search(&everything).await.unwrap()[0].clicks, 39);
}

#[tokio::test]
async fn nul_characters_in_urls_and_texts_are_searchable() {
    let dir = tempfile::tempdir().unwrap();
    let index = Embedded::open(dir.path()).unwrap();
    index.upsert(&[document("/ab\0cd", "FR", 1), document("/abcd", "FR", 1)]).await.unwrap();
    for (text, wanted) in
        [("b\0c", "/ab\0cd"), ("ab\0cd", "/ab\0cd"), ("\0", "/ab\0cd"), ("abcd", "/abcd"), ("bc", "/abcd")]
    {
        let urls: Vec<String> =
            index.search(&query(text)).await.unwrap().into_iter().map(|document| document.url).collect();
        assert_eq!(urls, [wanted], "{text:?}");
    }
}

#[tokio::test]
async fn figures_too_large_for_the_columns_are_rejected_and_the_others_written() {
    let dir = tempfile::tempdir().unwrap();
    let index = Embedded::open(dir.path()).unwrap();
    let outcome = index
        .upsert(&[
            document("/a", "FR", 1),
            clicked("/b", "FR", u64::MAX),
            document("/c", "FR", u64::MAX),
            clicked("/d", "FR", 1),
        ])
        .await
        .unwrap();
    let positions: Vec<usize> = outcome.rejected.iter().map(|failure| failure.position).collect();
    assert_eq!(positions, [1, 2]);
    assert_eq!(index.status().await.unwrap().documents, 2);
}

/// The error of opening whatever lies in `dir`.
fn refusal(dir: &Path) -> String {
    let error = Embedded::open(dir).unwrap_err();
    assert!(matches!(error, SearchError::Disk { .. }), "{error:?}");
    error.to_string()
}

#[test]
fn the_error_for_a_file_that_is_not_a_database_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(FILE_NAME), "not a database at all, but long enough to be one. ".repeat(100)).unwrap();
    let refusal = refusal(dir.path());
    assert!(refusal.contains("search.db") && refusal.contains("delete the file"), "{refusal}");
}

#[tokio::test]
async fn the_error_for_a_damaged_file_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let index = Embedded::open(dir.path()).unwrap();
    let documents: Vec<Document> = (0..2_000).map(|n| document(&format!("/page/{n}"), "FR", 1)).collect();
    index.upsert(&documents).await.unwrap();
    drop(index);
    let path = dir.path().join(FILE_NAME);
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    let length = file.metadata().unwrap().len();
    // The first page holds the header and the schema; everything after it is overwritten.
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0xa5; usize::try_from(length - 4096).unwrap()]).unwrap();
    drop(file);
    let index = Embedded::open(dir.path()).unwrap();
    let error = index.search(&query("page")).await.unwrap_err();
    assert!(matches!(&error, SearchError::Disk { cause, .. } if cause.contains("delete the file")), "{error}");
    assert!(index.upsert(&documents).await.is_err());
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(Embedded::open(dir.path()).unwrap());
    let file = dir.path().join(FILE_NAME);
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 2).unwrap();
    let refusal = refusal(dir.path());
    assert!(refusal.contains("newer clicktop (schema 2; this one reads up to schema 1)"), "{refusal}");
}

#[test]
fn the_database_of_another_program_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(FILE_NAME);
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
    assert!(refusal(dir.path()).contains("another program"));
    let tables: i64 =
        Connection::open(&file).unwrap().query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 1);
}

#[tokio::test]
async fn a_write_lock_of_another_process_is_a_transient_error() {
    let dir = tempfile::tempdir().unwrap();
    let index = Embedded::open(dir.path()).unwrap();
    index.shared.writer.lock().busy_timeout(Duration::ZERO).unwrap();
    let other = Connection::open(index.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = index.upsert(&[document("/a", "FR", 1)]).await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("another process"), "{error}");
    other.execute_batch("COMMIT").unwrap();
    index.upsert(&[document("/a", "FR", 1)]).await.unwrap();
    assert_eq!(index.status().await.unwrap().documents, 1);
}

#[tokio::test]
async fn a_full_disk_is_a_transient_error_and_nothing_of_the_batch_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let index = Embedded::open(dir.path()).unwrap();
    index.upsert(&[document("/a", "FR", 1)]).await.unwrap();
    let pages: i64 = index.shared.writer.lock().query_row("PRAGMA max_page_count = 1", [], |row| row.get(0)).unwrap();
    assert!(pages > 0);
    let many: Vec<Document> = (0..5_000).map(|n| document(&format!("/page/{n}"), "FR", 1)).collect();
    let error = index.upsert(&many).await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("disk is full"), "{error}");
    assert_eq!(index.status().await.unwrap().documents, 1);
    index.shared.writer.lock().query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(())).unwrap();
    index.upsert(&many).await.unwrap();
    assert_eq!(index.status().await.unwrap().documents, 5_001);
}
