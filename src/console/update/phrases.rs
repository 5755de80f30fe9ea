//! What a typed command with an object does.

use crate::console::state::app::App;
use crate::console::state::phrase::{Phrase, Vocabulary};
use crate::console::state::screen::Screen;
use crate::protocol::{Command, SortBy, StageAction, StageId, StageState};
use crate::text::printable;

impl App {
    /// What typed words can stand for now.
    pub(super) fn vocabulary(&self) -> Vocabulary<'_> {
        Vocabulary { snapshot: self.engine.snapshot(), themes: &self.settings.themes }
    }

    /// Does what the user typed.
    pub(super) fn do_phrase(&mut self, phrase: Phrase) {
        match phrase {
            Phrase::Stage(action, id) => self.control_named(action, id),
            Phrase::StartAll => self.start_all(),
            Phrase::StopAll => self.stop_all(true),
            Phrase::Country(country) => {
                if self.selection.select_country(country) {
                    self.request_view();
                }
                self.enter_urls();
            }
            Phrase::Url(url) => self.open_url(url),
            Phrase::Sort(sort) => {
                self.show_figures();
                self.sort_by(sort);
            }
            Phrase::Sample(_) if self.refuse_while_frozen() => {}
            Phrase::Sample(known_times) => {
                self.show_figures();
                self.selection.min_timed = known_times;
                self.sort_by(SortBy::Time);
            }
            Phrase::Window(window) => {
                self.show_figures();
                self.choose_window(window);
            }
            Phrase::Compare(ago) => {
                self.show_comparison();
                self.compare_with(ago);
            }
            Phrase::View(Screen::Alarms) => self.open_alarms(),
            Phrase::View(Screen::Breakdown) if self.screens.open != Screen::Breakdown => self.toggle_breakdown(),
            Phrase::View(screen) => self.enter_screen(screen),
            Phrase::Log(level) => {
                self.enter_screen(Screen::Log);
                self.screens.log.show_for_now(level);
            }
            Phrase::Theme(name) => self.use_theme(&name),
        }
    }

    /// Goes to the overview, unless the open screen shows figures of the same order and time.
    fn show_figures(&mut self) {
        if !matches!(self.screens.open, Screen::Overview | Screen::Breakdown) {
            self.open_screen(Screen::Overview);
        }
    }

    /// Controls the stage `id`, unless it is as the user wants it already.
    fn control_named(&mut self, action: StageAction, id: StageId) {
        let command = Command::Stage { id: id.clone(), action };
        let state = self.engine.snapshot().stages.named(id.as_str()).map(|stage| &stage.state);
        let already = match (action, state) {
            (StageAction::Start, Some(StageState::Running)) => Some("already runs"),
            (StageAction::Stop, Some(StageState::Stopped)) => Some("is already stopped"),
            _ => None,
        };
        match already {
            Some(already) if self.permit(&command).is_ok() => {
                self.say(format!("{} {already}", printable(id.as_str())));
            }
            _ => self.request(command, None),
        }
    }
}
