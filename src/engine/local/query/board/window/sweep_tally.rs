//! The counts of one round of a sweep: several passes over the clicks of a window, each for a part of the users.
//!
//! Every figure is a sum over users, so the passes add up. In a pass the clicks come in order of time. The pass therefore keeps
//! only each user's last click and the pages on which the user has clicked.

use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};

use super::pages::{Pages, Slot};
use crate::storage::{ClickKey, StoredClick, UserId};

/// Makes figures of clicks that come in order of time.
#[derive(Debug)]
pub(super) struct SweepTally {
    session_timeout_ms: i64,
    pages: Pages,
    /// Every (page, user) of this pass that has a click.
    page_users: HashSet<(Slot, UserId), foldhash::fast::RandomState>,
    /// Each user's last click so far: its time, its id (which orders clicks of the same moment), its page.
    last: HashMap<UserId, (i64, ClickKey, Slot), foldhash::fast::RandomState>,
}

impl SweepTally {
    pub(super) fn new(session_timeout_ms: i64) -> Self {
        Self { session_timeout_ms, pages: Pages::default(), page_users: HashSet::default(), last: HashMap::default() }
    }

    /// Counts a click that is no older than those before. Clicks of one moment may come in any order.
    pub(super) fn count(&mut self, click: StoredClick) {
        let page = self.pages.slot(click.url, click.country);
        self.pages.take_in(page, self.page_users.insert((page, click.user)));

        let time = click.timestamp.as_millis();
        match self.last.entry(click.user) {
            Entry::Vacant(entry) => {
                entry.insert((time, click.key, page));
            }
            Entry::Occupied(mut entry) => {
                let (last_time, last_key, last_page) = entry.get_mut();
                let gap = time - *last_time;
                // All clicks of one moment have 0 ms spent, except the one with the greatest id. It does not matter which
                // of them follows which, so only that one is kept.
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

    /// Forgets the users of this pass. Returns how many there were.
    pub(super) fn next_pass(&mut self) -> usize {
        let users = self.last.len();
        self.page_users.clear();
        self.last.clear();
        users
    }

    /// The figures of all passes.
    pub(super) fn finish(self) -> Pages {
        self.pages
    }

    /// Memory that the counts take.
    pub(super) fn bytes(&self) -> usize {
        self.pages.bytes() + self.page_users.allocation_size() + self.last.allocation_size()
    }
}
