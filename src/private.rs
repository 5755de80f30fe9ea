//! Files that nobody but their owner may read: clicks name people.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

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

/// Opens `file` as `options` say, for writing; if that makes it, only its owner may read it.
///
/// # Errors
/// As the system says.
pub fn open_with(mut options: OpenOptions, file: &Path) -> io::Result<File> {
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

/// Makes `file`, empty, for its owner only, unless it is there.
///
/// One that is there is not opened: closing it again would release the locks that SQLite holds on it in this process.
///
/// # Errors
/// As the system says.
pub fn create(file: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    match open_with(options, file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
