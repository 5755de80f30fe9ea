//! The order of clicks of one user and moment.

use hashbrown::HashMap;

use crate::storage::{ClickKey, StoredClick, UserId};

/// The click with the greatest id of each user at one moment.
#[derive(Debug)]
pub(super) struct Moment {
    time: i64,
    last: HashMap<UserId, ClickKey, foldhash::fast::RandomState>,
}

impl Moment {
    pub(super) fn new() -> Self {
        Self { time: i64::MIN, last: HashMap::default() }
    }

    /// Whether the id of `click` is the greatest so far of its user and moment. Clicks come in order of time.
    pub(super) fn is_last(&mut self, click: &StoredClick) -> bool {
        let time = click.timestamp.as_millis();
        if time != self.time {
            self.time = time;
            self.last.clear();
        }
        let last = self.last.get(&click.user).is_none_or(|last| *last <= click.key);
        if last {
            self.last.insert(click.user, click.key.clone());
        }
        last
    }
}
