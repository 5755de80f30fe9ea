//! Copies the database while a pipeline writes it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::soundness::{CheckResult, check_file};
use super::{Reader, StorageError};

/// Pages that are copied in one step (4 MB). After each step the caller may stop the backup.
const STEP_PAGES: i32 = 500;

/// Why a backup failed. Each error prints as one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A backup never overwrites a file.
    #[error("{} exists already; name a new file", path.display())]
    Exists {
        /// The requested file.
        path: PathBuf,
    },
    /// No file can be created there.
    #[error("{}: {cause}; name a file in a directory that exists and that you may write to", path.display())]
    Target {
        /// The requested file.
        path: PathBuf,
        /// The reason.
        cause: io::Error,
    },
    /// The copy cannot be written.
    #[error("{} cannot be written: {cause}; is there enough room?", path.display())]
    Write {
        /// The requested file.
        path: PathBuf,
        /// The reason.
        cause: rusqlite::Error,
    },
    /// The database is damaged, and so is the copy.
    #[error(
        "the database is damaged ({found}), and a copy would be as well, so no backup was made; earlier backups may be sound"
    )]
    Damaged {
        /// The first damage, in SQLite's words.
        found: String,
    },
    /// The database itself cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The progress of a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupStep {
    /// Pages are being copied.
    Copying {
        /// Pages copied so far.
        done: u32,
        /// All pages.
        of: u32,
    },
    /// The copy is being checked, for this long so far.
    Checking(Duration),
}

/// A finished copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Clicks in the copy.
    pub clicks: u64,
    /// The size of its file.
    pub bytes: u64,
}

impl Reader {
    /// Copies the current state of the database to `target`, a new file that only its owner may read, and checks the copy. If
    /// `proceed` returns `false`, the backup stops and leaves no file; this returns `None` then.
    ///
    /// One read transaction spans the copy, so the copy shows one moment, whatever is written meanwhile. Writers do not wait, but
    /// the write-ahead log grows until the copy ends. The copy is one file without a write-ahead log. It gets its name only when it
    /// is complete and on the disk.
    ///
    /// # Errors
    /// `target` exists or cannot be written, or the database cannot be read or is damaged.
    pub fn back_up(
        &self,
        target: &Path,
        proceed: &mut dyn FnMut(BackupStep) -> bool,
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
        // The error names the temporary file, which the user does not know; its kind says what is wrong.
        let part = tempfile::Builder::new().prefix(".clicktop-backup-").tempfile_in(directory);
        let part = part.map_err(|error| unfit(std::io::Error::from(error.kind())))?;
        // Closed before SQLite opens it: closing it later would release SQLite's locks. Deleted on drop unless it gets its name.
        let part = part.into_temp_path();

        let mut copy = Connection::open(&part).map_err(unwritten)?;
        // An incomplete copy is deleted anyway.
        copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF").map_err(unwritten)?;
        self.copy_pages(&mut copy, proceed, unwritten).and_then(|complete| match complete {
            false => Ok(None),
            true => {
                finish(copy).map_err(unwritten)?;
                match check_file(&part, &mut |took| proceed(BackupStep::Checking(took)))? {
                    CheckResult::Stopped => return Ok(None),
                    CheckResult::Damage(found) => return Err(BackupError::Damaged { found }),
                    CheckResult::Sound => {}
                }
                let clicks = Reader::open(&part)?.click_count()?;
                let bytes = sync(&part).map_err(unfit)?;
                part.persist_noclobber(target).map_err(|error| match error.error.kind() {
                    io::ErrorKind::AlreadyExists => BackupError::Exists { path: target.to_owned() },
                    _ => unfit(error.error),
                })?;
                // Not every file system can sync a directory.
                let _ = File::open(directory).and_then(|directory| directory.sync_all());
                Ok(Some(Copied { clicks, bytes }))
            }
        })
    }

    /// Copies every page of the current state. Returns `false` if `proceed` stopped it.
    fn copy_pages(
        &self,
        copy: &mut Connection,
        proceed: &mut dyn FnMut(BackupStep) -> bool,
        unwritten: impl Fn(rusqlite::Error) -> BackupError,
    ) -> Result<bool, BackupError> {
        // Without a transaction, SQLite would start the copy again after every commit of the pipeline. The transaction ends when
        // this function returns.
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
            if !proceed(BackupStep::Copying { done, of }) {
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

/// Closes the copy, with everything in one file.
fn finish(copy: Connection) -> rusqlite::Result<()> {
    copy.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    copy.close().map_err(|(_, error)| error)
}

/// Waits until `file` is on the disk. Returns its size.
fn sync(file: &Path) -> io::Result<u64> {
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
    fn a_backup_during_writes_shows_one_moment_and_is_one_private_file() {
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
        // The backup can be used as a database.
        let again = Storage::open(target.path(), StorageOptions::default()).unwrap();
        assert!(again.verify(&mut |_| true).unwrap());
        assert_eq!(again.store(&batch(&[click("click 7", 7, "/a")], 2)).unwrap().duplicates, 1);
    }

    #[test]
    fn a_backup_overwrites_no_file_and_leaves_none_if_it_is_stopped() {
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
        // Nor does it overwrite a file that was created meanwhile.
        let late = target.path().join("late.db");
        let error = reader.back_up(&late, &mut |_| std::fs::write(&late, "mine").is_ok()).unwrap_err();
        assert!(matches!(error, BackupError::Exists { .. }), "{error}");
        let nowhere = reader.back_up(&target.path().join("no/where.db"), &mut |_| true).unwrap_err();
        assert!(matches!(nowhere, BackupError::Target { .. }), "{nowhere}");
        assert_eq!(names(target.path()).len(), 2);
    }
}
