//! The tables, which are Delta tables by path, and a round of aggregation over them.
//!
//! A round counts the versions of the table `clicks` after its cursor: it adds pairs, then counts the touched slices anew and moves the
//! cursor, then adds what has changed to the figures. Each step is one commit under a transaction id ([`Application`], [`Cursor`]), so a
//! step that is repeated after a crash, or that another console has done, changes nothing.

use std::borrow::Cow;

use super::cursor::{CURSOR_SLICE, Cursor, First};
use super::slices::Slices;
use super::template::{Template, comma_separated};
use crate::click::Timestamp;
use crate::enrich::Bots;

/// The newest version of the tables' schema that this clicktop knows; the table property `clicktop.schema`.
pub(crate) const SCHEMA: i32 = 2;

/// The version of new tables. In version 2, browser, os and device of a click may be NULL (see `agents.rs`), which an older clicktop
/// would misread. Tables come to it when the first user agents do.
pub(super) const FIRST_SCHEMA: i32 = 1;

/// The session timeout of tables while a rebuild changes it.
pub(crate) const CHANGING: &str = "changing";

/// What a statement says when another console has been faster, and the statement therefore does nothing.
pub(crate) const OVERTAKEN: &str = "clicktop: another console was faster";

/// Of copies of a click, the first one counts: the one of the earliest commit, and within a commit, of the lowest partition and offset. Later
/// copies never change that. Delta keeps the version in which a row came (row tracking), also through OPTIMIZE.
const FIRST_COPY: &str = "_metadata.row_commit_version, partition, offset";

/// What stands for a pair of page and user: the three texts, hashed. The lengths keep texts apart that run into each other.
const PAIR: &str = "sha2(concat(length(url), ' ', url, length(country), ' ', country, user_id), 256)";

/// The most new clicks that a round broadcasts. A broadcast goes through the memory of the driver, some 100 bytes for each click.
const BROADCAST_CLICKS: u64 = 1_000_000;

/// The applications of the transaction ids: one for each table that rounds write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Application {
    Clicks,
    Pairs,
    Pages,
    Figures,
    Rounds,
    Agents,
}

impl Application {
    /// Its name in Delta.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Clicks => "clicktop-clicks",
            Self::Pairs => "clicktop-pairs",
            Self::Pages => "clicktop-pages",
            Self::Figures => "clicktop-figures",
            Self::Rounds => "clicktop-rounds",
            Self::Agents => "clicktop-agents",
        }
    }
}

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

/// The statements on the tables of one root.
#[derive(Debug, Clone)]
pub(crate) struct Tables {
    root: Root,
    slices: Slices,
    /// The session timeout, in milliseconds.
    timeout_ms: i64,
    /// What becomes of the clicks of bots.
    bots: Bots,
}

impl Tables {
    /// The tables in `root`, with a session timeout in milliseconds.
    pub(crate) fn new(root: Root, slices: Slices, timeout_ms: i64) -> Self {
        Self { root, slices, timeout_ms, bots: Bots::default() }
    }

    /// The same tables, whose clicks of bots are read by this rule.
    #[must_use]
    pub(crate) fn with_bots(self, bots: Bots) -> Self {
        Self { bots, ..self }
    }

    /// What becomes of the clicks of bots.
    pub(super) fn bots(&self) -> Bots {
        self.bots
    }

    /// The folder of the tables.
    pub(crate) fn root(&self) -> &Root {
        &self.root
    }

    /// The session timeout, in milliseconds.
    pub(crate) fn session_timeout_ms(&self) -> i64 {
        self.timeout_ms
    }

    /// How time is cut into slices.
    pub(crate) fn slices(&self) -> Slices {
        self.slices
    }

    /// The time at which a slice begins; `None` before the first slice of all.
    pub(crate) fn begin_of(&self, slice: First) -> Option<Timestamp> {
        (slice > First::MIN).then(|| Timestamp::from_millis(i64::from(slice).saturating_mul(self.slices.millis())))
    }

    pub(super) fn template(&self, text: impl Into<Cow<'static, str>>) -> Template {
        let (lowest, highest) = self.slices.outermost();
        Template::new(text)
            .sql("root", self.root.to_string())
            .sql("first_copy", FIRST_COPY)
            .sql("pair", PAIR)
            .sql("overtaken", OVERTAKEN)
            .number("lowest_slice", lowest)
            .number("highest_slice", highest)
            .number("slice_ms", self.slices.millis())
            .number("timeout_ms", self.timeout_ms)
            .number("schema", FIRST_SCHEMA)
    }

    /// The statements that create the tables that do not exist.
    pub(crate) fn setup(&self) -> Vec<String> {
        self.template(include_str!("setup.sql")).filled().split("\n;\n").map(str::to_owned).collect()
    }

