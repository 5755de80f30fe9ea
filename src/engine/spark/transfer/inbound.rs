//! From the tables to a new data directory.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{Array as _, BinaryArray, Int32Array, Int64Array, RecordBatch, StringArray};

use super::checkpoint;
use super::cluster::{Cluster, Retry};
use super::error::{MoveError, Tell};
use super::verify::{self, Digest, Which};
use crate::click::{Click, ClickBatch, Timestamp};
use crate::engine::local::stages::aggregate;
use crate::engine::spark::agents::Resolver;
use crate::engine::spark::connect::{ConnectError, Session, column};
use crate::engine::spark::found_query;
use crate::engine::spark::manifest::{Manifest, Offsets};
use crate::engine::spark::options::SparkOptions;
use crate::engine::spark::rounds::first_row;
use crate::engine::spark::tables;
use crate::storage::{MoveNote, Reject, Storage};

/// Slices are read together up to so many clicks: the cluster sorts and sends them at once.
const CLICKS_AT_ONCE: i64 = 1_000_000;

/// Slices of a table, one row each.
const MOST_SLICES: usize = 4_000_000;

/// What to do about a difference.
const ADVICE: &str = "Delete the new directory and try again, and report this if it happens again";

/// The data directory before the move.
#[derive(Debug, Clone)]
pub(crate) struct LocalState {
    /// The directory.
    pub(crate) directory: PathBuf,
    /// The note in it.
    pub(crate) note: Option<MoveNote>,
    /// Whether a database is there.
    pub(crate) has_database: bool,
}

/// A move that can begin.
pub(crate) struct Inbound {
    cluster: Cluster,
    directory: PathBuf,
    /// The version of the table of clicks that is read.
    version: i64,
    offsets: Offsets,
    slices: Vec<Digest>,
    rejects: u64,
    resumes: bool,
}

/// What a move has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrived {
    /// Clicks in the database.
    pub(crate) clicks: u64,
    /// Slices of time that hold them.
    pub(crate) slices: u64,
    /// Rejects in the database.
    pub(crate) rejects: u64,
    /// Rows of figures that are equal on both sides.
    pub(crate) figures: u64,
    /// How long fetching took, counting, and comparing.
    pub(crate) took: [Duration; 3],
    /// Whether the tables hold more by now.
    pub(crate) left_behind: bool,
}

impl Inbound {
    /// Looks at both sides, and refuses what could count twice or lose. Writes nothing but what user agents tell, into the tables.
    ///
    /// # Errors
    /// See [`MoveError`].
    pub(crate) async fn plan(options: SparkOptions, state: LocalState, kept_clicks: bool) -> Result<Self, MoveError> {
        let path = || state.directory.display().to_string();
        let begun = match &state.note {
            Some(MoveNote::Arriving { root, version, offsets }) if *root == options.root.to_string() => {
                Some((*version, offsets.clone()))
            }
            Some(MoveNote::Arriving { root, .. }) => {
                return Err(MoveError::OtherRoot { path: path(), root: crate::text::printable(root).into_owned() });
            }
            Some(MoveNote::Moved { .. }) => return Err(MoveError::NotNew { path: path() }),
            None if state.has_database => return Err(MoveError::NotNew { path: path() }),
            None => None,
        };
        let cluster = Cluster::new(options, &path());
        let session = cluster.session().await?;
        let no_tables = || MoveError::NoTables { root: cluster.options.root.to_string() };
        let properties = cluster.properties(&session).await?.ok_or_else(no_tables)?;
        let manifest = Manifest::among(&properties)?;
        if manifest.as_ref().is_some_and(Manifest::is_unfinished) {
            return Err(MoveError::Unfinished);
        }
        let [_, first] = first_row(&session, cluster.tables.cursor(None), ["counted", "first"]).await?;
        if first.is_some_and(|first| first > i64::from(i32::MIN)) && !kept_clicks {
            return Err(MoveError::CountsDeleted);
        }
        let resumes = begun.is_some();
        let (version, offsets) = match begun {
            Some(begun) => begun,
            None => {
                if found_query::is_running(&cluster.everybodys().await?).await? {
                    return Err(MoveError::QueryRuns);
                }
                let version = cluster.version(&session).await?;
                let taken = checkpoint::next_offsets(&session, &cluster.tables, &cluster.options.root).await?;
                // Offsets and clicks are of the same moment only if nothing has come in between.
                if cluster.version(&session).await? != version {
                    return Err(MoveError::TablesChange);
                }
                (version, taken.or_else(|| manifest.map(|manifest| manifest.offsets)).unwrap_or_default())
            }
        };
        tables::upgrade(&session, &cluster.tables).await?;
        resolve_agents(&session, &cluster, version).await?;
        let mut there = verify::digests_there(session.rows(cluster.tables.digests(version, false)));
        let mut slices = Vec::new();
        while let Some(digest) = there.next().await? {
            if slices.len() >= MOST_SLICES {
                return Err(MoveError::TablesChange);
            }
            slices.push(digest);
        }
        let [rejects, _] = first_row(&session, cluster.tables.reject_digest(version), ["rejects", "digest"]).await?;
        let rejects = rejects.unwrap_or(0).unsigned_abs();
        Ok(Self { cluster, directory: state.directory, version, offsets, slices, rejects, resumes })
    }

