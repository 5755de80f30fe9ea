//! User agents of the clicks, resolved between rounds: Spark tells which ones are new, and clicktop adds what they mean to the table
//! `agents`.
//!
//! Every console may do it: a user agent means the same to each, and the table takes it once. How far the table is, it says itself, so a
//! console that is killed leaves nothing behind.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::ArrowError;

use super::connect::{ConnectError, Session, column};
use super::rounds::{first_row, history_is_gone, lost_race};
use super::sql::{AGENTS_VIEW, Tables};
use crate::enrich::{Agents, AgentsError, Facts};

/// The most user agents that are fetched at once: 10 MB, if somebody sends long ones.
const AT_ONCE: usize = 5_000;

/// The most that one call resolves. The rest waits for the next one, so that rounds go on.
const AT_MOST: usize = 50_000;

/// A version of the clicks without a new user agent is noted only if so many have come. It spares a commit, and a new console looks through
/// these versions once more.
const VERSIONS_WITHOUT_NOTE: i64 = 50;

/// How often user agents are added anew if others add at the same time.
const TRIES: u32 = 5;

/// Why user agents cannot be resolved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    /// A call failed.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The lists cannot be used.
    #[error(transparent)]
    Lists(#[from] AgentsError),
    /// Rows cannot be packed.
    #[error("what user agents tell cannot be packed: {0}")]
    Arrow(#[from] ArrowError),
    /// The system gives no thread, or a list breaks on a user agent.
    #[error("user agents cannot be read: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// What a call has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Resolved {
    /// User agents that were not in the table.
    pub(super) agents: usize,
    /// Whether the table has all of them now.
    pub(super) is_done: bool,
}

/// Resolves the user agents of one root.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    /// The longest text of a field, in bytes. What is longer is unknown.
    longest: usize,
    /// Made when the first user agent comes: they take some time and memory.
    lists: Option<Arc<Agents>>,
    /// The version of the clicks up to which the table has every user agent, and the one that the table names; `None` if not known.
    known: Option<Known>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    version: Option<i64>,
    noted: Option<i64>,
}

impl Resolver {
    /// `longest` is the longest text of a field, in bytes.
    pub(super) fn new(longest: usize) -> Self {
        Self { longest, ..Self::default() }
    }

    /// The tables have changed behind its back.
    pub(super) fn forget(&mut self) {
        self.known = None;
    }

    /// Whether clicks up to version `to` may have user agents that are not in the table.
    pub(super) fn is_due(&self, to: i64) -> bool {
        self.known.is_none_or(|known| known.version.is_none_or(|version| version < to))
    }

    /// Adds the user agents of the clicks up to version `to` that are not in the table.
    ///
    /// # Errors
    /// See [`ResolveError`].
    pub(super) async fn resolve(
        &mut self,
        session: &Session,
        tables: &Tables,
        to: i64,
    ) -> Result<Resolved, ResolveError> {
        let mut known = match self.known {
            Some(known) => known,
            None => {
                let [version] = first_row(session, tables.agents_cursor(), ["version"]).await?;
                // A version that is not there yet is of tables that were made anew.
                let version = version.filter(|version| *version <= to);
                Known { version, noted: version }
            }
        };
        let mut done = Resolved { agents: 0, is_done: true };
        while known.version.is_none_or(|version| version < to) {
            let agents = match new_agents(session, tables, known.version, to).await {
                // Then every click that is kept is looked through.
                Err(error) if known.version.is_some() && history_is_gone(&error) => {
                    known.version = None;
                    continue;
                }
                agents => agents?,
            };
            let is_last = agents.len() < AT_ONCE;
            let is_note_due = known.noted.is_none_or(|noted| to.saturating_sub(noted) > VERSIONS_WITHOUT_NOTE);
            done.agents += agents.len();
            if !agents.is_empty() || (is_last && is_note_due) {
                self.add(session, tables, agents, is_last.then_some(to)).await?;
                known.noted = if is_last { Some(to) } else { known.noted };
            }
            if is_last {
                known.version = Some(to);
            } else if done.agents >= AT_MOST {
                done.is_done = false;
                break;
            }
        }
        self.known = Some(known);
        Ok(done)
    }

    async fn add(
        &mut self,
        session: &Session,
        tables: &Tables,
        agents: Vec<String>,
        version: Option<i64>,
    ) -> Result<(), ResolveError> {
        let (lists, longest) = (self.lists.clone(), self.longest);
        let work = tokio::task::spawn_blocking(move || {
            let lists = match lists {
                Some(lists) => Some(lists),
                None if agents.is_empty() => None,
                None => Some(Arc::new(Agents::compile()?)),
            };
            let rows = rows_of(lists.as_deref(), &agents, version, longest)?;
            Ok::<_, ResolveError>((lists, rows))
        });
        let (lists, rows) = work.await??;
        self.lists = lists;
        session.local_view(AGENTS_VIEW, &rows).await?;
        for _ in 1..TRIES {
            match session.command(tables.add_agents()).await {
                Err(error) if lost_race(&error) => {
                    tracing::debug!(target: "aggregate", "others add user agents at the same time: {error}");
                }
                added => return Ok(added.map(drop)?),
            }
        }
        Ok(session.command(tables.add_agents()).await.map(drop)?)
    }
}

/// User agents that are not in the table, [`AT_ONCE`] at most.
async fn new_agents(
    session: &Session,
    tables: &Tables,
    from: Option<i64>,
    to: i64,
) -> Result<Vec<String>, ConnectError> {
    let mut agents = Vec::new();
    for batch in session.rows(tables.new_agents(from, to, AT_ONCE)).all(AT_ONCE).await? {
        agents.extend(column::<StringArray>(&batch, "agent")?.iter().flatten().map(str::to_owned));
    }
    Ok(agents)
}

/// What goes into the table: a row for each of `agents`, and one without agent if the table has all up to `version` then.
fn rows_of(
    lists: Option<&Agents>,
    agents: &[String],
    version: Option<i64>,
    longest: usize,
) -> Result<RecordBatch, ArrowError> {
    let [mut names, mut browsers, mut systems, mut devices] = [(); 4].map(|()| StringBuilder::new());
    let (mut bots, mut versions) = (BooleanBuilder::new(), Int64Builder::new());
    let told = |text: Option<Box<str>>| text.filter(|text| text.len() <= longest);
    for agent in agents {
        let Facts { browser, os, device, is_bot } = lists.map(|lists| lists.facts(agent)).unwrap_or_default();
        names.append_value(agent);
        browsers.append_option(told(browser));
        systems.append_option(told(os));
        devices.append_option(told(device));
        bots.append_value(is_bot);
        versions.append_null();
    }
    if let Some(version) = version {
        [&mut names, &mut browsers, &mut systems, &mut devices].into_iter().for_each(StringBuilder::append_null);
        bots.append_null();
        versions.append_value(version);
    }
    let texts = [("agent", names), ("browser", browsers), ("os", systems), ("device", devices)];
    let texts = texts.map(|(name, mut builder)| (name, Arc::new(builder.finish()) as ArrayRef, true));
    let others: [(&str, ArrayRef, bool); 2] =
        [("is_bot", Arc::new(bots.finish()), true), ("version", Arc::new(versions.finish()), true)];
    RecordBatch::try_from_iter_with_nullable(texts.into_iter().chain(others))
}
