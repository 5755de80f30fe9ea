//! The stream stage: one streaming query on the cluster takes messages from Kafka into the table of clicks. The stage finds or
//! starts the query, watches it, and stops it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::checkpoint::{Checkpoint, parsed_offsets};
use super::connect::{ConnectError, Observation, QueryRun, Session, Sql, StreamSource, StreamWrite, Trigger};
use super::connection::Connection;
use super::failure::Failure;
use super::found_query::{QUERY, found, note, running};
use super::manifest::Manifest;
use super::metrics::SparkMetrics;
use super::moved_offsets::{assigned_partitions, starting_offsets};
use super::options::{PlaceRules, SparkOptions};
use super::places;
use super::progress::{METRICS, OBSERVATION};
use super::schema_book::{SchemaBook, unknown_schema};
use super::sql::{LEFT_OUT, Tables};
use super::stream_error::{StreamError, without_kafka};
use super::tables;
use super::watched::Watched;
use crate::engine::local::shared::SharedParts;
use crate::engine::stages::handle::{Backoff, Signal, StageHandle};
use crate::protocol::stage::StageState;

/// The view that the decoder reads.
const MESSAGES: &str = "kafka_messages";

/// How often the query is asked how it is.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// Spark reports at least every ten seconds. A query that asks for offsets for longer does not reach Kafka.
const SILENCE: Duration = Duration::from_secs(20);

/// The number of starts in a row that may fail for reasons of the query's own, without a micro-batch in between.
const MOST_FAILURES: u32 = 5;

/// An answer of the server takes milliseconds. After this time the stage shows that none comes.
const SLOW: Duration = Duration::from_secs(8);

/// A server that shuts down stops its queries first. After this time it no longer answers.
const GOING_DOWN: Duration = Duration::from_secs(3);

/// The stream stage.
pub(super) struct StreamStage {
    pub(super) options: Arc<SparkOptions>,
    pub(super) connection: Arc<Connection>,
    pub(super) tables: Arc<Tables>,
    pub(super) metrics: Arc<SparkMetrics>,
    pub(super) book: SchemaBook,
    pub(super) shared: SharedParts,
    /// clicktop ends, and the query goes on.
    pub(super) leaving: Arc<AtomicBool>,
    pub(super) runtime: tokio::runtime::Handle,
}

