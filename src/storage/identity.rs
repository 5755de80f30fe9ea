//! The identity of a database, which tells an original from a copy.
//!
//! In a consumer group, each database has an identity and resumes where another database has left off. A copy with the same identity
//! would take the original's offsets for its own and read again what the original has stored. So each run records the location of
//! the file, and the next run compares:
//!
//! | the file is | where | verdict |
//! |---|---|---|
//! | not at the recorded path of the same machine, and that path holds another database with our identity | | a copy: it gets a new identity |
//! | the recorded inode | on the recorded device or at the recorded path | the same, perhaps renamed; a container may have a new host name |
//! | another inode | at the recorded path of the same machine | the same, restored from a backup |
//! | anything else | | perhaps a copy: it gets a new identity and remembers the old one |
//!
//! A copy in another container or on a cloned disk may have the recorded path and even the recorded inode. It counts as the same
//! database until both run in one consumer group ([`Storage::renew_identity`]).
//!
//! The last row of the table may also be a database that was moved to another disk or machine, or a backup of a lost one. Then no other
//! database holds what the original has stored since. Ingest decides, by whether the original is a member of the group.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};

use super::{Reader, Storage, StorageError};

/// Identifies a database among those of its consumer group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// A random id.
    pub id: String,
    /// The database that it may be a copy of.
    pub copy_of: Option<String>,
}

/// Where a database file lies.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Location {
    /// The machine or the container.
    host: String,
    path: PathBuf,
    /// May change when the machine restarts.
    device: i64,
    /// 0 on systems without inodes.
    inode: i64,
}

/// Whether a database is the same as before, judged by its location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Same,
    Copy,
    PerhapsCopy,
}

impl Location {
    fn of(file: &Path) -> std::io::Result<Self> {
        let path = file.canonicalize()?;
        #[cfg(unix)]
        let (device, inode) = {
            use std::os::unix::fs::MetadataExt as _;
            let found = path.metadata()?;
            (found.dev().cast_signed(), found.ino().cast_signed())
        };
        #[cfg(not(unix))]
        let (device, inode) = (0, 0);
        Ok(Self { host: host(), path, device, inode })
    }

    /// Judges the database that lay at `self` before and lies at `now`. `same_identity` tells whether a file is a database with our
    /// identity.
    fn judge(&self, now: &Self, same_identity: impl Fn(&Path) -> bool) -> Verdict {
        let same_host = self.host == now.host;
        let same_path = self.path == now.path;
        let same_inode = self.inode == now.inode && now.inode != 0;
        if same_host && !same_path {
            let there = Self::of(&self.path).ok();
            let is_us = |there: &Self| (there.device, there.inode) == (now.device, now.inode) && now.inode != 0;
            if there.is_some_and(|there| !is_us(&there) && same_identity(&there.path)) {
                return Verdict::Copy;
            }
        }
        if (same_inode && (self.device == now.device || same_path)) || (same_host && same_path) {
            return Verdict::Same;
        }
        Verdict::PerhapsCopy
    }
}

/// The name and the id of the machine. A container has its own name.
fn host() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_default();
    let id = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    format!("{name} {}", id.trim()).trim_end().to_owned()
}

impl Storage {
    /// The identity of this database, as of the last [`Storage::confirm_identity`].
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn identity(&self) -> Result<Identity, StorageError> {
        self.reader()?.identity()
    }

