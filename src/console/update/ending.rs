//! Quitting: first with a drain, then at once, then without waiting.

use crate::console::state::app::App;
use crate::console::state::ending::Ending;
use crate::protocol::Command;
use crate::text::printable;

impl App {
    /// Quits, after a question. A finished pipeline has nothing to lose and needs no question.
    ///
    /// A console on a pipeline in another process leaves at once: the pipeline goes on.
    pub(super) fn quit(&mut self) {
        if self.settings.attached {
            self.ending = Ending::Leaving;
            return;
        }
        let question = (!self.engine.snapshot().finished).then(|| self.quit_question());
        self.quit_or_hurry(question);
    }

    /// The question before quitting. It names work that can go on in a cluster.
    fn quit_question(&self) -> String {
        let remote = self.engine.snapshot().remote.as_ref();
        let Some((remote, outlives)) = remote.and_then(|remote| Some((remote, remote.outlives.as_ref()?))) else {
            return "Drain and quit clicktop?".to_owned();
        };
        let by_default = if outlives.by_default { "leaves it running" } else { "stops it" };
        let (work, server) = (printable(&outlives.work), printable(&remote.server));
        format!("Quit clicktop? It can leave {work} running on {server}. Ctrl-C again quits and {by_default}.")
    }

    /// Ends the pipeline, after a question.
    pub(super) fn ask_shut_down(&mut self) {
        if !self.settings.attached {
            return self.quit();
        }
        let remote = self.engine.snapshot().remote.as_ref().and_then(|remote| remote.outlives.as_ref());
        let question = match remote {
            Some(_) => self.quit_question(),
            None => "Drain and end the pipeline? Every console on it loses it.".to_owned(),
        };
        self.request(Command::Shutdown, Some(question));
    }

    /// Quits without a question.
    pub(super) fn terminate(&mut self) {
        if self.settings.attached {
            self.ending = Ending::Leaving;
            return;
        }
        tracing::info!(target: "console", event = "stop", by = "signal", "a signal asks the pipeline to end");
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
