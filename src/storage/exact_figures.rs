//! Figures in order of their texts, for a comparison with those of another engine: computed from the clicks, and as they are kept.

use std::ops::ControlFlow;

use rusqlite::{Params, Row};

use super::schema::EXACT_FIGURES;
use super::{ComputedFigures, Reader, StorageError};

/// The figures as they are kept.
const KEPT: &str =
    "SELECT urls.url, countries.country, clicks, unique_users, spent_ms, spent_count, first_seen, last_seen
    FROM page_stats
    JOIN urls ON urls.id = page_stats.url
    JOIN countries ON countries.id = page_stats.country
    ORDER BY urls.url, countries.country";

impl Reader {
    /// Computes the figures of all stored clicks by one query, and passes them to `take` in order of url and country (as bytes), until
    /// `take` breaks.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn exact_figures(
        &self,
        session_timeout_ms: i64,
        take: impl FnMut(ComputedFigures<'_>) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        self.each_figures(EXACT_FIGURES, [session_timeout_ms], take)
    }

    /// Passes the kept figures to `take`, in the same order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn kept_figures(&self, take: impl FnMut(ComputedFigures<'_>) -> ControlFlow<()>) -> Result<(), StorageError> {
        self.each_figures(KEPT, [], take)
    }

    fn each_figures(
        &self,
        query: &str,
        parameters: impl Params,
        mut take: impl FnMut(ComputedFigures<'_>) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        let mut select = self.connection.prepare(query)?;
        let mut rows = select.query(parameters)?;
        while let Some(row) = rows.next()? {
            if take(figures(row)?).is_break() {
                break;
            }
        }
        Ok(())
    }
}

fn figures<'r>(row: &'r Row<'_>) -> rusqlite::Result<ComputedFigures<'r>> {
    Ok(ComputedFigures {
        url: row.get_ref(0)?.as_str()?,
        country: row.get_ref(1)?.as_str()?,
        clicks: row.get(2)?,
        unique_users: row.get(3)?,
        spent_ms: row.get(4)?,
        spent_count: row.get(5)?,
        first_seen: row.get(6)?,
        last_seen: row.get(7)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::click::{Click, Timestamp};
    use crate::storage::BATCH_QUERY;
    use crate::storage::figures::AggregateSettings;
    use crate::storage::tests::{batch, click, open, sql};

    #[test]
    fn exact_figures_are_those_of_the_batch_query_in_order_of_bytes() {
        let (_directory, storage) = open();
        let other = |id, at, url| Click { user_id: "other", country: "DE", ..click(id, at, url) };
        let clicks = [
            click("a", 0, "/é"),
            click("b", 700, "/z"),
            click("c", 2_000_000, "/é"),
            other("d", 5, "/é"),
            other("e", 5, "/Z"),
            other("f", -9, "/z"),
        ];
        storage.store(&batch(&clicks, 1)).unwrap();
        let mut found = Vec::new();
        let mut take = |row: ComputedFigures<'_>| {
            let mean = (row.spent_count > 0).then(|| row.spent_ms as f64 / 1000.0 / row.spent_count as f64);
            let (first, last) = (row.first_seen, row.last_seen);
            found.push((row.url.to_owned(), row.country.to_owned(), row.clicks, row.unique_users, mean, first, last));
            ControlFlow::Continue(())
        };
        storage.reader().unwrap().exact_figures(1_000, &mut take).unwrap();
        assert!(found.is_sorted_by(|a, b| (&a.0, &a.1) < (&b.0, &b.1)), "{found:?}");
        let connection = sql(&storage);
        let mut select = connection.prepare(BATCH_QUERY).unwrap();
        let mut wanted: Vec<(String, String, u64, u64, Option<f64>)> = select
            .query_map([1_000], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        wanted.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        let without_times: Vec<_> = found.iter().cloned().map(|f| (f.0, f.1, f.2, f.3, f.4)).collect();
        assert_eq!(without_times, wanted);
        let z = found.iter().find(|row| (row.0.as_str(), row.1.as_str()) == ("/z", "DE")).unwrap();
        assert_eq!((z.5, z.6), (Timestamp::from_millis(-9), Timestamp::from_millis(-9)));
    }

    #[test]
    fn kept_figures_come_as_they_were_written() {
        let (_directory, storage) = open();
        let row = |url| ComputedFigures {
            url,
            country: "FR",
            clicks: 3,
            unique_users: 2,
            spent_ms: 1,
            spent_count: 1,
            first_seen: Timestamp::from_millis(-1),
            last_seen: Timestamp::from_millis(7),
        };
        let settings = AggregateSettings { session_timeout_ms: 1_800_000, recent_clicks: 1 };
        storage.write_computed_figures([row("/b"), row("/a")], settings).unwrap();
        let mut found = Vec::new();
        let take = |row: ComputedFigures<'_>| {
            found.push((row.url.to_owned(), row.clicks, row.first_seen));
            ControlFlow::Continue(())
        };
        storage.reader().unwrap().kept_figures(take).unwrap();
        let at = Timestamp::from_millis(-1);
        assert_eq!(found, [("/a".to_owned(), 3, at), ("/b".to_owned(), 3, at)]);
    }
}
