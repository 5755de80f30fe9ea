//! The clicks with every dimension, and the texts of places and agents.

use std::ops::ControlFlow;

use super::model::{AgentId, PlaceId, StoredClick};
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
        self.rows_between(CLICKS_BETWEEN, position, last, |click, row| {
            Ok(take(DetailedClick { click, place: row.get(5)?, agent: row.get(6)? }))
        })
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
    use crate::storage::tests::plan;

    #[test]
    fn clicks_with_every_dimension_are_read_from_the_primary_key_without_sorting() {
        assert_eq!(plan(CLICKS_BETWEEN, 3), ["SEARCH clicks USING PRIMARY KEY ((ts,click_id)>(?,?) AND ts<?)"]);
    }
}
