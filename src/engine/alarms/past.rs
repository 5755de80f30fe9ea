//! The alarms that are over.

use std::collections::VecDeque;
use std::time::SystemTime;

use crate::protocol::alarm::{Alarm, PastAlarm};

/// The most that are kept: every snapshot has them.
pub(super) const KEPT: usize = 50;

/// The newest alarms that are over, the newest first.
#[derive(Debug, Default)]
pub(super) struct PastAlarms(VecDeque<PastAlarm>);

impl PastAlarms {
    /// Keeps `alarm`, which ended at `ended`, and forgets the oldest if there are too many.
    pub(super) fn keep(&mut self, alarm: Alarm, ended: SystemTime) {
        self.0.push_front(PastAlarm { alarm, ended });
        self.0.truncate(KEPT);
    }

    /// The alarms, the newest first.
    pub(super) fn list(&self) -> Vec<PastAlarm> {
        self.0.iter().cloned().collect()
    }
}
