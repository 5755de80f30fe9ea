//! The statements about user agents: those that are new, what they tell, and clicks with it.
//!
//! A click whose user agent tells its browser, system or device has NULL there, and the user agent in `agent`. The table `agents` tells
//! what each one means. A user agent that is not in it yet is unknown.

use super::tables::Tables;
use crate::enrich::{BOT, Bots};
use crate::protocol::breakdown::Dimension;

/// The temporary view of user agents that go into the table: `agent`, `browser`, `os`, `device`, `is_bot`, `version`.
pub(crate) const AGENTS_VIEW: &str = "clicktop_agents";

impl Tables {
    /// The columns of the clicks (`col_name`).
    pub(crate) fn columns_of_clicks(&self) -> String {
        self.template("DESCRIBE TABLE delta.`{{root}}/clicks`").filled()
    }

    /// Adds the column of user agents to clicks that were made without.
    pub(crate) fn add_agent_column(&self) -> String {
        self.template(
            "ALTER TABLE delta.`{{root}}/clicks` ADD COLUMNS (agent STRING COMMENT 'the first 2 KiB of the user agent that tells which \
             browser, os and device are NULL')",
        )
        .filled()
    }

    /// The version of the clicks whose user agents are all in the table (`version`).
    pub(crate) fn agents_cursor(&self) -> String {
        self.template("SELECT max(version) AS version FROM delta.`{{root}}/agents` WHERE agent IS NULL").filled()
    }

    /// At most `limit` user agents (`agent`) of the clicks that came after version `from` up to version `to`, or of all up to `to`, which
    /// are not in the table.
    pub(crate) fn new_agents(&self, from: Option<i64>, to: i64, limit: usize) -> String {
        let clicks = match from {
            Some(_) => {
                "table_changes_by_path('{{root}}/clicks', {{from}} + 1, {{to}}) WHERE _change_type = 'insert' AND"
            }
            None => "delta.`{{root}}/clicks` VERSION AS OF {{to}} WHERE",
        };
        let statement = format!(
            "SELECT DISTINCT agent FROM (SELECT agent FROM {clicks} agent IS NOT NULL) \
             LEFT ANTI JOIN (SELECT agent AS known FROM delta.`{{{{root}}}}/agents`) ON agent = known LIMIT {{{{limit}}}}"
        );
        self.template(statement)
            .number("from", from.unwrap_or(0))
            .number("to", to)
            .sql("limit", limit.to_string())
            .filled()
    }

    /// Adds those of [`AGENTS_VIEW`] that are not in the table, and moves the version of the row without agent forward. A merge, because
    /// then Delta sees if somebody adds the same at the same time.
    pub(crate) fn add_agents(&self) -> String {
        self.template(include_str!("agents/add.sql")).sql("view", AGENTS_VIEW).filled()
    }

    /// The rows of a version of the clicks, and the commit in which each came (`came`).
    fn clicks_at(&self, version: i64) -> String {
        self.template(
            "(SELECT *, _metadata.row_commit_version AS came FROM delta.`{{root}}/clicks` VERSION AS OF {{version}})",
        )
        .number("version", version)
        .filled()
    }

    /// These rows, each beside what its user agent tells: `agent_browser`, `agent_os`, `agent_device`, `agent_is_bot`.
    pub(super) fn clicks_with_agents(&self, version: i64) -> String {
        self.template(include_str!("agents/clicks.sql")).sql("clicks", self.clicks_at(version)).filled()
    }

    /// The rows that a breakdown by `by` reads, and its value there.
    pub(super) fn clicks_by(&self, by: Dimension, version: i64) -> (String, String) {
        let name = by.name();
        match by {
            Dimension::Browser | Dimension::Os | Dimension::Device => {
                (self.clicks_with_agents(version), self.told(name))
            }
            Dimension::Country | Dimension::City | Dimension::Url => (self.clicks_at(version), name.to_owned()),
        }
    }

    /// The field `name` (browser, os or device) of [`clicks_with_agents`](Self::clicks_with_agents).
    pub(super) fn told(&self, name: &str) -> String {
        match self.bots() {
            // The engine refuses to drop bots.
            Bots::Label | Bots::Drop if name == "device" => {
                format!("coalesce(device, IF(agent_is_bot, '{BOT}', agent_device), 'unknown')")
            }
            _ => format!("coalesce({name}, agent_{name}, 'unknown')"),
        }
    }
}
