//! The file under way: where its reading begins, and how far it is.

use super::decode::RecordDecoder;
use super::options::FileOptions;
use crate::engine::stages::handle::{Signal, StageHandle};
use crate::source::DemoError;
use crate::source::files::{FileReader, FoundInput, Step};
use crate::storage::{FilePosition, Reader, Storage, StorageError};

/// Of files with the same first record, so many are held against a file to find whether it is one of them.
const CANDIDATES: usize = 8;

/// One input under way.
pub(super) struct Current {
    pub(super) reader: FileReader,
    pub(super) decoder: RecordDecoder,
    /// Where this reading began; `None` before that is known.
    begun: Option<Begun>,
    /// The position that was handed over last, or that the reading has begun with.
    position: Option<FilePosition>,
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
    pub(super) fn open(input: &FoundInput, options: &FileOptions) -> Result<Self, DemoError> {
        let reader = FileReader::open(input, options.format, false)?;
        let decoder = RecordDecoder::new(reader.name(), options.field_limits);
        Ok(Self { reader, decoder, begun: None, position: None })
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

    /// The readings that this may be the file of: its own first, then those of other files that begin with the same record. Readings
    /// without a click do not count: whoever replays such a file again has changed the settings.
    fn known(&self, database: &Reader) -> Result<Vec<FilePosition>, StorageError> {
        let (Some(stream), Some(file)) = (self.reader.stream(), self.reader.file()) else {
            return Ok(Vec::new());
        };
        let mut known = database.files_of_stream(stream)?;
        known.retain(|position| position.clicks > 0);
        known.sort_by_key(|position| position.file != file);
        known.dedup_by(|a, b| a.place == b.place && a.text_end == b.text_end);
        Ok(known)
    }

    /// Whether everything in the input was read by an earlier reading, now that this one is at its end.
    pub(super) fn was_read_before(&self) -> bool {
        let begun = self.begun.as_ref();
        self.position.is_some() && begun.is_some_and(|begun| begun.number == self.reader.number())
    }

    /// Whether a batch may end here.
    pub(super) fn can_pause(&self) -> bool {
        self.reader.file().is_none() || self.begun.is_none() || self.reader.place().is_some()
    }

    /// How far the file is read, if that is not known yet; `None` also for what has no position.
    pub(super) fn new_position(&mut self) -> Option<FilePosition> {
        let begun = self.begun.as_ref()?;
        let path = self.reader.path()?;
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
