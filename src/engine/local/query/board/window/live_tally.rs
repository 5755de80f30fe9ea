//! The counts of a window that moves: it counts clicks when they enter the window and takes them back when they leave it.
//!
//! It keeps eight bytes for each click: the times and pages of each user's clicks in the window, in order. The neighbours of a
//! click tell which gaps between clicks change, and whether the user has clicked on the page before.

use std::collections::VecDeque;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry as At;

use super::live::{OutOfRange, Tally};
use super::pages::{Pages, Slot};
use super::parts::Parts;
use crate::storage::{StoredClick, UserId};

/// The users are spread over this many tables. A table is copied when it grows, and copying a single table of all users would
/// double the memory.
const SHARDS: usize = 64;

/// A user with more clicks than this has a count for each page, which is faster than searching the clicks.
const MAX_SEARCHED_CLICKS: usize = 256;

/// What is kept of a click.
#[derive(Clone, Copy, Debug)]
struct Kept {
    /// Milliseconds since [`LiveTally::base`].
    at: u32,
    page: Slot,
}

/// One user's clicks in order of time. Of the clicks of one moment, only the position of the last matters.
#[derive(Debug)]
enum Clicks {
    One(Kept),
    Many(Box<Many>),
}

/// Two clicks or more.
#[derive(Debug)]
struct Many {
    clicks: VecDeque<Kept>,
    /// How many clicks are on each page, if there are more than [`MAX_SEARCHED_CLICKS`].
    clicks_by_page: Option<Box<HashMap<Slot, u32, foldhash::fast::RandomState>>>,
}

/// The figures of a window that moves.
#[derive(Debug)]
pub(super) struct LiveTally {
    session_timeout_ms: i64,
    /// Milliseconds since 1970.
    base: i64,
    users: Vec<HashMap<UserId, Clicks, foldhash::fast::RandomState>>,
    pages: Pages,
    parts: Parts,
    /// Memory of [`Clicks::Many`], which lies outside the tables.
    many_bytes: usize,
}

impl LiveTally {
    /// An empty tally for clicks after `base`, in milliseconds since 1970. A gap longer than `session_timeout_ms` is not time
    /// spent.
    pub(super) fn new(session_timeout_ms: i64, base: i64) -> Self {
        let users = std::iter::repeat_with(HashMap::default).take(SHARDS).collect();
        Self { session_timeout_ms, base, users, pages: Pages::default(), parts: Parts::default(), many_bytes: 0 }
    }

    pub(super) fn pages(&self) -> &Pages {
        &self.pages
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }

    fn at(&self, click: &StoredClick) -> Result<u32, OutOfRange> {
        u32::try_from(click.timestamp.as_millis().saturating_sub(self.base)).map_err(|_| OutOfRange)
    }
}

impl Tally for LiveTally {
    fn anew(&self, base: i64) -> Self {
        Self::new(self.session_timeout_ms, base)
    }

    fn bytes(&self) -> usize {
        let users: usize = self.users.iter().map(HashMap::allocation_size).sum();
        users + self.many_bytes + self.pages.bytes() + self.parts.bytes()
    }

    fn has_tie(&self, click: &StoredClick) -> bool {
        let Ok(at) = self.at(click) else { return false };
        match self.users.get(shard(click.user)).and_then(|users| users.get(&click.user)) {
            None => false,
            Some(Clicks::One(one)) => one.at == at,
            Some(Clicks::Many(many)) => {
                let after = many.after(at);
                after > 0 && many.clicks.get(after - 1).is_some_and(|before| before.at == at)
            }
        }
    }

    fn take_in(&mut self, click: &StoredClick, last: bool) -> Result<(), OutOfRange> {
        let at = self.at(click)?;
        self.parts.take_in(click.timestamp);
        let Self { session_timeout_ms, users, pages, many_bytes, .. } = self;
        let page = pages.slot(click.url, click.country);
        let kept = Kept { at, page };
        let Some(users) = users.get_mut(shard(click.user)) else { return Ok(()) };
        let mut time_spent = TimeSpent { session_timeout_ms: *session_timeout_ms, pages };
        match users.entry(click.user) {
            At::Vacant(entry) => {
                entry.insert(Clicks::One(kept));
                time_spent.pages.take_in(page, true);
            }
            At::Occupied(mut entry) => {
                let clicks = entry.get_mut();
                if let Clicks::One(one) = *clicks {
                    let many = Many { clicks: VecDeque::from([one]), clicks_by_page: None };
                    *many_bytes += many.bytes();
                    *clicks = Clicks::Many(Box::new(many));
                }
                if let Clicks::Many(many) = clicks {
                    let before = many.bytes();
                    let first = many.take_in(kept, last, &mut time_spent);
                    time_spent.pages.take_in(page, first);
                    *many_bytes = (*many_bytes + many.bytes()).saturating_sub(before);
                }
            }
        }
        Ok(())
    }

