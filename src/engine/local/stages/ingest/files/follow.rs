//! Follows files like `tail -F`: waits for new lines, through rotation and truncation.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::current::{Current, ReadSome, Sink};
use super::options::FileOptions;
use super::parts::FilesError;
use crate::engine::stages::handle::{Signal, StageHandle};
use crate::source::DemoError;
use crate::source::files::{FoundInput, Step, file_id};
use crate::storage::{FilePosition, Storage};
use crate::text::printable;

/// How long a file that was renamed is read on: its writer learns of the rotation a little later.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Files that are followed, all at once.
pub(super) struct Follow {
    files: Vec<Followed>,
    /// The file whose turn is next.
    next: usize,
    /// Positions of files that have ended since the last batch.
    ended: Vec<FilePosition>,
    error: Option<DemoError>,
}

/// One path that is followed.
struct Followed {
    path: PathBuf,
    /// Files that were at the path before and were renamed; their rest comes first. `None` before they were looked for.
    renamed: Option<VecDeque<Current>>,
    /// The file that is or was at the path.
    current: Option<Current>,
    /// When another file was first seen at the path.
    rotated: Option<Instant>,
    /// The next file at the path is new: whatever is known of one like it does not apply.
    is_new: bool,
    /// It was told that there is no file at the path.
    is_missing: bool,
}

impl Follow {
    pub(super) fn new(inputs: Vec<FoundInput>) -> Self {
        let files = inputs.into_iter().filter_map(|input| match input {
            FoundInput::File(path) => {
                Some(Followed { path, renamed: None, current: None, rotated: None, is_new: false, is_missing: false })
            }
            FoundInput::Pipe(_) | FoundInput::Stdin => None,
        });
        Self { files: files.collect(), next: 0, ended: Vec::new(), error: None }
    }

    /// Reads some records of each file.
    ///
    /// # Errors
    /// The database cannot be read. An error of a file is kept for [`Follow::take_error`].
    pub(super) fn turn(
        &mut self,
        options: &FileOptions,
        storage: &Storage,
        handle: &StageHandle,
        sink: &mut Sink<'_>,
    ) -> Result<ReadSome, FilesError> {
        if self.error.is_some() {
            return Ok(ReadSome::End);
        }
        let mut all = ReadSome::Wait;
        for _ in 0..self.files.len() {
            let at = self.next % self.files.len().max(1);
            let Some(file) = self.files.get_mut(at) else { break };
            let read = file.turn(options, storage, handle, sink, &mut self.ended);
            match read {
                Ok(ReadSome::More) => all = ReadSome::More,
                Ok(read @ ReadSome::Nap(_)) => return Ok(read),
                Ok(ReadSome::Wait | ReadSome::End) => {}
                Err(Trouble::Stage(error)) => return Err(error),
                Err(Trouble::File(error)) => {
                    self.error = Some(error);
                    return Ok(ReadSome::End);
                }
            }
            if sink.gatherer.is_full() {
                // The others come first the next time.
                break;
            }
            self.next = at + 1;
        }
        self.next += 1;
        self.show(handle);
        Ok(all)
    }

    /// Shows what the stage waits for, if there is no file at all.
    fn show(&self, handle: &StageHandle) {
        let missing = |file: &Followed| file.is_missing && file.current.is_none();
        if !self.files.is_empty() && self.files.iter().all(missing) {
            let names: Vec<String> = self.files.iter().map(|file| name(&file.path)).collect();
            handle.starting(format!("waiting for {}", names.join(", ")));
        } else {
            handle.running();
        }
    }

    /// Why nothing more is read. Afterwards it is tried again.
    pub(super) fn take_error(&mut self) -> Option<DemoError> {
        self.error.take()
    }

    /// Bytes that were read of the files that are open.
    pub(super) fn bytes_read(&self) -> u64 {
        self.files.iter().filter_map(|file| file.current.as_ref()).map(|current| current.reader.bytes_read()).sum()
    }

    /// Whether a batch may end here.
    pub(super) fn can_pause(&self) -> bool {
        self.files.iter().flat_map(Followed::open).all(Current::can_pause)
    }

    /// Positions that were not handed over yet. Those of files that go on come only with `events`.
    pub(super) fn take_positions(&mut self, events: bool) -> Vec<FilePosition> {
        let mut positions = std::mem::take(&mut self.ended);
        if events {
            for file in &mut self.files {
                positions.extend(file.open_mut().filter_map(Current::new_position));
            }
        }
        positions
    }
}

/// What keeps a file from being followed.
enum Trouble {
    Stage(FilesError),
    File(DemoError),
}

impl From<DemoError> for Trouble {
    fn from(error: DemoError) -> Self {
        Self::File(error)
    }
}

impl From<crate::storage::StorageError> for Trouble {
    fn from(error: crate::storage::StorageError) -> Self {
        Self::Stage(error.into())
    }
}

impl Followed {
    fn open(&self) -> impl Iterator<Item = &Current> {
        self.renamed.iter().flatten().chain(&self.current)
    }

    fn open_mut(&mut self) -> impl Iterator<Item = &mut Current> {
        self.renamed.iter_mut().flatten().chain(&mut self.current)
    }

