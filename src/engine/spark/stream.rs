//! The stream stage: one streaming query on the cluster takes messages from Kafka into the table of clicks. The stage finds or
//! starts the query, watches it, and stops it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::connect::{
    ConnectError, Observation, QueryFailure, QueryRun, Session, Sql, StreamSource, StreamWrite, Trigger,
};
use super::connection::{Connection, may_pass};
use super::manifest::Manifest;
use super::metrics::SparkMetrics;
use super::moved_offsets::{assigned_partitions, starting_offsets};
use super::options::SparkOptions;
use super::progress::{METRICS, OBSERVATION, StreamProgress};
use super::sql::{Tables, decoder};
use super::tables::{self, TablesError};
use crate::engine::local::shared::SharedParts;
use crate::engine::stages::handle::{Backoff, Signal, StageHandle};
use crate::protocol::stage::StageState;

/// The name of the query, by which every console finds it.
const QUERY: &str = "clicktop";

/// The view that the decoder reads.
const MESSAGES: &str = "kafka_messages";

/// How often the query is asked how it is.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// Spark reports at least every ten seconds. A query that asks for offsets for longer does not reach Kafka.
const SILENCE: Duration = Duration::from_secs(20);

/// So often a query that fails before its first micro-batch is started again.
const MOST_FAILURES: u32 = 5;

/// Failures that starting again does not mend.
const LASTING: [&str; 4] =
    ["KAFKA_DATA_LOSS", "UnknownTopicOrPartition", "TopicAuthorizationException", "SaslAuthenticationException"];

/// The stream stage.
pub(super) struct StreamStage {
    pub(super) options: Arc<SparkOptions>,
    pub(super) connection: Arc<Connection>,
    pub(super) tables: Arc<Tables>,
    pub(super) metrics: Arc<SparkMetrics>,
    pub(super) shared: SharedParts,
    /// clicktop ends, and the query shall go on.
    pub(super) leaving: Arc<AtomicBool>,
    pub(super) runtime: tokio::runtime::Handle,
}

/// Why the stage cannot go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Tables(#[from] TablesError),
    #[error("the streaming query has failed: {0}")]
    Failed(String),
    #[error("{0}")]
    Moved(String),
    #[error("the topic has other partitions than the data directory that was moved here knew")]
    Partitions(BTreeSet<i32>),
    #[error(
        "the Spark server cannot read Kafka: start it with --packages \
             org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0 ({0})"
    )]
    NoKafka(String),
}

impl StreamError {
    fn may_pass(&self) -> bool {
        match self {
            Self::Connect(error) => may_pass(error),
            Self::Tables(error) => error.may_pass(),
            Self::Failed(why) => !LASTING.iter().any(|lasting| why.contains(lasting)),
            Self::Partitions(_) => true,
            Self::Moved(_) | Self::NoKafka(_) => false,
        }
    }
}

/// A query that is being watched.
struct Watched {
    session: Session,
    run: QueryRun,
    /// The newest micro-batch that is counted; `None` before the first look.
    batch: Option<i64>,
    /// When the query last reported something new.
    reported: Instant,
    /// The report seen last.
    newest: Option<String>,
}

impl StreamStage {
    /// Works until asked to stop. Trouble that may pass is waited out, and shown.
    ///
    /// # Errors
    /// The server lacks something, the tables do not fit, or the query fails again and again.
    pub(super) fn run(&self, handle: &StageHandle) -> Result<(), StreamError> {
        self.runtime.block_on(self.work(handle))
    }

    async fn work(&self, handle: &StageHandle) -> Result<(), StreamError> {
        let mut backoff = Backoff::new();
        let mut failures = 0;
        let mut partitions = None;
        loop {
            let error = match self.query(handle, &mut backoff, &mut failures, partitions.as_ref()).await {
                Ok(()) => return Ok(()),
                Err(StreamError::Partitions(found)) if partitions.as_ref() != Some(&found) => {
                    partitions = Some(found);
                    continue;
                }
                Err(error) => error,
            };
            if let StreamError::Connect(error) | StreamError::Tables(TablesError::Connect(error)) = &error {
                self.connection.failed(error);
            }
            failures += u32::from(matches!(error, StreamError::Failed(_)));
            if !error.may_pass() || failures >= MOST_FAILURES {
                return Err(error);
            }
            let pause = backoff.next();
            handle.backing_off(&error.to_string(), pause);
            if handle.sleep_async(Signal::Run, pause).await != Signal::Run {
                return Ok(());
            }
        }
    }

