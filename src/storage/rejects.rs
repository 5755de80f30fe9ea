//! Rejects: messages that are not clicks and refused documents, each with the reason.

mod eviction;
mod limits;

use rusqlite::{Connection, Row, params};

pub use self::eviction::RejectCount;
use self::eviction::{ROW_BYTES, count, make_room, measure};
pub use self::limits::RejectLimits;
use super::{Reader, Storage, StorageError};
use crate::click::Timestamp;

/// The longest payload that is kept; longer ones are cut.
const KEPT_PAYLOAD_BYTES: usize = 64 * 1024;

/// If there are too many rejects, a batch deletes at most twice as many as it adds, and this many more. So a lower limit takes effect
/// in steps.
const EXTRA_DELETIONS: usize = 1_000;

/// A message or a record of a file that is not a click, or a document that the search engine has refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// `ingest` or `index`.
    pub stage: &'static str,
    /// The Kafka topic; the name of the file; or for a document the search target.
    pub topic: String,
    /// The partition of the message; a file has none.
    pub partition: Option<i32>,
    /// The offset of the message, or the line of the record.
    pub offset: Option<i64>,
    /// The reason, in one line.
    pub reason: String,
    /// The payload, cut at 64 KiB.
    payload: Vec<u8>,
    /// Its size before the cut.
    payload_bytes: usize,
    /// When it was stored elsewhere; `None` if it is new.
    stored_at: Option<Timestamp>,
}

impl Reject {
    /// A rejected message at `offset` of `partition`.
    pub fn message(topic: &str, partition: i32, offset: i64, reason: String, payload: &[u8]) -> Self {
        Self { partition: Some(partition), offset: Some(offset), ..Self::new("ingest", topic, reason, payload) }
    }

    /// A record that begins in `line` of the file with this name.
    pub fn record(file: &str, line: u64, reason: String, record: &[u8]) -> Self {
        Self { offset: i64::try_from(line).ok(), ..Self::new("ingest", file, reason, record) }
    }

    /// A document that `target` has refused.
    pub fn document(target: &str, reason: String, document: &[u8]) -> Self {
        Self::new("index", target, reason, document)
    }

    fn new(stage: &'static str, topic: &str, reason: String, payload: &[u8]) -> Self {
        let kept = payload.get(..KEPT_PAYLOAD_BYTES).unwrap_or(payload).to_vec();
        let topic = topic.to_owned();
        Self {
            stage,
            topic,
            partition: None,
            offset: None,
            reason,
            payload: kept,
            payload_bytes: payload.len(),
            stored_at: None,
        }
    }

    /// The same reject without the payload, which may name a user. Its size stays.
    #[must_use]
    pub fn without_payload(self) -> Self {
        Self { payload: Vec::new(), ..self }
    }

    /// The same reject, which another engine has stored at `time`.
    #[must_use]
    pub fn stored_at(self, time: Timestamp) -> Self {
        Self { stored_at: Some(time), ..self }
    }

    /// Its size in the table.
    fn bytes(&self) -> u64 {
        (self.payload.len() + self.reason.len() + self.topic.len()) as u64 + ROW_BYTES
    }
}

/// A stored reject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptReject {
    /// When it was stored.
    pub at: Timestamp,
    /// `ingest` or `index`.
    pub stage: String,
    /// The Kafka topic; the name of the file; or for a document the search target.
    pub topic: String,
    /// The partition of the message; a file has none.
    pub partition: Option<i32>,
    /// The offset of the message, or the line of the record.
    pub offset: Option<i64>,
    /// The reason, in one line.
    pub reason: String,
    /// The beginning of the payload.
    pub payload: Vec<u8>,
    /// The size of the whole payload.
    pub payload_bytes: u64,
}

/// Prints where and why: `clicks[3]@142: CSV field 1: the quote is never closed`, or `bad.csv:4: timestamp …`.
impl std::fmt::Display for Reject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.topic)?;
        match (self.partition, self.offset) {
            (Some(partition), Some(offset)) => write!(f, "[{partition}]@{offset}")?,
            (None, Some(line)) => write!(f, ":{line}")?,
            (_, None) => {}
        }
        write!(f, ": {}", self.reason)
    }
}

impl Storage {
    /// Stores `rejects` in a transaction of their own.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn keep_rejects(&self, rejects: &[Reject]) -> Result<(), StorageError> {
        if rejects.is_empty() {
            return Ok(());
        }
        self.write(|writer| {
            let known = *self.reject_bytes.lock();
            let inserted =
                writer.transaction(|connection, _| insert(connection, rejects, self.reject_limits, known))?;
            *self.reject_bytes.lock() = inserted.bytes;
            Ok(())
        })
    }
}

