//! A window that is too large to be kept: counted in several passes over its clicks, each for a part of the users.
//!
//! Every figure is a sum over users, so the passes add up. In a pass the clicks come in the order of their time, and it
//! takes no more than each user's last click and the pages that the user has been on.

use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};

use super::pages::{Pages, Slot};
use crate::storage::{ClickKey, StoredClick, UserId};

/// Clicks in the order of their time in, figures out.
#[derive(Debug)]
pub(super) struct SweepTally {
    session_timeout_ms: i64,
    pages: Pages,
    /// Every (page, user) of this pass that has a click.
    seen: HashSet<(Slot, UserId), foldhash::fast::RandomState>,
    /// Each user's last click so far: its time, what orders it among those of the same moment, its page.
    last: HashMap<UserId, (i64, ClickKey, Slot), foldhash::fast::RandomState>,
}

impl SweepTally {
    pub(super) fn new(session_timeout_ms: i64) -> Self {
        Self { session_timeout_ms, pages: Pages::default(), seen: HashSet::default(), last: HashMap::default() }
    }

    /// Counts a click that is no older than those before; clicks of one moment may come in any order.
    pub(super) fn count(&mut self, click: StoredClick) {
        let page = self.pages.slot(click.url, click.country);
        self.pages.take_in(page, self.seen.insert((page, click.user)));

        let time = click.timestamp.as_millis();
        match self.last.entry(click.user) {
            Entry::Vacant(entry) => {
                entry.insert((time, click.key, page));
            }
            Entry::Occupied(mut entry) => {
                let (last_time, last_key, last_page) = entry.get_mut();
                let gap = time - *last_time;
                // Of the clicks of one moment all but the last, by their ids, are followed at once, and which of
                // them by which makes no difference: it is enough to keep the last one.
                let ended = if gap == 0 && click.key < *last_key {
                    page
                } else {
                    (*last_time, *last_key) = (time, click.key);
                    std::mem::replace(last_page, page)
                };
                if gap <= self.session_timeout_ms {
                    self.pages.spend(ended, gap);
                }
            }
        }
    }

    /// Lets go of the users of this pass; how many there were.
    pub(super) fn next_pass(&mut self) -> usize {
        let users = self.last.len();
        self.seen.clear();
        self.last.clear();
        users
    }

    /// The figures of every pass.
    pub(super) fn finish(self) -> Pages {
        self.pages
    }

    /// Memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.pages.bytes() + self.seen.allocation_size() + self.last.allocation_size()
    }
}
