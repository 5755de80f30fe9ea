//! Index: changed figures → documents of the search engine.
//!
//! The stage syncs state, not events. Its cursor is a version of `page_stats`. A row that changes again while the
//! engine is slow moves ahead of the cursor, so the stage sends it once, with its newest figures.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt, TryStreamExt};

use super::database_check::wait_until_sound;
use super::handle::{Backoff, Signal, StageHandle};
use super::index_metrics::IndexMetrics;
use crate::click::Timestamp;
use crate::protocol::snapshot::Health;
use crate::search::{Bulk, BulkOutcome, Document, SearchError, SearchIndex};
use crate::storage::figures::IndexCursor;
use crate::storage::{Page, Reader, Reject, Storage, StorageError};
use crate::text::counted;

/// How often the engine is asked how it is.
const STATUS_INTERVAL: Duration = Duration::from_secs(5);

/// The same while documents are being sent.
const STATUS_INTERVAL_SENDING: Duration = Duration::from_secs(1);

/// While the credentials are refused: somebody has to correct them.
const UNAUTHORIZED_PAUSE: Duration = Duration::from_secs(30);

/// How documents are sent.
#[derive(Clone, Copy, Debug)]
pub struct IndexOptions {
    /// The shortest time between two rounds: what changes more often is sent once.
    pub interval: Duration,
    /// Unless the engine knows better.
    pub bulk: Bulk,
}

/// The index stage.
pub(crate) struct IndexStage {
    storage: Arc<Storage>,
    index: Arc<dyn SearchIndex>,
    options: IndexOptions,
    metrics: Arc<IndexMetrics>,
    runtime: tokio::runtime::Handle,
}

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IndexError {
    #[error(transparent)]
    Search(#[from] SearchError),
    /// The same with what to do about it.
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("asked to stop")]
    Stopped,
}

/// After a round the stage rests so many times what it took ...
const REST: u32 = 4;

/// ... but no longer than this. While a backlog is read, most documents change again and again: then it rests as long as this.
const LONGEST_REST: Duration = Duration::from_secs(5);

impl IndexStage {
    /// A stage that sends the figures of `storage` to `index` as documents, on the threads of `runtime`.
    pub(crate) fn new(
        storage: Arc<Storage>,
        metrics: Arc<IndexMetrics>,
        options: IndexOptions,
        index: Arc<dyn SearchIndex>,
        runtime: tokio::runtime::Handle,
    ) -> Self {
        Self { storage, index, options, metrics, runtime }
    }

    /// Works until asked to stop. What the engine refuses for now is waited out, and shown.
    ///
    /// # Errors
    /// The engine refuses every request for a reason that waiting does not mend, or the database is damaged.
    pub(crate) fn run(&self, handle: &StageHandle) -> Result<(), IndexError> {
        if !wait_until_sound(&self.storage, handle)? {
            return Ok(());
        }
        let ended = self.runtime.block_on(self.work(handle));
        // Nobody asks the engine any more; the end of a finite source does not wait for it.
        self.metrics.uncounted.store(false, Relaxed);
        ended
    }

    async fn work(&self, handle: &StageHandle) -> Result<(), IndexError> {
        let mut backoff = Backoff::new();
        loop {
            let signal = handle.signal();
            let result = tokio::select! {
                biased;
                () = handle.stopped() => return Ok(()),
                result = self.connected(handle, &mut backoff) => result,
            };
            let error = match result {
                Ok(()) | Err(IndexError::Stopped) => return Ok(()),
                Err(error) => error,
            };
            let pause = match &error {
                IndexError::Search(error) if error.is_unauthorized() => UNAUTHORIZED_PAUSE,
                IndexError::Search(error) if error.is_transient() => backoff.next(),
                IndexError::Storage(error) if error.is_transient() => backoff.next(),
                IndexError::Search(error) => return Err(IndexError::Refused(self.advised(error))),
                _ => return Err(error),
            };
            self.metrics.retries.fetch_add(1, Relaxed);
            if matches!(error, IndexError::Search(SearchError::Throttled { .. })) {
                self.metrics.throttled.fetch_add(1, Relaxed);
            }
            *self.metrics.health.lock() = Health::Unknown;
            let cause = match &error {
                IndexError::Search(error) => self.advised(error),
                other => other.to_string(),
            };
            handle.backing_off(&cause, pause);
            if handle.sleep_async(signal, pause).await == Signal::Stop {
                return Ok(());
            }
        }
    }

