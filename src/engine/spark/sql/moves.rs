//! The statements of a move between the tables and a data directory.

use super::tables::Tables;

/// The temporary view of the rows that are sent.
pub(crate) const MOVED_VIEW: &str = "clicktop_moved";

impl Tables {
    /// Adds the clicks of [`MOVED_VIEW`]: `slice`, `ts`, `number` and the eight texts.
    pub(crate) fn add_moved_clicks(&self) -> String {
        self.template(include_str!("moves/clicks.sql")).filled()
    }

    /// Adds the rejects of [`MOVED_VIEW`]: `topic`, `partition`, `offset`, `at_ms`, `reason`, `payload`.
    pub(crate) fn add_moved_rejects(&self) -> String {
        self.template(include_str!("moves/rejects.sql")).filled()
    }

    /// A row if the table of clicks holds anything.
    pub(crate) fn any_row(&self) -> String {
        self.template("SELECT 1L AS one FROM delta.`{{root}}/clicks` LIMIT 1").filled()
    }

    /// Deletes every row of the table of clicks.
    pub(crate) fn delete_clicks(&self) -> String {
        self.template("DELETE FROM delta.`{{root}}/clicks`").filled()
    }

    /// Notes `value` as a property of the table of clicks. The value must have no quotes and no backslashes but `"`.
    pub(crate) fn set_property(&self, name: &'static str, value: &str) -> String {
        self.template("ALTER TABLE delta.`{{root}}/clicks` SET TBLPROPERTIES ('{{name}}' = '{{value}}')")
            .sql("name", name)
            .sql("value", value)
            .filled()
    }

    /// For each slice in ascending order: `slice`, `clicks`, `digest`. With `copies`, every row counts; without, a click counts once.
    pub(crate) fn digests(&self, version: i64, copies: bool) -> String {
        let clicks = if copies { self.rows(version, "") } else { self.distinct(version, "") };
        self.template(include_str!("moves/digests.sql")).sql("clicks", clicks).filled()
    }

    /// The clicks of the slices from `first` to `last`, each once, in order of time.
    pub(crate) fn clicks_of(&self, version: i64, first: i64, last: i64) -> String {
        let clicks = self.distinct(version, &format!("AND slice BETWEEN {first} AND {last}"));
        format!(
            "SELECT ts, click_id, user_id, url, country, city, browser, os, device FROM {clicks} ORDER BY ts, click_id"
        )
    }

    /// `rejects` and `digest` of all rejects.
    pub(crate) fn reject_digest(&self, version: i64) -> String {
        self.template(include_str!("moves/reject_digest.sql")).number("version", version).filled()
    }

    /// At most `limit` newest rejects, the oldest of them first.
    pub(crate) fn moved_rejects(&self, version: i64, limit: u64) -> String {
        self.template(include_str!("moves/newest_rejects.sql"))
            .number("version", version)
            .sql("limit", limit.min(i32::MAX.unsigned_abs().into()).to_string())
            .filled()
    }

    /// The figures of all clicks up to `version`, in order of url and country.
    pub(crate) fn ordered_batch(&self, version: i64) -> String {
        format!("SELECT * FROM ({}) ORDER BY url, country", self.batch(version))
    }

    /// The newest commits of the table of clicks, the newest first.
    pub(crate) fn commits(&self, limit: u32) -> String {
        self.template("DESCRIBE HISTORY delta.`{{root}}/clicks` LIMIT {{limit}}").number("limit", limit).filled()
    }

    /// The files at `path`, which is a part of a root: their number (0 for a name that is none) and their text. At most `limit`, those with
    /// the greatest numbers.
    pub(crate) fn newest_files(path: &str, limit: u32) -> String {
        format!(
            "SELECT coalesce(try_cast(element_at(split(path, '/'), -1) AS BIGINT), 0L) AS number, CAST(content AS STRING) AS text \
             FROM binaryFile.`{path}` ORDER BY number DESC LIMIT {limit}"
        )
    }

    fn rows(&self, version: i64, and: &str) -> String {
        self.template(
            "(SELECT slice, ts, click_id, user_id, url, country, city, {{browser}} AS browser, {{os}} AS os, {{device}} AS device, \
             partition, offset, came FROM {{clicks}} WHERE slice IS NOT NULL {{and}})",
        )
        .sql("clicks", self.clicks_with_agents(version))
        .sql("browser", self.told("browser"))
        .sql("os", self.told("os"))
        .sql("device", self.told("device"))
        .sql("and", and)
        .filled()
    }

    /// Of copies of a click, the one that came first.
    fn distinct(&self, version: i64, and: &str) -> String {
        format!(
            "(SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY ts, click_id ORDER BY came, partition, offset) AS copy FROM {}) \
             WHERE copy = 1)",
            self.rows(version, and)
        )
    }
}
