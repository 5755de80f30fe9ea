//! Finds the inputs: what each one is, before anything of it is taken.

use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};

use super::input::ReplayInput;
use crate::source::error::DemoError;
use crate::storage::FileId;
use crate::text::printable;

/// An input that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundInput {
    /// An ordinary file.
    File(PathBuf),
    /// A named pipe. Opening it waits for its writer.
    Pipe(PathBuf),
    /// Standard input.
    Stdin,
}

impl FoundInput {
    /// Looks for `input`; also its size in bytes, if it has one.
    ///
    /// # Errors
    /// It is not there, or a directory.
    fn find(input: ReplayInput) -> Result<(Self, Option<u64>), DemoError> {
        let path = match input {
            ReplayInput::Stdin => return Ok((Self::Stdin, None)),
            ReplayInput::File(path) => path,
        };
        let metadata = std::fs::metadata(&path).map_err(|error| DemoError::read(&path, &error))?;
        if metadata.is_dir() {
            return Err(DemoError::Directory(path));
        }
        Ok(match metadata.is_file() {
            true => (Self::File(path), Some(metadata.len())),
            false => (Self::Pipe(path), None),
        })
    }

    /// Looks for all `inputs`; also their size in bytes, if each has one.
    ///
    /// # Errors
    /// There is none, one is not there, one is a directory, or standard input is named twice.
    pub(crate) fn find_all(inputs: Vec<ReplayInput>) -> Result<(Vec<Self>, Option<u64>), DemoError> {
        let stdins = inputs.iter().filter(|input| **input == ReplayInput::Stdin).count();
        match (inputs.len(), stdins) {
            (0, _) => return Err(DemoError::NoInput),
            (_, 2..) => return Err(DemoError::StdinTwice),
            _ => {}
        }
        let inputs = expand_all(inputs)?;
        let mut total = Some(0u64);
        let mut all = Vec::with_capacity(inputs.len());
        for input in inputs {
            let (found, bytes) = Self::find(input)?;
            total = total.zip(bytes).map(|(total, bytes)| total.saturating_add(bytes));
            all.push(found);
        }
        Ok((all, total))
    }

    /// The paths of `inputs`, to be followed. They need not be there yet.
    ///
    /// # Errors
    /// There is none, or one is something that has no end to wait at.
    pub(crate) fn find_to_follow(inputs: Vec<ReplayInput>) -> Result<Vec<Self>, DemoError> {
        if inputs.is_empty() {
            return Err(DemoError::NoInput);
        }
        let follow = |input| match input {
            ReplayInput::Stdin => Err(DemoError::NoFollow("standard input".into())),
            ReplayInput::File(path) => match std::fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => Err(DemoError::Directory(path)),
                Ok(metadata) if !metadata.is_file() => Err(DemoError::NoFollow(path)),
                _ => Ok(Self::File(path)),
            },
        };
        expand_all(inputs)?.into_iter().map(follow).collect()
    }

    /// Its name for people, safe to print.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(path) | Self::Pipe(path) => printable(&path.display().to_string()).into_owned(),
            Self::Stdin => "standard input".to_owned(),
        }
    }
}

/// The files that patterns stand for which the shell has not expanded, in the order of their names, in place of these patterns.
///
/// # Errors
/// No file matches, or the pattern is wrong.
fn expand_all(inputs: Vec<ReplayInput>) -> Result<Vec<ReplayInput>, DemoError> {
    let mut all = Vec::with_capacity(inputs.len());
    for input in inputs {
        match input {
            ReplayInput::File(path) if path.symlink_metadata().is_err() && is_pattern(&path) => {
                all.extend(expand(&path)?.into_iter().map(ReplayInput::File));
            }
            input => all.push(input),
        }
    }
    Ok(all)
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '['])
}

fn expand(path: &Path) -> Result<Vec<PathBuf>, DemoError> {
    let wrong = |reason: String| DemoError::Pattern { pattern: path.to_owned(), reason };
    let found = glob::glob(&path.to_string_lossy()).map_err(|error| wrong(error.msg.to_owned()))?;
    let mut files = Vec::new();
    for file in found {
        let file = file.map_err(|error| DemoError::read(error.path(), error.error()))?;
        // A pattern means the files in a folder, not the folders.
        if !file.is_dir() {
            files.push(file);
        }
    }
    match files.is_empty() {
        true => Err(wrong("no file has such a name".to_owned())),
        false => Ok(files),
    }
}

/// Opens the ordinary file `path`.
///
/// # Errors
/// It cannot be read.
pub(super) fn open(path: &Path) -> Result<(File, Metadata), DemoError> {
    let open = || {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        Ok((file, metadata))
    };
    open().map_err(|error| DemoError::read(path, &error))
}

/// The file of which `metadata` tells.
#[cfg(unix)]
pub(crate) fn file_id(metadata: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt as _;
    FileId { device: metadata.dev(), inode: metadata.ino() }
}

/// The file of which `metadata` tells.
#[cfg(not(unix))]
pub(crate) fn file_id(_metadata: &Metadata) -> FileId {
    FileId::default()
}
