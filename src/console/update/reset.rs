//! Deleting everything: the question, and the message at the end.

use crate::console::format::counted;
use crate::console::state::app::App;
use crate::protocol::Command;
use crate::protocol::snapshot::ResetEnd;

impl App {
    /// Asks for the word that deletes everything, and says what it deletes.
    pub(super) fn ask_reset(&mut self) {
        let index = self.index_name();
        let clicks = counted(self.engine.snapshot().totals.clicks, "click", "clicks");
        self.request(Command::Reset, Some(format!("Delete {clicks} and clear {index}?")));
    }

    /// What a reset deleted, in words.
    pub(super) fn reset_message(&self, reset: &ResetEnd) -> String {
        let index = self.index_name();
        match (&reset.deleted, reset.cleared) {
            (Err(why), _) => format!("nothing is deleted: {why}"),
            (Ok(clicks), None) => {
                format!("deleted {}; {index} is cleared next", counted(*clicks, "click", "clicks"))
            }
            (Ok(clicks), Some(documents)) => {
                let clicks = counted(*clicks, "click", "clicks");
                format!("deleted {clicks}, cleared {} of {index}", counted(documents, "document", "documents"))
            }
        }
    }

    /// `the embedded index`, `the index clicktop at https://search:9200`.
    fn index_name(&self) -> String {
        let target = &self.engine.snapshot().index.target;
        match target.rsplit_once('/') {
            Some((server, name)) => format!("the index {name} at {server}"),
            None if target.is_empty() => "the index".to_owned(),
            None => format!("the {target} index"),
        }
    }
}
