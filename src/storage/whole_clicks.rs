//! Reads clicks with all their texts, for a move to another engine.

use std::ops::ControlFlow;

use rusqlite::types::{FromSqlError, ValueRef};
use rusqlite::{OptionalExtension as _, Row, params};
use uuid::Uuid;

use super::model::ClickKey;
use super::rejects::kept_reject;
use super::{KeptReject, Reader, StorageError};
use crate::click::{Click, Timestamp};

/// The place of a click in the order of [`Reader::whole_clicks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClickPlace {
    /// Its time.
    pub timestamp: Timestamp,
    /// Its number in order of arrival.
    pub number: i64,
}

/// The primary key is the order, so SQLite sorts nothing. The cross joins keep SQLite from reading a dictionary first.
const WHOLE_CLICKS: &str = "SELECT clicks.id, ts, click_id, users.user_id, urls.url, countries.country, places.city,
           agents.browser, agents.os, agents.device
    FROM clicks
    CROSS JOIN users ON users.id = clicks.user
    CROSS JOIN urls ON urls.id = clicks.url
    CROSS JOIN places ON places.id = clicks.place
    CROSS JOIN countries ON countries.id = places.country
    CROSS JOIN agents ON agents.id = clicks.agent
    WHERE (ts, click_id) > (?1, ?2)
    ORDER BY ts, click_id";

