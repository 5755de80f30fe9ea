//! Caches the newest committed clicks in memory, so that an aggregation that keeps up with the store need not read the file.
//!
//! A reader that is further behind, or has just started, reads the file.

use std::collections::VecDeque;

use parking_lot::Mutex;

use super::model::StoredClick;

/// The most clicks in the cache: as many as arrive while figures or a checkpoint are written. They take some eleven megabytes.
const MAX_CLICKS: usize = 200_000;

/// Clicks with consecutive numbers, up to the newest committed one. Reading clicks removes them from the cache.
#[derive(Debug, Default)]
pub(super) struct ClickCache {
    batches: Mutex<Batches>,
}

#[derive(Debug, Default)]
struct Batches {
    /// No batch is empty.
    batches: VecDeque<Vec<StoredClick>>,
    clicks: usize,
}

impl Batches {
    fn push(&mut self, batch: Vec<StoredClick>) {
        let last = self.batches.back().and_then(|batch| batch.last());
        if let (Some(last), Some(first)) = (last, batch.first())
            && last.id.checked_add(1) != Some(first.id)
        {
            *self = Self::default();
        }
        self.clicks += batch.len();
        self.batches.push_back(batch);
        while self.clicks > MAX_CLICKS && self.batches.len() > 1 {
            self.pop();
        }
    }

    fn pop(&mut self) -> Option<Vec<StoredClick>> {
        let batch = self.batches.pop_front()?;
        self.clicks -= batch.len();
        Some(batch)
    }

    fn put_back(&mut self, batch: Vec<StoredClick>) {
        self.clicks += batch.len();
        self.batches.push_front(batch);
    }

    /// At least one and at most `limit` clicks, from number `next` on. `None` if the cache does not hold that click.
    fn take(&mut self, next: i64, limit: usize) -> Option<Vec<StoredClick>> {
        while self.batches.front()?.first().is_some_and(|first| first.id <= next) {
            let mut batch = self.pop()?;
            batch.drain(..batch.partition_point(|click| click.id < next));
            if batch.is_empty() {
                continue;
            }
            if batch.len() > limit {
                self.put_back(batch.split_off(limit));
            }
            return Some(batch);
        }
        None
    }
}

impl ClickCache {
    /// Adds the clicks of a committed batch, of which there is at least one.
    pub(super) fn add(&self, mut batch: Vec<StoredClick>) {
        if batch.len() < batch.capacity() / 2 {
            // Most clicks of the batch were duplicates; free the memory that was reserved for them.
            batch.shrink_to_fit();
        }
        self.batches.lock().push(batch);
    }

    pub(super) fn clear(&self) {
        *self.batches.lock() = Batches::default();
    }

    pub(super) fn take_after(&self, cursor: i64, limit: usize) -> Option<Vec<StoredClick>> {
        self.batches.lock().take(cursor.saturating_add(1), limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::click::Click;
    use crate::storage::Storage;
    use crate::storage::tests::{batch, click, open, sql};

    /// The clicks after `cursor` from memory and from the file.
    fn both(storage: &Storage, cursor: i64, limit: usize) -> (Vec<StoredClick>, Vec<StoredClick>) {
        let mut read = Vec::new();
        storage.reader().unwrap().clicks_after(cursor, limit, &mut read).unwrap();
        (storage.click_cache.take_after(cursor, limit).unwrap(), read)
    }

    #[test]
    fn the_cache_returns_the_same_clicks_as_the_file() {
        for (cursor, limit, count) in [(0, 10, 2), (1, 10, 1), (2, 1, 1), (0, 2, 2), (0, 1, 1)] {
            let (_directory, storage) = open();
            let one = [click("c1", 1, "/a"), click("8c77bd62-50bc-5c62-b14e-c23292823b39", 2, "/b")];
            storage.store(&batch(&one, 2)).unwrap();
            // One is known, one is of another place.
            storage
                .store(&batch(&[one[0], Click { country: "DE", user_id: "u2", ..click("c3", 3, "/a") }], 4))
                .unwrap();
            let (remembered, read) = both(&storage, cursor, limit);
            assert_eq!(remembered.len(), count, "a batch at a time");
            assert_eq!(remembered, read[..count]);
            assert!(storage.click_cache.take_after(3, 10).is_none(), "nothing is after the last");
        }
    }

    #[test]
    fn a_reader_gets_each_click_once_and_clicks_that_left_the_cache_come_from_the_file() {
        let (_directory, storage) = open();
        let reader = storage.reader().unwrap();
        let ids: Vec<String> = (1..=100).map(|id| format!("click {id}")).collect();
        let clicks: Vec<_> = ids.iter().zip(1..).map(|(id, at)| click(id, at, "/a")).collect();
        for (clicks, offset) in clicks.chunks(30).zip(1..) {
            storage.store(&batch(clicks, offset)).unwrap();
        }
        for cursor in [0, 25, 0] {
            let (mut next, mut out) = (cursor, Vec::new());
            while next < 100 {
                storage.clicks_after(&reader, next, 20, &mut out).unwrap();
                for click in &out {
                    next += 1;
                    assert_eq!(click.id, next);
                }
            }
        }
    }

    #[test]
    fn a_batch_that_is_rolled_back_is_not_cached() {
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
    fn clicks_that_are_too_old_for_the_cache_come_from_the_file() {
        let (_directory, storage) = open();
        let ids: Vec<String> = (0..MAX_CLICKS + 10).map(|id| format!("click {id}")).collect();
        let clicks: Vec<_> = ids.iter().zip(0..).map(|(id, at)| click(id, at, "/a")).collect();
        let (first, others) = clicks.split_at(10);
        storage.store(&batch(first, 1)).unwrap();
        storage.store(&batch(others, 2)).unwrap();
        assert!(storage.click_cache.take_after(9, 1).is_none());
        assert!(storage.click_cache.take_after(10, 1).is_some());
        let mut out = Vec::new();
        storage.clicks_after(&storage.reader().unwrap(), 0, usize::MAX >> 1, &mut out).unwrap();
        assert_eq!(out.len(), MAX_CLICKS + 10);
        storage.erase_events().unwrap();
        assert!(storage.click_cache.take_after(11, 1).is_none());
    }

    #[test]
    fn a_batch_of_mostly_duplicates_does_not_keep_memory_for_them() {
        let click_cache = ClickCache::default();
        let (_directory, storage) = open();
        storage.store(&batch(&[click("c1", 1, "/a")], 1)).unwrap();
        let mut clicks = Vec::with_capacity(1_000);
        clicks.extend(storage.click_cache.take_after(0, 1).unwrap());
        click_cache.add(clicks);
        assert!(click_cache.batches.lock().batches[0].capacity() < 10);
    }
}
