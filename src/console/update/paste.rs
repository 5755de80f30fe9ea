//! Text that arrives at once: pasted, or typed faster than anybody types. It goes into a line that the user types, and controls
//! nothing.

use crossterm::event::KeyEvent;

use crate::console::keys::Action;
use crate::console::state::app::App;
use crate::console::state::line_input::LINE_LENGTH;
use crate::console::state::prompt::Answer;

/// So many keys of one read may control stages: the key of a stage, and a key for it. More keys are text.
const CONTROLLING_KEYS: usize = 3;

/// The position of the search among the views.
const SEARCH: usize = 4;

impl App {
    /// Takes text that the terminal marks as pasted. It answers a question with no.
    pub(super) fn paste(&mut self, pasted: &str) -> bool {
        self.drop_message();
        if self.overlays.prompt.take().is_some() {
            self.say("pasted text answers no question, and nothing is done");
        } else if self.overlays.help.is_some() || self.overlays.line.is_none() {
            let (filter, search) = (self.keys.label_of(Action::Filter), self.keys.label_at(Action::OpenView, SEARCH));
            self.say(format!("pasted text does nothing here: {filter} or {search} opens a line for it"));
        } else {
            self.paste_into_line(pasted);
        }
        true
    }

    fn paste_into_line(&mut self, pasted: &str) {
        let Some(line) = &mut self.overlays.line else { return };
        let taken = line.input.paste(pasted);
        self.line_changed();
        if taken.cut {
            self.say(format!("the text is cut: a line holds {LINE_LENGTH} characters"));
        } else if taken.more_lines {
            self.say("only the first line of the text is pasted");
        }
    }

    /// Takes several keys of one read: text pasted into a terminal that does not mark it, or keys that a program types.
    ///
    /// They answer no question that they open themselves, and none that one key answers. Only a word that was asked for before
    /// they came may be among them; the keys after the answer do nothing. If they are more than a few, they control no stage.
    pub(super) fn press_many(&mut self, keys: &[KeyEvent]) -> bool {
        let mut changed = false;
        let is_text = keys.len() > CONTROLLING_KEYS;
        let mut refused = false;
        let mut keys = keys.iter().peekable();
        while let Some(key) = keys.next() {
            let word_asked =
                self.overlays.prompt.as_ref().is_some_and(|prompt| matches!(prompt.answer, Answer::Word(_)));
            if self.overlays.prompt.is_some() && !word_asked {
                return self.refuse_many();
            }
            if is_text && self.would_control(key) {
                refused = true;
                continue;
            }
            // Of text, no letter asks for an answer.
            changed |= if is_text { self.take_key(key) } else { self.press(key) };
            let asks = self.overlays.prompt.is_some();
            let has_more = keys.peek().is_some();
            if has_more && word_asked && !asks {
                // The question is answered; the keys after the answer were not meant for it.
                return true;
            }
            if has_more && asks && !word_asked {
                return self.refuse_many();
            }
        }
        if refused {
            self.say("too many keys at once: no stage is started or stopped");
        }
        changed || refused
    }

    /// Whether the key controls a stage without a question.
    fn would_control(&self, key: &KeyEvent) -> bool {
        let binding = self.keys.lookup(key, self.context()).map(|(binding, _)| binding);
        if binding.is_some_and(|binding| binding.action == Action::Accept) && self.typed_line_controls() {
            return true;
        }
        binding.is_some_and(|binding| binding.action.controls_stages() && !binding.dangerous)
    }

    fn refuse_many(&mut self) -> bool {
        self.overlays.prompt = None;
        self.say("too many keys at once: they answer no question, and nothing is done");
        true
    }
}
