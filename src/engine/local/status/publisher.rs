//! Makes a [`Snapshot`] from counts, states and what the disk says.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::Receiver;
use tokio::sync::watch;

use crate::click::Timestamp;
use crate::engine::front::FrontId;
use crate::engine::local::shared::SharedParts;
use crate::engine::local::stage::{PerStage, Stage, declared};
use crate::engine::local::status::catch_up::Reached;
use crate::engine::stages::handle::StageHandle;
use crate::engine::status::log::LogBuffer;
use crate::engine::status::rates::Rate;
use crate::engine::status::stage_status::stage_status;
use crate::engine::supervisor::supervised::Phase;
use crate::protocol::answer::Answers;
use crate::protocol::outlook::Outlook;
use crate::protocol::snapshot::{ResetEnd, Snapshot, SourceStatus, StoreStatus, Totals};
use crate::protocol::source::SourceProgress;
use crate::protocol::timings::Timings;
use crate::protocol::{ProtocolVersion, StageInfo, to_micros, to_millis};
use crate::storage::{Expiry, IngestBatch, Reader, RejectCount, Storage, StorageError};

/// The shortest and longest time between two looks at the files and tables.
const SAMPLE_INTERVALS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// A look may take one part in this many of the time: where much is pending, counting it takes long.
const SAMPLE_SHARE: u32 = 100;

/// Figures that stand still for longer than this though clicks wait are a delay in themselves.
const STALLED: Duration = Duration::from_secs(2);

/// Makes the snapshots.
pub(crate) struct Publisher {
    shared: SharedParts,
    batches: Receiver<IngestBatch>,
    options: PublisherOptions,
    started: Instant,
    declared: PerStage<Arc<StageInfo>>,
    rates: PerStage<Rate>,
    /// What a look is taken with.
    reader: Option<Reader>,
    /// When the next look is due, and what the last one found.
    sampled: Option<(Instant, DiskSample)>,
    finished: bool,
    /// How the newest reset ended, but for the index.
    last_reset: Option<ResetEnd>,
    /// The newest counted click, and when it became that or last had nothing behind it.
    moved: (i64, Instant),
}

/// What snapshots show besides the shared parts.
pub(crate) struct PublisherOptions {
    pub source: SourceStatus,
    /// The progress of a producer inside this process.
    pub progress: Option<watch::Receiver<SourceProgress>>,
    /// Where documents go, without secrets.
    pub index_target: String,
    pub log: Arc<LogBuffer>,
}

/// What it takes a look at the disk to know.
#[derive(Clone, Debug, Default)]
pub(crate) struct DiskSample {
    file_bytes: u64,
    wal_bytes: u64,
    pending_documents: u64,
    expiry: Expiry,
    rejects: RejectCount,
}

impl Publisher {
    /// A publisher for a pipeline that starts now; `batches` is the store's queue.
    pub(crate) fn new(shared: &SharedParts, batches: Receiver<IngestBatch>, options: PublisherOptions) -> Self {
        Self {
            shared: shared.clone(),
            batches,
            options,
            started: Instant::now(),
            declared: declared(),
            rates: PerStage::default(),
            reader: None,
            sampled: None,
            finished: false,
            last_reset: None,
            moved: (0, Instant::now()),
        }
    }

    /// The storage of which the snapshots tell.
    pub(crate) fn storage(&self) -> &Arc<Storage> {
        &self.shared.storage
    }

    /// Messages that wait for the store.
    pub(crate) fn queued(&self) -> u64 {
        self.shared.metrics.queued()
    }

