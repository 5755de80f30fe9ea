//! Where the partitions of a topic begin, fixed when the topic is first seen.

use std::collections::BTreeMap;

use rusqlite::params;

use super::{Reader, Storage, StorageError};

impl Storage {
    /// Whether [`Storage::add_topic`] was called for `topic`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn knows_topic(&self, topic: &str) -> Result<bool, StorageError> {
        self.reader()?.knows_topic(topic)
    }

    /// Notes that every partition of `topic` was looked at, and that those in `offsets` begin there; an offset that is
    /// stored already stays. On the disk when this returns: clicks that come from now on must not be skipped by the next start.
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
    fn a_topic_that_is_seen_keeps_what_is_stored_of_it_and_stays_seen_after_a_reset() {
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
    fn only_what_is_seen_waits_for_the_disk() {
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
