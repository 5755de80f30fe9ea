//! Quitting: first with a drain, then at once, then without waiting.

use crate::console::state::app::App;
use crate::console::state::ending::Ending;
use crate::protocol::Command;

impl App {
    /// Quits, after a question. A finished pipeline has nothing to lose and needs no question.
    pub(super) fn quit(&mut self) {
        let question = (!self.engine.snapshot().finished).then(|| "Drain and quit clicktop?".to_owned());
        self.quit_or_hurry(question);
    }

    /// Quits without a question.
    pub(super) fn terminate(&mut self) {
        self.quit_or_hurry(None);
    }

    /// The second time, the pipeline ends at once, in view. The third time, the console gives the terminal back before that.
    fn quit_or_hurry(&mut self, question: Option<String>) {
        match self.ending {
            Ending::No => self.request(Command::Shutdown, question),
            Ending::Draining => {
                self.ending = Ending::AtOnce;
                self.request(Command::Shutdown, None);
            }
            Ending::AtOnce | Ending::Leaving => self.ending = Ending::Leaving,
        }
    }
}
