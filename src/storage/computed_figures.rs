//! Writes figures that another engine has computed, so that boards, `top` and the index read them as if they were counted here.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::dictionary::Dictionaries;
use super::figures::AggregateSettings;
use super::{Reader, Storage, StorageError, erase};
use crate::click::Timestamp;

/// The figures of one url × country, as another engine has computed them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComputedFigures<'a> {
    /// The url.
    pub url: &'a str,
    /// The country.
    pub country: &'a str,
    /// Distinct clicks.
    pub clicks: u64,
    /// Exact number of distinct users.
    pub unique_users: u64,
    /// Sum of the known times spent, in milliseconds.
    pub spent_ms: i64,
    /// How many times spent are known.
    pub spent_count: u64,
    /// Time of the earliest click.
    pub first_seen: Timestamp,
    /// Time of the latest click.
    pub last_seen: Timestamp,
}

/// Which tables figures come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiguresSource {
    /// The id of the tables. Tables that were made anew in the same place have another one.
    pub tables: String,
    /// Their newest reset. After a reset, the figures from before it are void.
    pub epoch: i64,
}

/// What [`Storage::adopt_source`] has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdoptedSource {
    /// The figures here are those of this round; -1 if there are none yet.
    pub round: i64,
    /// Figures of another source were here, and are erased.
    pub erased: bool,
}

impl Storage {
    /// Makes `source` the one that the figures here come from. If they come from another one, or nobody knows from which, erases them and
    /// notes that every search target must be cleared, as a reset does.
    ///
    /// # Errors
    /// The database cannot be written. Nothing has changed then.
    pub fn adopt_source(&self, source: &FiguresSource) -> Result<AdoptedSource, StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, _| {
                let round = connection
                    .query_row(
                        "SELECT round FROM computed_source WHERE tables = ?1 AND epoch = ?2",
                        params![source.tables, source.epoch],
                        |row| row.get(0),
                    )
                    .optional()?;
                if let Some(round) = round {
                    return Ok(AdoptedSource { round, erased: false });
                }
                let erased = connection.query_row("SELECT EXISTS (SELECT 1 FROM page_stats)", [], |row| row.get(0))?;
                if erased {
                    // The dictionaries stay: what is in memory holds ids of them.
                    erase::erase_figures(connection)?;
                }
                connection.execute(
                    "INSERT OR REPLACE INTO computed_source (one, tables, epoch, round) VALUES (1, ?1, ?2, -1)",
                    params![source.tables, source.epoch],
                )?;
                Ok(AdoptedSource { round: -1, erased })
            })
        })
    }

    /// Notes that the figures here are those of `round` of `source`. Does nothing if they come from another source by now.
    ///
    /// # Errors
    /// The database cannot be written. Nothing has changed then.
    pub fn set_computed_round(&self, source: &FiguresSource, round: i64) -> Result<(), StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, _| {
                connection.execute(
                    "UPDATE computed_source SET round = ?3 WHERE tables = ?1 AND epoch = ?2",
                    params![source.tables, source.epoch, round],
                )?;
                Ok(())
            })
        })
    }

    /// Writes `rows` in one transaction. A row that is there with the same figures keeps its version, so that the index does not send
    /// it again; the others get a version as [`Storage::write_figures`] gives it. `settings` are those of the figures.
    ///
    /// Returns how many rows have changed.
    ///
    /// # Errors
    /// The database cannot be written. Nothing has changed then.
    pub fn write_computed_figures<'a>(
        &self,
        rows: impl IntoIterator<Item = ComputedFigures<'a>>,
        settings: AggregateSettings,
    ) -> Result<u64, StorageError> {
        self.write(|writer| {
            writer.transaction(|connection, dictionaries| {
                let version = next_version(connection)?;
                let changed = write_rows(connection, dictionaries, rows, version)?;
                if changed > 0 {
                    note_version(connection, version, settings)?;
                }
                Ok(changed)
            })
        })
    }
}

impl Reader {
    /// Whether there are figures of this url and country.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn has_page(&self, url: &str, country: &str) -> Result<bool, StorageError> {
        let (Some(url), Some(country)) = (self.url_id(url)?, self.country_id(country)?) else { return Ok(false) };
        let mut page = self.connection.prepare_cached("SELECT 1 FROM page_stats WHERE url = ?1 AND country = ?2")?;
        Ok(page.exists(params![url, country])?)
    }

    /// The clicks that the figures count, of all pages.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn counted_clicks(&self) -> Result<u64, StorageError> {
        let mut sum = self.connection.prepare_cached("SELECT COALESCE(SUM(clicks), 0) FROM page_stats")?;
        Ok(sum.query_row([], |row| row.get(0))?)
    }

    /// The time of the newest click that the figures count and that is not after `now`, as far as the figures tell: a page that also has
    /// a click after `now` is left out. `None` if there is none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn newest_counted(&self, now: Timestamp) -> Result<Option<Timestamp>, StorageError> {
        let mut newest =
            self.connection.prepare_cached("SELECT MAX(last_seen) FROM page_stats WHERE last_seen <= ?1")?;
        Ok(newest.query_row([now], |row| row.get(0))?)
    }

    /// The time of the newest click that the figures count, also if it is ahead of the clock; `None` if there is none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn last_seen(&self) -> Result<Option<Timestamp>, StorageError> {
        let mut newest = self.connection.prepare_cached("SELECT MAX(last_seen) FROM page_stats")?;
        Ok(newest.query_row([], |row| row.get(0))?)
    }
}

