//! The log of arrivals: the newest clicks in order of arrival, packed, as far back as somebody may still have to count them.
//!
//! The table of clicks is one tree in order of time. An index by order of arrival would be written for every click and kept for
//! ever, but only the aggregation (from its checkpoint on) and the windows read clicks in that order. So the store writes each new
//! click a second time, into a log: one row for each batch, some 24 bytes for each click. A checkpoint truncates the log.
//!
//! A click's number is its position in the log. The numbers have no gaps, and no number is used twice: the newest row always stays.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::StorageError;
use super::model::{ClickKey, CountryId, StoredClick, UrlId, UserId};
use crate::click::Timestamp;

/// The most clicks in a row. To read one click, a reader unpacks up to a whole row.
const MAX_ROW_CLICKS: usize = 20_000;

/// A row ends when the text ids of its clicks reach this size: somebody may send ids as long as a message.
const MAX_ROW_TEXT_BYTES: usize = 1 << 20;

/// This many clicks before the checkpoint stay in the log, so that a window that is a little behind need not be filled anew.
const CLICKS_BEFORE_CHECKPOINT: i64 = 200_000;

/// How postcard begins a key that is a UUID: with the number of the variant.
const UUID: u8 = 0;

/// A row without clicks.
const NO_CLICKS: [u8; 1] = [0];

/// One click without its key, which comes next. A row holds the number of its clicks, and then the clicks.
#[derive(Serialize, Deserialize)]
struct Packed {
    /// Milliseconds since the click before; for the first click, since 1970. Wraps around.
    millis_later: i64,
    user: UserId,
    url: UrlId,
    country: CountryId,
}

/// The newest click's number; 0 if there is none.
pub(super) fn last(connection: &Connection) -> Result<i64, StorageError> {
    Ok(connection.prepare_cached("SELECT COALESCE(MAX(last), 0) FROM arrivals")?.query_row([], |row| row.get(0))?)
}

/// Appends `clicks`, which are numbered from [`last`] on.
pub(super) fn append(connection: &Connection, clicks: &[StoredClick]) -> Result<(), StorageError> {
    let mut insert = connection.prepare_cached("INSERT INTO arrivals (last, clicks) VALUES (?1, ?2)")?;
    let mut rest = clicks;
    while let (row, Some(last), behind) = next_row(rest) {
        let packed = pack(row).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        insert.execute(params![last.id, packed])?;
        rest = behind;
    }
    Ok(())
}

/// Splits `clicks` into those of the next row and the rest. Also returns the last click of the row.
fn next_row(clicks: &[StoredClick]) -> (&[StoredClick], Option<&StoredClick>, &[StoredClick]) {
    let mut text_bytes = 0_usize;
    let fits = |click: &&StoredClick| {
        let has_room = text_bytes < MAX_ROW_TEXT_BYTES;
        if let ClickKey::Text(text) = &click.key {
            text_bytes = text_bytes.saturating_add(text.len());
        }
        has_room
    };
    let length = clicks.iter().take(MAX_ROW_CLICKS).take_while(fits).count();
    let (row, behind) = clicks.split_at(length);
    (row, row.last(), behind)
}

/// Deletes the rows that nobody needs after a checkpoint that counts every click up to `cursor`.
pub(super) fn truncate(connection: &Connection, cursor: i64) -> Result<(), StorageError> {
    connection
        .prepare_cached("DELETE FROM arrivals WHERE last <= ?1 AND last < (SELECT MAX(last) FROM arrivals)")?
        .execute([cursor.saturating_sub(CLICKS_BEFORE_CHECKPOINT)])?;
    Ok(())
}

/// Deletes all clicks of the log. The numbering continues after `last`. A reader that needs deleted clicks has to read the table of
/// clicks instead.
pub(super) fn clear(connection: &Connection, last: i64) -> Result<(), StorageError> {
    connection.execute("DELETE FROM arrivals", [])?;
    if last > 0 {
        connection.execute("INSERT INTO arrivals (last, clicks) VALUES (?1, ?2)", params![last, NO_CLICKS])?;
    }
    Ok(())
}

