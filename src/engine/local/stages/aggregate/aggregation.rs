//! The aggregation itself: it turns clicks into figures by url × country. No I/O.
//!
//! Time spent is computed incrementally. When a click falls between two clicks of its user, the aggregation retracts the gap
//! between those two and counts the two gaps that the new click makes. Sums are whole milliseconds, so they do not depend on
//! the order of arrival.

use std::hint::black_box;

use hashbrown::HashMap;

use super::page_users::PageUsers;
use super::recent_visits::{Neighbors, RecentVisits};
use super::timeline::Visit;
use crate::click::Timestamp;
use crate::engine::local::query::board::CountryFigures;
use crate::storage::figures::{AggregateSettings, PageFigures};
use crate::storage::{ClickKey, CountryId, PageId, StorageError, StoredClick, UrlId};

/// The greatest click id of a user and moment, looked up in the store.
pub(super) type LastKey = Result<Option<ClickKey>, StorageError>;

/// Figures of every url × country, and the state that keeps them exact.
#[derive(Debug)]
pub(super) struct Aggregation {
    pub(super) settings: AggregateSettings,
    pages: Vec<PageFigures>,
    by_key: HashMap<(UrlId, CountryId), PageId, foldhash::fast::RandomState>,
    /// Pages that changed since the last [`Aggregation::mark_written`], each once.
    changed: Vec<PageId>,
    is_changed: Vec<bool>,
    /// Every (page, user) that has a click, for exact unique users.
    pub(super) page_users: PageUsers,
    pub(super) recent: RecentVisits,
    /// Every click up to this one is counted.
    pub(super) cursor: i64,
    /// Clicks that came too late to correct the time spent.
    pub(super) late: u64,
    /// How many clicks and urls each country has.
    countries: HashMap<CountryId, CountryFigures>,
}

/// What a click changed in the state behind the figures.
struct StateChange {
    page: PageId,
    /// It is the first click of its user on the page.
    new_user: bool,
    neighbors: Neighbors,
}

impl Aggregation {
    pub(super) fn new(settings: AggregateSettings) -> Self {
        Self {
            settings,
            pages: Vec::new(),
            by_key: HashMap::default(),
            changed: Vec::new(),
            is_changed: Vec::new(),
            page_users: PageUsers::default(),
            recent: RecentVisits::new(settings.recent_clicks),
            cursor: 0,
            late: 0,
            countries: HashMap::new(),
        }
    }

    /// Takes over figures that were read from the database. Returns `false` if their rows are not numbered 1, 2, 3, …
    pub(super) fn restore_page(&mut self, figures: PageFigures) -> bool {
        if u64::from(figures.page.0) != self.pages.len() as u64 + 1 {
            return false;
        }
        self.by_key.insert((figures.url, figures.country), figures.page);
        let country = self.countries.entry(figures.country).or_default();
        country.clicks += figures.clicks;
        country.urls += 1;
        self.pages.push(figures);
        self.is_changed.push(false);
        true
    }

