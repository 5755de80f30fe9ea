//! The encoding of a checkpoint: the state behind the figures, so that a restart replays only the newest clicks.
//!
//! A checkpoint has these parts, in this order: the (page, user) pairs, where earlier parts stay and new ones are added; the users'
//! visits and the click ids, which are written anew each time; and a header with counts. Lists of numbers are encoded as
//! differences between neighbours, which take a byte or two each.

use std::cell::Cell;

use serde::{Deserialize, Serialize};

use super::aggregation::Aggregation;
use super::page_users::PageUsers;
use super::recent_visits::RecentVisits;
use super::timeline::{Timeline, Visit};
use crate::storage::figures::AggregateSettings;
use crate::storage::{ClickKey, PageId, Reader, StorageError, UserId};

/// The number of this format; every part begins with it. It grows when the encoding or the rules of eviction change. From the first
/// release on, a reader of each released format stays.
const FORMAT: u32 = 1;

/// Pairs or visits in a part, which keeps a part below about a megabyte.
const PART_ENTRIES: usize = 128 * 1024;

/// Click ids in a part.
const PART_KEYS: usize = 16 * 1024;

#[derive(Serialize, Deserialize)]
enum Part {
    /// Sorted by page and user.
    Pairs {
        /// Differences to the page before.
        pages: Vec<u32>,
        /// Differences to the user before on the same page; the first user of a page as it is.
        users: Vec<u32>,
    },
    Visits(Visits),
    /// The last id of each moment that has several clicks of one user.
    Keys(Vec<(UserId, i64, ClickKey)>),
    Header(Header),
}

/// Timelines, by the row id of their users.
#[derive(Default, Serialize, Deserialize)]
struct Visits {
    /// Whether older visits of these users were dropped.
    cut: bool,
    /// Differences to the user before.
    users: Vec<u32>,
    /// How many visits each user has.
    visits: Vec<u32>,
    /// The time of each user's first visit, as the difference to that of the user before.
    first: Vec<i64>,
    /// The times of all other visits, as differences to the visit before.
    gaps: Vec<u64>,
    /// The page of each visit.
    pages: Vec<PageId>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Header {
    cursor: i64,
    settings: AggregateSettings,
    evict_at: u64,
    pairs: u64,
    pair_parts: u64,
    visits: u64,
    keys: u64,
}

/// A checkpoint that was read from the database.
pub(super) struct Checkpoint {
    /// The checkpoint covers every click up to this one, in order of arrival.
    pub cursor: i64,
    /// The settings that the state was kept with.
    pub settings: AggregateSettings,
    /// Every (page, user) that has a click.
    pub page_users: PageUsers,
    /// The recent visits.
    pub recent: RecentVisits,
}

/// Encodes the parts of a checkpoint of `aggregation` one at a time, without the parts that stay in the database. After the last
/// part, `pair_parts` holds the number of parts with pairs, including those that stay.
pub(super) fn encode(aggregation: &Aggregation, pair_parts: &Cell<u64>) -> impl Iterator<Item = Vec<u8>> {
    let Aggregation { page_users, recent, .. } = aggregation;
    pair_parts.set(page_users.written_parts());
    let pairs = page_users.unwritten(PART_ENTRIES).map(move |pairs| {
        pair_parts.set(pair_parts.get() + 1);
        pairs_part(&pairs)
    });
    let visits = [false, true].into_iter().flat_map(move |cut| {
        let mut timelines = recent.timelines().filter(move |(_, timeline)| timeline.is_cut() == cut);
        std::iter::from_fn(move || visits_part(cut, &mut timelines))
    });
    let mut all_keys = recent.keys().map(|(user, at, key)| (user, at, key.clone()));
    let keys = std::iter::from_fn(move || {
        let keys: Vec<_> = all_keys.by_ref().take(PART_KEYS).collect();
        (!keys.is_empty()).then_some(Part::Keys(keys))
    });
    let header = std::iter::once_with(move || {
        Part::Header(Header {
            cursor: aggregation.cursor,
            settings: aggregation.settings,
            evict_at: recent.evict_at(),
            pairs: page_users.len() as u64,
            pair_parts: pair_parts.get(),
            visits: recent.len() as u64,
            keys: recent.keys().len() as u64,
        })
    });
    // Encoding into memory fails only for sequences of unknown length, and there are none here. If a part were missing anyway,
    // the header's counts would show it.
    pairs.chain(visits).chain(keys).chain(header).filter_map(|part| postcard::to_allocvec(&(FORMAT, part)).ok())
}

fn pairs_part(pairs: &[(PageId, UserId)]) -> Part {
    let (mut last_page, mut last_user) = (0, 0);
    let differences = pairs.iter().map(|&(PageId(page), UserId(user))| {
        let step = page.wrapping_sub(last_page);
        let difference = if step == 0 { user.wrapping_sub(last_user) } else { user };
        (last_page, last_user) = (page, user);
        (step, difference)
    });
    let (pages, users) = differences.unzip();
    Part::Pairs { pages, users }
}

fn pairs_of(pages: Vec<u32>, users: Vec<u32>) -> impl Iterator<Item = (PageId, UserId)> {
    let (mut page, mut user) = (0_u32, 0_u32);
    pages.into_iter().zip(users).map(move |(step, difference)| {
        page = page.wrapping_add(step);
        user = if step == 0 { user.wrapping_add(difference) } else { difference };
        (PageId(page), UserId(user))
    })
}

/// A part with the next of `timelines`; `None` if there are no more.
fn visits_part<'a>(cut: bool, timelines: &mut impl Iterator<Item = (UserId, &'a Timeline)>) -> Option<Part> {
    let mut part = Visits { cut, ..Visits::default() };
    let (mut last_user, mut last_first) = (0, 0);
    while part.pages.len() < PART_ENTRIES {
        let Some((UserId(user), timeline)) = timelines.next() else { break };
        part.users.push(user.wrapping_sub(last_user));
        part.visits.push(u32::try_from(timeline.len()).unwrap_or(u32::MAX));
        part.first.push(timeline.begin().wrapping_sub(last_first));
        (last_user, last_first) = (user, timeline.begin());
        let mut before = timeline.begin();
        for (number, visit) in timeline.iter().enumerate() {
            if number > 0 {
                part.gaps.push(visit.at.abs_diff(before));
            }
            before = visit.at;
            part.pages.push(visit.page);
        }
    }
    (!part.users.is_empty()).then_some(Part::Visits(part))
}

