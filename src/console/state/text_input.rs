//! A line editor: text, a cursor, and the usual editing keys.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest, StateChanged};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::text::is_unsafe;

/// A line of text with a cursor. It never holds control or formatting characters, nor more characters than it may.
#[derive(Clone, Debug)]
pub(crate) struct TextInput {
    input: Input,
    /// Characters that it takes.
    length: usize,
}

/// What a key did to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// The key does not edit.
    None,
    /// The text is the same; the cursor may have moved.
    Moved,
    Changed,
}

/// What a line took of pasted text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pasted {
    /// The text was longer than the line had room.
    pub(crate) cut: bool,
    /// The text has more lines, which were left out.
    pub(crate) more_lines: bool,
}

impl TextInput {
    /// A line that holds `text`, with the cursor behind it, and takes `length` characters.
    pub(crate) fn new(text: String, length: usize) -> Self {
        Self { input: Input::new(text), length }
    }

    pub(crate) fn text(&self) -> &str {
        self.input.value()
    }

    /// The text before the cursor, the character under it (empty at the end), and the text behind that.
    pub(crate) fn parts(&self) -> (&str, &str, &str) {
        let text = self.text();
        let cursor = text.char_indices().nth(self.input.cursor()).map_or(text.len(), |(at, _)| at);
        let (before, rest) = text.split_at_checked(cursor).unwrap_or((text, ""));
        let under = rest.graphemes(true).next().unwrap_or_default();
        (before, under, rest.strip_prefix(under).unwrap_or_default())
    }

    /// Replaces the text; the cursor goes behind it.
    pub(crate) fn set(&mut self, text: String) {
        self.input = Input::new(text);
    }

    /// Takes a key.
    pub(crate) fn press(&mut self, key: &KeyEvent) -> Edit {
        if key.code == KeyCode::Char('u') && key.modifiers == KeyModifiers::CONTROL {
            return self.delete_to_start();
        }
        let Some(request) = request(key) else { return Edit::None };
        if let InputRequest::InsertChar(c) = request
            && (is_unsafe(c) || self.room() == 0)
        {
            return Edit::Moved;
        }
        match self.input.handle(request) {
            Some(StateChanged { value: true, .. }) => Edit::Changed,
            Some(StateChanged { value: false, .. }) | None => Edit::Moved,
        }
    }

    fn delete_to_start(&mut self) -> Edit {
        let (before, under, after) = self.parts();
        if before.is_empty() {
            return Edit::Moved;
        }
        self.input = Input::new(format!("{under}{after}")).with_cursor(0);
        Edit::Changed
    }

    /// Inserts the first line of `pasted` that is not blank, without characters that steer a terminal.
    pub(crate) fn paste(&mut self, pasted: &str) -> Pasted {
        let mut lines = pasted.split(['\n', '\r']).filter(|line| !line.trim().is_empty());
        let line = lines.next().unwrap_or_default();
        let mut safe = line.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| !is_unsafe(*c));
        for c in safe.by_ref().take(self.room()) {
            self.input.handle(InputRequest::InsertChar(c));
        }
        Pasted { cut: safe.next().is_some(), more_lines: lines.next().is_some() }
    }

    fn room(&self) -> usize {
        self.length.saturating_sub(self.text().chars().count())
    }
}