    /// The newest version of a table, in the column `version`.
    pub(crate) fn newest_version(&self, table: &str) -> String {
        format!("DESCRIBE HISTORY delta.`{}/{table}` LIMIT 1", self.root)
    }

    /// The cursor, at a version of `pages` or the newest: columns `counted`, `first`, `turn`, `epoch`, `erasing`. No row before the first
    /// round.
    pub(crate) fn cursor(&self, version: Option<i64>) -> String {
        let version = version.map(|version| format!(" VERSION AS OF {version}")).unwrap_or_default();
        format!(
            "SELECT clicks AS counted, known AS first, sum_ms AS turn, first_ms AS epoch, last_ms AS erasing FROM delta.`{}/pages`{version} \
             WHERE slice = {CURSOR_SLICE}",
            self.root
        )
    }

    /// The version that a round counts which has added its pairs and not yet moved the cursor from `counted` (`round`).
    pub(crate) fn unfinished(&self, counted: Option<i64>) -> String {
        format!(
            "SELECT max(round) AS round FROM delta.`{}/pairs` WHERE round > {} AND url IS NULL",
            self.root,
            counted.unwrap_or(-1)
        )
    }

    /// The number of stored clicks, copies included (`clicks`).
    pub(crate) fn stored_clicks(&self) -> String {
        format!("SELECT count(slice) AS clicks FROM delta.`{}/clicks`", self.root)
    }

    /// Which tables these are: an id in the column `id`, another one if they were made anew in the same place.
    pub(crate) fn identity(&self) -> String {
        format!("DESCRIBE DETAIL delta.`{}/pages`", self.root)
    }

    /// Begins a reset: empties `pages`, and leaves the cursor `erasing`.
    pub(crate) fn begin_erasing(&self, erasing: Cursor) -> String {
        format!("INSERT OVERWRITE delta.`{}/pages` {}", self.root, erasing.row(None))
    }

    /// Empties the other tables, in their order. `pages` is the version of the table `pages`, which is empty by then.
    pub(crate) fn erase(&self, pages: i64) -> [(Application, String); 5] {
        let root = &self.root;
        let empty = |table: &str| {
            format!("INSERT OVERWRITE delta.`{root}/{table}` SELECT * FROM delta.`{root}/{table}` WHERE false")
        };
        // The figures hold nothing of the versions of `pages` up to this one.
        let figures = format!(
            "INSERT OVERWRITE delta.`{root}/figures` SELECT -1L AS round, CAST(NULL AS STRING) AS url, CAST(NULL AS STRING) AS country, \
             {pages}L AS clicks, 0L AS users, 0L AS sum_ms, 0L AS known, 0L AS first_ms, 0L AS last_ms"
        );
        [
            (Application::Clicks, empty("clicks")),
            (Application::Pairs, empty("pairs")),
            (Application::Figures, figures),
            (Application::Rounds, empty("rounds")),
            (Application::Agents, empty("agents")),
        ]
    }

    /// Writes the cursor, and changes nothing else: ends a reset, or overtakes rounds that are under way.
    pub(crate) fn write_cursor(&self, cursor: Cursor) -> String {
        format!("INSERT INTO delta.`{}/pages` REPLACE WHERE slice = {CURSOR_SLICE} {}", self.root, cursor.row(None))
    }

    /// Notes the session timeout that the figures are counted with, in milliseconds; `None` while a rebuild changes it.
    pub(crate) fn note_session_timeout(&self, timeout_ms: Option<i64>) -> String {
        format!(
            "ALTER TABLE delta.`{}/clicks` SET TBLPROPERTIES ('clicktop.session_timeout_ms' = '{}')",
            self.root,
            timeout_ms.map_or_else(|| CHANGING.to_owned(), |timeout| timeout.to_string())
        )
    }

    /// The round that the figures have come to (`round`), and the version of the table `pages` that they hold (`clicks`). No row before the
    /// first round.
    pub(crate) fn figures_cursor(&self) -> String {
        format!("SELECT round, clicks FROM delta.`{}/figures` WHERE url IS NULL ORDER BY round DESC LIMIT 1", self.root)
    }

    /// The round that counts the versions after `cursor` up to `to`.
    pub(crate) fn round(&self, cursor: Cursor, to: i64) -> Round<'_> {
        Round { tables: self, cursor, to }
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

    /// How many pairs the round that counts up to `to` has added, as an expression.
    pub(crate) fn pairs_of_round(&self, to: i64) -> String {
        format!("(SELECT count(url) FROM delta.`{}/pairs` WHERE round = {to})", self.root)
    }

    /// Adds a line to the log of rounds; `values` are literals, in the order of the columns.
    pub(crate) fn note_round(&self, values: &str) -> String {
        format!("INSERT INTO delta.`{}/rounds` SELECT {values}", self.root)
    }