fn pack(clicks: &[StoredClick]) -> postcard::Result<Vec<u8>> {
    let mut packed = postcard::to_extend(&(clicks.len() as u64), Vec::with_capacity(clicks.len() * 26 + 3))?;
    let mut before = 0_i64;
    for StoredClick { timestamp, key, user, url, country, .. } in clicks {
        let time = timestamp.as_millis();
        let click = Packed { millis_later: time.wrapping_sub(before), user: *user, url: *url, country: *country };
        packed = postcard::to_extend(&(click, key), packed)?;
        before = time;
    }
    Ok(packed)
}

/// Unpacks the clicks of a row.
pub(super) struct Unpacked<'a> {
    rest: &'a [u8],
    left: u64,
    /// The number of the next click.
    pub(super) next: i64,
    /// The time of the click before, in milliseconds since 1970.
    time: i64,
    /// The number of the row's last click, which identifies the row.
    last: i64,
}

impl<'a> Unpacked<'a> {
    pub(super) fn new(last: i64, packed: &'a [u8]) -> Result<Self, StorageError> {
        let (left, rest) = postcard::take_from_bytes::<u64>(packed).map_err(|_| damaged(last))?;
        let first = i64::try_from(left).ok().and_then(|clicks| last.checked_sub(clicks)?.checked_add(1));
        Ok(Self { rest, left, next: first.ok_or_else(|| damaged(last))?, time: 0, last })
    }

    fn click(&mut self) -> Result<StoredClick, StorageError> {
        let (click, rest): (Packed, _) = postcard::take_from_bytes(self.rest).map_err(|_| damaged(self.last))?;
        let (key, rest) = take_key(rest).ok_or_else(|| damaged(self.last))?;
        let id = self.next;
        self.rest = rest;
        self.left -= 1;
        self.next = id.saturating_add(1);
        self.time = self.time.wrapping_add(click.millis_later);
        if self.left == 0 && !rest.is_empty() {
            return Err(damaged(self.last));
        }
        let Packed { user, url, country, .. } = click;
        Ok(StoredClick { id, timestamp: Timestamp::from_millis(self.time), key, user, url, country })
    }
}

/// Takes a key off. Every reader of new clicks does this, and serde takes the bytes of a UUID one by one.
fn take_key(packed: &[u8]) -> Option<(ClickKey, &[u8])> {
    match packed.split_first()? {
        (&UUID, rest) => rest.split_first_chunk().map(|(uuid, rest)| (ClickKey::Uuid(*uuid), rest)),
        _ => postcard::take_from_bytes(packed).ok(),
    }
}

impl Iterator for Unpacked<'_> {
    type Item = Result<StoredClick, StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        (self.left > 0).then(|| self.click().inspect_err(|_| self.left = 0))
    }
}

fn damaged(last: i64) -> StorageError {
    StorageError::Damaged(format!("row {last} of the table arrivals cannot be unpacked"))
}

#[cfg(test)]
mod tests {
    use crate::storage::CheckpointParts;
    use proptest::prelude::*;
    use rusqlite::OptionalExtension as _;

    use super::*;
    use crate::storage::Storage;
    use crate::storage::figures::{AggregateSettings, FiguresUpdate};
    use crate::storage::tests::{batch, click, open, sql};

    fn key() -> impl Strategy<Value = ClickKey> {
        prop_oneof![any::<[u8; 16]>().prop_map(ClickKey::Uuid), ".{0,40}".prop_map(|text| ClickKey::Text(text.into()))]
    }

    fn times() -> impl Strategy<Value = i64> {
        prop_oneof![any::<i64>(), -3..3_i64, Just(i64::MIN), Just(i64::MAX)]
    }

