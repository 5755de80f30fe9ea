//! Reads inputs one after the other, each to its end.

use std::collections::VecDeque;

use super::current::{Current, ReadSome, Sink};
use super::options::FileOptions;
use super::parts::FilesError;
use super::told::Told;
use crate::engine::stages::handle::StageHandle;
use crate::source::DemoError;
use crate::source::files::{FoundInput, Step};
use crate::storage::{FilePosition, Storage};

/// Inputs, read in order.
pub(super) struct Sequence {
    inputs: VecDeque<FoundInput>,
    /// Standard input is looked at before anything is read: its header may be one that is not read.
    stdin: Option<Box<Current>>,
    is_stdin_known: bool,
    current: Option<Box<Current>>,
    /// The positions of files that have ended since the last batch.
    ended: Vec<FilePosition>,
    /// Bytes of the inputs whose reading has ended.
    done_bytes: u64,
    error: Option<DemoError>,
}

impl Sequence {
    pub(super) fn new(inputs: Vec<FoundInput>) -> Self {
        Self {
            inputs: inputs.into(),
            stdin: None,
            is_stdin_known: false,
            current: None,
            ended: Vec::new(),
            done_bytes: 0,
            error: None,
        }
    }

    /// Reads some records. An error of an input ends the sequence; it is kept for [`Sequence::error`].
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn turn(
        &mut self,
        options: &FileOptions,
        storage: &Storage,
        handle: &StageHandle,
        sink: &mut Sink<'_>,
        told: &mut Told,
    ) -> Result<ReadSome, FilesError> {
        if !self.is_stdin_known {
            return Ok(self.look_at_stdin(options).unwrap_or_else(|error| self.fail(error)));
        }
        let Some(current) = &mut self.current else {
            let Some(input) = self.inputs.pop_front() else { return Ok(ReadSome::End) };
            let stdin = if input == FoundInput::Stdin { self.stdin.take() } else { None };
            let opened = stdin.map_or_else(|| Current::open(&input, options, false).map(Box::new), Ok);
            return Ok(match opened {
                Ok(current) => {
                    self.current = Some(current);
                    ReadSome::More
                }
                Err(error) => self.fail(error),
            });
        };
        if !current.has_begun() {
            match current.look() {
                Ok(Step::Taken) => current.begin(storage, options.again, handle)?,
                Ok(Step::Wait | Step::End) => return Ok(ReadSome::Wait),
                Err(error) => return Ok(self.fail(error)),
            }
            return Ok(ReadSome::More);
        }
        match current.read_some(sink) {
            Ok(ReadSome::End) => {
                if current.was_read_before() {
                    told.known(current.reader.name(), current.records_read_before());
                }
                self.end_input();
                Ok(ReadSome::More)
            }
            Ok(read) => Ok(read),
            Err(error) => Ok(self.fail(error)),
        }
    }

    fn look_at_stdin(&mut self, options: &FileOptions) -> Result<ReadSome, DemoError> {
        if self.stdin.is_none() && self.inputs.contains(&FoundInput::Stdin) {
            self.stdin = Some(Box::new(Current::open(&FoundInput::Stdin, options, false)?));
        }
        self.is_stdin_known = match &mut self.stdin {
            Some(stdin) => stdin.look()? == Step::Taken,
            None => true,
        };
        Ok(ReadSome::More)
    }

    /// Nothing more is read of the input under way.
    fn end_input(&mut self) {
        if let Some(mut current) = self.current.take() {
            self.ended.extend(current.new_position());
            self.done_bytes += current.reader.bytes_read();
        }
    }

    /// Nothing more is read, for `error`. What came before is handed over.
    fn fail(&mut self, error: DemoError) -> ReadSome {
        self.error = Some(error);
        self.end_input();
        self.inputs.clear();
        self.is_stdin_known = true;
        ReadSome::End
    }

    /// Why nothing more is read, if that is not because of the end.
    pub(super) fn error(&self) -> Option<&DemoError> {
        self.error.as_ref()
    }

    /// Bytes that were read of all inputs.
    pub(super) fn bytes_read(&self) -> u64 {
        self.done_bytes + self.current.as_ref().map_or(0, |current| current.reader.bytes_read())
    }

    /// Whether a batch may end here.
    pub(super) fn can_pause(&self) -> bool {
        self.current.as_ref().is_none_or(|current| current.can_pause())
    }

    /// Positions that were not handed over yet. That of the input under way comes only with `events`.
    pub(super) fn take_positions(&mut self, events: bool) -> Vec<FilePosition> {
        let mut positions = std::mem::take(&mut self.ended);
        if events {
            positions.extend(self.current.as_mut().and_then(|current| current.new_position()));
        }
        positions
    }
}