    fn turn(
        &mut self,
        options: &FileOptions,
        storage: &Storage,
        handle: &StageHandle,
        sink: &mut Sink<'_>,
        ended: &mut Vec<FilePosition>,
    ) -> Result<ReadSome, Trouble> {
        if self.renamed.is_none() {
            let renamed = if options.again { VecDeque::new() } else { self.find_renamed(options, storage)? };
            self.renamed = Some(renamed);
        }
        if let Some(renamed) = self.renamed.as_mut().filter(|renamed| !renamed.is_empty()) {
            return read_rest(renamed, storage, handle, sink, ended);
        }
        let Some(current) = &mut self.current else { return self.open_path(options) };
        if !current.has_begun() {
            if current.look()? == Step::Taken {
                current.begin(storage, options.again || self.is_new, handle)?;
                return Ok(ReadSome::More);
            }
            return self.look_at_path(ended);
        }
        match current.read_some(sink)? {
            ReadSome::End => self.look_at_path(ended),
            read => Ok(read),
        }
    }

    /// Opens the file at the path, if there is one.
    fn open_path(&mut self, options: &FileOptions) -> Result<ReadSome, Trouble> {
        match std::fs::metadata(&self.path) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Err(DemoError::NoFollow(self.path.clone()).into()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.miss();
                return Ok(ReadSome::Wait);
            }
            Err(error) => return Err(DemoError::read(&self.path, &error).into()),
        }
        let current = match Current::open(&FoundInput::File(self.path.clone()), options, true) {
            Ok(current) => current,
            // It went away just now.
            Err(_) if !self.path.exists() => return Ok(ReadSome::Wait),
            Err(error) => return Err(error.into()),
        };
        if !current.reader.is_plain() {
            return Err(DemoError::NoFollow(self.path.clone()).into());
        }
        if self.is_missing {
            tracing::info!(target: "replay", "{} is there", name(&self.path));
        }
        (self.current, self.rotated, self.is_missing) = (Some(current), None, false);
        Ok(ReadSome::More)
    }

    fn miss(&mut self) {
        if !self.is_missing {
            tracing::warn!(target: "replay", "{} is not there; waiting for it", name(&self.path));
            self.is_missing = true;
        }
    }

    /// The file was read to where it ends now: whether it is still the one at the path, and still as long.
    fn look_at_path(&mut self, ended: &mut Vec<FilePosition>) -> Result<ReadSome, Trouble> {
        let Some(current) = &mut self.current else { return Ok(ReadSome::Wait) };
        if current.reader.has_stopped_growing() {
            // The end of a file that was renamed.
            ended.extend(current.new_position());
            (self.current, self.rotated, self.is_new) = (None, None, true);
            return Ok(ReadSome::More);
        }
        let metadata = match std::fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.miss();
                return Ok(ReadSome::Wait);
            }
            Err(error) => return Err(DemoError::read(&self.path, &error).into()),
        };
        if Some(file_id(&metadata)) != current.reader.file() {
            let since = *self.rotated.get_or_insert_with(Instant::now);
            if since.elapsed() < LAST_WORDS {
                return Ok(ReadSome::Wait);
            }
            tracing::info!(target: "replay", "{} is another file now; it is read from its beginning", name(&self.path));
            current.reader.stop_growing();
            return Ok(ReadSome::More);
        }
        self.is_missing = false;
        if metadata.len() < current.reader.file_position() {
            tracing::warn!(
                target: "replay",
                "{} is shorter than before; it is read from its beginning, as a new file",
                name(&self.path)
            );
            ended.extend(current.new_position());
            (self.current, self.is_new) = (None, true);
            return Ok(ReadSome::More);
        }
        Ok(ReadSome::Wait)
    }

    /// The files that an earlier reading has left at this path and that lie beside it under other names; the oldest first.
    fn find_renamed(&self, options: &FileOptions, storage: &Storage) -> Result<VecDeque<Current>, Trouble> {
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let known = storage.reader()?.files_of_path(&path)?;
        let at_path = std::fs::metadata(&path).ok().map(|metadata| file_id(&metadata));
        let mut found = Vec::new();
        let Some(folder) = path.parent().filter(|_| known.iter().any(|known| Some(known.file) != at_path)) else {
            return Ok(VecDeque::new());
        };
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            let id = file_id(&metadata);
            let is_known = known.iter().any(|known| known.file == id && metadata.len() > known.place.byte);
            if metadata.is_file() && Some(id) != at_path && is_known {
                found.push((metadata.modified().ok(), entry.path()));
            }
        }
        found.sort();
        let open = |(_, renamed): (_, PathBuf)| {
            let opened = Current::open(&FoundInput::File(renamed), options, false);
            // What cannot be read, or is packed, is left alone.
            opened.ok().filter(|current| current.reader.is_plain()).map(|current| current.formerly(path.clone()))
        };
        Ok(found.into_iter().filter_map(open).collect())
    }
}

/// Reads on in files that were renamed, behind where they were read before.
fn read_rest(
    renamed: &mut VecDeque<Current>,
    storage: &Storage,
    handle: &StageHandle,
    sink: &mut Sink<'_>,
    ended: &mut Vec<FilePosition>,
) -> Result<ReadSome, Trouble> {
    let Some(current) = renamed.front_mut() else { return Ok(ReadSome::More) };
    if !current.has_begun() {
        if current.look()? == Step::Taken {
            current.begin(storage, false, handle)?;
            // Without the place, it is not the file that it seems to be.
            if !current.goes_on() && handle.signal() == Signal::Run {
                renamed.pop_front();
            }
        }
        return Ok(ReadSome::More);
    }
    match current.read_some(sink)? {
        ReadSome::End => {
            ended.extend(current.new_position());
            renamed.pop_front();
            Ok(ReadSome::More)
        }
        read => Ok(read),
    }
}

fn name(path: &Path) -> String {
    printable(&path.display().to_string()).into_owned()
}