impl Reader {
    /// Passes every click after the place `after` (`None`: every click) to `take`, in order of time, until `take` breaks.
    ///
    /// # Errors
    /// The database cannot be read; a text in it is damaged; or it holds no click at `after`.
    pub fn whole_clicks(
        &self,
        after: Option<ClickPlace>,
        mut take: impl FnMut(ClickPlace, Click<'_>) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        let (time, key) = match after {
            // An id is never empty, so every click is greater.
            None => (Timestamp::from_millis(i64::MIN), ClickKey::Text("".into())),
            Some(place) => (place.timestamp, self.key_at(place)?),
        };
        let mut select = self.connection.prepare_cached(WHOLE_CLICKS)?;
        let mut rows = select.query(params![time, key])?;
        let mut spelled = Uuid::encode_buffer();
        while let Some(row) = rows.next()? {
            let place = ClickPlace { number: row.get(0)?, timestamp: row.get(1)? };
            let click_id = match row.get_ref(2)? {
                ValueRef::Blob(bytes) => {
                    let bytes = bytes.try_into().map_err(|_| damaged(place, "an id of a wrong length"))?;
                    &*Uuid::from_bytes(bytes).hyphenated().encode_lower(&mut spelled)
                }
                text => text.as_str().map_err(|_| damaged(place, "an id that is not UTF-8 text"))?,
            };
            let text = |column| text(row, column).map_err(|_| damaged(place, "a field that is not UTF-8 text"));
            let click = Click {
                click_id,
                user_id: text(3)?,
                timestamp: place.timestamp,
                url: text(4)?,
                country: text(5)?,
                city: text(6)?,
                browser: text(7)?,
                os: text(8)?,
                device: text(9)?,
            };
            if take(place, click).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn key_at(&self, place: ClickPlace) -> Result<ClickKey, StorageError> {
        let mut select = self.connection.prepare_cached("SELECT click_id FROM clicks WHERE ts = ?1 AND id = ?2")?;
        let found = select.query_row(params![place.timestamp, place.number], |row| row.get(0)).optional()?;
        found.ok_or_else(|| damaged(place, "no row, though it was read before"))
    }

    /// Passes the rejected messages after number `after` to `take`, oldest first, with their numbers and whole payloads as far as they
    /// are kept, until `take` breaks. Rejected documents are left out.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn rejected_messages(
        &self,
        after: i64,
        mut take: impl FnMut(i64, KeptReject) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        let mut select = self.connection.prepare_cached(
            "SELECT at, stage, topic, partition, \"offset\", reason, payload, payload_bytes, id
             FROM rejects WHERE id > ?1 AND stage = 'ingest' AND partition IS NOT NULL AND topic <> '' ORDER BY id",
        )?;
        let mut rows = select.query([after])?;
        while let Some(row) = rows.next()? {
            if take(row.get(8)?, kept_reject(row)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// How many rejected messages [`Reader::rejected_messages`] passes.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn rejected_message_count(&self) -> Result<u64, StorageError> {
        let count = "SELECT COUNT(*) FROM rejects WHERE stage = 'ingest' AND partition IS NOT NULL AND topic <> ''";
        Ok(self.connection.query_row(count, [], |row| row.get(0))?)
    }

    /// The next offset to read of each partition of each topic.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn all_offsets(&self) -> Result<Vec<(String, i32, i64)>, StorageError> {
        let mut select = self
            .connection
            .prepare_cached("SELECT topic, partition, next_offset FROM offsets ORDER BY topic, partition")?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str, FromSqlError> {
    row.get_ref(column).map_err(|_| FromSqlError::InvalidType)?.as_str()
}

fn damaged(place: ClickPlace, what: &str) -> StorageError {
    StorageError::Damaged(format!("click {} has {what}", place.number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::tests::{batch, click, open, sql};
    use crate::storage::{Reject, Storage};

    fn read(storage: &Storage, after: Option<ClickPlace>, limit: usize) -> Vec<(ClickPlace, String, String)> {
        let mut found = Vec::new();
        let take = |place, click: Click<'_>| {
            found.push((place, click.click_id.to_owned(), click.url.to_owned()));
            if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        storage.reader().unwrap().whole_clicks(after, take).unwrap();
        found
    }

    #[test]
    fn clicks_come_in_order_of_time_and_reading_goes_on_after_any_of_them() {
        let (_directory, storage) = open();
        let uuid = "8c77bd62-50bc-5c62-b14e-c23292823b39";
        let clicks =
            [click("z", 7, "/a,b"), click(uuid, 7, "/é"), click("a", 7, "/nul\0"), click("far", -253_000_000, "/a,b")];
        storage.store(&batch(&clicks, 1)).unwrap();
        let all = read(&storage, None, 99);
        let ids: Vec<&str> = all.iter().map(|(_, id, _)| id.as_str()).collect();
        assert_eq!((ids[0], all.len()), ("far", 4));
        assert!(all.iter().any(|(_, id, url)| id == uuid && url == "/é"));
        assert!(all.iter().any(|(_, id, url)| id == "a" && url == "/nul\0"));
        for (at, (place, ..)) in all.iter().enumerate() {
            assert_eq!(read(&storage, Some(*place), 99), all[at + 1..]);
        }
        assert_eq!(read(&storage, None, 2), all[..2]);
        let missing = ClickPlace { number: 99, ..all[0].0 };
        let error = storage.reader().unwrap().whole_clicks(Some(missing), |_, _| ControlFlow::Break(())).unwrap_err();
        assert!(error.to_string().contains("click 99"), "{error}");
    }

    #[test]
    fn the_order_needs_no_sort() {
        let (_directory, storage) = open();
        let connection = sql(&storage);
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {WHOLE_CLICKS}")).unwrap();
        let plan: Vec<String> =
            explain.query_map(params![0, "a"], |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap();
        assert!(plan[0].starts_with("SEARCH clicks USING PRIMARY KEY"), "{plan:?}");
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
    }

    #[test]
    fn a_text_that_is_not_utf_8_is_told_as_damage() {
        let (_directory, storage) = open();
        storage.store(&batch(&[click("a", 7, "/a")], 1)).unwrap();
        sql(&storage).execute("UPDATE urls SET url = CAST(x'2fff' AS TEXT)", []).unwrap();
        let read = storage.reader().unwrap().whole_clicks(None, |_, _| ControlFlow::Continue(()));
        assert!(matches!(read, Err(StorageError::Damaged(_))), "{read:?}");
    }

    #[test]
    fn only_rejected_messages_come_with_their_whole_payload() {
        let (_directory, storage) = open();
        let payload = b"\xff\0 not a click";
        storage.keep_rejects(&[Reject::document("embedded", "refused".to_owned(), b"{}")]).unwrap();
        storage.keep_rejects(&[Reject::message("t", 3, 42, "no url".to_owned(), payload)]).unwrap();
        let mut found = Vec::new();
        let take = |number, reject: KeptReject| {
            found.push((number, reject.payload));
            ControlFlow::Continue(())
        };
        storage.reader().unwrap().rejected_messages(0, take).unwrap();
        assert_eq!(found, [(2, payload.to_vec())]);
        assert_eq!(storage.reader().unwrap().all_offsets().unwrap(), []);
    }
}
