//! From a data directory to the tables.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow_array::{Array as _, Int64Array};

use super::checkpoint;
use super::cluster::{Cluster, Retry, USER_METADATA};
use super::error::{MoveError, Tell};
use super::outbox::{self, Batch, Kind, Limits, OutboxError};
use super::verify;
use crate::click::Timestamp;
use crate::engine::spark::connect::{Done, Session};
use crate::engine::spark::connection::TRANSACTION;
use crate::engine::spark::manifest::{Manifest, Mark, Offsets};
use crate::engine::spark::options::SparkOptions;
use crate::engine::spark::rounds::first_row;
use crate::engine::spark::sql::MOVED_VIEW;
use crate::engine::spark::tables;
use crate::storage::{MoveNote, Storage, StorageError};

/// What to do about a difference.
const ADVICE: &str = "Try again with --restart, and report this if it happens again";

/// A move that can begin.
pub(crate) struct Outbound {
    cluster: Cluster,
    storage: Arc<Storage>,
    manifest: Manifest,
    standing: Standing,
}

/// How far the tables are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing is there.
    Fresh,
    /// A move of this database was cut off after so many clicks.
    CutOff {
        /// In the tables.
        clicks: u64,
    },
    /// What was written before is deleted first.
    Restart,
    /// Everything is there already.
    Done,
}

/// What a move has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Clicks in the tables.
    pub(crate) clicks: u64,
    /// Slices of time that hold them.
    pub(crate) slices: u64,
    /// Rejects in the tables.
    pub(crate) rejects: u64,
    /// Rows of figures that are equal on both sides.
    pub(crate) figures: u64,
    /// How long sending took, and comparing.
    pub(crate) took: [Duration; 2],
}

impl Outbound {
    /// Looks at both sides, and refuses what could count twice or lose. Writes nothing.
    ///
    /// # Errors
    /// See [`MoveError`].
    pub(crate) async fn plan(
        options: SparkOptions,
        storage: Arc<Storage>,
        kept_clicks: bool,
        restart: bool,
    ) -> Result<Self, MoveError> {
        let reader = storage.reader()?;
        if reader.expiry()?.deleted > 0 && !kept_clicks {
            return Err(MoveError::CountsDeleted);
        }
        let mut offsets = Offsets::new();
        for (topic, partition, next) in reader.all_offsets()? {
            offsets.entry(topic).or_default().insert(partition, next);
        }
        let manifest = Manifest {
            id: uuid::Uuid::new_v4().simple().to_string(),
            database: storage.confirm_identity()?.id,
            newest: storage.progress().last_click(),
            clicks: reader.click_count()?,
            rejects: reader.rejected_message_count()?,
            offsets,
            done: false,
        };
        if manifest.clicks == 0 && manifest.rejects == 0 {
            return Err(MoveError::Nothing);
        }
        // Fails before anything begins if the topic cannot be noted.
        manifest.property()?;
        let cluster = Cluster::new(options, &manifest.database);
        let session = cluster.session().await?;
        let found = cluster.properties(&session).await?;
        let found_manifest = found.as_deref().map(Manifest::among).transpose()?.flatten();
        let (manifest, standing) = match found_manifest {
            None => {
                if found.is_some() && cluster.holds_rows(&session).await? {
                    return Err(MoveError::HoldsOthers);
                }
                if checkpoint::has_begun(&session, &cluster.options.root).await? {
                    return Err(MoveError::HasBegun);
                }
                (manifest, Standing::Fresh)
            }
            Some(there) if there.is_same(&manifest) && there.done => (there, Standing::Done),
            Some(there) if there.done => return Err(MoveError::OtherDatabase { database: there.database }),
            Some(_) if restart => {
                let [counted, _] = first_row(&session, cluster.tables.cursor(None), ["counted", "first"]).await?;
                if counted.is_some() {
                    return Err(MoveError::HasCounted);
                }
                (manifest, Standing::Restart)
            }
            Some(there) if there.database != manifest.database => {
                return Err(MoveError::OtherDatabase { database: there.database });
            }
            Some(there) if !there.is_same(&manifest) => return Err(MoveError::Changed),
            Some(there) => {
                let clicks = cluster.mark(&session, &there.id).await?.clicks;
                (there, Standing::CutOff { clicks })
            }
        };
        Ok(Self { cluster, storage, manifest, standing })
    }

