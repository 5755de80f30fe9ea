//! The clicks of each page in one part of time, in some three bytes for each page once the part is over.

use hashbrown::HashMap;

use crate::storage::{CountryId, UrlId};

/// Pages of a block. A reader unpacks up to a whole block to find one page.
const BLOCK_PAGES: usize = 32;

/// Pages that are counted before they are packed, unless they are few.
const OPEN_PAGES: usize = 14_000;

/// Pages are few beside so many times as many that are packed already, which would all be packed again.
const FEW: usize = 8;

pub(super) type Page = (UrlId, CountryId);

pub(super) type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// The clicks of each page.
#[derive(Debug, Default)]
pub(super) struct PageCounts {
    /// Clicks that came since the others were packed.
    open: Map<Page, u32>,
    packed: Packed,
}

impl PageCounts {
    /// No clicks; `room` is an empty map for those that come.
    pub(super) fn with_room(room: Map<Page, u32>) -> Self {
        Self { open: room, packed: Packed::default() }
    }

    pub(super) fn take_in(&mut self, page: Page) {
        if self.open.len() >= OPEN_PAGES {
            let room = self.pack();
            if self.open.capacity() < room.capacity() {
                self.open = room;
            }
        }
        let clicks = self.open.entry(page).or_insert(0);
        *clicks = clicks.saturating_add(1);
    }

    /// Packs the clicks, unless they are few beside those that are packed. Returns an empty map, with the room of the clicks that were
    /// packed.
    pub(super) fn pack(&mut self) -> Map<Page, u32> {
        if self.open.is_empty() || self.open.len() * FEW < self.packed.pages {
            return Map::default();
        }
        let mut open: Vec<(u64, u32)> = self.open.iter().map(|(page, clicks)| (number_of(*page), *clicks)).collect();
        open.sort_unstable();
        // They stay as they are if they cannot be packed.
        let Ok(packed) = Packed::new(sums(self.packed.counts(), open.into_iter())) else { return Map::default() };
        self.packed = packed;
        let mut room = std::mem::take(&mut self.open);
        room.clear();
        room
    }

    /// The clicks of a page.
    pub(super) fn of(&self, page: Page) -> u32 {
        let open = self.open.get(&page).copied().unwrap_or(0);
        open.saturating_add(self.packed.of(number_of(page)))
    }

    /// The clicks of every page. A page that has late clicks comes twice.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Page, u32)> {
        let open = self.open.iter().map(|(page, clicks)| (*page, *clicks));
        open.chain(self.packed.counts().map(|(number, clicks)| (page_of(number), clicks)))
    }

    pub(super) fn bytes(&self) -> usize {
        self.open.allocation_size() + self.packed.bytes.len() + size_of_val(&*self.packed.blocks)
    }
}

/// A number for a page, so that the pages of a country are neighbours.
fn number_of((url, country): Page) -> u64 {
    u64::from(country.0) << 32 | u64::from(url.0)
}

fn page_of(number: u64) -> Page {
    let (country, url) = ((number >> 32) as u32, number as u32);
    (UrlId(url), CountryId(country))
}

/// The clicks of pages in order of their numbers. Each page is the distance to the number before and the clicks, as postcard writes
/// them; the first page of a block has the distance 0 to the number of the block.
#[derive(Debug, Default)]
struct Packed {
    pages: usize,
    blocks: Box<[Block]>,
    bytes: Box<[u8]>,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    first: u64,
    /// Where its first page lies.
    at: usize,
}

impl Packed {
    /// Packs `counts`, which are in order of their numbers.
    fn new(counts: impl Iterator<Item = (u64, u32)>) -> postcard::Result<Self> {
        let (mut pages, mut before) = (0_usize, 0);
        let (mut blocks, mut bytes) = (Vec::new(), Vec::new());
        for (number, clicks) in counts {
            if pages.is_multiple_of(BLOCK_PAGES) {
                blocks.push(Block { first: number, at: bytes.len() });
                before = number;
            }
            bytes = postcard::to_extend(&(number.wrapping_sub(before), clicks), bytes)?;
            (pages, before) = (pages + 1, number);
        }
        Ok(Self { pages, blocks: blocks.into(), bytes: bytes.into() })
    }