    /// From the connection to the end of the query, or to the first error.
    async fn query(
        &self,
        handle: &StageHandle,
        backoff: &mut Backoff,
        failures: &mut u32,
        partitions: Option<&BTreeSet<i32>>,
    ) -> Result<(), StreamError> {
        let session = tokio::select! {
            biased;
            () = handle.stopped() => return Ok(()),
            session = self.prepare(handle) => session?,
        };
        let mut watched = match running(&session).await? {
            Some(run) => {
                tracing::info!(target: "stream", "found the streaming query at work");
                Watched { session, run, batch: None, reported: Instant::now(), newest: None }
            }
            None => {
                show(handle, "starting the streaming query");
                // Not given up when asked to stop: the query could run then, and nobody would know.
                let run = self.start(&session, partitions).await?;
                Watched { session, run, batch: Some(-1), reported: Instant::now(), newest: None }
            }
        };
        loop {
            if handle.signal() != Signal::Run {
                return self.end(handle, &watched).await;
            }
            let status = watched.session.query_status(watched.run).await?;
            if self.look(handle, &mut watched).await? {
                backoff.reset();
                *failures = 0;
            }
            if !status.active {
                return match watched.session.query_failure(watched.run).await? {
                    Some(failure) => Err(match assigned_partitions(&failure.message, self.topic()) {
                        Some(partitions) => StreamError::Partitions(partitions),
                        None => StreamError::Failed(describe(&failure)),
                    }),
                    None => {
                        tracing::warn!(target: "stream", "the streaming query was stopped elsewhere");
                        Ok(())
                    }
                };
            }
            let silent = watched.reported.elapsed();
            if silent > SILENCE && status.message.starts_with("Getting offsets") {
                let cause = format!("Kafka does not answer the cluster: {}", status.message);
                match handle.state() {
                    StageState::BackingOff { .. } => handle.still_backing_off(&cause, WATCH_INTERVAL),
                    _ => handle.backing_off(&cause, WATCH_INTERVAL),
                }
            } else if status.message.starts_with("Initializing") && watched.newest.is_none() {
                handle.starting("the streaming query begins");
            } else {
                handle.running();
            }
            handle.sleep_async(Signal::Run, WATCH_INTERVAL).await;
        }
    }

    async fn prepare(&self, handle: &StageHandle) -> Result<Session, StreamError> {
        show(handle, &format!("connecting to {}", self.connection.target()));
        let session = self.connection.session().await?;
        show(handle, "looking at the tables");
        tables::ensure(&session, &self.options, &self.tables).await?;
        Ok(session)
    }

    fn topic(&self) -> &str {
        &self.options.source.topic
    }

    /// Starts the query. Its first start begins where a data directory that was moved here has stopped; later starts go on at the
    /// checkpoint, whatever this says.
    async fn start(&self, session: &Session, partitions: Option<&BTreeSet<i32>>) -> Result<QueryRun, StreamError> {
        let options = &self.options;
        let mut source = StreamSource { format: "kafka".to_owned(), options: options.source_options.clone() };
        let properties = tables::properties(session, &options.root, "clicks").await?.unwrap_or_default();
        if let Some(moved) = Manifest::among(&properties).map_err(|error| StreamError::Moved(error.to_string()))?
            && let Some(offsets) = moved.offsets_of(self.topic())
        {
            let begin = starting_offsets(self.topic(), offsets, partitions);
            source.options.insert("startingOffsets".to_owned(), begin);
        }
        session.streaming_view(MESSAGES, source).await.map_err(without_kafka)?;
        let write = StreamWrite {
            sql: Sql::new(decoder(options.format, options.field_limits, options.slices)),
            observe: Some(Observation { name: OBSERVATION.to_owned(), metrics: METRICS.map(str::to_owned).to_vec() }),
            format: "delta".to_owned(),
            path: format!("{}/clicks", options.root),
            checkpoint: format!("{}/checkpoint", options.root),
            partition_by: vec!["slice".to_owned()],
            options: Vec::new(),
            trigger: Trigger::Every(options.trigger),
            name: QUERY.to_owned(),
        };
        match session.start_query(write).await {
            Ok(run) => Ok(run),
            // Another console was faster.
            Err(error) => match running(session).await {
                Ok(Some(run)) => Ok(run),
                _ => Err(without_kafka(error)),
            },
        }
    }

