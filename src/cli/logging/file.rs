//! The log file: one that another program may rename, or one for each hour or day.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use parking_lot::Mutex;
use tracing_appender::rolling::{RollingFileAppender, Rotation};

use crate::config::{LogRotation, LogSettings};
use crate::private;

/// An open log file.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    writer: Mutex<Writer>,
}

#[derive(Debug)]
enum Writer {
    /// The file of that name.
    One(File),
    /// A file for each hour or day; the name has its time.
    Rotated(RollingFileAppender),
}

impl LogFile {
    /// Opens `path` as `settings` say.
    ///
    /// # Errors
    /// It cannot be opened.
    pub(super) fn open(path: &Path, settings: &LogSettings) -> anyhow::Result<Self> {
        let writer = match settings.rotate {
            LogRotation::Never => Writer::One(open(path)?),
            LogRotation::Hourly => Writer::Rotated(rotated(path, Rotation::HOURLY, settings.keep)?),
            LogRotation::Daily => Writer::Rotated(rotated(path, Rotation::DAILY, settings.keep)?),
        };
        Ok(Self { path: path.to_owned(), writer: Mutex::new(writer) })
    }

    /// Opens the file anew, after another program has renamed it. A rotated log has nothing to open.
    ///
    /// # Errors
    /// It cannot be opened; the log goes on in the old one.
    pub(super) fn reopen(&self) -> anyhow::Result<()> {
        if let Writer::One(file) = &mut *self.writer.lock() {
            *file = open(&self.path)?;
        }
        Ok(())
    }
}

fn open(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true);
    private::open_named(options, path).with_context(|| format!("log file {}", path.display()))
}

/// `clicktop.log` becomes `clicktop.2026-11-27.log` or `clicktop.2026-11-27-13.log`.
fn rotated(path: &Path, rotation: Rotation, keep: u32) -> anyhow::Result<RollingFileAppender> {
    // The appender makes its files with the rights that the process gives new files.
    private::own_new_files();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let part = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
    let mut builder = RollingFileAppender::builder().rotation(rotation).max_log_files(keep as usize);
    if let Some(stem) = part(path.file_stem()) {
        builder = builder.filename_prefix(stem);
    }
    if let Some(extension) = part(path.extension()) {
        builder = builder.filename_suffix(extension);
    }
    builder.build(folder).with_context(|| format!("log file {}", path.display()))
}

impl Write for &LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut *self.writer.lock() {
            Writer::One(file) => file.write(bytes),
            Writer::Rotated(files) => files.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut *self.writer.lock() {
            Writer::One(file) => file.flush(),
            Writer::Rotated(files) => files.flush(),
        }
    }
}
