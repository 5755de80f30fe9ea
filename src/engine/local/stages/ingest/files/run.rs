//! A reading of files from its start to its end: reads, gathers batches, and hands them to the store.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::current::Current;
use super::stage::{FilesError, FilesIngest};
use super::told::Told;
use crate::engine::local::stages::ingest::first_clicks::FirstClicks;
use crate::engine::local::stages::ingest::gather::BatchGatherer;
use crate::engine::stages::handle::{Backoff, Signal, StageHandle};
use crate::source::files::{FoundInput, Step};
use crate::source::{DemoError, TokenBucket};
use crate::storage::{FilePosition, IngestBatch, Origin};

/// Records that the stage takes in a row before it looks for a stop: some tenths of a millisecond.
const READY_RECORDS: usize = 500;

/// How long the stage waits for something, and so how soon it sees a stop.
const POLL: Duration = Duration::from_millis(20);

/// The longest wait for the rate, and so how soon the stage sees a stop.
const LONGEST_NAP: Duration = Duration::from_millis(50);

/// How long the stage sleeps at a time once everything is read. A signal ends the sleep.
const IDLE: Duration = Duration::from_secs(1);

/// How long a stop waits for room in the queue. A batch that finds none is the first of the next start.
const LAST_HANDOVER: Duration = Duration::from_secs(1);

/// A reading of files.
pub(super) struct FilesRun {
    inputs: VecDeque<FoundInput>,
    /// Standard input is looked at before anything is read: its header may be one that is not read.
    stdin: Option<Box<Current>>,
    is_stdin_known: bool,
    current: Option<Box<Current>>,
    gatherer: BatchGatherer,
    /// The positions of files that have ended since the last batch.
    ended: Vec<FilePosition>,
    /// A batch that found the queue full.
    waiting: Option<IngestBatch>,
    limiter: Option<TokenBucket>,
    /// The last record is not paid for.
    owes_token: bool,
    began: Instant,
    first_clicks: FirstClicks,
    told: Told,
    error: Option<DemoError>,
    has_ended: bool,
}

/// What a turn has come to.
enum Turn {
    /// It went on.
    On,
    /// The next record may come after this time.
    Nap(Duration),
    /// Nothing is left.
    End,
}

impl FilesRun {
    pub(super) fn new(stage: &FilesIngest, inputs: Vec<FoundInput>) -> Self {
        Self {
            inputs: inputs.into(),
            stdin: None,
            is_stdin_known: false,
            current: None,
            gatherer: BatchGatherer::new(stage.options.batch_events),
            ended: Vec::new(),
            waiting: None,
            // The rate was checked when the files were found.
            limiter: stage.options.rate.and_then(|rate| TokenBucket::new(rate).ok()),
            owes_token: false,
            began: Instant::now(),
            first_clicks: FirstClicks::new(),
            told: Told::new(),
            error: None,
            has_ended: false,
        }
    }

