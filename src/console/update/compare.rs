//! The time window of the figures, and the earlier span that it is compared with.

use crate::console::state::app::App;
use crate::console::state::screen::Screen;
use crate::protocol::compare::Ago;
use crate::protocol::view::Window;

impl App {
    /// Shows the figures over the next time window.
    pub(super) fn cycle_window(&mut self) {
        if self.refuse_while_frozen() {
            return;
        }
        let compared = self.selection.compare;
        self.selection.cycle_window();
        self.request_window(compared);
    }

    /// Shows the figures over the time window `window`.
    pub(super) fn choose_window(&mut self, window: Window) {
        if self.refuse_while_frozen() {
            return;
        }
        let compared = self.selection.compare;
        self.selection.choose_window(window);
        self.request_window(compared);
    }

    fn request_window(&mut self, compared: Option<Ago>) {
        if compared.is_some() && self.selection.compare.is_none() {
            self.say("the comparison ends: nothing is before all time");
        }
        self.request_view();
        self.ask_for_breakdown();
    }

    /// Compares the window with the next earlier span; after a week ago, with none, over the window from before.
    pub(super) fn cycle_comparison(&mut self) {
        self.compare_with(match self.selection.compare {
            None => Some(Ago::Hour),
            Some(Ago::Hour) => Some(Ago::Day),
            Some(Ago::Day) => Some(Ago::Week),
            Some(Ago::Week) => None,
        });
    }

    /// Compares the window with the same span so long ago, or with none.
    pub(super) fn compare_with(&mut self, wanted: Option<Ago>) {
        if wanted.is_some() && !self.engine.counts_trends() {
            return self.say("a pipeline on Spark compares nothing with before");
        }
        if self.refuse_while_frozen() {
            return;
        }
        let window = self.selection.window;
        self.selection.compare_with(wanted);
        if self.selection.window != window {
            if wanted.is_some() {
                self.say("comparing needs a window: 5 min");
            }
            self.ask_for_breakdown();
        }
        self.request_view();
    }

    /// Goes to the overview, unless the open screen shows a comparison.
    pub(super) fn show_comparison(&mut self) {
        if !matches!(self.screens.open, Screen::Overview | Screen::Map) {
            self.open_screen(Screen::Overview);
        }
    }
}