/// The version of rows that are written now: `max(last + 1, milliseconds since 1970)`.
pub(super) fn next_version(connection: &Connection) -> Result<u64, StorageError> {
    let last: u64 =
        connection.query_row("SELECT COALESCE(MAX(last_version), 0) FROM aggregate_state", [], |row| row.get(0))?;
    let now = u64::try_from(Timestamp::now().as_millis()).unwrap_or(0);
    Ok(now.max(last + 1))
}

fn write_rows<'a>(
    connection: &Connection,
    dictionaries: &mut Dictionaries,
    rows: impl IntoIterator<Item = ComputedFigures<'a>>,
    version: u64,
) -> Result<u64, StorageError> {
    let mut write = connection.prepare_cached(
        "INSERT INTO page_stats (url, country, clicks, unique_users, spent_ms, spent_count, first_seen, last_seen, version)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (url, country) DO UPDATE SET clicks = excluded.clicks, unique_users = excluded.unique_users,
           spent_ms = excluded.spent_ms, spent_count = excluded.spent_count, first_seen = excluded.first_seen,
           last_seen = excluded.last_seen, version = excluded.version
         WHERE (page_stats.clicks, page_stats.unique_users, page_stats.spent_ms, page_stats.spent_count,
                page_stats.first_seen, page_stats.last_seen)
           IS NOT (excluded.clicks, excluded.unique_users, excluded.spent_ms, excluded.spent_count, excluded.first_seen,
                   excluded.last_seen)",
    )?;
    let mut changed = 0;
    for row in rows {
        let url = dictionaries.url(connection, row.url)?;
        let country = dictionaries.country(connection, row.country)?;
        changed += write.execute(params![
            url,
            country,
            row.clicks,
            row.unique_users,
            row.spent_ms,
            row.spent_count,
            row.first_seen,
            row.last_seen,
            version
        ])? as u64;
    }
    Ok(changed)
}

