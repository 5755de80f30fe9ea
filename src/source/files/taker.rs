//! What takes the records of a file: ingest decodes them into its batch, and a replay to Kafka makes messages of them.

use super::head::Layout;
use crate::click::mapping::{Place, StreamId};

/// Where a record lies. Click ids are derived from it if the data has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordPlace {
    /// What stands for the first record of the file.
    pub(crate) stream: StreamId,
    /// The number of the record in its file, from 0.
    pub(crate) number: u64,
    /// Its first line, from 1.
    pub(crate) line: u64,
}

impl RecordPlace {
    /// The place from which click ids are derived.
    pub(crate) fn of_event(self) -> Place {
        Place { stream: self.stream, number: self.number }
    }
}

/// Takes records, one after the other.
pub(crate) trait RecordTaker {
    /// How records are read from here on.
    fn set_layout(&mut self, layout: &Layout);

    /// Takes `record` if all of it is clicks, and says how many. Otherwise leaves everything as it was.
    fn take(&mut self, record: &[u8], place: RecordPlace) -> Option<u64>;

    /// Takes `record`, which is not, or not only, clicks: for `reason`, if the decoder's own reason would mislead. Returns how many
    /// clicks it has all the same, and the reason.
    fn refuse(&mut self, record: &[u8], place: RecordPlace, reason: Option<String>) -> (u64, String);
}
