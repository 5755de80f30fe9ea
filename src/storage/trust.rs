//! Whether a data directory and what lies in it is ours to write: whoever else can put files there decides what we write into
//! and what we believe.

use std::io;
use std::path::Path;

/// A directory of another user's, or a file in it that is a link, no file, or another user's, is refused. One that everybody
/// may write in is told: containers get such directories.
///
/// # Errors
/// Why it is refused, in words for its user.
#[cfg(unix)]
pub(super) fn look_at(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::file_names::{DATABASE_FILE, LOCK_FILE};
    use crate::private::{is_trusted, refuse_link};
    use crate::sqlite::companion;

    /// Of the embedded index, which lies beside the database.
    const INDEX_FILE: &str = "search.db";

    let we_are_root = rustix::process::geteuid().is_root();
    let refused = |why: String| Err(io::Error::other(why));
    let found = directory.metadata()?;
    let shown = directory.display();
    if !is_trusted(&found) {
        let owner = found.uid();
        if !we_are_root {
            return refused(format!("it belongs to another user (id {owner}), who can change every file in it"));
        }
        tracing::warn!(target: "store", "{shown} belongs to another user (id {owner}), who can change every file in it");
    }
    if found.permissions().mode() & 0o002 != 0 {
        tracing::warn!(target: "store", "everybody may write in {shown}; make it your own: chmod go-w, or name another (data_dir)");
    }
    let databases = [DATABASE_FILE, INDEX_FILE].map(|name| directory.join(name));
    let beside = databases.iter().flat_map(|file| ["-wal", "-shm", "-journal"].map(|ending| companion(file, ending)));
    for file in databases.iter().cloned().chain(beside).chain([directory.join(LOCK_FILE)]) {
        refuse_link(&file)?;
        let Ok(found) = file.symlink_metadata() else { continue };
        let name = file.file_name().unwrap_or_default().display();
        if !found.is_file() {
            return refused(format!("{name} is no file"));
        }
        if !is_trusted(&found) && !we_are_root {
            return refused(format!("{name} belongs to another user (id {})", found.uid()));
        }
    }
    Ok(())
}

/// Elsewhere nothing is known of owners.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(super) fn look_at(_directory: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use crate::storage::{DATABASE_FILE, Storage, StorageOptions};

    fn opened(directory: &std::path::Path) -> Result<(), String> {
        Storage::open(directory, StorageOptions::default()).map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn no_file_of_the_directory_may_be_a_link_and_nothing_is_written_through_one() {
        for name in ["clicktop.lock", DATABASE_FILE, "clicktop.db-wal", "clicktop.db-shm", "search.db", "search.db-wal"]
        {
            let directory = tempfile::tempdir().unwrap();
            let victim = directory.path().join("victim");
            std::fs::write(&victim, "precious").unwrap();
            let data = directory.path().join("data");
            std::fs::create_dir(&data).unwrap();
            symlink(&victim, data.join(name)).unwrap();
            let error = opened(&data).unwrap_err();
            assert!(error.contains(&format!(": {name} is a symbolic link")) && !error.contains('\n'), "{error}");
            assert_eq!(std::fs::read(&victim).unwrap(), b"precious", "{name}");
        }
    }

    #[test]
    fn what_is_no_file_is_refused_before_anybody_waits_for_it() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("clicktop.lock")).unwrap();
        assert!(opened(directory.path()).unwrap_err().contains("clicktop.lock is no file"));
    }

    #[test]
    fn the_directory_itself_may_be_a_link() {
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("real"), directory.path().join("link"));
        std::fs::create_dir(&real).unwrap();
        symlink(&real, &link).unwrap();
        assert_eq!(opened(&link), Ok(()));
        assert!(real.join(DATABASE_FILE).is_file());
    }
}
