//! Opening the breakdown, and turning to another dimension.

use std::sync::Arc;

use ratatui::layout::Rect;

use crate::console::keys::Action;
use crate::console::state::app::App;
use crate::console::state::breakdown::next_dimension;
use crate::console::state::list::List;
use crate::console::state::screen::Screen;
use crate::console::state::screen_parts::{ScreenParts, beside_countries};
use crate::protocol::Dimension;

impl App {
    /// Opens the breakdown of the clicks that the open screen is about, or closes it.
    pub(super) fn toggle_breakdown(&mut self) {
        let open = self.screens.open;
        if open == Screen::Breakdown {
            return self.go_back();
        }
        let view = &mut self.screens.breakdown;
        view.url = if open == Screen::Url { self.screens.url.url.clone() } else { None };
        view.opened_on = open;
        view.list = List::default();
        self.open_screen(Screen::Breakdown);
        if self.selection.compare.is_some() {
            self.say("breakdowns are not compared: this is the window alone");
        }
    }

    /// Whether the page of a url shows a breakdown below the countries, or may once it is laid out.
    pub(super) fn may_have_breakdown_beside(&self) -> bool {
        // At least four rows lie above and below the body.
        let area = self.display.area;
        self.has_breakdown_beside(Rect { height: area.height.saturating_sub(4), ..area })
    }

    fn has_breakdown_beside(&self, body: Rect) -> bool {
        let before = ScreenParts::of(Screen::Url, body).before;
        !beside_countries(before, self.engine.snapshot()).1.is_empty()
    }

    /// Asks for the breakdown, if it is open: what it depends on has changed.
    pub(super) fn ask_for_breakdown(&mut self) {
        if self.screens.open == Screen::Breakdown {
            self.ask_for_screen(true);
        }
    }

    /// Groups by the next dimension, or by the one before.
    pub(super) fn turn_dimension(&mut self, forward: bool) {
        if self.refuse_while_frozen() {
            return;
        }
        match self.screens.open {
            Screen::Breakdown => {
                let view = &mut self.screens.breakdown;
                view.by = next_dimension(view.by, forward);
                view.list = List::default();
            }
            Screen::Url => {
                if !self.has_breakdown_beside(self.display.body()) {
                    let key = self.keys.label_of(Action::Breakdown);
                    return self.say(format!("there is no room here: {key} opens the breakdown of this url"));
                }
                let beside = &mut self.screens.breakdown.beside;
                beside.0 = next_dimension(beside.0, forward);
            }
            _ => return,
        }
        self.ask_for_screen(true);
    }

    /// Goes to what the row under the cursor stands for: the page of a url, or the urls of a country.
    pub(super) fn open_picked_group(&mut self) {
        if self.screens.open == Screen::Url {
            return self.open_country_of_url();
        }
        let snapshot = Arc::clone(&self.engine.frozen_or_live().snapshot);
        let view = &self.screens.breakdown;
        let Some(row) = view.picked(&snapshot, &self.selection) else {
            return self.say("there is no row to open");
        };
        match view.by {
            Dimension::Url => self.open_url(Arc::clone(&row.value)),
            Dimension::Country => {
                if self.selection.select_country(Some(row.value.to_string())) {
                    self.request_view();
                }
                self.enter_urls();
            }
            Dimension::City | Dimension::Browser | Dimension::Os | Dimension::Device => {
                self.say("only urls and countries have their own page");
            }
        }
    }

    /// Goes from the page of a url to all urls of the country under the cursor, with the cursor on this url.
    fn open_country_of_url(&mut self) {
        let snapshot = Arc::clone(&self.engine.frozen_or_live().snapshot);
        let details = self.screens.url_details(&snapshot).and_then(|found| found.as_ref().ok());
        let Some(row) = details.and_then(|details| self.screens.url.picked_country(details)) else {
            return self.say("there is no country to open");
        };
        if self.selection.select_country(Some(row.country.to_string())) {
            self.request_view();
        }
        self.selection.expect_page(Arc::clone(&row.url), Arc::clone(&row.country));
        self.enter_urls();
    }
}
