//! Clicks of the last ten minutes by page and by ten seconds of the clock: what trends are made of.
//!
//! The counts of each ten seconds are a table of their own. So a page costs nothing for a time in which nobody clicks on it, and
//! the figures of five minutes are sums over thirty tables, which only the rows on the screen need. A part that is over is packed,
//! and one that is too old goes as a whole: no click is read again to be taken back.

use std::collections::BTreeMap;

use super::live::{Counted, OutOfRange, Tally};
use super::page_counts::{Map, Page, PageCounts};
use super::recent::RecentCount;
use crate::click::Timestamp;
use crate::engine::local::query::board::limits::Limits;
use crate::protocol::answer::Trend;
use crate::protocol::trends::RowTrend;
use crate::storage::{CountryId, StoredClick, UrlId};

/// Length of a part.
const PART_MS: i64 = 10_000;

/// Parts of the last five minutes.
const PARTS: i64 = 30;

/// Parts of twice five minutes.
const TOLD_PARTS: i64 = 2 * PARTS;

/// The part of the newest click is under way and is left out, so twice five minutes begin up to one part earlier.
const LENGTH_MS: i64 = (TOLD_PARTS + 1) * PART_MS;

/// Counts the clicks that trends are made of.
pub(crate) type TrendCount = RecentCount<TrendTally>;

impl TrendCount {
    pub(crate) fn new(limits: Limits) -> Self {
        Self::over(LENGTH_MS, limits.trend_bytes, limits)
    }

    /// The newest trends, unless the counts are between two states.
    pub(crate) fn trends(&self) -> Option<TrendCounts<'_>> {
        self.counted().map(|Counted { tally, end, .. }| TrendCounts { tally, end })
    }
}

/// The clicks of each part.
#[derive(Debug, Default)]
pub(crate) struct TrendTally {
    /// How often the counts of a part that is over have changed.
    changes: i64,
    /// By number: the milliseconds since 1970 divided by the length of a part.
    parts: BTreeMap<i64, Part>,
}

#[derive(Debug, Default)]
struct Part {
    pages: PageCounts,
    countries: Map<CountryId, u32>,
}

fn part_of(millis: i64) -> i64 {
    millis.div_euclid(PART_MS)
}

impl TrendTally {
    /// Begins a part. If it is the newest, those before are over, and the oldest may be too old.
    fn begin(&mut self, number: i64) -> &mut Part {
        let mut room = Map::default();
        if self.parts.last_key_value().is_none_or(|(newest, _)| *newest < number) {
            for part in self.parts.values_mut() {
                let left = part.pages.pack();
                if left.capacity() > room.capacity() {
                    room = left;
                }
            }
            self.changes = self.changes.wrapping_add(1);
            while let Some(oldest) = self.parts.first_entry()
                && *oldest.key() < number - TOLD_PARTS
            {
                oldest.remove();
            }
        }
        let part = Part { pages: PageCounts::with_room(room), countries: Map::default() };
        self.parts.entry(number).or_insert(part)
    }
}

impl Tally for TrendTally {
    const FORGETS_BY_TIME: bool = true;

    fn anew(&self, _base: i64) -> Self {
        Self { changes: self.changes.wrapping_add(1), ..Self::default() }
    }

    fn has_tie(&self, _click: &StoredClick) -> bool {
        false
    }

    fn take_in(&mut self, click: &StoredClick, _last: bool) -> Result<(), OutOfRange> {
        let number = part_of(click.timestamp.as_millis());
        if let Some((newest, _)) = self.parts.last_key_value() {
            if number < *newest - TOLD_PARTS {
                return Ok(());
            }
            self.changes = self.changes.wrapping_add(i64::from(number < *newest));
        }
        let part = match self.parts.get_mut(&number) {
            Some(part) => part,
            None => self.begin(number),
        };
        part.pages.take_in((click.url, click.country));
        *part.countries.entry(click.country).or_insert(0) += 1;
        Ok(())
    }

    fn take_out(&mut self, _click: &StoredClick) {}

    fn shrink(&mut self) {}

    fn bytes(&self) -> usize {
        self.parts.values().map(|part| part.pages.bytes() + part.countries.allocation_size()).sum()
    }
}

/// Trends at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrendCounts<'a> {
    tally: &'a TrendTally,
    end: i64,
}

