//! How much memory and time a board may take.

use std::time::Duration;

/// How much memory and time a board may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Memory of a window that moves with the clicks. A window that needs more is counted anew each time, in a sweep.
    pub live_bytes: usize,
    /// Memory of one pass of a sweep.
    pub sweep_bytes: usize,
    /// Memory of the counts of the last minute. If they need more, they are not shown.
    pub minute_bytes: usize,
    /// Memory of the counts that trends are made of. If they need more, trends are not shown.
    pub trend_bytes: usize,
    /// Time for which a window is counted before a waiting question is answered.
    pub slice: Duration,
    /// Rows that are read between two checks of clock and memory.
    pub rows_per_check: u32,
    /// Time to read all urls, or all figures.
    pub scan: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            live_bytes: 240 << 20,
            sweep_bytes: 120 << 20,
            minute_bytes: 64 << 20,
            trend_bytes: 96 << 20,
            slice: Duration::from_millis(100),
            rows_per_check: 1024,
            scan: Duration::from_secs(10),
        }
    }
}