    /// How many clicks and rejects the tables hold.
    pub(crate) fn holds(&self) -> (u64, u64) {
        (self.slices.iter().map(|slice| slice.clicks.unsigned_abs()).sum(), self.rejects)
    }

    /// Where the local engine will begin, by topic and partition.
    pub(crate) fn offsets(&self) -> &Offsets {
        &self.offsets
    }

    /// Whether a part is in the directory already.
    pub(crate) fn resumes(&self) -> bool {
        self.resumes
    }

    /// Notes in the directory, which must exist, that it is being filled. Before this, nothing is written.
    ///
    /// # Errors
    /// The note cannot be written.
    pub(crate) fn begin(&self) -> Result<(), MoveError> {
        let (root, version) = (self.cluster.options.root.to_string(), self.version);
        Ok(MoveNote::Arriving { root, version, offsets: self.offsets.clone() }.write(&self.directory)?)
    }

    /// Moves into `storage`, the database of the directory. It can be cut off anywhere, and goes on when both are called again.
    ///
    /// # Errors
    /// See [`MoveError`].
    pub(crate) async fn run(
        self,
        storage: Arc<Storage>,
        most_rejects: u64,
        mut tell: impl FnMut(Tell) + Send,
    ) -> Result<Arrived, MoveError> {
        let mut begin = Instant::now();
        let mut lap = || {
            let took = begin.elapsed();
            begin = Instant::now();
            took
        };
        for (topic, partitions) in &self.offsets {
            storage.add_topic(topic, partitions)?;
        }
        let mut retry = Retry::new();
        while let Err(error) = self.fetch(&storage, &mut tell, &mut retry).await {
            let (pause, trouble) = retry.after(error, &self.cluster)?;
            tell(Tell::Trouble(trouble));
            tokio::time::sleep(pause).await;
        }
        tell(Tell::Doing("fetching the rejects"));
        let session = self.cluster.session().await?;
        let rejects = self.fetch_rejects(&session, &storage, most_rejects).await?;
        let fetching = lap();
        tell(Tell::Doing("counting the figures"));
        let settings = self.cluster.options.figures;
        let counter = Arc::clone(&storage);
        let counted = tokio::task::spawn_blocking(move || aggregate::rebuild(&counter, settings, |_| {})).await;
        counted.map_err(|error| MoveError::Thread(std::io::Error::other(error)))??;
        let counting = lap();
        tell(Tell::Doing("comparing the clicks of each slice"));
        let mut here = verify::digests_here(&storage, self.cluster.options.slices)?;
        let mut clicks = 0;
        let differs = |what| MoveError::Differs { what, advice: ADVICE };
        for wanted in &self.slices {
            match here.next().await? {
                Some(found) if found == *wanted => clicks += wanted.clicks.unsigned_abs(),
                Some(found) => return Err(differs(format!("the database has {found}, and Spark has {wanted}"))),
                None => return Err(differs(format!("the database lacks {wanted}"))),
            }
        }
        if let Some(found) = here.next().await? {
            return Err(differs(format!("Spark lacks {found}")));
        }
        tell(Tell::Doing("comparing the figures"));
        let here = verify::figures_here(&storage, Which::Kept)?;
        let there = verify::figures_there(session.rows(self.cluster.tables.ordered_batch(self.version)));
        let figures = verify::same(here, there, ADVICE, |_| {}).await?;
        let left_behind = self.cluster.version(&session).await? != self.version
            || found_query::is_running(&self.cluster.everybodys().await?).await?;
        MoveNote::remove(&self.directory)?;
        let slices = self.slices.len() as u64;
        Ok(Arrived { clicks, slices, rejects, figures, took: [fetching, counting, lap()], left_behind })
    }

    /// Fetches the slices that are not in the database as a whole.
    async fn fetch(
        &self,
        storage: &Arc<Storage>,
        tell: &mut (impl FnMut(Tell) + Send),
        retry: &mut Retry,
    ) -> Result<(), MoveError> {
        let mut present = HashMap::new();
        let mut here = verify::digests_here(storage, self.cluster.options.slices)?;
        while let Some(digest) = here.next().await? {
            present.insert(digest.slice, digest);
        }
        let of = self.holds().0;
        let is_present = |slice: &Digest| present.get(&slice.slice) == Some(slice);
        let mut done: u64 =
            self.slices.iter().filter(|slice| is_present(slice)).map(|slice| slice.clicks.unsigned_abs()).sum();
        tell(Tell::Clicks { done, of });
        let session = self.cluster.session().await?;
        for group in groups(&self.slices, is_present) {
            let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
            let statement = self.cluster.tables.clicks_of(self.version, first.slice, last.slice);
            let mut rows = session.rows(statement);
            while let Some(batch) = rows.next().await? {
                let clicks = clicks_of(&batch)?;
                storage.store_moved(&clicks)?;
                done += clicks.len() as u64;
                tell(Tell::Clicks { done: done.min(of), of });
            }
            retry.worked();
        }
        Ok(())
    }