impl StreamStage {
    /// Works until asked to stop. It shows trouble that may pass, and tries again.
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
        // Consoles with different settings must not restart the query for ever: each judges once whether it may stay.
        let mut judged = false;
        loop {
            let query = self.query(handle, &mut backoff, &mut failures, partitions.as_ref(), &mut judged);
            let error = match query.await {
                Ok(()) => return Ok(()),
                // The next start names an offset for each of them.
                Err(StreamError::Partitions(found)) if partitions.as_ref() != Some(&found) => {
                    partitions = Some(found);
                    continue;
                }
                Err(StreamError::UnknownSchema(id)) => match self.learn_schema(handle, id).await {
                    Ok(()) => continue,
                    Err(error) => error,
                },
                Err(StreamError::SchemaCame) => continue,
                Err(StreamError::Restarted) => {
                    tracing::info!(target: "stream", "another clicktop has restarted the streaming query");
                    continue;
                }
                Err(error) => self.after_loss(error).await,
            };
            if let Some(error) = error.of_a_call() {
                self.connection.failed(error);
            }
            let unexplained = matches!(&error, StreamError::Failed { failure, .. } if failure.may_be_ours());
            failures += u32::from(unexplained);
            if matches!(error, StreamError::Failed { .. }) {
                self.metrics.query.ended();
            } else {
                self.metrics.query.unknown();
            }
            if !error.may_pass() || failures >= MOST_FAILURES {
                return Err(error);
            }
            let pause = backoff.next();
            handle.backing_off(&error.to_string(), pause);
            if handle.sleep_async(Signal::Run, pause).await != Signal::Run {
                return self.given_up(error);
            }
        }
    }

    /// The stage is asked to end while it has trouble.
    fn given_up(&self, error: StreamError) -> Result<(), StreamError> {
        match error {
            // The query that this stage has watched may run on. A server that refuses connections is gone, and its queries with it.
            StreamError::Connect(error)
                if error.is_transient()
                    && !error.is_refused_connection()
                    && !self.stays()
                    && self.metrics.query.may_run() =>
            {
                Err(StreamError::NotStopped(error))
            }
            error => {
                tracing::info!(target: "stream", "the stage ends in trouble: {error}");
                Ok(())
            }
        }
    }

    /// Whether the query goes on without this console.
    fn stays(&self) -> bool {
        self.leaving.load(Relaxed)
    }

    /// From the connection to the end of the query, or to the first error.
    async fn query(
        &self,
        handle: &StageHandle,
        backoff: &mut Backoff,
        failures: &mut u32,
        partitions: Option<&BTreeSet<i32>>,
        judged: &mut bool,
    ) -> Result<(), StreamError> {
        let session = tokio::select! {
            biased;
            () = handle.stopped() => return Ok(()),
            session = self.prepare(handle) => session?,
        };
        // Before the query, which looks addresses up from its first micro-batch on.
        let mut edition = self.edition();
        tokio::select! {
            biased;
            () = handle.stopped() => return Ok(()),
            written = self.write_places(&session, handle) => written?,
        }
        let checkpoint = Checkpoint::in_use(&session, &self.options.root).await?;
        let wanted = Some(&self.options.decoder).filter(|_| !std::mem::replace(judged, true));
        let mut watched = match found(&session, wanted).await? {
            Some(run) => {
                tracing::info!(target: "stream", "found the streaming query at work");
                Watched { session, run, checkpoint, batch: None, reported: Instant::now(), newest: None }
            }
            None => {
                show(handle, "starting the streaming query");
                // Not given up when asked to stop: the query could run then, and nobody would know.
                let run = self.start(&session, &checkpoint, partitions).await?;
                Watched { session, run, checkpoint, batch: Some(-1), reported: Instant::now(), newest: None }
            }
        };
        self.metrics.query.watches(QUERY, watched.run);
        loop {
            if handle.signal() != Signal::Run {
                return self.end(handle, &watched).await;
            }
            if edition != self.edition() {
                edition = self.edition();
                tokio::select! {
                    biased;
                    () = handle.stopped() => continue,
                    written = self.write_places(&watched.session, handle) => written?,
                }
            }
            let status = self.shown(handle, watched.session.query_status(watched.run)).await?;
            self.metrics.query.told(&status);
            self.look_for_absent(&watched.session, watched.run).await?;
            let looked = watched.look(handle, &self.metrics, &self.shared).await?;
            if looked {
                backoff.reset();
                *failures = 0;
            }
            if !status.active {
                return self.ended(handle, watched).await;
            }
            let silent = watched.reported.elapsed();
            if silent > SILENCE && status.message.starts_with("Getting offsets") {
                let cause = format!("Kafka does not answer the cluster: {}", status.message);
                match handle.state() {
                    StageState::BackingOff { .. } => handle.still_backing_off(&cause, WATCH_INTERVAL),
                    _ => handle.backing_off(&cause, WATCH_INTERVAL),
                }
            } else if watched.newest.is_none() {
                // A query that cannot work fails before its first report.
                show(handle, "the streaming query begins");
            } else {
                handle.running();
            }
            handle.sleep_async(Signal::Run, WATCH_INTERVAL).await;
        }
    }

    /// The query does not run any more: why.
    async fn ended(&self, handle: &StageHandle, watched: Watched) -> Result<(), StreamError> {
        let Watched { session, run, checkpoint, .. } = watched;
        if let Some(failure) = session.query_failure(run).await? {
            let topic = self.options.kafka.topic.as_str();
            tracing::debug!(target: "stream", "the streaming query has failed: {failure:?}");
            if let Some(partitions) = assigned_partitions(&format!("{}\n{}", failure.message, failure.causes), topic) {
                return Err(StreamError::Partitions(partitions));
            }
            if let Some(id) = unknown_schema(&failure) {
                return Err(StreamError::UnknownSchema(id));
            }
            let failure = Failure::of(&failure, topic);
            return Err(StreamError::Failed { text: failure.describe(topic), failure, checkpoint });
        }
        if handle.sleep_async(Signal::Run, GOING_DOWN).await == Signal::Run {
            // An error, if the server has gone down with the query.
            session.query_status(run).await?;
            if running(&session).await?.is_some() {
                return Err(StreamError::Restarted);
            }
        }
        tracing::warn!(target: "stream", "somebody else stopped the streaming query; start the stage stream to go on");
        Ok(())
    }

    /// Waits for an answer of the server, and shows it if none comes.
    async fn shown<T>(
        &self,
        handle: &StageHandle,
        answer: impl Future<Output = Result<T, ConnectError>>,
    ) -> Result<T, ConnectError> {
        let mut answer = std::pin::pin!(answer);
        if let Ok(answer) = tokio::time::timeout(SLOW, &mut answer).await {
            return answer;
        }
        let limit = self.connection.answer_timeout().saturating_sub(SLOW);
        handle.backing_off(&format!("{} gives no answer", self.connection.target()), limit);
        answer.await
    }

    async fn prepare(&self, handle: &StageHandle) -> Result<Session, StreamError> {
        show(handle, &format!("connecting to {}", self.connection.target()));
        let session = self.connection.session().await?;
        show(handle, "looking at the tables");
        tables::ensure(&session, &self.options, &self.tables).await?;
        Ok(session)
    }

    /// Gives the cluster the places of addresses, if the query looks addresses up. A query at work takes them for its next micro-batch.
    async fn write_places(&self, session: &Session, handle: &StageHandle) -> Result<(), StreamError> {
        let Some(PlaceRules { places, longest }) = &self.options.places else { return Ok(()) };
        Ok(places::write(session, &self.tables, places, *longest, |doing| show(handle, doing)).await?)
    }

    /// Grows when the databases of places change.
    fn edition(&self) -> Option<u64> {
        self.options.places.as_ref().map(|rules| rules.places.edition())
    }

    /// Where the query begins if its checkpoint is new: where Kafka has lost messages, where a data directory that was moved here has
    /// stopped, or (`None`) where `kafka.start` says.
    async fn beginning(
        &self,
        session: &Session,
        checkpoint: &Checkpoint,
        partitions: Option<&BTreeSet<i32>>,
    ) -> Result<Option<String>, StreamError> {
        let topic = self.options.kafka.topic.as_str();
        if let Some(begin) = checkpoint.begin() {
            let offsets = partitions.and_then(|_| parsed_offsets(begin, topic));
            return Ok(Some(offsets.map_or(begin.to_owned(), |offsets| starting_offsets(topic, &offsets, partitions))));
        }
        let properties = tables::properties(session, &self.options.root, "clicks").await?.unwrap_or_default();
        let moved = Manifest::among(&properties)?;
        let offsets = moved.as_ref().and_then(|moved| moved.offsets_of(topic));
        Ok(offsets.map(|offsets| starting_offsets(topic, offsets, partitions)))
    }

    async fn start(
        &self,
        session: &Session,
        checkpoint: &Checkpoint,
        partitions: Option<&BTreeSet<i32>>,
    ) -> Result<QueryRun, StreamError> {
        let options = &self.options;
        let mut source = StreamSource { format: "kafka".to_owned(), options: options.source_options.clone() };
        if let Some(begin) = self.beginning(session, checkpoint, partitions).await? {
            source.options.insert("startingOffsets".to_owned(), begin);
        }
        if options.decoder.reads_agents {
            tables::take_agents(session, &self.tables).await?;
        }
        session.streaming_view(MESSAGES, source).await.map_err(without_kafka)?;
        self.open_messages(session).await?;
        for view in &options.decoder.views {
            session.sql_view(&view.name, view.query.as_str().into()).await?;
        }
        let write = StreamWrite {
            sql: Sql::new(options.decoder.query.as_str()),
            observe: Some(Observation { name: OBSERVATION.to_owned(), metrics: METRICS.map(str::to_owned).to_vec() }),
            only: Some(format!("NOT ({LEFT_OUT})")),
            format: "delta".to_owned(),
            path: format!("{}/clicks", options.root),
            checkpoint: checkpoint.path(&options.root),
            partition_by: vec!["slice".to_owned()],
            options: Vec::new(),
            trigger: Trigger::Every(options.trigger),
            name: QUERY.to_owned(),
        };
        match session.start_query(write).await {
            Ok(run) => {
                note(session, &options.decoder).await?;
                self.note_schemas(session).await?;
                Ok(run)
            }
            // Another console was faster.
            Err(error) => match running(session).await {
                Ok(Some(run)) => Ok(run),
                _ => Err(without_kafka(error)),
            },
        }
    }

    /// Stops the query, unless it shall go on.
    async fn end(&self, handle: &StageHandle, watched: &Watched) -> Result<(), StreamError> {
        if self.stays() {
            tracing::info!(target: "stream", "the streaming query goes on without this clicktop");
            return Ok(());
        }
        handle.draining("the streaming query to stop");
        match watched.session.stop_query(watched.run).await {
            Ok(()) => {
                self.metrics.query.ended();
                Ok(())
            }
            Err(error) => self.given_up(error.into()),
        }
    }
}

/// Shows what the stage does, unless it shows trouble.
fn show(handle: &StageHandle, doing: &str) {
    if !matches!(handle.state(), StageState::BackingOff { .. }) {
        handle.starting(doing);
    }
}
