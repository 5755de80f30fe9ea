//! Aggregate: stored clicks → figures by url × country, exact and incremental.

mod aggregation;
mod by_user;
mod checkpoint;
mod last_ids;
mod page_users;
mod persistence;
mod recent_visits;
#[cfg(test)]
mod tests;
mod timeline;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::click::Timestamp;
use crate::engine::local::query::board;
use crate::engine::local::query::board::{BoardSlots, CountryNames};
use crate::engine::local::shared::SharedParts;
use crate::engine::local::status::catch_up::BACKLOG_MESSAGES;
use crate::engine::local::status::metrics::Metrics;
use crate::engine::stages::database_check::wait_until_sound;
use crate::engine::stages::handle::{Backoff, Signal, StageHandle};
use crate::storage::figures::AggregateSettings;
use crate::storage::{Reader, Storage, StorageError};
use aggregation::Aggregation;

/// A checkpoint is written after this many clicks. After a crash, the stage replays at most that many. The size of a checkpoint is
/// bounded, so its cost for each click is constant.
const CHECKPOINT_CLICKS: i64 = 2_000_000;

/// A clean stop writes a checkpoint after at least this many clicks.
const CHECKPOINT_CLICKS_AT_STOP: i64 = 100_000;

/// At the end of a backlog, there is time for a checkpoint after at least this many clicks.
const CHECKPOINT_CLICKS_AFTER_BACKLOG: i64 = 500_000;

/// Clicks can only be deleted for their age once a checkpoint has counted them, so this many checkpoints are written during the
/// retention time …
const CHECKPOINTS_PER_RETENTION: u32 = 64;

/// … but no more often than this, since each writes all recent visits.
const MIN_CHECKPOINT_INTERVAL: Duration = Duration::from_secs(60);

/// Writing figures takes at most an eighth of the time, whatever the configured interval is.
const WRITE_SHARE: u32 = 8;

/// Figures are written at least this often, even if writing then takes more of the time.
const MAX_WRITE_INTERVAL: Duration = Duration::from_secs(5);

/// State is prefetched this many clicks ahead.
const PREFETCHED_CLICKS: usize = 32;

/// Options of the aggregate stage.
#[derive(Clone, Copy, Debug)]
pub struct AggregateOptions {
    /// What the figures depend on besides the clicks.
    pub settings: AggregateSettings,
    /// How often changed figures are written.
    pub interval: Duration,
}

/// The aggregate stage.
pub(crate) struct AggregateStage {
    storage: Arc<Storage>,
    options: AggregateOptions,
    /// How long clicks are kept. Clicks that no checkpoint has counted are kept longer.
    retention: Option<Duration>,
    metrics: Arc<Metrics>,
    boards: BoardSlots,
}

impl AggregateStage {
    /// A stage for a store that keeps clicks for `retention`, or for ever if `None`.
    pub(crate) fn new(shared: &SharedParts, options: AggregateOptions, retention: Option<Duration>) -> Self {
        let SharedParts { storage, metrics, boards, .. } = shared.clone();
        Self { storage, options, retention, metrics, boards }
    }

    /// Runs until the stage is asked to stop.
    ///
    /// # Errors
    /// The database is damaged. After errors that pass, the stage tries again.
    pub(crate) fn run(&self, handle: &StageHandle) -> Result<(), StorageError> {
        if !wait_until_sound(&self.storage, handle)? {
            return Ok(());
        }
        handle.starting("loading figures");
        let mut reader = self.storage.reader()?;
        let loaded = persistence::load(&self.storage, &mut reader, self.options.settings, &mut |doing| {
            handle.starting(doing);
            handle.signal() != Signal::Stop
        })?;
        let Ok(aggregation) = loaded else {
            return Ok(());
        };
        handle.running();
        AggregateRun::new(self, handle, reader, aggregation).run()
    }
}

