//! A copy of the database while a pipeline goes on writing it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::soundness::{Found, read_through};
use super::{Reader, StorageError};

/// Pages copied at a time, 2 MB: as often is asked whether to go on.
const STEP_PAGES: i32 = 500;

/// Why there is no copy. Each prints as one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A backup takes no other file's place.
    #[error("{} is there already; name a new file", path.display())]
    Exists {
        /// The file asked for.
        path: PathBuf,
    },
    /// Nothing can be put there.
    #[error("{}: {cause}; name a file in a directory that exists and can be written", path.display())]
    Target {
        /// The file asked for.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The copy cannot be written.
    #[error("{} cannot be written: {cause}; is there enough room?", path.display())]
    Write {
        /// The file asked for.
        path: PathBuf,
        /// Why.
        cause: rusqlite::Error,
    },
    /// The copy is faithful, and of a damaged database.
    #[error(
        "the database is damaged ({found}), and so is any copy of it: nothing was kept; earlier backups may be sound"
    )]
    Damaged {
        /// The first thing that is wrong, in SQLite's words.
        found: String,
    },
    /// The database itself cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What a backup is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupStep {
    /// Pages copied, of all there are.
    Copying {
        /// Copied.
        done: u32,
        /// Of all.
        of: u32,
    },
    /// The copy is read through, for so long.
    Checking(Duration),
}

/// A finished copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Clicks it holds.
    pub clicks: u64,
    /// Bytes it takes.
    pub bytes: u64,
}

impl Reader {
    /// Copies the database as it is now to `target`, a new file that only its owner may read, and reads the copy through.
    /// `None`, and no file, if `going_on` gave it up.
    ///
    /// One read transaction spans the copy, so it is of one moment, whatever is written meanwhile; nobody waits for it, but
    /// the write-ahead log grows until it ends. The copy is one file, without a log of its own. It gets its name only when
    /// it is whole and on the disk.
    ///
    /// # Errors
    /// There is such a file, it cannot be written, or the database cannot be read or is damaged.
    pub fn back_up(
        &self,
        target: &Path,
        going_on: &mut dyn FnMut(BackupStep) -> bool,
    ) -> Result<Option<Copied>, BackupError> {
        let unfit = |cause| BackupError::Target { path: target.to_owned(), cause };
        let unwritten = |cause| BackupError::Write { path: target.to_owned(), cause };
        if target.symlink_metadata().is_ok() {
            return Err(BackupError::Exists { path: target.to_owned() });
        }
        let directory = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let part = tempfile::Builder::new().prefix(".clicktop-backup-").tempfile_in(directory).map_err(unfit)?;
        // Closed before SQLite opens it: closing it later would release SQLite's locks. Removed unless it gets its name.
        let part = part.into_temp_path();

        let mut copy = Connection::open(&part).map_err(unwritten)?;
        // Nothing is lost with a copy that is not whole.
        copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(unwritten)?;
        self.copy_pages(&mut copy, going_on, unwritten).and_then(|whole| match whole {
            false => Ok(None),
            true => {
                finish(copy).map_err(unwritten)?;
                match read_through(&part, &mut |took| going_on(BackupStep::Checking(took)))? {
                    Found::Nothing => return Ok(None),
                    Found::Damage(found) => return Err(BackupError::Damaged { found }),
                    Found::Sound => {}
                }
                let clicks = Reader::open(&part)?.click_count()?;
                let bytes = settle(&part).map_err(unfit)?;
                part.persist_noclobber(target).map_err(|error| match error.error.kind() {
                    io::ErrorKind::AlreadyExists => BackupError::Exists { path: target.to_owned() },
                    _ => unfit(error.error),
                })?;
                // Not every file system lets a directory be synced.
                let _ = File::open(directory).and_then(|directory| directory.sync_all());
                Ok(Some(Copied { clicks, bytes }))
            }
        })
    }

