//! A batch of clicks in two allocations: one buffer for all texts and one table of rows.

use super::event::Click;
use super::timestamp::Timestamp;

const TEXT_FIELDS: usize = 8;

/// Clicks in the order in which they were added. All texts lie in one buffer, so a click needs no allocation of its own.
#[derive(Clone, Debug, Default)]
pub struct ClickBatch {
    text: String,
    rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    timestamp: Timestamp,
    /// Where the texts of this click begin in the buffer.
    start: usize,
    /// The lengths of its eight text fields.
    lengths: [u32; TEXT_FIELDS],
}

impl ClickBatch {
    /// An empty batch with room for `clicks` clicks of ordinary size.
    pub fn with_capacity(clicks: usize) -> Self {
        Self { text: String::with_capacity(clicks * 128), rows: Vec::with_capacity(clicks) }
    }

    /// Appends a copy of `click`.
    pub fn push(&mut self, click: &Click<'_>) {
        let fields: [&str; TEXT_FIELDS] = [
            click.click_id,
            click.user_id,
            click.url,
            click.country,
            click.city,
            click.browser,
            click.os,
            click.device,
        ];
        let start = self.text.len();
        // A field is a part of a message, and messages are far shorter than 4 GiB.
        let lengths = fields.map(|field| {
            self.text.push_str(field);
            u32::try_from(field.len()).unwrap_or(u32::MAX)
        });
        self.rows.push(Row { timestamp: click.timestamp, start, lengths });
    }

    /// Takes the clicks after the first `clicks` away.
    pub fn truncate(&mut self, clicks: usize) {
        if let Some(row) = self.rows.get(clicks) {
            self.text.truncate(row.start);
            self.rows.truncate(clicks);
        }
    }

    /// Number of clicks.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no click.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The memory that the clicks take, in bytes.
    pub fn bytes(&self) -> usize {
        self.text.len() + self.rows.len() * size_of::<Row>()
    }

    /// The clicks in the order in which they were added.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Click<'_>> + ExactSizeIterator {
        (0..self.rows.len()).map(|at| self.click(at))
    }

    /// The clicks in order of time; clicks of one moment in the order in which they were added.
    pub fn by_time(&self) -> impl ExactSizeIterator<Item = Click<'_>> {
        let mut order: Vec<(Timestamp, usize)> = self.rows.iter().map(|row| row.timestamp).zip(0..).collect();
        order.sort_by_key(|(time, _)| *time);
        order.into_iter().map(|(_, at)| self.click(at))
    }

    /// `at` must be below `len`; only `iter` and `by_time` call this.
    fn click(&self, at: usize) -> Click<'_> {
        let row = &self.rows[at];
        let mut start = row.start;
        let [click_id, user_id, url, country, city, browser, os, device] = row.lengths.map(|length| {
            let end = start + length as usize;
            let field = &self.text[start..end];
            start = end;
            field
        });
        Click { click_id, user_id, timestamp: row.timestamp, url, country, city, browser, os, device }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clicks_are_returned_as_they_were_added_or_in_order_of_time() {
        let first = Click {
            click_id: "c1",
            user_id: "u1",
            timestamp: Timestamp::from_millis(1),
            url: "/a,b",
            country: "FR",
            city: "",
            browser: "Firefox",
            os: "Linux",
            device: "desktop",
        };
        let second = Click { click_id: "c2", url: "/é", timestamp: Timestamp::from_millis(2), ..first };
        let mut batch = ClickBatch::default();
        batch.push(&first);
        batch.push(&second);
        assert_eq!(batch.iter().collect::<Vec<_>>(), [first, second]);
        let early = Click { click_id: "c3", timestamp: Timestamp::from_millis(-1), ..first };
        let tied = Click { click_id: "c0", ..second };
        batch.push(&early);
        batch.push(&tied);
        assert_eq!(batch.by_time().collect::<Vec<_>>(), [early, first, second, tied]);
        batch.truncate(2);
        batch.truncate(7);
        batch.push(&tied);
        assert_eq!(batch.iter().collect::<Vec<_>>(), [first, second, tied]);
    }
}
