//! A table on its way into a file: on a thread of its own, part by part, so that neither console nor pipeline waits.

use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use tokio::sync::mpsc::UnboundedSender;

use super::{ExportError, Format, RowWriter};
use crate::console::format::count;
use crate::console::update::export::{PAGES, REJECTS, page_cells, reject_cells};
use crate::protocol::table::TablePart;

/// How often it is looked whether it is still wanted, while no part comes.
const LOOK: Duration = Duration::from_millis(100);

/// How far a table is, shared by the screen and the thread that writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableProgress(Arc<State>);

#[derive(Debug, Default)]
struct State {
    name: String,
    /// Rows written.
    rows: AtomicU64,
    /// Rows there are; 0 while that is not known.
    of: AtomicU64,
    cancelled: AtomicBool,
}

/// A table to be written to a file.
#[derive(Clone, Debug)]
pub(crate) struct TableFile {
    pub(crate) name: String,
    pub(crate) format: Format,
    /// What its columns are called.
    pub(crate) heads: &'static [&'static str],
    pub(crate) parts: Receiver<TablePart>,
    pub(crate) writing: TableProgress,
}

/// What became of a table: a line to show.
#[derive(Debug)]
pub(crate) struct TableOutcome {
    pub(crate) said: String,
    /// The file is there.
    pub(crate) done: bool,
}

impl TableProgress {
    pub(crate) fn new(name: &str) -> Self {
        Self(Arc::new(State { name: name.to_owned(), ..State::default() }))
    }

    /// Stops it; nothing is left of the file.
    pub(crate) fn cancel(&self) {
        self.0.cancelled.store(true, Relaxed);
    }

    /// `writing urls.csv: 4,000 of 10,000 rows`.
    pub(crate) fn progress(&self) -> String {
        let State { name, rows, of, .. } = &*self.0;
        let rows = count(rows.load(Relaxed));
        match of.load(Relaxed) {
            0 => format!("writing {name}: {rows} rows so far"),
            of => format!("writing {name}: {rows} of {} rows", count(of)),
        }
    }
}

