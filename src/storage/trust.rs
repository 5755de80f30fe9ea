//! Checks that no other user could have prepared the data directory: such a user could decide which files we write and what we
//! read.

use std::io;
use std::path::Path;

/// Refuses a directory of another user, and a directory in which a file is a link, is not a regular file, or belongs to another user.
/// Warns of a directory that everybody may write to, because containers often have one.
///
/// # Errors
/// Why the directory is refused, in words for the user.
#[cfg(unix)]
pub(super) fn check(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::file_names::{DATABASE_FILE, LOCK_FILE};
    use crate::private::{is_trusted, refuse_link};
    use crate::sqlite::companion;

    /// The file of the embedded index, which lies beside the database.
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
        tracing::warn!(target: "store", "everybody may write to {shown}; take that right away (chmod go-w), or choose another directory (data_dir)");
    }
    let databases = [DATABASE_FILE, INDEX_FILE].map(|name| directory.join(name));
    let beside = databases.iter().flat_map(|file| ["-wal", "-shm", "-journal"].map(|ending| companion(file, ending)));
    for file in databases.iter().cloned().chain(beside).chain([directory.join(LOCK_FILE)]) {
        refuse_link(&file)?;
        let Ok(found) = file.symlink_metadata() else { continue };
        let name = file.file_name().unwrap_or_default().display();
        if !found.is_file() {
            return refused(format!("{name} is not a regular file"));
        }
        if !is_trusted(&found) && !we_are_root {
            return refused(format!("{name} belongs to another user (id {})", found.uid()));
        }
    }
    Ok(())
}

/// Other systems than Unix have no such owners.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(super) fn check(_directory: &Path) -> io::Result<()> {
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
    fn a_link_in_the_directory_is_refused_and_its_target_stays_as_it_is() {
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
    fn a_directory_in_place_of_a_file_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("clicktop.lock")).unwrap();
        assert!(opened(directory.path()).unwrap_err().contains("clicktop.lock is not a regular file"));
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
