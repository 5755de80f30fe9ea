//! Figures of the clicks of a window, counted from the clicks themselves.
//!
//! A click's time spent is the gap to its user's next click. A window ends with the newest click, so that next click, if
//! there is one, lies in the window, too: the clicks of the window are all it takes.

use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};

use super::CountryFigures;
use crate::storage::figures::PageFigures;
use crate::storage::{ClickKey, CountryId, PageId, StoredClick, UrlId, UserId};

/// Clicks in the order of their time in, figures out.
pub(super) struct WindowTally {
    session_timeout_ms: i64,
    pages: Vec<PageFigures>,
    by_key: HashMap<(UrlId, CountryId), usize, foldhash::fast::RandomState>,
    /// Every (page, user) that has a click.
    seen: HashSet<(PageId, UserId), foldhash::fast::RandomState>,
    /// Each user's last click so far: its time, what orders it among those of the same moment, its place in `pages`.
    last: HashMap<UserId, (i64, ClickKey, usize), foldhash::fast::RandomState>,
}

impl WindowTally {
    pub(super) fn new(session_timeout_ms: i64) -> Self {
        Self {
            session_timeout_ms,
            pages: Vec::new(),
            by_key: HashMap::default(),
            seen: HashSet::default(),
            last: HashMap::default(),
        }
    }

    /// Counts a click that is no older than those before; clicks of one moment may come in any order.
    pub(super) fn count(&mut self, click: StoredClick) {
        let at = self.page(&click);
        let Some(page) = self.pages.get_mut(at) else { return };
        page.clicks += 1;
        page.unique_users += u64::from(self.seen.insert((page.page, click.user)));
        page.last_seen = click.timestamp;

        let time = click.timestamp.as_millis();
        match self.last.entry(click.user) {
            Entry::Vacant(entry) => {
                entry.insert((time, click.key, at));
            }
            Entry::Occupied(mut entry) => {
                let (last_time, last_key, last_at) = entry.get_mut();
                let gap = time - *last_time;
                // Of the clicks of one moment all but the last, by their ids, are followed at once, and which of
                // them by which makes no difference: it is enough to keep the last one.
                let ended = if gap == 0 && click.key < *last_key {
                    at
                } else {
                    (*last_time, *last_key) = (time, click.key);
                    std::mem::replace(last_at, at)
                };
                if gap <= self.session_timeout_ms
                    && let Some(page) = self.pages.get_mut(ended)
                {
                    page.spent_ms += gap;
                    page.spent_count += 1;
                }
            }
        }
    }

    fn page(&mut self, click: &StoredClick) -> usize {
        let next = self.pages.len();
        let at = *self.by_key.entry((click.url, click.country)).or_insert(next);
        if at == next {
            // There are fewer clicks in a window than numbers here.
            let page = PageId(u32::try_from(next).unwrap_or(u32::MAX));
            self.pages.push(PageFigures::empty(page, click.url, click.country, click.timestamp));
        }
        at
    }

    /// Every page with a click in the window.
    pub(super) fn pages(&self) -> &[PageFigures] {
        &self.pages
    }

    /// Every country with a click in the window.
    pub(super) fn countries(&self) -> HashMap<CountryId, CountryFigures> {
        let mut countries: HashMap<CountryId, CountryFigures> = HashMap::new();
        for page in &self.pages {
            let country = countries.entry(page.country).or_default();
            country.clicks += page.clicks;
            country.urls += 1;
        }
        countries
    }
}
