//! Writes the write-ahead log back into the database, on a thread of its own.
//!
//! SQLite by itself does so at the end of a commit that makes the log long. That commit waits for the disk, and so does everybody who
//! wants to write. With a thread, commits go on meanwhile.

use std::path::Path;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use rusqlite::hooks::Wal;
use rusqlite::{Connection, OpenFlags};

use crate::sqlite;

/// The thread writes back after so many more bytes. With a larger step, a page that changes often is written back once for many
/// changes.
const STEP_BYTES: i64 = 32 << 20;

/// SQLite begins the log anew only when all of it is written back. Steady commits are always a little ahead of the thread, so from
/// this size on the commit itself writes back what is left.
const LONGEST_BYTES: i64 = 256 << 20;

/// The thread that writes the log back. Dropping ends it, after the step under way.
#[derive(Debug)]
pub(super) struct WriteBack {
    orders: Sender<Order>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Step,
    End,
}

impl WriteBack {
    /// Follows the commits of `writer`, a connection to the database `path` with pages of `page_bytes`. Without a thread, `writer` does
    /// the work itself.
    ///
    /// # Errors
    /// SQLite does not take the hook.
    pub(super) fn start(writer: &mut Connection, path: &Path, page_bytes: i64) -> rusqlite::Result<Self> {
        let (orders, received) = bounded(1);
        let pages = |bytes: i64| i32::try_from(bytes / page_bytes.max(512)).unwrap_or(i32::MAX);
        let mut commits = Commits::new(pages(STEP_BYTES), pages(LONGEST_BYTES));
        let thread_orders = orders.clone();
        writer.wal_hook(Some(move |log: &mut Wal, length: i32| {
            let alone = match commits.after(length) {
                Due::Nothing => false,
                // A thread that still has a step to do takes these pages with it.
                Due::Step => matches!(thread_orders.try_send(Order::Step), Err(TrySendError::Disconnected(_))),
                Due::Rest => true,
            };
            if alone {
                // The commit has succeeded; an error here would be taken for its own. The next commit tries again.
                let _ = log.checkpoint();
            }
            Ok(())
        }))?;
        let path = path.to_owned();
        let thread = std::thread::Builder::new().name("write back".to_owned()).spawn(move || work(&path, &received));
        Ok(Self { orders, thread: thread.ok() })
    }

    /// Begins a step, if none is waiting.
    pub(super) fn begin(&self) {
        let _ = self.orders.try_send(Order::Step);
    }
}

impl Drop for WriteBack {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take()
            && self.orders.send(Order::End).is_ok()
        {
            let _ = thread.join();
        }
    }
}

/// Writes back as ordered, until the end.
fn work(path: &Path, orders: &Receiver<Order>) {
    let mut connection = None;
    while let Ok(Order::Step) = orders.recv() {
        let opened = connection.take().map_or_else(|| sqlite::open(path, OpenFlags::SQLITE_OPEN_READ_WRITE), Ok);
        let written = opened.map_err(|error| error.to_string()).and_then(|connection: Connection| {
            let written = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            written.map(|()| connection).map_err(|error| error.to_string())
        });
        match written {
            Ok(open) => connection = Some(open),
            // Nothing is lost: the log holds it all, and the next step tries again.
            Err(error) => tracing::debug!(target: "store", "the write-ahead log is not written back yet: {error}"),
        }
    }
}

/// What a commit makes due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Nothing,
    /// A step of the thread.
    Step,
    /// All that is left, at once.
    Rest,
}

/// Decides by the length of the log, in pages.
#[derive(Debug)]
struct Commits {
    step: i32,
    longest: i32,
    /// The next step is due at this length.
    next: i32,
}

impl Commits {
    fn new(step: i32, longest: i32) -> Self {
        Self { step, longest, next: step }
    }

    /// A commit has made the log so long.
    fn after(&mut self, length: i32) -> Due {
        if length.saturating_add(self.step) < self.next {
            // The log has begun anew.
            self.next = self.step;
        }
        if length >= self.longest {
            return Due::Rest;
        }
        if length < self.next {
            return Due::Nothing;
        }
        self.next = length.saturating_add(self.step);
        Due::Step
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_step_is_due_for_each_so_many_pages_and_the_rest_of_a_long_log_at_every_commit() {
        let mut commits = Commits::new(10, 40);
        let due: Vec<Due> = [4, 9, 12, 21, 22, 39, 40, 44].into_iter().map(|length| commits.after(length)).collect();
        assert_eq!(
            due,
            [Due::Nothing, Due::Nothing, Due::Step, Due::Nothing, Due::Step, Due::Step, Due::Rest, Due::Rest]
        );
        assert_eq!([commits.after(3), commits.after(11)], [Due::Nothing, Due::Step], "the log has begun anew");
    }

    fn length(path: &Path) -> u64 {
        std::fs::metadata(path).map_or(0, |file| file.len())
    }

    /// Commits until the log is several steps long: pages reach the database file while the writer is open, and the log ends with
    /// the last connection.
    #[test]
    fn the_log_reaches_the_database_while_the_writer_goes_on() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("test.db");
        let mut writer = Connection::open(&path).unwrap();
        writer.pragma_update(None, "journal_mode", "WAL").unwrap();
        writer.execute_batch("CREATE TABLE data (bytes BLOB)").unwrap();
        let write_back = WriteBack::start(&mut writer, &path, 4096).unwrap();
        let megabyte = vec![7_u8; 1 << 20];
        let mut stored = 0;
        while length(&path) < STEP_BYTES.unsigned_abs() {
            writer.execute("INSERT INTO data VALUES (?1)", [&megabyte]).unwrap();
            stored += 1;
            assert!(stored < 1_000, "{} bytes are in the database", length(&path));
        }
        drop(write_back);
        let count: i64 = writer.query_row("SELECT COUNT(*) FROM data", [], |row| row.get(0)).unwrap();
        assert_eq!(count, stored);
        writer.close().unwrap();
        assert!(!directory.path().join("test.db-wal").exists());
        assert!(length(&path) > stored.unsigned_abs() << 20);
    }
}