    /// The error with what to do about it, in the words of `clicktop check`.
    fn advised(&self, error: &SearchError) -> String {
        error.with_advice(self.index.has_credentials())
    }

    /// From connecting to the first error, or to the end of the drain.
    async fn connected(&self, handle: &StageHandle, backoff: &mut Backoff) -> Result<(), IndexError> {
        let target = self.index.target();
        if !matches!(handle.state(), crate::protocol::stage::StageState::BackingOff { .. }) {
            handle.starting(format!("connecting to {target}"));
        }
        let prepared = self.index.prepare().await?;
        *self.metrics.engine.lock() = Some(prepared.engine);
        let reader = self.storage.reader()?;
        let known = reader.target_state(&target)?;
        let mut cursor = self.place(&reader, &target, handle).await?;
        // Where the sending begins, so that the first step has one before it. A row of this version may still be to come.
        self.metrics.sent_steps.reached(cursor.version.saturating_sub(1), 0, Timestamp::now());
        if known.is_none_or(|state| !state.outdated) {
            self.look_for_foreign(&reader, &target, prepared.documents, known.is_some())?;
        }
        if prepared.created {
            cursor = IndexCursor::default();
        }
        let bulk = self.index.bulk(self.options.bulk);
        let mut round = IndexRound { stage: self, handle, backoff, target, bulk };
        let mut asked: Option<Instant> = None;
        loop {
            let begin = Instant::now();
            let signal = handle.signal();
            let sent = round.sync(&reader, &mut cursor).await?;
            if signal == Signal::Drain {
                self.index.refresh().await?;
                self.ask_status().await?;
                return Ok(());
            }
            handle.running();
            let due = if sent > 0 { STATUS_INTERVAL_SENDING } else { STATUS_INTERVAL };
            let uncounted = self.metrics.uncounted.load(Relaxed);
            // At the end of a finite source nothing more comes, and what is shown is to be right then.
            let at_the_end = handle.take_hurry() && uncounted;
            if at_the_end || asked.is_none_or(|at| at.elapsed() >= due) {
                if uncounted {
                    self.index.refresh().await?;
                }
                self.ask_status().await?;
                asked = Some(Instant::now());
            }
            // What changes meanwhile coalesces, so that a slow engine costs the other stages a part of the time, not all of it.
            let took = begin.elapsed();
            let rest = if handle.is_flooded() { LONGEST_REST } else { (took * REST).min(LONGEST_REST) };
            let pause = self.options.interval.saturating_sub(took).max(rest);
            if handle.rest_async(signal, pause).await == Signal::Stop {
                return Ok(());
            }
        }
    }

    /// How far the target is, after what was forgotten has gone from it. Must come before anything is sent.
    async fn place(&self, reader: &Reader, target: &str, handle: &StageHandle) -> Result<IndexCursor, IndexError> {
        match reader.target_state(target)? {
            Some(state) if state.outdated => {
                if !matches!(handle.state(), crate::protocol::stage::StageState::BackingOff { .. }) {
                    handle.starting(format!("clearing {target} after the reset"));
                }
                let documents = self.index.clear().await?;
                self.storage.mark_target_cleared(target)?;
                tracing::info!(target: "index", event = "reset", stage = "index", "reset: deleted {} of {target}", counted(documents, "document", "documents"));
                *self.metrics.cleared.lock() = Some(documents);
                Ok(IndexCursor::default())
            }
            Some(state) => Ok(state.cursor),
            None => {
                self.storage.register_target(target)?;
                Ok(IndexCursor::default())
            }
        }
    }