    prop_compose! {
        fn numbered()(
            last in 0..1_000_i64,
            clicks in prop::collection::vec((times(), key(), any::<u32>(), any::<u32>(), any::<u32>()), 0..50),
        ) -> Vec<StoredClick> {
            (last + 1..).zip(clicks).map(|(id, (time, key, user, url, country))| StoredClick {
                id,
                timestamp: Timestamp::from_millis(time),
                key,
                user: UserId(user),
                url: UrlId(url),
                country: CountryId(country),
            }).collect()
        }
    }

    proptest! {
        #[test]
        fn clicks_come_back_as_they_were_packed(clicks in numbered()) {
            let packed = pack(&clicks).unwrap();
            let last = clicks.last().map_or(7, |click| click.id);
            let unpacked: Vec<_> = Unpacked::new(last, &packed).unwrap().collect::<Result<_, _>>().unwrap();
            prop_assert_eq!(unpacked, clicks);
        }

        #[test]
        fn arbitrary_bytes_are_reported_as_damage_or_read_as_clicks_but_never_panic(
            last in any::<i64>(),
            bytes in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            if let Ok(clicks) = Unpacked::new(last, &bytes) {
                prop_assert!(clicks.count() <= 60);
            }
        }
    }

    /// As the aggregation does once it has counted every click up to `cursor`.
    fn checkpoint(storage: &Storage, cursor: i64) {
        let settings = AggregateSettings { session_timeout_ms: 1, recent_clicks: 1 };
        let update = FiguresUpdate { changed: [], cursor, late: 0, settings };
        let mut new = std::iter::once(vec![1]);
        storage.write_figures(update, Some(CheckpointParts { kept: 0, new: &mut new })).unwrap();
    }

    /// Reads the clicks after `cursor`: how many, and the numbers of the first and the last. Fails with the first missing number.
    fn after(storage: &Storage, cursor: i64, limit: usize) -> Result<(usize, i64, i64), i64> {
        let mut clicks = Vec::new();
        match storage.reader().unwrap().clicks_after(cursor, limit, &mut clicks) {
            Err(StorageError::ArrivalsGone { next }) => Err(next),
            read => {
                read.unwrap();
                assert!(clicks.windows(2).all(|pair| pair[0].id + 1 == pair[1].id), "no gap");
                let number = |click: Option<&StoredClick>| click.map_or(0, |click| click.id);
                Ok((clicks.len(), number(clicks.first()), number(clicks.last())))
            }
        }
    }

    fn store(storage: &Storage, ids: std::ops::Range<i64>) {
        let names: Vec<String> = ids.clone().map(|id| format!("click {id}")).collect();
        let clicks: Vec<_> = names.iter().zip(ids).map(|(name, id)| click(name, id, "/a")).collect();
        storage.store(&batch(&clicks, 1)).unwrap();
    }

    #[test]
    fn a_large_batch_takes_several_rows_and_can_be_read_from_any_click() {
        let (_directory, storage) = open();
        store(&storage, 0..45_000);
        store(&storage, 45_000..45_001);
        let rows: i64 = sql(&storage).query_row("SELECT COUNT(*) FROM arrivals", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 4);
        for (cursor, limit, expected) in [
            (0, usize::MAX, (45_001, 1, 45_001)),
            (19_999, 2, (2, 20_000, 20_001)),
            (39_990, 7_000, (5_011, 39_991, 45_001)),
            (45_000, 9, (1, 45_001, 45_001)),
            (45_001, 9, (0, 0, 0)),
            (50_000, 9, (0, 0, 0)),
        ] {
            assert_eq!(after(&storage, cursor, limit), Ok(expected));
        }
    }