/// What a key asks of the line; `None` for a key that does not edit.
fn request(key: &KeyEvent) -> Option<InputRequest> {
    let (ctrl, alt) = (KeyModifiers::CONTROL, KeyModifiers::ALT);
    let plain = !key.modifiers.intersects(ctrl | alt | KeyModifiers::SUPER);
    let with = |modifier| key.modifiers.contains(modifier);
    Some(match key.code {
        KeyCode::Char(c) if plain => InputRequest::InsertChar(c),
        KeyCode::Char('w') if key.modifiers == ctrl => InputRequest::DeletePrevWord,
        KeyCode::Char('k') if key.modifiers == ctrl => InputRequest::DeleteTillEnd,
        KeyCode::Char('b') if key.modifiers == ctrl => InputRequest::GoToPrevChar,
        KeyCode::Char('f') if key.modifiers == ctrl => InputRequest::GoToNextChar,
        KeyCode::Char('d') if key.modifiers == ctrl => InputRequest::DeleteNextChar,
        KeyCode::Char('h') if key.modifiers == ctrl => InputRequest::DeletePrevChar,
        KeyCode::Char('a') if key.modifiers == ctrl => InputRequest::GoToStart,
        KeyCode::Char('e') if key.modifiers == ctrl => InputRequest::GoToEnd,
        KeyCode::Char('b') if key.modifiers == alt => InputRequest::GoToPrevWord,
        KeyCode::Char('f') if key.modifiers == alt => InputRequest::GoToNextWord,
        KeyCode::Char('d') if key.modifiers == alt => InputRequest::DeleteNextWord,
        KeyCode::Backspace if with(alt) || with(ctrl) => InputRequest::DeletePrevWord,
        KeyCode::Delete if with(alt) || with(ctrl) => InputRequest::DeleteNextWord,
        KeyCode::Left if with(alt) || with(ctrl) => InputRequest::GoToPrevWord,
        KeyCode::Right if with(alt) || with(ctrl) => InputRequest::GoToNextWord,
        KeyCode::Backspace => InputRequest::DeletePrevChar,
        KeyCode::Delete => InputRequest::DeleteNextChar,
        KeyCode::Left => InputRequest::GoToPrevChar,
        KeyCode::Right => InputRequest::GoToNextChar,
        KeyCode::Home => InputRequest::GoToStart,
        KeyCode::End => InputRequest::GoToEnd,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Presses keys, each a character or a code with modifiers.
    fn pressed(text: &str, keys: &[(KeyCode, KeyModifiers)]) -> TextInput {
        let mut input = TextInput::new(text.to_owned(), 20);
        for (code, modifiers) in keys {
            input.press(&KeyEvent::new(*code, *modifiers));
        }
        input
    }

    #[test]
    fn the_cursor_moves_and_text_is_inserted_and_deleted_there() {
        let (none, ctrl) = (KeyModifiers::NONE, KeyModifiers::CONTROL);
        let input = pressed("cat", &[(KeyCode::Left, none), (KeyCode::Char('r'), none)]);
        assert_eq!(input.parts(), ("car", "t", ""));
        let input = pressed("/shop/cart", &[(KeyCode::Char('w'), ctrl)]);
        assert_eq!((input.text(), input.parts().0), ("/shop/", "/shop/"), "Ctrl-W deletes a word");
        let input = pressed("abc", &[(KeyCode::Home, none), (KeyCode::Delete, none)]);
        assert_eq!(input.parts(), ("", "b", "c"));
        let input = pressed("abc", &[(KeyCode::Home, none), (KeyCode::End, none), (KeyCode::Backspace, none)]);
        assert_eq!(input.parts(), ("ab", "", ""));
        assert_eq!(
            pressed("abc", &[(KeyCode::Left, none), (KeyCode::Char('u'), ctrl)]).text(),
            "c",
            "Ctrl-U deletes to the begin"
        );
        assert_eq!(pressed("abc", &[(KeyCode::Left, none), (KeyCode::Char('k'), ctrl)]).text(), "ab");
    }

    #[test]
    fn a_character_as_people_see_it_is_one_step_and_one_deletion() {
        let none = KeyModifiers::NONE;
        let family = "a👩‍👩‍👧";
        assert_eq!(pressed(family, &[(KeyCode::Left, none)]).parts(), ("a", "👩‍👩‍👧", ""));
        assert_eq!(pressed(family, &[(KeyCode::Backspace, none)]).text(), "a");
        assert_eq!(pressed("e\u{301}", &[(KeyCode::Backspace, none)]).text(), "");
    }

    #[test]
    fn a_key_tells_whether_the_text_changed() {
        let key = |code| KeyEvent::new(code, KeyModifiers::NONE);
        let mut input = TextInput::new("ab".to_owned(), 3);
        assert_eq!(input.press(&key(KeyCode::Char('c'))), Edit::Changed);
        assert_eq!(input.press(&key(KeyCode::Char('d'))), Edit::Moved, "it is full");
        assert_eq!(input.press(&key(KeyCode::Char('\u{202e}'))), Edit::Moved, "nothing invisible is taken");
        assert_eq!(input.press(&key(KeyCode::Left)), Edit::Moved);
        for code in [KeyCode::Enter, KeyCode::Tab, KeyCode::Esc, KeyCode::Up, KeyCode::F(2)] {
            assert_eq!(input.press(&key(code)), Edit::None, "{code:?}");
        }
        assert_eq!(input.text(), "abc");
    }

    #[test]
    fn pasted_text_goes_to_the_cursor_as_one_line_without_controls() {
        let paste = |pasted: &str| {
            let mut input = TextInput::new(String::new(), 100);
            let taken = input.paste(pasted);
            (input.text().to_owned(), taken.more_lines)
        };
        assert_eq!(paste("/cart"), ("/cart".to_owned(), false));
        assert_eq!(paste("/cart\n"), ("/cart".to_owned(), false));
        assert_eq!(paste("\r\n  \n/cart\r/other\n"), ("/cart".to_owned(), true));
        assert_eq!(paste("/a\tb\u{1b}[31m\u{7}c\u{202e}"), ("/a b[31mc".to_owned(), false));
        assert_eq!(paste(""), (String::new(), false));
        let mut input = pressed("ad", &[(KeyCode::Left, KeyModifiers::NONE)]);
        assert!(!input.paste("bc").cut);
        assert_eq!(input.text(), "abcd");
        let mut short = TextInput::new("a".to_owned(), 3);
        assert!(short.paste("bcd").cut);
        assert_eq!(short.text(), "abc");
    }
}
