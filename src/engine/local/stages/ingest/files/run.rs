//! A reading of files: reads, gathers batches, and hands them to the store.

use std::time::{Duration, Instant};

use super::current::{ReadSome, Sink};
use super::follow::Follow;
use super::options::FileOptions;
use super::pace::Pace;
use super::parts::{FilesError, Parts};
use super::sequence::Sequence;
use super::told::Told;
use crate::engine::local::stages::ingest::first_clicks::FirstClicks;
use crate::engine::local::stages::ingest::gather::BatchGatherer;
use crate::engine::stages::handle::{Backoff, Signal, StageHandle};
use crate::source::files::FoundInput;
use crate::storage::{IngestBatch, Origin};

/// How long the stage waits for something, and so how soon it sees a stop.
const POLL: Duration = Duration::from_millis(20);

/// The longest wait for the rate, and so how soon the stage sees a stop.
const LONGEST_NAP: Duration = Duration::from_millis(50);

/// How long the stage sleeps at a time once everything is read. A signal ends the sleep.
const IDLE: Duration = Duration::from_secs(1);

/// How often files that are followed are looked at.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(150);

/// How long a stop waits for room in the queue. A batch that finds none is the first of the next start.
const LAST_HANDOVER: Duration = Duration::from_secs(1);

/// A reading of files.
pub(super) struct FilesRun {
    source: Source,
    gatherer: BatchGatherer,
    /// A batch that found the queue full.
    waiting: Option<IngestBatch>,
    pace: Pace,
    first_clicks: FirstClicks,
    told: Told,
    has_ended: bool,
}

enum Source {
    Sequence(Sequence),
    Follow(Follow),
}

impl FilesRun {
    pub(super) fn new(options: &FileOptions, inputs: Vec<FoundInput>) -> Self {
        let source = match options.follow {
            true => Source::Follow(Follow::new(inputs)),
            false => Source::Sequence(Sequence::new(inputs)),
        };
        Self {
            source,
            gatherer: BatchGatherer::new(options.batch_events, options.pseudonyms.clone()),
            waiting: None,
            pace: Pace::new(options.rate),
            first_clicks: FirstClicks::new(),
            told: Told::new(),
            has_ended: false,
        }
    }

