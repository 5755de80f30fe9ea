//! Forgetting everything that was counted, to begin anew where Kafka is.

use rusqlite::{Connection, params};

use super::{Storage, StorageError};

/// Every table of rejects and names, and what was deleted for its age; clicks and figures go too. Kept are the offsets, the floor of the versions, and which search
/// targets there are.
const FORGOTTEN: [&str; 7] = ["rejects", "expiry", "users", "urls", "places", "countries", "agents"];

impl Storage {
    /// Forgets every click, reject and figure in one transaction, and notes that every search target has to; then gives
    /// the disk its room back, as far as nobody is reading. Returns how many clicks there were.
    ///
    /// Offsets stay, so what comes next goes on where the store was. Versions go on growing, so that documents of what
    /// comes next replace those of before. No stage may be at work: what it knows is no longer so.
    ///
    /// # Errors
    /// The database cannot be written; nothing has changed then.
    pub fn erase_events(&self) -> Result<u64, StorageError> {
        let clicks = self.write(|writer| {
            writer.transaction(|connection, dictionaries| {
                dictionaries.clear();
                forget(connection)
            })
        })?;
        *self.reject_bytes.lock() = None;
        self.progress().reset();
        self.click_cache.clear();
        self.write(|writer| {
            writer.shrink_or_warn("what was forgotten");
            Ok(clicks)
        })
    }
}

fn forget(connection: &Connection) -> Result<u64, StorageError> {
    // Without a condition SQLite drops a table's pages as a whole, and needs no look at the rows.
    let clicks = connection.execute("DELETE FROM clicks", [])?;
    connection.execute("DELETE FROM arrivals", [])?;
    for table in FORGOTTEN {
        connection.execute(&format!("DELETE FROM {table}"), [])?;
    }
    forget_figures(connection)?;
    Ok(clicks as u64)
}

/// Forgets every figure, and notes that every search target has to.
pub(super) fn forget_figures(connection: &Connection) -> Result<(), StorageError> {
    connection.execute("DELETE FROM page_stats", [])?;
    connection.execute("DELETE FROM checkpoint", [])?;
    // An engine that deletes a document counts that as a version of its own: what comes next must lie beyond it.
    connection.execute(
        "UPDATE aggregate_state SET cursor = 0, late = 0, checkpoint_cursor = 0, last_version = last_version + 2",
        [],
    )?;
    connection.execute("UPDATE index_state SET version = 0, page = 0", [])?;
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
    fn everything_is_forgotten_but_the_offsets_the_versions_and_the_targets() {
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
            FORGOTTEN.into_iter().chain(["page_stats", "checkpoint", "clicks", "arrivals", "click_events", "pages"])
        {
            assert_eq!(count(table), Ok(0), "{table}");
        }
        assert_eq!(storage.progress().last_click(), 0);
        assert_eq!(storage.offsets("clicks").unwrap().values().copied().collect::<Vec<_>>(), [7]);
        let outdated = TargetState { cursor: IndexCursor::default(), outdated: true };
        assert_eq!(storage.reader().unwrap().target_state("engine").unwrap(), Some(outdated));

        // The same clicks are new again, under the numbers that they had, and their figures have a newer version.
        assert_eq!(storage.store(&batch(&clicks, 9)).unwrap().stored, 2);
        assert_eq!(storage.progress().last_click(), 2);
        assert_eq!(count("click_events"), Ok(2));
        assert!(figures(&storage) > version + 1);
        assert_eq!(connection.query_row("PRAGMA foreign_key_check", [], |_| Ok(())).optional().unwrap(), None);
    }

    #[test]
    fn the_file_gets_small() {
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
