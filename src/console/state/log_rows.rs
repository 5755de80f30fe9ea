//! The rows that the lines of the log take on its screen.

use crate::console::format::{first_lines, wrap};
use crate::protocol::snapshot::LogLine;

/// Columns before a message: its time, its level, its target.
pub(crate) const BEFORE_MESSAGE: usize = 9 + 6 + 11;

/// The message of `line` in rows, at most `height` of them and at least one, on a screen of `columns`.
pub(crate) fn message_rows(line: &LogLine, columns: usize, height: usize) -> Vec<String> {
    let room = columns.saturating_sub(BEFORE_MESSAGE);
    let rows = first_lines(wrap(&line.message, room), height, room);
    if rows.is_empty() { vec![String::new()] } else { rows }
}

/// How many of `lines`, in this order, fit whole into `columns` and `height`; at least one.
pub(crate) fn whole_lines<'a>(lines: impl Iterator<Item = &'a LogLine>, columns: usize, height: usize) -> usize {
    let room = columns.saturating_sub(BEFORE_MESSAGE);
    let mut used = 0_usize;
    let whole = lines.take_while(|line| {
        used += wrap(&line.message, room).len().max(1);
        used <= height
    });
    whole.count().max(1)
}

/// The position of the line in row `row` of a screen of `columns` and `height`, among `lines`, the newest first, of which the first one is
/// at the bottom; `None` if no line is there.
pub(crate) fn line_in_row<'a>(
    lines: impl Iterator<Item = &'a LogLine>,
    columns: usize,
    height: usize,
    row: usize,
) -> Option<usize> {
    let mut rows = Vec::new();
    for (at, line) in lines.enumerate() {
        rows.extend(std::iter::repeat_n(at, message_rows(line, columns, height).len()));
        if rows.len() >= height {
            break;
        }
    }
    // From the top: the oldest line that is visible comes first.
    rows.truncate(height);
    rows.iter().rev().nth(row).copied()
}
