//! The statements of a rebuild: every table of counts anew, from the clicks up to one version.

use super::cursor::Cursor;
use super::tables::Tables;
use super::template::Template;

/// A rebuild from the clicks up to the version `content`, which counts as the round `to`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rebuild<'t> {
    tables: &'t Tables,
    content: i64,
    to: i64,
    /// The cursor that the pages get.
    cursor: Cursor,
}

impl<'t> Rebuild<'t> {
    pub(crate) fn new(tables: &'t Tables, content: i64, to: i64, cursor: Cursor) -> Self {
        Self { tables, content, to, cursor }
    }

    fn template(&self, text: &'static str) -> Template {
        let template = self.tables.template(text).number("content", self.content).number("to", self.to);
        template.number("floor", self.cursor.first).sql("cursor", self.cursor.row(None))
    }

    /// Every pair.
    pub(crate) fn pairs(&self) -> String {
        self.template(include_str!("rebuild/pairs.sql")).filled()
    }

    /// Every slice, and the cursor.
    pub(crate) fn pages(&self) -> String {
        self.template(include_str!("rebuild/pages.sql")).filled()
    }

    /// Every figure. `pages_version` is the version of the pages that [`pages`](Self::pages) has made.
    pub(crate) fn figures(&self, pages_version: i64) -> String {
        self.template(include_str!("rebuild/figures.sql")).number("pages_version", pages_version).filled()
    }
}

impl Tables {
    /// A new version of the clicks without a click, by the transaction that the session is in.
    pub(crate) fn empty_version(&self) -> String {
        let root = self.root();
        format!("INSERT INTO delta.`{root}/clicks` SELECT * FROM delta.`{root}/clicks` WHERE false")
    }

    /// How the figures of one version differ from those of a later one: `pages`, `clicks`, `wrong`, `missing`, `surplus`.
    pub(crate) fn differences(&self, before: i64, after: i64) -> String {
        self.template(include_str!("rebuild/differences.sql")).number("before", before).number("after", after).filled()
    }

    /// Makes the table of the lease.
    pub(crate) fn make_lease(&self) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS delta.`{}/lease` (one INT, owner STRING, until TIMESTAMP) USING delta \
             TBLPROPERTIES ('clicktop.schema' = '{}')",
            self.root(),
            super::tables::FIRST_SCHEMA
        )
    }

    /// Takes or renews the lease for the id `owner`, unless another owner holds it.
    pub(crate) fn take_lease(&self, owner: uuid::Uuid, seconds: u32) -> String {
        let owner = owner.simple().to_string();
        self.template(include_str!("rebuild/lease.sql")).sql("owner", owner).number("seconds", seconds).filled()
    }

    /// Gives the lease back.
    pub(crate) fn end_lease(&self, owner: uuid::Uuid) -> String {
        format!("DELETE FROM delta.`{}/lease` WHERE owner = '{}'", self.root(), owner.simple())
    }

    /// In the column `left` for how many seconds others than `owner` hold the lease: 0 if nobody does.
    pub(crate) fn lease_of_others(&self, owner: uuid::Uuid) -> String {
        format!(
            "SELECT coalesce(max(unix_seconds(until) - unix_seconds(current_timestamp()) + 1), 0L) AS left FROM delta.`{}/lease` \
             WHERE until > current_timestamp() AND owner <> '{}'",
            self.root(),
            owner.simple()
        )
    }
}
