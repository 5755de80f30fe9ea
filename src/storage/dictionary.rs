//! Dictionary tables: each repeating string is stored once and named by a number.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use rusqlite::types::{FromSql, ValueRef};
use rusqlite::{Connection, ToSql};

use super::StorageError;
use super::model::{CountryId, UrlId, UserId};

/// What `N` texts stand for: the entries of a dictionary table that are used most, in bounded memory.
///
/// Two generations: when the young one is full it becomes the old one, and what is used again moves back.
/// That is a rough LRU without a list to maintain.
#[derive(Debug)]
struct Cache<const N: usize, V> {
    young: Generation<N, V>,
    old: Generation<N, V>,
    /// Entries of a generation.
    capacity: usize,
    state: RandomState,
}

/// Entries with their texts in one place: an allocation for each would take more memory than the text.
#[derive(Debug)]
struct Generation<const N: usize, V> {
    entries: HashTable<Entry<N, V>>,
    /// End to end, also of entries that have left. Bytes, as they are but compared.
    texts: Vec<u8>,
}

#[derive(Debug)]
struct Entry<const N: usize, V> {
    /// Where the texts begin in those of the generation.
    start: u32,
    /// Where each ends.
    ends: [u32; N],
    value: V,
}

impl<const N: usize, V> Default for Generation<N, V> {
    fn default() -> Self {
        Self { entries: HashTable::new(), texts: Vec::new() }
    }
}

impl<const N: usize, V> Entry<N, V> {
    fn parts<'t>(&self, texts: &'t [u8]) -> [&'t [u8]; N] {
        let mut start = self.start;
        self.ends.map(|end| {
            let part = texts.get(start as usize..end as usize).unwrap_or_default();
            start = end;
            part
        })
    }

    fn is(&self, parts: &[&[u8]; N], texts: &[u8]) -> bool {
        let mut start = self.start;
        self.ends.iter().zip(parts).all(|(&end, part)| {
            let is = texts.get(start as usize..end as usize) == Some(part);
            start = end;
            is
        })
    }
}

impl<const N: usize, V: Copy> Generation<N, V> {
    /// Bytes of texts from which on it is full, whatever the number of entries.
    const TEXTS: usize = 64 << 20;

    fn is_full(&self, capacity: usize) -> bool {
        self.entries.len() >= capacity || self.texts.len() >= Self::TEXTS
    }

    fn get(&self, hash: u64, parts: &[&[u8]; N]) -> Option<V> {
        self.entries.find(hash, |entry| entry.is(parts, &self.texts)).map(|entry| entry.value)
    }

    fn take(&mut self, hash: u64, parts: &[&[u8]; N]) -> Option<V> {
        let texts = &self.texts;
        let (entry, _) = self.entries.find_entry(hash, |entry| entry.is(parts, texts)).ok()?.remove();
        Some(entry.value)
    }

    /// `hash_of` is that of any entry's texts; `hash` that of these.
    fn insert(&mut self, hash: u64, parts: &[&[u8]; N], value: V, hash_of: impl Fn(&[&[u8]; N]) -> u64) {
        let texts = &mut self.texts;
        let offset = |texts: &Vec<u8>| u32::try_from(texts.len()).unwrap_or(u32::MAX);
        let start = offset(texts);
        let ends = parts.map(|part| {
            texts.extend_from_slice(part);
            offset(texts)
        });
        let texts = &self.texts;
        self.entries.insert_unique(hash, Entry { start, ends, value }, |entry| hash_of(&entry.parts(texts)));
    }
}

impl<const N: usize, V: Copy> Cache<N, V> {
    fn new(capacity: usize) -> Self {
        Self { young: Generation::default(), old: Generation::default(), capacity, state: RandomState::default() }
    }

    fn hash(state: &RandomState, parts: &[&[u8]; N]) -> u64 {
        let mut hasher = state.build_hasher();
        parts.iter().for_each(|part| part.hash(&mut hasher));
        hasher.finish()
    }

    fn get(&mut self, parts: &[&str; N]) -> Option<V> {
        let parts = &parts.map(str::as_bytes);
        let hash = Self::hash(&self.state, parts);
        if let Some(value) = self.young.get(hash, parts) {
            return Some(value);
        }
        let value = self.old.take(hash, parts)?;
        self.keep(hash, parts, value);
        Some(value)
    }

    /// Must not be there yet.
    fn insert(&mut self, parts: &[&str; N], value: V) {
        let parts = &parts.map(str::as_bytes);
        self.keep(Self::hash(&self.state, parts), parts, value);
    }

    fn keep(&mut self, hash: u64, parts: &[&[u8]; N], value: V) {
        if self.young.is_full(self.capacity) {
            self.old = std::mem::take(&mut self.young);
        }
        let state = &self.state;
        self.young.insert(hash, parts, value, |parts| Self::hash(state, parts));
    }

    fn clear(&mut self) {
        self.young = Generation::default();
        self.old = Generation::default();
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.young.entries.len() + self.old.entries.len()
    }
}

/// A city in a country.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Row of `places`.
    pub place: i64,
    /// Row of `countries`.
    pub country: CountryId,
}