    /// Notes how many of the `documents` in the index are of another database, as far as it can be told, and says it once.
    fn look_for_foreign(&self, reader: &Reader, target: &str, documents: u64, known: bool) -> Result<(), StorageError> {
        let noted = &self.metrics.foreign;
        // What was told of a new index holds on; a known one may have got documents of ours since.
        if noted.load(Relaxed) > 0 && documents > 0 {
            return Ok(());
        }
        // Rows are missing while figures are computed again; all of what a known index holds may be of this database then.
        let computed =
            reader.aggregate_state()?.is_some_and(|state| state.cursor == self.storage.progress().last_click());
        let foreign = match (known, computed) {
            (false, _) => documents,
            (true, true) => documents.saturating_sub(reader.page_count()?),
            (true, false) => 0,
        };
        noted.store(foreign, Relaxed);
        if foreign > 0 {
            tracing::warn!(
                target: "index",
                "{target} holds {} of another database, which searches find, too: set index.name to another \
                 index (of the embedded one, delete search.db), or reset, which empties the index and forgets the clicks",
                counted(foreign, "document", "documents")
            );
        }
        Ok(())
    }

    async fn ask_status(&self) -> Result<(), SearchError> {
        let status = self.index.status().await?;
        let metrics = &self.metrics;
        *metrics.health.lock() = status.health;
        *metrics.documents.lock() = Some(status.documents);
        metrics.uncounted.store(false, Relaxed);
        *metrics.bytes.lock() = status.bytes;
        Ok(())
    }
}

/// One way through what has changed.
struct IndexRound<'a> {
    stage: &'a IndexStage,
    handle: &'a StageHandle,
    backoff: &'a mut Backoff,
    target: String,
    bulk: Bulk,
}

