//! Stores clicks and rejects that come from another engine.

use super::store_batch::{Inserted, insert_clicks};
use super::{Storage, StorageError, arrivals};
use crate::click::ClickBatch;

impl Storage {
    /// Stores clicks that another engine has stored before. Returns how many are new here.
    ///
    /// They do not go through the log of arrivals: the figures must be rebuilt afterwards, and a rebuild reads the clicks in order of
    /// time. No stage may run.
    ///
    /// # Errors
    /// The database cannot be written; nothing has changed then.
    pub fn store_moved(&self, clicks: &ClickBatch) -> Result<u64, StorageError> {
        let (new, last) = self.write(|writer| {
            writer.transaction(|connection, dictionaries| {
                let Inserted { stored, .. } = insert_clicks(connection, dictionaries, clicks)?;
                let last = stored.last().map(|click| click.id);
                if let Some(last) = last {
                    arrivals::clear(connection, last)?;
                }
                Ok((stored.len() as u64, last))
            })
        })?;
        if let Some(last) = last {
            self.progress().clicks_stored(last, None);
        }
        Ok(new)
    }

    /// Deletes every reject, so that a move that was cut off can send them again.
    ///
    /// # Errors
    /// The database cannot be written; nothing has changed then.
    pub fn forget_rejects(&self) -> Result<(), StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, _| {
                connection.execute("DELETE FROM rejects", [])?;
                Ok(())
            })?;
            *self.reject_bytes.lock() = None;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::click::{ClickBatch, Timestamp};
    use crate::storage::Reject;
    use crate::storage::tests::{batch, click, open};

    #[test]
    fn moved_clicks_are_stored_once_and_later_clicks_follow_them() {
        let (_directory, storage) = open();
        let moved = |ids: &[&str]| {
            let mut clicks = ClickBatch::default();
            ids.iter().zip(0..).for_each(|(id, at)| clicks.push(&click(id, at, "/a")));
            storage.store_moved(&clicks).unwrap()
        };
        assert_eq!(moved(&["a", "b", "c"]), 3);
        assert_eq!(moved(&["a", "b", "d"]), 1);
        assert_eq!((storage.progress().last_click(), storage.reader().unwrap().click_count().unwrap()), (4, 4));
        assert_eq!(storage.store(&batch(&[click("e", 9, "/a"), click("d", 2, "/a")], 1)).unwrap().stored, 1);
        let mut after = Vec::new();
        storage.reader().unwrap().clicks_after(4, 9, &mut after).unwrap();
        assert_eq!(after.iter().map(|click| click.id).collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn rejects_keep_their_time_and_are_replaced_when_they_come_again() {
        let (_directory, storage) = open();
        let at = Timestamp::from_millis(1_700_000_000_000);
        for _ in 0..2 {
            storage.forget_rejects().unwrap();
            let reject = Reject::message("t", 0, 1, "no url".to_owned(), b"x").stored_at(at);
            storage.keep_rejects(&[reject]).unwrap();
        }
        let kept = storage.reader().unwrap().newest_rejects(9, 9).unwrap();
        assert_eq!(kept.iter().map(|reject| reject.at).collect::<Vec<_>>(), [at]);
    }
}
