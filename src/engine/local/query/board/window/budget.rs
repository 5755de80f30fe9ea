//! The limits of time and memory for one slice of counting.

use std::ops::ControlFlow;
use std::time::Instant;

use crate::engine::local::query::board::limits::Limits;

/// Why a slice ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SliceEnd {
    /// Everything is counted.
    Done,
    /// The time is used up, and there are more clicks to count.
    TimeUp,
    /// The counts no longer fit into memory.
    Full,
    /// The counts cannot be continued: count the window anew.
    Restart,
}

/// Time and memory for one slice. The clock and the memory are checked once for many rows.
#[derive(Debug)]
pub(super) struct Budget {
    until: Instant,
    memory_bytes: usize,
    rows_per_check: u32,
    rows: u32,
}

impl Budget {
    /// The slice begins now; the counts may take `memory_bytes`.
    pub(super) fn new(limits: Limits, memory_bytes: usize) -> Self {
        Self { until: Instant::now() + limits.slice, memory_bytes, rows_per_check: limits.rows_per_check, rows: 0 }
    }

    /// Spends a row on counts that take `bytes`. Breaks if they are too large or the time is up.
    pub(super) fn spend_row(&mut self, bytes: impl FnOnce() -> usize) -> ControlFlow<SliceEnd> {
        if !self.is_check_due() {
            return ControlFlow::Continue(());
        }
        if self.exceeds_memory(bytes()) {
            return ControlFlow::Break(SliceEnd::Full);
        }
        if Instant::now() >= self.until { ControlFlow::Break(SliceEnd::TimeUp) } else { ControlFlow::Continue(()) }
    }

    /// Spends a row where the counts do not grow, or are checked elsewhere. Breaks if the time is up.
    pub(super) fn spend_time(&mut self) -> ControlFlow<SliceEnd> {
        self.spend_row(|| 0)
    }

    /// Whether counts of `bytes` are too large.
    pub(super) fn exceeds_memory(&self, bytes: usize) -> bool {
        bytes > self.memory_bytes
    }

    fn is_check_due(&mut self) -> bool {
        self.rows = self.rows.wrapping_add(1);
        self.rows.is_multiple_of(self.rows_per_check)
    }
}
