//! Reads whole tables row by row, in an order. SQLite sorts large tables on disk, so memory holds one row at a time.

use std::ops::ControlFlow;

use rusqlite::{InterruptHandle, params};

use super::figures::PageFigures;
use super::model::CountryId;
use super::reader::{at_most_i64, page_figures};
use super::rejects::kept_reject;
use super::{KeptReject, Reader, StorageError};
use crate::protocol::SortBy;
use crate::protocol::view::RowOrder;

/// Stops a query that runs in another thread. The query fails there.
pub struct Interrupt(InterruptHandle);

impl Interrupt {
    /// Stops the query.
    pub fn now(&self) {
        self.0.interrupt();
    }
}

impl std::fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Interrupt")
    }
}

impl Reader {
    /// A handle that stops queries of this reader.
    pub fn interrupt(&self) -> Interrupt {
        Interrupt(self.connection.get_interrupt_handle())
    }

    /// Every country that a click has named, in alphabetical order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn countries(&self) -> Result<Vec<String>, StorageError> {
        let mut select = self.connection.prepare_cached("SELECT country FROM countries ORDER BY country")?;
        let names = select.query_map([], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// How many pages of `country` have a click, or of all countries if `None`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn page_count_of(&self, country: Option<CountryId>) -> Result<u64, StorageError> {
        let Some(country) = country else { return self.page_count() };
        let mut count = self.connection.prepare_cached("SELECT COUNT(*) FROM page_stats WHERE country = ?1")?;
        Ok(count.query_row([country], |row| row.get(0))?)
    }

    /// Passes the figures of every page of `country`, or of all countries if `None`, to `take`, largest first, until `take` breaks. Pages
    /// with equal figures come by row id.
    ///
    /// # Errors
    /// The database cannot be read, or `take` fails.
    pub fn figures_in_order<E: From<StorageError>>(
        &self,
        country: Option<CountryId>,
        order: RowOrder,
        mut take: impl FnMut(&PageFigures) -> Result<ControlFlow<()>, E>,
    ) -> Result<ControlFlow<()>, E> {
        let by = match order.sort {
            SortBy::Clicks | SortBy::Rising => "clicks DESC, unique_users DESC".to_owned(),
            SortBy::Users => "unique_users DESC, clicks DESC".to_owned(),
            SortBy::Time => format!(
                "spent_count < {}, CASE WHEN spent_count > 0 THEN spent_ms / 1000.0 / spent_count END DESC NULLS LAST,
                 clicks DESC, unique_users DESC",
                at_most_i64(order.min_timed)
            ),
        };
        let select = format!(
            "SELECT id, url, country, clicks, unique_users, spent_ms, spent_count, first_seen, last_seen
             FROM page_stats WHERE ?1 IS NULL OR country = ?1 ORDER BY {by}, url, country"
        );
        let mut select = self.connection.prepare_cached(&select).map_err(StorageError::from)?;
        let mut rows = select.query(params![country]).map_err(StorageError::from)?;
        while let Some(row) = rows.next().map_err(StorageError::from)? {
            if take(&page_figures(row).map_err(StorageError::from)?)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Passes every reject to `take`, newest first, each with at most `payload_bytes` of its payload, until `take` breaks.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn rejects_while(
        &self,
        payload_bytes: usize,
        mut take: impl FnMut(KeptReject) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StorageError> {
        // `substr` turns an empty payload into NULL.
        let mut select = self.connection.prepare_cached(
            "SELECT at, stage, topic, partition, \"offset\", reason, COALESCE(substr(payload, 1, ?1), x''), payload_bytes
             FROM rejects ORDER BY id DESC",
        )?;
        let mut rows = select.query([payload_bytes as u64])?;
        while let Some(row) = rows.next()? {
            if take(kept_reject(row)?).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use crate::storage::Reject;
    use crate::storage::tests::open;

    use super::*;
    use crate::click::Timestamp;
    use crate::protocol::view::MIN_TIMED;
    use crate::storage::ComputedFigures;
    use crate::storage::figures::AggregateSettings;

    #[test]
    fn a_mean_of_too_few_known_times_comes_after_all_others() {
        let (_directory, storage) = open();
        let at = Timestamp::from_millis(0);
        let row = |url, spent_count, seconds: i64| ComputedFigures {
            url,
            country: "FR",
            clicks: 100,
            unique_users: 1,
            spent_ms: seconds * 1000 * i64::try_from(spent_count).unwrap(),
            spent_count,
            first_seen: at,
            last_seen: at,
        };
        let rows =
            [row("/none", 0, 0), row("/one", 1, 900), row("/nine", 9, 800), row("/ten", 10, 5), row("/many", 70, 7)];
        let settings = AggregateSettings { session_timeout_ms: 1_800_000, recent_clicks: 1 };
        storage.write_computed_figures(rows, settings).unwrap();
        let reader = storage.reader().unwrap();
        for (min_timed, wanted) in [
            (0, ["/one", "/nine", "/many", "/ten", "/none"]),
            (MIN_TIMED, ["/many", "/ten", "/one", "/nine", "/none"]),
            (u64::MAX, ["/one", "/nine", "/many", "/ten", "/none"]),
        ] {
            let order = RowOrder { sort: SortBy::Time, min_timed };
            let top = reader.top(None, order, Some(9)).unwrap();
            assert_eq!(top.iter().map(|page| &*page.url).collect::<Vec<_>>(), wanted, "{min_timed}");
            assert!(top.iter().any(|page| page.timed == 70));
            let mut found = Vec::new();
            let read = reader.figures_in_order(None, order, |page| {
                found.push(reader.url(page.url)?);
                Ok::<_, StorageError>(ControlFlow::Continue(()))
            });
            assert!(read.unwrap().is_continue());
            assert_eq!(found, wanted, "{min_timed}");
        }
    }

    #[test]
    fn rejects_come_newest_first_until_the_callback_breaks() {
        let (_directory, storage) = open();
        for offset in 0..5 {
            storage.keep_rejects(&[Reject::message("t", 0, offset, "bad".to_owned(), b"0123456789")]).unwrap();
        }
        let reader = storage.reader().unwrap();
        let mut seen = Vec::new();
        let read = reader.rejects_while(4, |kept| {
            seen.push((kept.offset.unwrap(), kept.payload.len(), kept.payload_bytes));
            ControlFlow::Continue(())
        });
        assert_eq!(read.unwrap(), ControlFlow::Continue(()));
        assert_eq!(seen, [(4, 4, 10), (3, 4, 10), (2, 4, 10), (1, 4, 10), (0, 4, 10)]);
        let mut count = 0;
        let read = reader.rejects_while(4, |_| {
            count += 1;
            if count == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!((read.unwrap(), count), (ControlFlow::Break(()), 2));
    }
}
