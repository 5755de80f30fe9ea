//! The note in a data directory that its clicks have gone to another engine, or are on their way back.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::StorageError;
use super::file_names::MOVE_FILE;
use crate::private;
use crate::text::printable;

/// A note holds an offset for each partition. More is not read.
const MAX_BYTES: u64 = 16 << 20;

/// What a move has noted. It is a file of its own and not in the database, so a copy made by `clicktop backup` can be used at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "note")]
pub enum MoveNote {
    /// Every click here is also in Spark's tables, and Spark goes on from the offsets here.
    Moved {
        /// The folder of the tables.
        root: String,
        /// When, as RFC 3339.
        at: String,
        /// How many clicks.
        clicks: u64,
    },
    /// Clicks come from Spark's tables, and not all are here.
    Arriving {
        /// The folder of the tables.
        root: String,
        /// The version of the table of clicks that is read.
        version: i64,
        /// The next offset to read after that version, by topic and partition.
        offsets: BTreeMap<String, BTreeMap<i32, i64>>,
    },
}

impl MoveNote {
    /// The file of the note in `directory`.
    pub fn path(directory: &Path) -> PathBuf {
        directory.join(MOVE_FILE)
    }

    /// The note in `directory`; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be read. A note that cannot be understood counts as that: it is better to refuse than to count twice.
    pub fn read(directory: &Path) -> Result<Option<Self>, StorageError> {
        let path = Self::path(directory);
        let fail = |cause| StorageError::Directory { path: path.clone(), cause };
        let mut text = String::new();
        match private::refuse_link(&path).and_then(|()| std::fs::File::open(&path)) {
            Ok(file) => file.take(MAX_BYTES).read_to_string(&mut text).map_err(fail)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fail(error)),
        };
        serde_json::from_str(&text).map(Some).map_err(|error| fail(error.into()))
    }

    /// Writes the note into `directory`, in place of an older one. It is on the disk when this returns.
    ///
    /// # Errors
    /// It cannot be written; an older note is still there then.
    pub fn write(&self, directory: &Path) -> Result<(), StorageError> {
        let path = Self::path(directory);
        let new = path.with_extension("moved.new");
        let written = || {
            let mut options = OpenOptions::new();
            options.write(true).truncate(true);
            let mut file = private::open_with(options, &new)?;
            file.write_all(&serde_json::to_vec(self)?)?;
            file.sync_all()?;
            std::fs::rename(&new, &path)?;
            sync(directory)
        };
        written().map_err(|cause| StorageError::Directory { path: path.clone(), cause })
    }

    /// Removes the note from `directory`, if there is one.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(directory: &Path) -> Result<(), StorageError> {
        let path = Self::path(directory);
        match std::fs::remove_file(&path).and_then(|()| sync(directory)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StorageError::Directory { path, cause: error })
            }
            _ => Ok(()),
        }
    }

    /// Fails if `directory` has a note: the local engine must not count there.
    ///
    /// # Errors
    /// [`StorageError::Moved`] or [`StorageError::Arriving`]; or the note cannot be read.
    pub fn refuse(directory: &Path) -> Result<(), StorageError> {
        let (path, note) = (directory.to_owned(), Self::path(directory));
        match Self::read(directory)? {
            None => Ok(()),
            Some(Self::Moved { root, at, clicks }) => {
                let (root, at) = (printable(&root).into_owned(), printable(&at).into_owned());
                Err(StorageError::Moved { path, note, root, at, clicks })
            }
            Some(Self::Arriving { root, .. }) => {
                Err(StorageError::Arriving { path, root: printable(&root).into_owned() })
            }
        }
    }
}

/// Makes a new name in `directory` survive a loss of power.
fn sync(directory: &Path) -> io::Result<()> {
    std::fs::File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_written_read_replaced_and_removed() {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        assert_eq!(MoveNote::read(directory).unwrap(), None);
        MoveNote::refuse(directory).unwrap();
        MoveNote::remove(directory).unwrap();
        let arriving = MoveNote::Arriving {
            root: "s3a://b/c".to_owned(),
            version: 7,
            offsets: BTreeMap::from([("clicks".to_owned(), BTreeMap::from([(0, 12)]))]),
        };
        arriving.write(directory).unwrap();
        assert_eq!(MoveNote::read(directory).unwrap(), Some(arriving));
        let moved = MoveNote::Moved { root: "/r\u{1b}".to_owned(), at: "2026-01-01T00:00:00Z".to_owned(), clicks: 9 };
        moved.write(directory).unwrap();
        assert_eq!(MoveNote::read(directory).unwrap(), Some(moved));
        let refused = MoveNote::refuse(directory).unwrap_err().to_string();
        assert!(refused.contains("clicktop move --to local") && !refused.contains('\u{1b}'), "{refused}");
        MoveNote::remove(directory).unwrap();
        assert_eq!(std::fs::read_dir(directory).unwrap().count(), 0);
    }

    #[test]
    fn a_note_that_cannot_be_understood_refuses() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(MoveNote::path(directory.path()), "{}").unwrap();
        MoveNote::refuse(directory.path()).unwrap_err();
    }
}