    /// Loads the state of `clicks` into the processor's caches, for several clicks at once. Counting them one after the other
    /// would wait for memory at each click.
    pub(super) fn prefetch<'c>(&self, clicks: impl Iterator<Item = &'c StoredClick>) {
        for click in clicks {
            let page = self.by_key.get(&(click.url, click.country));
            black_box(page.and_then(|&page| self.pages.get(index(page))).map(|figures| figures.clicks));
            self.page_users.prefetch(click.user);
            self.recent.prefetch(click.user, click.timestamp.as_millis());
        }
    }

    /// Counts a click.
    ///
    /// `last_key` looks up the greatest id of the earlier clicks of the same user and moment. It is called only if memory no
    /// longer holds that id.
    ///
    /// # Errors
    /// The error of `last_key`. Nothing has changed then, and the caller may count the same click again.
    pub(super) fn apply(
        &mut self,
        click: StoredClick,
        last_key: impl FnOnce(&StoredClick) -> LastKey,
    ) -> Result<(), StorageError> {
        let (timestamp, country) = (click.timestamp, click.country);
        let StateChange { page, new_user, neighbors } = self.update_state(click, last_key)?;
        let at = timestamp.as_millis();
        self.update(page, |figures| {
            figures.clicks += 1;
            figures.unique_users += u64::from(new_user);
            figures.first_seen = figures.first_seen.min(timestamp);
            figures.last_seen = figures.last_seen.max(timestamp);
        });
        self.countries.entry(country).or_default().clicks += 1;
        match neighbors {
            Neighbors::Late => self.late += 1,
            Neighbors::Between { before, after } => {
                if let Some((before, before_page)) = before {
                    if let Some(after) = after {
                        self.add_time_spent(before_page, after - before, -1);
                    }
                    self.add_time_spent(before_page, at - before, 1);
                }
                if let Some(after) = after {
                    self.add_time_spent(page, after - at, 1);
                }
            }
        }
        Ok(())
    }

    /// Replays a click that the written figures count already: only the state behind the figures changes. For `last_key`, see
    /// [`Aggregation::apply`].
    ///
    /// # Errors
    /// Those of [`Aggregation::apply`].
    pub(super) fn replay(
        &mut self,
        click: StoredClick,
        last_key: impl FnOnce(&StoredClick) -> LastKey,
    ) -> Result<(), StorageError> {
        self.update_state(click, last_key).map(drop)
    }

    /// Adds `click` to the state behind the figures. Calls `last_key` before anything changes.
    fn update_state(
        &mut self,
        click: StoredClick,
        last_key: impl FnOnce(&StoredClick) -> LastKey,
    ) -> Result<StateChange, StorageError> {
        let at = click.timestamp.as_millis();
        if self.recent.lacks_key(click.user, at)
            && let Some(last) = last_key(&click)?
        {
            self.recent.learn(click.user, at, last);
        }
        self.cursor = self.cursor.max(click.id);
        let page = self.page(&click);
        let new_user = self.page_users.insert(page, click.user);
        let neighbors = self.recent.insert(click.user, Visit { at, page }, click.key);
        Ok(StateChange { page, new_user, neighbors })
    }

    /// Counts a gap as time spent on `page` if `sign` is 1, and retracts it if `sign` is -1. Gaps longer than the session timeout
    /// are ignored.
    fn add_time_spent(&mut self, page: PageId, gap_ms: i64, sign: i64) {
        if gap_ms <= self.settings.session_timeout_ms {
            self.update(page, |figures| {
                figures.spent_ms += sign * gap_ms;
                figures.spent_count = figures.spent_count.saturating_add_signed(sign);
            });
        }
    }

    fn page(&mut self, click: &StoredClick) -> PageId {
        let next = PageId(u32::try_from(self.pages.len() + 1).unwrap_or(u32::MAX));
        let page = *self.by_key.entry((click.url, click.country)).or_insert(next);
        if page == next {
            self.pages.push(PageFigures::empty(page, click.url, click.country, click.timestamp));
            self.is_changed.push(false);
            self.countries.entry(click.country).or_default().urls += 1;
        }
        page
    }

    fn update(&mut self, page: PageId, change: impl FnOnce(&mut PageFigures)) {
        let at = index(page);
        if let (Some(figures), Some(is_changed)) = (self.pages.get_mut(at), self.is_changed.get_mut(at)) {
            change(figures);
            if !std::mem::replace(is_changed, true) {
                self.changed.push(page);
            }
        }
    }

    /// Sorts [`Aggregation::changed`] by row, which is the fastest order to write them.
    pub(super) fn sort_changed(&mut self) {
        self.changed.sort_unstable();
    }

    /// Pages that changed since the last [`Aggregation::mark_written`].
    pub(super) fn changed(&self) -> impl Iterator<Item = PageFigures> {
        self.changed.iter().filter_map(|&page| self.pages.get(index(page)).copied())
    }

    /// Notes that every change is written.
    pub(super) fn mark_written(&mut self) {
        for page in self.changed.drain(..) {
            if let Some(is_changed) = self.is_changed.get_mut(index(page)) {
                *is_changed = false;
            }
        }
    }

    /// Removes the pages from the changed ones whose figures equal the `written` figures.
    pub(super) fn forget_unchanged(&mut self, written: &[PageFigures]) {
        let Self { pages, changed, is_changed, .. } = self;
        changed.retain(|&page| {
            let differs = pages.get(index(page)) != written.get(index(page));
            if let Some(is_changed) = is_changed.get_mut(index(page)) {
                *is_changed = differs;
            }
            differs
        });
    }

    /// Every page.
    pub(super) fn pages(&self) -> &[PageFigures] {
        &self.pages
    }

    /// Every country with a click.
    pub(super) fn countries(&self) -> impl Iterator<Item = (CountryId, CountryFigures)> {
        self.countries.iter().map(|(&id, &figures)| (id, figures))
    }

    /// The same pages with zero figures, to count everything again. Pages keep their rows.
    pub(super) fn zeroed(&self, settings: AggregateSettings) -> Self {
        let mut fresh = Self::new(settings);
        for &figures in &self.pages {
            let zero = PageFigures {
                clicks: 0,
                unique_users: 0,
                spent_ms: 0,
                spent_count: 0,
                first_seen: Timestamp::from_millis(i64::MAX),
                last_seen: Timestamp::from_millis(i64::MIN),
                ..figures
            };
            fresh.restore_page(zero);
        }
        fresh
    }
}

