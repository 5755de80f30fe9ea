//! One batch from Kafka, one transaction: clicks, rejects and the offsets they came from.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::click_inserter::{Inserter, Row};
use super::dictionary::{Dictionaries, Place};
use super::model::{ClickKey, StoredClick};
use super::{Reject, Storage, StorageError, arrivals, expiry, rejects};
use crate::click::{ClickBatch, Timestamp};

/// What one poll round of the consumer gathered.
#[derive(Clone, Debug, Default)]
pub struct IngestBatch {
    /// The topic.
    pub topic: Arc<str>,
    /// The clicks, in the order of their partitions.
    pub clicks: ClickBatch,
    /// The messages that are no clicks.
    pub rejects: Vec<Reject>,
    /// The next offset to take of each partition once this batch is stored.
    pub offsets: BTreeMap<i32, i64>,
    /// When the oldest of its messages was produced, by Kafka's timestamp.
    pub produced_at: Option<Timestamp>,
}

impl IngestBatch {
    /// Messages it holds.
    pub fn messages(&self) -> usize {
        self.clicks.len() + self.rejects.len()
    }
}

/// A click further ahead of the clock than this is one of the future.
const FUTURE_MS: i64 = 24 * 60 * 60 * 1000;

/// What a stored batch changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchOutcome {
    /// Clicks that were new.
    pub stored: u64,
    /// Clicks that were there already.
    pub duplicates: u64,
    /// Clicks older than is kept, which were not taken in; see [`Storage::advance_expiry`].
    pub expired: u64,
    /// Messages kept as rejects.
    pub rejected: u64,
    /// Of the clicks that were new, those more than a day ahead of the clock.
    pub future: u64,
    /// Old rejects that were deleted, because there were too many.
    pub forgotten: u64,
}

/// Whether a click of the time `at` is more than a day ahead of a clock that shows `now`.
pub fn is_of_the_future(at: Timestamp, now: Timestamp) -> bool {
    at.as_millis() > now.as_millis().saturating_add(FUTURE_MS)
}

impl Storage {
    /// Stores `batch` whole or not at all.
    ///
    /// # Errors
    /// The database cannot be written; nothing of the batch is in it then, and the same call may be made again.
    pub fn store(&self, batch: &IngestBatch) -> Result<BatchOutcome, StorageError> {
        self.store_at(batch, Timestamp::now())
    }

    /// As [`Storage::store`], by a clock that shows `now`.
    ///
    /// # Errors
    /// As those of [`Storage::store`].
    pub fn store_at(&self, batch: &IngestBatch, now: Timestamp) -> Result<BatchOutcome, StorageError> {
        let (inserted, rejects) = self.write(|writer| {
            let known = *self.reject_bytes.lock();
            let done = writer.transaction(|connection, dictionaries| {
                let inserted = insert_clicks(connection, dictionaries, &batch.clicks)?;
                arrivals::append(connection, &inserted.stored)?;
                expiry::count_refused(connection, inserted.expired)?;
                let rejects = rejects::insert(connection, &batch.rejects, self.reject_limits, known)?;
                upsert_offsets(connection, &batch.topic, &batch.offsets)?;
                Ok((inserted, rejects))
            })?;
            *self.reject_bytes.lock() = done.1.bytes;
            Ok(done)
        })?;
        let Inserted { stored, duplicates, expired } = inserted;
        // They lie in the order of their time.
        let future = stored.iter().rev().take_while(|click| is_of_the_future(click.timestamp, now)).count() as u64;
        let (new, rejected) = (stored.len() as u64, batch.rejects.len() as u64);
        let outcome = BatchOutcome { stored: new, duplicates, expired, rejected, future, forgotten: rejects.deleted };
        if let Some(last_click) = stored.last().map(|click| click.id) {
            self.click_cache.committed(stored);
            self.progress().clicks_stored(last_click, batch.produced_at);
        }
        Ok(outcome)
    }

    /// The next offset to take of each partition of `topic` that has ever been stored.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn offsets(&self, topic: &str) -> Result<BTreeMap<i32, i64>, StorageError> {
        self.reader()?.offsets(topic)
    }

    /// Forgets the offsets of `topic`: its broker is new and empty.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn forget_offsets(&self, topic: &str) -> Result<(), StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, _| {
                connection.execute("DELETE FROM offsets WHERE topic = ?1", [topic])?;
                Ok(())
            })
        })
    }
}

/// Clicks of which the users are looked up one after another: neither their texts nor their users are in the processor's caches,
/// and with nothing in between it waits for several at once.
const AT_ONCE: usize = 32;

struct Inserted {
    /// Those that are new, in the order of their numbers.
    stored: Vec<StoredClick>,
    duplicates: u64,
    expired: u64,
}

fn insert_clicks(
    connection: &Connection,
    dictionaries: &mut Dictionaries,
    clicks: &ClickBatch,
) -> Result<Inserted, StorageError> {
    let expired_before = expiry::expired_before(connection)?;
    let mut inserter = Inserter::new(connection, arrivals::last(connection)?.saturating_add(1), clicks.len())?;
    let mut expired = 0;
    // The order within a batch is of no meaning, and a tree is cheaper to fill in its own.
    let mut clicks = clicks.by_time().filter(|click| {
        let is_expired = expired_before.is_some_and(|boundary| click.timestamp < boundary);
        expired += u64::from(is_expired);
        !is_expired
    });
    let (mut next, mut users) = (Vec::with_capacity(AT_ONCE), Vec::with_capacity(AT_ONCE));
    loop {
        next.extend(clicks.by_ref().take(AT_ONCE));
        if next.is_empty() {
            break;
        }
        for click in &next {
            users.push(dictionaries.user(connection, click.user_id)?);
        }
        for (click, user) in next.drain(..).zip(users.drain(..)) {
            let url = dictionaries.url(connection, click.url)?;
            let Place { place, country } = dictionaries.place(connection, click.country, click.city)?;
            let agent = dictionaries.agent(connection, click.browser, click.os, click.device)?;
            let key = ClickKey::new(click.click_id);
            inserter.push(Row { timestamp: click.timestamp, key, user, url, place, country, agent })?;
        }
    }
    drop(clicks);
    let (stored, duplicates) = inserter.finish()?;
    Ok(Inserted { stored, duplicates, expired })
}

fn upsert_offsets(connection: &Connection, topic: &str, offsets: &BTreeMap<i32, i64>) -> Result<(), StorageError> {
    let mut upsert = connection.prepare_cached(
        "INSERT INTO offsets (topic, partition, next_offset) VALUES (?1, ?2, ?3)
         ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset",
    )?;
    for (partition, next) in offsets {
        upsert.execute(params![topic, partition, next])?;
    }
    Ok(())
}