    /// Whether the database lies at its recorded location, so that [`Storage::confirm_identity`] would change nothing.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn is_at_known_location(&self) -> Result<bool, StorageError> {
        Ok(self.reader()?.location()? == Some(self.location()?))
    }

    /// Records the location of the database. If the database is a copy, or may be one, it gets a new identity, and the log tells so.
    /// Everything is on the disk when this returns.
    ///
    /// # Errors
    /// The database cannot be read or written; nothing has changed then.
    pub fn confirm_identity(&self) -> Result<Identity, StorageError> {
        let now = self.location()?;
        let (before, recorded) = {
            let reader = self.reader()?;
            (reader.identity()?, reader.location()?)
        };
        if recorded.as_ref() == Some(&now) {
            return Ok(before);
        }
        let same_identity = |file: &Path| {
            let other = Reader::open(file).and_then(|reader| reader.identity());
            other.is_ok_and(|other| other.id == before.id)
        };
        let found = recorded.as_ref().map_or(Verdict::Same, |recorded| recorded.judge(&now, same_identity));
        let copy_of = match found {
            Verdict::Same => before.copy_of.clone(),
            Verdict::Copy => None,
            Verdict::PerhapsCopy => Some(before.id.clone()),
        };
        self.write(|writer| {
            writer.durably(|connection| {
                if found != Verdict::Same {
                    connection.execute(NEW_IDENTITY, [])?;
                }
                record_location(connection, &now, copy_of.as_deref())
            })
        })?;
        let identity = self.identity()?;
        let Some(recorded) = recorded.filter(|_| found != Verdict::Same) else {
            return Ok(identity);
        };
        let (file, original) = (self.path.display(), recorded.path.display());
        match found {
            Verdict::Copy => tracing::warn!(
                target: "store",
                "{file} is a copy of {original}: it gets its own identity, and does not read again what the original stores in \
                 the same consumer group"
            ),
            _ => tracing::warn!(
                target: "store",
                "{file} was at {original} of {} before and may be a copy, so it gets its own identity; it does not read again what \
                 the original stores while that runs in the same consumer group",
                recorded.host.split(' ').next().unwrap_or_default()
            ),
        }
        Ok(identity)
    }

    /// Gives the database a new identity, because another running database has the same. The identity is on the disk when this
    /// returns.
    ///
    /// # Errors
    /// The database cannot be written; nothing has changed then.
    pub fn renew_identity(&self) -> Result<(), StorageError> {
        let now = self.location()?;
        self.write(|writer| {
            writer.durably(|connection| {
                connection.execute(NEW_IDENTITY, [])?;
                record_location(connection, &now, None)
            })
        })?;
        tracing::warn!(
            target: "store",
            "{} has the same identity as another database that runs in the same consumer group (a copy or its original): it gets a \
             new identity, and does not read again what the other stores",
            self.path.display()
        );
        Ok(())
    }

    fn location(&self) -> Result<Location, StorageError> {
        let directory = self.path.parent().unwrap_or(&self.path).to_owned();
        Location::of(&self.path).map_err(|cause| StorageError::Directory { path: directory, cause })
    }
}

impl Reader {
    /// The identity of this database.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn identity(&self) -> Result<Identity, StorageError> {
        let id = self.connection.query_row("SELECT id FROM identity", [], |row| row.get(0))?;
        let select = "SELECT copy_of FROM location";
        let copy_of = self.connection.query_row(select, [], |row| row.get(0)).optional()?.flatten();
        Ok(Identity { id, copy_of })
    }

    /// The recorded location.
    fn location(&self) -> Result<Option<Location>, StorageError> {
        let select = "SELECT host, path, device, inode FROM location";
        let place = self.connection.query_row(select, [], |row| {
            Ok(Location { host: row.get(0)?, path: path_of(row.get(1)?), device: row.get(2)?, inode: row.get(3)? })
        });
        Ok(place.optional()?)
    }
}

const NEW_IDENTITY: &str = "UPDATE identity SET id = lower(hex(randomblob(16)))";

/// Records the location and the identity of the original.
fn record_location(connection: &Connection, place: &Location, copy_of: Option<&str>) -> Result<(), StorageError> {
    let bytes = place.path.as_os_str().as_encoded_bytes();
    connection.execute(
        "INSERT OR REPLACE INTO location (one, host, path, device, inode, copy_of) VALUES (1, ?1, ?2, ?3, ?4, ?5)",
        params![place.host, bytes, place.device, place.inode, copy_of],
    )?;
    Ok(())
}