/// Recomputes every figure from the stored clicks. `progress` receives the progress, in words.
///
/// # Errors
/// The database cannot be read or written, or clicks that the figures count were deleted for their age.
pub fn rebuild(
    storage: &Storage,
    settings: AggregateSettings,
    mut progress: impl FnMut(&str),
) -> Result<Rebuilt, StorageError> {
    let mut reader = storage.reader()?;
    let tell = &mut |doing: String| {
        progress(&doing);
        true
    };
    match persistence::rebuild(storage, &mut reader, settings, tell)? {
        Ok(aggregation) => Ok(Rebuilt { clicks: reader.click_count()?, pages: aggregation.pages().len() as u64 }),
        Err(persistence::Interrupted) => Ok(Rebuilt::default()),
    }
}

/// What a rebuild has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Counted clicks.
    pub clicks: u64,
    /// Rows of url × country.
    pub pages: u64,
}

/// The stage while it runs.
struct AggregateRun<'a> {
    stage: &'a AggregateStage,
    handle: &'a StageHandle,
    reader: Reader,
    aggregation: Aggregation,
    names: CountryNames,
    /// The change of views after which figures were last shown.
    view_changes: u64,
    /// When figures were last written.
    written: Instant,
    /// When the figures in memory were last shown.
    published: Instant,
    /// How long the last writes took.
    writes_took: [Duration; 3],
    /// Whether clicks were counted since.
    unwritten: bool,
    /// The last click of the newest checkpoint, and when it was written.
    checkpointed: (i64, Instant),
    /// Clicks of a backlog were counted since then.
    counts_backlog: bool,
}

impl<'a> AggregateRun<'a> {
    fn new(stage: &'a AggregateStage, handle: &'a StageHandle, reader: Reader, aggregation: Aggregation) -> Self {
        Self {
            stage,
            handle,
            reader,
            checkpointed: (aggregation.cursor, Instant::now()),
            aggregation,
            names: CountryNames::default(),
            view_changes: 0,
            written: Instant::now(),
            published: Instant::now(),
            writes_took: Default::default(),
            unwritten: false,
            counts_backlog: false,
        }
    }

