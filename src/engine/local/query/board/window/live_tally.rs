//! A window that moves: clicks are taken in as they are stored and out as they fall out of its beginning.
//!
//! It keeps eight bytes a click: of each user the times and pages of the clicks in the window, in order. From a click's
//! neighbours there follow the gaps that it makes and splits, and whether its user has been on the page before.

use std::collections::VecDeque;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry as At;

use super::live::{OutOfRange, Tally};
use super::pages::{Pages, Slot};
use crate::storage::{StoredClick, UserId};

/// Tables that the users are spread over: one that grows is copied, and copying all at once would double the memory.
const SHARDS: usize = 64;

/// With more clicks than this, how many of a user's are on a page is counted rather than looked for.
const LOOKED_THROUGH: usize = 256;

/// What a click is about, as it is kept.
#[derive(Clone, Copy, Debug)]
struct Kept {
    /// Milliseconds since the tally's base.
    at: u32,
    page: Slot,
}

/// One user's clicks. Of those of one moment only the last one's place means something.
#[derive(Debug)]
enum Clicks {
    One(Kept),
    Many(Box<Many>),
}

/// At least two clicks.
#[derive(Debug)]
struct Many {
    clicks: VecDeque<Kept>,
    /// How many are on each page, where they are too many to look through.
    on: Option<Box<HashMap<Slot, u32, foldhash::fast::RandomState>>>,
}

/// The figures of a window that moves.
#[derive(Debug)]
pub(super) struct LiveTally {
    session_timeout_ms: i64,
    base: i64,
    users: Vec<HashMap<UserId, Clicks, foldhash::fast::RandomState>>,
    pages: Pages,
    /// What hangs on the tables of users.
    hanging: usize,
}

impl LiveTally {
    /// For clicks after `base`, in milliseconds since 1970. A gap beyond `session_timeout_ms` is no time spent.
    pub(super) fn new(session_timeout_ms: i64, base: i64) -> Self {
        let users = std::iter::repeat_with(HashMap::default).take(SHARDS).collect();
        Self { session_timeout_ms, base, users, pages: Pages::default(), hanging: 0 }
    }

    pub(super) fn pages(&self) -> &Pages {
        &self.pages
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
        users + self.hanging + self.pages.bytes()
    }

    fn ties(&self, click: &StoredClick) -> bool {
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
        let Self { session_timeout_ms, users, pages, hanging, .. } = self;
        let page = pages.slot(click.url, click.country);
        let kept = Kept { at, page };
        let Some(users) = users.get_mut(shard(click.user)) else { return Ok(()) };
        let mut gaps = Gaps { session_timeout_ms: *session_timeout_ms, pages };
        match users.entry(click.user) {
            At::Vacant(entry) => {
                entry.insert(Clicks::One(kept));
                gaps.pages.take_in(page, true);
            }
            At::Occupied(mut entry) => {
                let clicks = entry.get_mut();
                if let Clicks::One(one) = *clicks {
                    let many = Many { clicks: VecDeque::from([one]), on: None };
                    *hanging += many.bytes();
                    *clicks = Clicks::Many(Box::new(many));
                }
                if let Clicks::Many(many) = clicks {
                    let before = many.bytes();
                    let first = many.take_in(kept, last, &mut gaps);
                    gaps.pages.take_in(page, first);
                    *hanging = (*hanging + many.bytes()).saturating_sub(before);
                }
            }
        }
        Ok(())
    }

    fn take_out(&mut self, click: &StoredClick) {
        let user = click.user;
        let Self { session_timeout_ms, users, pages, hanging, .. } = self;
        let Some(users) = users.get_mut(shard(user)) else { return };
        let At::Occupied(mut entry) = users.entry(user) else { return };
        match entry.get_mut() {
            Clicks::One(one) => {
                pages.take_out(one.page, true);
                entry.remove();
            }
            Clicks::Many(many) => {
                let before = many.bytes();
                let mut gaps = Gaps { session_timeout_ms: *session_timeout_ms, pages };
                many.take_out(&mut gaps);
                let mut after = many.bytes();
                if let (1, Some(one)) = (many.clicks.len(), many.clicks.front()) {
                    let one = *one;
                    after = 0;
                    entry.insert(Clicks::One(one));
                }
                *hanging = (*hanging + after).saturating_sub(before);
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
    // Rows of a dictionary, numbered one after the other.
    user.0 as usize % SHARDS
}

/// Where the times spent between neighbours go.
struct Gaps<'a> {
    session_timeout_ms: i64,
    pages: &'a mut Pages,
}

impl Gaps<'_> {
    fn between(&self, earlier: Kept, later: Kept) -> Option<i64> {
        let gap = i64::from(later.at) - i64::from(earlier.at);
        (gap <= self.session_timeout_ms).then_some(gap)
    }

    fn put(&mut self, earlier: Kept, later: Kept) {
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
    /// Memory it takes, with what the allocator adds.
    fn bytes(&self) -> usize {
        const ALLOCATIONS: usize = 2 * 16;
        let on = self.on.as_ref().map_or(0, |on| size_of_val(&**on) + on.allocation_size());
        size_of::<Self>() + self.clicks.capacity() * size_of::<Kept>() + ALLOCATIONS + on
    }

    /// The place behind every click of that moment and before.
    fn after(&self, at: u32) -> usize {
        match self.clicks.back() {
            // Most clicks are newer than all before them.
            Some(newest) if newest.at <= at => self.clicks.len(),
            _ => self.clicks.partition_point(|click| click.at <= at),
        }
    }

    /// Puts a click in its place; whether it is the first on its page.
    fn take_in(&mut self, kept: Kept, last: bool, gaps: &mut Gaps<'_>) -> bool {
        let mut place = self.after(kept.at);
        let get = |clicks: &VecDeque<Kept>, place: Option<usize>| place.and_then(|place| clicks.get(place).copied());
        if !last && get(&self.clicks, place.checked_sub(1)).is_some_and(|before| before.at == kept.at) {
            place -= 1;
        }
        let (before, behind) = (get(&self.clicks, place.checked_sub(1)), get(&self.clicks, Some(place)));
        if let (Some(before), Some(behind)) = (before, behind) {
            gaps.take_back(before, behind);
        }
        if let Some(before) = before {
            gaps.put(before, kept);
        }
        if let Some(behind) = behind {
            gaps.put(kept, behind);
        }
        let first = match &mut self.on {
            Some(on) => {
                let count = on.entry(kept.page).or_insert(0);
                *count += 1;
                *count == 1
            }
            None => !self.clicks.iter().any(|click| click.page == kept.page),
        };
        self.clicks.insert(place, kept);
        if self.on.is_none() && self.clicks.len() > LOOKED_THROUGH {
            let mut on: HashMap<Slot, u32, foldhash::fast::RandomState> = HashMap::default();
            for click in &self.clicks {
                *on.entry(click.page).or_insert(0) += 1;
            }
            self.on = Some(Box::new(on));
        }
        first
    }

    /// Takes the earliest click out.
    fn take_out(&mut self, gaps: &mut Gaps<'_>) {
        let Some(out) = self.clicks.pop_front() else { return };
        if let Some(&behind) = self.clicks.front() {
            gaps.take_back(out, behind);
        }
        let gone = match &mut self.on {
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
        gaps.pages.take_out(out.page, gone);
        if self.clicks.len() < LOOKED_THROUGH / 2 {
            self.on = None;
        }
        if self.clicks.len() * 4 < self.clicks.capacity() {
            self.clicks.shrink_to(self.clicks.len() * 2);
        }
    }
}
