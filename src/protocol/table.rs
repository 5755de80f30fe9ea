//! A whole table, ordered by command and handed over part by part: what is too large for a snapshot.

use std::time::Duration;

use crossbeam_channel::{Receiver, SendTimeoutError, Sender, bounded};

use super::command::View;
use super::question::{RejectRow, SearchQuestion};
use super::snapshot::PageRow;

/// Rows of a part at most.
pub(crate) const PART_ROWS: usize = 500;

/// Parts that may wait for their taker: what bounds the memory.
const WAITING_PARTS: usize = 4;

/// How often it is looked whether a part that nobody takes is still to be handed over.
const LOOK: Duration = Duration::from_millis(100);

/// Which table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Table {
    /// Every row of a view in its order; the view's limit does not count.
    View(View),
    /// Every reject that the filter keeps, as [`Pattern`](super::Pattern) reads it, newest first.
    Rejects {
        /// Looked for in reason and payload; everything is kept if it is empty.
        filter: String,
    },
    /// What a search finds, as much as engines give at once.
    Search(SearchQuestion),
}

/// A part of a table, in its order.
#[derive(Clone, Debug, PartialEq)]
pub enum TablePart {
    /// So many rows come; left out where that is not known beforehand.
    Rows(u64),
    /// Rows of a view or a search.
    Pages(Vec<PageRow>),
    /// Rows of the rejects.
    Rejects(Vec<RejectRow>),
    /// That was the table.
    End {
        /// Whether it holds every row there is.
        complete: bool,
    },
    /// The rest does not come, and why.
    Failed(String),
}

/// Asks for a table. It is of one moment. Whoever drops the receiver no longer wants it.
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

/// Nobody wants the rest, or the pipeline ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unwanted;

impl TableOrder {
    /// An order of `table`, and where its parts come out. A channel that closes before [`TablePart::End`] or
    /// [`TablePart::Failed`] means that the pipeline has ended.
    pub fn new(table: Table) -> (Self, Receiver<TablePart>) {
        let (parts, taken) = bounded(WAITING_PARTS);
        (Self { table, parts }, taken)
    }

    /// Hands `part` over; waits while the taker is busy, until `ended`.
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

    /// Hands `part` over if there is room: for the first parts there always is.
    pub(crate) fn send_now(&self, part: TablePart) {
        // Whoever no longer listens does not miss it.
        let _ = self.parts.try_send(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
