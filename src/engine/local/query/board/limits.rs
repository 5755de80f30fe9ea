//! What a board may cost: memory and time.

use std::time::Duration;

/// What a board may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Memory of a window that moves with the clicks; one that needs more is counted anew each time.
    pub live_bytes: usize,
    /// Memory of one pass of that.
    pub sweep_bytes: usize,
    /// Memory of the counts of the last minute: beyond it there are none.
    pub minute_bytes: usize,
    /// Time of one slice of counting a window: how long a question waits for it at most.
    pub slice: Duration,
    /// How many rows are read between two looks at the clock.
    pub rows_a_look: u32,
    /// Time to go through the urls, or the figures.
    pub scan: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            live_bytes: 240 << 20,
            sweep_bytes: 120 << 20,
            minute_bytes: 64 << 20,
            slice: Duration::from_millis(100),
            rows_a_look: 1024,
            scan: Duration::from_secs(10),
        }
    }
}
