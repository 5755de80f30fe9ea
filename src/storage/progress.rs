//! How far the store has got, for whoever waits for it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::click::Timestamp;

/// The newest stored click, and since when the clicks before it have been under way.
#[derive(Debug)]
pub struct Progress {
    inner: Mutex<Inner>,
    grown: Condvar,
    checkpoints: AtomicU64,
}

#[derive(Debug, Default)]
struct Inner {
    last_click: i64,
    /// (last click of a batch, when its oldest message was produced), for batches whose figures are not visible yet.
    under_way: VecDeque<(i64, Timestamp)>,
    visible_after: Option<Duration>,
}

/// Batches remembered while the aggregation is behind; the oldest matter most and are kept.
const REMEMBERED_BATCHES: usize = 4096;

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
                && inner.under_way.len() < REMEMBERED_BATCHES
            {
                inner.under_way.push_back((last_click, produced_at));
            }
            self.grown.notify_all();
        }
    }

    /// Every click was forgotten.
    pub(super) fn reset(&self) {
        *self.inner.lock() = Inner::default();
    }

    pub(super) fn checkpoint_written(&self) {
        self.checkpoints.fetch_add(1, Ordering::Relaxed);
    }

    /// Checkpoints of the aggregation written since the database was opened.
    pub fn checkpoints(&self) -> u64 {
        self.checkpoints.load(Ordering::Relaxed)
    }

    /// The newest stored click's place in the order of arrival; 0 if there is none.
    pub fn last_click(&self) -> i64 {
        self.inner.lock().last_click
    }

    /// Waits until a click after `cursor` is stored, at most `timeout`.
    pub fn wait_beyond(&self, cursor: i64, timeout: Duration) {
        let mut inner = self.inner.lock();
        if inner.last_click <= cursor {
            self.grown.wait_for(&mut inner, timeout);
        }
    }

    /// The figures of every click up to `cursor` are visible.
    pub fn figures_visible(&self, cursor: i64, now: Timestamp) {
        let mut inner = self.inner.lock();
        while let Some(&(last_click, produced_at)) = inner.under_way.front() {
            if last_click > cursor {
                break;
            }
            inner.visible_after = Some(age(produced_at, now));
            inner.under_way.pop_front();
        }
    }

    /// Time from produced to visible: of the newest visible batch, or the age of the oldest under way if that is more.
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
    }
}
