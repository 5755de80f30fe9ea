//! Dictionary tables: each repeating text is stored once and gets a number.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use rusqlite::types::{FromSql, ValueRef};
use rusqlite::{Connection, ToSql};

use super::StorageError;
use super::model::{CountryId, UrlId, UserId};

/// Caches the most used entries of a dictionary table in bounded memory. `N` texts together are the key.
///
/// There are two generations. When the young one is full, it becomes the old one. An entry of the old generation that is used again
/// moves to the young one. This is an approximate LRU without a list to maintain.
#[derive(Debug)]
struct Cache<const N: usize, V> {
    young: Generation<N, V>,
    old: Generation<N, V>,
    /// The most entries in a generation.
    capacity: usize,
    state: RandomState,
}

/// Entries, with all texts in one buffer: an allocation for each text would take more memory than the text.
#[derive(Debug)]
struct Generation<const N: usize, V> {
    entries: HashTable<Entry<N, V>>,
    /// The texts of all entries one after the other, including those of removed entries. Bytes, because they are only compared.
    texts: Vec<u8>,
}

#[derive(Debug)]
struct Entry<const N: usize, V> {
    /// Where the first text begins in the generation's buffer.
    start: u32,
    /// Where each text ends in the buffer.
    text_ends: [u32; N],
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
        self.text_ends.map(|end| {
            let part = texts.get(start as usize..end as usize).unwrap_or_default();
            start = end;
            part
        })
    }

    fn is(&self, parts: &[&[u8]; N], texts: &[u8]) -> bool {
        let mut start = self.start;
        self.text_ends.iter().zip(parts).all(|(&end, part)| {
            let is = texts.get(start as usize..end as usize) == Some(part);
            start = end;
            is
        })
    }
}

impl<const N: usize, V: Copy> Generation<N, V> {
    /// A generation is full when its texts reach this size, whatever the number of entries.
    const MAX_TEXT_BYTES: usize = 64 << 20;

    fn is_full(&self, capacity: usize) -> bool {
        self.entries.len() >= capacity || self.texts.len() >= Self::MAX_TEXT_BYTES
    }

    fn get(&self, hash: u64, parts: &[&[u8]; N]) -> Option<V> {
        self.entries.find(hash, |entry| entry.is(parts, &self.texts)).map(|entry| entry.value)
    }

    fn take(&mut self, hash: u64, parts: &[&[u8]; N]) -> Option<V> {
        let texts = &self.texts;
        let (entry, _) = self.entries.find_entry(hash, |entry| entry.is(parts, texts)).ok()?.remove();
        Some(entry.value)
    }

    /// `hash` is the hash of `parts`; `hash_of` hashes the texts of any entry.
    fn insert(&mut self, hash: u64, parts: &[&[u8]; N], value: V, hash_of: impl Fn(&[&[u8]; N]) -> u64) {
        let texts = &mut self.texts;
        let offset = |texts: &Vec<u8>| u32::try_from(texts.len()).unwrap_or(u32::MAX);
        let start = offset(texts);
        let text_ends = parts.map(|part| {
            texts.extend_from_slice(part);
            offset(texts)
        });
        let texts = &self.texts;
        self.entries.insert_unique(hash, Entry { start, text_ends, value }, |entry| hash_of(&entry.parts(texts)));
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

    /// Adds an entry, which must not be in the cache yet.
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
pub(super) struct PlaceIds {
    /// Row of `places`.
    pub place: i64,
    /// Row of `countries`.
    pub country: CountryId,
}

/// The dictionaries that clicks refer to.
#[derive(Debug)]
pub(super) struct Dictionaries {
    users: Cache<1, UserId>,
    urls: Cache<1, UrlId>,
    countries: Cache<1, CountryId>,
    places: Cache<2, PlaceIds>,
    agents: Cache<3, i64>,
}

impl Dictionaries {
    /// The most entries in a generation of each cache: just below the size at which the hash table would double.
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

    /// Forgets every id. After a rollback, the tables do not hold some of them.
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

    pub(super) fn country(&mut self, connection: &Connection, country: &str) -> Result<CountryId, StorageError> {
        text(
            &mut self.countries,
            connection,
            country,
            "INSERT INTO countries (country) VALUES (?1) ON CONFLICT DO NOTHING",
            "SELECT id FROM countries WHERE country = ?1",
        )
    }

    pub(super) fn place(
        &mut self,
        connection: &Connection,
        country: &str,
        city: &str,
    ) -> Result<PlaceIds, StorageError> {
        if let Some(place) = self.places.get(&[country, city]) {
            return Ok(place);
        }
        let id = self.country(connection, country)?;
        let place = find_or_insert(
            connection,
            &[&id, &city],
            "INSERT INTO places (country, city) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            "SELECT id FROM places WHERE country = ?1 AND city = ?2",
        )?;
        let place = PlaceIds { place, country: id };
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

/// Inserts first: most texts that are not in the cache are new.
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
    fn the_cache_stays_within_two_generations_and_keeps_used_entries() {
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
    fn keys_with_the_same_joined_text_are_told_apart() {
        let mut cache = Cache::new(100);
        for (parts, value) in [(["ab", "c"], 1), (["a", "bc"], 2), (["", "abc"], 3), (["abc", ""], 4)] {
            assert_eq!(cache.get(&parts), None);
            cache.insert(&parts, value);
        }
        assert_eq!((cache.get(&["a", "bc"]), cache.get(&["abc", ""])), (Some(2), Some(4)));
    }
}