    /// Fetches the newest rejects; how many there are.
    async fn fetch_rejects(&self, session: &Session, storage: &Arc<Storage>, most: u64) -> Result<u64, MoveError> {
        storage.forget_rejects()?;
        let mut rows = session.rows(self.cluster.tables.moved_rejects(self.version, most));
        while let Some(batch) = rows.next().await? {
            storage.keep_rejects(&rejects_of(&batch)?)?;
        }
        Ok(storage.reader()?.rejected_message_count()?)
    }
}

/// Adds what user agents tell to the tables, so that the clicks that are read have all of it.
async fn resolve_agents(session: &Session, cluster: &Cluster, version: i64) -> Result<(), MoveError> {
    let mut agents = Resolver::new(cluster.options.agents.longest);
    while !agents.resolve(session, &cluster.tables, version).await?.is_done {}
    Ok(())
}

/// Slices that are read together, without those that are `present`.
fn groups(slices: &[Digest], present: impl Fn(&Digest) -> bool) -> Vec<&[Digest]> {
    let mut groups = Vec::new();
    for stretch in slices.split(present) {
        let (mut begin, mut clicks) = (0, 0_i64);
        for (at, slice) in stretch.iter().enumerate() {
            if clicks > 0 && clicks.saturating_add(slice.clicks) > CLICKS_AT_ONCE {
                groups.extend(stretch.get(begin..at));
                (begin, clicks) = (at, 0);
            }
            clicks = clicks.saturating_add(slice.clicks);
        }
        groups.extend(stretch.get(begin..).filter(|rest| !rest.is_empty()));
    }
    groups
}

fn clicks_of(batch: &RecordBatch) -> Result<ClickBatch, ConnectError> {
    let text = |name| column::<StringArray>(batch, name);
    let times = column::<Int64Array>(batch, "ts")?;
    let (ids, users, urls, countries) = (text("click_id")?, text("user_id")?, text("url")?, text("country")?);
    let (cities, browsers, systems, devices) = (text("city")?, text("browser")?, text("os")?, text("device")?);
    let mut clicks = ClickBatch::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        clicks.push(&Click {
            click_id: ids.value(row),
            user_id: users.value(row),
            timestamp: Timestamp::from_millis(times.value(row)),
            url: urls.value(row),
            country: countries.value(row),
            city: cities.value(row),
            browser: browsers.value(row),
            os: systems.value(row),
            device: devices.value(row),
        });
    }
    Ok(clicks)
}

fn rejects_of(batch: &RecordBatch) -> Result<Vec<Reject>, ConnectError> {
    let (topics, reasons) = (column::<StringArray>(batch, "topic")?, column::<StringArray>(batch, "reason")?);
    let (partitions, offsets) = (column::<Int32Array>(batch, "partition")?, column::<Int64Array>(batch, "offset")?);
    let (times, payloads) = (column::<Int64Array>(batch, "at_ms")?, column::<BinaryArray>(batch, "payload")?);
    let row = |row: usize| {
        // A message without a value has no payload.
        let payload = if payloads.is_null(row) { &[] } else { payloads.value(row) };
        let (topic, reason) = (topics.value(row), reasons.value(row).to_owned());
        let reject = Reject::message(topic, partitions.value(row), offsets.value(row), reason, payload);
        if times.is_null(row) { reject } else { reject.stored_at(Timestamp::from_millis(times.value(row))) }
    };
    Ok((0..batch.num_rows()).map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_read_together_up_to_a_limit_and_present_ones_are_left_out() {
        let slices: Vec<Digest> = [400_000, 500_000, 200_000, 3_000_000, 1, 2, 3]
            .into_iter()
            .zip(10..)
            .map(|(clicks, slice)| Digest { slice, clicks, digest: 0 })
            .collect();
        let ends = |present: &[i64]| -> Vec<(i64, i64)> {
            let groups = groups(&slices, |slice| present.contains(&slice.slice));
            groups.iter().map(|group| (group[0].slice, group[group.len() - 1].slice)).collect()
        };
        assert_eq!(ends(&[]), [(10, 11), (12, 12), (13, 13), (14, 16)]);
        assert_eq!(ends(&[10, 15]), [(11, 12), (13, 13), (14, 14), (16, 16)]);
        assert_eq!(ends(&[10, 11, 12, 13, 14, 15, 16]), []);
    }
}
