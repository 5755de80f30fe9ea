//! Where a reading of records is, and looks ahead.

use super::{Grammar, HISTORY, Records};

impl Records {
    /// Within an input, at its byte `at`, which is in line `line`. `before` is the text right before it.
    pub(in super::super) fn resume(grammar: Grammar, at: u64, line: u64, in_array: bool, before: Vec<u8>) -> Self {
        let base = at.saturating_sub(before.len() as u64);
        Self { at: before.len(), buffer: before, base, in_array, ..Self::new(grammar, line) }
    }

    /// Passes over `bytes` with so many line ends, which hold no record.
    pub(in super::super) fn pass(&mut self, bytes: usize, lines: u64) {
        self.at = self.at.saturating_add(bytes).min(self.buffer.len());
        self.line += lines;
    }

    /// Where the next record begins, or what is blank before it: its byte in the text, its line, and whether it is in an array.
    /// `None` while the rest of a record that was too long is passed over.
    pub(in super::super) fn place(&self) -> Option<(u64, u64, bool)> {
        self.skip.is_none().then_some((self.base + self.at as u64, self.line, self.in_array))
    }

    /// Bytes of the text that were pushed.
    pub(in super::super) fn pushed(&self) -> u64 {
        self.base + self.buffer.len() as u64
    }

    /// The text right before the byte `at` of the text, as much of it as is kept; at most [`HISTORY`] bytes.
    pub(in super::super) fn before(&self, at: u64) -> &[u8] {
        let to = usize::try_from(at.saturating_sub(self.base)).unwrap_or(usize::MAX).min(self.buffer.len());
        self.buffer.get(to.saturating_sub(HISTORY)..to).unwrap_or_default()
    }

    /// The line of the next record, or of what is blank before it.
    pub(in super::super) fn line(&self) -> u64 {
        self.line
    }

    /// Passes over everything that was pushed, for good.
    pub(in super::super) fn drop_rest(&mut self) {
        self.at = self.buffer.len();
        self.ended = true;
    }

    /// Whether nothing is left, and the last byte is not a line end.
    pub(in super::super) fn ends_within_line(&self) -> bool {
        self.at == self.buffer.len() && self.buffer.last().is_some_and(|byte| *byte != b'\n')
    }

    /// Passes over the next record. All was pushed if `ended`.
    pub(in super::super) fn pass_record(&mut self, ended: bool) {
        let had_ended = std::mem::replace(&mut self.ended, ended);
        let _ = self.next(|_| false);
        self.ended = had_ended;
    }

    /// The first record from here on, without taking it; `None` if more must be pushed, or there is none. All was pushed if `ended`.
    pub(in super::super) fn first(&self, ended: bool) -> Option<Vec<u8>> {
        let mut ahead = Self { in_array: self.in_array, ..Self::new(self.grammar, self.line) };
        ahead.buffer = self.pending_bytes().to_vec();
        ahead.ended = ended;
        let found = ahead.next(|_| false)?;
        Some(ahead.bytes(&found).to_vec())
    }
}
