//! The tables, which are Delta tables by path, and a round of aggregation over them.
//!
//! A round counts the versions of the table `clicks` after its cursor: it adds pairs, then counts the touched slices anew and moves the
//! cursor, then adds what has changed to the figures. Each step is one commit, and carries the version that is counted as its transaction
//! id ([`Round::TRANSACTIONS`]), so a step that is repeated after a crash, or that another console has done, changes nothing.

use super::template::{Template, comma_separated};

/// The version of the tables' schema; the table property `clicktop.schema`.
pub(crate) const SCHEMA: i32 = 1;

/// The slice of the cursor's row, before the slices of all times. The statements in the files name it, too.
pub(crate) const CURSOR_SLICE: i32 = -2_000_000_000;

/// A folder that holds the tables. It can be a part of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Root(String);

/// Why a path cannot be a root. The message continues after the name of the setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RootError {
    /// It is empty.
    #[error("is empty; name a folder that the cluster can write, such as s3a://bucket/clicktop")]
    Empty,
    /// It has a character that ends a quotation in SQL, or that Spark's file systems do not take.
    #[error("contains {character:?}; use a path of letters, digits and `-_./:=@%+~` only")]
    Character {
        /// The first such character.
        character: char,
    },
}

impl std::str::FromStr for Root {
    type Err = RootError;

    fn from_str(path: &str) -> Result<Self, RootError> {
        let path = path.trim_end_matches('/');
        if path.is_empty() {
            return Err(RootError::Empty);
        }
        let is_fine = |c: &char| c.is_alphanumeric() || "-_./:=@%+~".contains(*c);
        match path.chars().find(|c| !is_fine(c)) {
            Some(character) => Err(RootError::Character { character }),
            None => Ok(Self(path.to_owned())),
        }
    }
}

impl std::fmt::Display for Root {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How time is cut into slices, which are the partitions of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slices(i64);

impl Slices {
    /// Slices of this many minutes, at least one.
    pub(crate) fn of_minutes(minutes: u32) -> Self {
        Self(i64::from(minutes.max(1)) * 60_000)
    }

    /// The length of a slice in milliseconds.
    pub(crate) fn millis(self) -> i64 {
        self.0
    }

    /// The slice of a time in milliseconds since 1970.
    pub(super) fn of_time(self, millis: i64) -> i32 {
        let slice = millis.div_euclid(self.0);
        i32::try_from(slice).unwrap_or(if slice < 0 { i32::MIN } else { i32::MAX })
    }

    /// How many slices a gap of `millis` may reach over, rounded up.
    fn reached_in(self, millis: i64) -> i32 {
        i32::try_from(millis.saturating_add(self.0 - 1).div_euclid(self.0)).unwrap_or(i32::MAX)
    }
}

/// The statements on the tables of one root.
#[derive(Debug, Clone)]
pub(crate) struct Tables {
    root: Root,
    slices: Slices,
    /// The session timeout, in milliseconds.
    timeout_ms: i64,
}

/// The first slice whose clicks are kept; earlier clicks are gone by retention.
pub(crate) type First = i32;

impl Tables {
    /// The tables in `root`, with a session timeout in milliseconds.
    pub(crate) fn new(root: Root, slices: Slices, timeout_ms: i64) -> Self {
        Self { root, slices, timeout_ms }
    }

    /// The folder of the tables.
    pub(super) fn root(&self) -> &Root {
        &self.root
    }

    /// How time is cut into slices.
    pub(super) fn slices(&self) -> Slices {
        self.slices
    }

    pub(super) fn template(&self, text: &'static str) -> Template {
        Template::new(text)
            .sql("root", self.root.to_string())
            .number("slice_ms", self.slices.millis())
            .number("timeout_ms", self.timeout_ms)
            .number("schema", SCHEMA)
    }

    /// The statements that create the tables that do not exist.
    pub(crate) fn setup(&self) -> Vec<String> {
        self.template(include_str!("setup.sql")).filled().split("\n;\n").map(str::to_owned).collect()
    }

