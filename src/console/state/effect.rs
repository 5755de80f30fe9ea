//! What `terminal` does for the state.

use crate::console::export::{ExportFormat, TableFile};

/// What `terminal` does for the state.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Write a file into the current directory, and show `message` once it is there.
    WriteFile { name: String, content: String, message: String },
    /// Write a table, which arrives in parts, into a file in the current directory.
    WriteTable(TableFile),
    /// Write the screen into a file in the current directory.
    WriteScreen { name: String, format: ExportFormat },
    /// Take the mouse, or leave it to the terminal.
    CaptureMouse(bool),
    /// Ring the terminal's bell.
    Ring,
    /// Keep a command for the next run.
    Remember(String),
    /// Put a text on the clipboard.
    Copy(String),
}
