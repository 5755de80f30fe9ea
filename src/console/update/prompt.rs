//! Answers to a question: its key or its word is a yes; everything else is a no.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::console::keys::{Action, Context};
use crate::console::state::app::App;
use crate::console::state::prompt::{Answer, Prompt, RESET_WORD};
use crate::console::state::text_input::Edit;
use crate::protocol::{Command, RemoteWork};
use crate::text::excerpt;

/// Characters that an answer takes: enough to see that it is not the word.
pub(super) const ANSWER_LENGTH: usize = 40;

/// What a key says to a question.
enum Reply {
    Yes,
    /// Yes; the work in the cluster goes on or stops as this says.
    YesAnd(RemoteWork),
    No,
    /// The word is not complete yet.
    Typing,
}

impl App {
    /// Takes a key as the answer to the open question, or as a part of it.
    pub(super) fn answer(&mut self, key: &KeyEvent) {
        let Some(mut prompt) = self.overlays.prompt.take() else { return };
        let by = prompt.by;
        match self.reply(&mut prompt, key) {
            Reply::Typing => self.overlays.prompt = Some(prompt),
            Reply::Yes => {
                if prompt.command == Command::Shutdown && !self.settings.attached {
                    let by = by.name();
                    tracing::info!(target: "console", event = "stop", by, "quit by {by}: the pipeline drains");
                }
                self.given_by(by, |app| app.request(prompt.command, None));
            }
            Reply::YesAnd(work) => self.given_by(by, |app| app.request(Command::ShutdownAnd(work), None)),
            Reply::No => self.say(self.refusal(&prompt)),
        }
    }

    fn reply(&self, prompt: &mut Prompt, key: &KeyEvent) -> Reply {
        if let Answer::Word(input) = &mut prompt.answer {
            return match key.code {
                KeyCode::Enter if input.text().trim() == RESET_WORD => Reply::Yes,
                _ if input.press(key) != Edit::None => Reply::Typing,
                _ => Reply::No,
            };
        }
        let is_ctrl_c = key.code == KeyCode::Char('c') && key.modifiers == KeyModifiers::CONTROL;
        let context = if matches!(prompt.answer, Answer::Work) { Context::Quit } else { Context::Prompt };
        match self.keys.lookup(key, context).map(|(binding, _)| binding.action) {
            Some(Action::Confirm) => Reply::Yes,
            Some(Action::LeaveWork) => Reply::YesAnd(RemoteWork::Leave),
            Some(Action::StopWork) => Reply::YesAnd(RemoteWork::Stop),
            // A second Ctrl-C confirms that the user wants to quit. It answers any other question with no. The settings say what becomes
            // of the work in a cluster.
            _ if is_ctrl_c && prompt.command == Command::Shutdown && !self.settings.attached => Reply::Yes,
            _ => Reply::No,
        }
    }

    /// What a no to the question means, in words.
    fn refusal(&self, prompt: &Prompt) -> String {
        match (&prompt.command, &prompt.answer) {
            (_, Answer::Word(input)) => match input.text() {
                "" => "nothing is deleted".to_owned(),
                typed if typed.trim() == RESET_WORD => "nothing is deleted: press Enter after the word".to_owned(),
                typed => format!("nothing is deleted: {} is not {RESET_WORD}", excerpt(typed, ANSWER_LENGTH)),
            },
            (Command::Shutdown, _) if self.settings.attached => "the pipeline goes on".to_owned(),
            (Command::Shutdown, Answer::Work) => {
                format!("clicktop goes on; to quit, press {} and then l or s", self.keys.label_of(Action::Quit))
            }
            (Command::Shutdown, Answer::Key) => {
                format!("clicktop goes on; to quit, press {} and then y", self.keys.label_of(Action::Quit))
            }
            (_, Answer::Key | Answer::Work) => "nothing is done: only y means yes".to_owned(),
        }
    }
}
