//! Deleting old clicks, which the figures go on counting.
//!
//! What makes that safe:
//!
//! - Only clicks that a written checkpoint of the aggregation has counted are deleted: a restart replays the others.
//! - A click that no checkpoint has counted is compared with the others of its user and moment, so those stay as well.
//! - The boundary is written before the first click goes, and only ever rises. A click before it is not taken in any more,
//!   so one that comes a second time after its deletion cannot count twice.

use rusqlite::{Connection, OptionalExtension, params};

use super::queries::newest_time;
use super::{Reader, Storage, StorageError, arrivals, erase};
use crate::click::Timestamp;

/// What became of the clicks that are older than is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expiry {
    /// No click before this time is taken in any more; `None` while none has expired.
    pub before: Option<Timestamp>,
    /// Clicks that are deleted, and that the figures count.
    pub deleted: u64,
    /// Clicks that came after they had expired, and are in no figure.
    pub refused: u64,
}

/// What one step of a deletion came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Clicks deleted.
    pub clicks: u64,
    /// The time from which the next step goes on; `None` at the end.
    pub next: Option<Timestamp>,
}

impl Storage {
    /// Lets clicks expire that are more than `retention_ms` older than the newest that is not ahead of `now`, by their own
    /// clock: a click that claims to be of the future ages no other. Returns the boundary, `None` if there is no such click.
    /// It never goes back.
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

    /// Deletes expired clicks from the time `from` on, as far as a checkpoint has counted them. It looks at about `limit`,
    /// which bounds how long the store waits for it.
    ///
    /// # Errors
    /// The database cannot be written; nothing has changed then.
    pub fn delete_expired(&self, from: Timestamp, limit: usize) -> Result<Deleted, StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, _| {
                let Some(boundary) = expired_before(connection)? else {
                    return Ok(Deleted { clicks: 0, next: None });
                };
                // The time of the click that begins the next step. Clicks of one moment go together, or a step that sees
                // nothing but them would never get past them.
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

    /// Gives up every figure, those of deleted clicks for good: what is kept is to be counted anew, and every search target
    /// to be emptied and filled anew. What has expired stays so. No stage may be at work.
    ///
    /// # Errors
    /// The database cannot be written; nothing has changed then.
    pub fn discard_figures(&self) -> Result<(), StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, _| {
                erase::forget_figures(connection)?;
                // It may still tell clicks that are deleted.
                arrivals::cut_off(connection, arrivals::last(connection)?)?;
                connection.execute("UPDATE expiry SET deleted = 0", [])?;
                Ok(())
            })
        })
    }
}

impl Reader {
    /// What became of the clicks that are older than is kept.
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

/// The time before which no click is taken in.
pub(super) fn expired_before(connection: &Connection) -> Result<Option<Timestamp>, StorageError> {
    let mut select = connection.prepare_cached("SELECT expired_before FROM expiry")?;
    Ok(select.query_row([], |row| row.get(0)).optional()?)
}

/// Counts clicks that came too late to be taken in.
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
    fn only_what_has_expired_and_is_counted_is_deleted_and_it_does_not_come_back() {
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
    fn a_click_stays_while_one_of_its_user_and_moment_is_not_counted() {
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
    fn a_click_from_the_future_lets_nothing_expire_that_is_not_old_by_the_clock() {
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
        fn the_boundary_is_measured_from_the_newest_click_that_the_clock_has_reached(
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
    fn the_newest_click_in_the_order_of_arrival_may_go_and_its_number_is_not_given_out_again() {
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
    fn deleted_clicks_are_not_told_again_once_their_figures_are_given_up() {
        let (_directory, storage) = open();
        store(&storage, &[10, 20, 100]);
        count(&storage, 3, true);
        storage.advance_expiry(50, NOW).unwrap();
        assert_eq!(delete_all(&storage), 2);
        storage.discard_figures().unwrap();
        let after = storage.reader().unwrap().clicks_after(0, 10, &mut Vec::new());
        assert!(matches!(after, Err(StorageError::OrderGone { next: 1 })), "{after:?}");
        store(&storage, &[101]);
        assert_eq!(storage.progress().last_click(), 4);
    }

    #[test]
    fn many_clicks_go_in_steps_also_if_they_are_of_one_moment() {
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
    fn a_reset_forgets_what_was_deleted_and_takes_old_clicks_again() {
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