/// The dictionaries a click refers to.
#[derive(Debug)]
pub(super) struct Dictionaries {
    users: Cache<1, UserId>,
    urls: Cache<1, UrlId>,
    countries: Cache<1, CountryId>,
    places: Cache<2, Place>,
    agents: Cache<3, i64>,
}

impl Dictionaries {
    /// Kept in memory of each, twice at most: what a hash table of a power of two takes before it doubles.
    const USERS: usize = 900_000;
    const URLS: usize = 225_000;
    const SMALL: usize = 50_000;

    pub(super) fn new() -> Self {
        Self {
            users: Cache::new(Self::USERS),
            urls: Cache::new(Self::URLS),
            countries: Cache::new(Self::SMALL),
            places: Cache::new(Self::SMALL),
            agents: Cache::new(Self::SMALL),
        }
    }

    /// Forgets every id: after a rollback some of them are not in the tables.
    pub(super) fn clear(&mut self) {
        self.users.clear();
        self.urls.clear();
        self.countries.clear();
        self.places.clear();
        self.agents.clear();
    }

    pub(super) fn user(&mut self, connection: &Connection, user_id: &str) -> Result<UserId, StorageError> {
        text(
            &mut self.users,
            connection,
            user_id,
            "INSERT INTO users (user_id) VALUES (?1) ON CONFLICT DO NOTHING",
            "SELECT id FROM users WHERE user_id = ?1",
        )
    }

    pub(super) fn url(&mut self, connection: &Connection, url: &str) -> Result<UrlId, StorageError> {
        text(
            &mut self.urls,
            connection,
            url,
            "INSERT INTO urls (url) VALUES (?1) ON CONFLICT DO NOTHING",
            "SELECT id FROM urls WHERE url = ?1",
        )
    }

    pub(super) fn place(&mut self, connection: &Connection, country: &str, city: &str) -> Result<Place, StorageError> {
        if let Some(place) = self.places.get(&[country, city]) {
            return Ok(place);
        }
        let id = text(
            &mut self.countries,
            connection,
            country,
            "INSERT INTO countries (country) VALUES (?1) ON CONFLICT DO NOTHING",
            "SELECT id FROM countries WHERE country = ?1",
        )?;
        let place = find_or_insert(
            connection,
            &[&id, &city],
            "INSERT INTO places (country, city) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            "SELECT id FROM places WHERE country = ?1 AND city = ?2",
        )?;
        let place = Place { place, country: id };
        self.places.insert(&[country, city], place);
        Ok(place)
    }

    pub(super) fn agent(
        &mut self,
        connection: &Connection,
        browser: &str,
        os: &str,
        device: &str,
    ) -> Result<i64, StorageError> {
        let parts = [browser, os, device];
        if let Some(id) = self.agents.get(&parts) {
            return Ok(id);
        }
        let id = find_or_insert(
            connection,
            &[&browser, &os, &device],
            "INSERT INTO agents (browser, os, device) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            "SELECT id FROM agents WHERE browser = ?1 AND os = ?2 AND device = ?3",
        )?;
        self.agents.insert(&parts, id);
        Ok(id)
    }
}

fn text<V: Copy + FromSql>(
    cache: &mut Cache<1, V>,
    connection: &Connection,
    value: &str,
    insert: &str,
    select: &str,
) -> Result<V, StorageError> {
    if let Some(id) = cache.get(&[value]) {
        return Ok(id);
    }
    let id = find_or_insert(connection, &[&value], insert, select)?;
    cache.insert(&[value], id);
    Ok(id)
}

/// What is not in memory is new in most cases, so that is tried first.
fn find_or_insert<V: FromSql>(
    connection: &Connection,
    values: &[&dyn ToSql],
    insert: &str,
    select: &str,
) -> Result<V, StorageError> {
    if connection.prepare_cached(insert)?.execute(values)? > 0 {
        let id = connection.last_insert_rowid();
        return Ok(V::column_result(ValueRef::Integer(id)).map_err(rusqlite::Error::from)?);
    }
    Ok(connection.prepare_cached(select)?.query_row(values, |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_stays_within_two_generations_and_keeps_what_is_used() {
        let mut cache = Cache::new(100);
        cache.insert(&["kept"], -1);
        for id in 0..10_000_i64 {
            cache.insert(&[&id.to_string()], id);
            assert_eq!(cache.get(&["kept"]), Some(-1));
            assert!(cache.len() <= 201);
        }
        assert_eq!(cache.get(&["0"]), None);
        assert_eq!(cache.get(&["9999"]), Some(9_999));
    }

    #[test]
    fn texts_that_are_the_same_end_to_end_are_not_taken_for_one_another() {
        let mut cache = Cache::new(100);
        for (parts, value) in [(["ab", "c"], 1), (["a", "bc"], 2), (["", "abc"], 3), (["abc", ""], 4)] {
            assert_eq!(cache.get(&parts), None);
            cache.insert(&parts, value);
        }
        assert_eq!((cache.get(&["a", "bc"]), cache.get(&["abc", ""])), (Some(2), Some(4)));
    }
}
