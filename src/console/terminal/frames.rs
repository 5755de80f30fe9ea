//! When to draw the next frame.

use std::time::Duration;

use tokio::time::Instant;

/// The least time between two frames after a key or a resize. Frames for news keep to the configured interval.
const KEY_INTERVAL: Duration = Duration::from_millis(16);

/// When to draw the next frame.
#[derive(Debug)]
pub(super) struct Frames {
    interval: Duration,
    last: Option<Instant>,
    due: Option<Instant>,
}

impl Frames {
    /// The first frame is due at once.
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, last: None, due: Some(Instant::now()) }
    }

    /// Wants a frame, since something has changed. A frame after a key comes `soon`.
    pub(super) fn want(&mut self, soon: bool) {
        let gap = if soon { KEY_INTERVAL.min(self.interval) } else { self.interval };
        let at = self.last.map_or_else(Instant::now, |last| last + gap);
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// The time of the next frame, if one is wanted.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether to draw now.
    pub(super) fn is_due(&self) -> bool {
        self.due.is_some_and(|due| due <= Instant::now())
    }

    /// A frame is drawn now.
    pub(super) fn drawn(&mut self) {
        self.last = Some(Instant::now());
        self.due = None;
    }
}
