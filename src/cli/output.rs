//! How far a long command is.

use std::io::{IsTerminal as _, Write as _};

use crate::storage::{Checking, Storage, StorageError};

/// One line on stderr that says how far a long command is, if that is a terminal.
pub(super) struct ProgressLine {
    on_terminal: bool,
}

impl ProgressLine {
    pub(super) fn new() -> Self {
        Self { on_terminal: std::io::stderr().is_terminal() }
    }

    /// Shows `doing` in place of what was shown before.
    pub(super) fn show(&mut self, doing: &str) {
        if self.on_terminal {
            // Progress that cannot be shown is no reason to stop.
            let _ = write!(std::io::stderr(), "\r\u{1b}[K{doing}");
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        self.show("");
    }

    /// Reads the database through if its state is not known.
    ///
    /// # Errors
    /// It is damaged, or cannot be read.
    pub(super) fn verify(&mut self, storage: &Storage) -> Result<(), StorageError> {
        storage.verify(&mut |checking| {
            if let Checking::For(time) = checking {
                self.show(&format!("checking the database, {} s", time.as_secs()));
            }
            true
        })?;
        self.clear();
        Ok(())
    }
}