    fn take_out(&mut self, click: &StoredClick) {
        let user = click.user;
        self.parts.take_out(click.timestamp);
        let Self { session_timeout_ms, users, pages, many_bytes, .. } = self;
        let Some(users) = users.get_mut(shard(user)) else { return };
        let At::Occupied(mut entry) = users.entry(user) else { return };
        match entry.get_mut() {
            Clicks::One(one) => {
                pages.take_out(one.page, true);
                entry.remove();
            }
            Clicks::Many(many) => {
                let before = many.bytes();
                let mut time_spent = TimeSpent { session_timeout_ms: *session_timeout_ms, pages };
                many.take_out(&mut time_spent);
                let mut after = many.bytes();
                if let (1, Some(one)) = (many.clicks.len(), many.clicks.front()) {
                    let one = *one;
                    after = 0;
                    entry.insert(Clicks::One(one));
                }
                *many_bytes = (*many_bytes + after).saturating_sub(before);
            }
        }
    }

    fn shrink(&mut self) {
        for users in &mut self.users {
            if users.len() * 4 < users.capacity() {
                users.shrink_to(users.len() * 2);
            }
        }
    }
}

fn shard(user: UserId) -> usize {
    // Row ids of a dictionary are consecutive.
    user.0 as usize % SHARDS
}

/// Counts the gaps between neighbouring clicks as time spent.
struct TimeSpent<'a> {
    session_timeout_ms: i64,
    pages: &'a mut Pages,
}

impl TimeSpent<'_> {
    fn between(&self, earlier: Kept, later: Kept) -> Option<i64> {
        let gap = i64::from(later.at) - i64::from(earlier.at);
        (gap <= self.session_timeout_ms).then_some(gap)
    }

    fn add(&mut self, earlier: Kept, later: Kept) {
        if let Some(gap) = self.between(earlier, later) {
            self.pages.spend(earlier.page, gap);
        }
    }

    fn take_back(&mut self, earlier: Kept, later: Kept) {
        if let Some(gap) = self.between(earlier, later) {
            self.pages.unspend(earlier.page, gap);
        }
    }
}

impl Many {
    /// Memory that the clicks take, with the overhead of the allocator.
    fn bytes(&self) -> usize {
        const ALLOCATIONS: usize = 2 * 16;
        let on = self.clicks_by_page.as_ref().map_or(0, |on| size_of_val(&**on) + on.allocation_size());
        size_of::<Self>() + self.clicks.capacity() * size_of::<Kept>() + ALLOCATIONS + on
    }

    /// The index behind every click at `at` or before.
    fn after(&self, at: u32) -> usize {
        match self.clicks.back() {
            // Most clicks come in order of time.
            Some(newest) if newest.at <= at => self.clicks.len(),
            _ => self.clicks.partition_point(|click| click.at <= at),
        }
    }

    /// Inserts a click. Returns whether it is the user's first on its page.
    fn take_in(&mut self, kept: Kept, last: bool, time_spent: &mut TimeSpent<'_>) -> bool {
        let mut index = self.after(kept.at);
        let get = |clicks: &VecDeque<Kept>, index: Option<usize>| index.and_then(|index| clicks.get(index).copied());
        if !last && get(&self.clicks, index.checked_sub(1)).is_some_and(|before| before.at == kept.at) {
            index -= 1;
        }
        let (before, behind) = (get(&self.clicks, index.checked_sub(1)), get(&self.clicks, Some(index)));
        if let (Some(before), Some(behind)) = (before, behind) {
            time_spent.take_back(before, behind);
        }
        if let Some(before) = before {
            time_spent.add(before, kept);
        }
        if let Some(behind) = behind {
            time_spent.add(kept, behind);
        }
        let first = match &mut self.clicks_by_page {
            Some(on) => {
                let count = on.entry(kept.page).or_insert(0);
                *count += 1;
                *count == 1
            }
            None => !self.clicks.iter().any(|click| click.page == kept.page),
        };
        self.clicks.insert(index, kept);
        if self.clicks_by_page.is_none() && self.clicks.len() > MAX_SEARCHED_CLICKS {
            let mut on: HashMap<Slot, u32, foldhash::fast::RandomState> = HashMap::default();
            for click in &self.clicks {
                *on.entry(click.page).or_insert(0) += 1;
            }
            self.clicks_by_page = Some(Box::new(on));
        }
        first
    }

    /// Removes the earliest click.
    fn take_out(&mut self, time_spent: &mut TimeSpent<'_>) {
        let Some(out) = self.clicks.pop_front() else { return };
        if let Some(&behind) = self.clicks.front() {
            time_spent.take_back(out, behind);
        }
        let gone = match &mut self.clicks_by_page {
            Some(on) => match on.entry(out.page) {
                At::Occupied(mut entry) if *entry.get() > 1 => {
                    *entry.get_mut() -= 1;
                    false
                }
                At::Occupied(entry) => {
                    entry.remove();
                    true
                }
                At::Vacant(_) => true,
            },
            None => !self.clicks.iter().any(|click| click.page == out.page),
        };
        time_spent.pages.take_out(out.page, gone);
        if self.clicks.len() < MAX_SEARCHED_CLICKS / 2 {
            self.clicks_by_page = None;
        }
        if self.clicks.len() * 4 < self.clicks.capacity() {
            self.clicks.shrink_to(self.clicks.len() * 2);
        }
    }
}
