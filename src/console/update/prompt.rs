//! Answers to a question: by its named key or its word alone. Whatever else comes is a no.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::commands::Prompt;
use crate::console::state::app::App;
use crate::console::state::key_table::Action;
use crate::console::state::line_input::edit;
use crate::protocol::Command;

/// What must be typed before everything is deleted.
pub(crate) const RESET_WORD: &str = "reset";

/// Characters that are taken as an answer: the word, and enough of anything else to see that it is not the word.
const LENGTH: usize = 40;

/// What a key says to a question.
enum Said {
    Yes,
    No,
    /// NoClicks yet: the word is still being typed.
    Typing,
}

impl App {
    /// Takes a key as the answer to the open question, or as a part of it.
    pub(crate) fn answer(&mut self, event: &KeyEvent) {
        let Some(mut prompt) = self.prompt.take() else { return };
        let said = self.said(&mut prompt, event);
        match said {
            Said::Typing => self.prompt = Some(prompt),
            Said::Yes => self.request(prompt.command, None),
            Said::No => self.answer_no(&prompt),
        }
    }

    fn said(&self, prompt: &mut Prompt, event: &KeyEvent) -> Said {
        if let Some(typed) = &mut prompt.typed {
            return match event.code {
                KeyCode::Enter if typed.trim() == RESET_WORD => Said::Yes,
                _ if edit(typed, event, LENGTH) => Said::Typing,
                _ => Said::No,
            };
        }
        let ctrl_c = event.code == KeyCode::Char('c') && event.modifiers == KeyModifiers::CONTROL;
        match self
            .keys
            .lookup(event, crate::console::state::key_table::Context::Prompt)
            .map(|(binding, _)| binding.action)
        {
            Some(Action::Confirm) => Said::Yes,
            // Ctrl-C asks again what it has asked for; to any other question it is a no.
            _ if ctrl_c && prompt.command == Command::Shutdown => Said::Yes,
            _ => Said::No,
        }
    }

    /// The question is closed, and nothing happens.
    pub(crate) fn answer_no(&mut self, prompt: &Prompt) {
        let said = match (&prompt.command, &prompt.typed) {
            (_, Some(typed)) if typed.is_empty() => "nothing is deleted".to_owned(),
            (_, Some(typed)) if typed.trim() == RESET_WORD => "nothing is deleted: the word wants Enter".to_owned(),
            (_, Some(typed)) => {
                let typed = crate::text::excerpt(typed, LENGTH);
                format!("nothing is deleted: {typed} is not {RESET_WORD}")
            }
            (Command::Shutdown, None) => {
                format!("clicktop goes on: {}, then y quits", self.keys.told(Action::Quit))
            }
            (_, None) => "nothing is done: only y says yes".to_owned(),
        };
        self.say(said);
    }
}
