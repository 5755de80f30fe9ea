//! A large table, written to a file part by part. A thread of its own writes it, so that neither console nor pipeline waits.

use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use super::format::{ExportError, ExportFormat};
use super::rows::RowWriter;
use crate::console::format::{count, counted};
use crate::protocol::answer::RejectRow;
use crate::protocol::board::PageRow;
use crate::protocol::table::TablePart;

/// How often a thread that waits for a part checks whether the user stopped the export.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// The progress of an export, shared by the console and the thread that writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableProgress(Arc<State>);

#[derive(Debug, Default)]
struct State {
    name: String,
    /// Rows written.
    rows: AtomicU64,
    /// Rows of the whole table; 0 while they are not known.
    all_rows: AtomicU64,
    stopped: AtomicBool,
}

/// A table to be written to a file.
#[derive(Clone, Debug)]
pub(crate) struct TableFile {
    pub(crate) name: String,
    pub(crate) format: ExportFormat,
    pub(crate) columns: ExportColumns,
    pub(crate) parts: Receiver<TablePart>,
    pub(crate) progress: TableProgress,
}

/// The columns of an export, and the values of its rows. Rows are of one kind only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExportColumns {
    pub(crate) names: fn() -> Vec<&'static str>,
    pub(crate) page: fn(&PageRow) -> Vec<Value>,
    pub(crate) reject: fn(&RejectRow) -> Vec<Value>,
}

/// How an export ended.
#[derive(Debug)]
pub(crate) struct TableOutcome {
    /// A line to show.
    pub(crate) message: String,
    /// Whether the file was written.
    pub(crate) is_written: bool,
}

impl TableProgress {
    /// For the file `name`.
    pub(crate) fn new(name: &str) -> Self {
        Self(Arc::new(State { name: name.to_owned(), ..State::default() }))
    }

    /// Stops the export. It leaves no file.
    pub(crate) fn stop(&self) {
        self.0.stopped.store(true, Relaxed);
    }

    /// `writing urls.csv: 4,000 of 10,000 rows`.
    pub(crate) fn words(&self) -> String {
        let State { name, rows, all_rows, .. } = &*self.0;
        let rows = rows.load(Relaxed);
        match all_rows.load(Relaxed) {
            0 => format!("writing {name}: {} so far", counted(rows, "row", "rows")),
            all => format!("writing {name}: {} of {}", count(rows), counted(all, "row", "rows")),
        }
    }
}

impl TableFile {
    /// Writes the table on a thread of its own, and sends the outcome to `outcomes`.
    pub(crate) fn start(self, outcomes: UnboundedSender<TableOutcome>) -> io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name("export".to_owned()).spawn(move || {
            // If the console has ended, nobody waits for the outcome.
            let _ = outcomes.send(self.run(Path::new(".")));
        })
    }

    /// Writes the table into `folder`. The file gets its name only once it is complete.
    fn run(&self, folder: &Path) -> TableOutcome {
        let message = match self.write(folder) {
            Ok(Some(message)) => return TableOutcome { message, is_written: true },
            Ok(None) => format!("stopped: {} is not written", self.name),
            Err(Failure::File(error)) => error.to_string(),
            Err(Failure::Table(why)) => format!("{} is not written: {why}", self.name),
        };
        TableOutcome { message, is_written: false }
    }

    /// The message at the end; `None` if the user stopped the export.
    fn write(&self, folder: &Path) -> Result<Option<String>, Failure> {
        let failed = |error: io::Error| ExportError::of(&self.name, error);
        let State { rows, all_rows, stopped, .. } = &*self.progress.0;
        let path = folder.join(&self.name);
        if path.symlink_metadata().is_ok() {
            return Err(ExportError::Exists(self.name.clone()).into());
        }
        // Half a table must not look like a whole one, so the file gets its name at the end. Only its owner can read it.
        let mut file = tempfile::Builder::new().prefix(".clicktop-").tempfile_in(folder).map_err(failed)?;
        let names = (self.columns.names)();
        let mut writer = RowWriter::new(BufWriter::new(file.as_file_mut()), self.format, &names).map_err(failed)?;
        loop {
            if stopped.load(Relaxed) {
                return Ok(None);
            }
            match self.parts.recv_timeout(CHECK_INTERVAL) {
                Ok(TablePart::Rows(count)) => all_rows.store(count, Relaxed),
                Ok(TablePart::Pages(pages)) => {
                    for page in &pages {
                        writer.row(&(self.columns.page)(page)).map_err(failed)?;
                    }
                    rows.fetch_add(pages.len() as u64, Relaxed);
                }
                Ok(TablePart::Rejects(rejects)) => {
                    for reject in &rejects {
                        writer.row(&(self.columns.reject)(reject)).map_err(failed)?;
                    }
                    rows.fetch_add(rejects.len() as u64, Relaxed);
                }
                Ok(TablePart::End { complete }) => {
                    writer.finish().map_err(failed)?.flush().map_err(failed)?;
                    file.persist_noclobber(&path).map_err(|error| failed(error.error))?;
                    return Ok(Some(message(&self.name, rows.load(Relaxed), complete)));
                }
                Ok(TablePart::Failed(why)) => return Err(Failure::Table(why)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::Table("the pipeline has ended".to_owned()));
                }
            }
        }
    }
}

