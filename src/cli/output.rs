//! Text on its way to stdout and stderr.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use crate::storage::{Checking, Storage, StorageError};
use crate::text::is_unsafe;

/// `json` with every character that could steer a terminal as a JSON escape: the same document, safe to print.
///
/// JSON writers leave the C1 controls and the bidirectional overrides as they are. Outside of strings none of them occurs.
pub(super) fn terminal_safe_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        if is_unsafe(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_stays_the_same_and_steers_nothing() {
        let text = "/a\u{9b}31m\u{202e}é\u{1b}";
        let json = serde_json::to_string(text).unwrap();
        let safe = terminal_safe_json(&json);
        assert!(!safe.chars().any(is_unsafe), "{safe:?}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
    }
}
