//! Deletes old clicks. The figures still count them.
//!
//! These rules keep the figures exact:
//!
//! - Only clicks that a written checkpoint of the aggregation has counted are deleted, since a restart replays the others.
//! - A click that no checkpoint has counted is compared with the other clicks of its user and moment, so those stay as well.
//! - The boundary is written before the first click is deleted, and never moves back. The store refuses clicks before the boundary,
//!   so a click that arrives again after its deletion cannot count twice.

use rusqlite::{Connection, OptionalExtension, params};

use super::queries::newest_time;
use super::{Reader, Storage, StorageError, arrivals, erase};
use crate::click::Timestamp;

/// What happened to clicks older than the retention limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expiry {
    /// The store refuses clicks before this time; `None` if no boundary is set.
    pub before: Option<Timestamp>,
    /// Deleted clicks, which the figures still count.
    pub deleted: u64,
    /// Refused clicks, which no figure counts.
    pub refused: u64,
}

/// The result of one deletion step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Deleted clicks.
    pub clicks: u64,
    /// The time at which the next step begins; `None` at the end.
    pub next: Option<Timestamp>,
}

impl Storage {
    /// Moves the boundary to `retention_ms` before the newest click that is not ahead of `now`, so that a click with a wrong time in
    /// the future makes no other click expire. The boundary never moves back. Returns it; `None` if there is no such click yet.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn advance_expiry(&self, retention_ms: i64, now: Timestamp) -> Result<Option<Timestamp>, StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, _| {
                let newest = newest_time(connection, now)?;
                let known = expired_before(connection)?;
                let Some(newest) = newest else { return Ok(known) };
                let boundary = Timestamp::from_millis(newest.as_millis().saturating_sub(retention_ms));
                if known.is_some_and(|known| known >= boundary) {
                    return Ok(known);
                }
                connection.execute(
                    "INSERT INTO expiry (one, expired_before, deleted, refused) VALUES (1, ?1, 0, 0)
                     ON CONFLICT (one) DO UPDATE SET expired_before = excluded.expired_before",
                    [boundary],
                )?;
                Ok(Some(boundary))
            })
        })
    }

    /// Deletes expired clicks that a checkpoint has counted, from the time `from` on. It reads about `limit` clicks, which bounds how
    /// long the store stage waits.
    ///
    /// # Errors
    /// The database cannot be written; nothing has changed then.
    pub fn delete_expired(&self, from: Timestamp, limit: usize) -> Result<Deleted, StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, _| {
                let Some(boundary) = expired_before(connection)? else {
                    return Ok(Deleted { clicks: 0, next: None });
                };
                // The time at which the next step begins. One step handles all clicks of a moment; otherwise steps would never get
                // past a moment with more clicks than `limit`.
                let beyond: Option<Timestamp> = connection
                    .prepare_cached("SELECT ts FROM clicks WHERE ts >= ?1 AND ts < ?2 ORDER BY ts LIMIT 1 OFFSET ?3")?
                    .query_row(params![from, boundary, limit as u64], |row| row.get(0))
                    .optional()?;
                let next = beyond.map(|next| next.max(Timestamp::from_millis(from.as_millis().saturating_add(1))));
                let clicks = connection
                    .prepare_cached(
                        "DELETE FROM clicks WHERE ts >= ?1 AND ts < ?2
                         AND id <= (SELECT checkpoint_cursor FROM aggregate_state)
                         AND (ts, user) NOT IN (SELECT ts, user FROM clicks WHERE ts >= ?1 AND ts < ?2
                                                AND id > (SELECT checkpoint_cursor FROM aggregate_state))",
                    )?
                    .execute(params![from, next.unwrap_or(boundary)])? as u64;
                connection.prepare_cached("UPDATE expiry SET deleted = deleted + ?1")?.execute([clicks])?;
                Ok(Deleted { clicks, next })
            })
        })
    }

    /// Discards every figure, so that the stored clicks can be counted anew. The figures of deleted clicks are lost. Every search
    /// target must be cleared and filled again. The boundary stays. No stage may run.
    ///
    /// # Errors
    /// The database cannot be written; nothing has changed then.
    pub fn discard_figures(&self) -> Result<(), StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, _| {
                erase::erase_figures(connection)?;
                // The log may still hold deleted clicks.
                arrivals::clear(connection, arrivals::last(connection)?)?;
                connection.execute("UPDATE expiry SET deleted = 0", [])?;
                Ok(())
            })
        })
    }
}

impl Reader {
    /// What happened to clicks older than the retention limit.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn expiry(&self) -> Result<Expiry, StorageError> {
        let mut select = self.connection.prepare_cached("SELECT expired_before, deleted, refused FROM expiry")?;
        let row = select
            .query_row([], |row| Ok(Expiry { before: Some(row.get(0)?), deleted: row.get(1)?, refused: row.get(2)? }));
        Ok(row.optional()?.unwrap_or_default())
    }
}

