//! Orders of whole tables. The engine sends a table in parts, through a channel that bounds the memory.

use std::time::Duration;

use crossbeam_channel::{Receiver, SendTimeoutError, Sender, bounded};

use crate::protocol::table::{Table, TablePart};

/// The most rows of a part.
pub(crate) const PART_ROWS: usize = 500;

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
