//! The line that the user types: what it begins with, what each change does, and what ends it.

use crossterm::event::KeyEvent;

use crate::console::state::app::App;
use crate::console::state::line_input::{LineInput, LinePurpose};
use crate::console::state::list::List;
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;
use crate::console::state::tail::Tail;
use crate::console::state::text_input::Edit;
use crate::protocol::Pattern;

impl App {
    /// Lets the user type a line for `purpose`. It begins with the text in force.
    pub(super) fn start_line(&mut self, purpose: LinePurpose) {
        // The log and the rejects have all their rows here, so that a filter needs no others.
        let filters_urls =
            purpose == LinePurpose::Filter && !matches!(self.screens.open, Screen::Log | Screen::Rejects);
        if filters_urls && self.refuse_while_frozen() {
            return;
        }
        let text = match purpose {
            LinePurpose::Filter => self.screens.filter_text(&self.selection).to_owned(),
            LinePurpose::Search => self.screens.search_text.clone(),
            LinePurpose::Find => self.overlays.details.as_ref().map_or_else(String::new, |open| open.find.clone()),
            LinePurpose::Palette => String::new(),
            LinePurpose::Export => self.export_name(),
        };
        if purpose == LinePurpose::Filter && self.screens.open == Screen::Overview {
            self.overview.focus = Panel::Urls;
        }
        self.history.leave();
        self.overlays.line = Some(LineInput::new(purpose, text));
    }

    /// Takes a key that edits the line. False if the key does not edit, or if no line is typed.
    pub(super) fn edit_line(&mut self, key: &KeyEvent) -> bool {
        if self.overlays.prompt.is_some() || self.overlays.help.is_some() {
            return false;
        }
        let Some(line) = &mut self.overlays.line else { return false };
        match line.input.press(key) {
            Edit::None => false,
            Edit::Moved => true,
            Edit::Changed => {
                self.line_changed();
                true
            }
        }
    }

    /// Filter and search take effect while the user types.
    pub(super) fn line_changed(&mut self) {
        let Some(line) = &mut self.overlays.line else { return };
        line.picked_offer = 0;
        let (purpose, text) = (line.purpose, line.text().to_owned());
        match purpose {
            LinePurpose::Filter => self.set_filter(&text),
            LinePurpose::Search => {
                self.screens.search_text = text;
                self.screens.search = List::default();
                self.ask_for_screen(true);
            }
            LinePurpose::Find => self.find(text),
            LinePurpose::Palette | LinePurpose::Export => {}
        }
    }

    /// Ends the line and does what it is for. A filter with an error stays open.
    pub(super) fn accept_line(&mut self) {
        if self.overlays.line_for(LinePurpose::Palette).is_some() {
            return self.run_typed();
        }
        let Some(line) = self.overlays.line.take_if(|line| line.problem.is_none()) else { return };
        match line.purpose {
            LinePurpose::Filter | LinePurpose::Search | LinePurpose::Find | LinePurpose::Palette => {}
            LinePurpose::Export => self.export(line.text()),
        }
    }

    /// Ends the line without doing anything: the filter before is in force again, a search stays.
    pub(super) fn cancel_line(&mut self) {
        let Some(line) = self.overlays.line.take() else { return };
        match line.purpose {
            LinePurpose::Filter => self.set_filter(&line.before),
            LinePurpose::Find => self.find(line.before),
            // An empty search shows nothing.
            LinePurpose::Search if line.text().is_empty() => self.open_screen(Screen::Overview),
            LinePurpose::Search | LinePurpose::Palette | LinePurpose::Export => {}
        }
    }

    /// Filters the list of the open screen. If `text` is no pattern, the filter before stays in force.
    pub(crate) fn set_filter(&mut self, text: &str) {
        let pattern = Pattern::parse(text);
        if let Some(line) = &mut self.overlays.line {
            line.problem = pattern.as_ref().err().map(ToString::to_string);
        }
        let Ok(pattern) = pattern else { return };
        match self.screens.open {
            Screen::Log => {
                self.screens.log.filter = pattern;
                self.screens.log.tail = Tail::default();
            }
            Screen::Rejects => {
                self.screens.rejects_filter = pattern;
                self.screens.rejects = List::default();
            }
            _ => {
                if self.selection.set_filter(text.to_owned()) {
                    self.request_view();
                }
            }
        }
    }
}
