//! Erases everything that was stored and counted, so that a reset continues at the current offsets with an empty store.

use rusqlite::{Connection, params};

use super::{Storage, StorageError};

/// Tables that a reset empties, besides those of clicks, arrivals and figures. The offsets, the newest version and the search targets
/// stay. The files go: a later replay reads them again.
const ERASED_TABLES: [&str; 9] =
    ["rejects", "files", "expiry", "computed_source", "users", "urls", "places", "countries", "agents"];

impl Storage {
    /// Erases every click, reject and figure in one transaction, and notes that every search target must be cleared. Then shrinks the
    /// file, as far as no reader uses it. Returns how many clicks there were.
    ///
    /// Offsets stay, so the store continues where it was. Versions continue to grow, so new documents replace old ones. No stage may
    /// run: its state in memory would be wrong.
    ///
    /// # Errors
    /// The database cannot be written; nothing has changed then.
    pub fn erase_events(&self) -> Result<u64, StorageError> {
        let clicks = self.write(|writer| {
            writer.transaction(|connection, dictionaries| {
                dictionaries.clear();
                erase_tables(connection)
            })
        })?;
        *self.reject_bytes.lock() = None;
        self.progress().reset();
        self.click_cache.clear();
        self.write(|writer| {
            writer.shrink_or_warn("the erased clicks");
            Ok(clicks)
        })
    }
}

fn erase_tables(connection: &Connection) -> Result<u64, StorageError> {
    // Without a condition, SQLite frees a table's pages without reading the rows.
    let clicks = connection.execute("DELETE FROM clicks", [])?;
    connection.execute("DELETE FROM arrivals", [])?;
    for table in ERASED_TABLES {
        connection.execute(&format!("DELETE FROM {table}"), [])?;
    }
    erase_figures(connection)?;
    Ok(clicks as u64)
}

/// Erases every figure, and notes that every search target must be cleared.
pub(super) fn erase_figures(connection: &Connection) -> Result<(), StorageError> {
    connection.execute("DELETE FROM page_stats", [])?;
    connection.execute("DELETE FROM checkpoint", [])?;
    // A search engine counts the deletion of a document as a version. New versions must be greater.
    connection.execute(
        "UPDATE aggregate_state SET cursor = 0, late = 0, checkpoint_cursor = 0, last_version = last_version + 2",
        [],
    )?;
    connection.execute("UPDATE index_state SET version = 0, page = 0", [])?;
    // Nothing is here of what another engine has counted.
    connection.execute("UPDATE computed_source SET round = -1", [])?;
    connection.execute(
        "INSERT INTO resets (one, count) VALUES (?1, 1) ON CONFLICT (one) DO UPDATE SET count = count + 1",
        params![1],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::OptionalExtension as _;

    use super::*;
    use crate::storage::CheckpointParts;
    use crate::storage::figures::{AggregateSettings, FiguresUpdate, IndexCursor, PageFigures};
    use crate::storage::tests::{batch, click, open, sql};
    use crate::storage::{CountryId, PageId, Reject, TargetState, UrlId};

    fn figures(storage: &Storage) -> u64 {
        let at = crate::click::Timestamp::from_millis(1);
        let page = PageFigures::empty(PageId(1), UrlId(1), CountryId(1), at);
        let settings = AggregateSettings { session_timeout_ms: 1, recent_clicks: 1 };
        let update = FiguresUpdate { changed: [page], cursor: 2, late: 1, settings };
        let parts = CheckpointParts { kept: 0, new: &mut std::iter::once(vec![1]) };
        storage.write_figures(update, Some(parts)).unwrap()
    }

    #[test]
    fn a_reset_erases_everything_but_the_offsets_the_versions_and_the_targets() {
        let (_directory, storage) = open();
        let clicks = [click("c1", 1, "/a"), click("c2", 2, "/b")];
        storage.store(&batch(&clicks, 7)).unwrap();
        storage.keep_rejects(&[Reject::message("t", 0, 1, "no url".to_owned(), b"x")]).unwrap();
        let version = figures(&storage);
        storage.register_target("engine").unwrap();
        storage.set_index_cursor("engine", IndexCursor { version, page: 1 }).unwrap();

        assert_eq!(storage.erase_events().unwrap(), 2);
        let connection = sql(&storage);
        let count = |what: &str| connection.query_row(&format!("SELECT COUNT(*) FROM {what}"), [], |row| row.get(0));
        for table in
            ERASED_TABLES.into_iter().chain(["page_stats", "checkpoint", "clicks", "arrivals", "click_events", "pages"])
        {
            assert_eq!(count(table), Ok(0), "{table}");
        }
        assert_eq!(storage.progress().last_click(), 0);
        assert_eq!(storage.offsets("clicks").unwrap().values().copied().collect::<Vec<_>>(), [7]);
        let outdated = TargetState { cursor: IndexCursor::default(), outdated: true };
        assert_eq!(storage.reader().unwrap().target_state("engine").unwrap(), Some(outdated));

        // The same clicks are new again and get the same numbers, and their figures have a newer version.
        assert_eq!(storage.store(&batch(&clicks, 9)).unwrap().stored, 2);
        assert_eq!(storage.progress().last_click(), 2);
        assert_eq!(count("click_events"), Ok(2));
        assert!(figures(&storage) > version + 1);
        assert_eq!(connection.query_row("PRAGMA foreign_key_check", [], |_| Ok(())).optional().unwrap(), None);
    }

    #[test]
    fn a_reset_shrinks_the_file() {
        let (_directory, storage) = open();
        let ids: Vec<String> = (0..20_000).map(|id| format!("click {id}")).collect();
        let clicks: Vec<_> = ids.iter().zip(0..).map(|(id, at)| click(id, at, "/a")).collect();
        storage.store(&batch(&clicks, 1)).unwrap();
        let size = || std::fs::metadata(storage.path()).unwrap().len();
        storage.write(|writer| writer.shrink()).unwrap();
        let before = size();
        storage.erase_events().unwrap();
        assert!(size() * 4 < before, "{before} bytes became {}", size());
    }
}
