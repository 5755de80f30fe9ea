//! The clicks with every dimension, and the texts of places and agents.

use std::ops::ControlFlow;

use rusqlite::{ToSql, params};

use super::model::{AgentId, PlaceId, StoredClick};
use super::reader::stored_click;
use super::{Reader, StorageError, TimePosition};
use crate::click::Timestamp;

const CLICKS_BETWEEN: &str = "SELECT id, ts, click_id, user, url, place, agent FROM clicks
    WHERE (ts, click_id) > (?1, ?2) AND ts <= ?3 ORDER BY ts, click_id";

/// A click with its place and agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailedClick {
    /// What the aggregation knows of it.
    pub click: StoredClick,
    /// Its country and city.
    pub place: PlaceId,
    /// Its browser, operating system and device.
    pub agent: AgentId,
}

/// The texts of an agent, which are untrusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentTexts<'a> {
    /// The browser.
    pub browser: &'a str,
    /// The operating system.
    pub os: &'a str,
    /// The kind of device.
    pub device: &'a str,
}

impl Reader {
    /// Like [`Reader::clicks_between`], with every dimension.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn detailed_clicks_between<B>(
        &mut self,
        position: &TimePosition,
        last: Timestamp,
        mut take: impl FnMut(DetailedClick) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, StorageError> {
        let Self { connection, countries, .. } = self;
        let mut select = connection.prepare_cached(CLICKS_BETWEEN)?;
        // A number sorts before every text and blob.
        let key: &dyn ToSql = position.key().map_or(&0, |key| key as &dyn ToSql);
        let mut rows = select.query(params![position.time(), key, last])?;
        while let Some(row) = rows.next()? {
            let (place, agent) = (row.get(5)?, row.get(6)?);
            let taken = take(DetailedClick { click: stored_click(connection, countries, row)?, place, agent });
            if taken.is_break() {
                return Ok(taken);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Passes every agent that was stored after the agent `row` to `take`, in that order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn agents_after(
        &self,
        row: AgentId,
        mut take: impl FnMut(AgentId, AgentTexts<'_>),
    ) -> Result<(), StorageError> {
        let mut select =
            self.connection.prepare_cached("SELECT id, browser, os, device FROM agents WHERE id > ?1 ORDER BY id")?;
        let mut rows = select.query([row])?;
        while let Some(row) = rows.next()? {
            let text = |at| row.get_ref(at)?.as_str().map_err(rusqlite::Error::from);
            take(row.get(0)?, AgentTexts { browser: text(1)?, os: text(2)?, device: text(3)? });
        }
        Ok(())
    }

    /// The country and the city of a place.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn place(&self, id: PlaceId) -> Result<(String, String), StorageError> {
        let mut select = self.connection.prepare_cached(
            "SELECT countries.country, places.city FROM places JOIN countries ON countries.id = places.country
             WHERE places.id = ?1",
        )?;
        Ok(select.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::tests::{open, sql};

    #[test]
    fn clicks_with_every_dimension_are_read_from_the_primary_key_without_sorting() {
        let (_directory, storage) = open();
        let connection = sql(&storage);
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {CLICKS_BETWEEN}")).unwrap();
        let plan = explain.query_map([0; 3], |row| row.get(3)).unwrap();
        let plan: Vec<String> = plan.collect::<Result<_, _>>().unwrap();
        assert_eq!(plan, ["SEARCH clicks USING PRIMARY KEY ((ts,click_id)>(?,?) AND ts<?)"]);
    }
}
