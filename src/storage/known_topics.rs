//! The topics whose start offsets are fixed: they are fixed once, when ingest first reads the topic.

use std::collections::BTreeMap;

use rusqlite::params;

use super::{Reader, Storage, StorageError};

impl Storage {
    /// Whether the start offsets of `topic` are fixed.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn knows_topic(&self, topic: &str) -> Result<bool, StorageError> {
        self.reader()?.knows_topic(topic)
    }

    /// Fixes the start offsets of `topic`: partitions in `offsets` begin there, all others at their beginning. An offset that is stored
    /// already stays. This is on the disk when it returns, because the next start must not skip clicks that come from now on.
    ///
    /// # Errors
    /// The database cannot be written; nothing has changed then.
    pub fn add_topic(&self, topic: &str, offsets: &BTreeMap<i32, i64>) -> Result<(), StorageError> {
        self.write(|writer| {
            writer.durably(|connection| {
                let mut insert = connection.prepare_cached(
                    "INSERT INTO offsets (topic, partition, next_offset) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                )?;
                for (partition, next) in offsets {
                    insert.execute(params![topic, partition, next])?;
                }
                connection.execute("INSERT INTO known_topics (topic) VALUES (?1) ON CONFLICT DO NOTHING", [topic])?;
                Ok(())
            })
        })
    }
}

impl Reader {
    fn knows_topic(&self, topic: &str) -> Result<bool, StorageError> {
        let select = "SELECT EXISTS (SELECT 1 FROM known_topics WHERE topic = ?1)";
        Ok(self.connection.query_row(select, [topic], |row| row.get(0))?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::storage::tests::{batch, click, open};

    #[test]
    fn a_known_topic_keeps_its_stored_offsets_and_stays_known_after_a_reset() {
        let (_directory, storage) = open();
        storage.store(&batch(&[click("a", 1, "/a")], 7)).unwrap();
        assert!(!storage.knows_topic("clicks").unwrap());
        storage.add_topic("clicks", &BTreeMap::from([(0, 90), (1, 40)])).unwrap();
        assert!(storage.knows_topic("clicks").unwrap() && !storage.knows_topic("other").unwrap());
        assert_eq!(storage.offsets("clicks").unwrap(), BTreeMap::from([(0, 7), (1, 40)]));
        storage.erase_events().unwrap();
        assert!(storage.knows_topic("clicks").unwrap());
        assert_eq!(storage.offsets("clicks").unwrap(), BTreeMap::from([(0, 7), (1, 40)]));
    }

    #[test]
    fn other_commits_do_not_wait_for_the_disk_after_a_topic_was_added() {
        let (_directory, storage) = open();
        let synchronous = || {
            storage
                .write(|writer| {
                    writer.transaction(|connection, _| {
                        Ok(connection.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0))?)
                    })
                })
                .unwrap()
        };
        let before = synchronous();
        storage.add_topic("clicks", &BTreeMap::new()).unwrap();
        assert_eq!(synchronous(), before);
    }
}