impl TrendCounts<'_> {
    /// The numbers of the parts: the first of the five minutes before, the first of the last five minutes, the one under way.
    fn bounds(&self) -> (i64, i64, i64) {
        let under_way = part_of(self.end);
        (under_way - TOLD_PARTS, under_way - PARTS, under_way)
    }

    /// When the five minutes before begin, the last five minutes begin, and end.
    pub(crate) fn times(&self) -> (Timestamp, Timestamp, Timestamp) {
        let time = |part: i64| Timestamp::from_millis(part.saturating_mul(PART_MS));
        let (before, since, until) = self.bounds();
        (time(before), time(since), time(until))
    }

    /// Two moments with the same stamp have the same trends.
    pub(crate) fn stamp(&self) -> (i64, i64) {
        (part_of(self.end), self.tally.changes)
    }

    /// A trend of these `clicks` in each part.
    fn trend(&self, clicks: impl Fn(&Part) -> u32) -> RowTrend {
        let (before, since, until) = self.bounds();
        let mut trend = RowTrend::default();
        for (number, part) in self.tally.parts.range(before..until) {
            let clicks = clicks(part);
            if clicks == 0 {
                continue;
            }
            if *number < since {
                trend.before += u64::from(clicks);
                continue;
            }
            if trend.parts.is_empty() {
                trend.parts = vec![0; PARTS as usize];
            }
            if let Some(count) = usize::try_from(number - since).ok().and_then(|at| trend.parts.get_mut(at)) {
                *count = clicks;
            }
        }
        trend
    }

    /// The trend of a page.
    pub(crate) fn of_page(&self, url: UrlId, country: CountryId) -> RowTrend {
        self.trend(|part| part.pages.of((url, country)))
    }

    /// The clicks of a url in each part of the five minutes before and the last five minutes.
    pub(crate) fn of_url(&self, url: UrlId) -> Trend {
        let (since, _, until) = self.times();
        let (before, _, under_way) = self.bounds();
        let of_part = |part: &Part| {
            let in_countries = part.countries.keys().map(|country| part.pages.of((url, *country)));
            in_countries.map(u64::from).sum()
        };
        let clicks = (before..under_way).map(|number| self.tally.parts.get(&number).map_or(0, of_part)).collect();
        Trend { since, until, clicks }
    }

    /// The trend of every country with a click in these ten minutes.
    pub(crate) fn countries(&self) -> impl Iterator<Item = (CountryId, RowTrend)> {
        let (before, _, until) = self.bounds();
        let parts = self.tally.parts.range(before..until);
        let mut ids: Vec<CountryId> = parts.flat_map(|(_, part)| part.countries.keys().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().map(|id| (id, self.trend(|part| part.countries.get(&id).copied().unwrap_or(0))))
    }

    /// How much every page rises.
    pub(crate) fn rises(&self) -> Rises {
        let (before, since, until) = self.bounds();
        let mut clicks: Map<Page, (u32, u32)> = Map::default();
        for (number, part) in self.tally.parts.range(before..until) {
            for (page, count) in part.pages.iter() {
                let (now, earlier) = clicks.entry(page).or_default();
                *(if *number < since { earlier } else { now }) += count;
            }
        }
        Rises(clicks)
    }
}

/// The clicks of every page in a span of time and in an earlier one.
#[derive(Debug)]
pub(crate) struct Rises(Map<Page, (u32, u32)>);

impl Rises {
    /// The clicks now and before.
    pub(in crate::engine::local::query::board) fn between(
        now: impl Iterator<Item = (Page, u64)>,
        before: impl Iterator<Item = (Page, u64)>,
    ) -> Self {
        let few = |clicks| u32::try_from(clicks).unwrap_or(u32::MAX);
        let mut pages: Map<Page, (u32, u32)> = now.map(|(page, clicks)| (page, (few(clicks), 0))).collect();
        for (page, clicks) in before {
            pages.entry(page).or_default().1 = few(clicks);
        }
        Self(pages)
    }

    /// How much a page rises. It is what its clicks gained, compared with what they would gain or lose by chance: a page that goes
    /// from 10 to 200 clicks rises more than one from 10,000 to 10,300, and one from 0 to 1 hardly rises.
    pub(crate) fn of(&self, url: UrlId, country: CountryId) -> f64 {
        let Some((now, before)) = self.0.get(&(url, country)).copied() else { return 0.0 };
        (f64::from(now) - f64::from(before)) / (f64::from(now) + f64::from(before)).max(1.0).sqrt()
    }
}