    /// Works until asked to stop.
    pub(super) fn run(&mut self, stage: &FilesIngest, handle: &StageHandle) -> Result<(), FilesError> {
        let mut backoff = Backoff::new();
        while handle.signal() == Signal::Run {
            if !self.make_room(stage, handle, POLL)? {
                continue;
            }
            if self.has_ended {
                handle.sleep(Signal::Run, IDLE);
                continue;
            }
            let turn = match self.turn(stage, handle) {
                Ok(turn) => turn,
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
            let is_due = self.gatherer.is_due(stage.options.batch_interval) || matches!(turn, Turn::End);
            if is_due && self.can_pause() {
                self.gather_batch(stage);
            }
            match turn {
                Turn::On => {}
                Turn::Nap(time) => {
                    handle.sleep(Signal::Run, time);
                }
                Turn::End => self.end(stage, handle)?,
            }
            let bytes_read = self.bytes_read();
            self.told.publish(&stage.progress, bytes_read);
        }
        self.stop(stage, handle)
    }

    /// Reads some records.
    fn turn(&mut self, stage: &FilesIngest, handle: &StageHandle) -> Result<Turn, FilesError> {
        if !self.is_stdin_known {
            return Ok(self.look_at_stdin(stage).unwrap_or_else(|error| self.fail(error)));
        }
        let Some(current) = &mut self.current else {
            let Some(input) = self.inputs.pop_front() else { return Ok(Turn::End) };
            let opened = match input {
                FoundInput::Stdin => self.stdin.take().map(Ok),
                _ => None,
            };
            return Ok(match opened.unwrap_or_else(|| Current::open(&input, &stage.options).map(Box::new)) {
                Ok(current) => {
                    self.current = Some(current);
                    Turn::On
                }
                Err(error) => self.fail(error),
            });
        };
        if !current.has_begun() {
            match current.look() {
                Ok(Step::Taken) => current.begin(&stage.storage, stage.options.again, handle)?,
                Ok(Step::Wait | Step::End) => {}
                Err(error) => return Ok(self.fail(error)),
            }
            return Ok(Turn::On);
        }
        for _ in 0..READY_RECORDS {
            if self.gatherer.is_full() && current.can_pause() {
                break;
            }
            if self.owes_token
                && let Some(limiter) = &mut self.limiter
            {
                if let Err(wait) = limiter.take(self.began.elapsed()) {
                    return Ok(Turn::Nap(wait.clamp(POLL, LONGEST_NAP)));
                }
                self.owes_token = false;
            }
            let number = current.reader.number();
            let mut taker = current.decoder.into_batch(&mut self.gatherer);
            match current.reader.next(&mut taker, &mut self.told.notes) {
                Ok(Step::Taken) => self.owes_token |= current.reader.number() != number,
                Ok(Step::Wait) => break,
                Ok(Step::End) => {
                    let was_read_before = current.was_read_before();
                    if was_read_before {
                        self.told.known(current.reader.name(), current.reader.number());
                    }
                    self.end_file();
                    break;
                }
                Err(error) => return Ok(self.fail(error)),
            }
        }
        Ok(Turn::On)
    }

    fn look_at_stdin(&mut self, stage: &FilesIngest) -> Result<Turn, DemoError> {
        if self.stdin.is_none() && self.inputs.contains(&FoundInput::Stdin) {
            self.stdin = Some(Box::new(Current::open(&FoundInput::Stdin, &stage.options)?));
        }
        self.is_stdin_known = match &mut self.stdin {
            Some(stdin) => stdin.look()? == Step::Taken,
            None => true,
        };
        Ok(Turn::On)
    }

    /// Nothing more is read of the input under way.
    fn end_file(&mut self) {
        if let Some(mut current) = self.current.take() {
            self.ended.extend(current.new_position());
            self.told.done_bytes += current.reader.bytes_read();
        }
    }

    /// Nothing more is read, for `error`. What came before is handed over.
    fn fail(&mut self, error: DemoError) -> Turn {
        self.error = Some(error);
        self.end_file();
        self.inputs.clear();
        Turn::End
    }

    fn bytes_read(&self) -> u64 {
        self.current.as_ref().map_or(0, |current| current.reader.bytes_read())
    }

    fn can_pause(&self) -> bool {
        self.current.as_ref().is_none_or(|current| current.can_pause())
    }

    /// Makes a batch of what was gathered, for the store's queue.
    fn gather_batch(&mut self, stage: &FilesIngest) {
        let mut positions = std::mem::take(&mut self.ended);
        if !self.gatherer.is_empty() {
            positions.extend(self.current.as_mut().and_then(|current| current.new_position()));
        } else if positions.is_empty() {
            return;
        }
        let batch = self.gatherer.take(Origin::Files(positions));
        self.first_clicks.add(&batch);
        self.report_oddities(stage, false);
        self.waiting = Some(batch);
    }

    /// Puts the waiting batch in the queue; `false` if there is no room for it for `patience`.
    fn make_room(&mut self, stage: &FilesIngest, handle: &StageHandle, patience: Duration) -> Result<bool, FilesError> {
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
    fn report_oddities(&mut self, stage: &FilesIngest, end: bool) {
        let notices = &stage.handover.notices;
        let name = stage.name();
        for format in self.gatherer.take_foreign() {
            notices.say(format.kind(), || format!("records of {name} look like {format}"));
        }
        for oddity in self.first_clicks.judged(end) {
            notices.say(oddity.kind, || format!("{name}: {}", oddity.text));
        }
    }

    /// Everything was read, or nothing more can be.
    fn end(&mut self, stage: &FilesIngest, handle: &StageHandle) -> Result<(), FilesError> {
        while !self.make_room(stage, handle, POLL)? {
            if handle.signal() != Signal::Run {
                return Ok(());
            }
        }
        self.report_oddities(stage, true);
        if let Some(known) = self.told.read_before() {
            stage.handover.notices.say("read before", || known);
        }
        self.told.end(&stage.progress, self.error.as_ref(), 0);
        self.has_ended = true;
        Ok(())
    }

    /// Hands over what was gathered, if there is room. Otherwise the next start does.
    fn stop(&mut self, stage: &FilesIngest, handle: &StageHandle) -> Result<(), FilesError> {
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
