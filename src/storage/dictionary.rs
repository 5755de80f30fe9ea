//! Dictionary tables: each repeating string is stored once and named by a number.

use hashbrown::HashMap;
use rusqlite::{Connection, OptionalExtension, ToSql};

use super::StorageError;

/// Text → id of the most used entries of one dictionary table, in bounded memory.
///
/// Two generations: when the young one is full it becomes the old one, and what is used again moves back.
/// That is a rough LRU without a list to maintain.
#[derive(Debug)]
struct Cache {
    young: HashMap<Box<[u8]>, i64, foldhash::fast::RandomState>,
    old: HashMap<Box<[u8]>, i64, foldhash::fast::RandomState>,
    capacity: usize,
}

impl Cache {
    fn new(capacity: usize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), capacity }
    }

    fn get(&mut self, key: &[u8]) -> Option<i64> {
        if let Some(&id) = self.young.get(key) {
            return Some(id);
        }
        let (key, id) = self.old.remove_entry(key)?;
        self.insert(key, id);
        Some(id)
    }

    fn insert(&mut self, key: Box<[u8]>, id: i64) {
        if self.young.len() >= self.capacity {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, id);
    }

    fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

/// The dictionaries a click refers to.
#[derive(Debug)]
pub(super) struct Dictionaries {
    users: Cache,
    urls: Cache,
    countries: Cache,
    places: Cache,
    agents: Cache,
    key: Vec<u8>,
}

impl Dictionaries {
    /// Entries kept in memory of each of the two large dictionaries, twice at most.
    const LARGE: usize = 1_000_000;
    const SMALL: usize = 50_000;

    pub(super) fn new() -> Self {
        Self {
            users: Cache::new(Self::LARGE),
            urls: Cache::new(Self::LARGE / 4),
            countries: Cache::new(Self::SMALL),
            places: Cache::new(Self::SMALL),
            agents: Cache::new(Self::SMALL),
            key: Vec::new(),
        }
    }

    /// Forgets every id: after a rollback some of them are not in the tables.
    pub(super) fn clear(&mut self) {
        for cache in [&mut self.users, &mut self.urls, &mut self.countries, &mut self.places, &mut self.agents] {
            cache.clear();
        }
    }

    pub(super) fn user(&mut self, connection: &Connection, user_id: &str) -> Result<i64, StorageError> {
        text(
            &mut self.users,
            connection,
            user_id,
            "SELECT id FROM users WHERE user_id = ?1",
            "INSERT INTO users (user_id) VALUES (?1)",
        )
    }

    pub(super) fn url(&mut self, connection: &Connection, url: &str) -> Result<i64, StorageError> {
        text(
            &mut self.urls,
            connection,
            url,
            "SELECT id FROM urls WHERE url = ?1",
            "INSERT INTO urls (url) VALUES (?1)",
        )
    }

    pub(super) fn place(&mut self, connection: &Connection, country: &str, city: &str) -> Result<i64, StorageError> {
        compose(&mut self.key, &[country, city]);
        if let Some(id) = self.places.get(&self.key) {
            return Ok(id);
        }
        let country = text(
            &mut self.countries,
            connection,
            country,
            "SELECT id FROM countries WHERE country = ?1",
            "INSERT INTO countries (country) VALUES (?1)",
        )?;
        let id = find_or_insert(
            connection,
            &[&country, &city],
            "SELECT id FROM places WHERE country = ?1 AND city = ?2",
            "INSERT INTO places (country, city) VALUES (?1, ?2)",
        )?;
        self.places.insert(self.key.as_slice().into(), id);
        Ok(id)
    }

    pub(super) fn agent(
        &mut self,
        connection: &Connection,
        browser: &str,
        os: &str,
        device: &str,
    ) -> Result<i64, StorageError> {
        compose(&mut self.key, &[browser, os, device]);
        if let Some(id) = self.agents.get(&self.key) {
            return Ok(id);
        }
        let id = find_or_insert(
            connection,
            &[&browser, &os, &device],
            "SELECT id FROM agents WHERE browser = ?1 AND os = ?2 AND device = ?3",
            "INSERT INTO agents (browser, os, device) VALUES (?1, ?2, ?3)",
        )?;
        self.agents.insert(self.key.as_slice().into(), id);
        Ok(id)
    }
}

/// One key of several texts. Lengths go first, so that no two lists of texts make the same key.
fn compose(key: &mut Vec<u8>, parts: &[&str]) {
    key.clear();
    for part in parts {
        key.extend_from_slice(&part.len().to_le_bytes());
    }
    for part in parts {
        key.extend_from_slice(part.as_bytes());
    }
}

fn text(
    cache: &mut Cache,
    connection: &Connection,
    value: &str,
    select: &str,
    insert: &str,
) -> Result<i64, StorageError> {
    if let Some(id) = cache.get(value.as_bytes()) {
        return Ok(id);
    }
    let id = find_or_insert(connection, &[&value], select, insert)?;
    cache.insert(value.as_bytes().into(), id);
    Ok(id)
}

fn find_or_insert(
    connection: &Connection,
    values: &[&dyn ToSql],
    select: &str,
    insert: &str,
) -> Result<i64, StorageError> {
    let found = connection.prepare_cached(select)?.query_row(values, |row| row.get(0)).optional()?;
    match found {
        Some(id) => Ok(id),
        None => Ok(connection.prepare_cached(insert)?.insert(values)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_stays_within_two_generations_and_keeps_what_is_used() {
        let mut cache = Cache::new(100);
        cache.insert(b"kept".as_slice().into(), -1);
        for id in 0..10_000_i64 {
            cache.insert(id.to_le_bytes().into(), id);
            assert_eq!(cache.get(b"kept"), Some(-1));
            assert!(cache.young.len() + cache.old.len() <= 201);
        }
        assert_eq!(cache.get(&0_i64.to_le_bytes()), None);
    }

    #[test]
    fn composed_keys_of_different_texts_differ() {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        compose(&mut a, &["ab", "c"]);
        compose(&mut b, &["a", "bc"]);
        assert_ne!(a, b);
    }
}
