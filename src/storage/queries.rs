//! The queries of the console: the clicks of a window, one url, all urls.
//!
//! A query that may read millions of rows passes them on one by one, and ends when the callback breaks.

use std::ops::ControlFlow;

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use super::figures::PageFigures;
use super::model::{ClickKey, CountryId, StoredClick, UrlId};
use super::reader::{page_figures, stored_click};
use super::{Reader, StorageError};
use crate::click::Timestamp;

const CLICKS_BETWEEN: &str = "SELECT id, ts, click_id, user, url, place FROM clicks
    WHERE (ts, click_id) > (?1, ?2) AND ts <= ?3 ORDER BY ts, click_id";

/// A position between two clicks, in the order of [`Reader::clicks_between`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimePosition {
    time: Timestamp,
    /// The click of this time before the position; `None` before all clicks of this time.
    key: Option<ClickKey>,
}

impl TimePosition {
    /// The position behind every click of `time`.
    pub fn after_time(time: Timestamp) -> Self {
        Self { time: Timestamp::from_millis(time.as_millis().saturating_add(1)), key: None }
    }

    /// The position behind `click`.
    pub fn after(click: &StoredClick) -> Self {
        Self { time: click.timestamp, key: Some(click.key.clone()) }
    }

    /// The time of the position.
    pub fn time(&self) -> Timestamp {
        self.time
    }
}

/// A click of a known url. The texts are untrusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClickOfUrl {
    /// The time of the event.
    pub timestamp: Timestamp,
    /// Its id.
    pub click_id: String,
    /// The user.
    pub user_id: String,
    /// The country.
    pub country: String,
    /// The city.
    pub city: String,
}