    /// Copies every page as of now; `false` if `going_on` gave it up.
    fn copy_pages(
        &self,
        copy: &mut Connection,
        going_on: &mut dyn FnMut(BackupStep) -> bool,
        unwritten: impl Fn(rusqlite::Error) -> BackupError,
    ) -> Result<bool, BackupError> {
        // Without a transaction around it, a copy would begin anew with every commit of the pipeline. Its end is that of
        // this function, whatever happens.
        let transaction = self.connection.unchecked_transaction().map_err(StorageError::from)?;
        transaction.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(())).map_err(StorageError::from)?;
        let backup = Backup::new(&transaction, copy).map_err(&unwritten)?;
        loop {
            let step = backup.step(STEP_PAGES).map_err(|error| match StorageError::from(error) {
                StorageError::Sqlite(error) => unwritten(error),
                StorageError::Damaged(found) => BackupError::Damaged { found },
                other => BackupError::Storage(other),
            })?;
            let progress = backup.progress();
            let of = u32::try_from(progress.pagecount).unwrap_or(0);
            let done = of.saturating_sub(u32::try_from(progress.remaining).unwrap_or(0));
            if !going_on(BackupStep::Copying { done, of }) {
                return Ok(false);
            }
            match step {
                StepResult::Done => return Ok(true),
                StepResult::Busy | StepResult::Locked => std::thread::sleep(Duration::from_millis(50)),
                _ => {}
            }
        }
    }
}

/// Makes one file of the copy, and closes it.
fn finish(copy: Connection) -> rusqlite::Result<()> {
    copy.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    copy.close().map_err(|(_, error)| error)
}

/// Waits until `file` is on the disk; its size.
fn settle(file: &Path) -> io::Result<u64> {
    let file = File::open(file)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::tests::{batch, click, open};
    use crate::storage::{DATABASE_FILE, Storage, StorageOptions};

    fn filled(clicks: usize) -> (tempfile::TempDir, Storage) {
        let (directory, storage) = open();
        let ids: Vec<String> = (0..clicks).map(|id| format!("click {id}")).collect();
        let clicks: Vec<_> = ids.iter().zip(0..).map(|(id, at)| click(id, at, "/a")).collect();
        storage.store(&batch(&clicks, 1)).unwrap();
        (directory, storage)
    }

    fn names(directory: &Path) -> Vec<String> {
        std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_copy_is_of_one_moment_while_writing_goes_on_and_is_one_private_file() {
        let (_directory, storage) = filled(100_000);
        let target = tempfile::tempdir().unwrap();
        let file = target.path().join(DATABASE_FILE);
        let mut steps = 0;
        let copied = storage.reader().unwrap().back_up(&file, &mut |_| {
            steps += 1;
            let id = format!("meanwhile {steps}");
            storage.store(&batch(&[click(&id, -steps, "/b")], 1)).unwrap();
            true
        });
        let copied = copied.unwrap().unwrap();
        assert!(steps > 1, "something was written meanwhile");
        assert_eq!(copied.clicks, 100_000);
        assert_eq!(copied.bytes, std::fs::metadata(&file).unwrap().len());
        assert_eq!(names(target.path()), [DATABASE_FILE]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        // It is a database like any other.
        let again = Storage::open(target.path(), StorageOptions::default()).unwrap();
        assert!(again.verify(&mut |_| true).unwrap());
        assert_eq!(again.store(&batch(&[click("click 7", 7, "/a")], 2)).unwrap().duplicates, 1);
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_is_left_of_a_copy_that_was_given_up() {
        let (_directory, storage) = filled(50_000);
        let target = tempfile::tempdir().unwrap();
        let file = target.path().join("copy.db");
        let reader = storage.reader().unwrap();
        assert_eq!(reader.back_up(&file, &mut |_| false).unwrap(), None);
        assert_eq!(names(target.path()), Vec::<String>::new());
        std::fs::write(&file, "mine").unwrap();
        let error = reader.back_up(&file, &mut |_| true).unwrap_err();
        assert!(matches!(error, BackupError::Exists { .. }), "{error}");
        assert_eq!(std::fs::read(&file).unwrap(), b"mine");
        // Nor what came to be meanwhile.
        let late = target.path().join("late.db");
        let error = reader.back_up(&late, &mut |_| std::fs::write(&late, "mine").is_ok()).unwrap_err();
        assert!(matches!(error, BackupError::Exists { .. }), "{error}");
        let nowhere = reader.back_up(&target.path().join("no/where.db"), &mut |_| true).unwrap_err();
        assert!(matches!(nowhere, BackupError::Target { .. }), "{nowhere}");
        assert_eq!(names(target.path()).len(), 2);
    }
}