/// Notes `version` as the newest. No click of this database is counted, so the cursor stays at 0.
fn note_version(connection: &Connection, version: u64, settings: AggregateSettings) -> Result<(), StorageError> {
    connection.execute(
        "INSERT INTO aggregate_state (one, cursor, late, last_version, session_timeout_ms, recent_clicks)
         VALUES (1, 0, 0, ?1, ?2, ?3)
         ON CONFLICT (one) DO UPDATE SET last_version = excluded.last_version,
           session_timeout_ms = excluded.session_timeout_ms, recent_clicks = excluded.recent_clicks",
        params![version, settings.session_timeout_ms, settings.recent_clicks],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::figures::IndexCursor;
    use crate::storage::tests::open;

    const SETTINGS: AggregateSettings = AggregateSettings { session_timeout_ms: 1_800_000, recent_clicks: 1 };

    fn row<'a>(url: &'a str, country: &'a str, clicks: u64) -> ComputedFigures<'a> {
        ComputedFigures {
            url,
            country,
            clicks,
            unique_users: 1,
            spent_ms: 500,
            spent_count: 1,
            first_seen: Timestamp::from_millis(-1),
            last_seen: Timestamp::from_millis(7),
        }
    }

    #[test]
    fn computed_figures_show_in_top_and_only_what_differs_goes_to_the_index() {
        let (_directory, storage) = open();
        let rows = [row("/a", "FR", 3), row("/a", "DE", 2), row("/b", "FR", 1)];
        assert_eq!(storage.write_computed_figures(rows, SETTINGS).unwrap(), 3);
        let reader = storage.reader().unwrap();
        let shown = |reader: &Reader| -> Vec<(String, String, u64, u64, Option<f64>)> {
            let pages = reader.top(None, crate::protocol::view::SortBy::Clicks, None).unwrap();
            let row = |page: crate::storage::Page| {
                (page.url.to_string(), page.country.to_string(), page.clicks, page.unique_users, page.avg_time_spent)
            };
            pages.into_iter().map(row).collect()
        };
        let wanted = |first: u64| {
            vec![
                ("/a".into(), "FR".into(), first, 1, Some(0.5)),
                ("/a".into(), "DE".into(), 2, 1, Some(0.5)),
                ("/b".into(), "FR".into(), 1, 1, Some(0.5)),
            ]
        };
        assert_eq!(shown(&reader), wanted(3));
        assert_eq!((reader.page_count().unwrap(), reader.counted_clicks().unwrap()), (3, 6));
        let at = Timestamp::from_millis;
        assert_eq!([at(6), at(7)].map(|now| reader.newest_counted(now).unwrap()), [None, Some(at(7))]);
        assert_eq!(reader.last_seen().unwrap(), Some(at(7)));
        let seen = reader.pages_after(IndexCursor::default(), 10).unwrap().last().unwrap().at;

        // The same again changes nothing, and of one that differs only that one waits for the index.
        assert_eq!(storage.write_computed_figures(rows, SETTINGS).unwrap(), 0);
        assert_eq!(reader.pages_pending(seen).unwrap(), 0);
        assert_eq!(storage.write_computed_figures([row("/a", "FR", 4), row("/b", "FR", 1)], SETTINGS).unwrap(), 1);
        assert_eq!(shown(&reader), wanted(4));
        let pending = reader.pages_after(seen, 10).unwrap();
        assert_eq!(pending.len(), 1);
        assert!(pending[0].at.version > seen.version);
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind_and_can_be_repeated() {
        let (_directory, storage) = open();
        let connection = crate::storage::tests::sql(&storage);
        connection
            .execute_batch(
                "CREATE TRIGGER refuse BEFORE INSERT ON page_stats WHEN NEW.clicks = 2 BEGIN SELECT RAISE(ABORT, 'no'); END",
            )
            .unwrap();
        let rows = [row("/a", "FR", 1), row("/b", "DE", 2)];
        storage.write_computed_figures(rows, SETTINGS).unwrap_err();
        assert_eq!(storage.reader().unwrap().page_count().unwrap(), 0);
        connection.execute_batch("DROP TRIGGER refuse").unwrap();
        assert_eq!(storage.write_computed_figures(rows, SETTINGS).unwrap(), 2);
    }

    #[test]
    fn figures_of_other_tables_or_from_before_a_reset_are_erased_and_the_targets_must_be_cleared() {
        let (_directory, storage) = open();
        let outdated = || storage.reader().unwrap().target_state("engine").unwrap().unwrap().outdated;
        storage.register_target("engine").unwrap();
        let source = |tables: &str, epoch| FiguresSource { tables: tables.to_owned(), epoch };
        let ours = source("a", 0);
        let adopted = |round, erased| AdoptedSource { round, erased };

        assert_eq!(storage.adopt_source(&ours).unwrap(), adopted(-1, false), "an empty database takes any source");
        storage.write_computed_figures([row("/a", "FR", 3)], SETTINGS).unwrap();
        storage.set_computed_round(&ours, 7).unwrap();
        assert_eq!(storage.adopt_source(&ours).unwrap(), adopted(7, false), "the same source goes on");
        assert!(!outdated());

        for (other, what) in [(source("a", 3), "a reset elsewhere"), (source("b", 3), "tables made anew")] {
            let version = storage.reader().unwrap().pages_after(IndexCursor::default(), 1).unwrap()[0].at.version;
            assert_eq!(storage.adopt_source(&other).unwrap(), adopted(-1, true), "{what}");
            assert_eq!(storage.reader().unwrap().page_count().unwrap(), 0, "{what}");
            assert!(outdated(), "{what}");
            storage.mark_target_cleared("engine").unwrap();
            storage.set_computed_round(&ours, 8).unwrap();
            assert_eq!(
                storage.adopt_source(&other).unwrap(),
                adopted(-1, false),
                "{what}: a late note changes nothing"
            );
            // The same url again, whose id may be in memory; the new version is above that of a deleted document.
            storage.write_computed_figures([row("/a", "FR", 1)], SETTINGS).unwrap();
            let pages = storage.reader().unwrap().pages_after(IndexCursor::default(), 1).unwrap();
            assert!(pages[0].at.version > version + 1, "{what}");
        }

        storage.erase_events().unwrap();
        storage.mark_target_cleared("engine").unwrap();
        assert_eq!(
            storage.adopt_source(&ours).unwrap(),
            adopted(-1, false),
            "a reset here has erased everything already"
        );
        assert!(!outdated());
    }

    #[test]
    fn figures_of_which_nobody_knows_the_source_are_erased() {
        let (_directory, storage) = open();
        storage.write_computed_figures([row("/a", "FR", 3)], SETTINGS).unwrap();
        let source = FiguresSource { tables: "a".to_owned(), epoch: 0 };
        assert_eq!(storage.adopt_source(&source).unwrap(), AdoptedSource { round: -1, erased: true });
    }

    #[test]
    fn after_a_reset_computed_figures_have_newer_versions() {
        let (_directory, storage) = open();
        storage.write_computed_figures([row("/a", "FR", 1)], SETTINGS).unwrap();
        let before = storage.reader().unwrap().pages_after(IndexCursor::default(), 1).unwrap()[0].at.version;
        storage.erase_events().unwrap();
        assert_eq!(storage.reader().unwrap().page_count().unwrap(), 0);
        assert_eq!(storage.write_computed_figures([row("/a", "FR", 1)], SETTINGS).unwrap(), 1);
        let after = storage.reader().unwrap().pages_after(IndexCursor::default(), 1).unwrap()[0].at.version;
        assert!(after > before + 1);
    }
}
