//! The progress of the store, for threads that wait for it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::click::Timestamp;
use crate::protocol::timings::Distribution;

/// The newest stored click, and how long clicks take until their figures are visible.
#[derive(Debug)]
pub struct Progress {
    inner: Mutex<Inner>,
    grown: Condvar,
    checkpoints: AtomicU64,
}

#[derive(Debug, Default)]
struct Inner {
    last_click: i64,
    /// Batches whose figures are not visible yet: the last click, and the time when the oldest message was produced.
    under_way: VecDeque<(i64, Timestamp)>,
    visible_after: Option<Duration>,
    /// What `visible_after` was, of each batch of this run; `None` before the first.
    delays: Option<Distribution>,
}

/// The most batches that are remembered while the aggregation is behind. The oldest are kept, because they tell the delay.
const MAX_REMEMBERED_BATCHES: usize = 4096;

impl Progress {
    pub(super) fn new(last_click: i64) -> Self {
        let inner = Mutex::new(Inner { last_click, ..Inner::default() });
        Self { inner, grown: Condvar::new(), checkpoints: AtomicU64::new(0) }
    }

    pub(super) fn clicks_stored(&self, last_click: i64, produced_at: Option<Timestamp>) {
        let mut inner = self.inner.lock();
        if last_click > inner.last_click {
            inner.last_click = last_click;
            if let Some(produced_at) = produced_at
                && inner.under_way.len() < MAX_REMEMBERED_BATCHES
            {
                inner.under_way.push_back((last_click, produced_at));
            }
            self.grown.notify_all();
        }
    }

    /// Forgets all progress, because every click was erased.
    pub(super) fn reset(&self) {
        let mut inner = self.inner.lock();
        *inner = Inner { delays: inner.delays.take(), ..Inner::default() };
    }

    pub(super) fn checkpoint_written(&self) {
        self.checkpoints.fetch_add(1, Ordering::Relaxed);
    }

    /// How many checkpoints of the aggregation were written since the database was opened.
    pub fn checkpoints(&self) -> u64 {
        self.checkpoints.load(Ordering::Relaxed)
    }

    /// The number of the newest stored click; 0 if there is none.
    pub fn last_click(&self) -> i64 {
        self.inner.lock().last_click
    }

    /// Waits until a click after `cursor` is stored, but at most for `timeout`.
    pub fn wait_beyond(&self, cursor: i64, timeout: Duration) {
        let mut inner = self.inner.lock();
        if inner.last_click <= cursor {
            self.grown.wait_for(&mut inner, timeout);
        }
    }

    /// Notes that the figures of every click up to `cursor` are visible.
    pub fn figures_visible(&self, cursor: i64, now: Timestamp) {
        let mut inner = self.inner.lock();
        while let Some(&(last_click, produced_at)) = inner.under_way.front() {
            if last_click > cursor {
                break;
            }
            let delay = age(produced_at, now);
            inner.visible_after = Some(delay);
            inner.delays.get_or_insert_with(Distribution::of_delays).record(delay);
            inner.under_way.pop_front();
        }
    }

    /// The times from producing a message to visible figures, one for each batch of this run.
    pub fn delays(&self) -> Distribution {
        self.inner.lock().delays.clone().unwrap_or_else(Distribution::of_delays)
    }

    /// The time from producing a message to visible figures: that of the newest visible batch, or the age of the oldest batch under
    /// way if it is greater.
    pub fn delay(&self, now: Timestamp) -> Option<Duration> {
        let inner = self.inner.lock();
        let waiting = inner.under_way.front().map(|&(_, produced_at)| age(produced_at, now));
        inner.visible_after.max(waiting)
    }
}

fn age(since: Timestamp, now: Timestamp) -> Duration {
    let millis = now.as_millis().saturating_sub(since.as_millis());
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_is_of_the_newest_visible_batch_or_the_oldest_waiting_one() {
        let at = Timestamp::from_millis;
        let progress = Progress::new(0);
        assert_eq!(progress.delay(at(0)), None);
        progress.clicks_stored(10, Some(at(1_000)));
        progress.clicks_stored(20, Some(at(2_000)));
        assert_eq!(progress.delay(at(5_000)), Some(Duration::from_secs(4)));
        progress.figures_visible(15, at(5_000));
        assert_eq!(progress.delay(at(5_000)), Some(Duration::from_secs(4)));
        progress.figures_visible(20, at(5_500));
        assert_eq!(progress.delay(at(9_000)), Some(Duration::from_millis(3_500)));
        let delays = progress.delays();
        assert_eq!((delays.count(), delays.sum), (2, Duration::from_millis(7_500)));
        progress.reset();
        assert_eq!(progress.delays(), delays, "monitoring wants counts that only grow");
    }
}
