//! The file under way: where its reading begins, and how far it is.

use std::path::PathBuf;
use std::time::Duration;

use super::decode::RecordDecoder;
use super::options::FileOptions;
use super::pace::Pace;
use crate::engine::local::stages::ingest::gather::BatchGatherer;
use crate::engine::stages::handle::{Signal, StageHandle};
use crate::source::DemoError;
use crate::source::files::{FileReader, FoundInput, Notes, Step};
use crate::storage::{FilePosition, Reader, Storage, StorageError};

/// Of files with the same first record, so many are held against a file to find whether it is one of them.
const CANDIDATES: usize = 8;

/// Records that are taken in a row before the stage looks for a stop: some tenths of a millisecond.
const READY_RECORDS: usize = 500;

/// Where the records of an input go, and how fast.
pub(super) struct Sink<'a> {
    pub(super) gatherer: &'a mut BatchGatherer,
    pub(super) pace: &'a mut Pace,
    pub(super) notes: &'a mut Notes,
}

/// What some reading has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadSome {
    /// It went on.
    More,
    /// The next record may come after this time.
    Nap(Duration),
    /// Nothing has come for now.
    Wait,
    /// Nothing is left, at least for now.
    End,
}

/// One input under way.
pub(super) struct Current {
    pub(super) reader: FileReader,
    pub(super) decoder: RecordDecoder,
    /// Where this reading began; `None` before that is known.
    begun: Option<Begun>,
    /// The position that was handed over last, or that the reading has begun with.
    position: Option<FilePosition>,
    /// Where the file was, if it was renamed since.
    former_path: Option<PathBuf>,
    /// Files are followed: a place counts whatever was before it.
    follows: bool,
}

struct Begun {
    /// The number of the first record.
    number: u64,
    /// How many resets there had been.
    resets: u64,
}

impl Current {
    /// # Errors
    /// The input cannot be read.
    pub(super) fn open(input: &FoundInput, options: &FileOptions, follows: bool) -> Result<Self, DemoError> {
        let reader = FileReader::open(input, &options.form, follows)?;
        let decoder = RecordDecoder::new(reader.name(), &options.form);
        Ok(Self { reader, decoder, begun: None, position: None, former_path: None, follows })
    }

    /// The same, of a file that was at `path` before it was renamed.
    #[must_use]
    pub(super) fn formerly(self, path: PathBuf) -> Self {
        Self { former_path: Some(path), follows: true, ..self }
    }

    /// Takes records until the batch is full, but only some of them at a time.
    ///
    /// # Errors
    /// The input cannot be read on.
    pub(super) fn read_some(&mut self, sink: &mut Sink<'_>) -> Result<ReadSome, DemoError> {
        for _ in 0..READY_RECORDS {
            if sink.gatherer.is_full() && self.can_pause() {
                break;
            }
            if let Some(wait) = sink.pace.wait() {
                return Ok(ReadSome::Nap(wait));
            }
            let number = self.reader.number();
            let mut taker = self.decoder.batch_taker(sink.gatherer);
            match self.reader.next(&mut taker, sink.notes)? {
                Step::Taken if self.reader.number() != number => sink.pace.took(),
                Step::Taken => {}
                Step::Wait => return Ok(ReadSome::Wait),
                Step::End => return Ok(ReadSome::End),
            }
        }
        Ok(ReadSome::More)
    }

    /// Whether it is known where the reading begins.
    pub(super) fn has_begun(&self) -> bool {
        self.begun.is_some()
    }

    /// Finds out what the input is: `Taken` once that is known.
    ///
    /// # Errors
    /// It holds something that is not read.
    pub(super) fn look(&mut self) -> Result<Step, DemoError> {
        self.reader.begin()
    }

    /// Begins after `look`: where an earlier reading was, unless everything is read `again`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn begin(&mut self, storage: &Storage, again: bool, handle: &StageHandle) -> Result<(), StorageError> {
        let database = storage.reader()?;
        let resets = database.resets()?;
        if !again {
            let known = self.known(&database)?;
            let mut go_on = || handle.signal() == Signal::Run;
            if known.iter().any(|position| position.place.byte > 0) {
                handle.starting(format!("looking for the place in {}", self.reader.name()));
            }
            let found = known.into_iter().take(CANDIDATES).find(|known| self.reader.resume(known, &mut go_on));
            if found.is_none() && !go_on() {
                return Ok(());
            }
            if let Some(position) = &found {
                tracing::info!(
                    target: "replay",
                    "{}: read before up to line {}; reading goes on there",
                    self.reader.name(),
                    position.place.line
                );
            }
            self.position = found;
            handle.running();
        }
        if let Some(layout) = self.reader.layout() {
            self.decoder.set_layout(layout);
        }
        self.begun = Some(Begun { number: self.reader.number(), resets });
        Ok(())
    }

    /// The readings that this may be the file of, those that came farthest first. Readings without a click do not count: whoever replays
    /// such a file again has changed the settings.
    fn known(&self, database: &Reader) -> Result<Vec<FilePosition>, StorageError> {
        let Some(stream) = self.reader.stream().filter(|_| self.reader.file().is_some()) else {
            return Ok(Vec::new());
        };
        let mut known = database.files_of_stream(stream)?;
        known.retain(|position| position.clicks > 0 || self.follows);
        known.dedup_by(|a, b| a.place == b.place && a.text_end == b.text_end);
        Ok(known)
    }

    /// Whether earlier readings have read the whole input. To be asked when this reading is at its end.
    pub(super) fn was_read_before(&self) -> bool {
        let begun = self.begun.as_ref();
        self.position.is_some() && begun.is_some_and(|begun| begun.number == self.reader.number())
    }

    /// Records that earlier readings have taken, a last one without a line end among them.
    pub(super) fn records_read_before(&self) -> u64 {
        let unended =
            self.position.as_ref().is_some_and(|known| known.text_end.is_some_and(|end| end > known.place.byte));
        self.reader.number() + u64::from(unended)
    }

    /// Whether an earlier reading is gone on with.
    pub(super) fn goes_on(&self) -> bool {
        self.position.is_some()
    }

    /// Whether a batch may end here.
    pub(super) fn can_pause(&self) -> bool {
        self.reader.file().is_none() || self.begun.is_none() || self.reader.place().is_some()
    }

    /// How far the file is read, if that is not known yet; `None` also for what has no position.
    pub(super) fn new_position(&mut self) -> Option<FilePosition> {
        let begun = self.begun.as_ref()?;
        let path = self.former_path.as_deref().or(self.reader.path())?;
        let position = FilePosition {
            file: self.reader.file()?,
            stream: self.reader.stream()?,
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            place: self.reader.place()?,
            clicks: self.reader.clicks(),
            text_end: self.reader.text_end(),
            resets: begun.resets,
        };
        if self.position.as_ref() == Some(&position) {
            return None;
        }
        self.position = Some(position.clone());
        Some(position)
    }
}
