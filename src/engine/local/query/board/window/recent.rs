//! A window of fixed length that keeps only counts: small enough to be counted beside the boards, with every filter and order.

use super::budget::{Budget, SliceEnd};
use super::live::{Counted, EndsWith, Live, Tally};
use crate::click::Timestamp;
use crate::engine::local::query::board::limits::Limits;
use crate::storage::{Reader, StorageError};

/// Counts the newest clicks for as long as somebody views them. The window ends where the other windows end.
#[derive(Debug)]
pub(crate) struct RecentCount<T> {
    length_ms: i64,
    memory_bytes: usize,
    limits: Limits,
    live: Live<T>,
}

/// How far the count is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecentProgress {
    /// [`RecentCount::counts`] are up to date.
    Ready,
    /// There is more to count.
    Counting,
    /// The pages do not fit into the memory limit; the count starts again.
    TooLarge,
}

impl<T: Tally + Default> RecentCount<T> {
    /// A window of `length_ms` whose counts may take `memory_bytes`.
    pub(super) fn over(length_ms: i64, memory_bytes: usize, limits: Limits) -> Self {
        Self { length_ms, memory_bytes, limits, live: Live::new(T::default(), EndsWith::NewestClick) }
    }

    /// Counts for about [`Limits::slice`]; the clock shows `now`.
    ///
    /// # Errors
    /// The database cannot be read. The count cannot be continued then.
    pub(crate) fn go_on(&mut self, now: Timestamp, reader: &mut Reader) -> Result<RecentProgress, StorageError> {
        let mut budget = Budget::new(self.limits, self.memory_bytes);
        Ok(match self.live.go_on(self.length_ms, now, reader, &mut budget)? {
            SliceEnd::Done => RecentProgress::Ready,
            SliceEnd::TimeUp => RecentProgress::Counting,
            SliceEnd::Restart => {
                self.live = self.live.restarted();
                RecentProgress::Counting
            }
            SliceEnd::Full => {
                self.live = self.live.restarted();
                RecentProgress::TooLarge
            }
        })
    }

    /// The newest counts, unless they are between two states.
    pub(crate) fn counts(&self) -> Option<&T> {
        self.live.counted().map(|counted| counted.tally)
    }

    /// The newest counts, and which clicks they cover.
    pub(super) fn counted(&self) -> Option<Counted<'_, T>> {
        self.live.counted()
    }

    /// Which clicks the newest counts cover: up to this one in order of arrival, and up to this time. Counts that were whole before and
    /// have the same stamp are the same.
    pub(crate) fn stamp(&self) -> Option<(i64, i64)> {
        self.live.counted().map(|counted| (counted.up_to, counted.end))
    }

    /// How many percent of the window are counted.
    pub(crate) fn percent(&self) -> u8 {
        self.live.percent()
    }
}