    fn run(mut self) -> Result<(), StorageError> {
        self.publish()?;
        self.tell_written();
        let mut backoff = Backoff::new();
        loop {
            let signal = self.handle.signal();
            match self.round(signal) {
                Ok(true) => {
                    backoff.reset();
                    self.handle.running();
                }
                Ok(false) => return Ok(()),
                Err(error) if error.is_transient() => {
                    let pause = backoff.next();
                    self.handle.backing_off(&error.to_string(), pause);
                    if self.handle.sleep(signal, pause) == Signal::Stop {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// One round: reads clicks, counts them, writes figures if it is time, and waits if there are no clicks. Returns `false` at the
    /// end.
    fn round(&mut self, signal: Signal) -> Result<bool, StorageError> {
        if signal == Signal::Stop {
            self.finish()?;
            return Ok(false);
        }
        let cursor = self.aggregation.cursor;
        let mut clicks = Vec::new();
        self.stage.storage.clicks_after(&self.reader, cursor, persistence::READ_CLICKS, &mut clicks)?;
        let read = clicks.len();
        let mut counted = 0;
        let mut clicks = clicks.into_iter();
        let mut result: Result<(), StorageError> = Ok(());
        while result.is_ok() && clicks.len() > 0 {
            self.aggregation.prefetch(clicks.as_slice().iter().take(PREFETCHED_CLICKS));
            result = clicks.by_ref().take(PREFETCHED_CLICKS).try_for_each(|click| {
                self.aggregation.apply(click, |click| self.reader.last_key_before(click))?;
                counted += 1;
                Ok(())
            });
        }
        self.unwritten |= counted > 0;
        self.handle.count_processed(counted);
        self.stage.metrics.clicks_counted(self.aggregation.cursor);
        result?;
        if read == 0 && signal == Signal::Drain {
            self.finish()?;
            return Ok(false);
        }
        if signal == Signal::Drain {
            let left = self.stage.storage.progress().last_click() - self.aggregation.cursor;
            self.handle.draining(format!("{} to aggregate", crate::text::counted(left, "click", "clicks")));
        }
        // At the end of a finite source there are no more clicks to wait for.
        let hurries = read == 0 && self.unwritten && self.handle.take_hurry();
        // While a backlog waits for the store, figures are written as rarely as they may be: the store cannot write at the same time,
        // and the index would send each document many times.
        let is_backlog = self.stage.metrics.queued() >= BACKLOG_MESSAGES;
        self.counts_backlog |= is_backlog;
        let interval = match hurries {
            true => Duration::ZERO,
            false if is_backlog => MAX_WRITE_INTERVAL,
            false => self.interval(),
        };
        let due = interval.saturating_sub(self.written.elapsed());
        if self.unwritten && due.is_zero() {
            self.write(self.checkpoint_is_due(CHECKPOINT_CLICKS))?;
        } else if read == 0
            && !self.unwritten
            && self.counts_backlog
            && self.checkpoint_is_due(CHECKPOINT_CLICKS_AFTER_BACKLOG)
        {
            // While the index takes the figures, and not first at the stop.
            self.write(true)?;
            self.stage.storage.write_log_back()?;
        } else if self.view_changes != self.stage.boards.changes()
            || counted > 0 && self.published.elapsed() >= self.stage.options.interval
        {
            self.publish()?;
        }
        if read == 0 {
            let longest = Duration::from_millis(50);
            let wait = if self.unwritten { due.min(longest) } else { longest };
            self.stage.storage.progress().wait_beyond(self.aggregation.cursor, wait);
        }
        Ok(true)
    }

    /// The configured interval, or a longer one if writing takes long, so that most of the time is left for counting. The shortest of
    /// the last writes decides: a single write may have waited for another stage.
    fn interval(&self) -> Duration {
        let took = self.writes_took.into_iter().min().unwrap_or_default();
        let stretched = (took * WRITE_SHARE).min(MAX_WRITE_INTERVAL);
        self.stage.options.interval.max(stretched)
    }

    fn checkpoint_is_due(&self, clicks: i64) -> bool {
        let (cursor, at) = self.checkpointed;
        let old = |keep: Duration| at.elapsed() >= (keep / CHECKPOINTS_PER_RETENTION).max(MIN_CHECKPOINT_INTERVAL);
        let new = self.aggregation.cursor - cursor;
        new >= clicks || new > 0 && self.stage.retention.is_some_and(old)
    }

    fn finish(&mut self) -> Result<(), StorageError> {
        let worth = if self.stage.retention.is_some() { 1 } else { CHECKPOINT_CLICKS_AT_STOP };
        let checkpoint = self.checkpoint_is_due(worth);
        if self.unwritten || checkpoint {
            self.handle.draining("figures to be written");
            self.write(checkpoint)?;
        }
        Ok(())
    }

    fn write(&mut self, with_checkpoint: bool) -> Result<(), StorageError> {
        let begin = Instant::now();
        let version = persistence::save(&self.stage.storage, &mut self.aggregation, with_checkpoint)?;
        self.stage.metrics.rows_written(self.aggregation.cursor, version);
        if with_checkpoint {
            self.checkpointed = (self.aggregation.cursor, Instant::now());
            self.counts_backlog = false;
        } else {
            let [_, before, last] = self.writes_took;
            self.writes_took = [before, last, begin.elapsed()];
        }
        self.unwritten = false;
        self.written = Instant::now();
        self.publish()?;
        self.tell_written();
        Ok(())
    }

    /// Shows the figures in memory to the fronts whose view has neither window nor filter. Those take too long here; another thread
    /// makes them.
    fn publish(&mut self) -> Result<(), StorageError> {
        self.published = Instant::now();
        // Read before the views: what changes meanwhile is seen next time.
        self.view_changes = self.stage.boards.changes();
        for view in self.stage.boards.views().iter().filter(|view| view.is_plain()) {
            let figures =
                board::BoardFigures { countries: self.aggregation.countries(), pages: self.aggregation.pages().iter() };
            let board = board::board(view, figures, &mut self.names, &self.reader)?;
            self.stage.boards.publish(board, || true);
        }
        Ok(())
    }

    fn tell_written(&self) {
        let Aggregation { cursor, late, .. } = self.aggregation;
        self.stage.metrics.figures_written(cursor, self.aggregation.pages().len() as u64, late);
        self.stage.storage.progress().figures_visible(cursor, Timestamp::now());
    }
}