    /// The newest version of a table, in the column `version`.
    pub(crate) fn newest_version(&self, table: &str) -> String {
        format!("DESCRIBE HISTORY delta.`{}/{table}` LIMIT 1", self.root)
    }

    /// The cursor: the counted version (`clicks`) and the first slice whose clicks are kept (`known`). No row before the first round.
    pub(crate) fn cursor(&self) -> String {
        format!("SELECT clicks, known FROM delta.`{}/pages` WHERE slice = {CURSOR_SLICE}", self.root)
    }

    /// The round that the figures have come to (`round`), and the version of the table `pages` that they hold (`clicks`). No row before the
    /// first round.
    pub(crate) fn figures_cursor(&self) -> String {
        format!("SELECT round, clicks FROM delta.`{}/figures` WHERE url IS NULL ORDER BY round DESC LIMIT 1", self.root)
    }

    /// The round that counts the versions after `from` (`None`: all) up to `to`.
    pub(crate) fn round(&self, from: Option<i64>, to: i64, first: First) -> Round<'_> {
        Round { tables: self, from, to, first, is_large: from.is_none() }
    }

    /// The figures that the rounds after `from` up to `to` have changed.
    pub(crate) fn changed_figures(&self, from: i64, to: i64) -> String {
        self.template(include_str!("changed_figures.sql")).number("from", from).number("to", to).filled()
    }

    /// The figures of all clicks up to version `to`, in one query.
    pub(crate) fn batch(&self, to: i64) -> String {
        self.template(include_str!("batch.sql")).number("to", to).filled()
    }

    /// The newest lines of the log of rounds, newest first.
    pub(crate) fn newest_rounds(&self, most: u32) -> String {
        format!(
            "SELECT round, counted, work, who, unix_millis(began) AS began_ms, unix_millis(ended) AS ended_ms, steps, clicks, slices, pairs, \
             figures FROM delta.`{}/rounds` WHERE work <> 'claim' ORDER BY ended DESC LIMIT {most}",
            self.root
        )
    }

    /// Adds a line to the log of rounds; `values` are literals, in the order of the columns.
    pub(crate) fn note_round(&self, values: &str) -> String {
        format!("INSERT INTO delta.`{}/rounds` SELECT {values}", self.root)
    }

}

/// The statements of one round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round<'t> {
    tables: &'t Tables,
    from: Option<i64>,
    to: i64,
    first: First,
    /// Whether the new clicks are too many to be broadcast, and the results too many for one task.
    is_large: bool,
}

