//! The line being typed: what it is for, and what each change of it does.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::app::App;
use super::layout::Panel;
use super::screens::{List, Screen};
use crate::protocol::Pattern;
use crate::text::is_unsafe;

/// Characters that a line takes: more than any url that people type.
pub(crate) const LENGTH: usize = 500;

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinePurpose {
    /// What the urls, the log or the rejects are narrowed to, as [`Pattern`] reads it.
    Filter,
    /// The part of a url to look for in the index.
    Search,
    /// The name of something to do.
    Palette,
    /// The name of a file to write.
    Export,
}

/// A line and what has been typed of it.
#[derive(Clone, Debug)]
pub(crate) struct LineInput {
    pub(crate) line: LinePurpose,
    pub(crate) text: String,
    /// The one picked of what is offered.
    pub(crate) picked: usize,
    /// What is wrong about it.
    pub(crate) problem: Option<String>,
}

impl App {
    /// Begins to type `line`, from what it was.
    pub(crate) fn start_typing(&mut self, line: LinePurpose) {
        let text = match line {
            LinePurpose::Filter => self.filter_in_force().to_owned(),
            LinePurpose::Search => self.sheets.search_text.clone(),
            LinePurpose::Palette => String::new(),
            LinePurpose::Export => self.export_name(),
        };
        if line == LinePurpose::Filter && self.sheet == Screen::Overview {
            self.focus = Panel::Urls;
        }
        self.typing = Some(LineInput { line, text, picked: 0, problem: None });
    }

    /// Takes a key that changes the line; false if it does not, or if no line is typed.
    pub(crate) fn type_key(&mut self, event: &KeyEvent) -> bool {
        if self.prompt.is_some() || self.help {
            return false;
        }
        let Some(typing) = &mut self.typing else { return false };
        let edited = edit(&mut typing.text, event, LENGTH);
        if edited {
            self.line_changed();
        }
        edited
    }

    /// What is typed takes effect while it is typed.
    pub(crate) fn line_changed(&mut self) {
        let Some(typing) = self.typing.clone() else { return };
        match typing.line {
            LinePurpose::Filter => self.filter(&typing.text),
            LinePurpose::Search => {
                self.sheets.search_text = typing.text;
                self.sheets.search = List::default();
                self.ask(true);
            }
            LinePurpose::Export => {}
            LinePurpose::Palette => {
                if let Some(typing) = &mut self.typing {
                    typing.picked = 0;
                }
            }
        }
    }

    /// The line is done.
    pub(crate) fn accept_line(&mut self) {
        match self.typing.take() {
            // There is something to mend first.
            Some(typing) if typing.problem.is_some() => self.typing = Some(typing),
            Some(LineInput { line: LinePurpose::Palette, text, picked, .. }) => self.do_by_name(&text, picked),
            Some(LineInput { line: LinePurpose::Export, text, .. }) => self.export(&text),
            _ => {}
        }
    }

    /// The filter of the list here, as it was typed.
    pub(crate) fn filter_in_force(&self) -> &str {
        match self.sheet {
            Screen::Log => self.sheets.log_filter.text(),
            Screen::Rejects => self.sheets.rejects_filter.text(),
            _ => &self.browse.filter,
        }
    }

    /// Shows of the list here only what `text` keeps. If that is no pattern, the one before stays.
    pub(crate) fn filter(&mut self, text: &str) {
        let pattern = Pattern::parse(text);
        if let Some(typing) = &mut self.typing {
            typing.problem = pattern.as_ref().err().map(ToString::to_string);
        }
        let Ok(pattern) = pattern else { return };
        match self.sheet {
            Screen::Log => {
                self.sheets.log_filter = pattern;
                self.sheets.log_back = 0;
            }
            Screen::Rejects => {
                self.sheets.rejects_filter = pattern;
                self.sheets.rejects = List::default();
            }
            _ => {
                if self.browse.ask_filter(text.to_owned()) {
                    self.request_view();
                }
            }
        }
    }

    /// The line is left: a filter is taken off, a search stays.
    pub(crate) fn leave_line(&mut self) {
        let Some(typing) = self.typing.take() else { return };
        match typing.line {
            LinePurpose::Filter => self.filter(""),
            // An empty search has nothing to stay for.
            LinePurpose::Search if typing.text.is_empty() => self.open(Screen::Overview),
            LinePurpose::Search | LinePurpose::Palette | LinePurpose::Export => {}
        }
    }
}

/// Changes `text`, which may have so many characters, as a key does; false if the key is none that edits.
pub(crate) fn edit(text: &mut String, event: &KeyEvent, length: usize) -> bool {
    let plain = !event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SUPER);
    match event.code {
        KeyCode::Char('u') if event.modifiers == KeyModifiers::CONTROL => text.clear(),
        KeyCode::Char(c) if plain => {
            if !is_unsafe(c) && text.chars().count() < length {
                text.push(c);
            }
        }
        KeyCode::Backspace => {
            text.pop();
        }
        _ => return false,
    }
    true
}