impl IndexRound<'_> {
    /// Sends everything after `cursor` that `reader` finds, and moves it. Returns how many documents went.
    async fn sync(&mut self, reader: &Reader, cursor: &mut IndexCursor) -> Result<u64, IndexError> {
        let limit = self.bulk.documents * self.bulk.in_flight;
        let mut sent = 0;
        let mut pages = reader.pages_after(*cursor, limit)?;
        loop {
            // Figures may be erased while this stage runs. After the pages are read: those that were read before are older than the
            // versions that a cleared target has forgotten, and those of later must not be sent before it is cleared.
            if reader.target_state(&self.target)?.is_some_and(|state| state.outdated) {
                *cursor = self.stage.place(reader, &self.target, self.handle).await?;
                pages = reader.pages_after(*cursor, limit)?;
                continue;
            }
            let Some(last) = pages.last().map(|page| page.at) else {
                return Ok(sent);
            };
            let count = pages.len() as u64;
            let documents = pages.drain(..).map(|page| document(&page)).collect();
            // The engine works while the next pages are read.
            let (outcome, next) = tokio::join!(self.send(documents), async { reader.pages_after(last, limit) });
            outcome?;
            pages = next?;
            // Before anybody can see that nothing is pending.
            self.stage.metrics.uncounted.store(true, Relaxed);
            self.stage.storage.set_index_cursor(&self.target, last)?;
            *cursor = last;
            // The last rows of a version may still be to come.
            let complete = if pages.is_empty() { last.version } else { last.version.saturating_sub(1) };
            self.stage.metrics.sent_steps.reached(complete, 0, Timestamp::now());
            sent += count;
            self.handle.count_processed(count);
            self.backoff.reset();
            match self.handle.signal() {
                Signal::Run => self.handle.running(),
                Signal::Drain => {
                    let pending = reader.pages_pending(*cursor)?;
                    self.handle.draining(format!("{} to index", counted(pending, "document", "documents")));
                }
                Signal::Stop => return Err(IndexError::Stopped),
            }
        }
    }

    /// Sends until every document is written or refused for good.
    async fn send(&mut self, mut documents: Vec<Document>) -> Result<(), IndexError> {
        loop {
            let signal = self.handle.signal();
            let outcomes = self.send_once(&documents).await?;
            let mut again = Vec::new();
            let mut cause = None;
            for (start, outcome) in outcomes {
                self.refuse(start, &outcome, &documents)?;
                self.stage.metrics.conflicts.fetch_add(outcome.conflicts, Relaxed);
                for failure in outcome.retry {
                    let throttled = u64::from(failure.status == 429);
                    self.stage.metrics.throttled.fetch_add(throttled, Relaxed);
                    if let Some(document) = documents.get(start + failure.position) {
                        again.push(document.clone());
                    }
                    cause =
                        Some(format!("{} put a document off ({}): {}", self.target, failure.status, failure.reason));
                }
            }
            let Some(cause) = cause else {
                return Ok(());
            };
            self.stage.metrics.retries.fetch_add(again.len() as u64, Relaxed);
            let pause = self.backoff.next();
            self.handle.backing_off(&format!("{cause} ({})", counted(again.len(), "document", "documents")), pause);
            if self.handle.sleep_async(signal, pause).await == Signal::Stop {
                return Err(IndexError::Stopped);
            }
            documents = again;
        }
    }

    /// One request for each chunk, a few at a time; the outcomes with where each chunk starts.
    async fn send_once(&self, documents: &[Document]) -> Result<Vec<(usize, BulkOutcome)>, SearchError> {
        let Bulk { documents: a_request, in_flight } = self.bulk;
        let chunks = documents.chunks(a_request).enumerate();
        stream::iter(chunks)
            .map(|(chunk, documents)| async move {
                let begin = Instant::now();
                let outcome = self.stage.index.upsert(documents).await?;
                self.stage.metrics.bulk_answered(begin.elapsed());
                Ok((chunk * a_request, outcome))
            })
            .buffer_unordered(in_flight)
            .try_collect()
            .await
    }

    /// Keeps what the engine refused for good, with its reason.
    fn refuse(&self, start: usize, outcome: &BulkOutcome, documents: &[Document]) -> Result<(), StorageError> {
        let rejects: Vec<Reject> = outcome
            .rejected
            .iter()
            .filter_map(|failure| {
                let document = documents.get(start + failure.position)?;
                let reason = format!("{}: {}", failure.status, failure.reason);
                Some(Reject::document(&self.target, reason, describe(document).as_bytes()))
            })
            .collect();
        self.stage.storage.keep_rejects(&rejects)?;
        self.stage.metrics.rejected.fetch_add(rejects.len() as u64, Relaxed);
        if let Some(reject) = rejects.first() {
            self.handle.error(&format!(
                "{} refused {}: {}",
                self.target,
                counted(rejects.len(), "document", "documents"),
                reject.reason
            ));
        }
        Ok(())
    }
}

/// The document of a page, as it is sent.
#[doc(hidden)]
pub fn document(page: &Page) -> Document {
    Document {
        url: page.url.clone(),
        country: page.country.clone(),
        clicks: page.clicks,
        unique_users: page.unique_users,
        avg_time_spent: page.avg_time_spent,
        first_seen: page.first_seen,
        last_seen: page.last_seen,
        updated_at: Timestamp::from_millis(i64::try_from(page.at.version).unwrap_or(i64::MAX)),
        version: page.at.version,
    }
}

/// A refused document as people read it in `rejects`.
fn describe(document: &Document) -> String {
    serde_json::json!({
        "url": document.url,
        "country": document.country,
        "clicks": document.clicks,
        "unique_users": document.unique_users,
        "avg_time_spent": document.avg_time_spent,
        "first_seen": document.first_seen.to_string(),
        "last_seen": document.last_seen.to_string(),
        "version": document.version,
    })
    .to_string()
}
