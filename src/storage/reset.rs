//! Forgetting everything that was counted, to begin anew where Kafka is.

use rusqlite::{Connection, OptionalExtension, params};

use super::figures::IndexCursor;
use super::{Reader, Storage, StorageError};

/// Every table of rejects and names, and what was deleted for its age; clicks and figures go too. Kept are the offsets, the floor of the versions, and which search
/// targets there are.
const FORGOTTEN: [&str; 7] = ["rejects", "retention", "users", "urls", "places", "countries", "agents"];

/// How far a search target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetState {
    /// Every row up to this one is there.
    pub cursor: IndexCursor,
    /// It still holds documents of figures that were forgotten since.
    pub outdated: bool,
}

impl Storage {
    /// Forgets every click, reject and figure in one transaction, and notes that every search target has to; then gives
    /// the disk its room back, as far as nobody is reading. Returns how many clicks there were.
    ///
    /// Offsets stay, so what comes next goes on where the store was. Versions go on growing, so that documents of what
    /// comes next replace those of before. No stage may be at work: what it knows is no longer so.
    ///
    /// # Errors
    /// The database cannot be written; nothing has changed then.
    pub fn reset(&self) -> Result<u64, StorageError> {
        let clicks = self.write(|writer| {
            writer.transaction(|connection, dictionaries| {
                dictionaries.clear();
                forget(connection)
            })
        })?;
        *self.reject_bytes.lock() = None;
        self.progress().reset();
        self.tail.clear();
        self.write(|writer| {
            writer.shrink_or_warn("what was forgotten");
            Ok(clicks)
        })
    }

    /// Notes that `target` is about to get documents, unless that is known. Must come before the first of them: only
    /// targets that are known are cleared after a reset.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn note_target(&self, target: &str) -> Result<(), StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, _| {
                connection.execute(
                    "INSERT INTO index_state (target, version, page, resets)
                     VALUES (?1, 0, 0, (SELECT COALESCE(MAX(count), 0) FROM resets)) ON CONFLICT DO NOTHING",
                    [target],
                )?;
                Ok(())
            })
        })
    }

    /// Notes that `target` holds no document of what was forgotten.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn target_cleared(&self, target: &str) -> Result<(), StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, _| {
                connection.execute(
                    "UPDATE index_state SET version = 0, page = 0, resets = (SELECT COALESCE(MAX(count), 0) FROM resets)
                     WHERE target = ?1",
                    [target],
                )?;
                Ok(())
            })
        })
    }
}

impl Reader {
    /// How far `target` is; `None` if it has never been written.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn target_state(&self, target: &str) -> Result<Option<TargetState>, StorageError> {
        let mut select = self.connection.prepare_cached(
            "SELECT version, page, resets < (SELECT COALESCE(MAX(count), 0) FROM resets) FROM index_state
             WHERE target = ?1",
        )?;
        let state = select.query_row([target], |row| {
            let cursor = IndexCursor { version: row.get(0)?, page: row.get(1)? };
            Ok(TargetState { cursor, outdated: row.get(2)? })
        });
        Ok(state.optional()?)
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
    use super::*;
    use crate::storage::checkpoint::Parts;
    use crate::storage::figures::{AggregateSettings, FiguresUpdate, PageFigures};
    use crate::storage::tests::{batch, click, open, sql};
    use crate::storage::{CountryId, PageId, Reject, UrlId};

    fn figures(storage: &Storage) -> u64 {
        let at = crate::click::Timestamp::from_millis(1);
        let page = PageFigures::empty(PageId(1), UrlId(1), CountryId(1), at);
        let settings = AggregateSettings { session_timeout_ms: 1, recent_clicks: 1 };
        let update = FiguresUpdate { changed: [page], cursor: 2, late: 1, settings };
        let parts = Parts { kept: 0, new: &mut std::iter::once(vec![1]) };
        storage.write_figures(update, Some(parts)).unwrap()
    }

    #[test]
    fn everything_is_forgotten_but_the_offsets_the_versions_and_the_targets() {
        let (_directory, storage) = open();
        let clicks = [click("c1", 1, "/a"), click("c2", 2, "/b")];
        storage.store(&batch(&clicks, 7)).unwrap();
        storage.keep_rejects(&[Reject::message("t", 0, 1, "no url".to_owned(), b"x")]).unwrap();
        let version = figures(&storage);
        storage.note_target("engine").unwrap();
        storage.set_index_cursor("engine", IndexCursor { version, page: 1 }).unwrap();

        assert_eq!(storage.reset().unwrap(), 2);
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
    fn a_target_is_outdated_until_it_is_cleared_and_a_new_one_never_is() {
        let (_directory, storage) = open();
        let outdated = |target: &str| {
            let state = storage.reader().unwrap().target_state(target).unwrap();
            state.map(|state| state.outdated)
        };
        storage.note_target("old").unwrap();
        assert_eq!((outdated("old"), outdated("new")), (Some(false), None));
        storage.reset().unwrap();
        storage.note_target("old").unwrap();
        storage.set_index_cursor("old", IndexCursor { version: 5, page: 1 }).unwrap();
        assert_eq!(outdated("old"), Some(true), "neither makes up for it");
        storage.target_cleared("old").unwrap();
        storage.note_target("new").unwrap();
        assert_eq!((outdated("old"), outdated("new")), (Some(false), Some(false)));
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
        storage.reset().unwrap();
        assert!(size() * 4 < before, "{before} bytes became {}", size());
    }
}