impl Round<'_> {
    /// The applications of the transaction ids: of [`pairs`](Self::pairs), [`pages`](Self::pages) and [`figures`](Self::figures).
    pub(crate) const TRANSACTIONS: [&'static str; 3] = ["clicktop-pairs", "clicktop-pages", "clicktop-figures"];

    /// New clicks that are broadcast at most: 50 MB on every executor.
    const MOST_BROADCAST: u64 = 500_000;

    /// The same round up to the version `to`.
    #[must_use]
    pub(crate) fn up_to(mut self, to: i64) -> Self {
        self.to = to;
        self
    }

    /// The same round, which has so many new clicks: a small one needs fewer tasks.
    #[must_use]
    pub(crate) fn of(mut self, clicks: u64) -> Self {
        self.is_large = clicks > Self::MOST_BROADCAST;
        self
    }

    fn template(&self, text: &'static str) -> Template {
        let (parts, broadcast_delta) =
            if self.is_large { ("/*+ REBALANCE */", "") } else { ("/*+ COALESCE(1) */", "/*+ BROADCAST(d) */") };
        self.tables
            .template(text)
            .number("to", self.to)
            .number("floor", self.first)
            .sql("parts", parts)
            .sql("broadcast_delta", broadcast_delta)
    }

    /// Creates the temporary view `clicktop_new` of the new clicks, which the other statements read.
    pub(crate) fn new_clicks(&self) -> String {
        match self.from {
            Some(from) => self.template(include_str!("round/new_clicks.sql")).number("from", from).filled(),
            None => self.template(include_str!("round/all_clicks.sql")).filled(),
        }
    }

    /// The slices that the new clicks touch (`slice`), with their number of new clicks (`clicks`). A slice before the first one that is
    /// kept tells how many new clicks are too old to be counted.
    pub(crate) fn touched(&self) -> String {
        self.template(include_str!("round/touched.sql")).filled()
    }

    /// Adds the new pairs.
    pub(crate) fn pairs(&self, touched: &[i32]) -> String {
        let (root, to, touched) = (&self.tables.root, self.to, listed(touched));
        let hint = |table| if self.is_large { String::new() } else { format!("/*+ BROADCAST({table}) */") };
        let (copies, seen) = match self.from {
            None => ("clicktop_new".to_owned(), format!("delta.`{root}/pairs`")),
            // A few new clicks are broadcast, so neither clicks nor pairs are shuffled.
            Some(_) => (
                format!(
                    "(SELECT {} c.* FROM delta.`{root}/clicks` VERSION AS OF {to} c LEFT SEMI JOIN \
                     (SELECT ts, click_id FROM clicktop_new) k ON c.ts = k.ts AND c.click_id = k.click_id WHERE c.slice IN ({}))",
                    hint("k"),
                    comma_separated(touched.iter().copied())
                ),
                format!(
                    "(SELECT {} p.high, p.low FROM delta.`{root}/pairs` p JOIN candidates m \
                     ON p.high = m.high AND p.low = m.low)",
                    hint("m")
                ),
            ),
        };
        self.template(include_str!("round/pairs.sql")).sql("copies", copies).sql("seen", seen).filled()
    }

    /// Counts the `touched` slices, in ascending order, and moves the cursor.
    pub(crate) fn pages(&self, touched: &[i32]) -> String {
        let Tables { slices, timeout_ms, .. } = self.tables;
        // The beginnings of later slices, where a gap may end.
        let mut heads: Vec<i32> = touched
            .iter()
            .flat_map(|slice| (1..=slices.reached_in(*timeout_ms)).map(|ahead| slice.saturating_add(ahead)))
            .filter(|slice| touched.binary_search(slice).is_err())
            .collect();
        heads.sort_unstable();
        heads.dedup();
        let heads = if heads.is_empty() {
            String::new()
        } else {
            format!("OR (slice IN ({}) AND ts <= slice * {}L + {timeout_ms})", comma_separated(heads), slices.millis())
        };
        self.template(include_str!("round/pages.sql"))
            .list("touched", listed(touched).iter().copied())
            .sql("heads", heads)
            .filled()
    }

    /// Adds to the figures what pages and pairs have changed: since the round `from`, whose version of the pages is `pages_from`, up to the
    /// version `pages_to`. Before the first figures, `from` is -1 and `pages_from` 0.
    pub(crate) fn figures(&self, from: i64, pages_from: i64, pages_to: i64) -> String {
        let changes = self.template(include_str!("round/page_changes.sql"));
        let changes = changes.number("pages_from", pages_from).number("pages_to", pages_to).filled();
        self.figures_of(changes, from, pages_to)
    }

    /// The figures from all pages up to the version `pages_to`, and from all pairs: without what earlier rounds have written, and without
    /// the history of the pages.
    pub(crate) fn all_figures(&self, pages_to: i64) -> String {
        let sums = self.template(include_str!("round/page_sums.sql")).number("pages_to", pages_to).filled();
        self.figures_of(sums, -1, pages_to)
    }

    fn figures_of(&self, changes: String, from: i64, pages_to: i64) -> String {
        self.template(include_str!("round/figures.sql"))
            .sql("changes", changes)
            .number("from", from)
            .number("pages_to", pages_to)
            .filled()
    }
}

/// `touched`, or a slice without clicks if it is empty: SQL has no empty list.
fn listed(touched: &[i32]) -> &[i32] {
    if touched.is_empty() { &[CURSOR_SLICE] } else { touched }
}