    /// Works until asked to stop.
    pub(super) fn run(&mut self, stage: &Parts, handle: &StageHandle) -> Result<(), FilesError> {
        let mut backoff = Backoff::new();
        while handle.signal() == Signal::Run {
            if !self.make_room(stage, handle, POLL)? {
                continue;
            }
            if self.has_ended {
                handle.sleep(Signal::Run, IDLE);
                continue;
            }
            let read = match self.read(stage, handle) {
                Ok(read) => read,
                Err(FilesError::Storage(error)) if error.is_transient() => {
                    let pause = backoff.next();
                    handle.backing_off(&error.to_string(), pause);
                    handle.sleep(Signal::Run, pause);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if !self.gatherer.is_empty() {
                self.gatherer.begin();
            }
            let is_due = self.gatherer.is_due(stage.options.batch_interval) || read == ReadSome::End;
            if is_due && self.can_pause() {
                self.gather_batch(stage);
            }
            match read {
                ReadSome::More => {}
                ReadSome::Nap(time) => {
                    handle.sleep(Signal::Run, time.clamp(POLL, LONGEST_NAP));
                }
                // Waiting for a pipe has taken its time already.
                ReadSome::Wait if !stage.options.follow => {}
                ReadSome::Wait => {
                    if self.gatherer.is_empty() {
                        stage.handover.at_the_end();
                    }
                    handle.sleep(Signal::Run, FOLLOW_INTERVAL);
                }
                ReadSome::End => self.end(stage, handle)?,
            }
            let bytes_read = self.bytes_read();
            self.told.publish(&stage.progress, bytes_read);
        }
        self.stop(stage, handle)
    }

    /// Reads some records.
    fn read(&mut self, stage: &Parts, handle: &StageHandle) -> Result<ReadSome, FilesError> {
        let Self { source, gatherer, pace, told, .. } = self;
        let (options, storage) = (&stage.options, &*stage.storage);
        let mut notes = std::mem::take(&mut told.notes);
        let mut sink = Sink { gatherer, pace, notes: &mut notes };
        let read = match source {
            Source::Sequence(sequence) => sequence.turn(options, storage, handle, &mut sink, told),
            Source::Follow(follow) => follow.turn(options, storage, handle, &mut sink),
        };
        told.notes = notes;
        read
    }

    fn bytes_read(&self) -> u64 {
        match &self.source {
            Source::Sequence(sequence) => sequence.bytes_read(),
            Source::Follow(follow) => follow.bytes_read(),
        }
    }

    fn can_pause(&self) -> bool {
        match &self.source {
            Source::Sequence(sequence) => sequence.can_pause(),
            Source::Follow(follow) => follow.can_pause(),
        }
    }

    /// Makes a batch of what was gathered, for the store's queue.
    fn gather_batch(&mut self, stage: &Parts) {
        let has_events = !self.gatherer.is_empty();
        let positions = match &mut self.source {
            Source::Sequence(sequence) => sequence.take_positions(has_events),
            Source::Follow(follow) => follow.take_positions(has_events),
        };
        if !has_events && positions.is_empty() {
            return;
        }
        let batch = self.gatherer.take(Origin::Files(positions));
        self.first_clicks.add(&batch);
        self.report_oddities(stage, false);
        self.waiting = Some(batch);
    }

    /// Puts the waiting batch in the queue; `false` if there is no room for it for `patience`.
    fn make_room(&mut self, stage: &Parts, handle: &StageHandle, patience: Duration) -> Result<bool, FilesError> {
        if let Some(batch) = self.waiting.take() {
            let messages = batch.messages() as u64;
            self.waiting = stage.handover.send(batch, patience, handle)?;
            if self.waiting.is_none() {
                self.told.sent += messages;
            }
        }
        Ok(self.waiting.is_none())
    }

    /// Reports what rejects look like, and whether the first clicks make sense; at the `end` by as many as there are.
    fn report_oddities(&mut self, stage: &Parts, end: bool) {
        let notices = &stage.handover.notices;
        let name = &stage.name;
        for format in self.gatherer.take_foreign() {
            notices.say(format.kind(), || format!("records of {name} look like {format}"));
        }
        for oddity in self.first_clicks.judged(end) {
            notices.say(oddity.kind, || format!("{name}: {}", oddity.text));
        }
    }

    /// Everything was read, or nothing more can be.
    fn end(&mut self, stage: &Parts, handle: &StageHandle) -> Result<(), FilesError> {
        while !self.make_room(stage, handle, POLL)? {
            if handle.signal() != Signal::Run {
                return Ok(());
            }
        }
        self.report_oddities(stage, true);
        if let Some(known) = self.told.read_before() {
            stage.handover.notices.say("read before", || known);
        }
        let bytes_read = self.bytes_read();
        let error = match &mut self.source {
            Source::Sequence(sequence) => sequence.error(),
            Source::Follow(follow) => match follow.take_error() {
                Some(error) => return Err(error.into()),
                None => return Ok(()),
            },
        };
        self.told.end(&stage.progress, error, bytes_read);
        self.has_ended = true;
        Ok(())
    }

    /// Hands over what was gathered, if there is room. Otherwise the next start does.
    fn stop(&mut self, stage: &Parts, handle: &StageHandle) -> Result<(), FilesError> {
        handle.draining("the last batch to be handed over");
        let deadline = Instant::now() + LAST_HANDOVER;
        let left = || deadline.saturating_duration_since(Instant::now());
        if self.make_room(stage, handle, left())? && self.can_pause() {
            self.gather_batch(stage);
            self.make_room(stage, handle, left())?;
        }
        self.report_oddities(stage, true);
        self.told.notes.tell();
        Ok(())
    }
}
