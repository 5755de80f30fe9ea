//! Limits how much of a partition may be in the embedded broker before the pipeline has stored it.
//!
//! The broker keeps 5 MiB or 100,000 batches of each partition, and then silently drops the oldest. As long as the
//! records that are sent and not yet stored stay below that, the broker drops nothing.

use std::collections::VecDeque;

/// Payload, key and overhead of the records under way, uncompressed, in bytes. Compression and the gap to 5 MiB are
/// the reserve for batches that a reconnect made the broker append twice.
pub(crate) const WINDOW_BYTES: usize = 4 * 1024 * 1024;

/// Records under way. Half of what the broker keeps even if every record were a batch of its own.
pub(crate) const WINDOW_RECORDS: usize = 50_000;

/// What a record takes beyond payload and key in the worst case, a batch of its own: 61 bytes of batch header and at
/// most 32 of record header. A slow producer does send such batches, so the worst case is the one to count.
pub(crate) const RECORD_OVERHEAD: usize = 96;

/// The records of one partition that are sent and not known to be stored, oldest first.
#[derive(Debug)]
pub(crate) struct PartitionWindow {
    /// The partition's end before the first record of this producer.
    base: i64,
    /// Offsets in between that are not this producer's first copies: what the broker appended twice after a lost answer.
    extra: i64,
    /// Records pushed so far.
    pushed: u64,
    /// Records acknowledged so far.
    acknowledged: u64,
    /// Records released so far.
    released: u64,
    /// The next offset to store, as last told.
    stored: i64,
    /// Sizes of the records pushed and not released.
    sizes: VecDeque<usize>,
    bytes: usize,
}

impl PartitionWindow {
    /// For a partition that ends at offset `base`.
    pub(crate) fn new(base: i64) -> Self {
        Self { base, extra: 0, pushed: 0, acknowledged: 0, released: 0, stored: 0, sizes: VecDeque::new(), bytes: 0 }
    }

    /// Whether a record of `payload_and_key` bytes may be sent. A single record always may.
    pub(crate) fn has_room(&self, payload_and_key: usize) -> bool {
        if self.stored < self.base {
            // What was there before is of unknown size: it may fill the retention alone.
            return false;
        }
        let size = payload_and_key.saturating_add(RECORD_OVERHEAD);
        self.sizes.is_empty() || (self.sizes.len() < WINDOW_RECORDS && self.bytes.saturating_add(size) <= WINDOW_BYTES)
    }

    /// A record of `payload_and_key` bytes has been sent.
    pub(crate) fn push(&mut self, payload_and_key: usize) {
        let size = payload_and_key.saturating_add(RECORD_OVERHEAD);
        self.sizes.push_back(size);
        self.bytes = self.bytes.saturating_add(size);
        self.pushed = self.pushed.saturating_add(1);
    }

    /// The broker has acknowledged `count` records in all, the last of them at offset `next − 1`.
    pub(crate) fn acknowledged(&mut self, count: u64, next: i64) {
        self.acknowledged = count.min(self.pushed);
        let expected = self.base.saturating_add_unsigned(self.acknowledged);
        self.extra = self.extra.max(next.saturating_sub(expected));
        self.release();
    }

    /// Everything before offset `next` is stored.
    ///
    /// # Errors
    /// The end of what can exist, if `next` is beyond it: then it is not about this partition's log.
    pub(crate) fn stored(&mut self, next: i64) -> Result<(), i64> {
        let end = self.base.saturating_add(self.extra).saturating_add_unsigned(self.pushed);
        // Copies whose acknowledgement is still under way may lie beyond; before the first record there is none.
        let slack = if self.pushed == 0 { 0 } else { WINDOW_RECORDS as i64 };
        if next > end.saturating_add(slack) {
            return Err(end);
        }
        self.stored = self.stored.max(next);
        self.release();
        Ok(())
    }

    /// Lets go of the records that are stored. Only acknowledged ones: the offsets of the others are not known yet.
    fn release(&mut self) {
        let stored = self.stored.saturating_sub(self.base).saturating_sub(self.extra);
        let until = u64::try_from(stored).unwrap_or(0).min(self.acknowledged);
        while self.released < until {
            let Some(size) = self.sizes.pop_front() else { return };
            self.bytes = self.bytes.saturating_sub(size);
            self.released += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(window: &mut PartitionWindow, size: usize) -> u64 {
        let mut sent = 0;
        while window.has_room(size) {
            window.push(size);
            sent += 1;
        }
        sent
    }

    #[test]
    fn small_records_are_bounded_by_count_and_large_ones_by_bytes() {
        for size in [0, 1, 150, 10_000, 524_289] {
            let mut window = PartitionWindow::new(0);
            let sent = fill(&mut window, size) as usize;
            assert!(sent <= WINDOW_RECORDS, "{sent} records of {size}");
            assert!(sent * (size + RECORD_OVERHEAD) <= WINDOW_BYTES, "{sent} records of {size}");
            // One more would have been too many, so the bound is also used.
            assert!(sent + 1 > WINDOW_RECORDS || (sent + 1) * (size + RECORD_OVERHEAD) > WINDOW_BYTES);
        }
    }

    #[test]
    fn storing_makes_room_for_as_much_as_was_stored() {
        let mut window = PartitionWindow::new(0);
        let sent = fill(&mut window, 1000);
        window.acknowledged(sent, sent as i64);
        assert_eq!(window.stored(10), Ok(()));
        assert_eq!(fill(&mut window, 1000), 10);
        // Told again, nothing more.
        assert_eq!(window.stored(10), Ok(()));
        assert_eq!(fill(&mut window, 1000), 0);
    }

    #[test]
    fn nothing_is_released_before_its_offset_is_known() {
        let mut window = PartitionWindow::new(0);
        let sent = fill(&mut window, 1000);
        assert_eq!(window.stored(sent as i64), Ok(()));
        assert!(!window.has_room(1000));
        window.acknowledged(sent, sent as i64);
        assert_eq!(fill(&mut window, 1000), sent);
    }

    #[test]
    fn batches_appended_twice_do_not_open_the_window_early() {
        let mut window = PartitionWindow::new(0);
        for _ in 0..100 {
            window.push(10);
        }
        // The first 50 were appended twice: record 100 sits at offset 149.
        window.acknowledged(100, 150);
        assert_eq!(window.stored(100), Ok(()));
        assert_eq!(window.sizes.len(), 50);
        assert_eq!(window.stored(150), Ok(()));
        assert_eq!(window.sizes.len(), 0);
    }

    #[test]
    fn what_was_there_before_must_be_stored_first() {
        let mut window = PartitionWindow::new(500);
        assert!(!window.has_room(1));
        assert_eq!(window.stored(499), Ok(()));
        assert!(!window.has_room(1));
        assert_eq!(window.stored(500), Ok(()));
        assert!(window.has_room(1));
    }

    #[test]
    fn offsets_of_another_log_are_noticed() {
        assert_eq!(PartitionWindow::new(0).stored(1), Err(0));
        let mut window = PartitionWindow::new(0);
        window.push(1);
        assert_eq!(window.stored(1_000_000), Err(1));
    }
}