    /// Reads the newest progress; whether there is a micro-batch with messages that was not seen before.
    async fn look(&self, handle: &StageHandle, watched: &mut Watched) -> Result<bool, StreamError> {
        let Some(newest) = watched.session.last_progress(watched.run).await? else { return Ok(false) };
        if watched.newest.as_ref() == Some(&newest) {
            return Ok(false);
        }
        watched.reported = Instant::now();
        tracing::trace!(target: "stream", "{newest}");
        let Some(progress) = parsed(&newest) else { return Ok(false) };
        watched.newest = Some(newest);
        let reports = match watched.batch {
            // What was before this console came is in the table, and counts for nobody's rate.
            None => Vec::new(),
            Some(seen) if progress.batch > seen + 1 => {
                let recent = watched.session.recent_progress(watched.run).await?;
                recent.iter().filter_map(|report| parsed(report)).filter(|report| report.batch > seen).collect()
            }
            Some(seen) if progress.batch > seen => vec![progress.clone()],
            Some(_) => Vec::new(),
        };
        let mut worked = false;
        let mut counted = watched.batch.unwrap_or(progress.batch);
        for report in reports {
            // A waiting query reports under the number of its next micro-batch.
            if report.messages == 0 || report.batch <= counted {
                continue;
            }
            counted = report.batch;
            self.metrics.batch(&report);
            handle.count_processed(report.messages);
            worked = true;
        }
        if watched.batch.is_none() && progress.messages == 0 {
            counted = progress.batch - 1;
        }
        watched.batch = Some(counted);
        self.note_offsets(&progress);
        Ok(worked)
    }

    fn note_offsets(&self, progress: &StreamProgress) {
        let shared = &self.shared;
        shared.ledger.committed(&progress.end);
        let stored = shared.ledger.stored();
        // Where this machine does not reach Kafka itself, the cluster tells where the topic ends.
        let unknown = shared.partitions.status(&stored).iter().any(|partition| partition.lag.is_none());
        if unknown && !progress.latest.is_empty() {
            let ends: BTreeMap<_, _> =
                progress.latest.iter().map(|(partition, end)| (*partition, (None, Some(*end)))).collect();
            shared.partitions.set_watermarks(ends);
        }
    }

    /// Stops the query, unless it shall go on.
    async fn end(&self, handle: &StageHandle, watched: &Watched) -> Result<(), StreamError> {
        if self.leaving.load(Relaxed) && self.options.leave_running {
            tracing::info!(target: "stream", "the streaming query goes on without this console");
            return Ok(());
        }
        handle.draining("the streaming query to stop");
        watched.session.stop_query(watched.run).await?;
        Ok(())
    }
}

/// Whether the streaming query runs in the session.
///
/// # Errors
/// As any call.
pub(super) async fn is_running(session: &Session) -> Result<bool, ConnectError> {
    Ok(running(session).await?.is_some())
}

/// The query that runs in the session, if one does.
async fn running(session: &Session) -> Result<Option<QueryRun>, ConnectError> {
    let active = session.active_queries().await?;
    Ok(active.into_iter().find(|query| query.name.as_deref() == Some(QUERY)).map(|query| query.run))
}

/// Shows what the stage does, unless it shows trouble.
fn show(handle: &StageHandle, doing: &str) {
    if !matches!(handle.state(), StageState::BackingOff { .. }) {
        handle.starting(doing);
    }
}

fn parsed(report: &str) -> Option<StreamProgress> {
    let parsed = StreamProgress::parse(report);
    parsed.inspect_err(|error| tracing::debug!(target: "stream", "a progress report: {error}")).ok()
}

/// Class and message in one line.
fn describe(failure: &QueryFailure) -> String {
    let line = failure.message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("without a message");
    // The cause is what tells something; the first line often says that a query was terminated.
    let cause = failure.message.lines().rev().map(str::trim).find(|line| line.starts_with("Caused by:"));
    match &failure.class {
        Some(class) if !line.contains(class.as_str()) => format!("[{class}] {}", cause.unwrap_or(line)),
        _ => cause.unwrap_or(line).to_owned(),
    }
}

fn without_kafka(error: ConnectError) -> StreamError {
    let text = error.to_string();
    let is_about_kafka = text.contains("data source: kafka") || text.contains("data source provider: kafka");
    if is_about_kafka || error.is_class("DATA_SOURCE_NOT_FOUND") {
        return StreamError::NoKafka(text);
    }
    error.into()
}