impl Reader {
    /// How many rejects are stored, and how many were deleted. This reads only the first and the last row; a count would read the pages
    /// of all payloads.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn reject_count(&self) -> Result<RejectCount, StorageError> {
        count(&self.connection)
    }

    /// At most `limit` newest rejects, newest first, each with at most `payload_bytes` of its payload.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn newest_rejects(&self, limit: usize, payload_bytes: usize) -> Result<Vec<KeptReject>, StorageError> {
        // `substr` turns an empty payload into NULL.
        let mut select = self.connection.prepare_cached(
            "SELECT at, stage, topic, partition, \"offset\", reason, COALESCE(substr(payload, 1, ?2), x''), payload_bytes
             FROM rejects ORDER BY id DESC LIMIT ?1",
        )?;
        let rows = select.query_map([limit as u64, payload_bytes as u64], kept_reject)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// The columns in the order of [`KeptReject`].
pub(super) fn kept_reject(row: &Row<'_>) -> rusqlite::Result<KeptReject> {
    Ok(KeptReject {
        at: row.get(0)?,
        stage: row.get(1)?,
        topic: row.get(2)?,
        partition: row.get(3)?,
        offset: row.get(4)?,
        reason: row.get(5)?,
        payload: row.get(6)?,
        payload_bytes: row.get(7)?,
    })
}

/// What an insert of rejects has changed.
pub(super) struct Inserted {
    /// Old rejects that were deleted to make room.
    pub deleted: u64,
    /// The size of all rejects now; `None` if it is not known.
    pub bytes: Option<u64>,
}

/// Inserts `rejects` in the open transaction of `connection`, and deletes the oldest rejects beyond `limits`. `known` is the size of all
/// rejects before; if it is `None`, this measures it, which reads every row once.
pub(super) fn insert(
    connection: &Connection,
    rejects: &[Reject],
    limits: RejectLimits,
    known: Option<u64>,
) -> Result<Inserted, StorageError> {
    if rejects.is_empty() {
        return Ok(Inserted { deleted: 0, bytes: known });
    }
    let mut bytes = match known {
        Some(bytes) => bytes,
        None => measure(connection)?,
    };
    let mut statement = connection.prepare_cached(
        "INSERT INTO rejects (at, stage, topic, partition, \"offset\", reason, payload, payload_bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let now = Timestamp::now();
    for reject in rejects {
        let Reject { stage, topic, partition, offset, reason, payload, payload_bytes, stored_at } = reject;
        let at = stored_at.unwrap_or(now);
        statement.execute(params![at, stage, topic, partition, offset, reason, payload, *payload_bytes as i64])?;
        bytes = bytes.saturating_add(reject.bytes());
    }
    let most = rejects.len().saturating_mul(2).saturating_add(EXTRA_DELETIONS);
    let (deleted, freed) = make_room(connection, limits, bytes, most)?;
    Ok(Inserted { deleted, bytes: Some(bytes.saturating_sub(freed)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::tests::open;

    #[test]
    fn the_newest_rejects_come_first_with_the_beginning_of_their_payload() {
        let (_directory, storage) = open();
        assert_eq!(storage.reader().unwrap().reject_count().unwrap(), RejectCount::default());
        let long = vec![b'x'; 10_000];
        storage.keep_rejects(&[Reject::message("t", 3, 41, "no timestamp".to_owned(), b"old")]).unwrap();
        storage
            .keep_rejects(&[
                Reject::message("t", 3, 42, "no url".to_owned(), &long),
                Reject::document("embedded", "refused".to_owned(), b"{}"),
            ])
            .unwrap();
        let reader = storage.reader().unwrap();
        assert_eq!(reader.reject_count().unwrap(), RejectCount { kept: 3, deleted: 0 });
        let found = reader.newest_rejects(2, 4096).unwrap();
        let [document, message] = found.as_slice() else { panic!("{} rejects", found.len()) };
        assert_eq!((document.stage.as_str(), document.partition, document.offset), ("index", None, None));
        assert_eq!((message.reason.as_str(), message.partition, message.offset), ("no url", Some(3), Some(42)));
        assert_eq!((message.payload.as_slice(), message.payload_bytes), (&long[..4096], 10_000));
    }

    #[test]
    fn a_message_without_a_payload_can_be_a_reject() {
        let (_directory, storage) = open();
        storage.keep_rejects(&[Reject::message("t", 0, 1, "it is empty".to_owned(), b"")]).unwrap();
        let found = storage.reader().unwrap().newest_rejects(1, 9).unwrap();
        assert_eq!((found[0].payload.as_slice(), found[0].payload_bytes), (&b""[..], 0));
    }
}
