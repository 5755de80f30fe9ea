//! The place in a file up to which it was read, and going on there.

use uuid::Uuid;

use super::FileReader;
use crate::click::Columns;
use crate::source::files::find::{file_id, open};
use crate::source::files::head::Layout;
use crate::source::files::mapped_head;
use crate::source::files::records::{HISTORY, Records};
use crate::source::files::text::Text;
use crate::storage::{FilePlace, FilePosition};

/// The names of hashes are in a space of their own.
const HASHES: Uuid = Uuid::from_bytes(*b"clicktop-records");

impl FileReader {
    /// Where a later reading of this file goes on; `None` if that is not known, because the rest of a long record is passed over.
    pub(crate) fn place(&self) -> Option<FilePlace> {
        let (byte, line, in_array) = self.records.place()?;
        let (byte, line, record) = self.open_end.unwrap_or((byte, line, self.number));
        let tail = *hash(self.records.before(byte)).as_bytes();
        Some(FilePlace { record, byte, line, header: self.header.clone(), in_array, tail })
    }

    /// The length of the text, once all of it was read.
    pub(crate) fn text_end(&self) -> Option<u64> {
        let all_taken = self.records.has_ended() && self.records.pending() == 0;
        (all_taken && self.error.is_none()).then(|| self.records.pushed())
    }

    /// Goes on where an earlier reading was, if this is the same file as far as that came; `false`, and nothing has changed, if it is
    /// another one. `go_on` is asked while a packed file is unpacked up to that place.
    pub(crate) fn resume(&mut self, position: &FilePosition, go_on: &mut impl FnMut() -> bool) -> bool {
        let FilePosition { place, clicks, text_end, .. } = position;
        let Some(path) = &self.path else { return false };
        let before = place.byte.min(HISTORY as u64);
        let reopened = open(path).ok().filter(|(_, metadata)| Some(file_id(metadata)) == self.file);
        let Some((file, _)) = reopened else { return false };
        let resumed = Text::resumed(file, self.plain_from, place.byte, before, go_on);
        let Some((text, tail)) = resumed.ok().filter(|(_, tail)| *hash(tail).as_bytes() == place.tail) else {
            return false;
        };
        let Some(layout) = self.layout_under(place.header.as_deref()) else { return false };
        self.records = Records::resume(layout.grammar(), place.byte, place.line, place.in_array, tail);
        self.text = text;
        self.set_layout(layout);
        self.header = place.header.clone();
        (self.number, self.clicks) = (place.record, *clicks);
        self.any_click = self.number > 0;
        self.read_before = *text_end;
        (self.error, self.ended, self.open_end) = (None, false, None);
        true
    }

    /// How records are read under the `header` of an earlier reading; `None` if it does not fit the mapping of this one.
    fn layout_under(&self, header: Option<&[u8]>) -> Option<Layout> {
        if self.form.mapping.is_some() {
            return mapped_head::under(&self.form, header).ok();
        }
        let columns = header.and_then(|header| Columns::of_header(header).ok().flatten());
        let messages = || Layout::Messages(self.form.format);
        Some(columns.map_or_else(messages, |columns| Layout::under(columns, self.form.format)))
    }

    /// Nothing more comes: what is left is the last record.
    pub(super) fn end_records(&mut self) {
        if self.read_before == Some(self.records.pushed()) {
            self.open_end = self.records.place().map(|(byte, line, _)| (byte, line, self.number));
            self.records.drop_rest();
        } else {
            self.records.end();
        }
    }
}

fn hash(bytes: &[u8]) -> Uuid {
    Uuid::new_v5(&HASHES, bytes)
}