impl Reader {
    /// Runs `work` in one read transaction, so that it sees one state of the database, whatever is written meanwhile.
    ///
    /// # Errors
    /// The database cannot be read, or `work` fails.
    pub fn consistent<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        self.connection.execute_batch("BEGIN")?;
        let result = work(self);
        // Nothing was written; this only ends the read transaction.
        self.connection.execute_batch("ROLLBACK")?;
        result
    }

    /// The time of the newest click that is not ahead of `now`; `None` if there is none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn newest_time(&self, now: Timestamp) -> Result<Option<Timestamp>, StorageError> {
        newest_time(&self.connection, now)
    }

    /// The time of the first click after `time`; `None` if there is none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn next_time(&self, time: Timestamp) -> Result<Option<Timestamp>, StorageError> {
        let mut select = self.connection.prepare_cached("SELECT ts FROM clicks WHERE ts > ?1 ORDER BY ts LIMIT 1")?;
        Ok(select.query_row([time], |row| row.get(0)).optional()?)
    }

    /// Passes the clicks from `position` up to the time `last`, inclusive, to `take`, in order of time, until `take` breaks. Clicks of
    /// one moment come in a fixed order, so reading can continue from [`TimePosition::after`] any of them.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn clicks_between<B>(
        &mut self,
        position: &TimePosition,
        last: Timestamp,
        mut take: impl FnMut(StoredClick) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, StorageError> {
        self.rows_between(CLICKS_BETWEEN, position, last, |click, _| Ok(take(click)))
    }

    /// Passes each click that `select` finds to `take` with its row, until `take` breaks. The statement has the columns and the parameters
    /// of [`CLICKS_BETWEEN`], and may have more columns.
    pub(super) fn rows_between<B>(
        &mut self,
        select: &str,
        position: &TimePosition,
        last: Timestamp,
        mut take: impl FnMut(StoredClick, &Row<'_>) -> Result<ControlFlow<B>, StorageError>,
    ) -> Result<ControlFlow<B>, StorageError> {
        let Self { connection, countries, .. } = self;
        let mut select = connection.prepare_cached(select)?;
        // A number sorts before every text and blob.
        let key: &dyn ToSql = position.key.as_ref().map_or(&0, |key| key as &dyn ToSql);
        let mut rows = select.query(params![position.time, key, last])?;
        while let Some(row) = rows.next()? {
            let taken = take(stored_click(connection, countries, row)?, row)?;
            if taken.is_break() {
                return Ok(taken);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The greatest id of the clicks of the same user and moment that were stored before `click`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn last_key_before(&self, click: &StoredClick) -> Result<Option<ClickKey>, StorageError> {
        let mut select =
            self.connection.prepare_cached("SELECT click_id FROM clicks WHERE ts = ?1 AND user = ?2 AND id < ?3")?;
        let keys = select.query_map(params![click.timestamp, click.user, click.id], |row| row.get(0))?;
        let mut last: Option<ClickKey> = None;
        for key in keys {
            last = last.max(Some(key?));
        }
        Ok(last)
    }

    /// The version of the newest written figures; 0 before the first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn figures_version(&self) -> Result<i64, StorageError> {
        let mut select =
            self.connection.prepare_cached("SELECT COALESCE(MAX(last_version), 0) FROM aggregate_state")?;
        Ok(select.query_row([], |row| row.get(0))?)
    }

    /// Passes the urls that were stored after the url `row` to `take`, in that order, until `take` breaks.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn urls_after(
        &self,
        row: UrlId,
        mut take: impl FnMut(UrlId, &str) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StorageError> {
        let mut select = self.connection.prepare_cached("SELECT id, url FROM urls WHERE id > ?1 ORDER BY id")?;
        let mut rows = select.query([row])?;
        while let Some(row) = rows.next()? {
            let url = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
            if take(row.get(0)?, url).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The row of a url; `None` if no click has named it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn url_id(&self, url: &str) -> Result<Option<UrlId>, StorageError> {
        let mut select = self.connection.prepare_cached("SELECT id FROM urls WHERE url = ?1")?;
        Ok(select.query_row([url], |row| row.get(0)).optional()?)
    }

    /// The row of a country; `None` if no click has named it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn country_id(&self, country: &str) -> Result<Option<CountryId>, StorageError> {
        let mut select = self.connection.prepare_cached("SELECT id FROM countries WHERE country = ?1")?;
        Ok(select.query_row([country], |row| row.get(0)).optional()?)
    }

    /// The figures of one url in each of its countries, in no order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn figures_of(&self, url: UrlId) -> Result<Vec<PageFigures>, StorageError> {
        let mut select = self.connection.prepare_cached(
            "SELECT id, url, country, clicks, unique_users, spent_ms, spent_count, first_seen, last_seen
             FROM page_stats WHERE url = ?1",
        )?;
        let rows = select.query_map([url], page_figures)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// At most `limit` newest clicks of one url, newest first. Searches only the newest `searched` clicks.
    ///
    /// This scans the clicks from the newest one back. An index by url would cost time for every stored click, for a query that is
    /// rare.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn newest_clicks_of(&self, url: UrlId, limit: usize, searched: u32) -> Result<Vec<ClickOfUrl>, StorageError> {
        let Some((time, key)) = self.first_of_newest(searched)? else { return Ok(Vec::new()) };
        // CROSS JOIN fixes the join order: from the few clicks that match to their texts.
        let mut select = self.connection.prepare_cached(
            "SELECT clicks.ts, users.user_id, countries.country, places.city, clicks.click_id
             FROM clicks CROSS JOIN users ON users.id = clicks.user CROSS JOIN places ON places.id = clicks.place
               CROSS JOIN countries ON countries.id = places.country
             WHERE (clicks.ts, clicks.click_id) >= (?3, ?4) AND clicks.url = ?1
             ORDER BY clicks.ts DESC, clicks.click_id DESC LIMIT ?2",
        )?;
        let rows = select.query_map(params![url, limit as u64, time, key], |row| {
            Ok(ClickOfUrl {
                timestamp: row.get(0)?,
                user_id: row.get(1)?,
                country: row.get(2)?,
                city: row.get(3)?,
                click_id: row.get::<_, ClickKey>(4)?.to_string(),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The time of the first of the newest `searched` clicks, and the times of the clicks of one url among them, in no order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn times_of(&self, url: UrlId, searched: u32) -> Result<(Option<Timestamp>, Vec<Timestamp>), StorageError> {
        let Some((time, key)) = self.first_of_newest(searched)? else { return Ok((None, Vec::new())) };
        let mut select =
            self.connection.prepare_cached("SELECT ts FROM clicks WHERE (ts, click_id) >= (?2, ?3) AND url = ?1")?;
        let rows = select.query_map(params![url, time, key], |row| row.get(0))?;
        Ok((Some(time), rows.collect::<Result<_, _>>()?))
    }

    /// The time and id of the first of the newest `clicks` clicks; `None` if there is none.
    fn first_of_newest(&self, clicks: u32) -> Result<Option<(Timestamp, ClickKey)>, StorageError> {
        let mut back = self
            .connection
            .prepare_cached("SELECT ts, click_id FROM clicks ORDER BY ts DESC, click_id DESC LIMIT 1 OFFSET ?1")?;
        let place = back.query_row([clicks.saturating_sub(1)], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        if place.is_some() {
            return Ok(place);
        }
        let mut first =
            self.connection.prepare_cached("SELECT ts, click_id FROM clicks ORDER BY ts, click_id LIMIT 1")?;
        Ok(first.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }
}

/// The time of the newest click that is not ahead of `now`. Windows end there, and the age of clicks is measured from there.
pub(super) fn newest_time(connection: &Connection, now: Timestamp) -> Result<Option<Timestamp>, StorageError> {
    let mut select = connection.prepare_cached("SELECT ts FROM clicks WHERE ts <= ?1 ORDER BY ts DESC LIMIT 1")?;
    Ok(select.query_row([now], |row| row.get(0)).optional()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::tests::{batch, click, open, plan};

    #[test]
    fn clicks_of_a_window_are_read_from_the_primary_key_without_sorting() {
        assert_eq!(plan(CLICKS_BETWEEN, 3), ["SEARCH clicks USING PRIMARY KEY ((ts,click_id)>(?,?) AND ts<?)"]);
    }

    #[test]
    fn the_newest_clicks_of_a_url_are_found_among_the_searched_clicks() {
        let (_directory, storage) = open();
        let clicks = [click("c1", 1, "/a"), click("c2", 9, "/a"), click("c3", 3, "/b"), click("c4", 2, "/a")];
        storage.store(&batch(&clicks, 4)).unwrap();
        let reader = storage.reader().unwrap();
        let url = reader.url_id("/a").unwrap().unwrap();
        let times = |limit, searched| {
            let found = reader.newest_clicks_of(url, limit, searched).unwrap();
            found.into_iter().map(|click| click.timestamp.as_millis()).collect::<Vec<_>>()
        };
        assert_eq!(times(10, 100), [9, 2, 1]);
        assert_eq!(times(2, 100), [9, 2]);
        assert_eq!(times(10, 3), [9, 2]);
        assert_eq!(times(10, 4), [9, 2, 1]);
        assert_eq!(reader.url_id("/c").unwrap(), None);
        let (first, mut times) = reader.times_of(url, 3).unwrap();
        times.sort_unstable();
        assert_eq!((first, times), (Some(Timestamp::from_millis(2)), [2, 9].map(Timestamp::from_millis).to_vec()));
    }

    #[test]
    fn a_consistent_read_sees_one_state_and_ends_even_after_an_error() {
        let (_directory, storage) = open();
        storage.store(&batch(&[click("c1", 1, "/a")], 1)).unwrap();
        let mut reader = storage.reader().unwrap();
        reader
            .consistent(|reader| {
                assert_eq!(reader.last_click()?, 1);
                storage.store(&batch(&[click("c2", 2, "/a")], 2))?;
                assert_eq!(reader.last_click()?, 1);
                Ok(())
            })
            .unwrap();
        reader.consistent::<()>(|_| Err(StorageError::Busy)).unwrap_err();
        let newest = |reader: &mut Reader, now| reader.newest_time(Timestamp::from_millis(now)).unwrap();
        let at = |millis| Some(Timestamp::from_millis(millis));
        assert_eq!(reader.consistent(|reader| Ok(newest(reader, 9))).unwrap(), at(2));
        assert_eq!([0, 1, 2].map(|now| newest(&mut reader, now)), [None, at(1), at(2)]);
        assert_eq!([0, 1, 2].map(|time| reader.next_time(Timestamp::from_millis(time)).unwrap()), [at(1), at(2), None]);
    }
}