/// The path of these bytes.
fn path_of(bytes: Vec<u8>) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt as _;
        std::ffi::OsString::from_vec(bytes).into()
    }
    #[cfg(not(unix))]
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::tests::open;
    use crate::storage::{DATABASE_FILE, StorageOptions};

    fn reopened(directory: &Path) -> (Storage, Identity) {
        let storage = Storage::open(directory, StorageOptions::default()).unwrap();
        let identity = storage.confirm_identity().unwrap();
        assert!(storage.is_at_known_location().unwrap());
        assert_eq!(storage.identity().unwrap(), identity);
        (storage, identity)
    }

    /// Opens and closes the database in `directory`. Returns its identity.
    fn closed(directory: &Path) -> Identity {
        reopened(directory).1
    }

    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        std::fs::copy(from.join(DATABASE_FILE), to.join(DATABASE_FILE)).unwrap();
    }

    #[test]
    fn a_database_keeps_its_identity_when_it_is_opened_again_or_renamed() {
        let folder = tempfile::tempdir().unwrap();
        let [data, renamed, link] = ["data", "renamed", "link"].map(|name| folder.path().join(name));
        let original = closed(&data);
        assert_eq!(original.copy_of, None);
        assert_eq!(closed(&data), original);
        std::fs::rename(&data, &renamed).unwrap();
        assert_eq!(closed(&renamed), original);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&renamed, &link).unwrap();
            assert_eq!(closed(&link), original);
        }
    }

    #[test]
    fn a_copy_beside_its_original_gets_its_own_identity_once() {
        let folder = tempfile::tempdir().unwrap();
        let [data, copied] = ["data", "copied"].map(|name| folder.path().join(name));
        let original = closed(&data);
        copy(&data, &copied);
        let of_copy = closed(&copied);
        assert_ne!(of_copy.id, original.id);
        assert_eq!(of_copy.copy_of, None);
        assert_eq!((closed(&copied), closed(&data)), (of_copy, original));
    }

    #[test]
    fn a_backup_elsewhere_gets_its_own_identity_while_the_original_runs() {
        let (directory, storage) = open();
        let original = storage.confirm_identity().unwrap();
        let restored = tempfile::tempdir().unwrap();
        let file = restored.path().join(DATABASE_FILE);
        storage.reader().unwrap().back_up(&file, &mut |_| true).unwrap().unwrap();
        let of_copy = closed(restored.path());
        assert_ne!(of_copy.id, original.id);
        assert_eq!(of_copy.copy_of, None);
        drop(storage);
        assert_eq!(closed(directory.path()), original);
    }

    #[test]
    fn an_original_that_was_renamed_for_its_copy_gets_a_new_identity() {
        let folder = tempfile::tempdir().unwrap();
        let [data, kept] = ["data", "kept"].map(|name| folder.path().join(name));
        let original = closed(&data);
        std::fs::rename(&data, &kept).unwrap();
        copy(&kept, &data);
        // The copy is at the recorded path, like a restored backup.
        assert_eq!(closed(&data), original);
        assert_ne!(closed(&kept).id, original.id);
    }

    #[test]
    fn a_backup_restored_in_place_of_the_original_keeps_the_identity() {
        let folder = tempfile::tempdir().unwrap();
        let [data, backup] = ["data", "backup"].map(|name| folder.path().join(name));
        let original = closed(&data);
        copy(&data, &backup);
        std::fs::remove_dir_all(&data).unwrap();
        copy(&backup, &data);
        assert_eq!(closed(&data), original);
    }

    #[test]
    fn a_copy_whose_original_cannot_be_found_remembers_its_identity() {
        let folder = tempfile::tempdir().unwrap();
        let [data, moved] = ["data", "moved"].map(|name| folder.path().join(name));
        let original = closed(&data);
        copy(&data, &moved);
        std::fs::remove_dir_all(&data).unwrap();
        let of_moved = closed(&moved);
        assert_ne!(of_moved.id, original.id);
        assert_eq!(of_moved.copy_of, Some(original.id));
        assert_eq!(closed(&moved), of_moved);
    }

    #[test]
    fn a_new_identity_is_kept() {
        let (_directory, storage) = open();
        let before = storage.confirm_identity().unwrap();
        storage.renew_identity().unwrap();
        assert!(storage.is_at_known_location().unwrap());
        let now = storage.confirm_identity().unwrap();
        assert_ne!(now.id, before.id);
        assert_eq!(now.copy_of, None);
    }

    #[test]
    fn a_new_container_and_a_new_device_number_do_not_change_the_identity() {
        let place = Location { host: "a".into(), path: "/data/clicktop.db".into(), device: 1, inode: 7 };
        let now =
            |host: &str, path: &str, device, inode| Location { host: host.into(), path: path.into(), device, inode };
        let same = "/data/clicktop.db";
        let judge = |now: Location| place.judge(&now, |_| panic!("there is no file"));
        assert_eq!(judge(now("b", same, 1, 7)), Verdict::Same);
        assert_eq!(judge(now("b", same, 9, 7)), Verdict::Same);
        assert_eq!(judge(now("a", same, 9, 7)), Verdict::Same);
        assert_eq!(judge(now("a", same, 1, 8)), Verdict::Same);
        assert_eq!(judge(now("b", "/renamed", 1, 7)), Verdict::Same);
        // An inode of another file system proves nothing.
        assert_eq!(judge(now("a", "/elsewhere", 9, 7)), Verdict::PerhapsCopy);
        assert_eq!(judge(now("b", same, 1, 8)), Verdict::PerhapsCopy);
        assert_eq!(judge(now("b", "/elsewhere", 1, 8)), Verdict::PerhapsCopy);
    }
}
