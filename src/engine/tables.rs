//! Orders of whole tables. The engine sends a table in parts, through a channel that bounds the memory.

use std::ops::ControlFlow;
use std::time::Duration;

use crossbeam_channel::{Receiver, SendTimeoutError, Sender, bounded};

use crate::protocol::table::{Table, TablePart};

/// The most rows of a part.
const PART_ROWS: usize = 500;

/// Parts that may wait for the receiver; this bounds the memory.
const WAITING_PARTS: usize = 4;

/// How often a waiting sender looks whether the part is still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// An order of a table. All its rows are of one moment. Dropping the receiver cancels the order.
#[derive(Clone, Debug)]
pub struct TableOrder {
    /// Which one.
    pub table: Table,
    parts: Sender<TablePart>,
}

impl PartialEq for TableOrder {
    fn eq(&self, other: &Self) -> bool {
        self.table == other.table && self.parts.same_channel(&other.parts)
    }
}

impl Eq for TableOrder {}

/// The receiver is gone, or the engine ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unwanted;

impl TableOrder {
    /// An order of `table`, and the receiver of its parts. If the channel closes before [`TablePart::End`] or
    /// [`TablePart::Failed`], the engine has ended.
    pub fn new(table: Table) -> (Self, Receiver<TablePart>) {
        let (parts, taken) = bounded(WAITING_PARTS);
        (Self { table, parts }, taken)
    }

    /// Hands `part` over. Waits while the receiver is busy, until `ended`.
    pub(crate) fn send(&self, part: TablePart, ended: &dyn Fn() -> bool) -> Result<(), Unwanted> {
        let mut part = part;
        loop {
            if ended() {
                return Err(Unwanted);
            }
            match self.parts.send_timeout(part, LOOK) {
                Ok(()) => return Ok(()),
                Err(SendTimeoutError::Timeout(again)) => part = again,
                Err(SendTimeoutError::Disconnected(_)) => return Err(Unwanted),
            }
        }
    }

    /// Hands `part` over if there is room; there always is for the first parts.
    pub(crate) fn send_now(&self, part: TablePart) {
        // A receiver that is gone does not miss it.
        let _ = self.parts.try_send(part);
    }
}

/// Gathers rows into parts of a bounded size.
pub(crate) struct Parts<R, S> {
    of: fn(Vec<R>) -> TablePart,
    send: S,
    rows: Vec<R>,
}

impl<R, S: Fn(TablePart) -> ControlFlow<()>> Parts<R, S> {
    /// `of` makes a part of rows, and `send` hands it over; it breaks if nobody wants the table any more.
    pub(crate) fn new(of: fn(Vec<R>) -> TablePart, send: S) -> Self {
        Self { of, send, rows: Vec::new() }
    }

    /// Adds a row, and hands over the part if it is full.
    pub(crate) fn push(&mut self, row: R) -> ControlFlow<()> {
        self.rows.push(row);
        if self.rows.len() < PART_ROWS { ControlFlow::Continue(()) } else { self.finish() }
    }

    /// Hands over the rows that are left.
    pub(crate) fn finish(&mut self) -> ControlFlow<()> {
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() { ControlFlow::Continue(()) } else { (self.send)((self.of)(rows)) }
    }
}

/// The part that ends a table, or `None` if nobody waits for it. `is_forgotten` says whether a reset has deleted the clicks meanwhile.
pub(crate) fn last_part<E: std::fmt::Display>(
    outcome: Result<ControlFlow<()>, E>,
    is_forgotten: bool,
) -> Option<TablePart> {
    match outcome {
        Ok(ControlFlow::Continue(())) => Some(TablePart::End { complete: true }),
        _ if is_forgotten => Some(TablePart::Failed("a reset deleted the clicks meanwhile".to_owned())),
        Ok(ControlFlow::Break(())) => None,
        Err(error) => Some(TablePart::Failed(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::View;

    #[test]
    fn a_part_that_nobody_takes_waits_until_the_end_and_no_more_than_a_few_wait() {
        let (order, parts) = TableOrder::new(Table::Rejects { filter: String::new() });
        for rows in 0..WAITING_PARTS as u64 {
            assert_eq!(order.send(TablePart::Rows(rows), &|| false), Ok(()));
        }
        let looks = std::cell::Cell::new(0);
        let ended = || looks.replace(looks.get() + 1) > 0;
        assert_eq!(order.send(TablePart::Rows(9), &ended), Err(Unwanted));
        assert_eq!(parts.len(), WAITING_PARTS);
        drop(parts);
        assert_eq!(order.send(TablePart::Rows(9), &|| false), Err(Unwanted), "nobody wants it");
    }

    #[test]
    fn two_orders_of_one_table_are_two_orders() {
        let table = Table::View(View::default());
        let ((one, _one), (other, _other)) = (TableOrder::new(table.clone()), TableOrder::new(table));
        assert_eq!(one, one.clone());
        assert_ne!(one, other);
    }
}