    /// The numbers and clicks from a block on to the end of the pages.
    fn counts_from(&self, block: usize) -> impl Iterator<Item = (u64, u32)> {
        let blocks = self.blocks.get(block..).unwrap_or_default();
        blocks.iter().enumerate().flat_map(move |(later, Block { first, at })| {
            let end = blocks.get(later + 1).map_or(self.bytes.len(), |next| next.at);
            let mut rest = self.bytes.get(*at..end).unwrap_or_default();
            let mut number = *first;
            std::iter::from_fn(move || {
                let ((later, clicks), behind): ((u64, u32), _) = postcard::take_from_bytes(rest).ok()?;
                rest = behind;
                number = number.wrapping_add(later);
                Some((number, clicks))
            })
        })
    }

    fn counts(&self) -> impl Iterator<Item = (u64, u32)> {
        self.counts_from(0)
    }

    fn of(&self, wanted: u64) -> u32 {
        let Some(block) = self.blocks.partition_point(|block| block.first <= wanted).checked_sub(1) else { return 0 };
        let found = self.counts_from(block).find(|(number, _)| *number >= wanted);
        found.filter(|(number, _)| *number == wanted).map_or(0, |(_, clicks)| clicks)
    }
}

/// Both counts, which are in order of their numbers, as one. The clicks of a number that both have are added.
fn sums(
    one: impl Iterator<Item = (u64, u32)>,
    other: impl Iterator<Item = (u64, u32)>,
) -> impl Iterator<Item = (u64, u32)> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    std::iter::from_fn(move || match (one.peek().copied(), other.peek().copied()) {
        (Some((number, clicks)), Some((same, more))) if number == same => {
            one.next();
            other.next();
            Some((number, clicks.saturating_add(more)))
        }
        (Some((number, _)), Some((later, _))) if number < later => one.next(),
        (Some(_), None) => one.next(),
        (_, _) => other.next(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn page() -> impl Strategy<Value = Page> {
        let id = || prop_oneof![8 => 0..40_u32, 1 => any::<u32>(), 1 => Just(u32::MAX)];
        (id(), id()).prop_map(|(url, country)| (UrlId(url), CountryId(country)))
    }

    proptest! {
        #[test]
        fn counts_are_the_same_however_often_they_are_packed(
            rounds in prop::collection::vec(prop::collection::vec(page(), 0..200), 0..6),
        ) {
            let mut counts = PageCounts::default();
            let mut wanted: BTreeMap<Page, u32> = BTreeMap::new();
            for pages in rounds {
                for page in pages {
                    counts.take_in(page);
                    *wanted.entry(page).or_default() += 1;
                }
                prop_assert!(counts.pack().is_empty());
                for (url, country) in wanted.keys() {
                    let neighbours = [(UrlId(url.0.wrapping_add(1)), *country), (*url, *country)];
                    for page in neighbours {
                        prop_assert_eq!(counts.of(page), wanted.get(&page).copied().unwrap_or(0));
                    }
                }
                let mut found: BTreeMap<Page, u32> = BTreeMap::new();
                for (page, clicks) in counts.iter() {
                    *found.entry(page).or_default() += clicks;
                }
                prop_assert_eq!(&found, &wanted);
            }
        }
    }

    #[test]
    fn pages_take_some_three_bytes_each_and_leave_their_room_to_the_next_part() {
        let mut counts = PageCounts::default();
        let mut largest = 0;
        for number in 0..50_000 {
            counts.take_in((UrlId(number % 1_000), CountryId(number / 1_000)));
            largest = largest.max(counts.bytes());
        }
        assert!(largest < 600_000, "{largest} bytes on the way");
        let room = counts.pack();
        assert!(counts.bytes() < 50_000 * 7 / 2, "{} bytes", counts.bytes());
        assert!(room.is_empty() && room.capacity() >= OPEN_PAGES, "{}", room.capacity());
        counts.take_in((UrlId(1), CountryId(1)));
        assert_eq!(counts.pack().capacity(), 0, "one late click is not worth it");
        assert_eq!(counts.of((UrlId(1), CountryId(1))), 2);
    }
}