fn restore_visits(recent: &mut RecentVisits, part: Visits) {
    let Visits { cut, users, visits, first, gaps, pages } = part;
    let (mut gaps, mut pages) = (gaps.into_iter(), pages.into_iter());
    let (mut user, mut begin) = (0_u32, 0_i64);
    for ((step, count), difference) in users.into_iter().zip(visits).zip(first) {
        user = user.wrapping_add(step);
        begin = begin.wrapping_add(difference);
        let others = gaps.by_ref().take((count as usize).saturating_sub(1));
        let times = std::iter::once(begin).chain(others.scan(begin, |at, gap| {
            *at = at.wrapping_add_unsigned(gap);
            Some(*at)
        }));
        let visits = times.zip(&mut pages).map(|(at, page)| Visit { at, page });
        if let Some(timeline) = Timeline::restored(visits, cut) {
            recent.restore(UserId(user), timeline);
        }
    }
}

/// Reads a checkpoint part by part.
#[derive(Default)]
struct Decoder {
    page_users: PageUsers,
    recent: Option<RecentVisits>,
    header: Option<Header>,
    pair_parts: u64,
    unusable: bool,
}

impl Decoder {
    fn take(&mut self, part: &[u8]) {
        let recent = self.recent.get_or_insert_with(|| RecentVisits::new(u64::MAX / 4));
        match postcard::from_bytes::<(u32, Part)>(part) {
            // The header is the last part.
            Ok((FORMAT, part)) if self.header.is_none() => match part {
                Part::Pairs { pages, users } => {
                    self.pair_parts += 1;
                    self.page_users.extend(pairs_of(pages, users));
                }
                Part::Visits(part) => restore_visits(recent, part),
                Part::Keys(keys) => {
                    keys.into_iter().for_each(|(user, at, key)| recent.learn(user, at, key));
                }
                Part::Header(header) => self.header = Some(header),
            },
            _ => self.unusable = true,
        }
    }

    fn finish(self) -> Option<Checkpoint> {
        let Self { mut page_users, recent, header, pair_parts, unusable } = self;
        let (mut recent, header) = (recent?, header?);
        let found = (page_users.len() as u64, pair_parts, recent.len() as u64, recent.keys().len() as u64);
        let Header { cursor, settings, .. } = header;
        if unusable || found != (header.pairs, header.pair_parts, header.visits, header.keys) {
            return None;
        }
        page_users.mark_written(pair_parts);
        recent.set_budget_and_threshold(settings.recent_clicks, header.evict_at);
        Some(Checkpoint { cursor, settings, page_users, recent })
    }
}

/// Reads the newest checkpoint. `None` if there is none, or if it has an unknown format or is incomplete: the caller then replays
/// every click.
///
/// # Errors
/// The database cannot be read.
pub(super) fn load(reader: &Reader) -> Result<Option<Checkpoint>, StorageError> {
    let mut decoder = Decoder::default();
    reader.checkpoint_parts::<StorageError>(|part| {
        decoder.take(part);
        Ok(())
    })?;
    Ok(decoder.finish())
}