    #[test]
    fn ids_as_long_as_messages_are_spread_over_several_rows() {
        let (_directory, storage) = open();
        let names: Vec<String> = (0..10).map(|id| format!("{id}").repeat(400_000)).collect();
        let clicks: Vec<_> = names.iter().zip(0..).map(|(name, at)| click(name, at, "/a")).collect();
        storage.store(&batch(&clicks, 1)).unwrap();
        let largest: i64 =
            sql(&storage).query_row("SELECT MAX(length(clicks)) FROM arrivals", [], |row| row.get(0)).unwrap();
        assert!(largest < 1_300_000, "{largest}");
        assert_eq!(after(&storage, 0, 99), Ok((10, 1, 10)));
    }

    #[test]
    fn duplicates_get_no_number_and_a_batch_of_duplicates_adds_no_row() {
        let (_directory, storage) = open();
        store(&storage, 0..10);
        store(&storage, 0..10);
        let twice =
            [click("new", 77, "/a"), click("click 3", 3, "/a"), click("new", 77, "/b"), click("first", -77, "/a")];
        assert_eq!(storage.store(&batch(&twice, 2)).unwrap().stored, 2);
        assert_eq!(after(&storage, 0, 99), Ok((12, 1, 12)));
        let mut clicks = Vec::new();
        storage.reader().unwrap().clicks_after(10, 9, &mut clicks).unwrap();
        let url = storage.reader().unwrap().url_id("/a").unwrap().unwrap();
        assert!(clicks.iter().all(|click| click.url == url), "of two alike, the first that came");
        let numbers =
            sql(&storage).query_row("SELECT 1 FROM clicks GROUP BY id HAVING COUNT(*) > 1", [], |_| Ok(())).optional();
        assert_eq!(numbers, Ok(None));
    }

    #[test]
    fn a_checkpoint_truncates_the_log_and_readers_of_deleted_clicks_get_an_error() {
        let (_directory, storage) = open();
        for part in 0..13 {
            store(&storage, part * 20_000..(part + 1) * 20_000);
        }
        checkpoint(&storage, 239_000);
        // 200,000 clicks before the checkpoint stay, and the rest of their first row.
        assert_eq!(after(&storage, 19_999, 1), Err(20_000));
        assert_eq!(after(&storage, 20_000, usize::MAX), Ok((240_000, 20_001, 260_000)));
        assert_eq!(storage.reader().unwrap().click_count().unwrap(), 260_000);
        // The numbers continue even if nearly everything is deleted.
        sql(&storage).execute("DELETE FROM arrivals WHERE last < 250000", []).unwrap();
        checkpoint(&storage, 1_000_000);
        assert_eq!(after(&storage, 240_000, usize::MAX), Ok((20_000, 240_001, 260_000)));
        store(&storage, -1..0);
        assert_eq!(storage.progress().last_click(), 260_001);
        sql(&storage).execute("DELETE FROM arrivals WHERE last = 260000", []).unwrap();
        assert_eq!(after(&storage, 260_000, 9), Ok((1, 260_001, 260_001)));
        assert_eq!(after(&storage, 100, 9), Err(101));
    }

    #[test]
    fn a_row_that_cannot_be_unpacked_is_reported_as_damage() {
        let (_directory, storage) = open();
        store(&storage, 0..10);
        for clicks in ["x''", "x'ff'", "x'05'", "substr(clicks, 1, length(clicks) - 1)", "clicks || x'00'", "'text'"] {
            let connection = sql(&storage);
            connection.execute_batch("BEGIN").unwrap();
            connection.execute(&format!("UPDATE arrivals SET clicks = {clicks}"), []).unwrap();
            let packed: Vec<u8> =
                connection.query_row("SELECT CAST(clicks AS BLOB) FROM arrivals", [], |row| row.get(0)).unwrap();
            let read = Unpacked::new(10, &packed).and_then(|clicks| clicks.collect::<Result<Vec<_>, _>>());
            assert!(matches!(read, Err(StorageError::Damaged(_))), "{clicks}: {read:?}");
        }
    }
}
