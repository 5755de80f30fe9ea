//! Files that only their owner may read, because clicks name people.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Makes `directory`, and those above it, if it is absent; what is made is open to its owner only.
///
/// # Errors
/// As the system says.
pub fn create_dir(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Opens `file` as `options` say, for writing; if that makes it, only its owner may read it. A symbolic link is not followed.
///
/// # Errors
/// It is a symbolic link; else as the system says.
pub fn open_with(mut options: OpenOptions, file: &Path) -> io::Result<File> {
    refuse_link(file)?;
    options.create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // A link that came to be since is not followed either.
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    options.open(file)
}

/// As [`open_with`], for a file that the user named: it may be a link, but not one that somebody else has put there.
///
/// # Errors
/// It is a link of another user's; else as the system says.
pub fn open_named(mut options: OpenOptions, file: &Path) -> io::Result<File> {
    options.create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        if let Ok(found) = file.symlink_metadata()
            && found.is_symlink()
            && !is_trusted(&found)
        {
            return Err(io::Error::other("it is a symbolic link that belongs to another user, and is not followed"));
        }
        options.mode(0o600);
    }
    options.open(file)
}

/// Refuses `file` if it is a symbolic link: whoever put it there could let us write or read anything.
///
/// # Errors
/// It is one.
pub fn refuse_link(file: &Path) -> io::Result<()> {
    match file.symlink_metadata() {
        Ok(found) if found.is_symlink() => {
            let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
            let name = crate::text::printable(&name);
            Err(io::Error::other(format!(
                "{name} is a symbolic link, which is not followed; put the file itself there"
            )))
        }
        _ => Ok(()),
    }
}

/// Whether a file is our own, or the system's.
#[cfg(unix)]
pub fn is_trusted(found: &std::fs::Metadata) -> bool {
    let owner = std::os::unix::fs::MetadataExt::uid(found);
    owner == 0 || owner == rustix::process::geteuid().as_raw()
}

/// Where `file` really lies, itself not followed: the directories above it may be links.
///
/// # Errors
/// Its directory is not there.
pub fn resolved(file: &Path) -> io::Result<PathBuf> {
    let directory = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    Ok(directory.canonicalize()?.join(file.file_name().unwrap_or_default()))
}

/// Why this user may not read `file`, and what to do; `None` if it may, or if there is no such file. The file is not opened.
#[cfg(unix)]
pub fn refusal(file: &Path) -> Option<String> {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    let may = |path: &Path, what| accessat(CWD, path, what, AtFlags::EACCESS) != Err(rustix::io::Errno::ACCESS);
    if may(file, Access::READ_OK) {
        return None;
    }
    // A folder on the way that hides what is in it; else the file itself.
    let whole = std::path::absolute(file).ok()?;
    let mut folders: Vec<&Path> = whole.ancestors().skip(1).collect();
    folders.reverse();
    let closed = folders.into_iter().find(|folder| !may(folder, Access::EXEC_OK)).unwrap_or(&whole);
    // A link may be everybody's and lead to the closed folder of somebody else. What lies in a folder that nobody may enter cannot be told.
    let owner = closed.metadata().ok().map(|found| std::os::unix::fs::MetadataExt::uid(&found));
    let shown = closed.to_string_lossy();
    let shown = crate::text::printable(&shown);
    Some(match owner {
        Some(owner) if owner == rustix::process::geteuid().as_raw() => {
            format!("the permissions of {shown} forbid it; correct them with chmod")
        }
        Some(0) => format!("{shown} belongs to root; run this with sudo"),
        Some(owner) => format!("{shown} belongs to another user (id {owner}); run this with sudo, or as that user"),
        None => format!("{shown} belongs to another user; run this with sudo, or as that user"),
    })
}

/// Elsewhere, opening it tells.
#[cfg(not(unix))]
pub fn refusal(_file: &Path) -> Option<String> {
    None
}

/// Makes `file`, empty, for its owner only, unless it is there.
///
/// One that is there is not opened: closing it again would release the locks that SQLite holds on it in this process.
///
/// # Errors
/// As the system says.
pub fn create(file: &Path) -> io::Result<()> {
    refuse_link(file)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    match open_with(options, file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// From now on, files that this process makes in any way are for their owner only, also those that a library makes.
pub fn own_new_files() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_is_not_followed_and_its_target_stays_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let (target, link) = (directory.path().join("target"), directory.path().join("link"));
        symlink(&target, &link).unwrap();
        let write = || {
            let mut options = OpenOptions::new();
            options.write(true).truncate(true);
            open_with(options, &link).map(drop).and_then(|()| create(&link))
        };
        assert!(write().unwrap_err().to_string().starts_with("link is a symbolic link"), "a dangling one");
        assert!(!target.exists());
        std::fs::write(&target, "mine").unwrap();
        write().unwrap_err();
        assert_eq!(std::fs::read(&target).unwrap(), b"mine");
    }

    #[test]
    fn a_file_that_the_user_named_may_be_a_link_of_their_own() {
        let directory = tempfile::tempdir().unwrap();
        let (target, link) = (directory.path().join("target"), directory.path().join("link"));
        symlink(&target, &link).unwrap();
        let mut options = OpenOptions::new();
        options.append(true);
        open_named(options, &link).unwrap().write_all(b"line").unwrap();
        let mut text = String::new();
        File::open(&target).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "line");
    }

    #[test]
    fn directories_on_the_way_may_be_links() {
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("real"), directory.path().join("link"));
        std::fs::create_dir(&real).unwrap();
        symlink(&real, &link).unwrap();
        assert_eq!(resolved(&link.join("file")).unwrap(), real.canonicalize().unwrap().join("file"));
        assert!(resolved(&directory.path().join("nowhere/file")).is_err());
        assert_eq!(
            resolved(Path::new("file")).unwrap(),
            std::env::current_dir().unwrap().canonicalize().unwrap().join("file")
        );
    }
}
