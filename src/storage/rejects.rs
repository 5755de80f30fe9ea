//! What could not be used, kept with the reason.

use rusqlite::Connection;

use super::{Storage, StorageError};
use crate::click::Timestamp;

/// How much of a payload is kept.
const KEPT_PAYLOAD_BYTES: usize = 64 * 1024;

/// A message that is no click, or a document the search engine refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// `ingest` or `index`.
    pub stage: &'static str,
    /// The Kafka topic; for a document the search target.
    pub topic: String,
    /// Of the message.
    pub partition: Option<i32>,
    /// Of the message.
    pub offset: Option<i64>,
    /// Why, in one line.
    pub reason: String,
    /// The payload, cut at 64 KiB.
    payload: Vec<u8>,
    /// Its size before the cut.
    payload_bytes: usize,
}

impl Reject {
    /// A message at `offset` of `partition`.
    pub fn message(topic: &str, partition: i32, offset: i64, reason: String, payload: &[u8]) -> Self {
        Self { partition: Some(partition), offset: Some(offset), ..Self::new("ingest", topic, reason, payload) }
    }

    /// A document that `target` refused.
    pub fn document(target: &str, reason: String, document: &[u8]) -> Self {
        Self::new("index", target, reason, document)
    }

    fn new(stage: &'static str, topic: &str, reason: String, payload: &[u8]) -> Self {
        let kept = payload.get(..KEPT_PAYLOAD_BYTES).unwrap_or(payload).to_vec();
        let topic = topic.to_owned();
        Self { stage, topic, partition: None, offset: None, reason, payload: kept, payload_bytes: payload.len() }
    }
}

/// Where and why: `clicks[3]@142: CSV field 1: the quote is never closed`.
impl std::fmt::Display for Reject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.topic)?;
        if let (Some(partition), Some(offset)) = (self.partition, self.offset) {
            write!(f, "[{partition}]@{offset}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl Storage {
    /// Keeps `rejects` in a transaction of their own.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn keep_rejects(&self, rejects: &[Reject]) -> Result<(), StorageError> {
        if rejects.is_empty() {
            return Ok(());
        }
        self.write(|writer| writer.transaction(|connection, _| insert(connection, rejects)))
    }
}

/// Inserts `rejects` in the transaction that is open on `connection`.
pub(super) fn insert(connection: &Connection, rejects: &[Reject]) -> Result<(), StorageError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO rejects (at, stage, topic, partition, \"offset\", reason, payload, payload_bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let at = Timestamp::now();
    for reject in rejects {
        let Reject { stage, topic, partition, offset, reason, payload, payload_bytes } = reject;
        statement.execute(rusqlite::params![
            at,
            stage,
            topic,
            partition,
            offset,
            reason,
            payload,
            *payload_bytes as i64
        ])?;
    }
    Ok(())
}
