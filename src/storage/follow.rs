//! One click, and the clicks of its user around it.

use rusqlite::{OptionalExtension as _, Row, params};

use super::model::{ClickKey, UserId};
use super::{Reader, StorageError};
use crate::click::Timestamp;

/// Both read the tree of the clicks in its order: there is no index by user.
const BEFORE: &str = "SELECT ts, click_id, user, url, place FROM clicks
    WHERE (ts, click_id) < (?1, ?2) AND ts >= ?3 ORDER BY ts DESC, click_id DESC";
const AFTER: &str = "SELECT ts, click_id, user, url, place FROM clicks
    WHERE (ts, click_id) > (?1, ?2) AND ts <= ?3 ORDER BY ts, click_id";

/// A click with its texts, which are untrusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundClick {
    /// Its number in order of arrival.
    pub number: i64,
    /// Its user.
    pub user: UserId,
    /// The user.
    pub user_id: String,
    /// The url.
    pub url: String,
    /// The country.
    pub country: String,
    /// The city.
    pub city: String,
    /// The browser.
    pub browser: String,
    /// The operating system.
    pub os: String,
    /// The kind of device.
    pub device: String,
}

/// A click of the same user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClickOfUser {
    /// The time of the event.
    pub timestamp: Timestamp,
    /// Its id.
    pub key: ClickKey,
    /// The url.
    pub url: String,
    /// The country.
    pub country: String,
}

/// Which clicks around another one are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The time of that click.
    pub timestamp: Timestamp,
    /// Its id.
    pub key: &'a ClickKey,
    /// Its user.
    pub user: UserId,
    /// How far from it, in milliseconds.
    pub within_ms: i64,
    /// How many on each side.
    pub limit: usize,
    /// How many clicks of any user are read on each side.
    pub searched: usize,
}

/// The clicks of a user on one side of another click, from there on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClicksOfUser {
    /// The clicks, the nearest first.
    pub clicks: Vec<ClickOfUser>,
    /// Where the search ended early, because there are too many clicks of others.
    pub ended_at: Option<Timestamp>,
}

impl Reader {
    /// The click with this time and id.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn find_click(&self, timestamp: Timestamp, key: &ClickKey) -> Result<Option<FoundClick>, StorageError> {
        let mut select = self.connection.prepare_cached(
            "SELECT clicks.id, clicks.user, users.user_id, urls.url, countries.country, places.city, agents.browser,
               agents.os, agents.device
             FROM clicks JOIN users ON users.id = clicks.user JOIN urls ON urls.id = clicks.url
               JOIN places ON places.id = clicks.place JOIN countries ON countries.id = places.country
               JOIN agents ON agents.id = clicks.agent
             WHERE clicks.ts = ?1 AND clicks.click_id = ?2",
        )?;
        let found = select.query_row(params![timestamp, key], |row| {
            Ok(FoundClick {
                number: row.get(0)?,
                user: row.get(1)?,
                user_id: row.get(2)?,
                url: row.get(3)?,
                country: row.get(4)?,
                city: row.get(5)?,
                browser: row.get(6)?,
                os: row.get(7)?,
                device: row.get(8)?,
            })
        });
        Ok(found.optional()?)
    }

    /// The clicks of the user before and after a click.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn clicks_around(&self, around: Around<'_>) -> Result<(ClicksOfUser, ClicksOfUser), StorageError> {
        let millis = around.timestamp.as_millis();
        let since = Timestamp::from_millis(millis.saturating_sub(around.within_ms));
        let until = Timestamp::from_millis(millis.saturating_add(around.within_ms));
        Ok((self.clicks_on_one_side(BEFORE, around, since)?, self.clicks_on_one_side(AFTER, around, until)?))
    }

    fn clicks_on_one_side(&self, sql: &str, around: Around<'_>, end: Timestamp) -> Result<ClicksOfUser, StorageError> {
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query(params![around.timestamp, around.key, end])?;
        let mut found = ClicksOfUser::default();
        let mut read = 0;
        while found.clicks.len() < around.limit
            && let Some(row) = rows.next()?
        {
            if row.get::<_, UserId>(2)? == around.user {
                found.clicks.push(self.click_of_user(row)?);
            }
            read += 1;
            if read == around.searched {
                found.ended_at = Some(row.get(0)?);
                break;
            }
        }
        Ok(found)
    }

    fn click_of_user(&self, row: &Row<'_>) -> Result<ClickOfUser, StorageError> {
        let mut url = self.connection.prepare_cached("SELECT url FROM urls WHERE id = ?1")?;
        Ok(ClickOfUser {
            timestamp: row.get(0)?,
            key: row.get(1)?,
            url: url.query_row([row.get::<_, i64>(3)?], |row| row.get(0))?,
            country: self.place(row.get(4)?)?.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::click::Click;
    use crate::storage::tests::{batch, click, open, plan};

    fn of_user<'a>(id: &'a str, millis: i64, url: &'a str, user: &'a str) -> Click<'a> {
        Click { user_id: user, ..click(id, millis, url) }
    }

    #[test]
    fn a_click_is_found_with_the_clicks_of_its_user_around_it_in_the_order_of_time() {
        let (_directory, storage) = open();
        let clicks = [
            of_user("a", 1_000, "/first", "ann"),
            of_user("b", 2_000, "/second", "ann"),
            of_user("c", 2_000, "/third", "ann"),
            of_user("d", 2_500, "/other", "bob"),
            of_user("e", 9_000, "/fourth", "ann"),
            of_user("f", 90_000, "/far", "ann"),
        ];
        storage.store(&batch(&clicks, 6)).unwrap();
        let reader = storage.reader().unwrap();
        let (timestamp, key) = (Timestamp::from_millis(2_000), ClickKey::new("b"));
        let found = reader.find_click(timestamp, &key).unwrap().unwrap();
        assert_eq!((&*found.user_id, &*found.url, found.number), ("ann", "/second", 2));
        let around = Around { timestamp, key: &key, user: found.user, within_ms: 10_000, limit: 5, searched: 1_000 };
        let urls = |side: &ClicksOfUser| side.clicks.iter().map(|click| click.url.clone()).collect::<Vec<_>>();
        let (before, after) = reader.clicks_around(around).unwrap();
        assert_eq!((urls(&before), urls(&after)), (vec!["/first".to_owned()], vec!["/third".into(), "/fourth".into()]));
        assert_eq!((before.ended_at, after.ended_at), (None, None));
        let (_, after) = reader.clicks_around(Around { searched: 2, ..around }).unwrap();
        assert_eq!((urls(&after), after.ended_at), (vec!["/third".to_owned()], Some(Timestamp::from_millis(2_500))));
        let (_, after) = reader.clicks_around(Around { limit: 1, ..around }).unwrap();
        assert_eq!(urls(&after), ["/third"]);
        assert_eq!(reader.find_click(timestamp, &ClickKey::new("x")).unwrap(), None);
    }

    #[test]
    fn the_clicks_around_are_read_from_the_primary_key_without_sorting() {
        assert_eq!(plan(BEFORE, 3), ["SEARCH clicks USING PRIMARY KEY (ts>? AND (ts,click_id)<(?,?))"]);
        assert_eq!(plan(AFTER, 3), ["SEARCH clicks USING PRIMARY KEY ((ts,click_id)>(?,?) AND ts<?)"]);
    }
}