    pub(crate) async fn snapshot(
        &mut self,
        handles: &PerStage<StageHandle>,
        answers: Answers,
        phase: Phase<'_>,
    ) -> Snapshot {
        self.look(phase.shutting_down.is_some()).await;
        let sample = self.sampled.as_ref().map(|(_, sample)| sample.clone()).unwrap_or_default();
        let metrics = &self.shared.metrics;
        let partitions = self.shared.partitions.status(&self.shared.ledger.stored());
        let lag =
            partitions.iter().map(|partition| partition.lag).sum::<Option<u64>>().filter(|_| !partitions.is_empty());
        let clicks = self.shared.storage.progress().last_click();
        // Clicks that wait to be counted. If none does, those whose figures wait to be written.
        let uncounted = clicks - if metrics.counted() < clicks { metrics.counted() } else { metrics.aggregated() };
        let uncounted = u64::try_from(uncounted).unwrap_or(0);
        let backlog = PerStage {
            ingest: lag,
            store: Some(metrics.queued()),
            aggregate: Some(uncounted),
            index: Some(sample.pending_documents),
        };
        let now = Instant::now();
        let mut status_of = |stage| {
            let info = Arc::clone(self.declared.get(stage));
            stage_status(info, handles.get(stage), self.rates.get_mut(stage), *backlog.get(stage), now)
        };
        let stages = Stage::ALL.into_iter().map(&mut status_of).collect();
        let waiting = lag.unwrap_or(0) + metrics.queued() + uncounted > 0;
        if !waiting || self.moved.0 != metrics.counted() {
            self.moved = (metrics.counted(), now);
        }
        // While nothing moves, what waits in Kafka has no time that we know, but it has waited since about then.
        let stalled = waiting.then(|| now - self.moved.1).filter(|stalled| *stalled > STALLED);
        let delay = self.shared.storage.progress().delay(Timestamp::now()).max(stalled);
        let refused = metrics.index.rejected.load(Relaxed);
        let documents = *metrics.index.documents.lock();
        let pages = metrics.pages();
        let (recent, recent_left_out) = metrics.recent();
        Snapshot {
            protocol: ProtocolVersion,
            at: Some(to_millis(SystemTime::now())),
            uptime: to_micros(self.started.elapsed()),
            source: SourceStatus {
                progress: self.options.progress.as_ref().map(|progress| progress.borrow().clone()),
                ..self.options.source.clone()
            },
            stages,
            totals: Totals {
                ingested: metrics.ingested.load(Relaxed),
                stored: metrics.stored(),
                duplicates: metrics.duplicates(),
                expired: metrics.expired(),
                future: metrics.future(),
                rejected: metrics.rejected_messages() + refused,
                left_out: metrics.left_out(),
                bots: metrics.bots(),
                late: metrics.late(),
                skipped: metrics.skipped.load(Relaxed),
                clicks: u64::try_from(clicks).unwrap_or(0),
                pages,
                documents: documents.unwrap_or_else(|| pages.saturating_sub(sample.pending_documents)),
            },
            delay: delay.map(to_micros),
            lag,
            // The supervisor adds it to the finished snapshot.
            outlook: Outlook::default(),
            partitions,
            store: self.store_status(&sample),
            index: metrics.index.status(&self.options.index_target, Some(sample.pending_documents)),
            remote: None,
            timings: Arc::new(Timings {
                delay: Some(self.shared.storage.progress().delays()),
                transaction: Some(metrics.transaction_times()),
                bulk: Some(metrics.index.bulk_times()),
            }),
            board: self.shared.boards.shown(FrontId::OWN),
            answers,
            recent,
            recent_left_out,
            // The supervisor judges the finished snapshot.
            alarms: Arc::default(),
            notices: self.shared.notices.shown(),
            log: self.options.log.lines(),
            events: self.options.log.events(),
            shutting_down: phase.shutting_down.map(str::to_owned),
            resetting: phase.resetting.map(str::to_owned),
            last_reset: self.last_reset.clone().map(|end| ResetEnd { cleared: *metrics.index.cleared.lock(), ..end }),
            finished: self.finished,
        }
    }

    fn store_status(&self, sample: &DiskSample) -> StoreStatus {
        let (transactions, transaction) = self.shared.metrics.transactions();
        let quantiles = self.shared.metrics.transaction_quantiles();
        StoreStatus {
            path: self.shared.storage.path().display().to_string(),
            file_bytes: Some(sample.file_bytes),
            wal_bytes: Some(sample.wal_bytes),
            transaction: transaction.map(to_micros),
            transaction_p50: quantiles.map(|(p50, _)| to_micros(p50)),
            transaction_p99: quantiles.map(|(_, p99)| to_micros(p99)),
            transactions: Some(transactions),
            checkpoints: Some(self.shared.storage.progress().checkpoints()),
            expired_before: sample.expiry.before,
            deleted: sample.expiry.deleted,
            rejects: sample.rejects.kept,
            rejects_deleted: sample.rejects.deleted,
        }
    }