    /// How far the tables are.
    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }

    /// How many clicks and rejects the database holds.
    pub(crate) fn holds(&self) -> (u64, u64) {
        (self.manifest.clicks, self.manifest.rejects)
    }

    /// Where the streaming query will begin, by topic and partition.
    pub(crate) fn offsets(&self) -> &Offsets {
        &self.manifest.offsets
    }

    /// Moves. It can be cut off anywhere, and goes on when it is called again.
    ///
    /// # Errors
    /// See [`MoveError`].
    pub(crate) async fn run(mut self, mut tell: impl FnMut(Tell) + Send) -> Result<Sent, MoveError> {
        let mut begin = Instant::now();
        let mut lap = || {
            let took = begin.elapsed();
            begin = Instant::now();
            took
        };
        let session = self.cluster.session().await?;
        if self.standing != Standing::Done {
            self.begin(&session, &mut tell).await?;
            self.send(&mut tell).await?;
        }
        let sending = lap();
        let session = self.cluster.session().await?;
        let mut sent = match self.standing {
            // The stream may have added clicks since.
            Standing::Done => {
                let (clicks, rejects) = self.holds();
                Sent { clicks, slices: 0, rejects, figures: 0, took: [Duration::ZERO; 2] }
            }
            _ => self.verify(&session, &mut tell).await?,
        };
        if self.standing != Standing::Done {
            self.manifest.done = true;
            self.cluster.note(&session, &self.manifest).await?;
            self.cluster.tidy(&session).await?;
        }
        let note = MoveNote::Moved {
            root: self.cluster.options.root.to_string(),
            at: Timestamp::now().to_string(),
            clicks: self.manifest.clicks,
        };
        note.write(&directory(&self.storage))?;
        sent.took = [sending, lap()];
        Ok(sent)
    }

    /// Makes the tables, and notes there that the move is under way.
    async fn begin(&self, session: &Session, tell: &mut (impl FnMut(Tell) + Send)) -> Result<(), MoveError> {
        let Cluster { options, tables, .. } = &self.cluster;
        tell(Tell::Doing("looking at the tables"));
        tables::prepare(session, options, tables).await?;
        if self.standing == Standing::Restart {
            tell(Tell::Doing("deleting what was written before"));
            session.command(tables.delete_clicks()).await?;
        }
        if matches!(self.standing, Standing::Fresh | Standing::Restart) {
            self.cluster.note(session, &self.manifest).await?;
        }
        // Two moves that begin at the same time: the one that has noted last goes on.
        let found = self.cluster.properties(session).await?.unwrap_or_default();
        match Manifest::among(&found)? {
            Some(found) if found == self.manifest => Ok(()),
            _ => Err(MoveError::TablesChange),
        }
    }

    async fn send(&self, tell: &mut (impl FnMut(Tell) + Send)) -> Result<(), MoveError> {
        let mut retry = Retry::new();
        loop {
            let Err(error) = self.send_rest(tell, &mut retry).await else { return Ok(()) };
            let (pause, trouble) = retry.after(error, &self.cluster)?;
            tell(Tell::Trouble(trouble));
            tokio::time::sleep(pause).await;
        }
    }

    /// Sends everything after the newest commit.
    async fn send_rest(&self, tell: &mut (impl FnMut(Tell) + Send), retry: &mut Retry) -> Result<(), MoveError> {
        let session = self.cluster.session().await?;
        let options = &self.cluster.options;
        let limits = Limits::within(options.url.max_message());
        'anew: loop {
            let mark = self.cluster.mark(&session, &self.manifest.id).await?;
            tell(Tell::Clicks { done: mark.clicks, of: self.manifest.clicks });
            let mut batches = outbox::open(&self.storage, options.slices, limits, mark)?;
            while let Some(batch) = batches.recv().await {
                let batch = batch.map_err(|error| match error {
                    OutboxError::Storage(error) => error.into(),
                    OutboxError::Arrow(error) => {
                        MoveError::Storage(StorageError::Damaged(format!("rows cannot be packed: {error}")))
                    }
                })?;
                let written = self.commit(&session, &batch).await?;
                if written != Some(batch.rows.num_rows())
                    && self.cluster.mark(&session, &self.manifest.id).await? != batch.mark
                {
                    // A former mover's commit has come after all, with other rows. What follows it is to be sent.
                    continue 'anew;
                }
                retry.worked();
                tell(Tell::Clicks { done: batch.mark.clicks, of: self.manifest.clicks });
            }
            return Ok(());
        }
    }

    /// Writes one batch as one commit; how many rows it has added, as far as Delta says.
    async fn commit(&self, session: &Session, batch: &Batch) -> Result<Option<usize>, MoveError> {
        let Batch { rows, kind, mark } = batch;
        session.local_view(MOVED_VIEW, rows).await?;
        let (application, version, metadata) =
            (format!("clicktop-move-{}", mark.id), mark.batch.to_string(), json(mark));
        let settings = [
            (TRANSACTION[0], application.as_str()),
            (TRANSACTION[1], version.as_str()),
            (USER_METADATA, metadata.as_str()),
        ];
        session.set(&settings).await?;
        let tables = &self.cluster.tables;
        let statement = match kind {
            Kind::Clicks => tables.add_moved_clicks(),
            Kind::Rejects => tables.add_moved_rejects(),
        };
        Ok(affected(&session.command(statement).await?))
    }

    async fn verify(&self, session: &Session, tell: &mut (impl FnMut(Tell) + Send)) -> Result<Sent, MoveError> {
        let Cluster { options, tables, .. } = &self.cluster;
        let version = self.cluster.version(session).await?;
        tell(Tell::Doing("comparing the clicks of each slice"));
        let here = verify::digests_here(&self.storage, options.slices)?;
        let there = verify::digests_there(session.rows(tables.digests(version, true)));
        let mut clicks = 0;
        let slices = verify::same(here, there, ADVICE, |digest| clicks += digest.clicks.unsigned_abs()).await?;
        tell(Tell::Doing("comparing the rejects"));
        let here = verify::rejects_here(&self.storage.reader()?)?;
        let [rejects, digest] = first_row(session, tables.reject_digest(version), ["rejects", "digest"]).await?;
        let there = (rejects.unwrap_or(0), digest.unwrap_or(0));
        if here != there {
            let what = format!(
                "the database has {} rejects (digest {}), and Spark has {} ({})",
                here.0, here.1, there.0, there.1
            );
            return Err(MoveError::Differs { what, advice: ADVICE });
        }
        tell(Tell::Doing("comparing the figures"));
        let which = verify::Which::Computed(options.figures.session_timeout_ms);
        let rejects = there.0.unsigned_abs();
        let here = verify::figures_here(&self.storage, which)?;
        let there = verify::figures_there(session.rows(tables.ordered_batch(version)));
        let figures = verify::same(here, there, ADVICE, |_| {}).await?;
        Ok(Sent { clicks, slices, rejects, figures, took: [Duration::ZERO; 2] })
    }
}

fn json(mark: &Mark) -> String {
    // Numbers and hexadecimal digits always become JSON.
    serde_json::to_string(mark).unwrap_or_default()
}

/// `num_affected_rows` of an insert.
fn affected(done: &Done) -> Option<usize> {
    let batch = done.rows.iter().find(|batch| batch.num_rows() > 0)?;
    let rows = batch.column_by_name("num_affected_rows")?.as_any().downcast_ref::<Int64Array>()?;
    (!rows.is_null(0)).then(|| usize::try_from(rows.value(0)).ok()).flatten()
}

/// The data directory of a database.
pub(super) fn directory(storage: &Storage) -> PathBuf {
    storage.path().parent().unwrap_or(Path::new(".")).to_owned()
}
