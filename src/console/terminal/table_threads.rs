//! The threads that write tables to files.

use std::thread::JoinHandle;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::console::export::{TableFile, TableOutcome};

/// The threads that write tables to files, and the channel that brings their outcomes.
pub(super) struct TableThreads {
    threads: Vec<JoinHandle<()>>,
    sender: UnboundedSender<TableOutcome>,
    outcomes: UnboundedReceiver<TableOutcome>,
}

impl TableThreads {
    pub(super) fn new() -> Self {
        let (sender, outcomes) = unbounded_channel();
        Self { threads: Vec::new(), sender, outcomes }
    }

    /// Writes `table` on a thread of its own.
    pub(super) fn start(&mut self, table: TableFile) {
        self.threads.retain(|thread| !thread.is_finished());
        match table.start(self.sender.clone()) {
            Ok(thread) => self.threads.push(thread),
            Err(error) => {
                let message = format!("no thread to write with: {error}");
                // The other end of the channel is in this struct.
                let _ = self.sender.send(TableOutcome { message, is_written: false });
            }
        }
    }

    /// Waits for the next outcome.
    pub(super) async fn next_outcome(&mut self) -> Option<TableOutcome> {
        self.outcomes.recv().await
    }

    /// Waits until no half of a file is left. The exports must have been stopped.
    pub(super) fn join(self) {
        for thread in self.threads {
            // The panic hook has reported a panic.
            let _ = thread.join();
        }
    }
}
