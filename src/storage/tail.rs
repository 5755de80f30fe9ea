//! The newest stored clicks in memory: whoever follows closely behind the store needs no look into the file.
//!
//! A cache of what is committed, no more: whoever is further behind, or comes after a restart, reads the file.

use std::collections::VecDeque;

use parking_lot::Mutex;

use super::model::StoredClick;
use super::{Reader, Storage, StorageError};

/// Clicks kept at most: what comes while figures or a checkpoint are written, some eleven megabytes.
const KEPT: usize = 200_000;

/// Clicks of consecutive numbers, up to the newest committed.
#[derive(Debug, Default)]
pub(super) struct Tail {
    clicks: Mutex<VecDeque<StoredClick>>,
}

impl Tail {
    /// Takes the clicks of a committed batch.
    pub(super) fn committed(&self, batch: Vec<StoredClick>) {
        let mut clicks = self.clicks.lock();
        let follows = match (clicks.back(), batch.first()) {
            (Some(last), Some(first)) => last.id.checked_add(1) == Some(first.id),
            _ => true,
        };
        if !follows {
            clicks.clear();
        }
        clicks.extend(batch);
        let surplus = clicks.len().saturating_sub(KEPT);
        clicks.drain(..surplus);
    }

    pub(super) fn clear(&self) {
        self.clicks.lock().clear();
    }

    /// Puts the clicks after `cursor` in `out`, at most `limit`; `false` if the first of them is not here.
    fn after(&self, cursor: i64, limit: usize, out: &mut Vec<StoredClick>) -> bool {
        let clicks = self.clicks.lock();
        let Some(first) = clicks.front() else { return false };
        let Ok(skip) = usize::try_from(cursor.saturating_add(1).saturating_sub(first.id)) else { return false };
        out.clear();
        out.extend(clicks.range(skip.min(clicks.len())..).take(limit).cloned());
        !out.is_empty()
    }
}

impl Storage {
    /// As [`Reader::clicks_after`] of `reader`, from memory where the clicks are still there.
    ///
    /// # Errors
    /// As those of [`Reader::clicks_after`].
    pub fn clicks_after(
        &self,
        reader: &Reader,
        cursor: i64,
        limit: usize,
        out: &mut Vec<StoredClick>,
    ) -> Result<(), StorageError> {
        if self.tail.after(cursor, limit, out) {
            return Ok(());
        }
        reader.clicks_after(cursor, limit, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::click::Click;
    use crate::storage::tests::{batch, click, open, sql};

    /// The same clicks from memory and from the file.
    fn both(storage: &Storage, cursor: i64, limit: usize) -> (Vec<StoredClick>, Vec<StoredClick>) {
        let (mut remembered, mut read) = (Vec::new(), Vec::new());
        assert!(storage.tail.after(cursor, limit, &mut remembered));
        storage.reader().unwrap().clicks_after(cursor, limit, &mut read).unwrap();
        (remembered, read)
    }

    #[test]
    fn it_tells_what_the_file_tells() {
        let (_directory, storage) = open();
        let one = [click("c1", 1, "/a"), click("8c77bd62-50bc-5c62-b14e-c23292823b39", 2, "/b")];
        storage.store(&batch(&one, 2)).unwrap();
        // One is known, one is of another place.
        storage.store(&batch(&[one[0], Click { country: "DE", user_id: "u2", ..click("c3", 3, "/a") }], 4)).unwrap();
        for (cursor, limit) in [(0, 10), (1, 10), (2, 1), (0, 2)] {
            let (remembered, read) = both(&storage, cursor, limit);
            assert_eq!(remembered, read);
        }
        assert!(!storage.tail.after(3, 10, &mut Vec::new()), "nothing is after the last");
    }

    #[test]
    fn a_batch_that_is_not_committed_is_not_in_it() {
        let (_directory, storage) = open();
        storage.store(&batch(&[click("c1", 1, "/a")], 1)).unwrap();
        sql(&storage)
            .execute_batch("CREATE TRIGGER refuse BEFORE INSERT ON offsets BEGIN SELECT RAISE(ABORT, 'no'); END")
            .unwrap();
        storage.store(&batch(&[click("c2", 2, "/a")], 2)).unwrap_err();
        let (remembered, read) = both(&storage, 0, 10);
        assert_eq!((remembered.len(), remembered), (1, read));
    }

    #[test]
    fn what_lies_further_back_is_read_from_the_file() {
        let (_directory, storage) = open();
        let ids: Vec<String> = (0..KEPT + 10).map(|id| format!("click {id}")).collect();
        let clicks: Vec<_> = ids.iter().zip(0..).map(|(id, at)| click(id, at, "/a")).collect();
        storage.store(&batch(&clicks, 1)).unwrap();
        let mut out = Vec::new();
        assert!(!storage.tail.after(9, 1, &mut out));
        assert!(storage.tail.after(10, 1, &mut out));
        storage.clicks_after(&storage.reader().unwrap(), 0, usize::MAX >> 1, &mut out).unwrap();
        assert_eq!(out.len(), KEPT + 10);
        storage.reset().unwrap();
        assert!(!storage.tail.after(10, 1, &mut out));
    }
}