    /// Closes the slices before `first`, whose clicks are deleted next: their sums go out of the pages and stay in the figures, which must have
    /// come to the `cursor`. It is a change of `pages`, under the transaction number of the next cursor; only if it has moved the cursor may
    /// the clicks be deleted.
    pub(crate) fn close_slices_before(&self, first: First, cursor: Cursor) -> String {
        let next = Cursor { first, ..cursor.next() };
        self.template(include_str!("retention.sql")).sql("cursor", next.row(None)).number("first", first).filled()
    }
}

/// The statements of one round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round<'t> {
    tables: &'t Tables,
    cursor: Cursor,
    to: i64,
}

impl Round<'_> {
    fn template(&self, text: &'static str) -> Template {
        self.tables.template(text).number("to", self.to).number("floor", self.cursor.first)
    }

    /// Creates the temporary view `clicktop_new` of the new clicks, which the other statements read.
    pub(crate) fn new_clicks(&self) -> String {
        match self.cursor.counted {
            Some(from) => self.template(include_str!("round/new_clicks.sql")).number("from", from).filled(),
            None => self.template(include_str!("round/all_clicks.sql")).filled(),
        }
    }

    /// Whether clicks of this slice are deleted, so that it is not counted any more.
    pub(crate) fn is_closed(&self, slice: i32) -> bool {
        slice < self.cursor.first
    }

    /// The slices that the new clicks touch (`slice`), with their number of new clicks (`clicks`). Slices before the cursor's first one are
    /// closed: their new clicks have expired.
    pub(crate) fn touched(&self) -> String {
        self.template(include_str!("round/touched.sql")).filled()
    }

    /// Adds the new pairs, and a row without url that tells the version that the round counts. A round that ends there is finished by
    /// another one up to the same version.
    /// `clicks` is the number of new clicks: if they are few, Spark broadcasts them, and shuffles neither clicks nor pairs.
    pub(crate) fn pairs(&self, touched: &[i32], clicks: u64) -> String {
        let (root, to, touched) = (&self.tables.root, self.to, listed(touched));
        let (copies, seen) = match self.cursor.counted {
            None => {
                let copies =
                    format!("(SELECT *, version AS came FROM clicktop_new WHERE slice >= {})", self.cursor.first);
                (copies, format!("delta.`{root}/pairs`"))
            }
            Some(_) => {
                let broadcast = |name| match clicks <= BROADCAST_CLICKS {
                    true => format!("/*+ BROADCAST({name}) */"),
                    false => String::new(),
                };
                (
                    format!(
                        "(SELECT {} c.* FROM (SELECT *, _metadata.row_commit_version AS came FROM delta.`{root}/clicks` \
                         VERSION AS OF {to}) c LEFT SEMI JOIN (SELECT ts, click_id FROM clicktop_new) k \
                         ON c.ts = k.ts AND c.click_id = k.click_id WHERE c.slice IN ({}))",
                        broadcast("k"),
                        comma_separated(touched.iter().copied())
                    ),
                    format!(
                        "(SELECT {} p.high, p.low FROM delta.`{root}/pairs` p JOIN candidates m \
                         ON p.high = m.high AND p.low = m.low)",
                        broadcast("m")
                    ),
                )
            }
        };
        self.template(include_str!("round/pairs.sql")).sql("copies", copies).sql("seen", seen).filled()
    }

    /// Counts the `touched` slices, in ascending order, and moves the cursor. Fails with [`OVERTAKEN`] if the pairs are not those of this
    /// round.
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
        let to = self.to;
        let counted = format!(
            "IF((SELECT max(round) FROM delta.`{}/pairs` WHERE round > {} AND url IS NULL) <=> {to}L, {to}L, CAST(raise_error('{OVERTAKEN}') AS BIGINT))",
            self.tables.root,
            self.cursor.counted.unwrap_or(-1)
        );
        self.template(include_str!("round/pages.sql"))
            .sql("cursor", self.cursor.next().row(Some(&counted)))
            .list("touched", listed(touched).iter().copied())
            .sql("heads", heads)
            .filled()
    }

    /// Adds to the figures what pages and pairs have changed: since the round `from`, whose version of the pages is `pages_from`, up to the
    /// version `pages_to`, which holds this round's cursor. Before the first figures, `from` is -1 and `pages_from` 0. Fails with
    /// [`OVERTAKEN`] if the figures have come further than `from`.
    pub(crate) fn figures(&self, from: i64, pages_from: i64, pages_to: i64) -> String {
        self.template(include_str!("round/figures.sql"))
            .number("from", from)
            .number("pages_from", pages_from)
            .number("pages_to", pages_to)
            .filled()
    }
}

/// `touched`, or a slice without clicks if it is empty: SQL has no empty list.
fn listed(touched: &[i32]) -> &[i32] {
    if touched.is_empty() { &[CURSOR_SLICE] } else { touched }
}
