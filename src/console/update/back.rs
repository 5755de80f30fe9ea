//! What Esc takes back, one thing at a time.

use crate::console::state::app::App;
use crate::console::state::panel::Panel;
use crate::console::state::screen::Screen;

impl App {
    /// Ends the search in the details or closes them, stops an export, removes a filter, closes the open screen, or moves the focus towards all countries.
    pub(super) fn go_back(&mut self) {
        if let Some(details) = &mut self.overlays.details {
            if details.find.is_empty() {
                self.overlays.details = None;
            } else {
                details.find.clear();
            }
            return;
        }
        if self.stop_table_export() {
            return;
        }
        match self.screens.open {
            Screen::Overview => self.go_back_on_overview(),
            Screen::Fleet => self.leave_fleet(),
            Screen::Url => self.open_screen(self.screens.url.opened_on),
            Screen::Breakdown => self.open_screen(self.screens.breakdown.opened_on),
            Screen::Alarms => self.open_screen(self.screens.alarms.opened_on),
            Screen::Log | Screen::Rejects if !self.screens.filter_text(&self.selection).is_empty() => {
                self.set_filter("")
            }
            _ => self.open_screen(Screen::Overview),
        }
    }

    fn go_back_on_overview(&mut self) {
        if self.overview.event.take().is_some() {
            return;
        }
        if self.overview.expanded {
            self.overview.expanded = false;
        } else if self.overview.focus == Panel::Urls && !self.selection.filter.is_empty() && !self.engine.is_frozen() {
            // Without the filter, other rows would have to come than the ones that are held.
            self.set_filter("");
        } else if self.overview.focus != Panel::Countries {
            self.give_focus(Panel::Countries);
        } else if self.selection.select_country(None) {
            self.request_view();
        }
    }
}
