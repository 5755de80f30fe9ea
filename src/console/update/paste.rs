//! Text that comes at once: pasted, or typed faster than anybody types. It goes into a line being typed, and steers nothing.

use crossterm::event::KeyEvent;

use crate::console::state::app::App;
use crate::console::state::key_table::Action;
use crate::console::state::line_input::LENGTH;
use crate::text::is_unsafe;

/// So many keys of one read may steer stages: a stage's key and what is to become of it. More of them are text.
const STEERING: usize = 3;

/// The place of the search among the views.
const SEARCH: usize = 4;

/// What a line takes of pasted text.
struct Taken {
    text: String,
    /// Other lines that hold something.
    more_lines: bool,
    cut: bool,
}

impl App {
    /// Takes text that the terminal says was pasted. A question takes it as a no.
    pub(crate) fn paste(&mut self, pasted: &str) -> bool {
        self.hush();
        if let Some(prompt) = self.prompt.take() {
            self.answer_no(&prompt);
            self.say("pasted text answers no question: nothing is done");
        } else if self.help || self.typing.is_none() {
            let (filter, search) = (self.keys.told(Action::Filter), self.keys.told_at(Action::Show, SEARCH));
            self.say(format!("pasted text does nothing here: {filter} or {search} opens a line that takes it"));
        } else {
            self.paste_into_line(pasted);
        }
        true
    }

    fn paste_into_line(&mut self, pasted: &str) {
        let Some(typing) = &mut self.typing else { return };
        let room = LENGTH.saturating_sub(typing.text.chars().count());
        let Taken { text, more_lines, cut } = taken(pasted, room);
        typing.text.push_str(&text);
        self.line_changed();
        if cut {
            self.say(format!("the text is cut: a line takes {LENGTH} characters"));
        } else if more_lines {
            self.say("only the first line of the text is taken");
        }
    }

    /// Takes keys that came in one read: text pasted in a terminal that does not mark it, or a program that types. They
    /// answer no question that they open themselves, and none that one key answers; what comes behind an answer does not
    /// act either. A word asked for before they came may be among them. More than a few of them start and stop no stage.
    pub(crate) fn burst(&mut self, keys: &[KeyEvent]) -> bool {
        let mut changed = false;
        let text = keys.len() > STEERING;
        let mut refused = false;
        let mut keys = keys.iter().peekable();
        while let Some(key) = keys.next() {
            let word_asked = self.prompt.as_ref().is_some_and(|prompt| prompt.typed.is_some());
            if self.prompt.is_some() && !word_asked {
                return self.refuse_burst();
            }
            if text && self.would_steer(key) {
                refused = true;
                continue;
            }
            changed |= self.key(key);
            let asks = self.prompt.is_some();
            let has_more = keys.peek().is_some();
            if has_more && word_asked && !asks {
                // The answer is given; what follows it was no longer meant for it.
                return true;
            }
            if has_more && asks && !word_asked {
                return self.refuse_burst();
            }
        }
        if refused {
            self.say("many keys at once start and stop no stage");
        }
        changed || refused
    }

    /// Whether the key does something to a stage at once.
    fn would_steer(&self, key: &KeyEvent) -> bool {
        let binding = self.keys.lookup(key, self.context()).map(|(binding, _)| binding);
        binding.is_some_and(|binding| binding.action.steers() && !binding.dangerous)
    }

    fn refuse_burst(&mut self) -> bool {
        self.prompt = None;
        self.say("many keys at once answer no question: nothing is done");
        true
    }
}

/// The first line of `pasted` that holds something, as far as there is `room`, without what a terminal would act on.
fn taken(pasted: &str, room: usize) -> Taken {
    let mut lines = pasted.split(['\n', '\r']).filter(|line| !line.trim().is_empty());
    let line = lines.next().unwrap_or_default();
    let mut kept = line.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| !is_unsafe(*c));
    let text = kept.by_ref().take(room).collect();
    Taken { text, more_lines: lines.next().is_some(), cut: kept.next().is_some() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_takes_the_first_line_that_holds_something_without_its_controls() {
        let text = |pasted: &str| taken(pasted, 100).text;
        assert_eq!(text("/cart"), "/cart");
        assert_eq!(text("/cart\n"), "/cart");
        assert_eq!(text("\r\n  \n/cart\r/other\n"), "/cart");
        assert_eq!(text("/a\tb\u{1b}[31m\u{7}c\u{202e}"), "/a b[31mc");
        assert_eq!(text(""), "");
        assert!(taken("/a\n/b", 100).more_lines && !taken("/a\n\n", 100).more_lines);
        assert!(taken("abc", 2).cut && taken("abc", 2).text == "ab" && !taken("abc", 3).cut);
    }
}
