//! Stores one batch in one transaction: clicks, rejects, and where they came from.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::click_inserter::{Inserter, Row};
use super::dictionary::{Dictionaries, PlaceIds};
use super::model::{ClickKey, StoredClick};
use super::newest_origins::NewestOrigins;
use super::{FilePosition, Reject, Storage, StorageError, arrivals, expiry, files, rejects};
use crate::click::{ClickBatch, Timestamp};

/// Events that ingest hands to the store at once.
#[derive(Clone, Debug, Default)]
pub struct IngestBatch {
    /// Where they came from, and where reading goes on after them.
    pub origin: Origin,
    /// The clicks, in the order of their partitions or records.
    pub clicks: ClickBatch,
    /// What is not a click.
    pub rejects: Vec<Reject>,
    /// Events that the conditions of the mapping leave out (`events.where`).
    pub left_out: u64,
    /// Events of bots, left out or not.
    pub bots: u64,
    /// The Kafka timestamp of its oldest message.
    pub produced_at: Option<Timestamp>,
    /// Where the newest of its clicks came from: a few, for people who follow one.
    pub newest: NewestOrigins,
}

impl IngestBatch {
    /// How many events it holds. A message or a record is one event, unless the mapping finds several in it.
    pub fn messages(&self) -> usize {
        self.clicks.len() + self.rejects.len() + usize::try_from(self.left_out).unwrap_or(usize::MAX)
    }
}

impl IngestBatch {
    /// The next offset to read of each partition after this batch; `None` if it is not from Kafka.
    pub fn offsets(&self) -> Option<&BTreeMap<i32, i64>> {
        match &self.origin {
            Origin::Kafka { offsets, .. } => Some(offsets),
            Origin::Files(_) => None,
        }
    }
}

/// Where the events of a batch came from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A Kafka topic.
    Kafka {
        /// The topic.
        topic: Arc<str>,
        /// The next offset to read of each partition after this batch.
        offsets: BTreeMap<i32, i64>,
    },
    /// Files: how far each file of the batch was read. Standard input and pipes have no position.
    Files(Vec<FilePosition>),
}

impl Default for Origin {
    /// A topic without offsets.
    fn default() -> Self {
        Self::Kafka { topic: "".into(), offsets: BTreeMap::new() }
    }
}

/// A click further ahead of the clock than this counts as a click from the future.
const FUTURE_MS: i64 = 24 * 60 * 60 * 1000;

/// What a stored batch has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchOutcome {
    /// New clicks.
    pub stored: u64,
    /// Clicks that were stored already.
    pub duplicates: u64,
    /// Clicks older than the retention limit, which the store has refused; see [`Storage::advance_expiry`].
    pub expired: u64,
    /// Messages stored as rejects.
    pub rejected: u64,
    /// New clicks that are more than a day ahead of the clock.
    pub future: u64,
    /// Old rejects that were deleted because there were too many.
    pub forgotten: u64,
    /// Events that the conditions of the mapping leave out.
    pub left_out: u64,
    /// Events of bots, left out or not.
    pub bots: u64,
}

/// Whether the time `at` is more than a day ahead of a clock that shows `now`.
pub fn is_of_the_future(at: Timestamp, now: Timestamp) -> bool {
    at.as_millis() > now.as_millis().saturating_add(FUTURE_MS)
}

impl Storage {
    /// Stores the whole of `batch` in one transaction.
    ///
    /// # Errors
    /// The database cannot be written. Nothing of the batch is stored then, and the caller may try again.
    pub fn store(&self, batch: &IngestBatch) -> Result<BatchOutcome, StorageError> {
        self.store_at(batch, Timestamp::now())
    }

    /// Like [`Storage::store`], with a clock that shows `now`.
    ///
    /// # Errors
    /// Those of [`Storage::store`].
    pub fn store_at(&self, batch: &IngestBatch, now: Timestamp) -> Result<BatchOutcome, StorageError> {
        let (inserted, rejects) = self.write(|writer| {
            let known = *self.reject_bytes.lock();
            let done = writer.transaction(|connection, dictionaries| {
                let inserted = insert_clicks(connection, dictionaries, &batch.clicks)?;
                arrivals::append(connection, &inserted.stored)?;
                expiry::count_refused(connection, inserted.expired)?;
                let rejects = rejects::insert(connection, &batch.rejects, self.reject_limits, known)?;
                match &batch.origin {
                    Origin::Kafka { topic, offsets } => upsert_offsets(connection, topic, offsets)?,
                    Origin::Files(positions) => files::upsert(connection, positions)?,
                }
                Ok((inserted, rejects))
            })?;
            *self.reject_bytes.lock() = done.1.bytes;
            Ok(done)
        })?;
        let Inserted { stored, duplicates, expired } = inserted;
        // The clicks are in order of time.
        let future = stored.iter().rev().take_while(|click| is_of_the_future(click.timestamp, now)).count() as u64;
        let (new, rejected) = (stored.len() as u64, batch.rejects.len() as u64);
        let outcome = BatchOutcome {
            stored: new,
            duplicates,
            expired,
            rejected,
            future,
            forgotten: rejects.deleted,
            left_out: batch.left_out,
            bots: batch.bots,
        };
        if let Some(last_click) = stored.last().map(|click| click.id) {
            self.click_cache.add(stored);
            self.progress().clicks_stored(last_click, batch.produced_at);
        }
        Ok(outcome)
    }

    /// The next offset to read of each partition of `topic`, as far as offsets are stored.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn offsets(&self, topic: &str) -> Result<BTreeMap<i32, i64>, StorageError> {
        self.reader()?.offsets(topic)
    }

    /// Deletes the offsets of `topic`, for a broker that is new and empty.
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

/// The users of this many clicks are looked up one after the other. Neither their texts nor their table entries are in the processor's
/// caches, and without other work in between the processor waits for several of them at once.
const USERS_AT_ONCE: usize = 32;

pub(super) struct Inserted {
    /// The new clicks, by number.
    pub(super) stored: Vec<StoredClick>,
    duplicates: u64,
    expired: u64,
}

pub(super) fn insert_clicks(
    connection: &Connection,
    dictionaries: &mut Dictionaries,
    clicks: &ClickBatch,
) -> Result<Inserted, StorageError> {
    let expired_before = expiry::expired_before(connection)?;
    let mut inserter = Inserter::new(connection, arrivals::last(connection)?.saturating_add(1), clicks.len())?;
    let mut expired = 0;
    // The order within a batch has no meaning, and inserting in the order of the tree is cheaper.
    let mut clicks = clicks.by_time().filter(|click| {
        let is_expired = expired_before.is_some_and(|boundary| click.timestamp < boundary);
        expired += u64::from(is_expired);
        !is_expired
    });
    let (mut next, mut users) = (Vec::with_capacity(USERS_AT_ONCE), Vec::with_capacity(USERS_AT_ONCE));
    loop {
        next.extend(clicks.by_ref().take(USERS_AT_ONCE));
        if next.is_empty() {
            break;
        }
        for click in &next {
            users.push(dictionaries.user(connection, click.user_id)?);
        }
        for (click, user) in next.drain(..).zip(users.drain(..)) {
            let url = dictionaries.url(connection, click.url)?;
            let PlaceIds { place, country } = dictionaries.place(connection, click.country, click.city)?;
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
