//! Sends whole tables. Each one has a thread and a reading connection of its own, so neither the answers nor a stage
//! wait for the file that the front writes.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::thread::JoinHandle;

use super::lookup::{MOST_FOUND, SHOWN_PAYLOAD_BYTES, reject_row, search};
use super::questions::Shared;
use crate::engine::local::query::board::{Rows, RowsError, every_row, row_count};
use crate::engine::tables::{Parts, TableOrder, Unwanted, last_part};
use crate::protocol::pattern::Pattern;
use crate::protocol::question::SearchQuestion;
use crate::protocol::table::{Table, TablePart};
use crate::protocol::view::View;
use crate::search::SearchIndex;
use crate::storage::{Interrupt, Reader, StorageError};

/// Tables that may be under way at once.
const AT_ONCE: usize = 4;

/// The tables under way.
#[derive(Debug, Default)]
pub(super) struct Tables(Vec<UnderWay>);

#[derive(Debug)]
struct UnderWay {
    thread: JoinHandle<()>,
    interrupt: Interrupt,
}

impl Tables {
    /// Begins to hand over what `order` asks for.
    pub(super) fn begin(&mut self, order: TableOrder, rows: Rows, reader: Reader, shared: Arc<Shared>) {
        self.0.retain(|table| !table.thread.is_finished());
        if self.0.len() >= AT_ONCE {
            order.send_now(TablePart::Failed("too many tables are being written already".to_owned()));
            return;
        }
        let interrupt = reader.interrupt();
        let resets = shared.resets.load(SeqCst);
        let refused = order.clone();
        let hand_over = HandOver { order, shared, resets };
        match std::thread::Builder::new().name("table".to_owned()).spawn(move || hand_over.run(rows, reader)) {
            Ok(thread) => self.0.push(UnderWay { thread, interrupt }),
            Err(error) => refused.send_now(TablePart::Failed(format!("no thread for the table: {error}"))),
        }
    }

    /// Waits until nobody reads the database any more. The end must have been told.
    pub(super) fn end(self) {
        for UnderWay { thread, interrupt } in self.0 {
            interrupt.now();
            // A panic has been said by its hook.
            let _ = thread.join();
        }
    }
}

struct HandOver {
    order: TableOrder,
    shared: Arc<Shared>,
    resets: u64,
}

impl HandOver {
    fn run(self, rows: Rows, mut reader: Reader) {
        let outcome = match &self.order.table {
            Table::View(view) => self.view(view, rows, &mut reader),
            Table::Rejects { filter } => self.rejects(filter, &mut reader),
            Table::Search(_) => Ok(ControlFlow::Break(())),
        };
        // Before the last word: whoever hears it may count on the database being free.
        drop(reader);
        let Some(last) = last_part(outcome, self.is_forgotten()) else { return };
        // Nobody wants it, or everything ends: nobody to tell.
        let _ = self.order.send(last, &|| self.shared.ended.load(Relaxed));
    }

    fn is_forgotten(&self) -> bool {
        self.shared.resets.load(SeqCst) != self.resets
    }

    fn send(&self, part: TablePart) -> ControlFlow<()> {
        let ended = || self.shared.ended.load(Relaxed) || self.is_forgotten();
        match self.order.send(part, &ended) {
            Ok(()) => ControlFlow::Continue(()),
            Err(Unwanted) => ControlFlow::Break(()),
        }
    }

    fn view(&self, view: &View, rows: Rows, reader: &mut Reader) -> Result<ControlFlow<()>, RowsError> {
        reader.consistent(|reader| Ok(self.rows_of(view, rows, reader)))?
    }

    fn rows_of(&self, view: &View, rows: Rows, reader: &Reader) -> Result<ControlFlow<()>, RowsError> {
        if let Some(count) = row_count(view, &rows, reader)?
            && self.send(TablePart::Rows(count)).is_break()
        {
            return Ok(ControlFlow::Break(()));
        }
        let mut parts = Parts::new(TablePart::Pages, |part| self.send(part));
        let read = every_row(view, rows, reader, &mut |row| parts.push(row))?;
        Ok(if read.is_break() { read } else { parts.finish() })
    }

    fn rejects(&self, filter: &str, reader: &mut Reader) -> Result<ControlFlow<()>, RowsError> {
        let pattern = Pattern::parse(filter)?;
        let handed = reader.consistent(|reader| {
            if pattern.is_empty() && self.send(TablePart::Rows(reader.reject_count()?.kept)).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            let mut parts = Parts::new(TablePart::Rejects, |part| self.send(part));
            let read = reader.rejects_while(SHOWN_PAYLOAD_BYTES, |kept| {
                let row = reject_row(kept);
                if pattern.keeps_any([&*row.reason, &*row.payload]) {
                    parts.push(row)
                } else {
                    ControlFlow::Continue(())
                }
            })?;
            Ok::<_, StorageError>(if read.is_break() { read } else { parts.finish() })
        })?;
        Ok(handed)
    }
}

/// Hands over what a search finds: in one part, as it comes from the engine.
pub(super) async fn of_search(order: TableOrder, question: SearchQuestion, index: Arc<dyn SearchIndex>) {
    let question = SearchQuestion { limit: MOST_FOUND, ..question };
    match search(&*index, &question, MOST_FOUND).await {
        Ok(rows) => {
            let complete = rows.len() < MOST_FOUND;
            order.send_now(TablePart::Pages(rows));
            order.send_now(TablePart::End { complete });
        }
        Err(error) => order.send_now(TablePart::Failed(error.to_string())),
    }
}