/// The boundary: the store refuses clicks before this time.
pub(super) fn expired_before(connection: &Connection) -> Result<Option<Timestamp>, StorageError> {
    let mut select = connection.prepare_cached("SELECT expired_before FROM expiry")?;
    Ok(select.query_row([], |row| row.get(0)).optional()?)
}

/// Adds to the number of refused clicks.
pub(super) fn count_refused(connection: &Connection, clicks: u64) -> Result<(), StorageError> {
    if clicks > 0 {
        connection.prepare_cached("UPDATE expiry SET refused = refused + ?1")?.execute([clicks])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::click::Click;
    use crate::storage::CheckpointParts;
    use crate::storage::figures::{AggregateSettings, FiguresUpdate};
    use crate::storage::tests::{batch, click, open};
    use crate::storage::{BatchOutcome, StorageOptions};

    const NOW: Timestamp = at(1_000_000);

    const fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn store(storage: &Storage, times: &[i64]) -> BatchOutcome {
        let ids: Vec<String> = times.iter().map(|time| format!("click {time}")).collect();
        let clicks: Vec<_> = ids.iter().zip(times).map(|(id, time)| click(id, *time, "/a")).collect();
        storage.store(&batch(&clicks, 1)).unwrap()
    }

    /// As the aggregation does once it has counted every click up to `cursor`.
    fn count(storage: &Storage, cursor: i64, with_checkpoint: bool) {
        let settings = AggregateSettings { session_timeout_ms: 1, recent_clicks: 1 };
        let update = FiguresUpdate { changed: [], cursor, late: 0, settings };
        let parts = CheckpointParts { kept: 0, new: &mut std::iter::once(vec![1_u8]) };
        storage.write_figures(update, with_checkpoint.then_some(parts)).unwrap();
    }

    fn delete_all(storage: &Storage) -> u64 {
        let (mut from, mut clicks) = (at(i64::MIN), 0);
        loop {
            let deleted = storage.delete_expired(from, 5_000).unwrap();
            clicks += deleted.clicks;
            match deleted.next {
                Some(next) => from = next,
                None => return clicks,
            }
        }
    }

    fn expiry(storage: &Storage) -> (Option<i64>, u64, u64) {
        let Expiry { before, deleted, refused } = storage.reader().unwrap().expiry().unwrap();
        (before.map(Timestamp::as_millis), deleted, refused)
    }

    #[test]
    fn only_expired_and_counted_clicks_are_deleted_and_they_are_refused_when_they_come_again() {
        let (_directory, storage) = open();
        assert_eq!(
            (storage.advance_expiry(70, NOW).unwrap(), delete_all(&storage), expiry(&storage)),
            (None, 0, (None, 0, 0))
        );
        store(&storage, &[10, 20]);
        store(&storage, &[30, 5, 100]);
        count(&storage, 2, true);
        count(&storage, 4, false);
        assert_eq!(storage.advance_expiry(70, NOW).unwrap(), Some(at(30)));
        assert_eq!(delete_all(&storage), 2, "the click of 5 is not in the checkpoint yet");
        assert_eq!(expiry(&storage), (Some(30), 2, 0));
        let again = store(&storage, &[10, 29, 30, 31]);
        assert_eq!(again, BatchOutcome { stored: 1, duplicates: 1, expired: 2, ..BatchOutcome::default() });
        assert_eq!(storage.advance_expiry(90, NOW).unwrap(), Some(at(30)), "the boundary does not go back");
        count(&storage, 6, true);
        assert_eq!((delete_all(&storage), expiry(&storage)), (1, (Some(30), 3, 2)));
    }

    #[test]
    fn a_click_stays_while_another_of_its_user_and_moment_is_not_counted() {
        let (_directory, storage) = open();
        let other = |id, at| Click { user_id: "another", ..click(id, at, "/a") };
        storage.store(&batch(&[click("c1", 10, "/a"), other("c2", 10), click("c3", 11, "/a")], 1)).unwrap();
        storage.store(&batch(&[click("c4", 10, "/b"), click("c5", 100, "/a")], 2)).unwrap();
        count(&storage, 3, true);
        storage.advance_expiry(50, NOW).unwrap();
        assert_eq!(delete_all(&storage), 2, "c2 is of another user, c3 of another moment");
        let (reader, mut fourth) = (storage.reader().unwrap(), Vec::new());
        reader.clicks_after(3, 1, &mut fourth).unwrap();
        assert_eq!((fourth[0].timestamp, fourth[0].user, fourth[0].id), (at(10), crate::storage::UserId(1), 4));
        assert_eq!(reader.last_key_before(&fourth[0]).unwrap(), Some(crate::storage::ClickKey::new("c1")));
        count(&storage, 4, true);
        assert_eq!(delete_all(&storage), 2);
    }

    #[test]
    fn a_click_from_the_future_makes_no_other_click_expire() {
        let (_directory, storage) = open();
        store(&storage, &[500_000, 1_000_001, i64::MAX / 2]);
        count(&storage, 3, true);
        assert_eq!(storage.advance_expiry(2_000, NOW).unwrap(), Some(at(498_000)), "as if they were not there");
        assert_eq!(delete_all(&storage), 0);
        assert_eq!(storage.advance_expiry(2_000, at(1_000_001)).unwrap(), Some(at(998_001)), "the clock reached one");
        assert_eq!(delete_all(&storage), 1);
        let (_directory, storage) = open();
        store(&storage, &[1_000_001]);
        assert_eq!(storage.advance_expiry(2_000, NOW).unwrap(), None);
    }

    /// Clicks of any time, late, ahead and far ahead of a clock that goes on.
    fn any_time() -> impl Strategy<Value = i64> {
        prop_oneof![8 => 0..1_000_i64, 2 => 900..1_500_i64, 1 => Just(i64::MAX / 2), 1 => Just(i64::MIN / 2)]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn the_boundary_depends_on_the_newest_click_that_the_clock_has_reached(
            rounds in prop::collection::vec((0..400_i64, prop::collection::vec(any_time(), 0..20)), 1..6),
            retention in 1..500_i64,
        ) {
            let (_directory, storage) = open();
            let (mut now, mut kept, mut boundary, mut number) = (600, Vec::<i64>::new(), None::<i64>, 0);
            for (later, times) in rounds {
                now += later;
                let names: Vec<String> = times.iter().map(|_| { number += 1; format!("click {number}") }).collect();
                let clicks: Vec<_> = names.iter().zip(&times).map(|(name, time)| click(name, *time, "/a")).collect();
                storage.store(&batch(&clicks, 1)).unwrap();
                kept.extend(times.iter().filter(|time| boundary.is_none_or(|boundary| **time >= boundary)));
                count(&storage, storage.progress().last_click(), true);
                let newest = kept.iter().copied().filter(|time| *time <= now).max();
                boundary = boundary.max(newest.map(|newest| newest.saturating_sub(retention)));
                prop_assert_eq!(storage.advance_expiry(retention, at(now)).unwrap(), boundary.map(at));
                delete_all(&storage);
                kept.retain(|time| boundary.is_none_or(|boundary| *time >= boundary));
                prop_assert_eq!(storage.reader().unwrap().click_count().unwrap(), kept.len() as u64);
            }
        }
    }

    #[test]
    fn the_number_of_the_newest_click_is_not_used_again_after_the_click_is_deleted() {
        let (directory, storage) = open();
        store(&storage, &[100]);
        store(&storage, &[60]);
        count(&storage, 2, true);
        storage.advance_expiry(10, NOW).unwrap();
        assert_eq!(delete_all(&storage), 1);
        drop(storage);
        let storage = Storage::open(directory.path(), StorageOptions::default()).unwrap();
        assert_eq!((storage.progress().last_click(), storage.reader().unwrap().click_count().unwrap()), (2, 1));
        store(&storage, &[101]);
        assert_eq!(storage.progress().last_click(), 3);
        let mut after = Vec::new();
        storage.reader().unwrap().clicks_after(2, 10, &mut after).unwrap();
        assert_eq!(after.iter().map(|click| click.timestamp).collect::<Vec<_>>(), [at(101)]);
    }

    #[test]
    fn readers_do_not_get_deleted_clicks_after_their_figures_are_discarded() {
        let (_directory, storage) = open();
        store(&storage, &[10, 20, 100]);
        count(&storage, 3, true);
        storage.advance_expiry(50, NOW).unwrap();
        assert_eq!(delete_all(&storage), 2);
        storage.discard_figures().unwrap();
        let after = storage.reader().unwrap().clicks_after(0, 10, &mut Vec::new());
        assert!(matches!(after, Err(StorageError::ArrivalsGone { next: 1 })), "{after:?}");
        store(&storage, &[101]);
        assert_eq!(storage.progress().last_click(), 4);
    }

    #[test]
    fn many_clicks_are_deleted_in_steps_even_if_they_are_of_one_moment() {
        let (_directory, storage) = open();
        let ids: Vec<String> = (0..12_000).map(|id| format!("click {id}")).collect();
        let clicks: Vec<_> = ids.iter().map(|id| click(id, 7, "/a")).collect();
        storage.store(&batch(&clicks, 1)).unwrap();
        store(&storage, &(8..7_000).collect::<Vec<_>>());
        store(&storage, &[10_000]);
        count(&storage, 18_993, true);
        storage.advance_expiry(1_000, NOW).unwrap();
        assert_eq!(delete_all(&storage), 18_992);
        assert_eq!(storage.reader().unwrap().click_count().unwrap(), 1);
    }

    #[test]
    fn after_a_reset_old_clicks_are_accepted_again() {
        let (_directory, storage) = open();
        store(&storage, &[10, 100]);
        count(&storage, 2, true);
        storage.advance_expiry(50, NOW).unwrap();
        assert_eq!(delete_all(&storage), 1);
        storage.erase_events().unwrap();
        assert_eq!(expiry(&storage), (None, 0, 0));
        assert_eq!(store(&storage, &[10]).stored, 1);
    }
}