/// Rows are numbered from 1.
fn index(page: PageId) -> usize {
    (page.0 as usize).wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{ClickKey, UserId};

    const SETTINGS: AggregateSettings = AggregateSettings { session_timeout_ms: 1_800_000, recent_clicks: 1000 };

    fn click(id: i64, user: u32, seconds: i64, url: u32) -> StoredClick {
        StoredClick {
            id,
            timestamp: Timestamp::from_millis(seconds * 1000),
            key: ClickKey::new(&format!("c{id}")),
            user: UserId(user),
            url: UrlId(url),
            country: CountryId(1),
        }
    }

    fn count(aggregation: &mut Aggregation, click: StoredClick) {
        aggregation.apply(click, |_| Ok(None)).unwrap();
    }

    fn spent(aggregation: &Aggregation, url: u32) -> (i64, u64) {
        let page = aggregation.pages().iter().find(|page| page.url == UrlId(url)).unwrap();
        (page.spent_ms, page.spent_count)
    }

    #[test]
    fn a_late_click_splits_the_gap_it_falls_in() {
        let mut aggregation = Aggregation::new(SETTINGS);
        count(&mut aggregation, click(1, 1, 0, 1));
        count(&mut aggregation, click(2, 1, 100, 2));
        assert_eq!(spent(&aggregation, 1), (100_000, 1));
        count(&mut aggregation, click(3, 1, 40, 3));
        assert_eq!(spent(&aggregation, 1), (40_000, 1));
        assert_eq!(spent(&aggregation, 3), (60_000, 1));
        assert_eq!(spent(&aggregation, 2), (0, 0));
    }

    #[test]
    fn a_gap_of_exactly_the_session_timeout_counts_and_a_longer_one_does_not() {
        let mut aggregation = Aggregation::new(SETTINGS);
        count(&mut aggregation, click(1, 1, 0, 1));
        count(&mut aggregation, click(2, 1, 1800, 2));
        count(&mut aggregation, click(3, 1, 3601, 3));
        assert_eq!(spent(&aggregation, 1), (1_800_000, 1));
        assert_eq!(spent(&aggregation, 2), (0, 0));
    }

    #[test]
    fn a_click_that_joins_two_sessions_adds_two_times_spent() {
        let mut aggregation = Aggregation::new(SETTINGS);
        count(&mut aggregation, click(1, 1, 0, 1));
        count(&mut aggregation, click(2, 1, 3600, 2));
        assert_eq!(spent(&aggregation, 1), (0, 0));
        count(&mut aggregation, click(3, 1, 1800, 3));
        assert_eq!(spent(&aggregation, 1), (1_800_000, 1));
        assert_eq!(spent(&aggregation, 3), (1_800_000, 1));
    }

    #[test]
    fn each_user_counts_once_for_each_page() {
        let mut aggregation = Aggregation::new(SETTINGS);
        for (id, user) in [(1, 1), (2, 1), (3, 2)] {
            count(&mut aggregation, click(id, user, id, 1));
        }
        let page = aggregation.pages()[0];
        assert_eq!((page.clicks, page.unique_users), (3, 2));
    }

    #[test]
    fn each_changed_page_is_returned_once_until_it_is_written() {
        let mut aggregation = Aggregation::new(SETTINGS);
        count(&mut aggregation, click(1, 1, 0, 1));
        count(&mut aggregation, click(2, 1, 1, 1));
        assert_eq!(aggregation.changed().count(), 1);
        assert_eq!(aggregation.changed().count(), 1);
        aggregation.mark_written();
        assert_eq!(aggregation.changed().count(), 0);
    }

    #[test]
    fn a_click_whose_lookup_fails_changes_nothing_and_can_be_counted_later() {
        let mut aggregation = Aggregation::new(SETTINGS);
        count(&mut aggregation, click(1, 1, 0, 1));
        for id in 2..1_000 {
            count(&mut aggregation, click(id, 2, id, 2));
        }
        count(&mut aggregation, click(1_000, 1, 60, 3));
        let before = format!("{aggregation:?}");
        let tie = click(1_001, 1, 0, 4);
        assert!(matches!(aggregation.apply(tie.clone(), |_| Err(StorageError::Busy)), Err(StorageError::Busy)));
        assert_eq!(format!("{aggregation:?}"), before);
        aggregation.apply(tie, |_| Ok(Some(ClickKey::new("c1")))).unwrap();
        assert_eq!((spent(&aggregation, 1), spent(&aggregation, 4)), ((0, 1), (60_000, 1)));
    }
}
