//! Where the newest clicks of a batch came from.

use std::sync::Arc;

use crate::click::Timestamp;

/// The most messages that are remembered.
const REMEMBERED: usize = 10;

/// A message or a record with clicks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClickOrigin {
    /// How many clicks of the batch came before its own.
    pub first_click: usize,
    /// Its partition; `None` for a record of a file.
    pub partition: Option<i32>,
    /// Its offset, or the line of the file.
    pub offset: i64,
    /// The position of its file among [`NewestOrigins::sources`]; 0 for a topic.
    pub source: usize,
}

/// Where the newest clicks of a batch came from. Remembering one more costs two writes to memory.
#[derive(Clone, Debug, Default)]
pub struct NewestOrigins {
    /// A ring.
    messages: [Option<ClickOrigin>; REMEMBERED],
    next: usize,
    /// The topic, or the files of the batch.
    pub sources: Vec<Arc<str>>,
    /// When the batch was complete.
    pub read_at: Option<Timestamp>,
}

impl NewestOrigins {
    /// Takes what was remembered of a batch, which is complete at `read_at`, and begins another batch.
    #[must_use]
    pub fn take(&mut self, read_at: Timestamp) -> Self {
        Self { read_at: Some(read_at), ..std::mem::take(self) }
    }

    /// From this call on, messages come from the topic or file `name`.
    pub fn reading(&mut self, name: &Arc<str>) {
        if self.sources.last() != Some(name) {
            self.sources.push(Arc::clone(name));
        }
    }

    /// The message at `offset` comes next; `clicks` clicks of the batch came before it.
    #[inline]
    pub fn message(&mut self, partition: Option<i32>, offset: i64, clicks: usize) {
        let source = self.sources.len().saturating_sub(1);
        if let Some(slot) = self.messages.get_mut(self.next) {
            *slot = Some(ClickOrigin { first_click: clicks, partition, offset, source });
        }
        self.next = (self.next + 1) % REMEMBERED;
    }

    /// The message of the click at position `click`, with the name of its topic or file, if it is remembered.
    pub fn of_click(&self, click: usize) -> Option<(ClickOrigin, &str)> {
        let (newer, older) = self.messages.split_at_checked(self.next)?;
        let newest_first = newer.iter().rev().chain(older.iter().rev()).flatten();
        // A message without a click begins where the next one does.
        let found = newest_first.into_iter().find(|message| message.first_click <= click)?;
        Some((*found, self.sources.get(found.source)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_clicks_are_told_where_they_came_from_and_older_ones_are_not() {
        let mut newest = NewestOrigins::default();
        newest.reading(&"web".into());
        for offset in 0..25 {
            newest.message(Some(3), 100 + offset, usize::try_from(offset).unwrap());
        }
        let offset = |click| newest.of_click(click).map(|(origin, topic)| (topic, origin.partition, origin.offset));
        assert_eq!(offset(24), Some(("web", Some(3), 124)));
        assert_eq!(offset(15), Some(("web", Some(3), 115)));
        assert_eq!(offset(14), None, "no guess");
    }

    #[test]
    fn a_message_may_have_several_clicks_or_none() {
        let mut newest = NewestOrigins::default();
        newest.reading(&"a.csv".into());
        newest.message(None, 2, 0);
        newest.message(None, 3, 3);
        newest.message(None, 4, 3);
        newest.reading(&"b.csv".into());
        newest.message(None, 2, 4);
        let line = |click| newest.of_click(click).map(|(origin, file)| (file, origin.offset)).unwrap();
        assert_eq!([line(0), line(2), line(3), line(4)], [("a.csv", 2), ("a.csv", 2), ("a.csv", 4), ("b.csv", 2)]);
    }
}