fn message(name: &str, rows: u64, complete: bool) -> String {
    if complete {
        rows_written(rows, None, name)
    } else {
        format!("the first {} written to {name}; a search gives no more", counted(rows, "row", "rows"))
    }
}

/// `10,000 rows written to urls.csv`; `the newest 40 of 10,640,512 rows written to clicks.csv` if there are more rows: `of` tells which
/// rows these are, and how many there are.
pub(crate) fn rows_written(rows: u64, of: Option<(&str, u64)>, name: &str) -> String {
    match of.filter(|(_, of)| *of > rows) {
        Some((which, of)) => format!("the {which} {} of {} written to {name}", count(rows), counted(of, "row", "rows")),
        None => format!("{} written to {name}", counted(rows, "row", "rows")),
    }
}

/// Why there is no file.
enum Failure {
    File(ExportError),
    Table(String),
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        Self::File(error)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc as Shared;

    use crossbeam_channel::bounded;

    use super::*;

    fn pages(from: u64, to: u64) -> TablePart {
        let page = |clicks| PageRow {
            url: Shared::from(format!("/{clicks}")),
            country: "DE".into(),
            clicks,
            unique_users: 1,
            avg_time_spent: None,
            timed: Some(0),
        };
        TablePart::Pages((from..to).map(page).collect())
    }

    const COLUMNS: ExportColumns = ExportColumns {
        names: || vec!["url", "clicks"],
        page: |page| vec![(*page.url).into(), page.clicks.into()],
        reject: |reject| vec![reject.reason.as_str().into(), reject.payload_bytes.into()],
    };

    fn table(name: &str, parts: impl IntoIterator<Item = TablePart>) -> TableFile {
        let (sender, receiver) = bounded(64);
        parts.into_iter().for_each(|part| sender.send(part).expect("room"));
        let format = ExportFormat::of(name).expect("an ending");
        TableFile {
            name: name.to_owned(),
            format,
            columns: COLUMNS,
            parts: receiver,
            progress: TableProgress::new(name),
        }
    }

    fn files(folder: &Path) -> Vec<String> {
        let names = std::fs::read_dir(folder).expect("a folder");
        names.map(|file| file.expect("a file").file_name().into_string().expect("a name")).collect()
    }

    #[test]
    fn every_part_is_written_and_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let parts = || [TablePart::Rows(700), pages(0, 500), pages(500, 700), TablePart::End { complete: true }];
        let csv = table("urls.csv", parts());
        assert_eq!(csv.run(folder.path()).message, "700 rows written to urls.csv");
        assert_eq!(csv.progress.words(), "writing urls.csv: 700 of 700 rows");
        let text = std::fs::read_to_string(folder.path().join("urls.csv")).expect("written");
        assert_eq!(text.lines().count(), 701);
        assert_eq!(text.lines().last(), Some("/699,699"));
        assert_eq!(table("urls.json", parts()).run(folder.path()).message, "700 rows written to urls.json");
        let text = std::fs::read_to_string(folder.path().join("urls.json")).expect("written");
        let rows: Vec<serde_json::Value> = serde_json::from_str(&text).expect("an array");
        assert_eq!((rows.len(), &rows[699]["url"]), (700, &"/699".into()));
        let mut names = files(folder.path());
        names.sort_unstable();
        assert_eq!(names, ["urls.csv", "urls.json"], "no temporary file is left");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        table("a.csv", [TablePart::End { complete: true }]).run(folder.path());
        let mode = std::fs::metadata(folder.path().join("a.csv")).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_table_that_is_not_complete_leaves_no_file_and_the_reason() {
        let folder = tempfile::tempdir().expect("a folder");
        let failed = table("a.csv", [pages(0, 3), TablePart::Failed("the disk is gone".to_owned())]);
        assert_eq!(failed.run(folder.path()).message, "a.csv is not written: the disk is gone");
        let ended = table("a.csv", [pages(0, 3)]);
        assert_eq!(ended.run(folder.path()).message, "a.csv is not written: the pipeline has ended");
        let stopped = table("a.csv", [pages(0, 3)]);
        stopped.progress.stop();
        assert_eq!(stopped.run(folder.path()).message, "stopped: a.csv is not written");
        assert_eq!(files(folder.path()), [""; 0]);
    }

    #[test]
    fn a_file_that_exists_is_not_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.csv"), "mine").expect("a file");
        let table = table("a.csv", [pages(0, 3), TablePart::End { complete: true }]);
        assert_eq!(table.run(folder.path()).message, "a.csv exists already; give another name");
        assert_eq!(table.parts.len(), 2, "found before any work");
        assert_eq!(std::fs::read_to_string(folder.path().join("a.csv")).expect("there"), "mine");
    }

    #[test]
    fn a_message_says_if_rows_are_missing() {
        assert_eq!(
            rows_written(40, Some(("newest", 10_640_512)), "c.csv"),
            "the newest 40 of 10,640,512 rows written to c.csv"
        );
        assert_eq!(rows_written(40, Some(("first", 40)), "c.csv"), "40 rows written to c.csv");
        assert_eq!(rows_written(1, None, "c.csv"), "1 row written to c.csv");
        assert_eq!(message("c.csv", 10_000, false), "the first 10,000 rows written to c.csv; a search gives no more");
    }
}
