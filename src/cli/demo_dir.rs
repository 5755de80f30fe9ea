//! The temporary folder of a demo. A demo also removes the folders that killed demos left behind.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::Context as _;
use tempfile::TempDir;

use crate::private;
use crate::storage::DATABASE_FILE;

const PREFIX: &str = "clicktop-demo-";

/// The file that marks a folder as made by a demo, so that a later demo may remove it.
const MARK: &str = "clicktop.demo";

/// The lock that a pipeline holds as long as it uses the folder.
const LOCK: &str = "clicktop.lock";

/// Makes a folder that is removed on drop, and removes the folders that killed demos have left beside it.
///
/// # Errors
/// It cannot be made.
pub(super) fn make() -> anyhow::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).permissions(Permissions::from_mode(0o700));
    let directory = builder.tempdir().context("temporary directory")?;
    private::create(&directory.path().join(MARK)).with_context(|| directory.path().display().to_string())?;
    remove_left(directory.path());
    Ok(directory)
}

/// Keeps a folder that the user names as data directory, also if a demo has made it.
pub(super) fn keep(directory: &Path) {
    // Most folders have no such file.
    let _ = fs::remove_file(directory.join(MARK));
}

/// Removes the folders that killed demos left beside `own`, as far as it can.
fn remove_left(own: &Path) {
    let (Some(above), Ok(about)) = (own.parent(), own.symlink_metadata()) else { return };
    for entry in above.read_dir().into_iter().flatten().flatten() {
        let path = entry.path();
        let is_named_so = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_named_so && path != own && remove_if_left(&path, about.uid()).is_some() {
            tracing::info!(target: "demo", "removed {}, which a killed demo had left", path.display());
        }
    }
}

/// Removes `directory` if a demo of `user` has made it for itself and no longer runs.
fn remove_if_left(directory: &Path, user: u32) -> Option<()> {
    let about = directory.symlink_metadata().ok()?;
    // Only our user can write to the folder, so no name in it can change between the check and the removal.
    if !about.is_dir() || about.uid() != user || about.mode() & 0o077 != 0 {
        return None;
    }
    let is_file = |name| directory.join(name).symlink_metadata().is_ok_and(|about| about.is_file());
    // A pipeline takes the lock before it makes the database. With a database, a free lock means that the pipeline has ended.
    if ![MARK, LOCK, DATABASE_FILE].into_iter().all(is_file) {
        return None;
    }
    let lock = File::options().read(true).write(true).open(directory.join(LOCK)).ok()?;
    lock.try_lock().ok()?;
    // Links in it are removed, not followed.
    fs::remove_dir_all(directory).ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, symlink};

    use super::*;

    /// A folder as a killed demo leaves it.
    fn left(above: &Path, name: &str) -> std::path::PathBuf {
        let directory = above.join(format!("{PREFIX}{name}"));
        private::create_dir(&directory).unwrap();
        for file in [MARK, LOCK, DATABASE_FILE, "search.db"] {
            private::create(&directory.join(file)).unwrap();
        }
        directory
    }

    fn own(above: &Path) -> TempDir {
        tempfile::Builder::new().prefix(PREFIX).tempdir_in(above).unwrap()
    }

    #[test]
    fn what_a_killed_demo_has_left_goes() {
        let above = tempfile::tempdir().unwrap();
        let (stale, own) = (left(above.path(), "a"), own(above.path()));
        let beyond = above.path().join("beyond");
        fs::write(&beyond, "stays").unwrap();
        symlink(&beyond, stale.join("link")).unwrap();
        remove_left(own.path());
        assert!(!stale.exists() && own.path().exists());
        assert_eq!(fs::read_to_string(beyond).unwrap(), "stays");
    }

    #[test]
    fn what_is_not_surely_left_by_a_demo_stays() {
        let above = tempfile::tempdir().unwrap();
        let held = left(above.path(), "runs");
        let lock = File::options().write(true).open(held.join(LOCK)).unwrap();
        lock.try_lock().unwrap();

        let named = left(above.path(), "named");
        keep(&named);
        let starting = left(above.path(), "starts");
        fs::remove_file(starting.join(DATABASE_FILE)).unwrap();
        let unlocked = left(above.path(), "unlocked");
        fs::remove_file(unlocked.join(LOCK)).unwrap();
        let open = left(above.path(), "open");
        fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
        let real = left(&above.path().join("elsewhere"), "real");
        let linked = above.path().join("clicktop-demo-linked");
        symlink(&real, &linked).unwrap();
        let lock_is_link = left(above.path(), "lock");
        fs::remove_file(lock_is_link.join(LOCK)).unwrap();
        symlink(real.join(LOCK), lock_is_link.join(LOCK)).unwrap();
        let foreign = left(above.path(), "foreign");
        let is_foreign = chown(&foreign, Some(65534), None).is_ok();
        let other = above.path().join("clicktop-demo-file");
        fs::write(&other, "").unwrap();

        let own = own(above.path());
        remove_left(own.path());
        for path in [&held, &named, &starting, &unlocked, &open, &real, &linked, &lock_is_link, &other] {
            assert!(path.symlink_metadata().is_ok(), "{}", path.display());
        }
        // Only the superuser can give a folder away.
        assert!(foreign.exists() || !is_foreign);
        drop(lock);
        remove_left(own.path());
        assert!(!held.exists(), "it runs no longer");
    }
}
