//! The statements of housekeeping. Each can run beside rounds and beside the streaming query, and can be repeated.

use super::cursor::{CURSOR_SLICE, First};
use super::tables::Tables;

/// The property of a table that says how long Delta keeps the files of old versions.
pub(crate) const KEPT_PROPERTY: &str = "delta.deletedFileRetentionDuration";

/// The value of this property for so many hours.
pub(crate) fn kept(hours: u64) -> String {
    format!("interval {hours} hours")
}

/// A table that housekeeping tidies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tidied {
    Clicks,
    Pages,
    Pairs,
    Figures,
    Rounds,
    Agents,
}

impl Tidied {
    /// Every table.
    pub(crate) const ALL: [Tidied; 6] =
        [Tidied::Clicks, Tidied::Pages, Tidied::Pairs, Tidied::Figures, Tidied::Rounds, Tidied::Agents];

    /// Its folder below the root.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Tidied::Clicks => "clicks",
            Tidied::Pages => "pages",
            Tidied::Pairs => "pairs",
            Tidied::Figures => "figures",
            Tidied::Rounds => "rounds",
            Tidied::Agents => "agents",
        }
    }
}

impl Tables {
    fn of(&self, table: Tidied) -> String {
        format!("delta.`{}/{}`", self.root(), table.name())
    }

    /// How many files the table has, in `numFiles`.
    pub(crate) fn files(&self, table: Tidied) -> String {
        format!("DESCRIBE DETAIL {}", self.of(table))
    }

    /// Merges the small files of a table. Its rows and its changes stay the same.
    pub(crate) fn optimize(&self, table: Tidied) -> String {
        format!("OPTIMIZE {}", self.of(table))
    }

    /// Deletes the files of versions that the table no longer keeps.
    pub(crate) fn vacuum(&self, table: Tidied) -> String {
        format!("VACUUM {}", self.of(table))
    }

    /// Makes Delta keep the files of the versions of the last `hours`.
    pub(crate) fn keep_versions(&self, table: Tidied, hours: u64) -> String {
        format!("ALTER TABLE {} SET TBLPROPERTIES ('{KEPT_PROPERTY}' = '{}')", self.of(table), kept(hours))
    }

    /// The time of the newest counted click up to `latest`, in milliseconds since 1970 (`newest`).
    pub(crate) fn newest_counted(&self, latest: i64) -> String {
        format!(
            "SELECT max(last_ms) AS newest FROM {} WHERE slice > {CURSOR_SLICE} AND last_ms <= {latest}",
            self.of(Tidied::Pages)
        )
    }

    /// Keeps of the figures up to the round `before` only the last row of each url and country.
    pub(crate) fn compact_figures(&self, before: i64) -> String {
        self.template(include_str!("housekeeping/compact_figures.sql")).number("before", before).filled()
    }

    /// Deletes the clicks of the slices before `first`.
    pub(crate) fn delete_clicks_before(&self, first: First) -> String {
        format!("DELETE FROM {} WHERE slice < {first}", self.of(Tidied::Clicks))
    }

    /// Deletes the rejects that arrived before `before_ms`, in milliseconds since 1970.
    pub(crate) fn delete_rejects(&self, before_ms: i64) -> String {
        format!(
            "DELETE FROM {} WHERE slice IS NULL AND arrived < timestamp_millis({before_ms}L)",
            self.of(Tidied::Clicks)
        )
    }

    /// Deletes the lines of the log that ended before `before_ms`, in milliseconds since 1970.
    pub(crate) fn forget_rounds(&self, before_ms: i64) -> String {
        format!("DELETE FROM {} WHERE ended < timestamp_millis({before_ms}L)", self.of(Tidied::Rounds))
    }

    /// What the log says of earlier runs, in one row: when a run last began or ended (`seen_ms`), when one last deleted files (`vacuumed_ms`),
    /// when a round last ended (`counted_ms`), and the figures' round at the last run (`round`). A null stands for what has never been.
    pub(crate) fn last_housekeeping(&self) -> String {
        let with = |step| {
            format!("unix_millis(max(ended) FILTER (WHERE work = 'housekeeping' AND contains(steps, '{step}')))")
        };
        format!(
            "SELECT unix_millis(max(ended) FILTER (WHERE work <> 'round')) AS seen_ms, {} AS vacuumed_ms, \
             unix_millis(max(ended) FILTER (WHERE work = 'round')) AS counted_ms, \
             max_by(round, ended) FILTER (WHERE work = 'housekeeping') AS round FROM {}",
            with("vacuum"),
            self.of(Tidied::Rounds)
        )
    }

    /// The first claim (`who`, `began_ms`) of a run since `since_ms`.
    pub(crate) fn first_claim(&self, since_ms: i64) -> String {
        format!(
            "SELECT who, unix_millis(began) AS began_ms FROM {} WHERE work = 'claim' AND ended > timestamp_millis({since_ms}L) \
             ORDER BY began LIMIT 1",
            self.of(Tidied::Rounds)
        )
    }

    /// How many clicks are before `first` (`clicks`).
    pub(crate) fn expired(&self, first: First) -> String {
        format!("SELECT count(*) AS clicks FROM {} WHERE slice < {first}", self.of(Tidied::Clicks))
    }
}