    /// Everything was forgotten.
    pub(crate) fn reset(&mut self) {
        self.shared.metrics.reset();
        self.shared.catch_up.reset();
        self.shared.notices.clear();
        self.shared.boards.clear();
        self.sampled = None;
        self.moved = (0, Instant::now());
    }

    /// A reset has ended: so many clicks were deleted, or nothing was.
    pub(crate) fn reset_ended(&mut self, deleted: Result<u64, String>) {
        let number = self.last_reset.as_ref().map_or(0, |end| end.number) + 1;
        if deleted.is_ok() {
            *self.shared.metrics.index.cleared.lock() = None;
        }
        self.last_reset = Some(ResetEnd { number, deleted, cleared: None });
    }

    /// Looks at what only the disk knows, if it is time: off the async threads.
    async fn look(&mut self, ending: bool) {
        let all_counted = self.left_at_the_end() == Some(Stage::Index);
        let due = self.sampled.as_ref().is_none_or(|(due, _)| *due <= Instant::now());
        if !(due || ending || all_counted) {
            return;
        }
        let begin = Instant::now();
        let (storage, target) = (Arc::clone(&self.shared.storage), self.options.index_target.clone());
        let reader = self.reader.take();
        let looked = tokio::task::spawn_blocking(move || {
            let reader = reader.map_or_else(|| storage.reader(), Ok)?;
            let sample = sample(&reader, storage.path().to_owned(), &target)?;
            Ok::<_, StorageError>((reader, sample))
        });
        match looked.await {
            Ok(Ok((reader, sample))) => {
                self.reader = Some(reader);
                let told = !self.shared.metrics.index.uncounted.load(Relaxed);
                self.finished |= all_counted && sample.pending_documents == 0 && told;
                let (shortest, longest) = SAMPLE_INTERVALS;
                let pause = (begin.elapsed() * SAMPLE_SHARE).clamp(shortest, longest);
                self.sampled = Some((Instant::now() + pause, sample));
            }
            Ok(Err(error)) => tracing::debug!(target: "pipeline", "no look at the database: {error}"),
            Err(error) => tracing::debug!(target: "pipeline", "no look at the database: {error}"),
        }
    }

    /// The stage that still has to do with what a finite source gave, once all of it is stored; `None` before that and
    /// after the end.
    pub(crate) fn left_at_the_end(&self) -> Option<Stage> {
        if self.finished || !self.source_is_stored() {
            return None;
        }
        let aggregated = self.shared.metrics.aggregated() == self.shared.storage.progress().last_click();
        Some(if aggregated { Stage::Index } else { Stage::Aggregate })
    }

    /// Whether ingest reads a backlog.
    pub(crate) fn reads_backlog(&self) -> bool {
        self.shared.catch_up.is_backlog(Instant::now())
    }

    /// The stage that still has work with a backlog that was read to its end.
    pub(crate) fn left_of_a_backlog(&self) -> Option<Stage> {
        let SharedParts { metrics, storage, catch_up, .. } = &self.shared;
        let reached = Reached {
            stored: metrics.ingested.load(Relaxed).saturating_sub(metrics.queued()),
            last_click: storage.progress().last_click(),
            aggregated: metrics.aggregated(),
        };
        catch_up.left(reached, Instant::now())
    }

    /// A finite source is at its end and everything of it is stored.
    fn source_is_stored(&self) -> bool {
        let Some(progress) = &self.options.progress else {
            return false;
        };
        let Some(end) = progress.borrow().end.clone() else {
            return false;
        };
        let stored = self.shared.ledger.stored();
        let reached = |(partition, end): (&i32, &i64)| stored.get(partition).copied().unwrap_or(0) >= *end;
        end.offsets.iter().all(reached) && self.batches.is_empty() && self.shared.metrics.queued() == 0
    }
}

fn sample(reader: &Reader, path: PathBuf, target: &str) -> Result<DiskSample, StorageError> {
    let size = |path: PathBuf| std::fs::metadata(path).map_or(0, |file| file.len());
    let mut wal = path.clone().into_os_string();
    wal.push("-wal");
    let pending_documents = reader.pages_pending(reader.index_cursor(target)?)?;
    Ok(DiskSample {
        file_bytes: size(path),
        wal_bytes: size(wal.into()),
        pending_documents,
        expiry: reader.expiry()?,
        rejects: reader.reject_count()?,
    })
}