impl TableFile {
    /// Writes on a thread of its own; what became of it goes to `said`.
    pub(crate) fn start(self, said: UnboundedSender<TableOutcome>) -> io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name("export".to_owned()).spawn(move || {
            // A console that has ended asks for nothing any more.
            let _ = said.send(self.run(Path::new(".")));
        })
    }

    /// Writes into `folder`; what became of it, in one line. A file is there only once it is whole.
    fn run(&self, folder: &Path) -> TableOutcome {
        let said = match self.write(folder) {
            Ok(Some(said)) => return TableOutcome { said, done: true },
            Ok(None) => format!("stopped: {} is not written", self.name),
            Err(Failure::File(error)) => error.to_string(),
            Err(Failure::Table(why)) => format!("{} is not written: {why}", self.name),
        };
        TableOutcome { said, done: false }
    }

    /// `None` if it was cancelled.
    fn write(&self, folder: &Path) -> Result<Option<String>, Failure> {
        let failed = |error: io::Error| ExportError::of(&self.name, error);
        let State { rows, of, cancelled, .. } = &*self.writing.0;
        let path = folder.join(&self.name);
        if path.symlink_metadata().is_ok() {
            return Err(ExportError::Exists(self.name.clone()).into());
        }
        // Its name comes at the end: half a table must not look like one. Only its owner may read it.
        let mut file = tempfile::Builder::new().prefix(".clicktop-").tempfile_in(folder).map_err(failed)?;
        let mut writer = RowWriter::new(BufWriter::new(file.as_file_mut()), self.format, self.heads).map_err(failed)?;
        loop {
            if cancelled.load(Relaxed) {
                return Ok(None);
            }
            match self.parts.recv_timeout(LOOK) {
                Ok(TablePart::Rows(count)) => of.store(count, Relaxed),
                Ok(TablePart::Pages(pages)) => {
                    for page in &pages {
                        writer.row(&page_cells(page)).map_err(failed)?;
                    }
                    rows.fetch_add(pages.len() as u64, Relaxed);
                }
                Ok(TablePart::Rejects(rejects)) => {
                    for reject in &rejects {
                        writer.row(&reject_cells(reject)).map_err(failed)?;
                    }
                    rows.fetch_add(rejects.len() as u64, Relaxed);
                }
                Ok(TablePart::End { complete }) => {
                    writer.finish().map_err(failed)?.flush().map_err(failed)?;
                    file.persist_noclobber(&path).map_err(|error| failed(error.error))?;
                    return Ok(Some(said(&self.name, rows.load(Relaxed), complete)));
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

fn said(name: &str, rows: u64, complete: bool) -> String {
    if complete {
        written(rows, None, name)
    } else {
        format!("the first {} rows written to {name}; a search gives no more", count(rows))
    }
}

/// `10,000 rows written to urls.csv`; `the newest 40 of 10,640,512 rows written to clicks.csv` where there are more.
pub(crate) fn written(rows: u64, of: Option<u64>, name: &str) -> String {
    match of.filter(|of| *of > rows) {
        Some(of) => format!("the newest {} of {} rows written to {name}", count(rows), count(of)),
        None if rows == 1 => format!("1 row written to {name}"),
        None => format!("{} rows written to {name}", count(rows)),
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

/// The columns of a part's rows.
pub(crate) fn heads_of(rejects: bool) -> &'static [&'static str] {
    if rejects { &REJECTS } else { &PAGES }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc as Shared;

    use crossbeam_channel::bounded;

    use super::*;
    use crate::protocol::board::PageRow;

    fn pages(from: u64, to: u64) -> TablePart {
        let page = |clicks| PageRow {
            url: Shared::from(format!("/{clicks}")),
            country: "DE".into(),
            clicks,
            unique_users: 1,
            avg_time_spent: None,
        };
        TablePart::Pages((from..to).map(page).collect())
    }

    fn table(name: &str, parts: impl IntoIterator<Item = TablePart>) -> TableFile {
        let (sender, receiver) = bounded(64);
        parts.into_iter().for_each(|part| sender.send(part).expect("room"));
        let format = Format::of(name).expect("an ending");
        TableFile { name: name.to_owned(), format, heads: &PAGES, parts: receiver, writing: TableProgress::new(name) }
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
        assert_eq!(csv.run(folder.path()).said, "700 rows written to urls.csv");
        assert_eq!(csv.writing.progress(), "writing urls.csv: 700 of 700 rows");
        let text = std::fs::read_to_string(folder.path().join("urls.csv")).expect("written");
        assert_eq!(text.lines().count(), 701);
        assert_eq!(text.lines().last(), Some("/699,DE,699,1,"));
        assert_eq!(table("urls.json", parts()).run(folder.path()).said, "700 rows written to urls.json");
        let text = std::fs::read_to_string(folder.path().join("urls.json")).expect("written");
        let rows: Vec<serde_json::Value> = serde_json::from_str(&text).expect("an array");
        assert_eq!((rows.len(), &rows[699]["url"]), (700, &"/699".into()));
        let mut names = files(folder.path());
        names.sort_unstable();
        assert_eq!(names, ["urls.csv", "urls.json"], "nothing else is left");
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
    fn a_table_that_does_not_come_to_its_end_leaves_no_file_and_says_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let failed = table("a.csv", [pages(0, 3), TablePart::Failed("the disk is gone".to_owned())]);
        assert_eq!(failed.run(folder.path()).said, "a.csv is not written: the disk is gone");
        let ended = table("a.csv", [pages(0, 3)]);
        assert_eq!(ended.run(folder.path()).said, "a.csv is not written: the pipeline has ended");
        let cancelled = table("a.csv", [pages(0, 3)]);
        cancelled.writing.cancel();
        assert_eq!(cancelled.run(folder.path()).said, "stopped: a.csv is not written");
        assert_eq!(files(folder.path()), [""; 0]);
    }

    #[test]
    fn a_file_that_is_there_is_not_written_over_even_if_it_came_meanwhile() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.csv"), "mine").expect("a file");
        let table = table("a.csv", [pages(0, 3), TablePart::End { complete: true }]);
        assert_eq!(table.run(folder.path()).said, "a.csv exists already; give another name");
        assert_eq!(table.parts.len(), 2, "found before any work");
        assert_eq!(std::fs::read_to_string(folder.path().join("a.csv")).expect("there"), "mine");
    }

    #[test]
    fn what_is_not_everything_says_so() {
        assert_eq!(written(40, Some(10_640_512), "c.csv"), "the newest 40 of 10,640,512 rows written to c.csv");
        assert_eq!(written(40, Some(40), "c.csv"), "40 rows written to c.csv");
        assert_eq!(written(1, None, "c.csv"), "1 row written to c.csv");
        assert_eq!(said("c.csv", 10_000, false), "the first 10,000 rows written to c.csv; a search gives no more");
    }
}
