//! What fronts are told of the source: its progress, its first record that is no click, and the files that were read before.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::protocol::source::{SourceEnd, SourceProgress};
use crate::source::DemoError;
use crate::source::files::Notes;
use crate::text::counted;

/// Between two published updates.
const INTERVAL: Duration = Duration::from_millis(100);

/// The progress of the source.
pub(super) struct Told {
    pub(super) notes: Notes,
    published: Instant,
    /// Events that were handed to the store.
    pub(super) sent: u64,
    known: Known,
}

/// The files that were read before.
#[derive(Debug, Default)]
struct Known {
    name: String,
    files: u64,
    records: u64,
}

impl Told {
    pub(super) fn new() -> Self {
        Self { notes: Notes::default(), published: Instant::now(), sent: 0, known: Known::default() }
    }

    /// The file `name` was read before, all of its `records`.
    pub(super) fn known(&mut self, name: &str, records: u64) {
        self.known.files += 1;
        self.known.records += records;
        name.clone_into(&mut self.known.name);
    }

    /// The files that were read before, in one line.
    pub(super) fn read_before(&self) -> Option<String> {
        let Known { name, files, records } = &self.known;
        let records = counted(*records, "record", "records");
        match files {
            0 => None,
            1 => Some(format!("{name}: read before, {records}; --again reads it again")),
            files => Some(format!("{files} files were read before, {records}; --again reads them again")),
        }
    }

    /// Publishes the progress, if it is time; `bytes_read` are those of all inputs.
    pub(super) fn publish(&mut self, progress: &watch::Sender<SourceProgress>, bytes_read: u64) {
        if self.published.elapsed() >= INTERVAL {
            self.published = Instant::now();
            progress.send_modify(|progress| self.write(progress, bytes_read));
        }
    }

    /// Publishes that the source is at its end, perhaps for an error.
    pub(super) fn end(&mut self, progress: &watch::Sender<SourceProgress>, error: Option<&DemoError>, bytes_read: u64) {
        self.notes.tell();
        progress.send_modify(|progress| {
            self.write(progress, bytes_read);
            progress.error = error.map(ToString::to_string);
            progress.end = Some(SourceEnd::default());
        });
    }

    fn write(&self, progress: &mut SourceProgress, bytes_read: u64) {
        progress.sent = self.sent;
        progress.bytes_read = bytes_read;
        progress.first_no_click = self.notes.first().map(str::to_owned);
        progress.read_before = self.read_before();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_were_read_before_are_told_in_one_line() {
        let mut told = Told::new();
        assert_eq!(told.read_before(), None);
        told.known("a.csv", 2_000);
        assert_eq!(told.read_before().unwrap(), "a.csv: read before, 2,000 records; --again reads it again");
        told.known("b.csv", 1_232_567);
        assert_eq!(
            told.read_before().unwrap(),
            "2 files were read before, 1,234,567 records; --again reads them again"
        );
    }
}
